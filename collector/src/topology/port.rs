//! Ports of a network device, and which of them is meant by a number or a word.

use daicho_common::addr::Mac;

use super::node::Node;
use crate::mib::adjacent::{Adjacent, Local, Name};

/// A port or other interface.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    /// ifName, else ifDescr, else its number.
    pub(super) name: String,
    pub(super) description: String,
    pub(super) alias: String,
    pub(super) kind: u32,
    pub(super) mac: Option<Mac>,
    /// Its untagged VLAN.
    pub(super) vlan: Option<u16>,
}

impl Node {
    /// The ifIndex of a port of the bridge; the same number where the bridge does not say.
    pub(super) fn index(&self, base_port: u32) -> u32 {
        self.base_ports.get(&base_port).copied().unwrap_or(base_port)
    }

    /// The ifIndex of the port on which a neighbour was heard.
    pub(super) fn local(&self, local: Local) -> u32 {
        let number = match local {
            Local::Interface(index) => return index,
            Local::LldpPort(number) => number,
        };
        let announced = self.own_ports.iter().find(|port| port.local == local);
        announced
            .and_then(|port| {
                self.named(&port.name).or_else(|| self.called(port.description.as_str()))
            })
            .unwrap_or_else(|| self.index(number))
    }

    /// The port that is announced thus.
    fn named(&self, name: &Name) -> Option<u32> {
        match name {
            Name::Mac(mac) => {
                let mut with = self.ports.iter().filter(|(_, port)| port.mac == Some(*mac));
                with.next().map(|(index, _)| *index).filter(|_| with.next().is_none())
            }
            Name::Words(words) => self.called(words.as_str()).or_else(|| {
                // A locally assigned number is mostly the ifIndex.
                words.as_str().parse().ok().filter(|index| self.ports.contains_key(index))
            }),
            Name::Address(_) => None,
        }
    }

    /// The port that is called thus: by its name, else by its description, else by its alias.
    fn called(&self, words: &str) -> Option<u32> {
        if words.is_empty() {
            return None;
        }
        let by = |of: fn(&Port) -> &str| {
            let mut with =
                self.ports.iter().filter(|(_, port)| of(port).eq_ignore_ascii_case(words));
            with.next().map(|(index, _)| *index).filter(|_| with.next().is_none())
        };
        by(|port| &port.name).or_else(|| by(|port| &port.description)).or_else(|| by(|p| &p.alias))
    }

    /// The port that a neighbour says it is connected to, as far as it can be told.
    pub(super) fn announced(&self, adjacent: &Adjacent) -> Option<u32> {
        let own = self.own_ports.iter().find(|port| port.name == adjacent.port);
        own.map(|port| self.local(port.local))
            .or_else(|| self.named(&adjacent.port))
            .or_else(|| self.called(adjacent.port_description.as_str()))
    }

    /// The port that a bridge of a spanning tree numbers so: by the low 12 bits, or the low 8 as
    /// before IEEE 802.1t, whichever number it has.
    pub(super) fn designated(&self, number: u16) -> Option<u32> {
        let port = |mask: u16| self.base_ports.get(&u32::from(number & mask)).copied();
        port(0x0fff).or_else(|| port(0x00ff))
    }
}

impl Port {
    /// Whether it is made of other ports: ieee8023adLag(161), or propVirtual(53) by a bundle's name.
    pub(super) fn is_bundle(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let called = ["po", "lag", "trk", "ae", "bond"].iter().any(|start| name.starts_with(start));
        self.kind == 161 || self.kind == 53 && called
    }
}
