//! SPNEGO tokens: decoding never panics, and what was read is written again.
#![no_main]

use daicho_common::wire::spnego::{init, response, token};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(inner) = token(octets) else { return };
    assert_eq!(token(&init(inner)), Ok(inner));
    assert_eq!(token(&response(inner)), Ok(inner));
});
