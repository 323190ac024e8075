//! Neighbours that are known by nothing but what they announce to groups of the link.

use super::super::interviews::interviewer;
use super::*;

const UDP: u8 = 17;
const MDNS: (&str, u16) = ("ff02::fb", 5353);
const NET: &str = "2001:db8:20::/64";

/// Something that this one says to a group, at this port.
fn announcement(mac: Mac, from: &str, (to, port): (&str, u16)) -> Vec<u8> {
    let ends = (v6(from), v6(to));
    let [p1, p0] = port.to_be_bytes();
    let payload = [&[p1, p0, p1, p0, 0, 13, 0xff, 0xff][..], b"words"].concat();
    let mut octets = Vec::new();
    let (destination, ether_type) = (Mac::of_group(ends.1), EtherType::IPV6);
    Ethernet { destination, source: mac, tag: None, ether_type }.encode(&mut octets);
    let (source, destination) = ends;
    Ipv6 { flow: 0, next_header: UDP, hop_limit: 1, source, destination, payload }
        .encode(&mut octets);
    octets
}

fn declared() -> (Plan, Means) {
    (six(plan(&[NET])), dual(&["fe80::1/64", "2001:db8:20::1/64"]))
}

fn asked_above(record: &[(Tick, Packet)]) -> usize {
    record.iter().filter(|(_, packet)| matches!(packet, Packet::Datagram { .. })).count()
}

#[test]
fn who_only_announces_services_or_names_is_solicited_found_and_asked() {
    let groups = [MDNS, ("ff02::1:3", 5355), ("ff02::c", 1900), ("ff02::c", 3702)];
    for group in groups {
        let host = node(5, &["2001:db8:20::5"]);
        let said = announcement(host.mac, "2001:db8:20::5", group);
        let (plan, means) = declared();
        let (outcome, record) =
            run_asking(plan, &means, (std::slice::from_ref(&host), &[said]), interviewer());
        assert!(asked_of(&record)[&v6("2001:db8:20::5")] > 1, "{group:?}");
        assert_eq!(neighbours(&outcome), [(ip("2001:db8:20::5"), host.mac)].into(), "{group:?}");
        assert!(asked_above(&record) > 0, "{group:?}");
    }
}

#[test]
fn an_announcement_alone_makes_nobody() {
    let gone = node(5, &["2001:db8:20::5"]);
    let said = announcement(gone.mac, "2001:db8:20::5", MDNS);
    let (plan, means) = declared();
    let (outcome, record) = run_asking(plan, &means, (&[], &[said]), interviewer());
    assert_eq!(neighbours(&outcome), BTreeMap::new());
    assert_eq!((asked_of(&record)[&v6("2001:db8:20::5")], asked_above(&record)), (3, 0));
}

#[test]
fn who_announces_is_asked_as_far_as_the_policy_goes() {
    let host = node(5, &["2001:db8:20::5"]);
    let said = [announcement(host.mac, "2001:db8:20::5", MDNS)];
    let hosts = std::slice::from_ref(&host);
    let (plan, means) = declared();
    let (outcome, record) = run_asking(sighting(plan), &means, (hosts, &said), interviewer());
    assert_eq!((neighbours(&outcome).len(), asked_above(&record)), (1, 0));
    let (mut plan, means) = declared();
    plan.deny.macs = vec![host.mac];
    let (outcome, record) = run_asking(plan, &means, (hosts, &said), interviewer());
    assert_eq!((neighbours(&outcome).len(), asked_of(&record).len()), (0, 0));
    let (plan, means) = declared();
    let strange = [announcement(host.mac, "2001:db8:99::5", MDNS)];
    let (_, record) = run_asking(plan, &means, (hosts, &strange), interviewer());
    assert!(!asked_of(&record).contains_key(&v6("2001:db8:99::5")));
}

#[test]
fn cut_announcements_and_datagrams_to_others_lead_to_nobody() {
    let mac = node(5, &[]).mac;
    let from = "2001:db8:20::5";
    let mut cut = announcement(mac, from, MDNS);
    // The packet says that it ends within the header of UDP.
    cut[18..20].copy_from_slice(&[0, 6]);
    let elsewhere = announcement(mac, from, ("ff05::fb", 5353));
    let other = announcement(mac, from, ("ff02::fb", 53));
    let single = announcement(mac, from, (AGENT, 5353));
    let (plan, means) = declared();
    let said = [cut, elsewhere, other, single];
    let (outcome, record) = run(sighting(plan), &means, (&[], &said));
    assert_eq!((neighbours(&outcome), asked_of(&record)), (BTreeMap::new(), BTreeMap::new()));
    assert_eq!(outcome.account.strays.malformed + outcome.account.strays.unasked, 4);
}
