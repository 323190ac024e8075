//! DER elements: decoding never panics, and what was read is written again.
#![no_main]

use daicho_common::wire::der::{element, find, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = find(0xa2, octets);
    if let Ok((tag, contents, _)) = read(octets) {
        let again = element(tag, contents);
        assert_eq!(read(&again), Ok((tag, contents, &[][..])));
    }
});
