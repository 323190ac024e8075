//! A hospital as values: networks, devices, the ledger that its people keep, and the differences
//! planted between them, each with its truth.
//!
//! [`Hospital::furnish`] makes one from a seed; the same seed gives the same hospital. What a device
//! says is a pure function of what it was asked ([`answer`]); three adapters carry the questions:
//! [`memory`] for tests without time, [`wire`] for real frames in a network namespace,
//! [`loopback`] for an ordinary user. [`book`] writes the ledger as hospitals really keep it,
//! [`truth`] says what a right reconciliation finds.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use async_snmp::{Oid, Value};
use daicho_common::addr::Mac;
use ipnet::Ipv4Net;

/// What devices say when asked.
pub mod answer;
/// Who hangs on which port of which switch.
mod cabling;
/// The ledger as a workbook and as CSV.
pub mod book;
/// Makes and models, as rows of data.
pub mod catalog;
/// Numbers from a seed.
pub mod dice;
/// Puts the devices into the networks.
pub mod furnish;
/// The tables that switches, the router and printers keep.
pub mod kept;
/// The hospital on the sockets of an ordinary user.
pub mod loopback;
/// The hospital in memory, for tests without time.
pub mod memory;
/// What the SNMP agents of devices hold.
pub mod mib;
/// The rows of the ledger, right and wrong.
pub mod rows;
/// What a right reconciliation finds.
pub mod truth;
/// Switches, cables, and what hangs on them.
pub mod wiring;
/// The hospital on real frames.
pub mod wire;
/// A year of the hospital.
pub mod year;

pub use rows::{Plant, Row};
use wiring::Wiring;

/// The only SNMP community that devices here answer to.
pub const COMMUNITY: &[u8] = b"byoin-ro";

/// Where the hospital stands, and so which of its answers can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Frames on a wire: addresses 10.20.x.y.
    Wire,
    /// Sockets on the loopback interface: addresses 127.20.x.y, and nothing below UDP and TCP.
    Loopback,
}

impl Ground {
    /// The address whose last two octets are these.
    pub const fn address(self, c: u8, d: u8) -> Ipv4Addr {
        match self {
            Self::Wire => Ipv4Addr::new(10, 20, c, d),
            // Nobody sends anything there, so there it may be as it is on the wire.
            Self::Loopback if matches!(c, furnish::MEDICAL_VLAN | furnish::VOICE_VLAN) => {
                Ipv4Addr::new(10, 20, c, d)
            }
            Self::Loopback => Ipv4Addr::new(127, 20, c, d),
        }
    }
}

/// How a network is reached and what may be done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the agent's link, gentle questions.
    Link,
    /// Behind the hospital's router, gentle questions.
    Routed,
    /// On the agent's link, sighting only (DOMAIN §7.4).
    Sighting,
    /// Behind the hospital's router, and no business of the agent's: it is not declared, and no packet
    /// may go there. Only tables of switches and of the router tell who is there.
    Untouched,
}

/// A network of the hospital.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// As the hospital calls it.
    pub name: &'static str,
    /// Its addresses.
    pub cidr: Ipv4Net,
    /// How it is reached.
    pub reach: Reach,
    /// The VLAN that the switches keep it in.
    pub vlan: u16,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 端末PC.
    Pc,
    /// サーバ.
    Server,
    /// 複合機.
    Mfp,
    /// プリンタ that does nothing but print.
    Printer,
    /// UTM.
    Utm,
    /// ルータ.
    Router,
    /// スイッチ.
    Switch,
    /// 無線アクセスポイント.
    AccessPoint,
    /// NAS.
    Nas,
    /// 無停電電源装置.
    Ups,
    /// 医療機器 at the bed.
    Bedside,
    /// 検体検査装置.
    Laboratory,
    /// 電話機: on a desk, or somebody's own with a random address.
    Telephone,
}

/// A network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its MAC address.
    pub mac: Mac,
    /// Its only address.
    pub ip: Ipv4Addr,
}

/// A service that a device announces by DNS-SD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// For example `_ipp._tcp`.
    pub service: &'static str,
    /// Its port.
    pub port: u16,
    /// TXT strings, `key=value`.
    pub txt: Vec<String>,
}

/// What a device says when asked.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// To an echo request.
    pub echo: bool,
    /// To SNMP, with [`COMMUNITY`]: its objects in ascending order; none: nothing listens.
    pub snmp: Option<Vec<(Oid, Value)>>,
    /// The same in the context of each VLAN, for switches that keep them apart (`community@20`).
    pub contexts: BTreeMap<String, Vec<(Oid, Value)>>,
    /// To DNS-SD.
    pub services: Vec<Announced>,
    /// TCP ports on which it listens.
    pub open: Vec<u16>,
    /// Whether closed ports answer by a reset (no host firewall).
    pub resets: bool,
}

/// A device on a network.
#[derive(Clone, Debug)]
pub struct Device {
    /// Names the device here, for example `pc-017`.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// Maker and model.
    pub make: &'static catalog::Make,
    /// Host name, as it says it itself.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// Serial number, on its plate and, of some, in its tables.
    pub serial: String,
    /// Its interfaces, at least one.
    pub nics: Vec<Nic>,
    /// What it says.
    pub answers: Answers,
}

/// The answer to a TCP SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// SYN-ACK.
    Open,
    /// RST.
    Refused,
    /// Nothing.
    Silent,
}

impl Device {
    /// How the device meets a connection to `port`.
    pub fn tcp(&self, port: u16) -> Door {
        if self.answers.open.contains(&port) {
            Door::Open
        } else if self.answers.resets {
            Door::Refused
        } else {
            Door::Silent
        }
    }
}

/// A hospital: what is there, and what its people wrote down.
#[derive(Clone, Debug)]
pub struct Hospital {
    /// Where it stands.
    pub ground: Ground,
    /// Its networks.
    pub segments: Vec<Segment>,
    /// What is on the networks.
    pub devices: Vec<Device>,
    /// The computer on which the agent runs: in the ledger and in tables like any other, but what it
    /// answers is its own business.
    pub own: Device,
    /// Who hangs where, as the switches know it.
    pub wiring: Wiring,
    /// What the ledger says, in order.
    pub rows: Vec<Row>,
}

impl Hospital {
    /// The device and interface at `ip`.
    pub fn at(&self, ip: Ipv4Addr) -> Option<(&Device, Nic)> {
        self.devices.iter().find_map(|device| {
            device.nics.iter().find(|nic| nic.ip == ip).map(|nic| (device, *nic))
        })
    }

    /// What is on the networks, and the agent's own computer.
    pub fn everything(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().chain([&self.own])
    }

    /// The networks of which the agent is told.
    pub fn declared(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| segment.reach != Reach::Untouched)
    }

    /// The network that holds `ip`.
    pub fn segment_of(&self, ip: Ipv4Addr) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.cidr.contains(&ip))
    }

    /// Whether no packet may go to `ip`.
    pub fn is_untouchable(&self, ip: Ipv4Addr) -> bool {
        self.segment_of(ip).is_some_and(|segment| segment.reach == Reach::Untouched)
    }

    /// The agent's addresses with the lengths of their prefixes: one in each network on its link.
    pub fn agent_addresses(&self) -> [(Ipv4Addr, u8); 2] {
        furnish::AGENT.map(|(c, d)| {
            let ip = self.ground.address(c, d);
            (ip, self.segment_of(ip).map_or(32, |segment| segment.cidr.prefix_len()))
        })
    }

    /// The device with this key.
    pub fn device(&self, key: &str) -> Option<&Device> {
        self.everything().find(|device| device.key == key)
    }
}

#[cfg(test)]
mod tests;
