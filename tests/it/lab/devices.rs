use std::collections::BTreeSet;
use std::net::IpAddr;

use daicho_collector::evidence::SourcedText;
use daicho_collector::fingerprint::{Class, Rows};
use daicho_collector::ledger::Ledger;
use daicho_collector::picture::{self, Picture};
use daicho_collector::resolve::{Device, Service};
use daicho_common::batch::Batch;
use daicho_common::observation::Method;
use daicho_tests::lab::{HOSTS, Lab, Spec, WING};

use super::programs::Scan;
use super::services::{EVERYTHING, at, said};

/// What must come of a host: class, vendor, system, software, and services with their ports. Empty: none.
#[derive(Clone, Copy, Debug)]
struct Expected {
    last: u8,
    class: Option<Class>,
    vendor: &'static str,
    os: &'static str,
    programs: &'static [&'static str],
    services: &'static [&'static str],
}

const NOTHING: Expected =
    Expected { last: 0, class: None, vendor: "", os: "", programs: &[], services: &[] };

/// Where there is no class, what the host says tells none: a page or a remote desktop runs on anything. A
/// SIP proxy and a database are servers'. Yamaha and Buffalo are known by their MAC addresses alone
/// where nothing else is said.
const EXPECTED: &[Expected] = &[
    Expected {
        last: 11,
        class: Some(Class::Server),
        os: "Debian",
        programs: &["OpenSSH"],
        services: &["_sftp-ssh._tcp/22", "_ssh._tcp/22", "ssh/22", "tcp/22"],
        ..NOTHING
    },
    Expected {
        last: 21,
        class: Some(Class::Mfp),
        vendor: "RICOH",
        programs: &["CUPS"],
        services: &[
            "_http._tcp/631",
            "_ipp._tcp/631",
            "_ipps._tcp/631",
            "_printer._tcp/0",
            "http/631",
            "ipp/631",
            "tcp/631",
        ],
        ..NOTHING
    },
    Expected {
        last: 31,
        class: Some(Class::Nas),
        vendor: "Buffalo",
        programs: &["Samba"],
        services: &[
            "_device-info._tcp/0",
            "_smb._tcp/445",
            "node_status/137",
            "smb/445",
            "tcp/139",
            "tcp/445",
        ],
        ..NOTHING
    },
    Expected { last: 41, programs: &["nginx"], services: &["http/80", "tcp/80"], ..NOTHING },
    Expected { last: 51, vendor: "Yamaha", ..NOTHING },
    Expected { last: 2, class: Some(Class::Switch), vendor: "Allied Telesis", ..NOTHING },
    Expected {
        last: 61,
        programs: &["Samba", "wsdd"],
        services: &[
            "node_status/137",
            "smb/445",
            "tcp/139",
            "tcp/445",
            "tcp/5357",
            "wsd/3702",
            "wsd/5357",
        ],
        ..NOTHING
    },
    Expected {
        last: 62,
        programs: &["Dropbear"],
        services: &["rdp/3389", "ssh/22", "tcp/22", "tcp/3389"],
        ..NOTHING
    },
    Expected {
        last: 63,
        class: Some(Class::Medical),
        programs: &["Orthanc"],
        services: &["dicom/104", "dicom/4242", "http/8042", "tcp/104", "tcp/4242", "tcp/8042"],
        ..NOTHING
    },
    Expected {
        last: 64,
        vendor: "Buffalo",
        os: "Debian",
        programs: &["MiniDLNA"],
        services: &["http/8200", "tcp/8200", "upnp/8200"],
        ..NOTHING
    },
    Expected { last: 65, vendor: "Yamaha", services: &["tcp/443", "tls/443"], ..NOTHING },
    Expected {
        last: 66,
        programs: &["nginx"],
        services: &["http/443", "http/80", "tcp/443", "tcp/80", "tls/443"],
        ..NOTHING
    },
    Expected {
        last: 67,
        class: Some(Class::Server),
        os: "Linux",
        programs: &["Kamailio"],
        services: &["sip/5060"],
        ..NOTHING
    },
    Expected {
        last: 68,
        class: Some(Class::Server),
        programs: &["vsFTPd"],
        services: &["ftp/21", "tcp/21", "tcp/23", "tcp/5432", "telnet/23"],
        ..NOTHING
    },
];

/// What the collector makes of what the agent saw.
fn picture(batch: &Batch) -> Picture {
    let fingerprints = Rows::builtin().unwrap();
    picture::of_scan(&batch.observations, &batch.coverage, &Ledger::default(), &fingerprints)
}

/// A service and its port; open ports have theirs in their names.
fn place(service: &Service) -> String {
    let Service { kind, port, .. } = service;
    if kind.as_str().starts_with("tcp/") { kind.to_string() } else { format!("{kind}/{port}") }
}

/// What is not as expected of this host.
fn wrong(picture: &Picture, expected: &Expected) -> Vec<String> {
    let ip: IpAddr = at(expected.last);
    let mut devices = picture.devices.iter();
    let found = devices.find(|device| device.addresses.iter().any(|of| of.ip == ip));
    let device: &Device = found.unwrap_or_else(|| panic!("{ip} is no device"));
    let mut wrong = Vec::new();
    let mut hold = |what: &str, is: String, right: bool| {
        if !right {
            let why = &device.why;
            wrong
                .push(format!("{ip}: {what} is {is:?}, expected {expected:?}, because of {why:?}"));
        }
    };
    let text =
        |of: &Option<SourcedText>| of.as_ref().map(|of| of.value.to_string()).unwrap_or_default();
    let class = device.class.as_ref().map(|of| of.value);
    hold("class", format!("{class:?}"), class == expected.class);
    let vendor = text(&device.vendor);
    hold("vendor", vendor.clone(), vendor == expected.vendor);
    // The release is the machine's that the lab runs on.
    let os = text(&device.os);
    hold("os", os.clone(), os.split(' ').next() == expected.os.split(' ').next());
    let programs: Vec<_> = device.programs.iter().map(|of| of.value.product.as_str()).collect();
    hold("software", format!("{programs:?}"), programs == expected.programs);
    let services: BTreeSet<_> = device.services.iter().map(|of| place(&of.value)).collect();
    let right = services == expected.services.iter().map(|of| (*of).to_owned()).collect();
    hold("services", format!("{services:?}"), right);
    wrong
}

/// Scans these hosts, and holds what comes of them against the table.
fn scanned(specs: &'static [Spec]) -> Option<(Lab, Batch)> {
    let lab = super::lab_of(specs)?;
    let batch = Scan { network: EVERYTHING, ..Scan::default() }.run(&lab, "devices");
    let picture = picture(&batch);
    let of = |spec: &Spec| {
        let last = spec.ip.octets()[3];
        EXPECTED.iter().find(|of| of.last == last).unwrap_or_else(|| panic!("{}", spec.name))
    };
    let wrong: Vec<_> = specs.iter().flat_map(|spec| wrong(&picture, of(spec))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Some((lab, batch))
}

#[test]
fn every_host_of_the_lab_comes_out_as_what_it_is() {
    let Some((lab, batch)) = scanned(HOSTS) else { return };
    // The line that ssh-keygen -l prints of OpenSSH's own key: bits, print, comment.
    let mut printed = std::process::Command::new("ssh-keygen");
    printed.args(["-l", "-f"]).arg(lab.state().join("kensa-sv01/ssh_host_ed25519_key.pub"));
    let printed = String::from_utf8(super::programs::succeed(printed).stdout).unwrap();
    let own = said(&batch, 11, Method::Ssh);
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(own[0].get("hostkey_ssh-ed25519"), printed.split(' ').nth(1), "{printed}");
    assert!(own[0].get("banner").unwrap().starts_with("OpenSSH_"), "{own:?}");
    lab.down().unwrap();
}

#[test]
fn every_host_of_the_wing_comes_out_as_what_it_is() {
    let Some((lab, _)) = scanned(WING) else { return };
    lab.down().unwrap();
}
