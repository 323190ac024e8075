//! Rows of several lists that are of one thing: hospitals keep the list of devices and the list of
//! addresses apart, in two books or on two sheets, joined by 管理番号 (DOMAIN §4).
//!
//! A row of a second list completes the first; its cells are kept as a [`Part`]. Lists of the same
//! shape never complete each other (one sheet a building, last year's copy of the book): the same
//! number in both is a duplicate and stays one. Neither do rows that contradict each other in what
//! tells one thing from another, nor numbers that stand twice in one list.

use std::collections::{BTreeSet, HashMap};

use super::{Entry, Field, Ledger, Part, Reason, Sheet, State};

/// Joins what is of one thing. Entries that complete another are its [`Entry::parts`] afterwards.
pub fn join(ledger: &mut Ledger) {
    let lists: Vec<List> = ledger.sheets.iter().map(List::of).collect();
    let mut by_number: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, entry) in ledger.entries.iter().enumerate() {
        let counted = lists.get(entry.sheet).is_none_or(|list| list.counted);
        if !entry.asset_number.is_empty() && !counted {
            by_number.entry(&entry.asset_number).or_default().push(index);
        }
    }
    // Which entry completes which, by index.
    let mut into: HashMap<usize, usize> = HashMap::new();
    for rows in by_number.values().filter(|rows| rows.len() > 1) {
        completions(ledger, &lists, rows, &mut into);
    }
    if !into.is_empty() {
        complete(ledger, &into);
    }
}

/// What a sheet lists.
struct List {
    fields: BTreeSet<Field>,
    /// Whether the number is none that other lists know: the heading is a row counter's (No.).
    counted: bool,
}

impl List {
    fn of(sheet: &Sheet) -> Self {
        let fields: BTreeSet<Field> =
            sheet.columns.iter().filter_map(|column| column.field).collect();
        Self { fields, counted: sheet.counted }
    }

    /// Whether the other list says of a thing what this one does not: it has addresses where this
    /// has none, or it describes where this only gives addresses.
    fn completed_by(&self, other: &Self) -> bool {
        let addresses =
            |list: &Self| list.fields.contains(&Field::Ip) || list.fields.contains(&Field::Mac);
        let described = |list: &Self| {
            [Field::Model, Field::Serial, Field::Vendor, Field::Location, Field::Purchased]
                .iter()
                .any(|field| list.fields.contains(field))
        };
        addresses(self) != addresses(other) || described(self) != described(other)
    }
}

fn completions(ledger: &Ledger, lists: &[List], rows: &[usize], into: &mut HashMap<usize, usize>) {
    let sheet_of = |row: &usize| ledger.entries.get(*row).map(|entry| entry.sheet);
    let alone =
        |row: &usize| rows.iter().filter(|other| sheet_of(other) == sheet_of(row)).count() == 1;
    let mut firsts: Vec<usize> = Vec::new();
    for row in rows.iter().filter(|row| alone(row)) {
        let Some(entry) = ledger.entries.get(*row) else { continue };
        let first = firsts.iter().find(|first| {
            let Some(other) = ledger.entries.get(**first) else { return false };
            let lists = lists.get(other.sheet).zip(lists.get(entry.sheet));
            lists.is_some_and(|(a, b)| a.completed_by(b)) && !contradict(other, entry)
        });
        match first {
            Some(first) => {
                into.insert(*row, *first);
            }
            None => firsts.push(*row),
        }
    }
}

/// Whether two rows cannot be of one thing.
fn contradict(a: &Entry, b: &Entry) -> bool {
    let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && !a.eq_ignore_ascii_case(b);
    let apart =
        !a.macs.is_empty() && !b.macs.is_empty() && !a.macs.iter().any(|m| b.macs.contains(m));
    differ(&a.serial, &b.serial) || differ(&a.host_name, &b.host_name) || apart
}

fn complete(ledger: &mut Ledger, into: &HashMap<usize, usize>) {
    let entries = std::mem::take(&mut ledger.entries);
    let mut kept: Vec<Option<Entry>> = Vec::with_capacity(entries.len());
    let mut gone = BTreeSet::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let first =
            into.get(&index).and_then(|first| kept.get_mut(*first)).and_then(Option::as_mut);
        if let Some(first) = first {
            gone.insert(entry.place.clone());
            absorb(first, entry);
            kept.push(None);
        } else {
            kept.push(Some(entry));
        }
    }
    ledger.entries = kept.into_iter().flatten().collect();
    ledger.defects.retain(|defect| {
        !(matches!(defect.reason, Reason::DuplicateNumber { .. }) && gone.contains(&defect.place))
    });
}

/// Completes an entry by a row of another list: what the first says counts, addresses add up, and
/// the graver state holds.
fn absorb(first: &mut Entry, more: Entry) {
    let part = Part {
        place: more.place,
        sheet: more.sheet,
        cells: more.cells,
        hidden: more.hidden,
        struck: more.struck,
    };
    for (field, value) in [
        (&mut first.name, more.name),
        (&mut first.host_name, more.host_name),
        (&mut first.kind, more.kind),
        (&mut first.vendor, more.vendor),
        (&mut first.model, more.model),
        (&mut first.serial, more.serial),
        (&mut first.location, more.location),
        (&mut first.version, more.version),
        (&mut first.maintainer, more.maintainer),
        (&mut first.user, more.user),
        (&mut first.owner, more.owner),
        (&mut first.os, more.os),
        (&mut first.disclosure, more.disclosure),
    ] {
        if field.is_empty() {
            *field = value;
        }
    }
    first.ips.extend(more.ips);
    let mut seen = BTreeSet::new();
    first.ips.retain(|ip| seen.insert(*ip));
    first.macs.extend(more.macs);
    let mut seen = BTreeSet::new();
    first.macs.retain(|mac| seen.insert(*mac));
    first.dhcp |= more.dhcp;
    first.offline |= more.offline;
    first.remote_maintenance = match (first.remote_maintenance, more.remote_maintenance) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    };
    first.support_end = first.support_end.or(more.support_end);
    first.purchased = first.purchased.or(more.purchased);
    if more.state != State::InUse {
        first.state = super::assemble::graver(first.state, more.state);
    }
    first.parts.push(part);
    first.parts.extend(more.parts);
}
