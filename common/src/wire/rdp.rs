//! RDP's negotiation ([MS-RDPBCGR] §2.2.1.1, §2.2.1.2) in X.224 connection units (RFC 905 §13.3) in TPKT
//! (RFC 1006 §6), and the first messages of CredSSP ([MS-CSSP] §2.2.1).

use super::der::{self, INTEGER, OCTET_STRING, SEQUENCE, context};
use super::{Malformed, take};

/// Octets of TPKT before a unit.
const TPKT: usize = 4;
/// Longest unit that is read, in octets; the answer to what is asked here has nineteen.
const MOST_OCTETS: usize = 512;

/// TLS: `PROTOCOL_SSL`.
pub const TLS: u32 = 1;
/// `CredSSP`, which people call network level authentication: `PROTOCOL_HYBRID`.
pub const HYBRID: u32 = 2;
/// `CredSSP` with an early answer: `PROTOCOL_HYBRID_EX`.
pub const HYBRID_EX: u32 = 8;

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It has only the security of RDP itself, and nothing to negotiate.
    Plain,
    /// It selected this.
    Selected {
        /// What it can do: bit 0 extended client data, bit 1 graphics, bit 3 restricted administration,
        /// bit 4 redirected authentication.
        flags: u8,
        /// [`TLS`], [`HYBRID`] …; zero for the security of RDP itself.
        protocol: u32,
    },
    /// It refuses what was asked for.
    Failed {
        /// 1 TLS required, 2 TLS not allowed, 3 no certificate, 5 `CredSSP` required, 6 user authentication
        /// by TLS required.
        code: u32,
    },
}

fn unit(code: u8, variable: &[u8]) -> Vec<u8> {
    let length = u8::try_from(variable.len() + 6).unwrap_or(u8::MAX);
    let mut out = vec![3, 0, 0, length.saturating_add(5), length, code, 0, 0, 0, 0, 0];
    out.extend_from_slice(variable);
    out
}

/// A request that names nobody: no cookie, no routing token, TLS or `CredSSP`.
pub fn request() -> Vec<u8> {
    let [a, b, c, d] = (TLS | HYBRID).to_le_bytes();
    unit(0xe0, &[1, 0, 8, 0, a, b, c, d])
}

/// The first whole unit; `None` if it is not all there yet.
///
/// # Errors
/// [`Malformed`] if it is no TPKT or longer than what is awaited can be.
pub fn whole(octets: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    if octets.first().is_some_and(|version| *version != 3) {
        return Err(Malformed::Inconsistent { field: "TPKT version" });
    }
    let Ok(([_, _, high, low], _)) = take::<TPKT>(octets) else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !(TPKT..=MOST_OCTETS).contains(&length) {
        return Err(Malformed::Inconsistent { field: "TPKT length" });
    }
    Ok(octets.get(..length))
}

impl Answer {
    /// Reads a whole unit.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut or no connection confirm.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let (_, rest) = take::<TPKT>(octets)?;
        let ([_length, code], rest) = take::<2>(rest)?;
        if code & 0xf0 != 0xd0 {
            return Err(Malformed::Unsupported { field: "TPDU code", value: code.into() });
        }
        let (_references_and_class, rest) = take::<5>(rest)?;
        if rest.is_empty() {
            return Ok(Self::Plain);
        }
        let ([kind, flags, _, _], rest) = take::<4>(rest)?;
        let (value, _) = take::<4>(rest)?;
        let value = u32::from_le_bytes(value);
        match kind {
            2 => Ok(Self::Selected { flags, protocol: value }),
            3 => Ok(Self::Failed { code: value }),
            kind => Err(Malformed::Unsupported { field: "type", value: kind.into() }),
        }
    }

    /// The octets.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, flags, value) = match self {
            Self::Plain => return unit(0xd0, &[]),
            Self::Selected { flags, protocol } => (2, *flags, *protocol),
            Self::Failed { code } => (3, 0, *code),
        };
        let [a, b, c, d] = value.to_le_bytes();
        unit(0xd0, &[kind, flags, 8, 0, a, b, c, d])
    }
}

/// A `TSRequest` of version 6 with this token of NTLM or SPNEGO, and nothing else: no credentials.
pub fn ts_request(token: &[u8]) -> Vec<u8> {
    let version = der::element(context(0), &der::element(INTEGER, &[6]));
    let token = der::element(context(0), &der::element(OCTET_STRING, token));
    let tokens = der::element(SEQUENCE, &der::element(SEQUENCE, &token));
    der::element(SEQUENCE, &[version, der::element(context(1), &tokens)].concat())
}

/// The token of a `TSRequest`; `None` where it has none, as where it carries an error.
///
/// # Errors
/// [`Malformed`] if it is cut or none.
pub fn ts_token(octets: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let (fields, _) = der::expect(SEQUENCE, octets)?;
    let Some(tokens) = der::find(context(1), fields) else { return Ok(None) };
    let (tokens, _) = der::expect(SEQUENCE, tokens)?;
    let (first, _) = der::expect(SEQUENCE, tokens)?;
    let (token, _) = der::expect(context(0), first)?;
    Ok(Some(der::expect(OCTET_STRING, token)?.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_names_nobody_and_a_short_answer_is_plain() {
        let asked = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];
        assert_eq!(request(), asked);
        let plain = [3, 0, 0, 11, 6, 0xd0, 0, 0, 0x12, 0x34, 0];
        assert_eq!(whole(&plain), Ok(Some(&plain[..])));
        assert_eq!(Answer::decode(&plain), Ok(Answer::Plain));
    }

    #[test]
    fn cut_units_are_awaited_and_others_refused() {
        let octets = Answer::Selected { flags: 0x1f, protocol: HYBRID }.encode();
        for end in 0..octets.len() {
            assert_eq!(whole(&octets[..end]), Ok(None));
        }
        assert!(whole(b"HTTP/1.1").is_err());
        assert!(whole(&[3, 0, 0xff, 0xff]).is_err());
        assert!(whole(&[3, 0, 0, 0]).is_err());
        assert!(Answer::decode(&request()).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_values_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..300), flags: u8, value: u32
        ) {
            let _ = (whole(&octets), Answer::decode(&octets), ts_token(&octets).is_ok());
            let selected = Answer::Selected { flags, protocol: value };
            for answer in [Answer::Plain, selected, Answer::Failed { code: value }] {
                prop_assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
            }
            let request = ts_request(&octets);
            prop_assert_eq!(ts_token(&request), Ok(Some(octets.as_slice())));
            for end in 0..request.len().min(30) {
                prop_assert!(ts_token(&request[..end]).is_err());
            }
        }
    }
}
