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
    /// The same for people: numbers as the book writes them, and of a finding what it is about.
    pub about: String,
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
    let about = |kind, key: &str| about((earlier, later), kind, key);
    all.into_iter()
        .flat_map(|(kind, before, after)| of_kind(kind, (before, after), about))
        .collect()
}

/// What the thing of this key is known by to people.
fn about((earlier, later): (&Content, &Content), kind: Kind, key: &str) -> String {
    match kind {
        Kind::Row => {
            let row = later.rows.get(key).or_else(|| earlier.rows.get(key));
            // Numbers are compared in one spelling, and written as the hospital writes them.
            let number = row.and_then(|row| row.get("asset_number"));
            let number = number.filter(|_| key.starts_with("asset_number="));
            number.map_or_else(|| key.to_owned(), |number| format!("asset_number={number}"))
        }
        Kind::Finding => {
            let subject = key.split_once(':').map_or(key, |(_, subject)| subject);
            let device = later.devices.get(subject).or_else(|| earlier.devices.get(subject));
            match device.and_then(|device| device.get("name")) {
                Some(name) => name.clone(),
                None => about((earlier, later), Kind::Row, subject),
            }
        }
        Kind::Book | Kind::Device | Kind::Record | Kind::Coverage => key.to_owned(),
    }
}

fn of_kind(
    kind: Kind,
    (before, after): (&BTreeMap<String, Line>, &BTreeMap<String, Line>),
    about: impl Fn(Kind, &str) -> String,
) -> Vec<Difference> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let made = |line: &Line, how| Difference {
            kind,
            key: key.clone(),
            about: about(kind, key),
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
