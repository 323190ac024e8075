//! SPNEGO (RFC 4178 §4.2): the wrapping around a mechanism's token, as far as NTLM needs it.

use super::Malformed;
use super::der::{self, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context};

/// SPNEGO, 1.3.6.1.5.5.2 (RFC 4178 §3).
const SPNEGO: [u8; 6] = [0x2b, 6, 1, 5, 5, 2];
/// NTLM, 1.3.6.1.4.1.311.2.2.10 ([MS-SPNG] §1.9).
const NTLM: [u8; 10] = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
/// The framing of an initial token, `[APPLICATION 0]` (RFC 2743 §3.1).
const INITIAL: u8 = 0x60;

/// A first token (`NegTokenInit`) that offers NTLM alone and carries its first message.
pub fn init(token: &[u8]) -> Vec<u8> {
    let mechanism = der::element(OBJECT_IDENTIFIER, &NTLM);
    let mechanisms = der::element(context(0), &der::element(SEQUENCE, &mechanism));
    let token = der::element(context(2), &der::element(OCTET_STRING, token));
    let body = der::element(SEQUENCE, &[mechanisms, token].concat());
    let oid = der::element(OBJECT_IDENTIFIER, &SPNEGO);
    der::element(INITIAL, &[oid, der::element(context(0), &body)].concat())
}

/// An answer (`NegTokenResp`) that goes on with this token of NTLM: accept-incomplete.
pub fn response(token: &[u8]) -> Vec<u8> {
    let state = der::element(context(0), &[0x0a, 1, 1]);
    let mechanism = der::element(context(1), &der::element(OBJECT_IDENTIFIER, &NTLM));
    let token = der::element(context(2), &der::element(OCTET_STRING, token));
    der::element(context(1), &der::element(SEQUENCE, &[state, mechanism, token].concat()))
}

/// The mechanism's token in a first token or an answer. A token of NTLM without any wrapping, as some
/// servers send it, is taken as it is.
///
/// # Errors
/// [`Malformed`] if it is cut, neither of the two, or carries no token.
pub fn token(octets: &[u8]) -> Result<&[u8], Malformed> {
    if octets.starts_with(super::ntlm::SIGNATURE) {
        return Ok(octets);
    }
    let choice = match der::read(octets)? {
        (INITIAL, contents, _) => {
            let (_oid, rest) = der::expect(OBJECT_IDENTIFIER, contents)?;
            der::expect(context(0), rest)?.0
        }
        (tag, contents, _) if tag == context(1) => contents,
        (tag, ..) => return Err(Malformed::Unsupported { field: "tag", value: tag.into() }),
    };
    let (fields, _) = der::expect(SEQUENCE, choice)?;
    let field = der::find(context(2), fields)
        .ok_or(Malformed::Inconsistent { field: "mechToken or responseToken" })?;
    Ok(der::expect(OCTET_STRING, field)?.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_first_token_is_written_as_the_rfc_has_it() {
        let octets = init(b"NTLM");
        assert_eq!(octets[..10], [0x60, 0x24, 6, 6, 0x2b, 6, 1, 5, 5, 2]);
        assert!(octets.ends_with(&[0xa2, 6, 4, 4, b'N', b'T', b'L', b'M']));
        assert_eq!(octets.len(), 0x26);
    }

    #[test]
    fn an_answer_without_a_token_and_a_foreign_one_are_malformed() {
        let state = der::element(context(0), &[0x0a, 1, 2]);
        let rejected = der::element(context(1), &der::element(SEQUENCE, &state));
        assert!(token(&rejected).is_err());
        assert!(token(b"\x30\x00").is_err());
        assert!(token(b"").is_err());
        let good = response(b"NTLMSSP\0more");
        for end in 0..good.len() {
            assert!(token(&good[..end]).is_err());
        }
        assert_eq!(token(b"NTLMSSP\0bare"), Ok(&b"NTLMSSP\0bare"[..]));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_tokens_survive(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = token(&octets);
            let (first, answer) = (init(&octets), response(&octets));
            prop_assert_eq!(token(&first), Ok(octets.as_slice()));
            prop_assert_eq!(token(&answer), Ok(octets.as_slice()));
        }
    }
}
