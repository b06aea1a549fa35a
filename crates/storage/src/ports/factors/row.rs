//! A factor as a row.

use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::factor::{Binding, EnabledFactor, Factor, PendingFactor};
use countersign_domain::two_factor::lockout::{AttemptCounter, FailureWindow};
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::ports::StoredFactor;
use countersign_domain::two_factor::secret::SealedSecret;
use diesel::prelude::*;

use crate::column::{SubjectKey, corrupt, number, parse, present, storable, subject, subject_key, time};
use crate::schema::factors;

pub(crate) const PENDING: &str = "pending";
pub(crate) const ENABLED: &str = "enabled";
const OWN: &str = "own";
const IMPORTED: &str = "imported";

/// A row of `factors`, in the order of its columns.
#[derive(Queryable, Insertable)]
#[diesel(table_name = factors, treat_none_as_default_value = false)]
pub(crate) struct FactorRow {
    organization_id: String,
    environment: String,
    user_id: String,
    factor_id: String,
    sealing_key_id: i64,
    sealed_secret: Vec<u8>,
    algorithm: String,
    digits: i32,
    period_seconds: i32,
    state: String,
    setup_id: Option<String>,
    expires_at: Option<i64>,
    attempts: Option<i32>,
    enabled_at: Option<i64>,
    last_step: Option<i64>,
    totp_failures: i64,
    totp_locked_until: Option<i64>,
    backup_code_failures: i64,
    backup_codes_locked_until: Option<i64>,
    failures_since: Option<i64>,
    recent_failures: i64,
    backup_code_kind: Option<String>,
    unused_backup_codes: i32,
}

impl FactorRow {
    pub(super) fn of_pending(factor: &PendingFactor) -> Self {
        Self {
            setup_id: Some(factor.setup.to_string()),
            expires_at: Some(factor.expires_at.as_micros()),
            attempts: Some(factor.attempts.into()),
            ..Self::fresh(&factor.binding, PENDING)
        }
    }

    /// An enabled factor at which no code was tried yet.
    pub(super) fn of_imported(factor: &EnabledFactor) -> Result<Self, PortFailure> {
        Ok(Self {
            enabled_at: Some(factor.enabled_at.as_micros()),
            last_step: Some(storable(factor.last_step.number())?),
            ..Self::fresh(&factor.binding, ENABLED)
        })
    }

    fn fresh(binding: &Binding, state: &str) -> Self {
        let Binding { subject, id, secret, parameters } = binding;
        let (organization_id, environment, user_id) = subject_key(subject);
        Self {
            organization_id,
            environment: environment.to_owned(),
            user_id,
            factor_id: id.to_string(),
            sealing_key_id: secret.key.0.into(),
            sealed_secret: secret.bytes.clone(),
            algorithm: parameters.algorithm.as_str().to_owned(),
            digits: parameters.digits.count().into(),
            period_seconds: parameters.period.as_seconds().into(),
            state: state.to_owned(),
            setup_id: None,
            expires_at: None,
            attempts: None,
            enabled_at: None,
            last_step: None,
            totp_failures: 0,
            totp_locked_until: None,
            backup_code_failures: 0,
            backup_codes_locked_until: None,
            failures_since: None,
            recent_failures: 0,
            // Triggers count them.
            backup_code_kind: None,
            unused_backup_codes: 0,
        }
    }

    /// The factor with what it has of backup codes.
    pub(super) fn into_stored(self) -> Result<StoredFactor, PortFailure> {
        Ok(StoredFactor { backup_codes: self.backup_codes()?, factor: self.into_factor()? })
    }

    fn backup_codes(&self) -> Result<BackupCodes, PortFailure> {
        let unused = number("factors.unused_backup_codes", self.unused_backup_codes)?;
        match self.backup_code_kind.as_deref() {
            None => Ok(BackupCodes::None),
            Some(OWN) => Ok(BackupCodes::Own { unused }),
            Some(IMPORTED) => Ok(BackupCodes::Imported { unused }),
            Some(_) => Err(corrupt("factors.backup_code_kind")),
        }
    }

    pub(crate) fn into_factor(self) -> Result<Factor, PortFailure> {
        match self.state.as_str() {
            PENDING => self.into_pending().map(Factor::Pending),
            ENABLED => self.into_enabled().map(Factor::Enabled),
            _ => Err(corrupt("factors.state")),
        }
    }

    pub(super) fn into_pending(self) -> Result<PendingFactor, PortFailure> {
        Ok(PendingFactor {
            setup: parse("factors.setup_id", present("factors.setup_id", self.setup_id.as_deref())?)?,
            expires_at: time(present("factors.expires_at", self.expires_at)?),
            attempts: number("factors.attempts", present("factors.attempts", self.attempts)?)?,
            binding: self.into_binding()?,
        })
    }

    pub(crate) fn into_enabled(self) -> Result<EnabledFactor, PortFailure> {
        let last_step = number("factors.last_step", present("factors.last_step", self.last_step)?)?;
        Ok(EnabledFactor {
            enabled_at: time(present("factors.enabled_at", self.enabled_at)?),
            last_step: TimeStep::new(last_step),
            totp_attempts: counter("factors.totp_failures", self.totp_failures, self.totp_locked_until)?,
            backup_code_attempts: counter(
                "factors.backup_code_failures",
                self.backup_code_failures,
                self.backup_codes_locked_until,
            )?,
            recent_failures: failures(self.failures_since, self.recent_failures)?,
            binding: self.into_binding()?,
        })
    }

    fn into_binding(self) -> Result<Binding, PortFailure> {
        let key = KeyId(number("factors.sealing_key_id", self.sealing_key_id)?);
        let algorithm = Algorithm::parse(&self.algorithm);
        let digits = number("factors.digits", self.digits).map(Digits::from_count)?;
        let period = number("factors.period_seconds", self.period_seconds).map(Period::from_seconds)?;
        Ok(Binding {
            id: parse("factors.factor_id", &self.factor_id)?,
            subject: subject(&self.organization_id, &self.environment, self.user_id)?,
            secret: SealedSecret { key, bytes: self.sealed_secret },
            parameters: Parameters {
                algorithm: algorithm.ok_or_else(|| corrupt("factors.algorithm"))?,
                digits: digits.ok_or_else(|| corrupt("factors.digits"))?,
                period: period.ok_or_else(|| corrupt("factors.period_seconds"))?,
            },
        })
    }
}

/// Whether a row is the factor of this subject.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn is_of(key: &SubjectKey) -> _ {
    let (organization, environment, user): (&String, &str, &String) = (&key.0, key.1, &key.2);
    factors::organization_id
        .eq(organization)
        .and(factors::environment.eq(environment))
        .and(factors::user_id.eq(user))
}

/// The window of recent failures.
pub(crate) fn failures(since: Option<i64>, failures: i64) -> Result<FailureWindow, PortFailure> {
    let failures = number("factors.recent_failures", failures)?;
    Ok(FailureWindow { since: since.map(time), failures })
}

fn counter(
    column: &'static str,
    failures: i64,
    locked_until: Option<i64>,
) -> Result<AttemptCounter, PortFailure> {
    Ok(AttemptCounter { consecutive: number(column, failures)?, locked_until: locked_until.map(time) })
}
