//! Answers of WS-Discovery and metadata of strangers: reading never panics, and a conversation ends
//! with bounded fields.
#![no_main]

use daicho_agent::probe::inquiry::Inquiry;
use daicho_agent::probe::talk::{Conversation, Cut};
use daicho_agent::probe::wsd::metadata::Metadata;
use daicho_agent::probe::wsd::{PORT, Wsd, envelope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let probe = Wsd::probe(7, PORT);
    let id = envelope::message_id(7);
    let related = format!("<e><RelatesTo>{id}</RelatesTo><ProbeMatch>");
    let related = [related.as_bytes(), octets, b"</ProbeMatch></e>"].concat();
    let _ = (probe.hear(octets), probe.hear(&related));
    let address = String::from_utf8_lossy(octets);
    let mut metadata = Metadata::new([10, 20, 0, 9].into(), (5357, "/"), &address, 7);
    let _ = (metadata.begin(), metadata.hear(b"HTTP/1.1 200 OK\r\n\r\n"), metadata.hear(octets));
    let _ = metadata.cut(Cut::Closed);
    while metadata.poll_fact().is_some() {}
});
