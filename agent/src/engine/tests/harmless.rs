use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::str::FromStr;

use proptest::prelude::*;

use super::conversations::Parrot;
use super::interviews::Chat;
use super::net::talker;
use super::*;
use crate::engine::governor::{is_forbidden, subject};
use crate::plan::Vlan;

/// A plan, what the system allows, and a net to run it on, from a few numbers.
#[derive(Clone, Debug)]
struct Case {
    networks: Vec<(u8, u8, u8)>,
    denied: Vec<(u8, u8, u8)>,
    denied_macs: Vec<u8>,
    pace: (u32, u32, u32),
    tries: u8,
    ports: Vec<u16>,
    snmp_port: u16,
    frames: bool,
    echo: bool,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let port = prop_oneof![Just(9100), Just(9107), Just(515), Just(2575), Just(443), Just(22)];
    (
        // Third octet of 10.20.x.0 (1 is on the link), prefix, policy.
        prop::collection::vec((0_u8..4, 26_u8..=32, 0_u8..3), 1..4),
        prop::collection::vec((0_u8..4, 0_u8..64, 26_u8..=32), 0..4),
        prop::collection::vec(0_u8..40, 0..4),
        (20_u32..3000, 20_u32..2000, 1_u32..200),
        1_u8..4,
        prop::collection::vec(port, 0..4),
        prop_oneof![Just(161_u16), Just(9101), Just(515)],
        any::<(bool, bool, u64)>(),
    )
        .prop_map(|(networks, denied, denied_macs, pace, tries, ports, snmp_port, rest)| {
            Case {
                networks,
                denied,
                denied_macs,
                pace,
                tries,
                ports,
                snmp_port,
                frames: rest.0,
                echo: rest.1,
                seed: rest.2,
            }
        })
}

/// The VLAN of one of the networks.
const VLAN: u16 = 20;

/// The maker of every fourth device, who is on the list of those only to be sighted.
const MEDICAL: [u8; 3] = [0, 0x26, 0x67];

fn mac(number: u8) -> Mac {
    let [a, b, c] = if number % 4 == 1 { MEDICAL } else { [0, 0x1a, 0x2b] };
    Mac::new([a, b, c, 0, 0, number])
}

fn cidr((c, d, length): (u8, u8, u8)) -> IpNet {
    IpNet::new(Ipv4Addr::new(10, 20, c, d).into(), length).unwrap().trunc()
}

impl Case {
    fn plan(&self) -> Plan {
        let networks: BTreeMap<u8, Network> = self
            .networks
            .iter()
            .map(|&(c, length, policy)| {
                let mut network = network(&cidr((c, 0, length)).to_string());
                network.policy = [Policy::Sighting, Policy::Gentle, Policy::Full][policy as usize];
                network.packets_per_second = self.pace.1;
                network.tcp_ports.clone_from(&self.ports);
                network.snmp_port = self.snmp_port;
                network.vlan = (c == 2).then(|| self.vlan(&network));
                (c, network)
            })
            .collect();
        let deny = DenyList {
            nets: self.denied.iter().map(|&net| cidr(net)).collect(),
            macs: self.denied_macs.iter().map(|&n| mac(n)).collect(),
            ..DenyList::default()
        };
        let pace = Pace {
            packets_per_second: self.pace.0,
            target_packets_per_second: self.pace.2,
            timeout: Duration::from_millis(300),
            tries: self.tries,
            budget: 0,
            ..Pace::default()
        };
        let networks = networks.into_values().collect();
        let sighting = BTreeSet::from([MEDICAL]);
        Plan { agent: "east".into(), networks, deny, sighting, pace, seed: self.seed }
    }

    /// The VLAN of 10.20.2.0, asked from nobody's address, a free one or a host's.
    fn vlan(&self, network: &Network) -> Vlan {
        let address = [None, Some(50), Some(30)][(self.seed % 3) as usize];
        let address = address.map(|d| Ipv4Addr::new(10, 20, 2, d));
        let address = address.filter(|ip| network.cidr.contains(&IpAddr::V4(*ip)));
        Vlan { interface: "eth0".into(), id: VLAN, address }
    }

    fn means(&self) -> Means {
        let mut means = means("10.20.1.1/24");
        if self.frames {
            means.links[0].vlans.insert(VLAN);
        }
        (means.links[0].frames, means.echo) = (self.frames, self.echo);
        means.timestamp = self.seed.is_multiple_of(2);
        means.syn = self.seed.is_multiple_of(3);
        means
    }

    fn net(&self) -> Net {
        let host = |c: u8, n: u8| Host {
            open: if n.is_multiple_of(3) { vec![443] } else { vec![] },
            echoing: if n.is_multiple_of(4) { vec![7, 515, 9101] } else { vec![] },
            refuses: n.is_multiple_of(5),
            echoes: n.is_multiple_of(2),
            stamps: n.is_multiple_of(11),
            macs: vec![mac(n)],
            talks: if n.is_multiple_of(7) {
                vec![161, 5353]
            } else {
                talker().talks.split_off(usize::from(c % 2))
            },
        };
        let at = |c, n| IpAddr::from(Ipv4Addr::new(10, 20, c, n));
        let mut net = Net::new((0..4).flat_map(|c| (2..40).map(move |n| (at(c, n), host(c, n)))));
        net.delay = Duration::from_millis(self.seed % 350);
        net.loss = self.seed / 350 % 20;
        // The system knows of every other neighbour before the scan.
        net.table = (2..40).step_by(2).map(|n| (at(1, n), mac(n))).collect();
        net
    }
}

fn interviewer() -> Interviewer {
    Box::new(|network, _| {
        vec![
            Chat::boxed(Method::Snmp, network.snmp_port, 3),
            Chat::boxed(Method::Mdns, 5353, 1),
            Parrot::boxed(network.snmp_port, &["not to be said where it is printed"]),
            Parrot::boxed(7, &["one", "two"]),
        ]
    })
}

/// Whether ticks keep a rate: in no window more than the rate and ten milliseconds' worth.
fn assert_rate(what: &str, ticks: &[Tick], rate: u32) {
    for window in [20_000_u64, 100_000, 1_000_000] {
        let allowed = 1 + u64::from(rate) * (window + 10_000) / 1_000_000;
        let mut first = 0;
        for (n, tick) in ticks.iter().enumerate() {
            while tick.since(ticks[first]) >= Duration::from_micros(window) {
                first += 1;
            }
            let count = (n - first + 1) as u64;
            assert!(count <= allowed, "{what}: {count} in {window} µs at {rate} a second");
        }
    }
}

/// What no scan may do, whatever was configured.
fn assert_harmless(case: &Case, plan: &Plan, net: &Net) {
    let mut targets: HashMap<IpAddr, Vec<Tick>> = HashMap::new();
    let mut networks: HashMap<IpNet, Vec<Tick>> = HashMap::new();
    for (at, packet) in &net.record {
        let (to, port) = subject(packet).unwrap();
        let network = plan.networks.iter().find(|network| network.cidr.contains(&to));
        let network = network.unwrap_or_else(|| panic!("{to} is out of scope"));
        assert!(!plan.deny.nets.iter().any(|net| net.contains(&to)), "{to} is denied");
        assert!(!port.is_some_and(is_forbidden), "{to} port {port:?} is forbidden");
        assert_ne!(to, ip("10.20.1.1"), "the agent itself");
        if network.policy == Policy::Sighting {
            assert!(matches!(packet, Packet::Frame { .. }), "{packet:?} under sighting");
        }
        assert_in_vlan(network, packet);
        targets.entry(to).or_default().push(*at);
        networks.entry(network.cidr).or_default().push(*at);
    }
    let all: Vec<Tick> = net.record.iter().map(|(at, _)| *at).collect();
    assert_rate("all", &all, case.pace.0);
    for (cidr, ticks) in networks {
        assert_rate(&cidr.to_string(), &ticks, case.pace.1);
    }
    for (reset, from) in &net.resets {
        let then = targets[from].iter().find(|at| *at > reset);
        let apart = then.map_or(Duration::MAX, |then| then.since(*reset));
        let spacing = Duration::from_micros(1_000_000 / u64::from(case.pace.2));
        assert!(apart >= spacing, "{from}: {apart:?} after a reset");
    }
    for (target, ticks) in targets {
        let spacing = Duration::from_micros(1_000_000 / u64::from(case.pace.2));
        for pair in ticks.windows(2) {
            assert!(pair[1].since(pair[0]) >= spacing, "{target}: {pair:?}");
            let answered = net
                .replies
                .iter()
                .any(|(at, from)| *from == target && (pair[0]..=pair[1]).contains(at));
            let given_up = pair[1].since(pair[0]) >= plan.pace.timeout;
            assert!(answered || given_up, "{target}: two in flight, {pair:?}");
        }
    }
}

/// A network in a VLAN gets tagged frames and nothing else, every other network none.
fn assert_in_vlan(network: &Network, packet: &Packet) {
    let tag = match packet {
        Packet::Frame { octets, .. } => Some(Ethernet::decode(octets).unwrap().0.tag),
        Packet::Datagram { .. }
        | Packet::Echo { .. }
        | Packet::Timestamp { .. }
        | Packet::Syn { .. }
        | Packet::Connect { .. }
        | Packet::Open { .. }
        | Packet::Say { .. } => None,
    };
    match &network.vlan {
        Some(vlan) => assert_eq!(tag, Some(Some(Tag(vlan.id))), "{packet:?}"),
        None => assert_eq!(tag.flatten(), None, "{packet:?}"),
    }
}

/// Medical and nurse-call gear on the link is never questioned. With frames nothing but ARP reaches
/// it; without, only what was sent before its link-layer address was known.
fn assert_medical_only_sighted(case: &Case, net: &Net, before: &BTreeMap<IpAddr, Mac>) {
    for (_, packet) in &net.record {
        let (to, _) = subject(packet).unwrap();
        let known = net.hosts.get(&to).and_then(|host| host.macs.first());
        let on_link = IpNet::from_str("10.20.1.0/24").unwrap().contains(&to);
        if !on_link || known.is_none_or(|mac| mac.oui() != MEDICAL) {
            continue;
        }
        let (frame, question) = match packet {
            Packet::Frame { .. } => (true, false),
            Packet::Datagram { outlet, .. } => (false, *outlet != Outlet::Connected),
            Packet::Echo { .. }
            | Packet::Timestamp { .. }
            | Packet::Syn { .. }
            | Packet::Connect { .. } => (false, false),
            Packet::Open { .. } | Packet::Say { .. } => (false, true),
        };
        assert!(!question, "{packet:?} to medical gear");
        assert!(frame || !(case.frames || before.contains_key(&to)), "{packet:?} to medical gear");
    }
}

/// In each network the first interview is over before another begins.
fn assert_canary_first(plan: &Plan, net: &Net) {
    for network in &plan.networks {
        let questions: Vec<IpAddr> = net
            .record
            .iter()
            .filter(|(_, packet)| match packet {
                Packet::Datagram { outlet, .. } => *outlet != Outlet::Connected,
                Packet::Open { .. } | Packet::Say { .. } => true,
                Packet::Frame { .. }
                | Packet::Echo { .. }
                | Packet::Timestamp { .. }
                | Packet::Syn { .. }
                | Packet::Connect { .. } => false,
            })
            .filter_map(|(_, packet)| subject(packet).map(|(to, _)| to))
            .filter(|to| network.cidr.contains(to))
            .collect();
        if let Some(last) = questions.iter().rposition(|to| *to == questions[0]) {
            assert!(questions[..last].iter().all(|to| *to == questions[0]), "{questions:?}");
        }
    }
}

/// An address known to belong to a denied link-layer address gets nothing; one that was found out
/// to, nothing more.
fn assert_macs_denied(plan: &Plan, net: &Net, before: &BTreeMap<IpAddr, Mac>, outcome: &Outcome) {
    for (&address, known) in before {
        if plan.deny.macs.contains(known) {
            assert!(!net.asked().contains_key(&address), "{address} belongs to {known}");
        }
    }
    for observation in &outcome.observations {
        if let Fact::Arp { ip, mac } = observation.fact
            && plan.deny.macs.contains(&mac)
        {
            let asked = net
                .record
                .iter()
                .filter(|(_, packet)| subject(packet).is_some_and(|(to, _)| to == IpAddr::V4(ip)));
            let answer = net.replies.iter().find(|(_, from)| *from == IpAddr::V4(ip)).unwrap().0;
            for (at, packet) in asked {
                assert!(*at <= answer, "{ip} belongs to {mac}, and then got {packet:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_makes_the_engine_do_harm(case in case()) {
        let (plan, mut net) = (case.plan(), case.net());
        let before = net.table.clone();
        let outcome = net.run(plan.clone(), &case.means(), interviewer());
        assert_harmless(&case, &plan, &net);
        let on_link = plan.networks.iter().any(|n| n.cidr.network() == ip("10.20.1.0"));
        let before = if on_link { before } else { BTreeMap::new() };
        assert_macs_denied(&plan, &net, &before, &outcome);
        assert_medical_only_sighted(&case, &net, &before);
        assert_canary_first(&plan, &net);
        assert_partition(&outcome, &[ip("10.20.1.1")]);
        let counted: u64 = outcome.account.sent.iter().map(|sent| sent.packets).sum();
        prop_assert_eq!(counted, (net.record.len() + net.resets.len()) as u64);
        for sent in &outcome.account.sent {
            prop_assert!(net.asked().contains_key(&sent.target));
        }
    }

    #[test]
    fn a_stop_at_any_moment_is_kept(case in case(), micros in 1_000_000_u64..3_000_000) {
        let (plan, mut net) = (case.plan(), case.net());
        net.stop = Some(Tick::from_micros(micros));
        let outcome = net.run(plan.clone(), &case.means(), interviewer());
        prop_assert!(net.record.iter().all(|(at, _)| at.micros() <= micros));
        assert_harmless(&case, &plan, &net);
        assert_partition(&outcome, &[ip("10.20.1.1")]);
    }
}

#[test]
fn a_denied_interface_sends_nothing_and_says_so() {
    let mut plan = plan(&["10.20.1.0/24", "10.30.0.0/30"]);
    plan.deny.interfaces.push("eth0".into());
    let mut net = Net::new([(ip("10.20.1.9"), talker())]);
    let outcome = net.run(plan, &means("10.20.1.1/24"), nobody());
    assert!(
        net.record.iter().all(|(_, p)| matches!(p, Packet::Echo { .. })),
        "only the routed one"
    );
    assert!(coverage(&outcome, Method::Arp).not_asked.iter().any(|not| not.why == Why::Denied));
    assert_partition(&outcome, &[ip("10.20.1.1")]);
}
