//! Pictures as text, tables and files: a format a file, each to an `impl Write`. Formats translate
//! and never decide; what is said is in [`crate::words`].

use std::collections::BTreeMap;

use daicho_common::coverage::Coverage;
use daicho_common::observation::ObservationId;
use daicho_common::text::Text;

use crate::archive::Seen;
use crate::clock::Zone;
use crate::ledger::{Entry, Ledger, Place};
use crate::picture::Picture;
use crate::reconcile::Verdict;
use crate::resolve::{Device, DeviceId};
use crate::words::{Lang, Word, phrase};

/// Comma-separated values for Excel.
pub mod csv;
/// From the store to a report.
pub mod gather;
/// What no look reached, and why.
pub mod gap;
/// Inventories for GLPI.
pub mod glpi;
/// JSON and JSON Lines.
pub mod json;
/// Tables for NetBox.
pub mod netbox;
/// The plan of all scans, for paper.
pub mod plan;
/// A report before it has a format, and its formats.
pub mod paper;
/// Text made safe to show.
pub mod safe;
/// The reports.
pub mod set;
/// Archives to take along to other programs.
pub mod takeout;
/// Rows and columns, the same for every format that has them.
pub mod table;
/// For the terminal.
pub mod text;
/// Workbooks.
pub mod xlsx;
/// The wiring as tables.
pub mod wiring;

/// What is shown, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What was derived.
    pub picture: &'a Picture,
    /// The book of record that it was held against.
    pub ledger: &'a Ledger,
    /// How far each method got.
    pub coverage: &'a [Coverage],
    /// The ground facts.
    pub observations: Seen<'a>,
    /// The reader's language.
    pub lang: Lang,
    /// The reader's time zone.
    pub zone: &'a Zone,
}

/// Entries by their place.
pub fn by_place(ledger: &Ledger) -> BTreeMap<&Place, &Entry> {
    ledger.entries.iter().map(|entry| (&entry.place, entry)).collect()
}

/// Devices by their id.
pub fn by_id(picture: &Picture) -> BTreeMap<&DeviceId, &Device> {
    picture.devices.iter().map(|device| (&device.id, device)).collect()
}

/// How many matches have each verdict, in the order of [`phrase::VERDICTS`].
pub fn counts(picture: &Picture) -> Vec<(&'static str, Word, Word, usize)> {
    let count = |key: &str| {
        picture.matches.iter().filter(|m| phrase::verdict_key(&m.verdict) == key).count()
    };
    phrase::VERDICTS.iter().map(|&(key, label, note)| (key, label, note, count(key))).collect()
}

/// The device's best name; empty if it has none.
pub fn name(device: &Device) -> String {
    device.names.first().map(|name| name.value.to_string()).unwrap_or_default()
}

/// The device's addresses, without repetition, in order.
pub fn ips(device: &Device) -> Vec<String> {
    let mut ips: Vec<_> = device.addresses.iter().map(|address| address.ip).collect();
    ips.sort_unstable();
    ips.dedup();
    ips.iter().map(ToString::to_string).collect()
}

/// The device's MAC addresses, in order.
pub fn macs(device: &Device) -> Vec<String> {
    device.macs.iter().map(|mac| mac.value.to_string()).collect()
}

/// Maker and model in one line; empty if neither is known.
pub fn maker_and_model(device: &Device) -> String {
    let parts = [&device.vendor, &device.model];
    let parts: Vec<&str> = parts.into_iter().flatten().map(|claim| claim.value.as_str()).collect();
    parts.join(" ")
}

/// The label of the device's class; "unknown" if nothing says it.
pub fn class(lang: Lang, device: &Device) -> &'static str {
    lang.say(device.class.as_ref().map_or(Word::ClassUnknown, |class| phrase::class(class.value)))
}

/// What the verdict rests on, a line each: differences, doubts, looks.
pub fn remarks(lang: Lang, zone: &Zone, verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Differs { differences } => differences
            .iter()
            .map(|d| {
                let field = lang.say(phrase::field(d.field));
                lang.fill(Word::ReportDiffersIn, &[&field, &d.declared, &d.observed])
            })
            .collect(),
        Verdict::NotSeen { looked } | Verdict::PossiblyLost { looked, .. } => {
            looked.iter().map(|looked| phrase::looked(lang, zone, looked)).collect()
        }
        Verdict::CannotTell { doubts } => {
            doubts.iter().map(|doubt| phrase::doubt(lang, doubt)).collect()
        }
        Verdict::Agreed
        | Verdict::Undocumented
        | Verdict::ByodCandidate
        | Verdict::PermittedByod { .. }
        | Verdict::NotConnected
        | Verdict::RetiredButSeen => Vec::new(),
    }
}

/// A cell or a name on one line, without what could drive a terminal; see [`Text::clean`].
pub fn one_line(text: &str) -> String {
    Text::clean(text).as_str().to_owned()
}

/// Every observation that a device rests on, ascending, without repetition.
pub fn sources(device: &Device) -> Vec<ObservationId> {
    let texts = [
        &device.vendor,
        &device.model,
        &device.serial,
        &device.version,
        &device.os,
        &device.description,
        &device.location,
    ];
    let mut ids: Vec<ObservationId> = (device.macs.iter().flat_map(|c| &c.sources))
        .chain(device.addresses.iter().flat_map(|c| &c.sources))
        .chain(device.names.iter().flat_map(|c| &c.sources))
        .chain(device.class.iter().flat_map(|c| &c.sources))
        .chain(texts.into_iter().flatten().flat_map(|c| &c.sources))
        .chain(device.programs.iter().flat_map(|c| &c.sources))
        .chain(device.why.iter().flat_map(|why| &why.ground.sources))
        .chain(
            device
                .why
                .iter()
                .filter_map(|why| why.against.as_ref())
                .flat_map(|it| &it.ground.sources),
        )
        .chain(device.services.iter().flat_map(|c| &c.sources))
        .chain(device.joins.iter().flat_map(|c| &c.sources))
        .chain(device.oddities.iter().flat_map(|c| &c.sources))
        .chain(device.attached.iter().flat_map(|c| &c.sources))
        .copied()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
pub(crate) mod tests;
