//! IPP messages: decoding never panics, and what was decoded survives encoding.
#![no_main]

use daicho_common::wire::ipp::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(value) = Message::decode(octets) else { return };
    assert_eq!(Message::decode(&value.encode()).expect("what was encoded decodes"), value);
});
