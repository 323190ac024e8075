//! DICOM: decoding of answers never panics, what was decoded survives encoding, and a conversation ends
//! whatever is answered.
#![no_main]

use daicho_agent::probe::dicom::Dicom;
use daicho_agent::probe::talk::{Conversation, Cut, Next};
use daicho_common::wire::dicom::{Echo, Unit, whole};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(Some((unit, _))) = whole(octets)
        && let Ok(unit) = Unit::decode(unit)
    {
        assert_eq!(Unit::decode(&unit.encode()), Ok(unit));
    }
    if let Ok(echo) = Echo::decode(octets) {
        assert_eq!(Echo::decode(&echo.encode()), Ok(echo));
    }
    let mut dicom = Dicom::new(104, "ARCHIVE", "DAICHO");
    let _ = dicom.begin();
    for piece in octets.chunks(100) {
        if let Next::End(_) = dicom.hear(piece) {
            break;
        }
    }
    let _ = dicom.cut(Cut::Silent);
    while dicom.poll_fact().is_some() {}
});
