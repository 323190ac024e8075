//! IPv6 on a link, with the kernel of Linux as the neighbour.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddrV6, TcpListener, UdpSocket};
use std::path::Path;
use std::time::Duration;

use daicho_common::batch::Batch;
use daicho_common::observation::{Fact, Method, Observation, Reply};
use daicho_tests::lab::wiretap::{Frame, Wiretap};
use daicho_tests::netns::{self, Namespace, cable};
use ipnet::IpNet;

use super::lab::programs::{built_into, open, succeed};

const MAC: &str = "00:1a:2b:00:00:09";
const LOCAL: &str = "fe80::21a:2bff:fe00:9";
const DERIVED: &str = "fd00:99::21a:2bff:fe00:9";
/// An address that nothing leads to.
const HIDDEN: &str = "fd00:99::42";
/// What the agent may look at: the link by both families, and the IPv6 network.
const BOTH: &str = "[[network]]\ncidr = \"10.99.1.0/24\"\nipv6 = true\nmedical = \"ask\"\n\
                    [[network]]\ncidr = \"fd00:99::/64\"\nmedical = \"ask\"\n";

/// A namespace in which addresses are used at once, without looking for duplicates.
fn namespace(purpose: &str, part: &str) -> Namespace {
    let namespace = Namespace::create(netns::name(purpose, part)).unwrap();
    let conf = "/proc/sys/net/ipv6/conf/default/accept_dad";
    namespace.enter(|| std::fs::write(conf, "0")).unwrap().unwrap();
    namespace
}

/// The agent's namespace and its neighbour's, who has IPv4 too.
fn link(purpose: &str) -> (Namespace, Namespace) {
    let (here, there) = link_of_six(purpose);
    there.ip(&["addr", "add", "10.99.1.9/24", "dev", "eth0"]).unwrap();
    (here, there)
}

/// The same with a neighbour that has IPv6 only.
fn link_of_six(purpose: &str) -> (Namespace, Namespace) {
    let (here, there) = (namespace(purpose, "here"), namespace(purpose, "there"));
    cable((&here, "eth0"), (&there, "eth0")).unwrap();
    there.ip(&["link", "set", "eth0", "down"]).unwrap();
    there.ip(&["link", "set", "eth0", "address", MAC]).unwrap();
    there.ip(&["link", "set", "eth0", "up"]).unwrap();
    for (namespace, address) in [
        (&here, "10.99.1.1/24"),
        (&here, "fd00:99::1/64"),
        (&there, "fd00:99::42/64"),
        (&there, "fd00:99::21a:2bff:fe00:9/64"),
    ] {
        namespace.ip(&["addr", "add", address, "dev", "eth0"]).unwrap();
    }
    (here, there)
}

fn scan(here: &Namespace, state: &Path, configuration: &str) -> (Batch, Vec<Frame>) {
    let agent = built_into("daicho-agent", state);
    let (file, config) = (state.join("scan.daicho"), state.join("agent.toml"));
    let pace =
        "[pace]\npackets_per_second = 400\ntarget_packets_per_second = 20\ntimeout_ms = 500\n";
    std::fs::write(&config, format!("{pace}{configuration}")).unwrap();
    let tap = Wiretap::on(here, "eth0", &state.join("sent.pcap")).unwrap();
    let mut command = here.command(agent).unwrap();
    command.args(["scan", "--all-declared", "--quiet", "--config"]).arg(config);
    command.arg("--state").arg(state.join("state")).arg("-o").arg(&file);
    succeed(command);
    (open(&file), tap.stop().unwrap())
}

/// Targets of the neighbour solicitations that left (RFC 4861 §4.3), and the destinations of echo
/// requests and listener queries.
fn asked(frames: &[Frame]) -> BTreeSet<Ipv6Addr> {
    let address = |octets: &[u8]| Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap());
    let six = frames.iter().map(|frame| &frame.octets).filter(|it| it[12..14] == [0x86, 0xdd]);
    six.filter_map(|octets| match (octets[20], octets[54]) {
        (58, 135) => Some(address(&octets[62..78])),
        (58, 128) => Some(address(&octets[38..54])),
        (0, 58) if octets[62] == 130 => Some(address(&octets[38..54])),
        _ => None,
    })
    .collect()
}

fn neighbours(batch: &Batch) -> BTreeMap<IpAddr, String> {
    let of_ndp = batch.observations.iter().filter(|seen| seen.method == Method::Ndp);
    let said = of_ndp.map(|seen| {
        let Fact::Neighbour { ip, mac } = seen.fact else { panic!("{:?}", seen.fact) };
        (ip, mac.to_string())
    });
    said.collect()
}

#[test]
fn the_agent_finds_a_neighbour_by_ipv6_and_says_nothing_of_whom_it_did_not_ask() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, _there) = link("six");
    let state = tempfile::tempdir().unwrap();
    let (batch, frames) = scan(&here, state.path(), BOTH);
    let found = neighbours(&batch);
    for text in [LOCAL, DERIVED] {
        assert_eq!(found.get(&text.parse().unwrap()).map(String::as_str), Some(MAC), "{found:?}");
    }
    let echoed = batch.observations.iter().filter(|seen| seen.fact == Fact::Answered(Reply::Echo));
    let echoed: BTreeSet<_> = echoed.filter_map(|seen| seen.speaker.ip).collect();
    assert!(echoed.contains(&LOCAL.parse().unwrap()), "{echoed:?}");
    let nets: [IpNet; 2] = ["fe80::/64", "fd00:99::/64"].map(|net| net.parse().unwrap());
    for cidr in nets {
        let mut all = batch.coverage.iter();
        let of = all.find(|it| it.cidr == cidr && it.method == Method::Ndp).unwrap();
        assert_eq!(of.answered.len(), 1, "{of:?}");
        assert!(!of.shows_absence(HIDDEN.parse().unwrap()));
    }
    let everybody: Ipv6Addr = "ff02::1".parse().unwrap();
    let asked = asked(&frames);
    assert!(asked.contains(&everybody) && asked.contains(&DERIVED.parse().unwrap()));
    for ip in asked {
        assert!(ip == everybody || nets.iter().any(|net| net.contains(&IpAddr::V6(ip))), "{ip}");
    }
}

/// Shows a page to whoever asks at port 80, by every address.
fn show_a_page(there: &Namespace) {
    let listener = there.enter(|| TcpListener::bind("[::]:80")).unwrap().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let page = "<title>六号館の複合機</title>";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", page.len());
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(format!("{head}{page}").as_bytes());
        }
    });
}

#[test]
fn a_neighbour_with_ipv6_only_is_asked_what_it_is_by_one_of_its_addresses() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, there) = link_of_six("only");
    show_a_page(&there);
    let state = tempfile::tempdir().unwrap();
    let (batch, frames) = scan(&here, state.path(), BOTH);
    let shown = |seen: &&Observation| matches!(&seen.fact, Fact::Said(said) if said.get("title") == Some("六号館の複合機"));
    let pages: Vec<_> = batch.observations.iter().filter(shown).map(|seen| seen.speaker).collect();
    let [speaker] = pages.as_slice() else { panic!("{pages:?}") };
    assert_eq!(speaker.ip, Some(DERIVED.parse().unwrap()));
    assert_eq!(speaker.mac.map(|mac| mac.to_string()).as_deref(), Some(MAC));
    // TCP and UDP went to that address only, and to no port that prints or that HL7 has.
    let from_there = [0x00, 0x1a, 0x2b, 0x00, 0x00, 0x09];
    let above = frames.iter().map(|frame| &frame.octets).filter(|it| it[6..12] != from_there);
    let above = above.filter(|it| it[12..14] == [0x86, 0xdd] && matches!(it[20], 6 | 17));
    let mut ports = BTreeSet::new();
    for octets in above {
        let to = Ipv6Addr::from(<[u8; 16]>::try_from(&octets[38..54]).unwrap());
        assert_eq!(IpAddr::V6(to), DERIVED.parse::<IpAddr>().unwrap());
        ports.insert(u16::from_be_bytes([octets[56], octets[57]]));
    }
    assert!(ports.contains(&80), "{ports:?}");
    assert!(!ports.iter().any(|port| matches!(port, 515 | 2575 | 9100..=9107)), "{ports:?}");
}

/// Says something to the group of mDNS, from the address that nothing leads to, until the test ends.
fn announce(there: &Namespace) {
    let socket = there.enter(|| {
        let socket = UdpSocket::bind(format!("[{HIDDEN}]:5353")).unwrap();
        let index = nix::net::if_::if_nametoindex("eth0").unwrap();
        socket.connect(SocketAddrV6::new("ff02::fb".parse().unwrap(), 5353, 0, index)).unwrap();
        socket
    });
    let socket = socket.unwrap();
    std::thread::spawn(move || {
        // A header of DNS that answers nothing.
        while socket.send(&[0, 0, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}

#[test]
fn a_neighbour_that_is_known_by_its_announcements_alone_is_asked_for() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, there) = link("told");
    announce(&there);
    let state = tempfile::tempdir().unwrap();
    let (batch, frames) = scan(&here, state.path(), BOTH);
    assert!(asked(&frames).contains(&HIDDEN.parse().unwrap()), "{:?}", asked(&frames));
    assert_eq!(neighbours(&batch).get(&HIDDEN.parse().unwrap()).map(String::as_str), Some(MAC));
}

#[test]
fn without_a_word_about_ipv6_no_neighbour_is_asked_by_it() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, _there) = link("four");
    let state = tempfile::tempdir().unwrap();
    let (batch, frames) = scan(&here, state.path(), "[[network]]\ncidr = \"10.99.1.0/24\"\n");
    assert_eq!(neighbours(&batch), BTreeMap::new());
    assert_eq!(asked(&frames), BTreeSet::new());
    assert!(batch.observations.iter().any(|seen| seen.method == Method::Arp));
}
