//! HSRP messages: decoding never panics, and what was decoded survives encoding.
#![no_main]

use daicho_common::wire::{Wire, hsrp::Hsrp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok((value, _)) = Hsrp::decode(octets) else { return };
    let mut encoded = Vec::new();
    value.encode(&mut encoded);
    let (again, rest) = Hsrp::decode(&encoded).expect("what was encoded decodes");
    assert_eq!((again, rest), (value, &[][..]));
});
