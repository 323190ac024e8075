//! Snapshots as files: reading never panics, and what is read is written as it came.
#![no_main]

use daicho_collector::snapshot::parcel::{MAGIC, Parcel};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let under_its_name = [MAGIC.as_bytes(), b"\n", octets].concat();
    for octets in [octets, &under_its_name] {
        let Ok(parcel) = Parcel::decode(octets) else { continue };
        let again = parcel.encode().map(|octets| Parcel::decode(&octets));
        assert!(again.is_ok_and(|again| again == Ok(parcel)));
    }
});
