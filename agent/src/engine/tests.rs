//! Whole scans in no time, on a net that records every packet.

use std::collections::BTreeSet;

use daicho_common::coverage::Coverage;
use daicho_common::observation::{Fact, Method, Reply};
use daicho_common::time::Timestamp;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::Arp;
use daicho_common::wire::ethernet::{EtherType, Ethernet, Tag};
use ipnet::IpNet;

use super::*;
use crate::plan::credential::{Community, Credential};
use crate::plan::question::Questions;
use crate::plan::window::Windows;
use crate::plan::{DenyList, Link, Medical, Pace, Policy};
use crate::probe::Stream;

/// Hosts that do not bear being asked.
mod bearing;
/// Medical and nurse-call gear is sighted and nothing more.
mod classes;
/// Conversations over TCP connections.
mod conversations;
/// Floods of answers.
mod floods;
/// Questions to everybody on a link.
mod groups;
/// No frame leaves that should not: random plans against the record.
mod harmless;
/// Interviews with live hosts.
mod interviews;
/// Names of addresses, asked of a name server.
mod names;
/// A net in memory: hosts that answer, and a record of what came.
mod net;
/// The second chance of those who stayed silent.
mod second;
/// Going on where an interrupted scan was.
mod resuming;
/// Ports tried by SYN alone.
mod syn;
/// Sweeps of a link, of a routed network, without privilege, on loopback.
mod sweeps;
/// Duplicate addresses, proxies, one who answers for everybody.
mod oddities;
/// The wall clock is set in mid-scan.
mod clock;
/// The agent's own interface goes down, comes back, gets another address.
mod outages;
/// IPv6 on a link.
mod six;
/// VLANs by tagged frames.
mod vlans;
/// When a network may be scanned.
mod windows;

use net::{Host, Net, Outcome};

/// A network of this CIDR as the configuration makes it when nothing else is said.
pub(super) fn network(cidr: &str) -> Network {
    Network {
        name: cidr.to_owned(),
        cidr: cidr.parse().unwrap(),
        vlan: None,
        ipv6: cidr.contains(':'),
        policy: Policy::Gentle,
        medical: Medical::Sighting,
        packets_per_second: 1_000_000,
        credentials: vec![Credential::V2c(Community::new("public"))],
        snmp_port: 161,
        tcp_ports: vec![22, 443],
        questions: Questions::default(),
        windows: Windows::default(),
    }
}

/// A fast scan of these networks.
fn plan(cidrs: &[&str]) -> Plan {
    Plan {
        agent: "east".into(),
        networks: cidrs.iter().map(|cidr| network(cidr)).collect(),
        deny: DenyList::default(),
        sighting: BTreeSet::new(),
        pace: Pace {
            packets_per_second: 10_000,
            target_packets_per_second: 100,
            timeout: Duration::from_millis(500),
            tries: 3,
            budget: 0,
            ..Pace::default()
        },
        seed: 42,
    }
}

fn sighting(mut plan: Plan) -> Plan {
    plan.networks.iter_mut().for_each(|network| network.policy = Policy::Sighting);
    plan
}

/// One link with this address, and everything allowed.
fn means(address: &str) -> Means {
    let link = Link {
        interface: "eth0".into(),
        index: 2,
        mac: Some(Mac::new([2, 0, 0, 0, 0, 1])),
        addresses: vec![address.parse().unwrap()],
        frames: true,
        neighbours: true,
        vlans: BTreeSet::new(),
    };
    Means { links: vec![link], echo: true, timestamp: true, syn: false, neighbour_table: true }
}

/// The same for an ordinary user.
fn unprivileged(address: &str) -> Means {
    let mut means = means(address);
    means.links[0].frames = false;
    means.timestamp = false;
    means
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn nobody() -> Interviewer {
    Box::new(|_, _| Vec::new())
}

/// The coverage of this method in the first network that has it.
fn coverage(outcome: &Outcome, method: Method) -> &Coverage {
    outcome.account.coverage.iter().find(|coverage| coverage.method == method).unwrap()
}

/// Whether an address is the network or broadcast address of the agent's own link, a /24 here.
fn is_no_host(own: &[IpAddr], address: IpAddr) -> bool {
    own.iter()
        .map(|own| IpNet::new(*own, 24).unwrap())
        .any(|link| address == link.network() || address == link.broadcast())
}

/// Every host address of a network is in `asked` or in exactly one `not_asked`, of each method.
fn assert_partition(outcome: &Outcome, own: &[IpAddr]) {
    for coverage in &outcome.account.coverage {
        let IpNet::V4(net) = coverage.cidr else { panic!("no IPv6 here") };
        let hosts: Vec<IpAddr> =
            net.hosts().map(IpAddr::V4).filter(|ip| !is_no_host(own, *ip)).collect();
        for &host in &hosts {
            let reasons: Vec<Why> = coverage
                .not_asked
                .iter()
                .filter(|not| not.addresses.contains(host))
                .map(|not| not.why)
                .collect();
            let times = reasons.len() + usize::from(coverage.asked.contains(host));
            assert_eq!(times, 1, "{host} by {:?}: {reasons:?}", coverage.method);
            assert!(
                !coverage.answered.contains(host) || coverage.asked.contains(host),
                "{host} answered {:?} without being asked",
                coverage.method
            );
            if own.contains(&host) {
                assert_eq!(reasons, [Why::Own], "{host} by {:?}", coverage.method);
            }
        }
        let held = coverage.asked.len()
            + coverage.not_asked.iter().map(|not| not.addresses.len()).sum::<u128>();
        assert_eq!(held, hosts.len() as u128, "{:?} of {}", coverage.method, coverage.cidr);
        assert!(coverage.from <= coverage.to);
    }
}
