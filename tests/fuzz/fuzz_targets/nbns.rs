//! NetBIOS names, node status and announcements: decoding never panics, and a node status survives.
#![no_main]

use daicho_common::wire::nbns::{Packet, decode, decode_announcement, status_response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = decode_announcement(octets);
    if let Ok((transaction, Packet::Status { names, unit })) = decode(octets) {
        let again = decode(&status_response(transaction, &names, unit));
        assert_eq!(again, Ok((transaction, Packet::Status { names, unit })));
    }
});
