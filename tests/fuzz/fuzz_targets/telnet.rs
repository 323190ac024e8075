//! Telnet: decoding never panics, what was read is written again, and a conversation ends.
#![no_main]

use daicho_agent::probe::greeting::Terminal;
use daicho_agent::probe::talk::{Conversation, Cut};
use daicho_common::wire::telnet::Item;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut rest = octets;
    while let Ok(Some((item, after))) = Item::decode(rest) {
        let mut again = Vec::new();
        item.encode(&mut again);
        assert_eq!(Item::decode(&again), Ok(Some((item, [].as_slice()))));
        rest = after;
    }
    let mut it = Terminal::new(23);
    let _ = (it.begin(), it.hear(octets), it.cut(Cut::Silent));
    while it.poll_fact().is_some() {}
});
