//! HTTP answers and requests: reading never panics, keeps to its bound, and does not depend on where the pieces are cut.
#![no_main]

use daicho_common::wire::http::{Get, Reader, Uri};
use libfuzzer_sys::fuzz_target;

const MOST: usize = 256;

fn read(octets: &[u8], piece: usize) -> Option<(u16, Vec<u8>, bool)> {
    let mut reader = Reader::new(MOST);
    for piece in octets.chunks(piece) {
        if reader.read(piece).ok()? {
            break;
        }
    }
    reader.finish(true).map(|response| (response.status, response.body, response.whole))
}

fuzz_target!(|octets: &[u8]| {
    let whole = read(octets, octets.len().max(1));
    assert_eq!(whole, read(octets, 1));
    assert!(whole.is_none_or(|(_, body, _)| body.len() <= MOST));
    if let Ok(get) = Get::decode(octets) {
        let again = Get::decode(&get.encode());
        assert!(again.is_ok());
    }
    let text = String::from_utf8_lossy(octets);
    if let Some(uri) = Uri::parse(&text) {
        assert_eq!(Uri::parse(&uri.to_string()), Some(uri.clone()));
        let _ = uri.join(&text);
    }
});
