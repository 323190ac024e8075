//! NTP packets: decoding never panics, and what was read is written again.
#![no_main]

use daicho_common::wire::ntp::Packet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(packet) = Packet::decode(octets) else { return };
    assert_eq!(Some(packet.encode().as_slice()), octets.get(..48));
});
