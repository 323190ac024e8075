//! The agent on a trunk port and on plain links, with the kernel of Linux as every host.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use daicho_common::addr::Mac;
use daicho_common::batch::Batch;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::ethernet::{EtherType, Ethernet};
use daicho_common::wire::icmp6;
use daicho_tests::lab::wiretap::{Frame, Wiretap};
use daicho_tests::netns::switch::Switch;
use daicho_tests::netns::{self, Namespace, cable};
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, sendto, socket};

use super::RATES;
use crate::lab::programs::{built_into, open, succeed};

/// Who is where: the network, its interface at the agent, and the host there that answers.
pub(super) const HOSTS: [(&str, &str, &str, [u8; 6]); 5] = [
    ("native", "eth0", "10.99.1.9", [2, 0, 0, 0, 1, 9]),
    ("twenty", "eth0", "10.99.20.9", [2, 0, 0, 0, 20, 9]),
    ("thirty", "eth0", "10.99.30.9", [2, 0, 0, 0, 30, 9]),
    ("left", "eth1", "10.99.2.9", [2, 0, 0, 0, 2, 9]),
    ("right", "eth2", "10.99.3.9", [2, 0, 0, 0, 3, 9]),
];
/// An address of VLAN 20 that a host of VLAN 30 has, and one of the native network, likewise.
pub(super) const MISPLACED: [Ipv4Addr; 2] =
    [Ipv4Addr::new(10, 99, 20, 33), Ipv4Addr::new(10, 99, 1, 33)];

/// A link-local address that this host has.
pub(super) const MISPLACED_SIX: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x33);

/// The agent, a switch at its eth0, and the hosts.
pub(super) struct Site {
    agent: Namespace,
    pub(super) hosts: BTreeMap<&'static str, Namespace>,
    _switch: Switch,
}

/// A namespace in which addresses are used at once, without looking for duplicates.
fn namespace(purpose: &str, part: &str) -> Namespace {
    let namespace = Namespace::create(netns::name(purpose, part)).unwrap();
    let conf = "/proc/sys/net/ipv6/conf/default/accept_dad";
    namespace.enter(|| std::fs::write(conf, "0")).unwrap().unwrap();
    namespace
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
    pub(super) fn build(purpose: &str) -> Self {
        let create = |part: &str| namespace(purpose, part);
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
    pub(super) fn scan(
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

/// A host that says over and over which addresses it has (RFC 5227 §2.3, RFC 4861 §7.2.6).
pub(super) struct Announcer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Announcer {
    pub(super) fn start(host: &Namespace, mac: [u8; 6], addresses: &[Ipv4Addr]) -> Self {
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
        let mac = Mac::new(mac);
        let said = addresses.iter().map(|ip| announcement(mac, *ip));
        let frames: Vec<_> = said.chain([advertisement(mac, MISPLACED_SIX)]).collect();
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

fn advertisement(mac: Mac, ip: Ipv6Addr) -> Vec<u8> {
    let everybody = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let (destination, ether_type) = (Mac::of_group(everybody), EtherType::IPV6);
    let mut octets = Vec::new();
    Ethernet { destination, source: mac, tag: None, ether_type }.encode(&mut octets);
    // Type 136, the flag that it overrides, the target, and the option with its MAC address.
    let mut message = vec![136, 0, 0, 0, 0x20, 0, 0, 0];
    message.extend(ip.octets());
    message.extend([2, 1]);
    message.extend(mac.octets());
    icmp6::packet((ip, everybody), 255, message).encode(&mut octets);
    octets
}
