//! SSH: decoding never panics, and a conversation ends whatever is answered at any step.
#![no_main]

use daicho_agent::probe::ssh::{PORT, Ssh};
use daicho_agent::probe::talk::{Conversation, Cut, Next};
use daicho_common::wire::Wire;
use daicho_common::wire::ssh::{self, HostKey, Identification, KexInit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = (Identification::decode(octets), ssh::message(octets), ssh::group_octets(octets));
    let _ = HostKey::decode(ssh::KEX_REPLY, octets).map(|key| key.rsa_bits());
    if let Ok((value, _)) = KexInit::decode(octets) {
        let mut again = Vec::new();
        value.encode(&mut again);
        assert_eq!(KexInit::decode(&again), Ok((value, &[][..])));
    }
    let offer = |kex: &str| {
        let names = |name: &str| vec![name.to_owned()];
        let (kex, host_keys) = (names(kex), names("ssh-rsa"));
        let mut message = Vec::new();
        KexInit { kex, host_keys, ..KexInit::default() }.encode(&mut message);
        [b"SSH-2.0-x\r\n", ssh::packet(&message).as_slice()].concat()
    };
    let begun = ["curve25519-sha256", "diffie-hellman-group-exchange-sha1"].map(offer);
    for first in [&[][..], b"SSH-2.0-x\r\n", &begun[0], &begun[1]] {
        for framed in [false, true] {
            let octets = if framed { ssh::packet(octets) } else { octets.to_vec() };
            let mut it = Ssh::new(PORT, [7; 32]);
            let _ = (it.begin(), it.hear(first));
            for piece in octets.chunks(100) {
                if let Next::End(_) = it.hear(piece) {
                    break;
                }
            }
            let _ = (it.resumes(Cut::Closed), it.cut(Cut::Closed));
            while it.poll_fact().is_some() {}
        }
    }
});
