//! SMB 1 ([MS-CIFS] §2.2, [MS-SMB] §2.2) as far as a session that is never set up: the negotiation that
//! also offers SMB 2, and the first step of authentication by extended security.

use crate::text::Text;

use super::ntlm::utf16;
use super::{Malformed, smb2, take};

/// The first octets of every message.
pub const PROTOCOL: [u8; 4] = *b"\xffSMB";

/// What is offered, last what is liked best. A server that knows neither of the others, as old storage
/// and printers do not, takes the first.
const DIALECTS: [&[u8]; 3] = [b"NT LM 0.12", b"SMB 2.002", b"SMB 2.???"];

const NEGOTIATE: u8 = 0x72;
const SESSION_SETUP: u8 = 0x73;
/// `SMB_FLAGS2_UNICODE`.
const UNICODE: u16 = 0x8000;
/// Unicode, NT status, extended security, long names.
const FLAGS2: u16 = UNICODE | 0x4801;
/// `SMB_FLAGS_REPLY`.
const ANSWER: u8 = 0x80;
/// `CAP_EXTENDED_SECURITY` ([MS-SMB] §2.2.4.5.2.1).
pub const EXTENDED_SECURITY: u32 = 0x8000_0000;
/// `CAP_UNICODE` and `CAP_NT_STATUS` (`CAP_STATUS32`).
const CAPABILITIES: u32 = EXTENDED_SECURITY | 0x44;
/// Octets of the header.
const HEADER: usize = 32;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `NTSTATUS`.
    pub status: u32,
    /// What it says.
    pub body: Body,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// To a negotiation, `NT LM 0.12` ([MS-SMB] §2.2.4.5.2).
    Negotiated {
        /// Bit 2: signing enabled; bit 3: signing required.
        security_mode: u8,
        /// `CAP_…`.
        capabilities: u32,
        /// Who the server is.
        server: Server,
    },
    /// To a step of authentication ([MS-SMB] §2.2.4.6.2).
    SessionSetup {
        /// A token of SPNEGO.
        token: Vec<u8>,
        /// The operating system, as the server calls it.
        native_os: Text,
        /// The file server, as it calls itself.
        native_lan_manager: Text,
    },
    /// No dialect was taken, an error, or an answer to something that was not asked here.
    Other,
}

/// Who a server says that it is when it negotiates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// With extended security: its GUID.
    Guid([u8; 16]),
    /// Without: its domain or workgroup, and its name.
    Names {
        /// Domain or workgroup.
        domain: Text,
        /// Its name; empty from many.
        name: Text,
    },
}

fn header(command: u8, status: u32, flags: u8, multiplex: u16) -> Vec<u8> {
    let mut out = PROTOCOL.to_vec();
    out.push(command);
    out.extend_from_slice(&status.to_le_bytes());
    out.push(flags);
    out.extend_from_slice(&FLAGS2.to_le_bytes());
    // High process, signature, reserved, tree.
    out.resize(HEADER - 6, 0);
    // Process, user, multiplex.
    out.extend_from_slice(&[1, 0, 0, 0]);
    out.extend_from_slice(&multiplex.to_le_bytes());
    out
}

/// A negotiation ([MS-SMB2] §3.2.4.2.2.1) of `NT LM 0.12`, `SMB 2.002` and `SMB 2.???`.
pub fn negotiate() -> Vec<u8> {
    let mut out = header(NEGOTIATE, 0, 0x18, 0);
    let mut dialects = Vec::new();
    for dialect in DIALECTS {
        dialects.push(2);
        dialects.extend_from_slice(dialect);
        dialects.push(0);
    }
    out.push(0);
    out.extend_from_slice(&u16::try_from(dialects.len()).unwrap_or_default().to_le_bytes());
    out.extend(dialects);
    out
}

/// The first step of authentication by extended security ([MS-SMB] §2.2.4.6.1) with this token of
/// SPNEGO; it names no system of its own.
pub fn session_setup(token: &[u8]) -> Vec<u8> {
    let mut out = header(SESSION_SETUP, 0, 0x18, 1);
    let length = u16::try_from(token.len()).unwrap_or(u16::MAX).to_le_bytes();
    // Twelve words: nothing follows; 64 KiB less four, two questions, one connection, no session key.
    out.extend_from_slice(&[12, 0xff, 0, 0, 0, 0xfc, 0xff, 2, 0, 1, 0, 0, 0, 0, 0]);
    out.extend_from_slice(&length);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&CAPABILITIES.to_le_bytes());
    // Behind the token, at an even offset, stand two empty strings.
    let pad = (out.len() + 2 + token.len()) % 2;
    let octets = token.len() + pad + 4;
    out.extend_from_slice(&u16::try_from(octets).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(token);
    out.resize(out.len() + pad + 4, 0);
    out
}

/// The first string and what follows it: up to its zero, or to the end where that was forgotten.
fn string(octets: &[u8], unicode: bool) -> (Text, &[u8]) {
    if unicode {
        let end = octets.chunks_exact(2).position(|pair| pair == [0, 0]).map(|n| 2 * n);
        let (text, rest) = octets.split_at_checked(end.unwrap_or(octets.len())).unwrap_or_default();
        (utf16(text), rest.get(2..).unwrap_or_default())
    } else {
        let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
        let (text, rest) = octets.split_at_checked(end).unwrap_or_default();
        (Text::from_wire(text), rest.get(1..).unwrap_or_default())
    }
}

/// The words and the octets of a message's body.
fn parts(body: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let ([count], rest) = take::<1>(body)?;
    let length = 2 * usize::from(count);
    let truncated = |need, have: &[u8]| Malformed::Truncated { need, have: have.len() };
    let (words, rest) = rest.split_at_checked(length).ok_or(truncated(length, rest))?;
    let (count, rest) = take::<2>(rest)?;
    let length = usize::from(u16::from_le_bytes(count));
    Ok((words, rest.get(..length).ok_or(truncated(length, rest))?))
}

fn negotiated(words: &[u8], octets: &[u8], unicode: bool) -> Result<Body, Malformed> {
    let (index, rest) = take::<2>(words)?;
    if index != [0, 0] || words.len() != 34 {
        // None of what was offered, or a dialect of the time before NT.
        return Ok(Body::Other);
    }
    let ([security_mode], rest) = take::<1>(rest)?;
    // How many at a time, sizes, session key.
    let (_, rest) = take::<16>(rest)?;
    let (capabilities, rest) = take::<4>(rest)?;
    let (_time_and_zone, rest) = take::<10>(rest)?;
    let ([challenge], _) = take::<1>(rest)?;
    let capabilities = u32::from_le_bytes(capabilities);
    let server = if capabilities & EXTENDED_SECURITY != 0 {
        Server::Guid(take::<16>(octets)?.0)
    } else {
        let names = octets.get(usize::from(challenge)..).unwrap_or_default();
        let (domain, rest) = string(names, unicode);
        let (name, _) = string(rest, unicode);
        Server::Names { domain, name }
    };
    Ok(Body::Negotiated { security_mode, capabilities, server })
}

/// `at` is the offset of `octets` in the message: strings of UTF-16 stand at even ones.
fn set_up(words: &[u8], octets: &[u8], (unicode, at): (bool, usize)) -> Result<Body, Malformed> {
    if words.len() != 8 {
        return Ok(Body::Other);
    }
    let (_follows_and_action, rest) = take::<6>(words)?;
    let (length, _) = take::<2>(rest)?;
    let length = usize::from(u16::from_le_bytes(length));
    let (token, rest) = octets
        .split_at_checked(length)
        .ok_or(Malformed::Truncated { need: length, have: octets.len() })?;
    let pad = if unicode { (at + length) % 2 } else { 0 };
    let (native_os, rest) = string(rest.get(pad..).unwrap_or_default(), unicode);
    let (native_lan_manager, _) = string(rest, unicode);
    Ok(Body::SessionSetup { token: token.to_vec(), native_os, native_lan_manager })
}

impl Answer {
    /// Reads a whole message without its framing.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, a question, or another protocol.
    pub fn decode(message: &[u8]) -> Result<Self, Malformed> {
        let (protocol, rest) = take::<4>(message)?;
        let ([command], rest) = take::<1>(rest)?;
        let (status, rest) = take::<4>(rest)?;
        let ([flags], rest) = take::<1>(rest)?;
        let (flags2, rest) = take::<2>(rest)?;
        let (_, body) = take::<20>(rest)?;
        if protocol != PROTOCOL || flags & ANSWER == 0 {
            return Err(Malformed::Inconsistent { field: "Protocol" });
        }
        let (status, unicode) =
            (u32::from_le_bytes(status), u16::from_le_bytes(flags2) & UNICODE != 0);
        let (words, octets) = parts(body)?;
        let at = HEADER + 1 + words.len() + 2;
        let body = match (command, status) {
            (NEGOTIATE, smb2::SUCCESS) => negotiated(words, octets, unicode)?,
            (SESSION_SETUP, smb2::SUCCESS | smb2::MORE_PROCESSING_REQUIRED) => {
                set_up(words, octets, (unicode, at))?
            }
            _ => Body::Other,
        };
        Ok(Self { status, body })
    }

    /// The octets, with strings in UTF-16. Sizes, times and challenges are zero.
    pub fn encode(&self) -> Vec<u8> {
        let wide = |text: &Text| -> Vec<u8> {
            text.as_str().encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
        };
        let (command, words, octets) = match &self.body {
            Body::Negotiated { security_mode, capabilities, server } => {
                let mut words = vec![0, 0, *security_mode];
                words.extend_from_slice(&[0; 16]);
                words.extend_from_slice(&capabilities.to_le_bytes());
                words.extend_from_slice(&[0; 11]);
                let octets = match server {
                    Server::Guid(guid) => guid.to_vec(),
                    Server::Names { domain, name } => [wide(domain), wide(name)].concat(),
                };
                (NEGOTIATE, words, octets)
            }
            Body::SessionSetup { token, native_os, native_lan_manager } => {
                let length = u16::try_from(token.len()).unwrap_or(u16::MAX).to_le_bytes();
                let words = [[0xff, 0, 0, 0, 0, 0].as_slice(), &length].concat();
                let mut octets: Vec<u8> = token.iter().copied().take(0xffff).collect();
                octets.resize(octets.len() + (HEADER + 11 + octets.len()) % 2, 0);
                octets.extend(wide(native_os));
                octets.extend(wide(native_lan_manager));
                (SESSION_SETUP, words, octets)
            }
            Body::Other => (NEGOTIATE, vec![0xff, 0xff], Vec::new()),
        };
        let mut out = header(command, self.status, 0x98, 0);
        out.push(u8::try_from(words.len() / 2).unwrap_or_default());
        out.extend(words);
        out.extend_from_slice(&u16::try_from(octets.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend(octets);
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_negotiation_offers_smb_2_beside_the_old_dialect() {
        let octets = negotiate();
        assert_eq!(octets[..5], *b"\xffSMB\x72");
        assert_eq!(octets[32..], *b"\0\x22\0\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0");
    }

    #[test]
    fn a_step_of_authentication_says_how_long_it_is() {
        for token in [&b"token"[..], b"tokens"] {
            let octets = session_setup(token);
            let (words, rest) = parts(&octets[HEADER..]).unwrap();
            assert_eq!(words.len(), 24);
            assert!(rest.starts_with(token));
            assert_eq!(HEADER + 1 + 24 + 2 + rest.len(), octets.len());
            assert_eq!(octets.len() % 2, 0, "the strings stand at an even offset");
        }
    }

    #[test]
    fn a_server_without_extended_security_says_its_names() {
        let server = Server::Names { domain: "WARD3F".into(), name: "NAS-02".into() };
        let body = Body::Negotiated { security_mode: 7, capabilities: 0x44, server };
        let answer = Answer { status: 0, body };
        assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
        // And by octets where it does not speak Unicode.
        let mut octets = header(NEGOTIATE, 0, 0x98, 0);
        octets[10..12].copy_from_slice(&[1, 0]);
        octets.push(17);
        octets.extend([0, 0, 3]);
        octets.extend([0; 30]);
        octets.push(8);
        octets.extend([8 + 5 + 4, 0]);
        octets.extend(b"CHALLENGWARD\0NAS\0");
        let Ok(Answer { body: Body::Negotiated { server, .. }, .. }) = Answer::decode(&octets)
        else {
            panic!()
        };
        assert_eq!(server, Server::Names { domain: "WARD".into(), name: "NAS".into() });
    }

    #[test]
    fn cut_answers_questions_and_refused_dialects_say_nothing() {
        let body = Body::SessionSetup {
            token: b"odd".to_vec(),
            native_os: "Unix".into(),
            native_lan_manager: "Samba 3.0.37".into(),
        };
        let octets = Answer { status: smb2::MORE_PROCESSING_REQUIRED, body }.encode();
        for end in 0..octets.len() {
            assert!(Answer::decode(&octets[..end]).is_err(), "{end}");
        }
        assert!(Answer::decode(&negotiate()).is_err());
        let refused = Answer { status: 0, body: Body::Other };
        assert_eq!(Answer::decode(&refused.encode()), Ok(refused));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_answers_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..200), guid: [u8; 16], mode: u8,
            (os, manager) in ("[a-zA-Z0-9. ]{0,20}", "[ -~]{0,20}")
        ) {
            let _ = Answer::decode(&octets);
            for command in [NEGOTIATE, SESSION_SETUP] {
                let _ = Answer::decode(&[header(command, 0, ANSWER, 0), octets.clone()].concat());
            }
            let (native_os, native_lan_manager) = (Text::clean(&os), Text::clean(&manager));
            let bodies = [
                Body::SessionSetup { token: octets, native_os, native_lan_manager },
                Body::Negotiated {
                    security_mode: mode, capabilities: EXTENDED_SECURITY, server: Server::Guid(guid),
                },
            ];
            for body in bodies {
                let answer = Answer { status: 0, body };
                prop_assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
            }
        }
    }
}
