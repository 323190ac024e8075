//! What was found held against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use daicho_collector::ledger::Place;
use serde_json::Value;

use crate::sim::Hospital;
use crate::sim::truth::Expected;

/// What differs from the truth, a sentence each: wrong verdicts of rows, undocumented devices that
/// were missed, and devices wrongly called so. `matches` and `devices` are the collector's export.
///
/// # Errors
/// If the export is not what the collector exports.
pub fn against_truth(
    hospital: &Hospital,
    places: &[Place],
    matches: &Value,
    devices: &Value,
) -> Result<Vec<String>> {
    let matches = matches.as_array().context("matches are not a list")?;
    let mut differences = wrong_rows(hospital, places, matches)?;
    let addresses = addresses(devices)?;
    let mut missed: BTreeSet<BTreeSet<String>> = hospital
        .truth()
        .undocumented
        .iter()
        .map(|ips| ips.iter().map(Ipv4Addr::to_string).collect())
        .collect();
    for found in matches.iter().filter(|found| is_undocumented(found)) {
        let id = found["device"].as_str().context("an undocumented device without a name")?;
        let ips = addresses.get(id).context("an undocumented device that is not listed")?;
        if !missed.remove(ips) {
            differences.push(format!("{id} {ips:?} は未登録ではない / is not undocumented"));
        }
    }
    for ips in missed {
        differences.push(format!("未登録の {ips:?} が見つからない / was not found"));
    }
    Ok(differences)
}

/// Whether no row accounts for the device, be it somebody's own.
fn is_undocumented(found: &Value) -> bool {
    ["undocumented", "byod_candidate"].iter().any(|verdict| found["verdict"] == *verdict)
}

fn wrong_rows(hospital: &Hospital, places: &[Place], matches: &[Value]) -> Result<Vec<String>> {
    let mut verdicts = BTreeMap::new();
    for found in matches.iter().filter(|found| !found["entry"].is_null()) {
        let place: Place = serde_json::from_value(found["entry"].clone())?;
        verdicts.insert(place, verdict(found));
    }
    let mut differences = Vec::new();
    for ((row, expected), place) in hospital.rows.iter().zip(hospital.truth().rows).zip(places) {
        let got = verdicts.remove(place);
        let want = wanted(&expected);
        if got.as_ref() != Some(&want) {
            let got = got.unwrap_or_else(|| "none".into());
            let (sheet, number) = (&place.sheet, place.row);
            let who = row.device.as_deref().unwrap_or(&row.name);
            differences
                .push(format!("{sheet} {number}: {who} は / is {got}, 正しくは / not {want}"));
        }
    }
    for (place, got) in verdicts {
        differences.push(format!("{} {}: no such row, but {got}", place.sheet, place.row));
    }
    Ok(differences)
}

/// The verdict in the collector's words, with the fields in which book and wire differ.
fn verdict(found: &Value) -> String {
    let said = found["verdict"].as_str().unwrap_or_default();
    let fields: Vec<_> = found["differences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|difference| difference["field"].as_str())
        .collect();
    if fields.is_empty() { said.to_owned() } else { format!("{said}: {}", fields.join(", ")) }
}

fn wanted(expected: &Expected) -> String {
    match expected {
        Expected::Agreed => "agreed".into(),
        Expected::Differs(field) => format!("differs: {field}"),
        Expected::NotSeen => "not_seen".into(),
        Expected::NotConnected => "not_connected".into(),
        Expected::RetiredButSeen => "retired_but_seen".into(),
        Expected::CannotTell => "cannot_tell".into(),
    }
}

/// The addresses of each device, by its id.
fn addresses(devices: &Value) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut addresses = BTreeMap::new();
    for device in devices.as_array().context("devices are not a list")? {
        let id = device["id"].as_str().context("a device without an id")?;
        let ips = device["addresses"].as_array().context("a device without addresses")?;
        let ips = ips.iter().filter_map(|address| address["ip"].as_str()).map(Into::into);
        addresses.insert(id.to_owned(), ips.collect());
    }
    Ok(addresses)
}
