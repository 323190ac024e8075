//! Devices as inventories in the JSON format that GLPI (10 and later) takes: one document a device. What
//! is not known is left out. Network gear and printers are described as something that was asked over
//! the network (`netinventory`), everything else as a computer or the like that was looked at.

use std::net::IpAddr;

use daicho_common::text::Text;
use daicho_common::time::Timestamp;
use serde_json::{Map, Value, json};

use super::Shown;
use crate::evidence::SourcedText;
use crate::fingerprint::Class;
use crate::resolve::Device;

/// Characters of a text.
const LONG: usize = 255;
/// Who made the inventory.
const CLIENT: &str = concat!("daicho-collector_v", env!("CARGO_PKG_VERSION"));

/// An inventory for each device, with the name of its file.
pub fn documents(shown: &Shown<'_>) -> Vec<(String, Value)> {
    shown.picture.devices.iter().map(|device| (file(device), document(device))).collect()
}

/// A name that every file system takes, and that no other device has.
fn file(device: &Device) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = device.id.0.chars().map(plain).take(100).collect();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(device.id.0.as_bytes());
    let digest = crate::people::log::hex(digest.get(..4).unwrap_or_default());
    format!("{name}-{digest}.json")
}

/// What GLPI calls such a device, and what an inventory of a thing on the network calls it.
const fn kind(class: Class) -> (&'static str, Option<&'static str>) {
    match class {
        Class::Firewall | Class::Router | Class::Switch | Class::Hub | Class::Wireless => {
            ("NetworkEquipment", Some("Networking"))
        }
        Class::Printer | Class::Mfp => ("Printer", Some("Printer")),
        Class::Phone => ("Phone", None),
        Class::Server
        | Class::Hypervisor
        | Class::Pc
        | Class::ThinClient
        | Class::EligibilityTerminal
        | Class::Nas => ("Computer", None),
        Class::Bmc
        | Class::Mobile
        | Class::Scanner
        | Class::Ups
        | Class::Pdu
        | Class::Camera
        | Class::Modality
        | Class::Bedside
        | Class::Laboratory
        | Class::NurseCall
        | Class::Medical
        | Class::Ot
        | Class::Other
        | Class::Unknown => ("Unmanaged", None),
    }
}

fn document(device: &Device) -> Value {
    let class = device.class.as_ref().map(|class| class.value).unwrap_or_default();
    let (itemtype, network) = kind(class);
    let mut content = Map::new();
    content.insert("versionclient".into(), json!(CLIENT));
    content.insert("accesslog".into(), json!({ "logdate": time(device.last_seen, " ", ":") }));
    put(&mut content, "hardware", hardware(device));
    put(&mut content, "bios", bios(device));
    if let Some(os) = text(device.os.as_ref()) {
        content.insert("operatingsystem".into(), json!({ "full_name": os, "name": os }));
    }
    let networks = networks(device);
    if !networks.is_empty() {
        content.insert("networks".into(), Value::Array(networks));
    }
    let software: Vec<Value> = device
        .software
        .iter()
        .filter_map(|one| text(Some(one)))
        .map(|name| json!({ "name": name }))
        .collect();
    if !software.is_empty() {
        content.insert("softwares".into(), Value::Array(software));
    }
    if let Some(kind) = network {
        content.insert("network_device".into(), network_device(device, kind));
    }
    let action = if network.is_some() { "netinventory" } else { "inventory" };
    json!({
        "action": action,
        "deviceid": format!("{}-{}", clean(&device.id.0), time(device.first_seen, "-", "-")),
        "itemtype": itemtype,
        "content": content,
    })
}

fn put(into: &mut Map<String, Value>, key: &str, part: Map<String, Value>) {
    if !part.is_empty() {
        into.insert(key.to_owned(), Value::Object(part));
    }
}

fn put_text(into: &mut Map<String, Value>, key: &str, claim: Option<&SourcedText>) {
    if let Some(text) = text(claim) {
        into.insert(key.to_owned(), Value::String(text));
    }
}

fn hardware(device: &Device) -> Map<String, Value> {
    let mut part = Map::new();
    part.insert("name".into(), json!(clean(&device.called())));
    put_text(&mut part, "description", device.description.as_ref());
    part
}

fn bios(device: &Device) -> Map<String, Value> {
    let mut part = Map::new();
    put_text(&mut part, "smanufacturer", device.vendor.as_ref());
    put_text(&mut part, "smodel", device.model.as_ref());
    put_text(&mut part, "ssn", device.serial.as_ref());
    put_text(&mut part, "bversion", device.version.as_ref());
    part
}

/// An interface for each MAC address. Which address is of which is not known where there are several:
/// then addresses stand at the first.
fn networks(device: &Device) -> Vec<Value> {
    let macs: Vec<String> = device.macs.iter().map(|mac| mac.value.to_string()).collect();
    let ips = addresses(device);
    let mut all = Vec::new();
    let count = macs.len().max(1);
    for n in 0..count {
        let here: &[IpAddr] = if n == 0 { &ips } else { &[] };
        if let (None, true) = (macs.get(n), here.is_empty()) {
            continue;
        }
        let rest = here.len().max(1);
        for at in 0..rest {
            let mut one = Map::new();
            let name = macs.get(n).cloned().unwrap_or_else(|| "unknown".to_owned());
            one.insert("description".into(), json!(name));
            if let Some(mac) = macs.get(n) {
                one.insert("mac".into(), json!(mac));
            }
            match here.get(at) {
                Some(IpAddr::V4(ip)) => one.insert("ipaddress".into(), json!(ip)),
                Some(IpAddr::V6(ip)) => one.insert("ipaddress6".into(), json!(ip)),
                None => None,
            };
            one.insert("status".into(), json!("up"));
            one.insert("virtualdev".into(), json!(false));
            all.push(Value::Object(one));
        }
    }
    all
}

fn network_device(device: &Device, kind: &str) -> Value {
    let mut part = Map::new();
    part.insert("type".into(), json!(kind));
    part.insert("name".into(), json!(clean(&device.called())));
    for (key, claim) in [
        ("manufacturer", &device.vendor),
        ("model", &device.model),
        ("serial", &device.serial),
        ("firmware", &device.version),
        ("description", &device.description),
        ("location", &device.location),
    ] {
        put_text(&mut part, key, claim.as_ref());
    }
    if let Some(mac) = device.macs.first() {
        part.insert("mac".into(), json!(mac.value.to_string()));
    }
    let ips = addresses(device);
    if !ips.is_empty() {
        part.insert("ips".into(), json!(ips));
    }
    Value::Object(part)
}

fn addresses(device: &Device) -> Vec<IpAddr> {
    let mut ips: Vec<IpAddr> = device.addresses.iter().map(|address| address.ip).collect();
    ips.sort_unstable();
    ips.dedup();
    ips
}

fn text(claim: Option<&SourcedText>) -> Option<String> {
    claim.map(|claim| clean(&claim.value)).filter(|text| !text.is_empty())
}

/// On one line, harmless, and not too long.
fn clean(text: &str) -> String {
    Text::clean(text).as_str().chars().take(LONG).collect()
}

/// `2026-04-01 09:30:00` in UTC, with these in the place of the space and the colons.
fn time(at: Timestamp, space: &str, colon: &str) -> String {
    let pattern = format!("%Y-%m-%d{space}%H{colon}%M{colon}%S");
    jiff::Timestamp::from_microsecond(at.micros())
        .map_or_else(|_| String::new(), |at| at.strftime(&pattern).to_string())
}
