use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

use daicho_common::batch::Batch;
use daicho_common::coverage::PacketKind;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Reply};
use daicho_tests::lab::trap::Trap;
use daicho_tests::lab::wiretap::{Frame, Sent, Wiretap};
use daicho_tests::lab::{Lab, SCANNER_INTERFACE, WING};

use super::programs::{Scan, User, succeed};

/// Everything that may be asked, and the two hosts that were named for DICOM.
pub(super) const EVERYTHING: &str = r#"
policy = "full"
tcp_ports = [21, 22, 23, 80, 104, 139, 443, 445, 631, 3389, 4242, 5432, 8042, 8200]
ports = { http = [80, 8042, 8200] }
[[network.dicom]]
host = "10.77.0.63"
port = 104
called = "KENSA_SCP"
[[network.dicom]]
host = "10.77.0.63"
port = 4242
called = "PACS01"
"#;

pub(super) fn at(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 77, 0, last).into()
}

/// What the service at this address said by this protocol.
pub(super) fn said(batch: &Batch, last: u8, method: Method) -> Vec<&Said> {
    let own = batch.observations.iter();
    let own = own.filter(|o| o.speaker.ip == Some(at(last)) && o.method == method);
    own.filter_map(|o| if let Fact::Said(said) = &o.fact { Some(&**said) } else { None }).collect()
}

/// Host, protocol, field, and what its value has in it. wsdd and minidlna listen to their groups only.
const EXPECTED: &[(u8, Method, &str, &str)] = &[
    (61, Method::NodeStatus, "name_00", "JIMU-SV02"),
    (61, Method::Smb, "host", "JIMU-SV02"),
    (61, Method::Smb, "dialect", "3."),
    (61, Method::Wsd, "types", "Computer"),
    (61, Method::Wsd, "friendly_name", "JIMU-SV02"),
    (62, Method::Ssh, "protocol", "2.0"),
    (62, Method::Ssh, "banner", "dropbear_"),
    (62, Method::Ssh, "hostkey_bits", "2048"),
    (62, Method::Rdp, "protocol", "tls"),
    (62, Method::Rdp, "subject", "vdi-01.byoin.test"),
    (63, Method::Dicom, "implementation_version", "DCMTK"),
    (63, Method::Http, "title", "Orthanc"),
    (64, Method::Upnp, "friendly_name", "待合室メディア"),
    (65, Method::Tls, "subject", "CN=old-web"),
    (65, Method::Tls, "version", "1.0"),
    (66, Method::Tls, "version", "1.3"),
    (66, Method::Tls, "subject", "CN=new-web.byoin.test"),
    (66, Method::Http, "title", "電子カルテ入口"),
    (66, Method::Http, "server", "nginx"),
    (67, Method::Sip, "server", "kamailio"),
    (68, Method::Ftp, "greeting", "vsFTPd"),
    (68, Method::Telnet, "greeting", "login"),
    (21, Method::Ipp, "printer-make-and-model", "IM C3000"),
    (21, Method::Ipp, "printer-location", "3階東病棟"),
];

/// What no packet of ours may hold: the last message of an NTLM login ([MS-NLMP] §2.2.1.3), and
/// credentials of other protocols.
const NEVER: [&[u8]; 6] =
    [b"NTLMSSP\0\x03\0\0\0", b"Authorization:", b"USER ", b"PASS ", b"AUTH ", b"ssh-userauth"];

fn never_logs_in(frames: &[Frame]) {
    for frame in frames {
        for what in NEVER {
            let found = frame.octets.windows(what.len()).any(|window| window == what);
            assert!(!found, "{} in {:?}", String::from_utf8_lossy(what), frame.sent());
        }
    }
}

/// What a witness that nobody here wrote holds to be malformed; nothing, it is to be hoped. DICOM is left
/// out: the witness sees what leaves only, and takes a command for malformed whose association it did
/// not see accepted. The octets are those of DCMTK's own client.
fn malformed(capture: &Path) -> String {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(capture).args(["-Y", "_ws.malformed && !dicom", "-T", "fields"]);
    tshark.args([
        "-e",
        "frame.number",
        "-e",
        "ip.dst",
        "-e",
        "_ws.col.Protocol",
        "-e",
        "_ws.col.Info",
    ]);
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Connections that were opened are all counted, as knocks or as conversations.
fn counts_connections(batch: &Batch, frames: &[Frame]) {
    let counted = |kind| -> u64 {
        batch.sent.iter().filter(|sent| sent.kind == kind).map(|sent| sent.packets).sum()
    };
    let opens: BTreeSet<_> = frames
        .iter()
        .filter(|frame| matches!(frame.sent(), Some(Sent::Ip { opens: true, .. })))
        // A SYN that the kernel repeats is the same to the ports and the sequence number.
        .map(|frame| frame.octets.get(30..42).map(<[u8]>::to_vec))
        .collect();
    let asked = counted(PacketKind::TcpSyn) + counted(PacketKind::TcpOpen);
    assert_eq!(opens.len() as u64, asked, "connections opened, and counted");
    assert!(counted(PacketKind::TcpOpen) > 0 && counted(PacketKind::Said) > 0);
}

#[test]
fn every_service_says_what_it_is_and_nobody_is_harmed() {
    let Some(lab) = super::lab_of(WING) else { return };
    let traps: Vec<Trap> =
        lab.hosts().iter().map(|host| Trap::set(host.namespace()).unwrap()).collect();
    let scan = Scan {
        user: User::Root,
        packets_per_second: 400,
        target_packets_per_second: 20,
        network: EVERYTHING,
        deny: "",
        snmp_users: "",
    };
    let capture = lab.state().join("services.pcap");
    let tap = Wiretap::on(lab.scanner(), SCANNER_INTERFACE, &capture).unwrap();
    let batch = scan.run(&lab, "services");
    let frames = tap.stop().unwrap();
    for trap in &traps {
        assert_eq!(trap.sprung().unwrap(), [], "a port that prints, or takes HL7");
    }
    never_logs_in(&frames);
    counts_connections(&batch, &frames);
    assert_eq!(malformed(&capture), "");
    let missing: Vec<_> = EXPECTED
        .iter()
        .filter(|(last, method, field, value)| {
            let mut said = said(&batch, *last, *method).into_iter();
            !said.any(|said| said.all(field).any(|of| of.contains(value)))
        })
        .map(|(last, method, ..)| (*last, *method, said(&batch, *last, *method)))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    presence(&lab, &batch);
    keys(&lab, &batch);
    lab.down().unwrap();
}

/// The host key that was read is the one that the daemon has, as other programs print it.
fn keys(lab: &Lab, batch: &Batch) {
    let line = "dropbearkey -y -f \"$1\" | grep '^ssh-rsa' | ssh-keygen -l -f -";
    let mut command = Command::new("sh");
    command.args(["-c", line, "sh"]).arg(lab.state().join("vdi-01/rsa"));
    let printed = String::from_utf8(succeed(command).stdout).unwrap();
    let own: Vec<_> = said(batch, 62, Method::Ssh);
    let read: Vec<_> = own.iter().filter_map(|said| said.get("hostkey_ssh-rsa")).collect();
    assert_eq!(read, printed.split(' ').skip(1).take(1).collect::<Vec<_>>(), "{printed}");
}

/// Every port that a host has open is found open.
fn presence(lab: &Lab, batch: &Batch) {
    for host in lab.hosts() {
        let ip = IpAddr::V4(host.spec().ip);
        let own = batch.observations.iter().filter(|o| o.speaker.ip == Some(ip));
        let open: BTreeSet<u16> = own
            .filter_map(|o| {
                let Fact::Answered(Reply::TcpOpen(port)) = &o.fact else { return None };
                Some(*port)
            })
            .collect();
        let missed: Vec<_> = host.spec().open.iter().filter(|port| !open.contains(port)).collect();
        assert!(missed.is_empty(), "{ip}: {missed:?} are open, found {open:?}");
    }
}
