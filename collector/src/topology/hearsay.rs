//! What network devices remember of their neighbours, put to the neighbours themselves where it is
//! known who they are: names, and what LLDP-MED says of telephones.
//!
//! It is the weakest of all: it fills what a device left empty, never contradicts it, and neither
//! makes nor joins devices.

use std::collections::{BTreeMap, BTreeSet};

use daicho_common::observation::ObservationId;
use daicho_common::text::Text;

use super::known::{Known, Vertex};
use super::node::{Beside, Node};
use crate::evidence::{Grade, Sourced, SourcedText, Sources};
use crate::fingerprint::{Class, spelling};
use crate::resolve::Device;

/// Describes the devices by what others say of them; tells which they are, ascending.
pub(super) fn describe(
    nodes: &BTreeMap<usize, Node>,
    known: &Known,
    devices: &mut [Device],
) -> Vec<Vertex> {
    let mut said: BTreeMap<Vertex, Vec<&Beside>> = BTreeMap::new();
    for beside in nodes.values().flat_map(|node| &node.beside) {
        if let Some(device) = known.by_address(&beside.adjacent) {
            said.entry(device).or_default().push(beside);
        }
    }
    for (vertex, said) in &said {
        if let Some(device) = devices.get_mut(*vertex) {
            fill(device, said);
        }
    }
    said.into_keys().collect()
}

fn fill(device: &mut Device, said: &[&Beside]) {
    let names = said.iter().map(|one| (one.adjacent.name.to_string(), one.source));
    for (name, sources) in gathered(names) {
        if device.names.iter().all(|known| !known.value.eq_ignore_ascii_case(&name)) {
            device.names.push(Sourced { value: name.into(), grade: Grade::Inferred, sources });
        }
    }
    let put = |field: &mut Option<SourcedText>, of: fn(&Beside) -> &Text| {
        if field.is_none() {
            *field = agreed(said.iter().map(|one| (of(one).to_string(), one.source)));
        }
    };
    put(&mut device.vendor, |one| &one.adjacent.inventory.manufacturer);
    put(&mut device.model, |one| &one.adjacent.inventory.model);
    put(&mut device.serial, |one| &one.adjacent.inventory.serial);
    put(&mut device.version, |one| {
        let inventory = &one.adjacent.inventory;
        let software = Some(&inventory.software).filter(|text| !text.is_empty());
        software.unwrap_or(&inventory.firmware)
    });
    put(&mut device.description, |one| &one.adjacent.description);
    if device.class.is_none() {
        device.class = class(said);
    }
}

/// What a neighbour says it does, as a class; none where it says both or neither.
fn class(said: &[&Beside]) -> Option<Sourced<Class>> {
    let of = |one: &&&Beside| match (one.adjacent.does.telephone, one.adjacent.does.access_point) {
        (true, false) => Some(Class::Phone),
        (false, true) => Some(Class::Wireless),
        (true, true) | (false, false) => None,
    };
    let value = of(&said.first()?)?;
    let sources: BTreeSet<ObservationId> = said.iter().map(|one| one.source).collect();
    let sources = sources.into_iter().collect();
    let agreed = said.iter().all(|one| of(&one) == Some(value));
    agreed.then_some(Sourced { value, grade: Grade::Inferred, sources })
}

/// Each text with all that said it, ascending.
fn gathered(said: impl Iterator<Item = (String, ObservationId)>) -> BTreeMap<String, Sources> {
    let mut texts: BTreeMap<String, BTreeSet<ObservationId>> = BTreeMap::new();
    for (text, source) in said.filter(|(text, _)| !text.is_empty()) {
        texts.entry(text).or_default().insert(source);
    }
    texts.into_iter().map(|(text, sources)| (text, sources.into_iter().collect())).collect()
}

/// The text, if all that say one say the same.
fn agreed(said: impl Iterator<Item = (String, ObservationId)>) -> Option<SourcedText> {
    let texts = gathered(said);
    let first = texts.keys().next()?.clone();
    let same = texts.keys().all(|text| spelling::same(text, &first));
    let sources = Sources::of(texts.values().flatten().copied());
    same.then_some(Sourced { value: first.into(), grade: Grade::Inferred, sources })
}
