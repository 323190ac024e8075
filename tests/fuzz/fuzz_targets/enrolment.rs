//! One-time codes: reading never panics, and what is read is what was shown.
#![no_main]

use daicho_common::enrolment::Code;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(code) = text.parse::<Code>() {
        assert_eq!(code.to_string().parse(), Ok(code));
    }
});
