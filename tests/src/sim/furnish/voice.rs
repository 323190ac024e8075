//! What each kind of device says: its interfaces, its tables, its services.

use std::net::Ipv4Addr;

use daicho_common::observation::table::Rows;

use crate::sim::mib::{Agent, ETHERNET, LOOPBACK, Port};
use crate::sim::{Announced, Answers, Device, Kind, Nic, Segment};

/// ifIndex of the own interface of a switch, beyond those of its ports and bundles.
const OWN: u32 = 9_001;

/// What a device of this kind says when it says all it can.
pub(super) fn speak(
    device: &Device,
    segments: &[Segment],
    kept: (Vec<Port>, Vec<Rows>),
) -> Answers {
    let (services, open) = announce(device);
    let newer = matches!(device.kind, Kind::Server | Kind::Switch | Kind::AccessPoint);
    let agent = (!device.make.object_id.is_empty()).then(|| Agent {
        object_id: device.make.object_id,
        description: device.make.description,
        name: &device.name,
        location: &device.place,
        ports: [ports(device, segments), kept.0].concat(),
        newer,
        tables: kept.1,
    });
    let snmp = agent.as_ref().map(Agent::objects);
    let contexts = agent.as_ref().map(Agent::contexts).unwrap_or_default();
    Answers { echo: true, snmp, contexts, services, open, resets: true }
}

fn announce(device: &Device) -> (Vec<Announced>, Vec<u16>) {
    let model = device.make.model;
    let service = |service, port, txt: &[String]| Announced { service, port, txt: txt.to_vec() };
    match device.kind {
        Kind::Mfp => {
            let note = format!("note={}", device.place);
            let told = [format!("ty={model}"), format!("product=({model})"), note];
            let services = vec![
                service("_ipp._tcp", 631, &told),
                service("_pdl-datastream._tcp", 9100, &told),
                service("_scanner._tcp", 80, &told),
            ];
            (services, vec![80, 515, 631, 9100])
        }
        Kind::Printer => (Vec::new(), vec![80, 9100]),
        Kind::Nas => {
            let disk = ["sys=adVF=0x100".to_owned()];
            (
                vec![service("_smb._tcp", 445, &[]), service("_adisk._tcp", 9, &disk)],
                vec![80, 139, 445],
            )
        }
        Kind::Server => (Vec::new(), vec![22, 443]),
        Kind::Pc | Kind::Bedside | Kind::Laboratory | Kind::Telephone => (Vec::new(), vec![445]),
        Kind::Utm | Kind::Router | Kind::Switch | Kind::AccessPoint | Kind::Ups => {
            (Vec::new(), vec![22, 80])
        }
    }
}

/// The own interfaces of the device; a switch has its ports beside them, which its wiring tells, and
/// the router numbers them as the VLANs.
fn ports(device: &Device, segments: &[Segment]) -> Vec<Port> {
    let segment = |nic: &Nic| segments.iter().find(|segment| segment.cidr.contains(&nic.ip));
    let own = |(nic, n): (&Nic, u32)| {
        let (index, name) = match device.kind {
            Kind::Router => {
                let vlan = segment(nic).map_or(n, |segment| segment.vlan.into());
                (vlan, format!("LAN{n}"))
            }
            Kind::Switch => (OWN, "vlan1".into()),
            Kind::Utm => (n, "internal".into()),
            Kind::Pc
            | Kind::Server
            | Kind::Mfp
            | Kind::Printer
            | Kind::AccessPoint
            | Kind::Nas
            | Kind::Ups
            | Kind::Bedside
            | Kind::Laboratory
            | Kind::Telephone => (n, format!("eth{}", n - 1)),
        };
        let prefix = segment(nic).map_or(24, |segment| segment.cidr.prefix_len());
        let (mac, ip) = (Some(nic.mac), Some((nic.ip, prefix)));
        Port { index, kind: ETHERNET, name, alias: String::new(), mac, up: true, ip }
    };
    let mut ports: Vec<Port> = device.nics.iter().zip(1u32..).map(own).collect();
    if matches!(device.kind, Kind::Server | Kind::Nas) {
        let ip = Some((Ipv4Addr::LOCALHOST, 8));
        let (name, alias) = ("lo".into(), String::new());
        let index = u32::try_from(ports.len()).unwrap_or(0) + 1;
        ports.push(Port { index, kind: LOOPBACK, name, alias, mac: None, up: true, ip });
    }
    ports
}
