//! A network behind a router, with the kernel of Linux as the host there: what it counts is what came.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;

use daicho_common::batch::Batch;
use daicho_common::coverage::{Coverage, PacketKind, Why};
use daicho_common::observation::{Fact, Method, Reply};
use daicho_tests::lab::wiretap::{Frame, Sent, Wiretap};
use daicho_tests::netns::{self, Namespace, cable};

use super::lab::programs::{as_nobody, built_into, open, succeed};

/// The declared network: one host, and five addresses that nobody has.
const NETWORK: &str = "10.98.2.8/29";
const HOST: Ipv4Addr = Ipv4Addr::new(10, 98, 2, 9);
const OPEN: u16 = 8080;
const CLOSED: u16 = 8081;

/// The agent's namespace, and the router's that has the host's address.
fn street(purpose: &str) -> (Namespace, Namespace) {
    let namespace = |part| Namespace::create(netns::name(purpose, part)).unwrap();
    let (here, there) = (namespace("here"), namespace("there"));
    cable((&here, "eth0"), (&there, "eth0")).unwrap();
    here.ip(&["addr", "add", "10.98.1.1/24", "dev", "eth0"]).unwrap();
    there.ip(&["addr", "add", "10.98.1.9/24", "dev", "eth0"]).unwrap();
    there.ip(&["addr", "add", "10.98.2.9/32", "dev", "lo"]).unwrap();
    here.ip(&["route", "add", NETWORK, "via", "10.98.1.9"]).unwrap();
    (here, there)
}

/// A counter of the namespace's kernel (`/proc/net/snmp`), for example of `Tcp` the `PassiveOpens`.
fn counter(namespace: &Namespace, of: &str, name: &str) -> u64 {
    let table = namespace.enter(|| std::fs::read_to_string("/proc/thread-self/net/snmp"));
    let table = table.unwrap().unwrap();
    let mut rows = table.lines().filter_map(|line| line.strip_prefix(of)?.strip_prefix(": "));
    let (names, values) = (rows.next().unwrap(), rows.next().unwrap());
    let mut columns = names.split(' ').zip(values.split(' '));
    columns.find(|(known, _)| *known == name).unwrap().1.parse().unwrap()
}

/// Scans from `here` and returns what it found and what left, the kernel's packets too.
fn scan(here: &Namespace, state: &Path, (root, ports): (bool, &str)) -> (Batch, Vec<Frame>) {
    let agent = built_into("daicho-agent", state);
    let folder = state.join("scan");
    std::fs::create_dir(&folder).unwrap();
    let (file, config) = (folder.join("scan.daicho"), folder.join("agent.toml"));
    let text = format!(
        "[pace]\npackets_per_second = 400\ntarget_packets_per_second = 20\ntimeout_ms = 500\n\
         [[network]]\ncidr = \"{NETWORK}\"\npolicy = \"full\"\nquestions = []\ntcp_ports = {ports}\n"
    );
    std::fs::write(&config, text).unwrap();
    let tap = Wiretap::on(here, "eth0", &state.join("sent.pcap")).unwrap();
    let mut command =
        if root { here.command(agent).unwrap() } else { as_nobody(here, &agent, &folder) };
    command.args(["scan", "--all-declared", "--quiet", "--config"]).arg(config);
    command.arg("--state").arg(folder.join("state")).arg("-o").arg(&file);
    succeed(command);
    (open(&file), tap.stop().unwrap())
}

fn counted(batch: &Batch, kind: PacketKind) -> u64 {
    batch.sent.iter().filter(|sent| sent.kind == kind).map(|sent| sent.packets).sum()
}

fn covered(batch: &Batch, method: Method) -> &Coverage {
    batch.coverage.iter().find(|coverage| coverage.method == method).unwrap()
}

fn replies(batch: &Batch, method: Method) -> Vec<(Option<IpAddr>, Fact)> {
    let of = batch.observations.iter().filter(|seen| seen.method == method);
    of.map(|seen| (seen.speaker.ip, seen.fact.clone())).collect()
}

/// TCP segments that left: flags by target and port, in order.
fn segments(frames: &[Frame]) -> BTreeMap<(Ipv4Addr, u16), Vec<u8>> {
    let mut segments = BTreeMap::<_, Vec<u8>>::new();
    for frame in frames {
        if let Some(Sent::Ip { target, protocol: 6, port, .. }) = frame.sent() {
            let length = usize::from(u16::from_be_bytes([frame.octets[16], frame.octets[17]]));
            let header = 20 + usize::from(frame.octets[14 + 20 + 12] >> 4) * 4;
            assert_eq!(length, header, "no data, to {target}:{port}");
            segments.entry((target, port)).or_default().push(frame.octets[14 + 20 + 13]);
        }
    }
    segments
}

const SYN: u8 = 0x02;
const RST: u8 = 0x04;

#[test]
fn a_port_is_told_by_one_syn_and_nothing_is_left_open() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, there) = street("syn");
    let door = there.enter(|| TcpListener::bind((HOST, OPEN))).unwrap().unwrap();
    door.set_nonblocking(true).unwrap();
    let state = tempfile::tempdir().unwrap();
    let (batch, frames) = scan(&here, state.path(), (true, "[8080, 8081]"));
    let told = replies(&batch, Method::TcpSyn);
    for reply in [Reply::TcpOpen(OPEN), Reply::TcpRefused(CLOSED)] {
        assert!(told.contains(&(Some(HOST.into()), Fact::Answered(reply))), "{told:?}");
    }
    assert_eq!(told.len(), 2);
    let segments = segments(&frames);
    assert_eq!(segments[&(HOST, OPEN)], [SYN, RST], "the kernel resets what was half open");
    assert_eq!(segments[&(HOST, CLOSED)], [SYN]);
    for nobody in 10..=14 {
        for port in [OPEN, CLOSED] {
            assert_eq!(segments[&(Ipv4Addr::new(10, 98, 2, nobody), port)], [SYN, SYN]);
        }
    }
    assert_eq!(segments.len(), 12);
    assert_eq!(counted(&batch, PacketKind::TcpSyn), 22);
    assert_eq!(counted(&batch, PacketKind::TcpReset), 1);
    assert_eq!(counted(&batch, PacketKind::TcpConnect), 0);
    // At the other side: two SYNs and a reset came, no connection ever stood, and none is left.
    assert_eq!(counter(&there, "Tcp", "InSegs"), 3);
    assert_eq!(counter(&there, "Tcp", "PassiveOpens"), 0);
    assert_eq!(counter(&there, "Tcp", "CurrEstab"), 0);
    assert_eq!(counter(&there, "Tcp", "InErrs"), 0, "the checksums were right");
    assert_eq!(door.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    let sockets = there.enter(|| std::fs::read_to_string("/proc/thread-self/net/tcp"));
    assert_eq!(sockets.unwrap().unwrap().lines().count(), 2, "the heading and the door");
}

#[test]
fn a_host_that_drops_echo_is_found_by_its_timestamp() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, there) = street("stamp");
    let ignore = "/proc/sys/net/ipv4/icmp_echo_ignore_all";
    there.enter(|| std::fs::write(ignore, "1")).unwrap().unwrap();
    let state = tempfile::tempdir().unwrap();
    let (batch, frames) = scan(&here, state.path(), (true, "[]"));
    let answered = (Some(IpAddr::V4(HOST)), Fact::Answered(Reply::Timestamp));
    assert_eq!(replies(&batch, Method::IcmpTimestamp), [answered]);
    assert_eq!(replies(&batch, Method::IcmpEcho), []);
    assert_eq!(counter(&there, "Icmp", "InTimestamps"), 1);
    let stamps = frames.iter().filter(|frame| frame.octets[23] == 1 && frame.octets[34] == 13);
    assert_eq!(stamps.count(), 6, "one to each who was silent");
    assert_eq!(counted(&batch, PacketKind::Timestamp), 6);
    let covered = covered(&batch, Method::IcmpTimestamp);
    assert_eq!((covered.asked.len(), covered.answered.len(), covered.tries), (6, 1, 1));
    assert!(segments(&frames).is_empty());
}

#[test]
fn an_ordinary_user_connects_and_says_what_was_not_to_be_had() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let (here, there) = street("plain");
    let door = there.enter(|| TcpListener::bind((HOST, OPEN))).unwrap().unwrap();
    let state = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let (batch, _) = scan(&here, state.path(), (false, "[8080, 8081]"));
    let open = (Some(IpAddr::V4(HOST)), Fact::Answered(Reply::TcpOpen(OPEN)));
    assert!(replies(&batch, Method::TcpConnect).contains(&open));
    assert_eq!(counted(&batch, PacketKind::TcpSyn), 0);
    assert!(!batch.coverage.iter().any(|coverage| coverage.method == Method::TcpSyn));
    let stamps = covered(&batch, Method::IcmpTimestamp);
    let [not] = &stamps.not_asked[..] else { panic!("{stamps:?}") };
    assert_eq!((not.why, not.addresses.len()), (Why::NoPrivilege, 6));
    drop(door);
}
