//! What a TLS server says in the clear: reading never panics and does not depend on where the pieces are cut; a hello that
//! decodes is the one that was encoded.
#![no_main]

use daicho_common::wire::tls::{ClientHello, Message, Reader};
use libfuzzer_sys::fuzz_target;

fn read(octets: &[u8], piece: usize) -> Option<Vec<Message>> {
    let (mut reader, mut all) = (Reader::default(), Vec::new());
    for piece in octets.chunks(piece) {
        all.extend(reader.read(piece).ok()?);
    }
    Some(all)
}

fuzz_target!(|octets: &[u8]| {
    assert_eq!(read(octets, octets.len().max(1)), read(octets, 1));
    if let Ok(hello) = ClientHello::decode(octets) {
        assert_eq!(hello.encode(), octets);
    }
});
