//! A hospital's wiring as values: switches in a tree, what hangs on their ports, and the truth about
//! it, to hold against what the collector reads out of the switches' tables.
//!
//! [`Wiring::lay`] makes one from a seed. [`tell`] says what the switches and the router would answer
//! over SNMP on some days, with all that makes such tables hard: stations asleep, rows aged out, rows
//! out of date, rows left out, ports bundled, databases numbered in three ways, cables in reserve,
//! neighbours that are long gone, telephones and access points that say nothing. [`judge`] compares.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

/// Who stands beside whom, as the switches tell it.
mod beside;
/// What hangs on the ports.
mod hang;
/// What was found, against the truth.
pub mod judge;
/// Puts it together from a seed.
mod lay;
/// One switch's tables.
mod speak;
/// Who hears whom, day by day.
mod tell;

pub use judge::Score;
pub use lay::Plan;
pub(super) use tell::DAY;

/// On how many days the tables are read.
pub const DAYS: usize = 4;

/// How a switch numbers its ports and its forwarding tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Forwarding tables a VLAN, each in its context; ifIndex far from the port's number.
    Contexts,
    /// Q-BRIDGE-MIB with databases numbered apart from the VLANs.
    Databases,
    /// Q-BRIDGE-MIB with databases numbered as the VLANs, which it does not say.
    Vlans,
    /// BRIDGE-MIB only: no VLANs.
    Plain,
}

/// A cable, or several that are one, to the switch above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// The switch above.
    pub to: usize,
    /// Own ports and the ports above, cable by cable.
    pub cables: Vec<(u32, u32)>,
    /// Whether this switch tells that they are bundled; the one above always does.
    pub told: bool,
}

/// A switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// sysName.
    pub name: String,
    /// The bridge's address; those of its ports follow it.
    pub mac: Mac,
    /// Where it is managed.
    pub ip: Ipv4Addr,
    /// How it numbers.
    pub style: Style,
    /// How many ports it has, numbered from 1.
    pub ports: u32,
    /// Whether it answers SNMP.
    pub snmp: bool,
    /// Whether it speaks LLDP.
    pub lldp: bool,
    /// Whether it tells of its spanning tree.
    pub tree: bool,
    /// Of a thousand rows of its forwarding table how many it gives before it breaks off.
    pub gives: usize,
    /// How many chassis it is stacked of.
    pub chassis: u32,
    /// What it hangs on; the core on nothing.
    pub up: Option<Uplink>,
}

/// What stands between the port and a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing.
    Nothing,
    /// A hub that nobody manages.
    Hub,
    /// A telephone; the station is its computer.
    Telephone,
    /// An access point.
    Point,
    /// The host of a virtual machine.
    Host,
}

/// How a station makes itself known to its switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Not at all.
    Nothing,
    /// LLDP, as a telephone.
    LldpTelephone,
    /// CDP, as a telephone.
    CdpTelephone,
    /// LLDP, as an access point.
    LldpPoint,
}

/// Something that sends frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Its address.
    pub mac: Mac,
    /// Its address on the network, if it has one.
    pub ip: Option<Ipv4Addr>,
    /// Its VLAN.
    pub vlan: u16,
    /// The switch and the port, on each day.
    pub at: [(usize, u32); DAYS],
    /// What stands between.
    pub between: Between,
    /// What it says to the switch.
    pub speaks: Speaks,
    /// On which days it sends anything.
    pub awake: [bool; DAYS],
}

/// A cable between two switches, by number and port; of one that is kept in reserve, the first end is
/// blocked; of one that is long gone, the first end still tells of it.
pub type Cable = ((usize, u32), (usize, u32));

/// Who hangs where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The core first; each after the one that it hangs on.
    pub switches: Vec<Switch>,
    /// Everything else.
    pub stations: Vec<Station>,
    /// Untagged VLANs of ports that are in use.
    pub vlans: Vec<(usize, u32, u16)>,
    /// Cables that the spanning tree keeps in reserve.
    pub reserve: Vec<Cable>,
    /// Cables that are long gone, of which one end still tells.
    pub gone: Vec<Cable>,
    pub(super) seed: u64,
    pub(super) plan: Plan,
}

impl Station {
    /// Where it is now.
    pub fn now(&self) -> (usize, u32) {
        self.at[DAYS - 1]
    }
}

impl Switch {
    /// ifIndex of a port.
    pub fn index(&self, port: u32) -> u32 {
        match self.style {
            Style::Contexts => 10_100 + port,
            Style::Databases | Style::Vlans => port,
            Style::Plain => 100 + port,
        }
    }

    /// ifName of a port.
    pub fn port_name(&self, port: u32) -> String {
        let each = (self.ports / self.chassis).max(1);
        let (member, number) = ((port - 1) / each + 1, (port - 1) % each + 1);
        match self.style {
            Style::Contexts => format!("Gi{member}/0/{number}"),
            Style::Databases | Style::Vlans => format!("{member}/0/{number}"),
            Style::Plain => format!("port{port}"),
        }
    }

    /// The bundle that begins with this port: its number as a port of the bridge, its ifIndex and its
    /// name.
    pub fn bundle(&self, first: u32) -> (u32, u32, String) {
        (600 + first, 5_000 + first, format!("Po{first}"))
    }
}

impl Wiring {
    /// The switches on the way from this one to the core, itself first.
    pub fn way_up(&self, switch: usize) -> Vec<usize> {
        let mut way = vec![switch];
        while let Some(up) = way.last().and_then(|at| self.switches.get(*at)?.up.as_ref()) {
            way.push(up.to);
        }
        way
    }

    /// Whether the ports of the uplink of `switch` are one port on the side of `of`.
    pub fn is_bundled(&self, switch: usize, of: usize) -> bool {
        let up = self.switches.get(switch).and_then(|switch| switch.up.as_ref());
        up.is_some_and(|up| up.cables.len() > 1 && (of != switch || up.told))
    }
}

#[cfg(test)]
mod tests;
