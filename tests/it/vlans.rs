//! Several networks and interfaces in one scan, some of them VLANs of a trunk port, with the kernel of
//! Linux as every host, behind a switch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::batch::Batch;
use daicho_common::coverage::{Coverage, Why};
use daicho_common::observation::{Fact, Method};
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet};
use daicho_tests::lab::wiretap::{Frame, Wiretap};
use daicho_tests::netns::switch::Switch;
use daicho_tests::netns::{self, Namespace, cable};
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, sendto, socket};

use super::lab::programs::{built_into, open, succeed};

/// Most packets a second in all, and into VLAN 20.
const RATES: (u32, u32) = (200, 40);
/// Who is where: the network, its interface at the agent, and the host there that answers.
const HOSTS: [(&str, &str, &str, [u8; 6]); 5] = [
    ("native", "eth0", "10.99.1.9", [2, 0, 0, 0, 1, 9]),
    ("twenty", "eth0", "10.99.20.9", [2, 0, 0, 0, 20, 9]),
    ("thirty", "eth0", "10.99.30.9", [2, 0, 0, 0, 30, 9]),
    ("left", "eth1", "10.99.2.9", [2, 0, 0, 0, 2, 9]),
    ("right", "eth2", "10.99.3.9", [2, 0, 0, 0, 3, 9]),
];
/// An address of VLAN 20 that a host of VLAN 30 has, and one of the native network, likewise.
const MISPLACED: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 99, 20, 33), Ipv4Addr::new(10, 99, 1, 33)];

/// The agent, a switch at its eth0, and the hosts.
struct Site {
    agent: Namespace,
    hosts: BTreeMap<&'static str, Namespace>,
    _switch: Switch,
}

fn plug(site: (&Namespace, &str), host: (&Namespace, [u8; 6]), addresses: &[&str]) {
    cable(site, (host.0, "eth0")).unwrap();
    number((host.0, "eth0"), host.1, addresses);
}

/// Gives an interface its MAC address and its addresses.
fn number((namespace, interface): (&Namespace, &str), mac: [u8; 6], addresses: &[&str]) {
    namespace.ip(&["link", "set", interface, "down"]).unwrap();
    let mac = Mac::new(mac).to_string();
    namespace.ip(&["link", "set", interface, "address", &mac]).unwrap();
    namespace.ip(&["link", "set", interface, "up"]).unwrap();
    for address in addresses {
        namespace.ip(&["addr", "add", &format!("{address}/26"), "dev", interface]).unwrap();
    }
}

impl Site {
    fn build(purpose: &str) -> Self {
        let create = |part: &str| Namespace::create(netns::name(purpose, part)).unwrap();
        let (agent, native) = (create("agent"), create("native"));
        cable((&agent, "eth0"), (&native, "trunk")).unwrap();
        // The switch has an address of the native network itself.
        number((&native, "trunk"), HOSTS[0].3, &[HOSTS[0].2]);
        let (twenty, thirty) = (create("twenty"), create("thirty"));
        plug((&native, "port20"), (&twenty, HOSTS[1].3), &[HOSTS[1].2]);
        let misplaced = MISPLACED.map(|ip| ip.to_string());
        // The same address as in VLAN 20 as well, and a sender that somebody has.
        let addresses = [HOSTS[2].2, HOSTS[1].2, "10.99.30.6", &misplaced[0], &misplaced[1]];
        plug((&native, "port30"), (&thirty, HOSTS[2].3), &addresses);
        for port in ["port20", "port30"] {
            native.ip(&["link", "set", port, "up"]).unwrap();
        }
        let switch = Switch::between(&native, "trunk", &[(20, "port20"), (30, "port30")]).unwrap();
        let (left, right, denied) = (create("left"), create("right"), create("denied"));
        plug((&agent, "eth1"), (&left, HOSTS[3].3), &[HOSTS[3].2]);
        plug((&agent, "eth2"), (&right, HOSTS[4].3), &[HOSTS[4].2]);
        plug((&agent, "eth3"), (&denied, [2, 0, 0, 0, 4, 9]), &["10.99.4.9"]);
        for (interface, net) in [("eth0", 1), ("eth1", 2), ("eth2", 3), ("eth3", 4)] {
            let address = format!("10.99.{net}.1/26");
            agent.ip(&["addr", "add", &address, "dev", interface]).unwrap();
        }
        let hosts = [("thirty", thirty), ("twenty", twenty), ("native", native)];
        let hosts = hosts.into_iter().chain([("left", left), ("right", right), ("denied", denied)]);
        Self { agent, hosts: hosts.collect(), _switch: switch }
    }

    /// Scans every declared network. Returns what was found, and what left by each interface.
    fn scan(
        &self,
        state: &Path,
        configuration: &str,
    ) -> (Batch, BTreeMap<&'static str, Vec<Frame>>) {
        let agent = built_into("daicho-agent", state);
        let (file, config) = (state.join("scan.daicho"), state.join("agent.toml"));
        let pace = format!(
            "[pace]\npackets_per_second = {}\ntarget_packets_per_second = 20\ntimeout_ms = 500\n",
            RATES.0
        );
        std::fs::write(&config, format!("{pace}{configuration}")).unwrap();
        let taps = ["eth0", "eth1", "eth2", "eth3"].map(|interface| {
            let file = state.join(interface);
            (interface, Wiretap::on(&self.agent, interface, &file).unwrap())
        });
        let mut command = self.agent.command(agent).unwrap();
        command.args(["scan", "--all-declared", "--quiet", "--config"]).arg(config);
        command.arg("--state").arg(state.join("state")).arg("-o").arg(&file);
        succeed(command);
        let sent = taps.into_iter().map(|(interface, tap)| (interface, tap.stop().unwrap()));
        (open(&file), sent.collect())
    }
}

/// A host that says over and over which addresses it has (RFC 5227 §2.3).
struct Announcer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Announcer {
    fn start(host: &Namespace, mac: [u8; 6], addresses: &[Ipv4Addr]) -> Self {
        let (socket, place) = host
            .enter(|| {
                let raw = (AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC);
                let socket = socket(raw.0, raw.1, raw.2, None).unwrap();
                let mut rows = nix::ifaddrs::getifaddrs().unwrap();
                let place: LinkAddr = rows
                    .find_map(|row| {
                        let link = *row.address?.as_link_addr()?;
                        (row.interface_name == "eth0").then_some(link)
                    })
                    .unwrap();
                (socket, place)
            })
            .unwrap();
        let frames: Vec<_> = addresses.iter().map(|ip| announcement(Mac::new(mac), *ip)).collect();
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout)
            {
                for frame in &frames {
                    sendto(socket.as_raw_fd(), frame, &place, MsgFlags::empty()).unwrap();
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        drop(self.stop.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn announcement(mac: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let mut octets = Vec::new();
    Ethernet { destination: Mac::BROADCAST, source: mac, tag: None, ether_type: EtherType::ARP }
        .encode(&mut octets);
    let (operation, target_mac) = (Operation::REQUEST, Mac::ZERO);
    Arp { operation, sender_mac: mac, sender_ip: ip, target_mac, target_ip: ip }
        .encode(&mut octets);
    octets
}

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
        let vantage = seen.vantage.clone();
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
    const LATE: f64 = 0.05;
    times.sort();
    assert!(times.len() > 100, "{what}: {}", times.len());
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first + 1) {
            let most = 1.0 + f64::from(rate) * ((*to - *from).as_secs_f64() + 0.01 + LATE);
            assert!(((last - first + 1) as f64) <= most, "{what}: {first} to {last}");
        }
    }
}

const PLAIN: &str = r#"
[[network]]
name = "native"
cidr = "10.99.1.0/26"
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
    let mut expected: BTreeSet<_> = HOSTS
        .into_iter()
        .map(|(network, interface, ip, mac)| {
            (network.to_owned(), interface.to_owned(), ip.parse().unwrap(), Mac::new(mac))
        })
        .collect();
    let six =
        ("thirty".to_owned(), "eth0".to_owned(), [10, 99, 30, 6].into(), Mac::new(HOSTS[2].3));
    expected.insert(six);
    assert_eq!(sighted(&batch), expected);
    let tags: BTreeSet<_> = batch
        .observations
        .iter()
        .filter_map(|seen| match seen.fact {
            Fact::VlanTag { vlan } => Some((seen.vantage.network.as_str(), vlan, seen.speaker.mac)),
            _ => None,
        })
        .collect();
    let of = |n: usize| Some(Mac::new(HOSTS[n].3));
    assert_eq!(tags, BTreeSet::from([("twenty", 20, of(1)), ("thirty", 30, of(2))]));
    for (network, ip) in [("twenty", MISPLACED[0]), ("native", MISPLACED[1])] {
        assert!(coverage(&batch, network, Method::Arp).shows_absence(ip.into()), "{network}");
    }
    for method in [Method::IcmpEcho, Method::TcpConnect, Method::Snmp, Method::Mdns] {
        for network in ["twenty", "thirty"] {
            let not_asked = &coverage(&batch, network, method).not_asked;
            let whys: Vec<_> = not_asked.iter().map(|not| not.why).collect();
            assert!(
                whys.contains(&Why::TaggedOnly)
                    && coverage(&batch, network, method).asked.is_empty()
            );
        }
    }
    assert_sent(&sent);
    let denied = &coverage(&batch, "denied", Method::Arp).not_asked;
    assert!(denied.iter().any(|not| not.why == Why::Denied), "{denied:?}");
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
