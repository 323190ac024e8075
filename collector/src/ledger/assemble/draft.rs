//! One row on its way to an entry: each cell read by what its column means.

use super::super::columns::{Columns, Sense};
use super::super::date::{self, PartialDate};
use super::super::grid::{Row, is_blank, quote};
use super::super::normal::{self, Declared};
use super::{Defect, Entry, Field, Place, Reason, SheetPlan, State, graver};

/// An entry that fills, and what was wrong with its cells.
pub(super) struct Draft {
    pub(super) entry: Entry,
    pub(super) defects: Vec<Defect>,
}

/// What a column means, and the state that its heading speaks of.
type Meant = (Field, Option<State>);

impl Draft {
    pub(super) fn new(place: Place, sheet: usize) -> Self {
        let entry = Entry { place, sheet, ..Entry::default() };
        Self { entry, defects: Vec::new() }
    }

    pub(super) fn read(&mut self, row: &Row, sheet: &SheetPlan, columns: &Columns) {
        let headed = sheet.headed.iter().copied();
        for ((cell, column), headed) in row.cells.iter().zip(&sheet.columns).zip(headed) {
            if is_blank(cell) {
                continue;
            }
            if normal::is_formula_error(cell) {
                self.defect(&column.heading, cell, Reason::FormulaError);
                continue;
            }
            if cell.contains(char::REPLACEMENT_CHARACTER) {
                self.defect(&column.heading, cell, Reason::Undecodable);
            }
            if let Some(field) = column.field {
                self.cell((field, headed), cell, &column.heading, columns);
            }
        }
    }

    pub(super) fn defect(&mut self, column: &str, value: &str, reason: Reason) {
        self.defects.push(Defect {
            place: self.entry.place.clone(),
            column: column.to_owned(),
            value: quote(value),
            reason,
            rejected: false,
            cells: Vec::new(),
        });
    }

    pub(super) fn names_a_device(&self) -> bool {
        !self.entry.asset_number.is_empty() || self.named_beside_number()
    }

    pub(super) fn named_beside_number(&self) -> bool {
        let Entry { name, host_name, serial, ips, macs, .. } = &self.entry;
        !(name.is_empty()
            && host_name.is_empty()
            && serial.is_empty()
            && ips.is_empty()
            && macs.is_empty())
    }

    fn cell(&mut self, (field, headed): Meant, cell: &str, heading: &str, columns: &Columns) {
        let entry = &mut self.entry;
        match field {
            Field::AssetNumber => fill(&mut entry.asset_number, || normal::telling(cell, columns)),
            Field::Name => fill(&mut entry.name, || normal::plain(cell)),
            Field::HostName => fill(&mut entry.host_name, || normal::telling(cell, columns)),
            Field::Kind => fill(&mut entry.kind, || normal::plain(cell)),
            Field::Vendor => fill(&mut entry.vendor, || normal::telling(cell, columns)),
            Field::Model => fill(&mut entry.model, || normal::telling(cell, columns)),
            Field::Serial => fill(&mut entry.serial, || normal::telling(cell, columns)),
            Field::Version => fill(&mut entry.version, || normal::telling(cell, columns)),
            Field::Maintainer => fill(&mut entry.maintainer, || normal::telling(cell, columns)),
            Field::Location => add_place(&mut entry.location, &normal::telling(cell, columns)),
            Field::Ip => self.ips(cell, heading, columns),
            Field::Mac => self.macs(cell, heading, columns),
            Field::RemoteMaintenance => {
                if let Some(said) = remote(cell, columns) {
                    entry.remote_maintenance = Some(said || entry.remote_maintenance == Some(true));
                }
            }
            Field::State => {
                entry.offline |= columns.is(&normal::word_key(cell), Sense::Offline);
                if let Some(said) = state(cell, headed, columns) {
                    entry.state = graver(entry.state, said);
                }
            }
            Field::Connected => {
                entry.offline |= normal::yes_or_no(cell, columns) == Some(false)
                    || columns.is(&normal::word_key(cell), Sense::Offline);
            }
            Field::Remarks => entry.offline |= columns.remark_says_offline(cell),
            Field::User => fill(&mut entry.user, || normal::telling(cell, columns)),
            Field::Owner => fill(&mut entry.owner, || normal::telling(cell, columns)),
            Field::Os => fill(&mut entry.os, || normal::telling(cell, columns)),
            Field::Disclosure => add_place(&mut entry.disclosure, &normal::plain(cell)),
            Field::SupportEnd => {
                let last = date::dates(cell).into_iter().max_by_key(|date| date.last_day());
                self.date((last, true), cell, heading);
            }
            Field::Purchased => {
                let first = date::dates(cell).into_iter().next();
                self.date((first, false), cell, heading);
            }
        }
    }

    /// Keeps the date of a cell. A cell with digits that name no day is told; words (契約中) are not
    /// wrong.
    fn date(&mut self, (found, end): (Option<PartialDate>, bool), cell: &str, heading: &str) {
        let known = if end { &mut self.entry.support_end } else { &mut self.entry.purchased };
        match found {
            Some(date) => {
                known.get_or_insert(date);
            }
            None if date::seems_meant(cell) => self.defect(heading, cell, Reason::NotADate),
            None => {}
        }
    }

    fn ips(&mut self, cell: &str, heading: &str, columns: &Columns) {
        let Declared { addresses, dhcp, offline, unreadable } = normal::ips(cell, columns);
        self.entry.dhcp |= dhcp;
        self.entry.offline |= offline;
        add_new(&mut self.entry.ips, addresses);
        if unreadable {
            self.defect(heading, cell, Reason::NotAnAddress);
        }
    }

    fn macs(&mut self, cell: &str, heading: &str, columns: &Columns) {
        let Declared { addresses, offline, unreadable, dhcp: _ } = normal::macs(cell, columns);
        self.entry.offline |= offline;
        add_new(&mut self.entry.macs, addresses);
        if unreadable {
            self.defect(heading, cell, Reason::NotAMac);
        }
    }
}

/// Of several columns of one field, the first that says something counts.
fn fill(field: &mut String, value: impl FnOnce() -> String) {
    if field.is_empty() {
        *field = value();
    }
}

/// Building, floor and room in columns of their own make one place.
fn add_place(location: &mut String, part: &str) {
    if part.is_empty() || location.split(' ').any(|known| known == part) {
        return;
    }
    if !location.is_empty() {
        location.push(' ');
    }
    location.push_str(part);
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for address in more {
        if !known.contains(&address) {
            known.push(address);
        }
    }
}

/// Whether there is remote maintenance: 有/無, or the kind of line.
fn remote(cell: &str, columns: &Columns) -> Option<bool> {
    normal::yes_or_no(cell, columns).or_else(|| {
        let normal = normal::nfkc(cell);
        normal
            .split(|c: char| c.is_whitespace() || "、,;/・()".contains(c))
            .any(|word| columns.is(&normal::word_key(word), Sense::Remote))
            .then_some(true)
    })
}

/// The state a cell declares under its heading. Under 廃棄 or 廃棄日 a ○ or a date means retired;
/// under 使用中 or 使用可否 a × means stopped.
fn state(cell: &str, headed: Option<State>, columns: &Columns) -> Option<State> {
    let yes = normal::yes_or_no(cell, columns);
    match (headed, yes) {
        (Some(State::InUse), Some(false)) => Some(State::Stopped),
        (Some(headed), Some(true)) => Some(headed),
        (_, Some(false)) => None,
        (headed, _) => columns.state(cell).or_else(|| {
            let dated = normal::nfkc(cell).chars().any(|c| c.is_ascii_digit());
            headed.filter(|_| dated)
        }),
    }
}
