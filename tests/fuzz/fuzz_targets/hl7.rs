//! Headers of HL7 messages: decoding never panics, and what was decoded survives encoding.
#![no_main]

use daicho_common::wire::hl7::Hl7;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(value) = Hl7::decode(octets) else { return };
    let mut encoded = Vec::new();
    value.encode(&mut encoded);
    assert_eq!(Hl7::decode(&encoded), Ok(value));
});
