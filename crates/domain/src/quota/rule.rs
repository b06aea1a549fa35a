//! When quota stops a call: the one rule.
//!
//! - Consuming turns stops at the ceiling of turns, activating a relationship at the ceiling of relationships.
//! - *Starting* a set-up stops at either, unless the plan exempts security calls.
//! - Nothing else ever stops: nobody is locked out of an account over a bill.
//!
//! Whether so many turns, or one more relationship, fit is decided where they are counted
//! ([`QuotaStore`](super::quota_ports::QuotaStore)); this rule tells whether anything fits at all.

use super::snapshot::QuotaSnapshot;

/// What a caller wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Consume turns.
    ConsumeTurns,
    /// Make a relationship active.
    ActivateRelationship,
    /// Begin a set-up.
    StartSetup,
    /// Confirm a set-up.
    VerifySetup,
    /// Verify a code.
    Verify,
    /// Make new backup codes.
    RegenerateBackupCodes,
    /// Turn 2FA off.
    Disable,
    /// Remove a factor without a code.
    Reset,
    /// Read anything.
    Read,
}

/// Which part of a quota is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuotaComponent {
    /// Turns.
    Turns,
    /// Active relationships.
    ActiveRelationships,
}

impl QuotaComponent {
    /// `turns` or `active_relationships`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::ActiveRelationships => "active_relationships",
        }
    }
}

/// The component that stops `operation`, if one does; turns come first.
pub const fn stopped_by(
    operation: Operation,
    snapshot: &QuotaSnapshot,
    security_calls_exempt: bool,
) -> Option<QuotaComponent> {
    let turns = snapshot.turns.is_reached(snapshot.usage.turns);
    let relationships = snapshot.relationships.is_reached(snapshot.usage.active_relationships);
    match operation {
        Operation::ConsumeTurns if turns => Some(QuotaComponent::Turns),
        Operation::ActivateRelationship if relationships => Some(QuotaComponent::ActiveRelationships),
        Operation::StartSetup if turns && !security_calls_exempt => Some(QuotaComponent::Turns),
        Operation::StartSetup if relationships && !security_calls_exempt => {
            Some(QuotaComponent::ActiveRelationships)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quota::period::{AnchorDay, BillingPeriod};
    use crate::quota::plan::Ceiling;
    use crate::quota::snapshot::Usage;
    use crate::time::Timestamp;

    const ALWAYS_OPEN: [Operation; 6] = [
        Operation::VerifySetup,
        Operation::Verify,
        Operation::RegenerateBackupCodes,
        Operation::Disable,
        Operation::Reset,
        Operation::Read,
    ];

    fn snapshot(turns: u64, relationships: u64) -> QuotaSnapshot {
        QuotaSnapshot {
            usage: Usage { turns, active_relationships: relationships },
            turns: Ceiling::Limited(10),
            relationships: Ceiling::Limited(10),
            period: BillingPeriod::containing(Timestamp::UNIX_EPOCH, AnchorDay::new(1).unwrap()),
        }
    }

    #[test]
    fn each_ceiling_stops_its_own_operation() {
        let stopped =
            |operation, turns, relationships| stopped_by(operation, &snapshot(turns, relationships), true);
        assert_eq!(stopped(Operation::ConsumeTurns, 10, 0), Some(QuotaComponent::Turns));
        assert_eq!(stopped(Operation::ConsumeTurns, 9, 10), None);
        assert_eq!(
            stopped(Operation::ActivateRelationship, 0, 10),
            Some(QuotaComponent::ActiveRelationships)
        );
        assert_eq!(stopped(Operation::ActivateRelationship, 10, 9), None);
    }

    #[test]
    fn either_ceiling_stops_a_set_up_and_turns_are_named_first() {
        let stopped =
            |turns, relationships| stopped_by(Operation::StartSetup, &snapshot(turns, relationships), false);
        assert_eq!(stopped(10, 10), Some(QuotaComponent::Turns));
        assert_eq!(stopped(9, 10), Some(QuotaComponent::ActiveRelationships));
        assert_eq!(stopped(9, 9), None);
    }

    #[test]
    fn an_exempt_plan_never_stops_a_set_up() {
        assert_eq!(stopped_by(Operation::StartSetup, &snapshot(99, 99), true), None);
    }

    proptest! {
        #[test]
        fn nobody_is_locked_out_over_a_bill(turns: u64, relationships: u64, exempt: bool) {
            for operation in ALWAYS_OPEN {
                prop_assert_eq!(stopped_by(operation, &snapshot(turns, relationships), exempt), None);
            }
        }
    }
}
