//! Certificates of strangers: reading never panics, and every field is bounded.
#![no_main]

use daicho_agent::probe::tls::certificate;
use daicho_common::text::MAX_CHARS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    for (_, value) in certificate::fields(octets) {
        assert!(value.as_str().chars().count() <= MAX_CHARS);
    }
});
