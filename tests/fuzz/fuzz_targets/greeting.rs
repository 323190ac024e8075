//! Greetings of FTP, SMTP and IMAP: decoding never panics, what was read is written again, and a
//! conversation ends whatever is said.
#![no_main]

use daicho_agent::probe::greeting::Greeted;
use daicho_agent::probe::talk::{Conversation, Cut};
use daicho_common::wire::greeting::{Greeting, Status};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = Status::decode(octets);
    if let Ok(Some((greeting, _))) = Greeting::decode(octets) {
        let again = greeting.encode();
        assert_eq!(Greeting::decode(&again).map(|read| read.map(|(read, _)| read.code)), Ok(Some(greeting.code)));
    }
    for mut it in [Greeted::ftp(21), Greeted::smtp(25), Greeted::imap(143)] {
        let _ = (it.begin(), it.hear(octets), it.cut(Cut::Closed));
        while it.poll_fact().is_some() {}
    }
});
