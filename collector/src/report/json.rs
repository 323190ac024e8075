//! JSON and JSON Lines, for programs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;

use daicho_common::observation::{Observation, ObservationId};
use serde::Serialize;

use crate::fingerprint::Class;
use crate::inventory::storage::Keeps;
use crate::resolve::{Device, JoinReason};

/// Writes one value, indented, with a newline at the end.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writes values, one a line.
pub fn write_lines<T: Serialize>(
    out: &mut impl Write,
    values: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *out, &value)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// An observation with its id beside it.
#[derive(Debug, Serialize)]
pub struct Named<'a> {
    id: ObservationId,
    #[serde(flatten)]
    observation: Cow<'a, Observation>,
}

impl<'a> From<Cow<'a, Observation>> for Named<'a> {
    fn from(observation: Cow<'a, Observation>) -> Self {
        Self { id: observation.id(), observation }
    }
}

/// The address that stands for a device: of those at which it was met, so that who asked an address
/// finds it there. What it only lists as its own (a management port, the other side of a router) may
/// be smaller.
fn asked(device: &Device) -> Option<IpAddr> {
    let first = || device.addresses.first().map(|address| address.ip);
    met(device).first().copied().or_else(first)
}

/// The addresses at which the device was met, in its order.
fn met(device: &Device) -> Vec<IpAddr> {
    let mut answered = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for join in &device.joins {
        match &join.reason {
            JoinReason::OwnAddress { ip, asked } => {
                listed.insert(*ip);
                answered.insert(*asked);
            }
            JoinReason::OwnInterface { asked: ip, .. } | JoinReason::MacHadAddress { ip, .. } => {
                answered.insert(*ip);
            }
            JoinReason::SameIdentifier { .. } | JoinReason::Person(_) => {}
        }
    }
    let met = |ip: &IpAddr| answered.contains(ip) || !listed.contains(ip);
    device.addresses.iter().map(|address| address.ip).filter(met).collect()
}

/// Whether what was met at several addresses is held to be one device only because it said the same
/// identifier there.
fn is_known_by_identifier(device: &Device) -> bool {
    device.joins.iter().any(|join| matches!(join.reason, JoinReason::SameIdentifier { .. }))
}

/// A device in one line; `null` where nothing is known.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Brief<'a> {
    ip: Option<String>,
    mac: Option<String>,
    /// A medical device of any kind is `medical`, so that programs need not know every kind.
    class: Option<Class>,
    kind: Option<Class>,
    vendor: Option<&'a str>,
    model: Option<&'a str>,
    serial: Option<&'a str>,
    firmware: Option<&'a str>,
    os: Option<&'a str>,
    mfp: Option<bool>,
    storage: Option<bool>,
    hostname: Option<&'a str>,
}

impl<'a> Brief<'a> {
    /// The device in one line; one that answered at several addresses and is known as one by what it
    /// said there has a line for each, so that who asked an address finds it there.
    pub fn all(device: &'a Device) -> Vec<Self> {
        let met = met(device);
        if met.len() < 2 || !is_known_by_identifier(device) {
            return vec![Self::from(device)];
        }
        let at = |ip: IpAddr| Self { ip: Some(ip.to_string()), ..Self::from(device) };
        met.into_iter().map(at).collect()
    }
}

impl<'a> From<&'a Device> for Brief<'a> {
    fn from(device: &'a Device) -> Self {
        let class = device.class.as_ref().map(|c| c.value).filter(|c| *c != Class::Unknown);
        let version = device.version.as_ref().map(|claim| claim.value.as_str());
        // Of a computer the version is its operating system's, unless what it says of itself names
        // none: management processors and appliances tell of their firmware.
        let said = device.description.as_ref().map(|said| said.value.as_str());
        let system = said.is_some_and(names_a_system);
        let computer = class.is_some_and(Class::is_computer) && system;
        let os = device.os.as_ref().map(|claim| claim.value.as_str());
        Self {
            ip: asked(device).map(|ip| ip.to_string()),
            mac: device.macs.first().map(|mac| mac.value.to_string()),
            class: class.map(|class| match class.coarser() {
                Some(Class::Medical) => Class::Medical,
                Some(Class::Pc) => Class::Pc,
                _ => class,
            }),
            kind: class,
            vendor: device.vendor.as_ref().map(|claim| claim.value.as_str()),
            model: device.model.as_ref().map(|claim| claim.value.as_str()),
            serial: device.serial.as_ref().map(|claim| claim.value.as_str()),
            // What nothing is known of may tell the version of a program, but not by SNMP.
            firmware: version
                .filter(|_| !computer && (class.is_some() || (said.is_some() && !system))),
            os: os.or(version.filter(|_| computer)),
            mfp: class.and_then(|class| copies(class, device.model.is_some())),
            storage: match device.storage.as_ref().map(|storage| storage.value.keeps) {
                Some(Keeps::Yes) => Some(true),
                Some(Keeps::No) => Some(false),
                Some(Keeps::Unknown) | None => (class == Some(Class::Nas)).then_some(true),
            },
            hostname: device.names.first().map(|name| name.value.as_str()),
        }
    }
}

/// Whether it is a multifunction printer. That a printer is none is told by its model: without one,
/// what is known of a network card or of a protocol fits both.
const fn copies(class: Class, has_model: bool) -> Option<bool> {
    if matches!(class, Class::Printer) && !has_model {
        return None;
    }
    Some(matches!(class, Class::Mfp))
}

/// What descriptions of operating systems for any hardware begin with.
const SYSTEMS: [&str; 12] = [
    "Linux ",
    "Hardware: ",
    "Windows",
    "FreeBSD",
    "OpenBSD",
    "NetBSD",
    "SunOS",
    "Darwin",
    "AIX",
    "IBM PowerPC",
    "HP-UX",
    "VMware",
];

/// Whether a description is that of an operating system for any hardware.
fn names_a_system(said: &str) -> bool {
    SYSTEMS.iter().any(|system| said.trim_start().starts_with(system))
}
