use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use async_snmp::message::CommunityMessage;
use async_snmp::{Oid, RequestPdu, Version};

use super::*;
use crate::netns::may;
use crate::sim::{COMMUNITY, Ground};

const PATIENCE: Duration = Duration::from_secs(5);

fn name_of(ip: Ipv4Addr) -> Vec<u8> {
    let name = [Oid::new([1, 3, 6, 1, 2, 1, 1, 5, 0])];
    let request = RequestPdu::get(Version::V2c, 1, &name).unwrap().into_raw();
    let request = CommunityMessage::v2c(COMMUNITY, request).unwrap().encode().unwrap();
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&request, (ip, 161)).unwrap();
    let mut reply = [0; 2000];
    let (length, from) = socket.recv_from(&mut reply).unwrap();
    assert_eq!(from, SocketAddr::from((ip, 161)));
    reply[..length].to_vec()
}

fn holds(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Looks at the hospital through a real network stack that resolves, routes and checks sums.
fn look(site: &Site) {
    assert!(holds(&name_of(Ipv4Addr::new(10, 20, 0, 31)), "EMR-DB1"), "on the link");
    assert!(holds(&name_of(Ipv4Addr::new(10, 20, 8, 20)), "XN-MAIN"), "behind the router");
    let connect = |ip: [u8; 4], port| TcpStream::connect_timeout(&(ip, port).into(), PATIENCE);
    connect([10, 20, 1, 11], 80).unwrap();
    let refused = connect([10, 20, 1, 11], 81).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(site.forbidden(), 0);
    drop(connect([10, 20, 1, 11], 9100).unwrap());
}

#[test]
fn the_hospital_answers_a_real_network_stack_twice_in_a_row() {
    if !may() {
        println!("skipped: needs root");
        return;
    }
    for _ in 0..2 {
        let site = Site::open(Hospital::furnish(2026, Ground::Wire), "wire").unwrap();
        site.agent().enter(|| look(&site)).unwrap();
        assert!(site.forbidden() >= 40, "a knock at a printing port is counted");
        assert!(site.frames() > 8);
        let neighbours = site.agent().ip(&["neigh", "show", "10.20.0.31"]).unwrap();
        let mac = site.agent().ip(&["-j", "neigh", "show", "10.20.0.31"]).unwrap();
        assert!(mac.contains("00:00:0e:"), "{neighbours}");
    }
}
