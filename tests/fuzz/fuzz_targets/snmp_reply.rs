//! Replies in an SNMP interview, in every version: whatever is answered, the interview never panics,
//! never has two questions in flight, and ends.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use daicho_agent::plan::credential::{Auth, Community, Credential, Password, Privacy, User};
use daicho_agent::probe::snmp::{Catalog, Keyring, Snmp, Terms};
use daicho_agent::probe::Dialogue;
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

fn user(private: bool) -> Credential {
    let password = || Password::new("maplesyrup");
    Credential::V3(User {
        name: "watch".into(),
        auth: private.then(|| (Auth::Sha256, password())),
        privacy: private.then(|| (Privacy::Aes128, password())),
        contexts: vec!["vlan-20".into()],
    })
}

/// One set of terms a version: their keys are made once.
static TERMS: LazyLock<Vec<Terms>> = LazyLock::new(|| {
    let catalog = Arc::new(Catalog::shipped().unwrap_or_default());
    let of = |credential| Terms {
        keyring: Arc::new(Keyring::new(&[credential], 1, None)),
        catalog: Arc::clone(&catalog),
        harm: true,
    };
    let community = || Community::new("public");
    vec![
        of(Credential::V2c(community())),
        of(Credential::V1(community())),
        of(user(false)),
        of(user(true)),
    ]
});

fuzz_target!(|input: &[u8]| {
    let Some((version, input)) = input.split_first() else { return };
    let Some(terms) = TERMS.get(usize::from(*version) % TERMS.len()) else { return };
    let from = SocketAddr::new(TARGET, 161);
    let mut dialogue = Snmp::new(from, terms, TIMEOUT, 1, 1);
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
