//! ICMP echo and timestamp: decoding never panics, and what was decoded survives encoding.
#![no_main]

use std::fmt::Debug;

use daicho_common::wire::Wire;
use daicho_common::wire::icmp::{Echo, Timestamp};
use libfuzzer_sys::fuzz_target;

fn survives<T: Wire + Debug + PartialEq>(octets: &[u8]) {
    let Ok((value, _)) = T::decode(octets) else { return };
    let mut encoded = Vec::new();
    value.encode(&mut encoded);
    let (again, rest) = T::decode(&encoded).expect("what was encoded decodes");
    assert_eq!((again, rest), (value, &[][..]));
}

fuzz_target!(|octets: &[u8]| {
    survives::<Echo>(octets);
    survives::<Timestamp>(octets);
});
