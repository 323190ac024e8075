//! TCP segments: decoding never panics, and what was decoded survives encoding.
#![no_main]

use std::net::Ipv4Addr;

use daicho_common::wire::tcp::Tcp;
use libfuzzer_sys::fuzz_target;

const FROM: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
const TO: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 2);

fuzz_target!(|octets: &[u8]| {
    let Ok(value) = Tcp::read(octets) else {
        assert!(Tcp::decode(FROM, TO, octets).is_err());
        return;
    };
    let mut encoded = Vec::new();
    value.encode(FROM, TO, &mut encoded);
    assert_eq!(Tcp::decode(FROM, TO, &encoded), Ok(value));
});
