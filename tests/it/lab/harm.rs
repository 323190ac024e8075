use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use daicho_common::batch::Batch;
use daicho_common::coverage::PacketKind;
use daicho_tests::lab::wiretap::{Frame, Sent, Wiretap};
use daicho_tests::lab::{Lab, NETWORK, SCANNER_INTERFACE};
use ipnet::Ipv4Net;

use super::programs::{Scan, User};

/// Most packets a second in all, and to one target.
const PACE: (u32, u32) = (100, 5);
/// What a busy machine may shift a packet against the agent's clock.
const JITTER: Duration = Duration::from_millis(30);
/// A host of the lab that must be left in peace.
const DENIED: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 51);
/// IGMP: the kernel tells switches which groups it listens to (RFC 3376).
const IGMP: u8 = 2;

fn forbidden(port: u16) -> bool {
    matches!(port, 515 | 2575 | 9100..=9107)
}

pub(super) fn watch(lab: &Lab, scan: &Scan<'_>, name: &str) -> (Batch, Vec<Frame>) {
    let file = lab.state().join(format!("{name}.pcap"));
    let tap = Wiretap::on(lab.scanner(), SCANNER_INTERFACE, &file).unwrap();
    let batch = scan.run(lab, name);
    (batch, tap.stop().unwrap())
}

/// When and to whom the agent itself asked something; what the kernel adds to it is left out: later
/// packets of a connection, group membership, and its own ARP for hosts that are there.
fn asked(lab: &Lab, frames: &[Frame]) -> Vec<(Duration, Ipv4Addr)> {
    let hosts: BTreeSet<_> = lab.hosts().iter().map(|host| host.spec().ip).collect();
    let mut met = BTreeSet::new();
    let mut asked = Vec::new();
    for frame in frames {
        let target = match frame.sent().unwrap() {
            Sent::Arp { target } => {
                (!hosts.contains(&target) || met.insert(target)).then_some(target)
            }
            Sent::Ip { target, protocol: 1 | 17, .. } | Sent::Ip { target, opens: true, .. } => {
                Some(target)
            }
            Sent::Ip { .. } | Sent::Other(_) => None,
        };
        asked.extend(target.map(|target| (frame.at, target)));
    }
    asked
}

fn stays_in_scope(frames: &[Frame]) {
    let network: Ipv4Net = NETWORK.parse().unwrap();
    for frame in frames {
        let sent = frame.sent().unwrap();
        let target = match sent {
            Sent::Arp { target } => target,
            Sent::Ip { target, port, protocol, .. } => {
                assert!(!forbidden(port), "{sent:?}");
                assert!(matches!(protocol, 1 | 6 | 17 | IGMP), "{sent:?}");
                target
            }
            Sent::Other(kind) => panic!("EtherType {kind:#06x} left"),
        };
        assert!(network.contains(&target) || target.is_multicast(), "{sent:?}");
        assert_ne!(target, DENIED, "{sent:?}");
    }
}

fn keeps_pace(asked: &[(Duration, Ipv4Addr)]) {
    let (all, one) = PACE;
    let window = Duration::from_secs(1);
    for (first, (at, _)) in asked.iter().enumerate() {
        let within = asked[first..].iter().take_while(|(then, _)| *then < *at + window).count();
        // 10 ms worth may leave at once after a pause.
        let most = (window + JITTER + Duration::from_millis(10)) * all;
        assert!(within as u64 <= most.as_secs() + 1, "{within} in a second");
    }
    let mut last = BTreeMap::new();
    for (at, target) in asked.iter().filter(|(_, target)| !target.is_multicast()) {
        if let Some(before) = last.insert(target, *at) {
            let apart = at.saturating_sub(before) + JITTER;
            assert!(apart >= Duration::from_secs(1) / one, "{target}: {apart:?} apart");
        }
    }
}

/// Packets of one kind, as the agent counted them and as they left.
fn counted(batch: &Batch, kind: PacketKind) -> u64 {
    batch.sent.iter().filter(|sent| sent.kind == kind).map(|sent| sent.packets).sum()
}

fn left(frames: &[Frame], which: impl Fn(Sent) -> bool) -> u64 {
    frames.iter().filter(|frame| which(frame.sent().unwrap())).count() as u64
}

fn counts_what_it_sends(batch: &Batch, frames: &[Frame]) {
    let udp =
        |port| move |sent| matches!(sent, Sent::Ip { protocol: 17, port: p, .. } if p == port);
    assert_eq!(counted(batch, PacketKind::Snmp), left(frames, udp(161)));
    assert_eq!(counted(batch, PacketKind::Mdns), left(frames, udp(5353)));
    let echo = |sent| matches!(sent, Sent::Ip { protocol: 1, .. });
    assert_eq!(counted(batch, PacketKind::Echo), left(frames, echo));
    let opens = |sent| matches!(sent, Sent::Ip { opens: true, .. });
    let asked = counted(batch, PacketKind::TcpSyn) + counted(batch, PacketKind::TcpOpen);
    assert_eq!(asked, left(frames, opens));
    // The kernel's resets are all that follows a SYN alone: no connection, no data. What follows an
    // opened connection is what was said over it, and the kernel's acknowledgments.
    let follows = |sent| matches!(sent, Sent::Ip { protocol: 6, opens: false, .. });
    let said = counted(batch, PacketKind::TcpReset) + counted(batch, PacketKind::Said);
    assert!(said <= left(frames, follows), "{said} counted");
    let conversations = counted(batch, PacketKind::TcpOpen) > 0;
    assert!(conversations || said == left(frames, follows), "{said} counted, and more left");
}

#[test]
fn no_packet_leaves_the_scope_meets_a_denied_host_or_outruns_the_pace() {
    let Some(lab) = super::lab() else { return };
    let deny = format!("nets = [\"{DENIED}/32\"]");
    let scan = Scan {
        user: User::Root,
        packets_per_second: PACE.0,
        target_packets_per_second: PACE.1,
        network: "policy = \"full\"\ntcp_ports = [22, 80, 443, 445]",
        deny: &deny,
        snmp_users: "",
    };
    let (batch, frames) = watch(&lab, &scan, "root");
    let asked = asked(&lab, &frames);
    assert!(asked.len() > 500, "the witness saw the sweep: {}", asked.len());
    stays_in_scope(&frames);
    keeps_pace(&asked);
    counts_what_it_sends(&batch, &frames);
    assert!(counted(&batch, PacketKind::TcpSyn) > 0 && counted(&batch, PacketKind::Snmp) > 0);
    lab.down().unwrap();
}

#[test]
fn an_ordinary_user_does_no_more_harm_than_root() {
    let Some(lab) = super::lab() else { return };
    let deny = format!("nets = [\"{DENIED}/32\"]");
    let scan = Scan { user: User::Nobody, deny: &deny, ..Scan::default() };
    let (_, frames) = watch(&lab, &scan, "nobody");
    assert!(frames.len() > 250, "the witness saw the sweep: {}", frames.len());
    stays_in_scope(&frames);
    lab.down().unwrap();
}
