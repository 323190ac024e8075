//! The envelope of batches: opening never panics, and takes no more than is there.
#![no_main]

use daicho_common::batch::{open, open_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok((_, rest)) = open(octets) {
        assert!(rest.len() < octets.len());
    }
    let _ = open_all(octets);
});
