//! Rows and columns, the same for every format that has them.

use std::collections::HashMap;

use crate::decision::Scope;
use crate::finding::Finding;
use crate::ledger::{Entry, Place, Sheet};
use crate::reconcile::Match;
use crate::resolve::{Attached, Device, DeviceId};
use crate::words::{Word, phrase};

use super::{Shown, by_id, by_place, class, ips, macs, maker_and_model, name, remarks};

/// A table in the reader's language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it is called: the name of a sheet.
    pub name: String,
    /// The columns' headings.
    pub headings: Vec<String>,
    /// The rows, as long as the headings.
    pub rows: Vec<Vec<String>>,
}

/// What joins several values in one cell.
pub(super) const IN_CELL: &str = " / ";

pub(super) fn headings(shown: &Shown<'_>, words: &[Word]) -> Vec<String> {
    words.iter().map(|word| shown.lang.say(*word).to_owned()).collect()
}

/// One row for each match: the verdict table.
pub fn matches(shown: &Shown<'_>) -> Table {
    let (entries, devices) = (by_place(shown.ledger), by_id(shown.picture));
    let words = [
        Word::CommonVerdict,
        Word::ReportLedgerFile,
        Word::ReportSheet,
        Word::ReportRow,
        Word::FieldAssetNumber,
        Word::FieldName,
        Word::CommonDeclared,
        Word::CommonObserved,
        Word::FieldMac,
        Word::DevicesName,
        Word::CommonClass,
        Word::DevicesModel,
        Word::ReportMatchedBy,
        Word::CommonWhy,
        Word::ReportDeviceId,
    ];
    let rows = shown.picture.matches.iter().map(|matched| {
        let entry = matched.entry.as_ref().and_then(|place| entries.get(place).copied());
        let there: Vec<&Device> =
            matched.devices().filter_map(|id| devices.get(id).copied()).collect();
        let mut row = vec![shown.lang.say(phrase::verdict(&matched.verdict)).to_owned()];
        row.extend(declared(matched.entry.as_ref(), entry));
        row.extend(observed(shown, &there));
        row.push(phrase::matched_by(shown.lang, &matched.by));
        row.push(remarks(shown.lang, shown.zone, &matched.verdict).join(IN_CELL));
        let ids: Vec<&str> = matched.devices().map(|id| id.0.as_str()).collect();
        row.push(ids.join(IN_CELL));
        row
    });
    Table {
        name: shown.lang.say(Word::ReportMatches).to_owned(),
        headings: headings(shown, &words),
        rows: rows.collect(),
    }
}

fn declared(place: Option<&Place>, entry: Option<&Entry>) -> [String; 6] {
    let (book, sheet, row) = place.map_or_else(Default::default, |place| {
        (place.book.to_string(), place.sheet.to_string(), place.row.to_string())
    });
    let (number, name, ips) = entry.map_or_else(Default::default, |entry| {
        let ips: Vec<String> = entry.ips.iter().map(ToString::to_string).collect();
        (entry.asset_number.clone(), entry_name(entry), ips.join(IN_CELL))
    });
    [book, sheet, row, number, name, ips]
}

/// What the row calls the thing.
pub fn entry_name(entry: &Entry) -> String {
    if entry.name.is_empty() { entry.host_name.clone() } else { entry.name.clone() }
}

/// What was seen of the devices of one match; what the first leaves out the others may say.
fn observed(shown: &Shown<'_>, devices: &[&Device]) -> [String; 5] {
    let all = |of: fn(&Device) -> Vec<String>| {
        let texts: std::collections::BTreeSet<String> =
            devices.iter().skip(1).flat_map(|device| of(device)).collect();
        let first = devices.first().map(|device| of(device)).unwrap_or_default();
        let more = texts.into_iter().filter(|text| !first.contains(text)).collect();
        [first, more].concat().join(IN_CELL)
    };
    let some = |of: &dyn Fn(&Device) -> String| {
        devices.iter().map(|device| of(device)).find(|text| !text.is_empty()).unwrap_or_default()
    };
    [
        all(ips),
        all(macs),
        some(&name),
        some(&|device| class(shown.lang, device).to_owned()),
        some(&maker_and_model),
    ]
}

/// One row for each device.
pub fn devices(shown: &Shown<'_>) -> Table {
    let words = [
        Word::ReportDeviceId,
        Word::DevicesName,
        Word::FieldIp,
        Word::FieldMac,
        Word::CommonClass,
        Word::FieldVendor,
        Word::FieldModel,
        Word::FieldSerial,
        Word::FieldVersion,
        Word::CommonNetwork,
        Word::CommonFirstSeen,
        Word::CommonLastSeen,
        Word::CommonVerdict,
        Word::WiringSwitch,
        Word::WiringPort,
        Word::WiringVlanNumber,
        Word::WiringThrough,
    ];
    let verdicts = verdicts_by_device(shown);
    let rows = shown.picture.devices.iter().map(|device| {
        let text = |claim: &Option<crate::evidence::SourcedText>| {
            claim.as_ref().map(|claim| claim.value.to_string()).unwrap_or_default()
        };
        let mut networks: Vec<&str> =
            device.addresses.iter().map(|address| address.network.as_str()).collect();
        networks.dedup();
        let mut row = vec![
            device.id.0.to_string(),
            name(device),
            ips(device).join(IN_CELL),
            macs(device).join(IN_CELL),
            class(shown.lang, device).to_owned(),
            text(&device.vendor),
            text(&device.model),
            text(&device.serial),
            text(&device.version),
            networks.join(IN_CELL),
            shown.zone.show(device.first_seen),
            shown.zone.show(device.last_seen),
            verdicts.get(&device.id).map(|said| said.join(IN_CELL)).unwrap_or_default(),
        ];
        row.extend(attached(shown, device));
        row
    });
    Table {
        name: shown.lang.say(Word::DevicesTitle).to_owned(),
        headings: headings(shown, &words),
        rows: rows.collect(),
    }
}

/// Switch, port, VLAN, and what stands between; several where it hangs on several.
fn attached(shown: &Shown<'_>, device: &Device) -> [String; 4] {
    let cell = |say: &dyn Fn(&Attached) -> String| {
        let values = device.attached.iter().map(|one| say(&one.value));
        values.collect::<Vec<_>>().join(IN_CELL)
    };
    [
        cell(&|one| phrase::wiring::switch(one).to_owned()),
        cell(&|one| one.port.clone()),
        cell(&|one| one.vlan.map(|vlan| vlan.to_string()).unwrap_or_default()),
        cell(&|one| {
            let as_of = phrase::wiring::as_of(shown.lang, one, &|at| shown.zone.show(at));
            let parts = [phrase::wiring::through(shown.lang, one), as_of];
            parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
        }),
    ]
}

/// The verdicts of each device, in the order of the matches.
fn verdicts_by_device<'a>(shown: &Shown<'a>) -> HashMap<&'a DeviceId, Vec<&'static str>> {
    let mut verdicts: HashMap<&DeviceId, Vec<&'static str>> = HashMap::new();
    for matched in &shown.picture.matches {
        for id in matched.devices() {
            let said = shown.lang.say(phrase::verdict(&matched.verdict));
            verdicts.entry(id).or_default().push(said);
        }
    }
    verdicts
}

/// The ledger, a table a sheet, in the hospital's own columns, with the verdicts beside.
pub fn ledger(shown: &Shown<'_>) -> Vec<Table> {
    let verdicts: std::collections::BTreeMap<&Place, &Match> = (shown.picture.matches.iter())
        .filter_map(|matched| Some((matched.entry.as_ref()?, matched)))
        .collect();
    let judged = shown.picture.matches.iter().zip(&shown.picture.scopes);
    let scopes: std::collections::BTreeMap<&Place, Scope> = judged
        .filter_map(|(matched, scoped)| Some((matched.entry.as_ref()?, scoped.scope)))
        .collect();
    let table = |(index, sheet): (usize, &Sheet)| {
        let mut headings: Vec<String> = sheet.columns.iter().map(|c| c.heading.clone()).collect();
        let width = headings.len();
        for word in
            [Word::CommonVerdict, Word::CommonDifferences, Word::ScopeTitle, Word::ReportRow]
        {
            headings.push(shown.lang.say(word).to_owned());
        }
        let rows = shown.ledger.rows_of(index).map(|written| {
            let mut row = written.cells.to_vec();
            row.resize(width, String::new());
            let matched = verdicts.get(&written.entry.place);
            row.push(matched.map_or_else(String::new, |matched| {
                shown.lang.say(phrase::verdict(&matched.verdict)).to_owned()
            }));
            row.push(matched.map_or_else(String::new, |matched| {
                remarks(shown.lang, shown.zone, &matched.verdict).join(IN_CELL)
            }));
            let scope = scopes.get(&written.entry.place);
            let scope = scope.map(|scope| shown.lang.say(phrase::scope(*scope)));
            row.push(scope.unwrap_or_default().to_owned());
            row.push(written.place.row.to_string());
            row
        });
        let name = if sheet.name.is_empty() { sheet.book.clone() } else { sheet.name.clone() };
        Table { name, headings, rows: rows.collect() }
    };
    shown.ledger.sheets.iter().enumerate().map(table).collect()
}

/// What was last said about a finding: what was done, owner, due date, reason, who.
fn answered(shown: &Shown<'_>, finding: &Finding) -> [String; 5] {
    let Some(answer) = &finding.answer else { return Default::default() };
    let done = answer.disposition.map(|done| shown.lang.say(phrase::disposition(done)));
    let done = match done {
        Some(done) if !answer.holds => shown.lang.fill(Word::FindingsReopened, &[&done]),
        done => done.unwrap_or_default().to_owned(),
    };
    let due = answer.due.map(|due| due.to_string()).unwrap_or_default();
    [done, answer.owner.clone(), due, answer.why.clone(), answer.by.clone()]
}

/// The headings of findings.
pub fn finding_headings(shown: &Shown<'_>) -> Vec<String> {
    let words = [
        Word::FindingsSeverity,
        Word::FindingsRule,
        Word::ReportDeviceId,
        Word::CommonEntry,
        Word::FindingsDetail,
        Word::FindingsDisposition,
        Word::FindingsOwner,
        Word::FindingsDue,
        Word::FindingsWhy,
        Word::FindingsBy,
        Word::CommonEvidence,
    ];
    headings(shown, &words)
}

/// A finding as a row.
pub fn finding(shown: &Shown<'_>, finding: &Finding) -> Vec<String> {
    let places: Vec<String> =
        finding.entries.iter().map(|place| phrase::place(shown.lang, place)).collect();
    let evidence: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
    let mut row = vec![
        shown.lang.say(phrase::severity(finding.severity)).to_owned(),
        shown.lang.say(phrase::rule(finding.rule)).to_owned(),
        finding.device.as_ref().map(|id| id.0.to_string()).unwrap_or_default(),
        places.join(IN_CELL),
        phrase::detail(shown.lang, finding).join(IN_CELL),
    ];
    row.extend(answered(shown, finding));
    row.push(evidence.join(" "));
    row
}

/// One row for each finding.
pub fn findings(shown: &Shown<'_>) -> Table {
    let rows = shown.picture.findings.iter().map(|one| finding(shown, one));
    Table {
        name: shown.lang.say(Word::FindingsTitle).to_owned(),
        headings: finding_headings(shown),
        rows: rows.collect(),
    }
}

/// One row for each observation.
pub fn observations(shown: &Shown<'_>) -> Table {
    let words = [
        Word::ReportObservationId,
        Word::CommonTime,
        Word::CommonAgent,
        Word::CommonInterface,
        Word::CommonNetwork,
        Word::CommonMethod,
        Word::ReportSpeakerIp,
        Word::ReportSpeakerMac,
        Word::DeviceSaid,
        Word::ReportJsonValue,
    ];
    let rows = shown.observations.iter().map(|observation| {
        let shown_ip = observation.speaker.ip.map(|ip| ip.to_string());
        let shown_mac = observation.speaker.mac.map(|mac| mac.to_string());
        vec![
            observation.id().to_string(),
            shown.zone.rfc3339(observation.at),
            observation.vantage.agent.clone(),
            observation.vantage.interface.clone(),
            observation.vantage.network.clone(),
            shown.lang.say(phrase::method(observation.method)).to_owned(),
            shown_ip.unwrap_or_default(),
            shown_mac.unwrap_or_default(),
            phrase::fact(shown.lang, &observation.fact),
            serde_json::to_string(&observation.fact).unwrap_or_default(),
        ]
    });
    Table {
        name: shown.lang.say(Word::ObservationTitle).to_owned(),
        headings: headings(shown, &words),
        rows: rows.collect(),
    }
}
