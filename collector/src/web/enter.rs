//! A found device into the ledger: a row filled in from what was seen, that a person may change before it
//! is entered. The observations are kept with the change.

use super::snapshot::Snapshot;
use crate::ledger::edit::{Named, Wish};
use crate::ledger::{Field, Sheet};
use crate::report;
use crate::resolve::Device;
use crate::words::{Lang, phrase};

/// Observations named in the history of the new row.
const NAMED: usize = 8;

/// The fields that are filled in, in the order of the form.
const FIELDS: [Field; 12] = [
    Field::AssetNumber,
    Field::Name,
    Field::HostName,
    Field::Kind,
    Field::Ip,
    Field::Mac,
    Field::Vendor,
    Field::Model,
    Field::Serial,
    Field::Os,
    Field::Version,
    Field::Location,
];

/// The form.
pub(super) struct Entering {
    /// Sheets that have a header: their number, and what they are called.
    pub(super) sheets: Vec<(usize, String)>,
    /// Name of the input, label, value.
    pub(super) values: Vec<(String, &'static str, String)>,
    /// The device.
    pub(super) device: String,
}

/// The name of a field's input.
fn input(field: Field) -> String {
    let word = serde_json::to_value(field).ok();
    format!("field_{}", word.as_ref().and_then(|word| word.as_str()).unwrap_or_default())
}

/// What a row would say of the device.
fn value(lang: Lang, device: &Device, field: Field) -> String {
    let text = |claim: &Option<crate::evidence::SourcedText>| {
        claim.as_ref().map(|claim| claim.value.to_string()).unwrap_or_default()
    };
    let name = || device.names.first().map(|name| name.value.to_string()).unwrap_or_default();
    match field {
        Field::Name => {
            let class = report::class(lang, device);
            let model = text(&device.model);
            if model.is_empty() { class.to_owned() } else { model }
        }
        Field::HostName => name(),
        Field::Kind => report::class(lang, device).to_owned(),
        Field::Ip => joined(device.addresses.iter().map(|address| address.ip)),
        Field::Mac => joined(device.macs.iter().map(|mac| mac.value)),
        Field::Vendor => text(&device.vendor),
        Field::Model => text(&device.model),
        Field::Serial => text(&device.serial),
        Field::Os => text(&device.os),
        Field::Version => text(&device.version),
        Field::Location => text(&device.location),
        Field::AssetNumber
        | Field::User
        | Field::Owner
        | Field::Maintainer
        | Field::SupportEnd
        | Field::RemoteMaintenance
        | Field::Disclosure
        | Field::State
        | Field::Purchased
        | Field::Connected
        | Field::Remarks => String::new(),
    }
}

/// Several values in one cell, as ledgers have them.
fn joined<T: ToString>(values: impl Iterator<Item = T>) -> String {
    let mut texts: Vec<String> = values.map(|value| value.to_string()).collect();
    texts.dedup();
    texts.join("、")
}

impl Entering {
    /// The form for a device that no row accounts for; none if there is no sheet to enter it in.
    pub(super) fn of(snapshot: &Snapshot, lang: Lang, device: &Device) -> Option<Self> {
        let undocumented =
            snapshot.matches(&device.id).any(|matched| matched.verdict.is_undocumented());
        let sheets: Vec<(usize, String)> = (snapshot.ground.ledger.sheets.iter().enumerate())
            .filter(|(_, sheet)| !sheet.columns.is_empty())
            .map(|(number, sheet)| (number, format!("{} {}", sheet.book, sheet.name)))
            .collect();
        let value = |field: Field| {
            (input(field), lang.say(phrase::field(field)), value(lang, device, field))
        };
        (undocumented && !sheets.is_empty()).then(|| Self {
            sheets,
            values: FIELDS.map(value).to_vec(),
            device: device.id.0.to_string(),
        })
    }
}

/// The row that a form asks for, of those values that its sheet has columns for.
pub(super) fn wish<'a>(sheet: &Sheet, said: impl Fn(&str) -> &'a str) -> Wish {
    let has = |field: &Field| sheet.columns.iter().any(|column| column.field == Some(*field));
    let values = FIELDS
        .iter()
        .filter(|field| has(field))
        .map(|field| (Named::Field(*field), said(&input(*field)).to_owned()));
    let values = values.filter(|(_, value)| !value.is_empty()).collect();
    Wish::Add { book: sheet.book.clone(), sheet: sheet.name.clone(), values }
}

/// Why a row was entered, with the observations that it comes from.
pub(super) fn reason(why: &str, device: &Device) -> String {
    let sources = report::sources(device);
    let named: Vec<String> = sources.iter().take(NAMED).map(ToString::to_string).collect();
    let evidence = format!("{}: {}", device.id.0, named.join(" "));
    if why.is_empty() { evidence } else { format!("{why} / {evidence}") }
}
