//! UDP datagrams: decoding never panics, and what was decoded survives encoding.
#![no_main]

use std::net::Ipv4Addr;

use daicho_common::wire::udp::Udp;
use libfuzzer_sys::fuzz_target;

const FROM: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
const TO: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 2);

fuzz_target!(|octets: &[u8]| {
    let Ok((value, _)) = Udp::decode(FROM, TO, octets) else { return };
    let mut encoded = Vec::new();
    value.encode(FROM, TO, &mut encoded);
    let (again, rest) = Udp::decode(FROM, TO, &encoded).expect("what was encoded decodes");
    assert_eq!((again, rest), (value, &[][..]));
});
