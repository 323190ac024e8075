//! Frames of any link type through the listener: nothing panics, and a frame heard twice says nothing
//! new.
#![no_main]

use daicho_agent::capture::{Frame, LinkType};
use daicho_agent::listen::{Listener, Place};
use daicho_common::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((link, octets)) = input.split_first() else { return };
    let link = match link % 5 {
        0 => LinkType::Ethernet,
        1 => LinkType::LinuxSll,
        2 => LinkType::LinuxSll2,
        3 => LinkType::Raw,
        _ => LinkType::Null,
    };
    let wire_length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let frame =
        Frame { at: Timestamp::from_micros(0), link, octets: octets.to_vec(), wire_length };
    let place = Place {
        interface: String::new(),
        networks: Vec::new(),
        on_link: Vec::new(),
        only_these: false,
    };
    let mut listener = Listener::new("fuzz");
    let _ = listener.hear(&place, &frame);
    assert!(listener.hear(&place, &frame).is_empty());
});
