//! IPv6 packets: no octets panic, and what decodes survives the round trip.
#![no_main]

use daicho_common::wire::Wire;
use daicho_common::wire::icmp6::{self, Echo};
use daicho_common::wire::ipv6::Ipv6;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = Echo::decode(octets);
    let Ok((packet, rest)) = Ipv6::decode(octets) else { return };
    let _ = icmp6::message(&packet).map(Echo::decode);
    let mut again = Vec::new();
    packet.encode(&mut again);
    again.extend_from_slice(rest);
    assert_eq!(again, octets);
});
