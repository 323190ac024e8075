use std::net::TcpStream;
use std::time::Duration;

use simple_dns::{CLASS, Name, Packet, Question, TYPE};

use super::*;

#[test]
fn an_ordinary_user_can_ask_the_hospital_on_loopback() {
    let hospital = Hospital::furnish(2026, Ground::Loopback);
    let silent = hospital.device("pc-003").unwrap().nics[0].ip;
    let mfp = hospital.device("mfp-001").unwrap().nics[0].ip;
    let site = Site::open(hospital).unwrap();
    TcpStream::connect((mfp, TCP_PORT)).unwrap();
    assert!(TcpStream::connect((silent, TCP_PORT)).is_err(), "answers ARP only, has no socket");
    if !site.without_dns_sd().is_empty() {
        println!("skipped: port 5353 is taken on {:?}", site.without_dns_sd());
        return;
    }
    let mut query = Packet::new_query(5);
    let name = Name::new_unchecked("_services._dns-sd._udp.local");
    query.questions.push(Question::new(name, TYPE::PTR.into(), CLASS::IN.into(), false));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(&query.build_bytes_vec().unwrap(), (mfp, MDNS_PORT)).unwrap();
    let mut reply = [0; 2048];
    let (length, from) = socket.recv_from(&mut reply).unwrap();
    assert_eq!(from.ip(), mfp);
    assert_eq!(Packet::parse(&reply[..length]).unwrap().answers.len(), 3);
}
