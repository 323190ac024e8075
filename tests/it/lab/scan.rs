use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use daicho_common::addr::Mac;
use daicho_common::batch::Batch;
use daicho_common::coverage::Why;
use daicho_common::observation::{Fact, Method};
use daicho_tests::lab::{Host, Lab, SCANNER_IP};

use super::programs::{Scan, User};

type Pairs = BTreeSet<(String, String)>;

/// The MAC address of every host, as this method saw it.
fn macs(batch: &Batch, method: Method) -> BTreeMap<Ipv4Addr, Mac> {
    let seen = batch.observations.iter().filter(|o| o.method == method);
    let mut macs = BTreeMap::new();
    for observation in seen {
        if let Fact::Arp { ip, mac } | Fact::Neighbour { ip: IpAddr::V4(ip), mac } =
            &observation.fact
        {
            let before = macs.insert(*ip, *mac);
            assert!(before.is_none_or(|before| before == *mac), "{ip} has two");
        }
    }
    macs
}

/// Pairs of a speaker's address and what `of` takes from what it said.
fn said(batch: &Batch, of: impl Fn(&Fact) -> Option<String>) -> Pairs {
    let said = batch.observations.iter();
    said.filter_map(|o| Some((o.speaker.ip?.to_string(), of(&o.fact)?))).collect()
}

fn names(batch: &Batch) -> Pairs {
    said(
        batch,
        |fact| {
            if let Fact::System { name, .. } = fact { Some(name.to_string()) } else { None }
        },
    )
}

fn services(batch: &Batch) -> Pairs {
    said(batch, |fact| {
        if let Fact::Service { service, .. } = fact { Some(service.to_string()) } else { None }
    })
}

fn declared_macs(lab: &Lab) -> BTreeMap<Ipv4Addr, Mac> {
    lab.hosts().iter().map(|host| (host.spec().ip, host.spec().mac)).collect()
}

fn declared_names(lab: &Lab) -> Pairs {
    let specs = lab.hosts().iter().map(Host::spec);
    specs.filter_map(|spec| Some((spec.ip.to_string(), spec.sys_name?.to_owned()))).collect()
}

/// Whether the coverage says that this method was not used for want of privilege, and by nothing
/// that it was used.
fn could_not(batch: &Batch, method: Method) -> bool {
    let of_method: Vec<_> = batch.coverage.iter().filter(|c| c.method == method).collect();
    let says_why = |c: &&daicho_common::coverage::Coverage| {
        c.asked.is_empty() && c.not_asked.iter().any(|left| left.why == Why::NoPrivilege)
    };
    !of_method.is_empty() && of_method.iter().all(says_why)
}

#[test]
fn the_agent_finds_every_host_with_its_mac_its_snmp_name_and_its_services() {
    let Some(lab) = super::lab() else { return };
    let batch = Scan::default().run(&lab, "whole");
    assert_eq!(macs(&batch, Method::Arp), declared_macs(&lab));
    assert_eq!(names(&batch), declared_names(&lab));
    assert_eq!(services(&batch), super::declared_services(&lab));
    let oracle = super::oracle::browse(&lab);
    let missed: Vec<_> = oracle.difference(&services(&batch)).cloned().collect();
    assert_eq!(missed, [], "mdns-sd finds no more than the agent did");
    let arp: Vec<_> = batch.coverage.iter().filter(|c| c.method == Method::Arp).collect();
    let asked = |last| arp.iter().any(|c| c.asked.contains([10, 77, 0, last].into()));
    let silent: Vec<_> = (1..255).filter(|last| !asked(*last)).collect();
    assert_eq!(silent, [SCANNER_IP.octets()[3]], "only the scanner itself was not asked");
    lab.down().unwrap();
}

#[test]
fn what_snmp_says_in_japanese_arrives_as_it_was_written() {
    let Some(lab) = super::lab() else { return };
    let batch = Scan::default().run(&lab, "snmp");
    let places = said(&batch, |fact| {
        if let Fact::System { location, .. } = fact { Some(location.to_string()) } else { None }
    });
    assert!(places.contains(&("10.77.0.11".to_owned(), "本館2階 検体検査室".to_owned())));
    for host in lab.hosts().iter().filter(|host| host.spec().sys_name.is_some()) {
        let (ip, mac) = (IpAddr::V4(host.spec().ip), host.spec().mac);
        let mut own = batch.observations.iter().filter(|o| o.speaker.ip == Some(ip));
        let lists = |fact: &Fact| matches!(fact, Fact::Interface { mac: Some(m), .. } if *m == mac);
        assert!(own.any(|o| lists(&o.fact)), "{ip} lists its own interface");
        let mut own = batch.observations.iter().filter(|o| o.speaker.ip == Some(ip));
        let has = |fact: &Fact| matches!(fact, Fact::InterfaceAddress { ip: i, .. } if *i == ip);
        assert!(own.any(|o| has(&o.fact)), "{ip} lists its own address");
    }
    lab.down().unwrap();
}

#[test]
fn an_ordinary_user_finds_the_hosts_and_says_what_could_not_be_done() {
    let Some(lab) = super::lab() else { return };
    let batch = Scan { user: User::Nobody, ..Scan::default() }.run(&lab, "nobody");
    assert_eq!(macs(&batch, Method::NeighbourTable), declared_macs(&lab));
    assert_eq!(macs(&batch, Method::Arp), BTreeMap::new());
    assert!(could_not(&batch, Method::Arp), "{:?}", batch.coverage);
    assert_eq!(names(&batch), declared_names(&lab));
    assert_eq!(services(&batch), super::declared_services(&lab));
    lab.down().unwrap();
}
