//! SMB: decoding of answers never panics, and a conversation ends whatever is answered.
#![no_main]

use daicho_agent::probe::smb::{PORT, Smb};
use daicho_agent::probe::talk::{Conversation, Cut, Next};
use daicho_common::wire::{nbss, smb1, smb2};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = (smb1::Answer::decode(octets), smb2::Answer::decode(octets), nbss::deframe(octets));
    let mut smb = Smb::new(7, PORT);
    let _ = smb.begin();
    let mut asked = 1;
    for piece in octets.chunks(100) {
        match smb.hear(piece) {
            Next::Wait => {}
            Next::Say(_) => asked += 1,
            Next::End(_) => return,
            Next::Anew => unreachable!("one connection"),
        }
        assert!(asked <= 3);
    }
    let _ = smb.cut(Cut::Silent);
    while smb.poll_fact().is_some() {}
});
