//! Which row of a new version of a book is which row of the old one.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::{Entry, Ledger};

/// How rows are recognised, strongest first. A weaker mark pairs only what the stronger ones left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// The same sheet and the same cells.
    Whole,
    /// 管理番号 on the same sheet.
    NumberHere,
    /// 管理番号 anywhere.
    Number,
    /// Serial number.
    Serial,
    /// Every MAC address.
    Macs,
    /// The first MAC address.
    Mac,
    /// Host name.
    Host,
    /// Name, place and addresses.
    NameAndAddress,
    /// The number of a row counter beside the same name.
    CountedName,
    /// Name and place.
    NameAndPlace,
    /// Addresses alone.
    Addresses,
}

const MARKS: [Mark; 11] = [
    Mark::Whole,
    Mark::NumberHere,
    Mark::Number,
    Mark::Serial,
    Mark::Macs,
    Mark::Mac,
    Mark::Host,
    Mark::NameAndAddress,
    Mark::CountedName,
    Mark::NameAndPlace,
    Mark::Addresses,
];

/// For each entry of the new ledger the index of the entry of the old one that it is, if any. No old
/// entry is two new ones.
pub fn pair(old: &Ledger, new: &Ledger) -> Vec<Option<usize>> {
    let mut pairs: Vec<Option<usize>> = vec![None; new.entries.len()];
    let mut free: Vec<bool> = vec![true; old.entries.len()];
    for mark in MARKS {
        let mut waiting: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for (index, entry) in old.entries.iter().enumerate() {
            if free.get(index) == Some(&true)
                && let Some(hash) = hash(mark, entry, old)
            {
                waiting.entry(hash).or_default().push_back(index);
            }
        }
        if waiting.is_empty() {
            continue;
        }
        for (entry, pair) in new.entries.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let queue = hash(mark, entry, new).and_then(|hash| waiting.get_mut(&hash));
            let Some(queue) = queue else { continue };
            let fits = |index: &usize| {
                let before = old.entries.get(*index);
                before.is_some_and(|before| agree(mark, (before, old), (entry, new)))
            };
            let found = queue.iter().position(fits).and_then(|at| queue.remove(at));
            if let Some(index) = found {
                *pair = Some(index);
                if let Some(free) = free.get_mut(index) {
                    *free = false;
                }
            }
        }
    }
    pairs
}

/// What the row is looked up by; `None` if it has no such mark. A hash is enough: [`agree`] looks at
/// the rows themselves.
fn hash(mark: Mark, entry: &Entry, of: &Ledger) -> Option<u64> {
    let counted = of.sheets.get(entry.sheet).is_some_and(|sheet| sheet.counted);
    let number = &entry.asset_number;
    let has = match mark {
        Mark::Whole => true,
        Mark::NumberHere | Mark::Number => !number.is_empty() && !counted,
        Mark::Serial => !entry.serial.is_empty(),
        Mark::Macs | Mark::Mac => !entry.macs.is_empty(),
        Mark::Host => !entry.host_name.is_empty(),
        Mark::NameAndAddress => !entry.name.is_empty() && !entry.ips.is_empty(),
        Mark::CountedName => counted && !number.is_empty() && !entry.name.is_empty(),
        Mark::NameAndPlace => !entry.name.is_empty(),
        Mark::Addresses => !entry.ips.is_empty(),
    };
    if !has {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    let sheet = &entry.place.sheet;
    match mark {
        Mark::Whole => (sheet, &entry.cells, entry.struck).hash(&mut hasher),
        Mark::NumberHere => (sheet, number).hash(&mut hasher),
        Mark::Number => number.hash(&mut hasher),
        Mark::Serial => entry.serial.to_lowercase().hash(&mut hasher),
        Mark::Macs => entry.macs.hash(&mut hasher),
        Mark::Mac => entry.macs.first().hash(&mut hasher),
        Mark::Host => entry.host_name.to_lowercase().hash(&mut hasher),
        Mark::NameAndAddress => (&entry.name, &entry.location, &entry.ips).hash(&mut hasher),
        Mark::CountedName => (sheet, number, &entry.name).hash(&mut hasher),
        Mark::NameAndPlace => (&entry.name, &entry.location).hash(&mut hasher),
        Mark::Addresses => entry.ips.hash(&mut hasher),
    }
    Some(hasher.finish())
}

/// The 管理番号, unless it is a mere row counter's.
fn number<'a>(entry: &'a Entry, of: &Ledger) -> &'a str {
    let counted = of.sheets.get(entry.sheet).is_some_and(|sheet| sheet.counted);
    if counted { "" } else { &entry.asset_number }
}

/// Whether two rows of one mark can be of one thing: a weaker mark gives way to a 管理番号, serial
/// number or set of MAC addresses that says otherwise. (A new computer often takes over the name of
/// the old.)
fn agree(mark: Mark, (before, old): (&Entry, &Ledger), (after, new): (&Entry, &Ledger)) -> bool {
    let apart = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && !a.eq_ignore_ascii_case(b);
    let serials = apart(&before.serial, &after.serial);
    let numbers = apart(number(before, old), number(after, new));
    let macs = !before.macs.is_empty()
        && !after.macs.is_empty()
        && !before.macs.iter().any(|mac| after.macs.contains(mac));
    match mark {
        Mark::Whole => before.cells == after.cells,
        Mark::NumberHere | Mark::Number => before.asset_number == after.asset_number,
        Mark::Serial => !serials,
        Mark::Macs | Mark::Mac => !macs && !serials,
        Mark::CountedName => before.name == after.name && !serials && !macs,
        Mark::Host | Mark::NameAndAddress | Mark::NameAndPlace | Mark::Addresses => {
            !serials && !macs && !numbers
        }
    }
}
