//! Replies in an mDNS interview: whatever is answered, the interview never panics, never has two questions in flight, and
//! ends.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use daicho_agent::probe::{
    Dialogue,
    mdns::{Mdns, PORT},
};
use daicho_common::time::Tick;
use libfuzzer_sys::fuzz_target;

const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 20, 0, 9));
const TIMEOUT: Duration = Duration::from_secs(1);

/// The input as datagrams: two octets of length before each, as far as they go.
fn datagrams(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (datagram, after) = rest.split_at(length);
        input = after;
        Some(datagram)
    })
}

fuzz_target!(|input: &[u8]| {
    let from = SocketAddr::new(TARGET, PORT);
    let mut dialogue = Mdns::new(TARGET, TIMEOUT, 1, 1);
    let mut answers = datagrams(input);
    let mut now = Tick::ZERO;
    while !dialogue.is_finished() {
        if dialogue.poll_transmit(now).is_some() {
            assert!(dialogue.poll_transmit(now).is_none(), "two questions in flight");
            if let Some(answer) = answers.next() {
                dialogue.handle_datagram(from, answer, now);
            }
        }
        now = dialogue.poll_timeout().unwrap_or(now);
    }
    while dialogue.poll_fact().is_some() {}
});
