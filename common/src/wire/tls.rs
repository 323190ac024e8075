//! The beginning of a TLS handshake up to version 1.2 (RFC 2246, RFC 4346, RFC 5246), as far as it goes
//! in the clear: a `ClientHello` that offers what old devices still speak, and what a server says up to
//! its certificate. Nothing here encrypts; whoever asks thus says goodbye by an alert.

use crate::wire::{Malformed, take};

/// Names of versions, cipher suites and alerts.
pub mod registry;

/// Content types of records (RFC 5246 §6.2.1).
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Longest record: 2^14 octets and what protection may add (RFC 5246 §6.2.3).
const MOST_RECORD: usize = (16 << 10) + 2048;

/// Longest handshake message that is read.
const MOST_MESSAGE: usize = 64 << 10;

/// Most certificates that are kept of one chain.
const MOST_CERTIFICATES: usize = 16;

/// SSL 3.0 (RFC 6101).
pub const SSL_3_0: u16 = 0x0300;
/// TLS 1.0 (RFC 2246).
pub const TLS_1_0: u16 = 0x0301;
/// TLS 1.2 (RFC 5246).
pub const TLS_1_2: u16 = 0x0303;

/// Extension types (RFC 6066, RFC 8422, RFC 5246 §7.4.1.4.1).
const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;

/// P-256, P-384, P-521 and X25519 (RFC 8422 §5.1.1).
const GROUPS: [u16; 4] = [23, 24, 25, 29];

/// RSA and ECDSA with SHA-256, SHA-384, SHA-512 and SHA-1, and DSA with SHA-1.
const SIGNATURES: [u16; 9] =
    [0x0401, 0x0403, 0x0501, 0x0503, 0x0601, 0x0603, 0x0201, 0x0203, 0x0202];

/// A `ClientHello` of TLS 1.2 (RFC 5246 §7.4.1.2) that offers every suite of [`registry::OFFERED`] and is
/// content with any version from 1.0 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// 32 octets that nobody can foresee.
    pub random: [u8; 32],
    /// Which host is meant (RFC 6066 §3).
    pub server_name: Option<String>,
}

/// Appends a length of `N` octets and what `write` writes.
fn sized<const N: usize>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    write(&mut inner);
    let length = (inner.len() as u64).to_be_bytes();
    out.extend(length.iter().skip(8 - N));
    out.extend(inner);
}

fn numbers(out: &mut Vec<u8>, numbers: &[u16]) {
    sized::<2>(out, |out| out.extend(numbers.iter().flat_map(|number| number.to_be_bytes())));
}

impl ClientHello {
    /// The message in its record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![HANDSHAKE];
        // What a record says of its version before one is agreed on (RFC 5246 appendix E.1).
        out.extend(TLS_1_0.to_be_bytes());
        sized::<2>(&mut out, |out| {
            out.push(1);
            sized::<3>(out, |out| self.encode_body(out));
        });
        out
    }

    fn encode_body(&self, out: &mut Vec<u8>) {
        out.extend(TLS_1_2.to_be_bytes());
        out.extend(self.random);
        out.push(0);
        numbers(out, &registry::OFFERED);
        out.extend([1, 0]);
        sized::<2>(out, |out| {
            if let Some(name) = &self.server_name {
                out.extend(SERVER_NAME.to_be_bytes());
                sized::<2>(out, |out| {
                    sized::<2>(out, |out| {
                        out.push(0);
                        sized::<2>(out, |out| out.extend(name.bytes()));
                    });
                });
            }
            out.extend(SUPPORTED_GROUPS.to_be_bytes());
            sized::<2>(out, |out| numbers(out, &GROUPS));
            out.extend(EC_POINT_FORMATS.to_be_bytes());
            sized::<2>(out, |out| out.extend([1, 0]));
            out.extend(SIGNATURE_ALGORITHMS.to_be_bytes());
            sized::<2>(out, |out| numbers(out, &SIGNATURES));
        });
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is no such message.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let (_, rest) = take::<9>(octets)?;
        let (_, rest) = take::<2>(rest)?;
        let (random, rest) = take::<32>(rest)?;
        let (_, rest) = vector::<1>(rest)?;
        let (_, rest) = vector::<2>(rest)?;
        let (_, rest) = vector::<1>(rest)?;
        let (mut extensions, _) = vector::<2>(rest)?;
        let mut server_name = None;
        while !extensions.is_empty() {
            let (kind, rest) = take::<2>(extensions)?;
            let (value, rest) = vector::<2>(rest)?;
            extensions = rest;
            if u16::from_be_bytes(kind) == SERVER_NAME {
                let (list, _) = vector::<2>(value)?;
                let (_, name) = take::<1>(list)?;
                let (name, _) = vector::<2>(name)?;
                server_name = Some(String::from_utf8_lossy(name).into_owned());
            }
        }
        let hello = Self { random, server_name };
        // Whatever else stands in it was not written here.
        let same = hello.encode() == octets;
        same.then_some(hello).ok_or(Malformed::Inconsistent { field: "ClientHello" })
    }
}

/// A vector with a length of `N` octets before it, and what comes after (RFC 5246 §4.3).
fn vector<const N: usize>(octets: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (length, rest) = take::<N>(octets)?;
    let length = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
    rest.split_at_checked(length).ok_or(Malformed::Truncated { need: length, have: rest.len() })
}

/// What a server says in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The version and cipher suite that it chose (RFC 5246 §7.4.1.3).
    ServerHello {
        /// `server_version`.
        version: u16,
        /// `cipher_suite`.
        cipher: u16,
    },
    /// Its certificate, and those above it (RFC 5246 §7.4.2), in DER.
    Certificate(Vec<Vec<u8>>),
    /// It wants a certificate of the asker (RFC 5246 §7.4.4).
    CertificateRequest,
    /// It has said all (RFC 5246 §7.4.5).
    ServerHelloDone,
    /// It complains, or closes (RFC 5246 §7.2).
    Alert {
        /// Whether the connection is over by it.
        fatal: bool,
        /// What of.
        description: u8,
    },
    /// A handshake message of another type.
    Other(u8),
}

impl Message {
    fn decode(kind: u8, body: &[u8]) -> Result<Self, Malformed> {
        Ok(match kind {
            2 => {
                let (version, rest) = take::<2>(body)?;
                let (_, rest) = take::<32>(rest)?;
                let (_, rest) = vector::<1>(rest)?;
                let (cipher, _) = take::<2>(rest)?;
                let [version, cipher] = [version, cipher].map(u16::from_be_bytes);
                Self::ServerHello { version, cipher }
            }
            11 => {
                let (mut list, _) = vector::<3>(body)?;
                let mut chain = Vec::new();
                while !list.is_empty() && chain.len() < MOST_CERTIFICATES {
                    let (certificate, rest) = vector::<3>(list)?;
                    chain.push(certificate.to_vec());
                    list = rest;
                }
                Self::Certificate(chain)
            }
            13 => Self::CertificateRequest,
            14 => Self::ServerHelloDone,
            kind => Self::Other(kind),
        })
    }
}

/// Reads what a server says before anything is encrypted, in pieces cut anywhere.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    record: Vec<u8>,
    message: Vec<u8>,
}

impl Reader {
    /// Takes in a piece, and returns the messages that are complete by it, in order.
    ///
    /// # Errors
    /// [`Malformed`] if this is no TLS, or longer than a handshake may be here.
    pub fn read(&mut self, octets: &[u8]) -> Result<Vec<Message>, Malformed> {
        let mut messages = Vec::new();
        self.record.extend(octets);
        while let Some((head, _)) = self.record.split_first_chunk::<5>() {
            let [kind, major, _, high, low] = *head;
            let length = usize::from(u16::from_be_bytes([high, low]));
            if major != 3 || !matches!(kind, ALERT | HANDSHAKE) || length > MOST_RECORD {
                return Err(Malformed::Inconsistent { field: "TLSPlaintext" });
            }
            let Some(rest) = self.record.get(5 + length..) else { break };
            let rest = rest.to_vec();
            let record = std::mem::replace(&mut self.record, rest);
            let content = record.get(5..5 + length).unwrap_or_default();
            if kind == ALERT {
                let (alert, _) = take::<2>(content)?;
                let [level, description] = alert;
                messages.push(Message::Alert { fatal: level == 2, description });
            } else {
                self.message.extend(content);
                self.read_messages(&mut messages)?;
            }
        }
        Ok(messages)
    }

    fn read_messages(&mut self, messages: &mut Vec<Message>) -> Result<(), Malformed> {
        while let Some((head, rest)) = self.message.split_first_chunk::<4>() {
            let [kind, length @ ..] = *head;
            let length = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            if length > MOST_MESSAGE {
                return Err(Malformed::Inconsistent { field: "Handshake.length" });
            }
            let Some((body, rest)) = rest.split_at_checked(length) else { break };
            messages.push(Message::decode(kind, body)?);
            self.message = rest.to_vec();
        }
        Ok(())
    }
}

/// Goodbye before a handshake is complete (RFC 5246 §7.2.1): `user_canceled` and `close_notify`.
pub fn goodbye(version: u16) -> Vec<u8> {
    let alert = |description| {
        let [major, minor] = version.to_be_bytes();
        [ALERT, major, minor, 0, 2, 1, description]
    };
    [alert(90), alert(0)].concat()
}

#[cfg(test)]
mod tests;
