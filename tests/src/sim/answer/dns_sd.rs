//! A DNS-SD responder (RFC 6763) that answers by unicast as RFC 6762 §6.7 asks for questions from
//! an ephemeral port: id and question repeated, short lives.

use std::net::Ipv4Addr;

use simple_dns::rdata::{A, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, Label, Name, Packet, PacketFlag, QTYPE, Question, ResourceRecord, TYPE};

use crate::sim::{Announced, Device};

/// Seconds that a record lives in an answer to an ephemeral port, at most 10 (RFC 6762 §6.7).
const LIFE: u32 = 10;

/// The answer to a datagram at UDP port 5353 of this interface; `None` is silence.
pub fn answer_dns_sd(device: &Device, ip: Ipv4Addr, octets: &[u8]) -> Option<Vec<u8>> {
    if device.answers.services.is_empty() {
        return None;
    }
    let query = Packet::parse(octets).ok()?;
    if query.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    for question in &query.questions {
        answer_question(device, ip, question, &mut reply);
    }
    if reply.answers.is_empty() {
        return None;
    }
    reply.questions = query.questions;
    reply.build_bytes_vec_compressed().ok()
}

fn answer_question<'a>(
    device: &'a Device,
    ip: Ipv4Addr,
    question: &Question<'_>,
    reply: &mut Packet<'a>,
) {
    let asked = Asked(question);
    let host = name(&[&device.name, "local"]);
    if asked.is(&reverse(ip), TYPE::PTR) {
        reply.answers.push(record(reverse(ip), RData::PTR(PTR(host.clone()))));
    }
    if asked.is(&host, TYPE::A) {
        reply.answers.push(address(device, ip));
    }
    for announced in &device.answers.services {
        let (kind, instance) = (service(announced), instance(device, announced));
        let all = name(&["_services", "_dns-sd", "_udp", "local"]);
        if asked.is(&all, TYPE::PTR) {
            reply.answers.push(record(all, RData::PTR(PTR(kind.clone()))));
        }
        if asked.is(&kind, TYPE::PTR) {
            reply.answers.push(record(kind, RData::PTR(PTR(instance.clone()))));
            reply.additional_records.extend([located(device, announced), told(device, announced)]);
            reply.additional_records.push(address(device, ip));
        }
        if asked.is(&instance, TYPE::SRV) {
            reply.answers.push(located(device, announced));
            reply.additional_records.push(address(device, ip));
        }
        if asked.is(&instance, TYPE::TXT) {
            reply.answers.push(told(device, announced));
        }
    }
}

struct Asked<'q, 'a>(&'q Question<'a>);

impl Asked<'_, '_> {
    /// Whether this is asked for; names are compared without regard to case (RFC 1035 §2.3.3).
    fn is(&self, name: &Name<'_>, kind: TYPE) -> bool {
        let (asked, have) = (self.0.qname.get_labels(), name.get_labels());
        asked.len() == have.len()
            && asked.iter().zip(have).all(|(a, b)| a.as_ref().eq_ignore_ascii_case(b.as_ref()))
            && (self.0.qtype == QTYPE::ANY || self.0.qtype == QTYPE::TYPE(kind))
    }
}

fn name<'a>(labels: &[&str]) -> Name<'a> {
    let labels: Vec<_> =
        labels.iter().map(|label| Label::new_unchecked(label.as_bytes().to_vec())).collect();
    Name::new_with_labels(&labels)
}

fn reverse<'a>(ip: Ipv4Addr) -> Name<'a> {
    let [a, b, c, d] = ip.octets().map(|octet| octet.to_string());
    name(&[&d, &c, &b, &a, "in-addr", "arpa"])
}

fn service<'a>(announced: &Announced) -> Name<'a> {
    let (kind, transport) = announced.service.split_once('.').unwrap_or((announced.service, ""));
    name(&[kind, transport, "local"])
}

fn instance<'a>(device: &Device, announced: &Announced) -> Name<'a> {
    let (kind, transport) = announced.service.split_once('.').unwrap_or((announced.service, ""));
    let called = format!("{} ({})", device.make.model, device.name);
    name(&[&called, kind, transport, "local"])
}

fn record<'a>(name: Name<'a>, data: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(name, CLASS::IN, LIFE, data)
}

fn address<'a>(device: &Device, ip: Ipv4Addr) -> ResourceRecord<'a> {
    record(name(&[&device.name, "local"]), RData::A(A { address: ip.into() }))
}

fn located<'a>(device: &Device, announced: &Announced) -> ResourceRecord<'a> {
    let target = name(&[&device.name, "local"]);
    let data = SRV { priority: 0, weight: 0, port: announced.port, target };
    record(instance(device, announced), RData::SRV(data))
}

fn told<'a>(device: &Device, announced: &'a Announced) -> ResourceRecord<'a> {
    let mut txt = TXT::new();
    for said in &announced.txt {
        if let Ok(said) = said.as_str().try_into() {
            txt.add_char_string(said);
        }
    }
    record(instance(device, announced), RData::TXT(txt))
}
