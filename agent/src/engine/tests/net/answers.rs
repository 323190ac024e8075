//! What hosts answer, in octets.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::{Arp, Operation};
use daicho_common::wire::dns::{Data, Message, Name, Record};
use daicho_common::wire::ethernet::{EtherType, Ethernet, Tag};

/// What a printer with one service answers to a question; all that it knows of the service comes
/// with the pointer to it.
pub(super) fn print_service(question: &[u8]) -> Vec<u8> {
    let asked = Message::decode(question).expect("a question");
    let (service, instance) = ("_ipp._tcp.local", "mfp._ipp._tcp.local");
    let [service, instance] = [service, instance].map(|name| Name::dotted(name).expect("a name"));
    let about = |name: &Name| asked.questions.iter().any(|question| question.name.matches(name));
    let (mut answers, mut more) = (Vec::new(), Vec::new());
    if about(&Name::services()) {
        answers.push(Record::new(Name::services(), Data::Ptr(service)));
    } else if about(&service) {
        let target = Name::dotted("mfp.local").expect("a name");
        let place = Data::Srv { priority: 0, weight: 0, port: 631, target };
        more.push(Record::new(instance.clone(), place));
        more.push(Record::new(instance.clone(), Data::Txt(Vec::new())));
        answers.push(Record::new(service, Data::Ptr(instance)));
    }
    Message::answer(&asked, answers, more).encode()
}

/// What a name server answers: the name is `host-` and the last octet of the address.
pub(super) fn named(question: &[u8]) -> Vec<u8> {
    let asked = Message::decode(question).expect("a question");
    let name = asked.questions[0].name.clone();
    let last = String::from_utf8(name.labels()[0].clone()).expect("a number");
    let target = Name::dotted(&format!("host-{last}.example")).expect("a name");
    Message::answer(&asked, vec![Record::new(name, Data::Ptr(target))], Vec::new()).encode()
}

/// What an endpoint of WS-Discovery answers: where it is, only if it is asked for that.
pub(super) fn endpoint(question: &[u8]) -> Vec<u8> {
    let question = String::from_utf8_lossy(question);
    let id = question.split("MessageID>").nth(1).and_then(|rest| rest.split('<').next());
    let id = id.expect("a message with an id");
    let (kind, place) = if question.contains("<wsd:Resolve>") {
        ("ResolveMatch", "<XAddrs>http://10.20.0.4:5357/</XAddrs>")
    } else {
        ("ProbeMatch", "")
    };
    let body = format!("<{kind}><Address>urn:uuid:7</Address>{place}</{kind}>");
    format!("<e><RelatesTo>{id}</RelatesTo>{body}</e>").into_bytes()
}

/// The frame in which `mac` says that it has `ip`.
pub(in crate::engine::tests) fn arp_says(mac: Mac, ip: Ipv4Addr, operation: Operation) -> Vec<u8> {
    let mut octets = Vec::new();
    let destination = Mac::BROADCAST;
    Ethernet { destination, source: mac, tag: None, ether_type: EtherType::ARP }
        .encode(&mut octets);
    let target_ip = Ipv4Addr::UNSPECIFIED;
    Arp { operation, sender_mac: mac, sender_ip: ip, target_mac: Mac::ZERO, target_ip }
        .encode(&mut octets);
    octets
}

pub(super) fn arp_reply(mac: Mac, request: &[u8]) -> Vec<u8> {
    let (header, payload) = Ethernet::decode(request).unwrap();
    let (arp, _) = Arp::decode(payload).unwrap();
    let mut reply = arp_says(mac, arp.target_ip, Operation::REPLY);
    // In the VLAN of the question.
    if let Some(Tag(tag)) = header.tag {
        let ([a, b], [c, d]) = (0x8100_u16.to_be_bytes(), tag.to_be_bytes());
        reply.splice(12..12, [a, b, c, d]);
    }
    reply
}
