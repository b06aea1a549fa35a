//! The script that takes a token, and what it answers.

use std::time::Duration;

use countersign_domain::admission::bucket::{BucketSpec, BucketState};
use countersign_domain::time::Timestamp;
use redis::{Cmd, ErrorKind, ServerErrorKind};

use super::connection::Connection;
use super::trouble::Trouble;

const TAKE: &str = include_str!("take.lua");

/// The script, known to the server by its digest.
pub(crate) struct Script {
    digest: String,
}

/// What the script did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    /// Whether the token was given.
    pub(crate) given: bool,
    /// What is missing to a full bucket afterwards, in millionths of a token.
    debt: u64,
    /// How far the bucket's last instant lies ahead of the server's clock, because that went back.
    ahead: Duration,
}

impl Taken {
    /// The bucket as it was left at `now` by our own clock, whatever the server's says: an instant that is told to a client
    /// is compared with ours.
    pub(crate) fn state(self, now: Timestamp) -> BucketState {
        BucketState { debt: self.debt, updated_at: now.saturating_add(self.ahead) }
    }
}

impl Script {
    pub(crate) fn new() -> Self {
        Self { digest: redis::Script::new(TAKE).get_hash().to_owned() }
    }

    /// Takes one token, at `now` or by the server's clock. A server that does not know the script is told it.
    pub(crate) async fn take(
        &self,
        connection: &Connection,
        key: &str,
        spec: BucketSpec,
        now: Option<Timestamp>,
    ) -> Result<Taken, Trouble> {
        let call = |command: &str, script: &str| {
            let mut call = redis::cmd(command);
            call.arg(script).arg(1).arg(key).arg(spec.per_second.get()).arg(spec.burst.get());
            if let Some(now) = now {
                call.arg(now.as_micros());
            }
            call
        };
        let answer = match send(connection, &call("EVALSHA", &self.digest)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                send(connection, &call("EVAL", TAKE)).await?
            }
            answer => answer?,
        };
        read(answer, spec)
    }
}

type Answer = (i64, i64, i64);

async fn send(connection: &Connection, call: &Cmd) -> redis::RedisResult<Answer> {
    connection.send(call).await
}

/// An answer that no bucket gives is not believed.
fn read((given, debt, ahead): Answer, spec: BucketSpec) -> Result<Taken, Trouble> {
    let given = match given {
        0 => false,
        1 => true,
        _ => return Err(Trouble::Nonsense),
    };
    let debt = u64::try_from(debt).ok().filter(|debt| *debt <= spec.capacity()).ok_or(Trouble::Nonsense)?;
    let ahead = u64::try_from(ahead).map_err(|_| Trouble::Nonsense)?;
    Ok(Taken { given, debt, ahead: Duration::from_micros(ahead) })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn what_no_bucket_answers_is_not_believed() {
        let spec = BucketSpec { per_second: NonZeroU32::MIN, burst: NonZeroU32::MIN };
        let answers = [(2, 0, 0), (-1, 0, 0), (1, -1, 0), (1, 1_000_001, 0), (0, 0, -1), (0, i64::MAX, 0)];
        for answer in answers {
            assert!(matches!(read(answer, spec), Err(Trouble::Nonsense)), "{answer:?}");
        }
        assert!(read((1, 1_000_000, 0), spec).unwrap().given);
        assert!(!read((0, 1_000_000, 3_600_000_000), spec).unwrap().given);
    }
}
