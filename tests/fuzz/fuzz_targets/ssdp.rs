//! SSDP messages: decoding never panics.
#![no_main]

use daicho_common::wire::ssdp::Ssdp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(ssdp) = Ssdp::decode(octets) else { return };
    let _ = (ssdp.target(), ssdp.is_byebye());
});
