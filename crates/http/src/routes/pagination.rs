//! What all lists share: pages and their cursors.

use std::fmt::Display;
use std::num::NonZeroU32;

use data_encoding::BASE64URL_NOPAD;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::body::fields::Fields;
use crate::openapi::documented::{Documented, QueryParameter};

const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(50).unwrap();
const GREATEST_LIMIT: u32 = 100;

/// Where a page begins, and how long it is. `P` says where an entry stands in the list.
pub(super) struct Page<P> {
    pub(super) after: Option<P>,
    limit: NonZeroU32,
}

impl<P: Display> Page<P> {
    /// Takes `cursor` and `limit`; what is wrong with them is told when `parameters` are finished.
    pub(super) fn take(parameters: &mut Fields, parse: fn(&str) -> Option<P>) -> Self {
        let after = parameters.optional("cursor", |text| read_cursor(text, parse));
        let limit = parameters.optional("limit", read_limit).unwrap_or(DEFAULT_LIMIT);
        Self { after, limit }
    }

    /// How many entries to read: one more than is shown, to know whether there is more.
    pub(super) const fn to_read(&self) -> u32 {
        self.limit.get().saturating_add(1)
    }

    /// The entries to show of those that were read, and the cursor of those that follow, if there are any yet.
    pub(super) fn cut<T>(
        &self,
        mut entries: Vec<T>,
        position: impl FnOnce(&T) -> P,
    ) -> (Vec<T>, Option<String>) {
        let wanted = usize::try_from(self.limit.get()).unwrap_or(usize::MAX);
        let more = entries.len() > wanted;
        entries.truncate(wanted);
        let next_cursor = entries.last().filter(|_| more).map(|last| cursor(&position(last)));
        (entries, next_cursor)
    }
}

/// Documents `cursor` and `limit`.
pub(super) fn paged(documented: Documented) -> Documented {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(GREATEST_LIMIT))
        .default(Some(DEFAULT_LIMIT.get().into()));
    documented
        .query(QueryParameter {
            name: "cursor",
            description: "The `next_cursor` of the page before.",
            schema: text.build(),
        })
        .query(QueryParameter {
            name: "limit",
            description: "The most entries of a page.",
            schema: number.build(),
        })
}

fn cursor(position: &impl Display) -> String {
    BASE64URL_NOPAD.encode(position.to_string().as_bytes())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is the next_cursor of an earlier page")]
struct NotACursor;

/// A cursor as it was given out: a position that is merely spelled in another way is none.
fn read_cursor<P: Display>(text: &str, parse: fn(&str) -> Option<P>) -> Result<P, NotACursor> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| NotACursor)?;
    let position = std::str::from_utf8(&bytes).ok().and_then(parse);
    position.filter(|position| cursor(position) == text).ok_or(NotACursor)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a whole number from 1 to 100")]
struct NotALimit;

fn read_limit(text: &str) -> Result<NonZeroU32, NotALimit> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse::<NonZeroU32>().ok().filter(|limit| plain && limit.get() <= GREATEST_LIMIT);
    limit.ok_or(NotALimit)
}

#[cfg(test)]
mod tests {
    use countersign_domain::identity::{AuditEventId, UserId};

    use super::*;

    #[test]
    fn a_cursor_is_taken_back_only_as_it_was_given() {
        let read = |text: &str| read_cursor::<AuditEventId>(text, |text| text.parse().ok());
        let id: AuditEventId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let given = cursor(&id);
        assert_eq!(read(&given), Ok(id));
        let lower = BASE64URL_NOPAD.encode(b"01arz3ndektsv4rrffq69g5fav");
        for bad in ["", "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", &format!("{given}="), &given[1..], &lower] {
            assert_eq!(read(bad), Err(NotACursor), "{bad}");
        }
    }

    #[test]
    fn a_cursor_holds_every_user_id_and_nothing_else() {
        let read = |text: &str| read_cursor(text, |text| UserId::new(text).ok());
        for user in ["a", " ", "a/b?c", &"~".repeat(255)] {
            let user = UserId::new(user).unwrap();
            assert_eq!(read(&cursor(&user)), Ok(user));
        }
        for bad in [&b""[..], b"a\0", b"\xC3\xA4", b"\xFF", &[b'a'; 256]] {
            assert_eq!(read(&BASE64URL_NOPAD.encode(bad)), Err(NotACursor), "{bad:?}");
        }
    }

    #[test]
    fn a_limit_is_from_1_to_100() {
        for good in [1, 50, GREATEST_LIMIT] {
            assert_eq!(read_limit(&good.to_string()).map(NonZeroU32::get), Ok(good));
        }
        for bad in ["0", "101", "-1", "+1", "1.0", "", " 1", "1000000000", "4294967297"] {
            assert_eq!(read_limit(bad), Err(NotALimit), "{bad}");
        }
    }
}
