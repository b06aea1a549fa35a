//! What both routes of the trail share: pages and their cursors.

use std::num::NonZeroU32;

use countersign_domain::audit::ports::{AuditQuery, AuditRecord};
use countersign_domain::identity::{AuditEventId, NotAUlid};
use data_encoding::BASE64URL_NOPAD;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::body::fields::Fields;
use crate::openapi::documented::{Documented, QueryParameter};
use crate::refusal::problem::Problem;
use crate::state::State;

const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(50).unwrap();
const GREATEST_LIMIT: u32 = 100;

/// Where a page begins, and how long it is.
pub(super) struct Page {
    pub(super) after: Option<AuditEventId>,
    pub(super) limit: NonZeroU32,
}

impl Page {
    /// Takes `cursor` and `limit`; what is wrong with them is told when `parameters` are finished.
    pub(super) fn take(parameters: &mut Fields) -> Self {
        let after = parameters.optional("cursor", read_cursor);
        let limit = parameters.optional("limit", read_limit).unwrap_or(DEFAULT_LIMIT);
        Self { after, limit }
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

/// Reads the page that `query` asks for, and the cursor of the records that follow, if there are any yet.
pub(super) async fn read(
    state: &State,
    query: AuditQuery,
) -> Result<(Vec<AuditRecord>, Option<String>), Problem> {
    let wanted = usize::try_from(query.limit).unwrap_or(usize::MAX);
    // One more than is shown, to know whether there is more.
    let query = AuditQuery { limit: query.limit.saturating_add(1), ..query };
    let mut records = state.in_time(state.api.audit.page(query)).await??;
    let more = records.len() > wanted;
    records.truncate(wanted);
    let next_cursor = records.last().filter(|_| more).map(|record| cursor(record.id));
    Ok((records, next_cursor))
}

fn cursor(id: AuditEventId) -> String {
    BASE64URL_NOPAD.encode(id.to_string().as_bytes())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is the next_cursor of an earlier page")]
struct NotACursor;

/// A cursor as it was given out: an id that is merely spelled in another way is none.
fn read_cursor(text: &str) -> Result<AuditEventId, NotACursor> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| NotACursor)?;
    let id = std::str::from_utf8(&bytes).map_err(|_| NotACursor)?;
    let id: AuditEventId = id.parse().map_err(|_: NotAUlid| NotACursor)?;
    if cursor(id) == text { Ok(id) } else { Err(NotACursor) }
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
    use super::*;

    #[test]
    fn a_cursor_is_taken_back_only_as_it_was_given() {
        let id: AuditEventId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let given = cursor(id);
        assert_eq!(read_cursor(&given), Ok(id));
        let lower = BASE64URL_NOPAD.encode(b"01arz3ndektsv4rrffq69g5fav");
        for bad in ["", "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", &format!("{given}="), &given[1..], &lower] {
            assert_eq!(read_cursor(bad), Err(NotACursor), "{bad}");
        }
    }

    #[test]
    fn a_limit_is_from_1_to_100() {
        for good in [1, 50, GREATEST_LIMIT] {
            assert_eq!(read_limit(&good.to_string()).map(NonZeroU32::get), Ok(good));
        }
        for bad in ["0", "101", "-1", "+1", "1.0", "", " 1", "4294967297"] {
            assert_eq!(read_limit(bad), Err(NotALimit), "{bad}");
        }
    }
}
