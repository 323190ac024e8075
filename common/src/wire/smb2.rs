//! SMB 2 and 3 ([MS-SMB2] §2.2) as far as a session that is never set up: negotiation, and the first
//! step of authentication.

use super::{Malformed, take};

/// The first octets of every message.
pub const PROTOCOL: [u8; 4] = *b"\xfeSMB";

/// `STATUS_SUCCESS`.
pub const SUCCESS: u32 = 0;
/// `STATUS_PENDING`: the answer follows ([MS-SMB2] §3.3.4.2).
pub const PENDING: u32 = 0x0000_0103;
/// `STATUS_MORE_PROCESSING_REQUIRED`: a challenge.
pub const MORE_PROCESSING_REQUIRED: u32 = 0xc000_0016;

/// The dialect by which a server answers a negotiation of SMB 1 that offered `SMB 2.???`.
pub const WILDCARD: u16 = 0x02ff;

/// What is offered: 2.0.2, 2.1, 3.0, 3.0.2 and 3.1.1.
const DIALECTS: [u16; 5] = [0x0202, 0x0210, 0x0300, 0x0302, 0x0311];

const NEGOTIATE: u16 = 0;
const SESSION_SETUP: u16 = 1;
/// Octets of the header.
const HEADER: usize = 64;
/// `SMB2_FLAGS_SERVER_TO_REDIR`: an answer.
const ANSWER: u32 = 1;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which message it answers.
    pub id: u64,
    /// `NTSTATUS`.
    pub status: u32,
    /// What it says.
    pub body: Body,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// To a negotiation (§2.2.4).
    Negotiated {
        /// Bit 0: signing enabled; bit 1: signing required.
        security_mode: u16,
        /// 0x0202, 0x0210, 0x0300, 0x0302, 0x0311, or [`WILDCARD`].
        dialect: u16,
        /// The server, in the order of a GUID's octets in memory.
        guid: [u8; 16],
        /// A first token of SPNEGO that says which mechanisms there are.
        token: Vec<u8>,
    },
    /// To a step of authentication (§2.2.6).
    SessionSetup {
        /// A token of SPNEGO.
        token: Vec<u8>,
    },
    /// An error (§2.2.2), or an answer to something that was not asked here.
    Other {
        /// The command.
        command: u16,
    },
}

fn header(command: u16, id: u64, status: u32, flags: u32) -> Vec<u8> {
    let mut out = PROTOCOL.to_vec();
    out.extend_from_slice(&64u16.to_le_bytes());
    // One credit charged, and one asked for.
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&status.to_le_bytes());
    out.extend_from_slice(&command.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&id.to_le_bytes());
    // Process, tree, session, signature.
    out.resize(HEADER, 0);
    out
}

/// A negotiation (§2.2.3) of five dialects, with the context that 3.1.1 requires (§2.2.3.1.1: SHA-512
/// and a salt) and ciphers (§2.2.3.1.2), and no capability. `guid` is the client, anything but zero.
pub fn negotiate(id: u64, guid: [u8; 16], salt: [u8; 32]) -> Vec<u8> {
    let mut out = header(NEGOTIATE, id, 0, 0);
    out.extend_from_slice(&36u16.to_le_bytes());
    out.extend_from_slice(&5u16.to_le_bytes());
    // Signing is enabled.
    out.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(&guid);
    // The contexts stand behind the dialects, at a multiple of eight: 64 + 36 + 10 + 2.
    out.extend_from_slice(&[112, 0, 0, 0, 2, 0, 0, 0]);
    for dialect in DIALECTS {
        out.extend_from_slice(&dialect.to_le_bytes());
    }
    out.extend_from_slice(&[0; 2]);
    // One hash, SHA-512, 32 octets of salt: 38 octets, and two to a multiple of eight.
    out.extend_from_slice(&[1, 0, 38, 0, 0, 0, 0, 0, 1, 0, 32, 0, 1, 0]);
    out.extend_from_slice(&salt);
    out.extend_from_slice(&[0; 2]);
    // Two ciphers: AES-128-GCM and AES-128-CCM.
    out.extend_from_slice(&[2, 0, 6, 0, 0, 0, 0, 0, 2, 0, 2, 0, 1, 0]);
    out
}

/// The first step of authentication (§2.2.5) with this token of SPNEGO.
pub fn session_setup(id: u64, token: &[u8]) -> Vec<u8> {
    let mut out = header(SESSION_SETUP, id, 0, 0);
    out.extend_from_slice(&25u16.to_le_bytes());
    // No flags, signing is enabled; no capability, no channel.
    out.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    place(&mut out, 12, token);
    // No session before this one.
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(token);
    out
}

/// Where the token will stand if so many octets still come before it, and its length: at most 64 KiB.
fn place(out: &mut Vec<u8>, before: usize, token: &[u8]) {
    let at = u16::try_from(out.len() + before).unwrap_or(u16::MAX);
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&u16::try_from(token.len()).unwrap_or(u16::MAX).to_le_bytes());
}

/// The token at this offset from the beginning of the message.
fn token(message: &[u8], [a, b, c, d]: [u8; 4]) -> Result<Vec<u8>, Malformed> {
    let (at, length) = (u16::from_le_bytes([a, b]).into(), usize::from(u16::from_le_bytes([c, d])));
    if length == 0 {
        return Ok(Vec::new());
    }
    let end = usize::saturating_add(at, length);
    let octets = message.get(at..end);
    octets.map(<[u8]>::to_vec).ok_or(Malformed::Truncated { need: end, have: message.len() })
}

fn negotiated(message: &[u8], body: &[u8]) -> Result<Body, Malformed> {
    let (size, rest) = take::<2>(body)?;
    if size != [65, 0] {
        return Err(Malformed::Inconsistent { field: "StructureSize" });
    }
    let (mode, rest) = take::<2>(rest)?;
    let (dialect, rest) = take::<2>(rest)?;
    let (_contexts, rest) = take::<2>(rest)?;
    let (guid, rest) = take::<16>(rest)?;
    // Capabilities, sizes, the server's time and start time.
    let (_, rest) = take::<32>(rest)?;
    let (buffer, _) = take::<4>(rest)?;
    Ok(Body::Negotiated {
        security_mode: u16::from_le_bytes(mode),
        dialect: u16::from_le_bytes(dialect),
        guid,
        token: token(message, buffer)?,
    })
}

fn set_up(message: &[u8], body: &[u8]) -> Result<Body, Malformed> {
    let (size, rest) = take::<2>(body)?;
    if size != [9, 0] {
        return Err(Malformed::Inconsistent { field: "StructureSize" });
    }
    let (_flags, rest) = take::<2>(rest)?;
    let (buffer, _) = take::<4>(rest)?;
    Ok(Body::SessionSetup { token: token(message, buffer)? })
}

impl Answer {
    /// Reads a whole message without its framing.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, a question, or another protocol.
    pub fn decode(message: &[u8]) -> Result<Self, Malformed> {
        let (protocol, rest) = take::<4>(message)?;
        let (size, rest) = take::<2>(rest)?;
        if protocol != PROTOCOL || size != [64, 0] {
            return Err(Malformed::Inconsistent { field: "ProtocolId" });
        }
        let (_charge, rest) = take::<2>(rest)?;
        let (status, rest) = take::<4>(rest)?;
        let (command, rest) = take::<2>(rest)?;
        let (_credit, rest) = take::<2>(rest)?;
        let (flags, rest) = take::<4>(rest)?;
        let (_next, rest) = take::<4>(rest)?;
        let (id, rest) = take::<8>(rest)?;
        let (_process_tree_session_signature, body) = take::<32>(rest)?;
        if u32::from_le_bytes(flags) & ANSWER == 0 {
            return Err(Malformed::Inconsistent { field: "Flags" });
        }
        let status = u32::from_le_bytes(status);
        let body = match (u16::from_le_bytes(command), status) {
            (NEGOTIATE, SUCCESS) => negotiated(message, body)?,
            (SESSION_SETUP, SUCCESS | MORE_PROCESSING_REQUIRED) => set_up(message, body)?,
            (command, _) => Body::Other { command },
        };
        Ok(Self { id: u64::from_le_bytes(id), status, body })
    }

    /// The octets. Capabilities, sizes and times are zero; a token is cut at 64 KiB less its head.
    pub fn encode(&self) -> Vec<u8> {
        let command = match self.body {
            Body::Negotiated { .. } => NEGOTIATE,
            Body::SessionSetup { .. } => SESSION_SETUP,
            Body::Other { command } => command,
        };
        let mut out = header(command, self.id, self.status, ANSWER);
        match &self.body {
            Body::Negotiated { security_mode, dialect, guid, token } => {
                out.extend_from_slice(&65u16.to_le_bytes());
                out.extend_from_slice(&security_mode.to_le_bytes());
                out.extend_from_slice(&dialect.to_le_bytes());
                out.extend_from_slice(&[0; 2]);
                out.extend_from_slice(guid);
                out.extend_from_slice(&[0; 32]);
                place(&mut out, 8, token);
                out.extend_from_slice(&[0; 4]);
                out.extend(token.iter().take(0xffff));
            }
            Body::SessionSetup { token } => {
                out.extend_from_slice(&[9, 0, 0, 0]);
                place(&mut out, 4, token);
                out.extend(token.iter().take(0xffff));
            }
            // An error without data (§2.2.2).
            Body::Other { .. } => out.extend_from_slice(&[9, 0, 0, 0, 0, 0, 0, 0, 0]),
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn negotiated(token: Vec<u8>) -> Answer {
        let body = Body::Negotiated { security_mode: 3, dialect: 0x0311, guid: [0x5a; 16], token };
        Answer { id: 1, status: SUCCESS, body }
    }

    #[test]
    fn a_negotiation_has_its_contexts_where_it_says() {
        let octets = negotiate(1, [7; 16], [9; 32]);
        let at = usize::try_from(u32::from_le_bytes(octets[92..96].try_into().unwrap())).unwrap();
        assert_eq!((at, at % 8), (112, 0));
        assert_eq!(octets[100..110], [2, 2, 0x10, 2, 0, 3, 2, 3, 0x11, 3]);
        assert_eq!(octets[at..at + 4], [1, 0, 38, 0]);
        let second = at + 8 + 40;
        assert_eq!(octets[second..second + 4], [2, 0, 6, 0]);
        assert_eq!(octets.len(), second + 8 + 6);
        assert_eq!(octets[24..32], 1u64.to_le_bytes());
    }

    #[test]
    fn a_step_of_authentication_has_its_token_where_it_says() {
        let octets = session_setup(2, b"token");
        let at = usize::from(u16::from_le_bytes([octets[76], octets[77]]));
        assert_eq!(&octets[at..], b"token");
        assert_eq!(octets[78..80], [5, 0]);
    }

    #[test]
    fn cut_answers_and_questions_are_malformed() {
        let octets = negotiated(b"spnego".to_vec()).encode();
        for end in 0..octets.len() {
            assert!(Answer::decode(&octets[..end]).is_err(), "{end}");
        }
        assert!(Answer::decode(&negotiate(1, [7; 16], [9; 32])).is_err());
        let mut outside = octets;
        outside[HEADER + 56..HEADER + 58].copy_from_slice(&[0xff, 0xff]);
        assert!(Answer::decode(&outside).is_err());
    }

    #[test]
    fn an_error_is_an_answer_too() {
        let refused =
            Answer { id: 2, status: 0xc000_000d, body: Body::Other { command: SESSION_SETUP } };
        assert_eq!(Answer::decode(&refused.encode()), Ok(refused));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_answers_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..200), id: u64, mode: u16, dialect: u16,
            guid: [u8; 16]
        ) {
            let _ = Answer::decode(&octets);
            let _ = Answer::decode(&[header(NEGOTIATE, 0, 0, ANSWER), octets.clone()].concat());
            let bodies = [
                Body::Negotiated { security_mode: mode, dialect, guid, token: octets.clone() },
                Body::SessionSetup { token: octets },
            ];
            for body in bodies {
                let answer = Answer { id, status: SUCCESS, body };
                prop_assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
            }
        }
    }
}
