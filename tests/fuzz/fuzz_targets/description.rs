//! UPnP descriptions of strangers: reading never panics, and every field is bounded.
#![no_main]

use daicho_agent::probe::upnp::description;
use daicho_common::text::MAX_CHARS;
use daicho_common::wire::http::Uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some(at) = Uri::parse("http://10.20.0.9:8200/root.xml") else { return };
    for (_, value) in description::fields(octets, &at).unwrap_or_default() {
        assert!(value.as_str().chars().count() <= MAX_CHARS);
    }
});
