//! Who was found, as a compact table for people. It sums up; what counts is in the batches.

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Observation, Reply};

/// Hosts that gave a sign of life, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(BTreeMap<IpAddr, Host>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Host {
    macs: Vec<Mac>,
    /// Its name, and how good that is: SNMP before address records before services.
    name: Option<(u8, String)>,
    signs: Vec<Sign>,
}

/// A sign of life. The order is that of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Arp,
    Echo,
    Mdns,
    Neighbour,
    Snmp,
    Refused,
    Open(u16),
    Said(u16),
    Timestamp,
    Udp,
}

impl std::fmt::Display for Sign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Arp => "arp",
            Self::Echo => "echo",
            Self::Mdns => "mdns",
            Self::Neighbour => "neighbour",
            Self::Snmp => "snmp",
            Self::Refused => "tcp",
            Self::Open(port) => return write!(f, "tcp/{port}"),
            Self::Said(port) => return write!(f, "said/{port}"),
            Self::Timestamp => "timestamp",
            Self::Udp => "udp",
        })
    }
}

/// Adds to a short sorted list, once. The list has no room to spare: there is one a host.
fn note<T: Ord>(all: &mut Vec<T>, one: T) {
    if let Err(place) = all.binary_search(&one) {
        all.reserve_exact(1);
        all.insert(place, one);
    }
}

impl Host {
    fn name(&mut self, rank: u8, name: &str) {
        if !name.is_empty() && self.name.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.name = Some((rank, name.to_owned()));
        }
    }

    fn see(&mut self, fact: &Fact) {
        let sign = match fact {
            Fact::Arp { mac, .. } => {
                note(&mut self.macs, *mac);
                Sign::Arp
            }
            Fact::Neighbour { mac, .. } => {
                note(&mut self.macs, *mac);
                Sign::Neighbour
            }
            Fact::Answered(Reply::Echo) => Sign::Echo,
            Fact::Answered(Reply::Timestamp) => Sign::Timestamp,
            Fact::Answered(Reply::TcpOpen(port)) => Sign::Open(*port),
            Fact::Answered(Reply::TcpRefused(_)) => Sign::Refused,
            Fact::Answered(Reply::UdpUnreachable(_)) => Sign::Udp,
            Fact::System { name, .. } => {
                self.name(0, name.as_str());
                Sign::Snmp
            }
            Fact::HostName { name } => {
                self.name(1, name.as_str());
                Sign::Mdns
            }
            Fact::Service { host, .. } => {
                self.name(2, host.as_str());
                Sign::Mdns
            }
            Fact::Said(said) => Sign::Said(said.port),
            // A scan asks; what is only heard is no part of its table.
            Fact::Interface { .. }
            | Fact::InterfaceAddress { .. }
            | Fact::Asked { .. }
            | Fact::LinkNeighbour(_)
            | Fact::Dhcp(_)
            | Fact::SpanningTree(_)
            | Fact::VirtualRouter(_)
            | Fact::RouterAdvertisement(_)
            | Fact::NetbiosName { .. }
            | Fact::Browser(_)
            | Fact::Ssdp(_)
            | Fact::GroupMember { .. }
            | Fact::GroupQuerier
            | Fact::VlanTag { .. }
            | Fact::Rows(_)
            | Fact::TableRead(_)
            | Fact::Pointer { .. } => return,
        };
        note(&mut self.signs, sign);
    }
}

impl Hosts {
    /// Takes an observation into account.
    pub fn see(&mut self, observation: &Observation) {
        let spoke = match &observation.fact {
            Fact::Arp { ip, .. } => Some(IpAddr::V4(*ip)),
            Fact::Neighbour { ip, .. } => Some(*ip),
            Fact::Answered(_)
            | Fact::System { .. }
            | Fact::HostName { .. }
            | Fact::Service { .. }
            | Fact::Said(_) => observation.speaker.ip,
            // Silence is no sign of life, and tables follow on what is.
            Fact::Interface { .. }
            | Fact::InterfaceAddress { .. }
            | Fact::Asked { .. }
            | Fact::LinkNeighbour(_)
            | Fact::Dhcp(_)
            | Fact::SpanningTree(_)
            | Fact::VirtualRouter(_)
            | Fact::RouterAdvertisement(_)
            | Fact::NetbiosName { .. }
            | Fact::Browser(_)
            | Fact::Ssdp(_)
            | Fact::GroupMember { .. }
            | Fact::GroupQuerier
            | Fact::VlanTag { .. }
            | Fact::Rows(_)
            | Fact::TableRead(_)
            | Fact::Pointer { .. } => None,
        };
        if let Some(ip) = spoke {
            self.0.entry(ip).or_default().see(&observation.fact);
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A line for each: address, MAC addresses, signs of life, name.
    pub fn table(&self) -> String {
        let rows: Vec<[String; 4]> = self
            .0
            .iter()
            .map(|(ip, host)| {
                let macs: Vec<_> = host.macs.iter().map(Mac::to_string).collect();
                let signs: Vec<_> = host.signs.iter().map(Sign::to_string).collect();
                let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
                let name = host.name.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
                [ip.to_string(), dash(macs.join(",")), dash(signs.join(",")), dash(name)]
            })
            .collect();
        let heads = ["IP", "MAC", "signs", "name"].map(str::to_owned);
        let width = |rows: &[[String; 4]], column: usize| {
            let lengths = rows.iter().filter_map(|row| row.get(column)).map(String::len);
            lengths.max().unwrap_or_default()
        };
        let all: Vec<_> = std::iter::once(heads).chain(rows).collect();
        let (ip, mac, signs) = (width(&all, 0), width(&all, 1), width(&all, 2));
        // The name stands last, for it may be of wide characters.
        let lines = all.iter().map(|[a, b, c, d]| format!("{a:ip$}  {b:mac$}  {c:signs$}  {d}"));
        lines.flat_map(|line| [line, "\n".to_owned()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use daicho_common::observation::{Method, Outcome, Question, Speaker, Vantage};
    use daicho_common::time::Timestamp;

    use super::*;

    fn seen(ip: &str, fact: Fact) -> Observation {
        Observation {
            at: Timestamp::from_micros(0),
            vantage: std::sync::Arc::new(Vantage {
                agent: String::new(),
                interface: String::new(),
                network: String::new(),
            }),
            method: Method::Arp,
            speaker: Speaker { ip: ip.parse().ok(), mac: None },
            fact,
        }
    }

    #[test]
    fn a_host_is_a_line_and_silence_is_none() {
        let mut hosts = Hosts::default();
        let mac = "00:1a:2b:3c:4d:5e".parse().unwrap();
        let ip = "10.20.0.9".parse().unwrap();
        hosts.see(&seen("10.20.0.9", Fact::HostName { name: "mfp.local".into() }));
        hosts.see(&seen("10.20.0.9", Fact::Arp { ip, mac }));
        let silent = Fact::Asked { question: Question::SnmpSystem, outcome: Outcome::Silent };
        hosts.see(&seen("10.20.0.10", silent));
        hosts.see(&seen("10.20.0.11", Fact::Answered(Reply::TcpOpen(22))));
        assert_eq!(
            hosts.table(),
            "IP          MAC                signs     name\n\
             10.20.0.9   00:1a:2b:3c:4d:5e  arp,mdns  mfp.local\n\
             10.20.0.11  -                  tcp/22    -\n"
        );
    }
}
