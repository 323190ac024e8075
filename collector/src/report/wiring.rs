//! The wiring as tables: links, ports with several devices, and devices whose place is contradictory.

use super::Shown;
use super::table::{IN_CELL, Table, headings};
use crate::resolve::{Device, DeviceId};
use crate::topology::{Cause, End, Link, Shared};
use crate::words::{Word, phrase};

/// The device of this id; a picture has them in the order of their ids.
fn device<'a>(shown: &Shown<'a>, id: &DeviceId) -> Option<&'a Device> {
    let devices = &shown.picture.devices;
    devices.get(devices.binary_search_by(|device| device.id.cmp(id)).ok()?)
}

/// One row for each link.
pub fn links(shown: &Shown<'_>) -> Table {
    links_at(shown, (0, usize::MAX))
}

/// The same of so many links from one on.
pub fn links_at(shown: &Shown<'_>, (skip, take): (usize, usize)) -> Table {
    let words = [
        Word::LinksSwitch,
        Word::LinksPort,
        Word::LinksNote,
        Word::WiringVlanNumber,
        Word::LinksBehind,
        Word::LinksFarPort,
        Word::LinksCables,
        Word::LinksUse,
        Word::LinksSaid,
        Word::LinksConfidence,
        Word::LinksAgainst,
    ];
    Table {
        name: shown.lang.say(Word::LinksList).to_owned(),
        headings: headings(shown, &words),
        rows: (shown.picture.topology.links.iter())
            .skip(skip)
            .take(take)
            .map(|link| row(shown, link))
            .collect(),
    }
}

fn row(shown: &Shown<'_>, link: &Link) -> Vec<String> {
    let used = if link.active { Word::LinksActive } else { Word::LinksReserve };
    let mut row = port(shown, &link.near).to_vec();
    row.extend([
        phrase::wiring::end(&link.far).to_owned(),
        link.far.port.clone(),
        link.cables.to_string(),
        shown.lang.say(used).to_owned(),
        shown.lang.say(phrase::wiring::said(link.said)).to_owned(),
        shown.lang.say(phrase::wiring::confidence(link.confidence)).to_owned(),
        if link.against.is_empty() { String::new() } else { link.against.len().to_string() },
    ]);
    row
}

fn port(shown: &Shown<'_>, end: &End) -> [String; 4] {
    [
        phrase::wiring::end(end).to_owned(),
        end.port.clone(),
        phrase::wiring::note(phrase::wiring::end(end), &end.port, &end.alias).to_owned(),
        phrase::wiring::vlan_of(shown.lang, end),
    ]
}

/// Whether people should look for a hub there.
pub fn is_hub(shared: &Shared) -> bool {
    matches!(shared.cause, Cause::Hub | Cause::UnknownSwitch)
}

/// One row for each port with several devices that is wanted.
pub fn shared(shown: &Shown<'_>, wanted: impl Fn(&Shared) -> bool) -> Table {
    shared_at(shown, wanted, (0, usize::MAX))
}

/// The same of so many of them from one on.
pub fn shared_at(
    shown: &Shown<'_>,
    wanted: impl Fn(&Shared) -> bool,
    (skip, take): (usize, usize),
) -> Table {
    let words = [
        Word::LinksSwitch,
        Word::LinksPort,
        Word::LinksNote,
        Word::WiringVlanNumber,
        Word::LinksBehind,
        Word::LinksCause,
        Word::LinksConfidence,
        Word::LinksReason,
    ];
    let names = |shared: &Shared| {
        let there = shared.devices.iter().filter_map(|id| device(shown, id));
        there.map(Device::called).collect::<Vec<_>>().join(IN_CELL)
    };
    let ports = shown.picture.topology.shared.iter().filter(|shared| wanted(shared));
    let rows = ports.skip(skip).take(take).map(|shared| {
        let mut row = port(shown, &shared.at).to_vec();
        row.extend([
            names(shared),
            shown.lang.say(phrase::wiring::cause(shared.cause)).to_owned(),
            shown.lang.say(phrase::wiring::confidence(shared.confidence)).to_owned(),
            phrase::wiring::reasons(shown.lang, shared),
        ]);
        row
    });
    Table {
        name: shown.lang.say(Word::WiringShared).to_owned(),
        headings: headings(shown, &words),
        rows: rows.collect(),
    }
}

/// One row for each device whose place is contradictory.
pub fn contradictions(shown: &Shown<'_>) -> Table {
    let words = [Word::LinksDevice, Word::FieldMac, Word::LinksPorts];
    let rows = shown.picture.topology.contradictions.iter().map(|one| {
        let called =
            device(shown, &one.device).map_or_else(|| one.device.0.to_string(), Device::called);
        let ports =
            one.ports.iter().map(|end| format!("{} {}", phrase::wiring::end(end), end.port));
        let ports: Vec<String> = ports.collect();
        vec![called, one.mac.to_string(), ports.join(IN_CELL)]
    });
    Table {
        name: shown.lang.say(Word::LinksContradictions).to_owned(),
        headings: headings(shown, &words),
        rows: rows.collect(),
    }
}
