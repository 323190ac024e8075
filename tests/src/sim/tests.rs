use std::collections::BTreeSet;

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use async_snmp::pdu::{Pdu, PduBody};
use async_snmp::{GetBulkPdu, RequestPdu, VarBind, Version};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, Question, TYPE};

use super::answer::{answer_dns_sd, answer_frame, answer_snmp};
use super::truth::Expected;
use super::*;

fn hospital() -> Hospital {
    Hospital::furnish(2026, Ground::Wire)
}

fn ask(device: &Device, community: &[u8], request: Pdu) -> Option<Vec<VarBind>> {
    let octets = CommunityMessage::v2c(community.to_vec(), request).unwrap().encode().unwrap();
    let reply = answer_snmp(device, &octets)?;
    assert!(reply.len() < 1400, "{} octets do not fit a packet", reply.len());
    let message = CommunityMessage::decode(reply.into(), DecodeConfig::default()).unwrap().value;
    Some(message.into_pdu().unwrap().into_varbinds())
}

/// Every object of the device, as GETBULK walks it.
fn walk(device: &Device) -> Vec<(Oid, Value)> {
    let mut seen: Vec<(Oid, Value)> = Vec::new();
    loop {
        let last = seen.last().map_or_else(|| Oid::new([0, 0]), |(oid, _)| oid.clone());
        let request =
            GetBulkPdu::new(Version::V2c, 7, 0, 40, vec![VarBind::null(last)]).unwrap().into_raw();
        for bind in ask(device, COMMUNITY, request).unwrap() {
            if bind.value == Value::EndOfMibView {
                return seen;
            }
            assert!(seen.last().is_none_or(|(oid, _)| *oid < bind.oid), "walks upwards");
            seen.push((bind.oid, bind.value));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_hospital() {
    let (one, other) = (hospital(), hospital());
    assert_eq!(one.rows, other.rows);
    assert_eq!(format!("{:?}", one.devices), format!("{:?}", other.devices));
    assert_ne!(one.rows, Hospital::furnish(7, Ground::Wire).rows);
}

#[test]
fn no_two_interfaces_share_an_address_and_every_address_is_of_a_network() {
    let hospital = hospital();
    let (mut macs, mut ips) = (BTreeSet::new(), BTreeSet::new());
    for nic in hospital.devices.iter().flat_map(|device| &device.nics) {
        assert!(macs.insert(nic.mac), "{} twice", nic.mac);
        assert!(ips.insert(nic.ip), "{} twice", nic.ip);
        assert!(hospital.segment_of(nic.ip).is_some(), "{} nowhere", nic.ip);
    }
    assert_eq!(hospital.devices.len(), 366);
    for row in hospital.rows.iter().filter(|row| row.plant == Plant::Gone) {
        assert!(row.ips.iter().all(|ip| !ips.contains(ip)), "{row:?} is not gone");
        assert!(row.macs.iter().all(|mac| !macs.contains(mac)), "{row:?} is not gone");
    }
    for row in hospital.rows.iter().filter(|row| row.plant == Plant::WrongIp) {
        assert!(row.ips.iter().all(|ip| !ips.contains(ip)), "{row:?} is somebody's address");
    }
}

#[test]
fn every_snmp_agent_is_walked_to_its_end_in_packets_that_fit() {
    let hospital = hospital();
    let agents = hospital.devices.iter().filter(|device| device.answers.snmp.is_some());
    let mut walked = 0;
    for device in agents {
        assert_eq!(Some(walk(device)), device.answers.snmp, "{}", device.key);
        walked += 1;
    }
    assert_eq!(walked, 64);
}

#[test]
fn a_wrong_community_is_met_with_silence() {
    let hospital = hospital();
    let device = hospital.device("switch-001").unwrap();
    let name = [Oid::new([1, 3, 6, 1, 2, 1, 1, 5, 0])];
    let request = || RequestPdu::get(Version::V2c, 1, &name).unwrap().into_raw();
    assert_eq!(ask(device, b"public", request()), None);
    assert_eq!(ask(device, b"byoin-ro@20", request()), None, "it keeps no contexts");
    let core = hospital.device("core-001").unwrap();
    assert_eq!(ask(core, b"byoin-ro@21", request()), None, "no such VLAN");
    let name = ask(core, b"byoin-ro@20", request()).unwrap().remove(0).value;
    assert_eq!(name, Value::NoSuchInstance, "the VLAN has tables, and no name");
    let bind = ask(device, COMMUNITY, request()).unwrap().remove(0);
    assert_eq!(bind.value.as_str(), Some(device.name.as_str()));
    assert!(matches!(request().into_raw_parts().1, PduBody::Standard { .. }));
    assert_eq!(answer_snmp(device, b"\x30\x84random octets"), None);
}

#[test]
fn a_printer_tells_its_services_and_where_they_are() {
    let hospital = hospital();
    let device = hospital.device("mfp-001").unwrap();
    let ip = device.nics[0].ip;
    let ask = |name: &str, kind: TYPE| {
        let mut query = Packet::new_query(9);
        let name = Name::new_unchecked(name).into_owned();
        query.questions.push(Question::new(name, kind.into(), CLASS::IN.into(), false));
        answer_dns_sd(device, ip, &query.build_bytes_vec().unwrap())
    };
    let reply = ask("_services._dns-sd._udp.local", TYPE::PTR).unwrap();
    let reply = Packet::parse(&reply).unwrap();
    assert_eq!((reply.id(), reply.answers.len(), reply.questions.len()), (9, 3, 1));
    let reply = ask("_ipp._tcp.local", TYPE::PTR).unwrap();
    let reply = Packet::parse(&reply).unwrap();
    assert!(
        reply
            .additional_records
            .iter()
            .any(|record| { matches!(&record.rdata, RData::SRV(srv) if srv.port == 631) })
    );
    assert_eq!(ask("_airplay._tcp.local", TYPE::PTR), None);
    assert_eq!(answer_dns_sd(device, ip, b"random octets"), None);
}

#[test]
fn octets_to_a_printing_port_are_counted() {
    let hospital = hospital();
    let device = hospital.device("mfp-001").unwrap();
    let nic = device.nics[0];
    for (port, want) in [(9100u16, 40), (515, 40), (80, 0)] {
        let mut frame = nic.mac.octets().to_vec();
        frame.extend([2, 0, 0, 0, 0, 9, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
        frame.extend(Ipv4Addr::new(10, 20, 0, 9).octets());
        frame.extend(nic.ip.octets());
        frame.extend([0x80, 0]);
        frame.extend(port.to_be_bytes());
        frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
        let met = answer_frame(&hospital, &frame);
        assert_eq!((met.forbidden, met.answers.len()), (want, 1), "port {port}");
    }
}

#[test]
fn a_frame_for_a_network_that_must_not_be_touched_is_counted_and_not_answered() {
    let hospital = hospital();
    let router = hospital.device("router-001").unwrap().nics[0].mac;
    for (kind, at, length) in [([8, 0], 30, 60), ([8, 6], 38, 42)] {
        let mut frame = vec![0; length];
        frame[..6].copy_from_slice(&router.octets());
        frame[12..14].copy_from_slice(&kind);
        frame[at..at + 4].copy_from_slice(&[10, 20, 24, 11]);
        let met = answer_frame(&hospital, &frame);
        assert_eq!((met.forbidden, met.answers.len()), (length as u64, 0), "{kind:?}");
        frame[at..at + 4].copy_from_slice(&[10, 20, 2, 11]);
        assert_eq!(answer_frame(&hospital, &frame).forbidden, 0);
    }
}

#[test]
fn no_frame_of_random_octets_is_answered_or_makes_anything_panic() {
    let hospital = hospital();
    let mut dice = dice::Dice::new(1);
    for _ in 0..2000 {
        let length = dice.below(90);
        let mut frame: Vec<u8> = (0..length).map(|_| dice.throw().to_le_bytes()[0]).collect();
        if let Some(kind) = frame.get_mut(12..14) {
            kind.copy_from_slice(if dice.chance(500) { &[8, 0] } else { &[8, 6] });
        }
        assert_eq!(answer_frame(&hospital, &frame).answers, Vec::<Vec<u8>>::new());
    }
}

#[test]
fn every_kind_of_difference_is_planted() {
    let hospital = hospital();
    let truth = hospital.truth();
    assert_eq!(truth.undocumented.len(), 11);
    let count = |want: &Expected| truth.rows.iter().filter(|row| *row == want).count();
    assert_eq!(count(&Expected::Differs("mac")), 2);
    assert_eq!(count(&Expected::Differs("ip")), 4);
    assert_eq!(count(&Expected::Differs("host_name")), 3);
    assert_eq!(count(&Expected::NotSeen), 7);
    assert_eq!(count(&Expected::NotConnected), 5);
    assert_eq!(count(&Expected::RetiredButSeen), 3);
    assert!(count(&Expected::CannotTell) == 10);
    assert!(count(&Expected::Agreed) > 250);
    let loopback = Hospital::furnish(2026, Ground::Loopback).truth();
    assert_eq!(loopback.undocumented.len(), 8);
    assert!(!loopback.rows.contains(&Expected::NotSeen));
}
