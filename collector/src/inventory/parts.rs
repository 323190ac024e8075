//! What a device is made of and what runs on it: chassis, members of a stack and modules with their
//! serial numbers, installed software, and the pages printed over its life.

use std::collections::BTreeMap;

use daicho_common::observation::ObservationId;
use daicho_common::observation::table::Row;
use serde::Serialize;

use super::{Told, of, says_nothing, text};

/// A replaceable part with a serial number of its own (ENTITY-MIB, RFC 6933).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Part {
    /// entPhysicalIndex.
    pub index: u32,
    /// What kind of part.
    pub kind: PartKind,
    /// entPhysicalName, else entPhysicalDescr.
    pub name: String,
    /// entPhysicalModelName; empty if it says nothing.
    pub model: String,
    /// entPhysicalSerialNum.
    pub serial: String,
    /// entPhysicalSoftwareRev, else entPhysicalFirmwareRev; empty if neither says anything.
    pub version: String,
}

/// entPhysicalClass, as far as it matters to a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// chassis(3): the device, or a member of a stack.
    Chassis,
    /// module(9).
    Module,
    /// powerSupply(6).
    PowerSupply,
    /// Any other.
    Other,
}

/// Most names of software kept of one device.
const MOST_SOFTWARE: usize = 2_000;

fn cell(row: &Row, column: &str) -> String {
    let said = row.cells.get(column).and_then(text).unwrap_or_default();
    if says_nothing(&said) { String::new() } else { said }
}

fn first(row: &Row, columns: [&str; 2]) -> String {
    let [one, other] = columns.map(|column| cell(row, column));
    if one.is_empty() { other } else { one }
}

/// Parts that have a serial number, ascending by index, each serial number once: what is contained
/// often repeats what contains it.
pub fn parts(told: &[Told<'_>]) -> Vec<(Part, Vec<ObservationId>)> {
    let mut found: BTreeMap<String, (Part, Vec<ObservationId>)> = BTreeMap::new();
    for (row, sources) in of(told, "entPhysicalTable") {
        let serial = cell(row, "entPhysicalSerialNum");
        let Some(index) = row.index.first().copied().filter(|_| !serial.is_empty()) else {
            continue;
        };
        let kind = match row.number("entPhysicalClass") {
            Some(3) => PartKind::Chassis,
            Some(6) => PartKind::PowerSupply,
            Some(9) => PartKind::Module,
            _ => PartKind::Other,
        };
        let part = Part {
            index,
            kind,
            name: first(row, ["entPhysicalName", "entPhysicalDescr"]),
            model: cell(row, "entPhysicalModelName"),
            serial: serial.clone(),
            version: first(row, ["entPhysicalSoftwareRev", "entPhysicalFirmwareRev"]),
        };
        found.entry(serial).or_insert_with(|| (part, sources.to_vec()));
    }
    let mut parts: Vec<_> = found.into_values().collect();
    parts.sort_unstable_by(|a, b| a.0.index.cmp(&b.0.index).then_with(|| a.0.cmp(&b.0)));
    parts
}

/// Names of the software that the device lists as installed (HOST-RESOURCES-MIB, RFC 2790),
/// ascending.
pub fn software(told: &[Told<'_>]) -> Vec<(String, Vec<ObservationId>)> {
    let mut found = BTreeMap::new();
    for (row, sources) in of(told, "hrSWInstalledTable") {
        let name = cell(row, "hrSWInstalledName");
        if !name.is_empty() && found.len() < MOST_SOFTWARE {
            found.entry(name).or_insert_with(|| sources.to_vec());
        }
    }
    found.into_iter().collect()
}

/// Pages over the life of the device: the first marker that counts impressions or sheets
/// (`prtMarkerCounterUnit` impressions(7), sheets(8); RFC 3805).
pub fn pages(told: &[Told<'_>]) -> Option<(u64, Vec<ObservationId>)> {
    let counts = |row: &Row| matches!(row.number("prtMarkerCounterUnit"), None | Some(7 | 8));
    let mut markers = of(told, "prtMarkerTable").filter(|(row, _)| counts(row));
    markers.find_map(|(row, sources)| Some((row.number("prtMarkerLifeCount")?, sources.to_vec())))
}
