//! What two snapshots differ in: what came, what went, and which fields say something else.

use std::collections::{BTreeMap, BTreeSet};

use super::{Content, Line};

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A book of record.
    Book,
    /// A row of the ledger.
    Row,
    /// A device.
    Device,
    /// A finding.
    Finding,
    /// A record beside the ledger.
    Record,
    /// A network and how far it was looked at.
    Coverage,
}

impl Kind {
    /// What programs and command lines call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Row => "row",
            Self::Device => "device",
            Self::Finding => "finding",
            Self::Record => "record",
            Self::Coverage => "coverage",
        }
    }
}

/// How something differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Only the later snapshot has it.
    Came,
    /// Only the earlier one had it.
    Went,
    /// A field says something else: its name, before, after.
    Field(String, String, String),
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind of thing.
    pub kind: Kind,
    /// What it is known by.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// How it differs.
    pub how: How,
}

/// What the later snapshot says that the earlier did not, and the reverse; by kind, then by key.
pub fn diff(earlier: &Content, later: &Content) -> Vec<Difference> {
    let all = [
        (Kind::Book, &earlier.books, &later.books),
        (Kind::Row, &earlier.rows, &later.rows),
        (Kind::Device, &earlier.devices, &later.devices),
        (Kind::Finding, &earlier.findings, &later.findings),
        (Kind::Record, &earlier.register, &later.register),
        (Kind::Coverage, &earlier.coverage, &later.coverage),
    ];
    all.into_iter().flat_map(|(kind, before, after)| of_kind(kind, before, after)).collect()
}

fn of_kind(
    kind: Kind,
    before: &BTreeMap<String, Line>,
    after: &BTreeMap<String, Line>,
) -> Vec<Difference> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let made = |line: &Line, how| Difference {
            kind,
            key: key.clone(),
            name: line.get("name").or_else(|| line.get("rule")).cloned().unwrap_or_default(),
            how,
        };
        match (before.get(key), after.get(key)) {
            (Some(before), Some(after)) => {
                found.extend(fields(before, after).map(|how| made(after, how)));
            }
            (Some(before), None) => found.push(made(before, How::Went)),
            (None, Some(after)) => found.push(made(after, How::Came)),
            (None, None) => {}
        }
    }
    found
}

fn fields<'a>(before: &'a Line, after: &'a Line) -> impl Iterator<Item = How> {
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).map(AsRef::as_ref).collect();
    let text = |line: &Line, name: &str| line.get(name).cloned().unwrap_or_default();
    // A digest tells nobody anything; what it is of is told by the other fields.
    let names =
        names.into_iter().filter(|name| *name != "facts" && before.get(*name) != after.get(*name));
    names.map(move |name| How::Field(name.to_owned(), text(before, name), text(after, name)))
}
