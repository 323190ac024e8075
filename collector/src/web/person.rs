//! What people said of a device, and the forms to say more: correct a field, join it with another, part
//! what was taken for one.

use super::page::device_link;
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::decision::{Corrected, Decision, Key, Standing};
use crate::resolve::Device;
use crate::words::{Lang, Word, phrase};

/// Something that was said.
pub(super) struct Said {
    pub(super) number: u64,
    pub(super) at: String,
    pub(super) by: String,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) withdrawn: bool,
}

/// The forms of a device's page.
pub(super) struct Forms {
    pub(super) said: Vec<Said>,
    /// The device's first key, as the door for decisions reads it.
    pub(super) device: String,
    pub(super) fields: Vec<(&'static str, &'static str)>,
    pub(super) classes: Vec<(&'static str, &'static str)>,
    /// What holds of what people parted from it: the sentence, and the page of the other device.
    pub(super) parted: Vec<(String, Option<String>)>,
    /// Its keys: as the door reads them, and as people do.
    pub(super) keys: Vec<(String, String)>,
}

const FIELDS: [(&str, Corrected); 7] = [
    ("name", Corrected::Name),
    ("vendor", Corrected::Vendor),
    ("model", Corrected::Model),
    ("serial", Corrected::Serial),
    ("version", Corrected::Version),
    ("os", Corrected::Os),
    ("location", Corrected::Location),
];

impl Forms {
    pub(super) fn of(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), device: &Device) -> Self {
        let keys = device.keys();
        let withdrawn = Standing::withdrawn_of(&snapshot.ground.decisions);
        let said = snapshot.decisions_on(&keys).map(|decided| Said {
            number: decided.id,
            at: zone.show(decided.at),
            by: decided.by.clone(),
            what: what(lang, &decided.what),
            why: decided.why.clone(),
            withdrawn: withdrawn.contains(&decided.id),
        });
        let json = |key: &Key| serde_json::to_string(key).unwrap_or_default();
        Self {
            said: said.collect(),
            device: keys.first().map(json).unwrap_or_default(),
            parted: parted(snapshot, (lang, zone), device),
            fields: FIELDS.map(|(key, field)| (key, lang.say(phrase::corrected(field)))).to_vec(),
            classes: phrase::CLASSES.map(|(_, key, label)| (key, lang.say(label))).to_vec(),
            keys: keys.iter().map(|key| (json(key), named(key))).collect(),
        }
    }
}

/// The splits that hold and name a key of the device, each with the device that has the other key now.
fn parted(
    snapshot: &Snapshot,
    (lang, zone): (Lang, &Zone),
    device: &Device,
) -> Vec<(String, Option<String>)> {
    let keys = device.keys();
    let standing = Standing::of(&snapshot.ground.decisions);
    let splits = standing.ties().filter_map(|decided| {
        let Decision::Split { a, b } = &decided.what else { return None };
        let other = if keys.contains(a) { b } else { a };
        (keys.contains(a) || keys.contains(b)).then_some((decided, other))
    });
    let said = splits.map(|(decided, other)| {
        let holder = snapshot.picture.devices.iter().find(|one| one.keys().contains(other));
        let holder = holder.filter(|one| one.id != device.id);
        let called = holder
            .map_or_else(|| named(other), |one| format!("{} ({})", one.called(), named(other)));
        let at = zone.show(decided.at);
        let text = lang.fill(Word::PersonPartedFrom, &[&called, &decided.by, &at, &decided.why]);
        (text, holder.map(|one| device_link(&one.id)))
    });
    said.collect()
}

/// A key as people read it.
fn named(key: &Key) -> String {
    match key {
        Key::Mac(mac) => mac.to_string(),
        Key::Serial(serial) => serial.clone(),
        Key::Address { network, ip } => format!("{ip} ({network})"),
    }
}

/// A decision about a device in one sentence.
pub(super) fn what(lang: Lang, decision: &Decision) -> String {
    match decision {
        Decision::Join { a, b } => lang.fill(Word::PersonJoined, &[&named(a), &named(b)]),
        Decision::Split { a, b } => lang.fill(Word::PersonParted, &[&named(a), &named(b)]),
        Decision::Correct { field: Corrected::Class, value, .. } => {
            let class = serde_json::from_value(value.as_str().into());
            let class = class.map_or(value.as_str(), |class| lang.say(phrase::class(class)));
            let field = lang.say(phrase::corrected(Corrected::Class));
            lang.fill(Word::PersonCorrected, &[&field, &class])
        }
        Decision::Correct { field, value, .. } => {
            lang.fill(Word::PersonCorrected, &[&lang.say(phrase::corrected(*field)), value])
        }
        Decision::Byod { permitted, .. } => {
            let word = if *permitted { Word::ScopePermit } else { Word::ScopeForbid };
            lang.say(word).to_owned()
        }
        Decision::Scope { .. } | Decision::Answer { .. } | Decision::Withdraw { .. } => {
            String::new()
        }
    }
}
