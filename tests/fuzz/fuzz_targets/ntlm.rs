//! NTLM challenges: decoding never panics, and what was read is written again.
#![no_main]

use daicho_common::wire::ntlm::Challenge;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(challenge) = Challenge::decode(octets) else { return };
    let _ = (challenge.target_name(), challenge.build(), challenge.attribute(1));
    // Attributes that lie over each other may be longer together than 16 bits can say.
    if challenge.pairs.iter().map(|(_, value)| value.len() + 4).sum::<usize>() < 0xff00 {
        assert_eq!(Challenge::decode(&challenge.encode()), Ok(challenge));
    }
});
