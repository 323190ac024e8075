//! RDP: decoding of answers never panics, and a conversation ends whatever is answered, in TLS or not.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use daicho_agent::probe::rdp::{PORT, Rdp};
use daicho_agent::probe::talk::{Conversation, Cut, Next};
use daicho_common::wire::rdp::{Answer, TLS, ts_token, whole};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = (whole(octets), Answer::decode(octets), ts_token(octets).is_ok());
    let selected = Answer::Selected { flags: 0, protocol: TLS }.encode();
    for first in [&[][..], &selected] {
        let mut rdp = Rdp::new(IpAddr::V4(Ipv4Addr::new(10, 20, 0, 9)), PORT);
        let _ = (rdp.begin(), rdp.hear(first));
        for piece in octets.chunks(100) {
            if let Next::End(_) = rdp.hear(piece) {
                break;
            }
        }
        let _ = rdp.cut(Cut::Silent);
        while rdp.poll_fact().is_some() {}
    }
});
