//! EDP packets: decoding never panics, and what was decoded survives encoding.
#![no_main]

use daicho_common::wire::{Wire, edp::Edp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok((value, _)) = Edp::decode(octets) else { return };
    let mut encoded = Vec::new();
    value.encode(&mut encoded);
    let (again, rest) = Edp::decode(&encoded).expect("what was encoded decodes");
    assert_eq!((again, rest), (value, &[][..]));
});
