//! Credentials on their way: nothing that was not sealed opens, nobody else's lock is sealed for, and
//! reading them never panics.
#![no_main]

use daicho_common::handed::{Handed, Lock, Sealed, Shut, Slot};
use daicho_common::batch::AgentKey;
use libfuzzer_sys::fuzz_target;
use ring::rand::SystemRandom;

fuzz_target!(|said: (&str, &str)| {
    let (key, octets) = (said.0.to_owned(), said.1.to_owned());
    let random = SystemRandom::new();
    let known = AgentKey::new([7; 32]);
    let lock = Lock { key: key.clone(), proof: octets.clone() };
    let sealed = lock.seal(("east", known, 1), &Handed::default(), &random);
    assert_eq!(sealed, Err(Shut::NotTheAgents));
    if let Ok(slot) = Slot::new(&random) {
        assert_eq!(slot.open(("east", 1), &Sealed { key, octets }), Err(Shut::DoesNotFit));
    }
    if let Ok(handed) = serde_json::from_str::<Handed>(said.1) {
        let text = serde_json::to_string(&handed).unwrap();
        assert_eq!(serde_json::from_str::<Handed>(&text).unwrap(), handed);
    }
});
