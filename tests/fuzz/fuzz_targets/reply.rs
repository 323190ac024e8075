//! Status lines and header fields: decoding never panics, and a conversation ends whatever is answered.
#![no_main]

use daicho_agent::probe::rtsp::{PORT, Rtsp};
use daicho_agent::probe::talk::{Conversation, Cut};
use daicho_common::wire::reply::{Reply, head};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = (head(octets), Reply::decode("SIP/2.0", octets), Reply::decode("RTSP/1.0", octets));
    let mut rtsp = Rtsp::new(PORT);
    let _ = (rtsp.begin(), rtsp.hear(octets), rtsp.cut(Cut::Closed));
    while rtsp.poll_fact().is_some() {}
});
