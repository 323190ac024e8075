//! Several networks and interfaces in one scan, some of them VLANs of a trunk port, with the kernel of
//! Linux as every host, behind a switch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::batch::Batch;
use daicho_common::coverage::{Coverage, Why};
use daicho_common::observation::{Fact, Method};
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet};
use daicho_tests::lab::wiretap::Frame;
use daicho_tests::netns;

/// Where it is scanned.
mod site;

use site::{Announcer, HOSTS, MISPLACED, MISPLACED_SIX, Site};

/// Most packets a second in all, and into VLAN 20.
const RATES: (u32, u32) = (200, 40);
/// The ARP requests among these frames: when, in which VLAN, from whom, for whom.
fn requests(frames: &[Frame]) -> Vec<(Duration, Option<u16>, Ipv4Addr, Ipv4Addr)> {
    let decoded = frames.iter().filter_map(|frame| {
        let (header, payload) = Ethernet::decode(&frame.octets).ok()?;
        let arp = (header.ether_type == EtherType::ARP).then(|| Arp::decode(payload).unwrap().0)?;
        let vlan = header.tag.map(|tag| {
            // Priority 0, not eligible for dropping.
            assert_eq!(tag.0, tag.vlan());
            tag.vlan()
        });
        let request = arp.operation == Operation::REQUEST;
        request.then_some((frame.at, vlan, arp.sender_ip, arp.target_ip))
    });
    decoded.collect()
}

/// Who answered ARP: network, interface, address and MAC address.
fn sighted(batch: &Batch) -> BTreeSet<(String, String, IpAddr, Mac)> {
    let arp = batch.observations.iter().filter_map(|seen| {
        let Fact::Arp { ip, mac } = seen.fact else { return None };
        let vantage = (*seen.vantage).clone();
        Some((vantage.network, vantage.interface, ip.into(), mac))
    });
    arp.collect()
}

fn coverage<'a>(batch: &'a Batch, network: &str, method: Method) -> &'a Coverage {
    let of = |it: &&Coverage| it.vantage.network == network && it.method == method;
    batch.coverage.iter().find(of).unwrap_or_else(|| panic!("{network}: {method:?}"))
}

/// At most `1 + rate × (w + 10 ms)` in any window of length `w`, give or take how late the kernel's
/// stamp may be.
fn assert_rate(mut times: Vec<Duration>, rate: u32, what: &str) {
    const LATE: Duration = Duration::from_millis(60);
    times.sort();
    assert!(times.len() > 100, "{what}: {}", times.len());
    for (first, from) in times.iter().enumerate() {
        for (others, to) in times.iter().skip(first + 1).enumerate() {
            let window = to.saturating_sub(*from) + LATE;
            let most = u128::from(rate) * window.as_millis() / 1000 + 1;
            assert!(others as u128 + 2 <= most + 1, "{what}: {others} more in {window:?}");
        }
    }
}

const PLAIN: &str = r#"
[[network]]
name = "native"
cidr = "10.99.1.0/26"
ipv6 = true
[[network]]
name = "left"
cidr = "10.99.2.0/26"
[[network]]
name = "right"
cidr = "10.99.3.0/26"
"#;

#[test]
fn five_networks_of_three_interfaces_and_two_vlans_are_scanned_at_once_and_told_apart() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let site = Site::build("vlans");
    let state = tempfile::tempdir().unwrap();
    // A host of VLAN 30 that says all the time that it has addresses of other networks.
    let _announcer = Announcer::start(&site.hosts["thirty"], HOSTS[2].3, &MISPLACED);
    let (batch, sent) = site.scan(
        state.path(),
        &format!(
            r#"
            [deny]
            interfaces = ["eth3"]
            {PLAIN}
            [[network]]
            name = "twenty"
            cidr = "10.99.20.0/26"
            packets_per_second = {}
            interface = "eth0"
            vlan = 20
            [[network]]
            name = "thirty"
            cidr = "10.99.30.0/26"
            interface = "eth0"
            vlan = 30
            address = "10.99.30.5"
            [[network]]
            name = "denied"
            cidr = "10.99.4.0/26"
            "#,
            RATES.1
        ),
    );
    assert_found(&batch);
    assert_covered(&batch);
    assert_sent(&sent);
    assert_six(&batch, &sent["eth0"]);
}

/// What left went to its own network only, with its tag, from its sender, and not too fast.
fn assert_sent(sent: &BTreeMap<&str, Vec<Frame>>) {
    assert_eq!(requests(&sent["eth3"]), []);
    let third = |ip: Ipv4Addr| ip.octets()[2];
    let mut by_network: BTreeMap<u8, Vec<Duration>> = BTreeMap::new();
    let mut all = Vec::new();
    for (interface, frames) in sent {
        for (at, vlan, from, to) in requests(frames) {
            let expected = match (third(to), *interface) {
                (1, "eth0") | (2, "eth1") | (3, "eth2") => None,
                (20, "eth0") => {
                    assert!(from.is_unspecified());
                    Some(20)
                }
                (30, "eth0") => {
                    let own = Ipv4Addr::new(10, 99, 30, 5);
                    assert!(if to == own { from.is_unspecified() } else { from == own });
                    Some(30)
                }
                other => panic!("{to} by {interface}: {other:?}"),
            };
            assert_eq!(vlan, expected, "{to} by {interface}");
            by_network.entry(third(to)).or_default().push(at);
            all.push(at);
        }
    }
    assert_eq!(by_network.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 20, 30]);
    // Every silent one twice, every host once, and the probes.
    assert_eq!(by_network[&30].len(), 59 * 2 + 2 + 3);
    assert_rate(by_network[&20].clone(), RATES.1, "VLAN 20");
    assert_rate(all, RATES.0, "all");
}

#[test]
fn a_vlan_whose_sender_somebody_has_is_left_alone_and_the_other_networks_are_not() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let site = Site::build("taken");
    let state = tempfile::tempdir().unwrap();
    let (batch, sent) = site.scan(
        state.path(),
        r#"
        [[network]]
        name = "twenty"
        cidr = "10.99.20.0/26"
        interface = "eth0"
        vlan = 20
        [[network]]
        name = "thirty"
        cidr = "10.99.30.0/26"
        interface = "eth0"
        vlan = 30
        address = "10.99.30.6"
        "#,
    );
    let asked: Vec<_> =
        requests(&sent["eth0"]).into_iter().filter(|(_, vlan, ..)| *vlan == Some(30)).collect();
    let only: Ipv4Addr = [10, 99, 30, 6].into();
    assert!(asked.iter().all(|(_, _, from, to)| from.is_unspecified() && *to == only));
    assert_eq!(asked.len(), 1, "{asked:?}");
    let arp = coverage(&batch, "thirty", Method::Arp);
    assert!(arp.asked.is_empty());
    assert!(arp.not_asked.iter().any(|not| not.why == Why::SenderTaken), "{:?}", arp.not_asked);
    let found: Vec<_> =
        sighted(&batch).into_iter().map(|(network, _, ip, _)| (network, ip)).collect();
    let found: Vec<_> = found.iter().map(|(network, ip)| (network.as_str(), *ip)).collect();
    assert_eq!(found, [("thirty", IpAddr::V4(only)), ("twenty", [10, 99, 20, 9].into())]);
}

/// Every host was found in its own network, by its own interface, and with the tag of its VLAN.
fn assert_found(batch: &Batch) {
    let mut expected: BTreeSet<_> = HOSTS
        .into_iter()
        .map(|(network, interface, ip, mac)| {
            (network.to_owned(), interface.to_owned(), ip.parse().unwrap(), Mac::new(mac))
        })
        .collect();
    let six =
        ("thirty".to_owned(), "eth0".to_owned(), [10, 99, 30, 6].into(), Mac::new(HOSTS[2].3));
    expected.insert(six);
    assert_eq!(sighted(batch), expected);
    let tags: BTreeSet<_> = batch
        .observations
        .iter()
        .filter_map(|seen| {
            let Fact::VlanTag { vlan } = seen.fact else { return None };
            Some((seen.vantage.network.as_str(), vlan, seen.speaker.mac))
        })
        .collect();
    let of = |n: usize| Some(Mac::new(HOSTS[n].3));
    assert_eq!(tags, BTreeSet::from([("twenty", 20, of(1)), ("thirty", 30, of(2))]));
}

/// Silence shows absence whatever was said in other VLANs, and what was not asked has its reason.
fn assert_covered(batch: &Batch) {
    for (network, ip) in [("twenty", MISPLACED[0]), ("native", MISPLACED[1])] {
        assert!(coverage(batch, network, Method::Arp).shows_absence(ip.into()), "{network}");
    }
    for method in [Method::IcmpEcho, Method::TcpConnect, Method::Snmp, Method::Mdns] {
        for network in ["twenty", "thirty"] {
            let not_asked = &coverage(batch, network, method).not_asked;
            let whys: Vec<_> = not_asked.iter().map(|not| not.why).collect();
            assert!(
                whys.contains(&Why::TaggedOnly)
                    && coverage(batch, network, method).asked.is_empty()
            );
        }
    }
    let denied = &coverage(batch, "denied", Method::Arp).not_asked;
    assert!(denied.iter().any(|not| not.why == Why::Denied), "{denied:?}");
}

/// The address that a host of this MAC address makes itself.
fn link_local(mac: [u8; 6]) -> Ipv6Addr {
    let host = Mac::new(mac).interface_identifier();
    Ipv6Addr::from(u128::from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)) | u128::from(host))
}

/// On the untagged network IPv6 hears nothing of the VLANs, and asks nothing about their hosts.
fn assert_six(batch: &Batch, sent: &[Frame]) {
    let of_ndp = batch.observations.iter().filter(|seen| seen.method == Method::Ndp);
    let said: BTreeSet<_> = of_ndp.filter_map(|seen| seen.speaker.ip).collect();
    assert!(said.contains(&link_local(HOSTS[0].3).into()), "{said:?}");
    assert!(!said.contains(&MISPLACED_SIX.into()), "{said:?}");
    let names = |ip: Ipv6Addr| {
        let within = |frame: &Frame| frame.octets.windows(16).any(|octets| octets == ip.octets());
        sent.iter().any(within)
    };
    assert!(names(link_local(HOSTS[0].3)));
    assert!(!names(link_local(HOSTS[1].3)) && !names(link_local(HOSTS[2].3)));
}
