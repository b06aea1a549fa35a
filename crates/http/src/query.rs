//! The query string of a request: known parameters, each at most once.

use std::borrow::Cow;
use std::collections::btree_map::Entry;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::body::fields::Fields;
use crate::body::json::{Json, Object};
use crate::refusal::envelope::FieldProblem;
use crate::refusal::problem::Problem;

/// The parameters of a query string, to be taken one by one like the fields of a body.
pub(crate) fn parameters(query: &str) -> Result<Fields, Problem> {
    let mut members = Object::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let (Some(name), Some(value)) = (name, value) else {
            let message = "the query string is not percent-encoded UTF-8";
            return Err(Problem::Fields(vec![FieldProblem::of_request("not_acceptable", message)]));
        };
        match members.entry(name) {
            Entry::Vacant(place) => place.insert(Json::Text(Zeroizing::new(value))),
            Entry::Occupied(taken) => {
                let message = "a query has each parameter once";
                return Err(Problem::of_field(taken.key(), "duplicate_field", message));
            }
        };
    }
    Ok(Fields::of(members))
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}
