//! Group membership: decoding never panics.
#![no_main]

use daicho_common::wire::igmp::{decode_v4, decode_v6};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = (decode_v4(octets), decode_v6(octets));
});
