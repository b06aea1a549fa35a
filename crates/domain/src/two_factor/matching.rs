//! From a stored factor and a code to a time step: opens the secret and compares.

use super::code::{TotpCode, matching_step};
use super::factor::Binding;
use super::ports::{SecretPlace, SecretSealer};
use crate::failure::PortFailure;
use crate::time::{TimeStep, Timestamp};

/// The step of `code` around `now`, if it is a code of the factor. A secret that cannot be opened and a clock that is set
/// before 1970 are faults of ours, never a wrong code.
pub(super) fn matched_step(
    sealer: &dyn SecretSealer,
    binding: &Binding,
    code: &TotpCode,
    now: Timestamp,
) -> Result<Option<TimeStep>, PortFailure> {
    let step = TimeStep::containing(now, binding.parameters.period.as_duration())
        .ok_or_else(|| PortFailure::unavailable("the clock is set before 1970"))?;
    let secret =
        sealer.open(SecretPlace { subject: &binding.subject, factor: binding.id }, &binding.secret)?;
    Ok(matching_step(&secret, binding.parameters, step, code))
}
