//! What may have come of a race.

use countersign_domain::two_factor::status::TwoFactorStatus;

use crate::world::Call;

/// What there was before the race.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// A factor whose present code is fresh.
    Enabled,
    /// A set-up whose present code would confirm it.
    Pending,
}

/// The successes of each call.
struct Successes<'a>(&'a [(Call, bool)]);

impl Successes<'_> {
    fn of(&self, call: Call) -> usize {
        self.0.iter().filter(|(made, succeeded)| *made == call && *succeeded).count()
    }
}

pub(crate) fn check(
    start: Start,
    pair: [Call; 2],
    outcomes: &[(Call, bool)],
    end: TwoFactorStatus,
    happened: &[String],
) {
    let done = Successes(outcomes);
    let context = format!("{start:?}, {pair:?}: {end:?}, {happened:?}");
    codes_are_used_once(start, &done, &context);
    secrets_are_resealed_once(&done, &context);
    the_end_follows(start, &done, end, &context);
    the_trail_tells_what_was_acknowledged(start, &done, happened, &context);
}

/// All calls present the same TOTP code, and the backup calls the same backup code.
fn codes_are_used_once(start: Start, done: &Successes<'_>, context: &str) {
    let totp = done.of(Call::Verify) + done.of(Call::Disable) + done.of(Call::Regenerate);
    match start {
        Start::Enabled => {
            assert!(totp <= 1, "{context}");
            assert_eq!(done.of(Call::VerifySetup), 0, "{context}");
        }
        Start::Pending => {
            assert_eq!(totp, 0, "the code that confirms is spent: {context}");
            assert!(done.of(Call::VerifySetup) <= 1, "{context}");
        }
    }
    assert!(done.of(Call::VerifyBackupCode) <= 1, "{context}");
}

/// Each sealed value is exchanged at most once.
fn secrets_are_resealed_once(done: &Successes<'_>, context: &str) {
    let sealed = 1 + done.of(Call::StartSetup) + done.of(Call::Import);
    assert!(done.of(Call::Reseal) <= sealed, "{context}");
}

fn the_end_follows(start: Start, done: &Successes<'_>, end: TwoFactorStatus, context: &str) {
    let (set_up, removed) = (done.of(Call::StartSetup), done.of(Call::Disable) + done.of(Call::Reset));
    let enabled = matches!(end, TwoFactorStatus::Enabled { .. });
    let pending = matches!(end, TwoFactorStatus::Pending { .. });
    let imported = done.of(Call::Import);
    let was_enabled = start == Start::Enabled || done.of(Call::VerifySetup) == 1 || imported > 0;
    match (was_enabled, removed) {
        (true, 0) => assert!(enabled, "an enabled factor is gone: {context}"),
        (false, 0) => assert!(pending, "a pending set-up is gone: {context}"),
        _ if set_up + imported == 0 => assert!(!enabled && !pending, "a removed factor is back: {context}"),
        _ => assert!(!enabled || done.of(Call::VerifySetup) == 1 || imported > 0, "{context}"),
    }
    if start == Start::Enabled && set_up > 0 {
        assert!(removed > 0, "a set-up took the place of an enabled factor: {context}");
    }
    // Every import but one at the beginning needs that the factor before it is gone.
    let factors = imported + done.of(Call::VerifySetup) + usize::from(start == Start::Enabled);
    assert!(factors <= removed + 1, "an import took the place of an enabled factor: {context}");
}

fn the_trail_tells_what_was_acknowledged(
    start: Start,
    done: &Successes<'_>,
    happened: &[String],
    context: &str,
) {
    let told = |name: &str| happened.iter().filter(|event| *event == name).count();
    let before = usize::from(start == Start::Enabled);
    for (name, count) in [
        ("two_factor.setup_started", done.of(Call::StartSetup) + 1),
        ("two_factor.enabled", done.of(Call::VerifySetup) + before),
        ("two_factor.verified", done.of(Call::Verify) + done.of(Call::VerifyBackupCode)),
        ("two_factor.backup_code_used", done.of(Call::VerifyBackupCode)),
        ("two_factor.backup_codes_regenerated", done.of(Call::Regenerate)),
        ("two_factor.disabled", done.of(Call::Disable)),
        ("two_factor.reset", done.of(Call::Reset)),
        ("two_factor.imported", done.of(Call::Import)),
    ] {
        assert_eq!(told(name), count, "{name}: {context}");
    }
}
