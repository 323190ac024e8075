//! Lists a part at a time. A cursor names the last item that was given, so that nothing that stays is
//! given twice or left out when items before it come or go; if just that item has gone, its place in the
//! list stands for it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;

use super::call::Call;
use super::operation::{Field, Shape, may};
use super::problem::{Problem, Wrong};
use super::{LIMIT, MOST};
use crate::words::Word;

/// What every list may be asked.
pub(super) static QUERY: [Field; 2] = [
    may(
        "limit",
        Shape::Number(1, MOST as u64),
        "件数（省略時 100） / How many items [default: 100]",
    ),
    may(
        "cursor",
        Shape::Text(2048),
        "続きの位置（前の応答の next） / Where to go on: `next` of the answer before",
    ),
];

const _: () = assert!(LIMIT <= MOST, "the usual number of items is one that may be asked for");

#[derive(Serialize)]
struct Part {
    /// The revision of what is kept: parts of one revision fit together.
    revision: u64,
    total: usize,
    items: Vec<Value>,
    /// What to go on with; none at the end.
    next: Option<String>,
}

/// A part of a list. `key` tells rows apart, `shown` is what programs get of one.
pub(super) fn part<T>(
    call: &Call,
    (rows, revision): (&[T], u64),
    key: impl Fn(&T) -> Option<String>,
    shown: impl Fn(&T) -> Option<Value>,
) -> Result<Response, Problem> {
    let from = match call.asked("cursor") {
        "" => 0,
        cursor => {
            let (place, last) = read(cursor).ok_or_else(|| {
                let wrongs = vec![Wrong::of("cursor", Word::ApiCursor)];
                Problem::new(StatusCode::BAD_REQUEST, Word::ApiQuery).about(wrongs)
            })?;
            after(rows, &key, (place, &last))
        }
    };
    let limit = call.limit().min(MOST);
    let end = from.saturating_add(limit).min(rows.len());
    let given = rows.get(from..end).unwrap_or_default();
    let last = given.last().filter(|_| end < rows.len()).and_then(&key);
    let next = last.map(|last| written(end, &last));
    // Making it is work for a processor; meanwhile others are served by another thread.
    let items = tokio::task::block_in_place(|| given.iter().filter_map(shown).collect());
    Ok(Json(Part { revision, total: rows.len(), items, next }).into_response())
}

/// Where the list goes on behind an item that stood before this place.
fn after<T>(
    rows: &[T],
    key: &impl Fn(&T) -> Option<String>,
    (place, last): (usize, &str),
) -> usize {
    let is = |row: &T| key(row).as_deref() == Some(last);
    let stands = place.checked_sub(1).and_then(|before| rows.get(before)).is_some_and(is);
    if stands {
        return place;
    }
    rows.iter().position(is).map_or(place.min(rows.len()), |found| found + 1)
}

fn written(place: usize, last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{place} {last}"))
}

fn read(cursor: &str) -> Option<(usize, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (place, last) = text.split_once(' ')?;
    Some((place.parse().ok()?, last.to_owned()))
}

/// A value as programs get it.
pub(super) fn value<T: Serialize>(value: &T) -> Option<Value> {
    serde_json::to_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_on_behind_its_item_wherever_that_stands_now() {
        let key = |row: &&str| Some((*row).to_owned());
        assert_eq!(after(&["a", "b", "c"], &key, (2, "b")), 2);
        assert_eq!(after(&["0", "a", "b", "c"], &key, (2, "b")), 3, "one came before it");
        assert_eq!(after(&["b", "c"], &key, (2, "b")), 1, "one went before it");
        assert_eq!(after(&["a", "c"], &key, (2, "b")), 2, "it went itself");
        assert_eq!(after(&[], &key, (2, "b")), 0);
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_written_and_others_are_none() {
        let cursor = written(7, "undocumented_device:病棟 3F");
        assert_eq!(read(&cursor), Some((7, "undocumented_device:病棟 3F".to_owned())));
        for other in ["", "x", "!!", "-1 a", &URL_SAFE_NO_PAD.encode("x y")] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
