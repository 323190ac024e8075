//! DNS messages: decoding never panics, and what was decoded survives encoding.
#![no_main]

use daicho_common::wire::dns::{MAX_OCTETS, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(value) = Message::decode(octets) else { return };
    let encoded = value.encode();
    // Names that were compressed in ways that the encoder does not use may make it longer.
    if encoded.len() <= MAX_OCTETS {
        assert_eq!(Message::decode(&encoded).expect("what was encoded decodes"), value);
    }
});
