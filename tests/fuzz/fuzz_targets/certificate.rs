//! Certificates: reading the subject never panics.
#![no_main]

use daicho_common::wire::certificate::subject;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = subject(octets);
});
