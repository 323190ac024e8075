//! What is heard of hosts that talk with each other.

use daicho_common::observation::Reply;
use daicho_common::wire::hl7::Hl7;
use daicho_common::wire::tcp::{ACK, RST, SYN};

use super::*;

const SERVER: [u8; 4] = [10, 20, 0, 9];
const CLIENT: [u8; 4] = [10, 20, 0, 7];

fn segment(from: ([u8; 4], u16), to: ([u8; 4], u16), flags: u8, data: &[u8]) -> Frame {
    let tcp = Tcp { flags, data: data.to_vec(), ..Tcp::syn(from.1, to.1, 7) };
    let mut octets = Vec::new();
    tcp.encode(from.0.into(), to.0.into(), &mut octets);
    let packet = Ipv4::new(6, from.0.into(), to.0.into(), octets);
    ethernet([0, 0x1a, 0x2b, 0, 0, 1], &[8, 0], &encoded(&packet))
}

fn accepted(from: [u8; 4], port: u16) -> Frame {
    segment((from, port), (CLIENT, 49_800), SYN | ACK, &[])
}

fn message(application: &[u8], responds: bool) -> Vec<u8> {
    let mut octets = Vec::new();
    let hl7 = Hl7 {
        separator: b'|',
        encoding: b"^~\\&".to_vec(),
        application: application.to_vec(),
        facility: b"LAB".to_vec(),
        kind: b"ORU^R01".to_vec(),
        version: b"2.5.1".to_vec(),
        responds,
    };
    hl7.encode(&mut octets);
    octets
}

/// Anywhere, as a capture is heard of which no network is known.
fn anywhere() -> Place {
    Place { networks: Vec::new(), on_link: Vec::new(), only_these: false, ..place() }
}

#[test]
fn who_accepts_a_connection_is_there_and_its_port_is_open() {
    let (told, counts) = hear(&accepted(SERVER, 8210));
    let [Observation { method: Method::TcpHeard, speaker, fact, vantage, .. }] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(*fact, Fact::Answered(Reply::TcpOpen(8210)));
    assert_eq!(*speaker, Speaker { ip: Some(IpAddr::from(SERVER)), mac: Some(SWITCH) });
    assert_eq!((vantage.network.as_str(), counts.not_read), ("ward", 0));
}

#[test]
fn other_segments_say_nothing_of_anybody() {
    for flags in [SYN, ACK, SYN | RST, RST | ACK, SYN | ACK | RST, SYN | ACK | 1] {
        let (told, counts) = hear(&segment((SERVER, 80), (CLIENT, 49_800), flags, b"GET /"));
        assert_eq!((told.len(), counts.not_read), (0, 1), "{flags:02x}");
    }
}

#[test]
fn ports_that_are_given_out_for_one_connection_are_not_told() {
    for port in [0, 32_768, 49_152, 65_535] {
        assert_eq!(hear(&accepted(SERVER, port)).0, [], "{port}");
    }
    assert_eq!(hear(&accepted(SERVER, 32_767)).0.len(), 1);
    // The client of active FTP accepts the data connection of its server.
    let data = segment((CLIENT, 1070), (SERVER, 20), SYN | ACK, &[]);
    assert_eq!(hear(&data).0, []);
}

#[test]
fn a_website_that_somebody_visits_is_no_device_of_the_house() {
    let website = accepted([203, 0, 113, 5], 443);
    let (told, counts) = hear(&website);
    assert_eq!((told.len(), counts.outside), (0, 1));
    let mut listener = Listener::new("agent");
    assert_eq!(listener.hear(&anywhere(), &website), []);
    assert_eq!(listener.hear(&anywhere(), &accepted(SERVER, 443)).len(), 1);
    assert_eq!(listener.counts().outside, 1);
}

#[test]
fn a_host_that_shows_every_port_open_is_told_in_part() {
    let mut listener = Listener::new("agent");
    let told: usize =
        (1..2000).map(|port| listener.hear(&place(), &accepted(SERVER, port)).len()).sum();
    assert_eq!((told, listener.counts().left_out), (64, 1999 - 64));
    let other = [10, 20, 0, 10];
    assert_eq!(listener.hear(&place(), &accepted(other, 80)).len(), 1, "another host");
}

#[test]
fn who_sends_hl7_is_told_by_its_program_and_version_and_by_nothing_else() {
    let sent = [message(b"ANALYSER^7", false), b"PID|1||0000||MADE^UP\r".to_vec()].concat();
    let (told, _) = hear(&segment((CLIENT, 50_000), (SERVER, 2575), ACK, &sent));
    let [Observation { method: Method::Hl7, speaker, fact: Fact::Said(said), .. }] =
        told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(speaker.ip, Some(IpAddr::from(CLIENT)));
    let fields: Vec<_> = said.fields.iter().map(|(key, of)| (key.as_str(), of.as_str())).collect();
    assert_eq!(fields, [("application", "ANALYSER"), ("version", "2.5.1")]);
    assert_eq!(said.port, 0, "a client has no port of its own");
}

#[test]
fn who_responds_in_hl7_listens_at_its_port_whichever_that_is() {
    for port in [2575, 6661] {
        let sent = message(b"HIS", true);
        let (told, _) = hear(&segment((SERVER, port), (CLIENT, 50_000), ACK, &sent));
        let [Observation { method: Method::Hl7, fact: Fact::Said(said), .. }] = told.as_slice()
        else {
            panic!("{told:?}")
        };
        assert_eq!((said.port, said.get("application")), (port, Some("HIS")));
    }
}

#[test]
fn damaged_hl7_is_counted_and_a_host_that_forges_programs_is_told_in_part() {
    let (told, counts) = hear(&segment((CLIENT, 50_000), (SERVER, 2575), ACK, b"\x0bMSH|^~\\&|\r"));
    assert_eq!(told, []);
    assert_eq!(counts.malformed, [(Layer::Protocol(Method::Hl7), 1)].into());
    let mut listener = Listener::new("agent");
    let forged = |name: usize| {
        let data = message(name.to_string().as_bytes(), false);
        segment((CLIENT, 50_000), (SERVER, 2575), ACK, &data)
    };
    let told: usize = (0..1000).map(|name| listener.hear(&place(), &forged(name)).len()).sum();
    assert_eq!((told, listener.counts().left_out), (64, 1000 - 64));
}

#[test]
fn a_header_of_tcp_that_lies_is_malformed() {
    let mut lying = accepted(SERVER, 80);
    lying.octets[14 + 20 + 12] = 0xf0;
    let (told, counts) = hear(&lying);
    assert_eq!((told, counts.malformed), (vec![], [(Layer::Datagram, 1)].into()));
    lying.octets[14 + 20 + 12] = 0x40;
    assert_eq!(hear(&lying).1.malformed, [(Layer::Datagram, 1)].into());
}

proptest! {
    #[test]
    fn nothing_panics_whatever_a_segment_holds(
        flags: u8,
        data in proptest::collection::vec(any::<u8>(), 0..200),
        flip in (14usize..300, any::<u8>()),
    ) {
        let data = [b"\x0bMSH|^~\\&|", data.as_slice()].concat();
        let mut frame = segment((CLIENT, 50_000), (SERVER, 2575), flags, &data);
        if let Some(octet) = frame.octets.get_mut(flip.0) {
            *octet ^= flip.1;
        }
        let mut listener = Listener::new("agent");
        listener.hear(&place(), &frame);
        prop_assert!(listener.hear(&place(), &frame).is_empty());
    }
}
