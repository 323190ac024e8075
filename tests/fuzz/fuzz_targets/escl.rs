//! Capabilities of scanners: a conversation ends with bounded fields whatever is answered.
#![no_main]

use daicho_agent::probe::escl::Escl;
use daicho_agent::probe::talk::{Conversation, Cut};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let root = String::from_utf8_lossy(octets);
    let mut escl = Escl::new([10, 20, 0, 9].into(), 80, Some(&root));
    let _ = (escl.begin(), escl.hear(b"HTTP/1.1 200 OK\r\n\r\n"), escl.hear(octets));
    let _ = escl.cut(Cut::Closed);
    while escl.poll_fact().is_some() {}
});
