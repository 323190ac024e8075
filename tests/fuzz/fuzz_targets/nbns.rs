//! NetBIOS names and announcements: decoding never panics.
#![no_main]

use daicho_common::wire::nbns::{decode, decode_announcement};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = (decode(octets), decode_announcement(octets));
});
