//! Captures: reading never panics, and ends.
#![no_main]

use daicho_agent::capture::Frames;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(frames) = Frames::new(octets) else { return };
    assert!(frames.count() <= octets.len());
});
