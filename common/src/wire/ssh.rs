//! SSH before anything is encrypted: the identification string (RFC 4253 §4.2), binary packets (§6),
//! `SSH_MSG_KEXINIT` (§7.1), the public values and replies of a key exchange (§8, RFC 4419 §3, RFC 5656
//! §4, RFC 8731 §3) and `SSH_MSG_DISCONNECT` (§11.1).

use super::{Malformed, Wire, take};

/// `SSH_MSG_DISCONNECT`.
pub const DISCONNECT: u8 = 1;
/// `SSH_MSG_KEXINIT`.
pub const KEXINIT: u8 = 20;
/// `SSH_MSG_KEXDH_INIT`, `SSH_MSG_KEX_ECDH_INIT`.
pub const KEX_INIT: u8 = 30;
/// `SSH_MSG_KEXDH_REPLY`, `SSH_MSG_KEX_ECDH_REPLY`.
pub const KEX_REPLY: u8 = 31;
/// `SSH_MSG_KEX_DH_GEX_GROUP`.
pub const GEX_GROUP: u8 = 31;
/// `SSH_MSG_KEX_DH_GEX_INIT`.
pub const GEX_INIT: u8 = 32;
/// `SSH_MSG_KEX_DH_GEX_REPLY`.
pub const GEX_REPLY: u8 = 33;
/// `SSH_MSG_KEX_DH_GEX_REQUEST`.
pub const GEX_REQUEST: u8 = 34;

/// `SSH_DISCONNECT_BY_APPLICATION`.
const BY_APPLICATION: u32 = 11;

/// Most octets of the lines before the identification string.
pub const MOST_PREAMBLE: usize = 8 << 10;
/// Longest identification string that is read, in octets; RFC 4253 allows 255.
pub const MOST_IDENTIFICATION: usize = 1024;
/// Longest packet that is read, in octets (RFC 4253 §6.1).
pub const MOST_PACKET: u32 = 35_000;
/// Longest packet that has no room for a message: its length of padding, and the least padding.
const LEAST_PACKET: u32 = 5;
/// Octets to whose multiple a packet is filled up while nothing is encrypted.
const BLOCK: usize = 8;

/// An identification string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    /// Version of the protocol: `2.0`, or `1.99` of one that knows the old protocol too.
    pub protocol: Vec<u8>,
    /// Version of the software, with comments if there are any.
    pub software: Vec<u8>,
}

impl Identification {
    /// The identification string and the octets after it; `None` if it is not all there yet. Lines before
    /// it are passed over.
    ///
    /// # Errors
    /// [`Malformed`] if too much comes before it, it is too long, or it has no version.
    pub fn decode(octets: &[u8]) -> Result<Option<(Self, &[u8])>, Malformed> {
        let mut rest = octets;
        loop {
            let end = rest.iter().position(|octet| *octet == b'\n');
            let before = octets.len() - rest.len();
            let begins = rest.iter().zip(b"SSH-").all(|(is, should)| is == should);
            let length = end.unwrap_or(rest.len());
            if begins && length > MOST_IDENTIFICATION {
                return Err(Malformed::Inconsistent { field: "identification string" });
            }
            if !begins && before + length > MOST_PREAMBLE {
                return Err(Malformed::Inconsistent { field: "lines before identification" });
            }
            let Some(end) = end else { return Ok(None) };
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if let Some(versions) = line.strip_prefix(b"SSH-") {
                return Ok(Some((Self::read(versions)?, rest)));
            }
        }
    }

    fn read(versions: &[u8]) -> Result<Self, Malformed> {
        let versions = versions.strip_suffix(b"\r").unwrap_or(versions);
        let dash = versions.iter().position(|octet| *octet == b'-');
        let dash =
            dash.filter(|at| *at > 0).ok_or(Malformed::Inconsistent { field: "protoversion" })?;
        let (protocol, software) = versions.split_at(dash);
        let software = software.get(1..).unwrap_or_default();
        Ok(Self { protocol: protocol.to_vec(), software: software.to_vec() })
    }

    /// The octets, with CR LF.
    pub fn encode(&self) -> Vec<u8> {
        [b"SSH-", self.protocol.as_slice(), b"-", &self.software, b"\r\n"].concat()
    }
}

/// A message, and the octets after its packet.
pub type Split<'o> = (&'o [u8], &'o [u8]);

/// The first packet's message and the octets after the packet; `None` if it is not all there yet.
///
/// # Errors
/// [`Malformed`] if its length is none that is read, or its padding is longer than it is.
pub fn message(octets: &[u8]) -> Result<Option<Split<'_>>, Malformed> {
    let Ok((length, rest)) = take::<4>(octets) else { return Ok(None) };
    let length = u32::from_be_bytes(length);
    if !(LEAST_PACKET..=MOST_PACKET).contains(&length) {
        return Err(Malformed::Unsupported { field: "packet_length", value: length });
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let Some((packet, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    let ([padding], filled) = take::<1>(packet)?;
    let payload = filled.len().checked_sub(padding.into()).and_then(|end| filled.get(..end));
    let payload = payload.ok_or(Malformed::Inconsistent { field: "padding_length" })?;
    Ok(Some((payload, rest)))
}

/// A packet with this message.
pub fn packet(message: &[u8]) -> Vec<u8> {
    let unfilled = 5 + message.len();
    let mut padding = BLOCK - unfilled % BLOCK;
    if padding < 4 {
        padding += BLOCK;
    }
    let length = u32::try_from(1 + message.len() + padding).unwrap_or(u32::MAX);
    let mut out = length.to_be_bytes().to_vec();
    out.push(u8::try_from(padding).unwrap_or(u8::MAX));
    out.extend_from_slice(message);
    out.resize(unfilled + padding, 0);
    out
}

/// A string (RFC 4251 §5), and the octets after it.
fn string(octets: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (length, rest) = take::<4>(octets)?;
    let need = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    rest.split_at_checked(need).ok_or(Malformed::Truncated { need, have: rest.len() })
}

fn put_string(value: &[u8], out: &mut Vec<u8>) {
    out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(value);
}

/// The rest of a message of this number.
fn body(number: u8, message: &[u8]) -> Result<&[u8], Malformed> {
    match message.split_first() {
        Some((code, body)) if *code == number => Ok(body),
        Some((code, _)) => {
            Err(Malformed::Unsupported { field: "message number", value: (*code).into() })
        }
        None => Err(Malformed::Truncated { need: 1, have: 0 }),
    }
}

/// Algorithms in the order of preference.
pub type Names = Vec<String>;

/// `SSH_MSG_KEXINIT`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexInit {
    /// Random octets.
    pub cookie: [u8; 16],
    /// Methods of key exchange.
    pub kex: Names,
    /// Algorithms of host keys.
    pub host_keys: Names,
    /// Ciphers, MACs, compressions and languages, each from the client and from the server.
    pub others: [Names; 8],
    /// Whether a packet follows that holds the sender's guess.
    pub guesses: bool,
}

impl Wire for KexInit {
    fn decode(message: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (cookie, mut rest) = take::<16>(body(KEXINIT, message)?)?;
        let mut next = || -> Result<Names, Malformed> {
            let (list, after) = string(rest)?;
            rest = after;
            names(list)
        };
        let mut this = Self { cookie, kex: next()?, host_keys: next()?, ..Self::default() };
        for other in &mut this.others {
            *other = next()?;
        }
        let ([guesses, _, _, _, _], rest) = take::<5>(rest)?;
        this.guesses = guesses != 0;
        Ok((this, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(KEXINIT);
        out.extend(self.cookie);
        for list in [&self.kex, &self.host_keys].into_iter().chain(&self.others) {
            put_string(list.join(",").as_bytes(), out);
        }
        out.extend([u8::from(self.guesses), 0, 0, 0, 0]);
    }
}

/// A list of names: of printable US-ASCII, apart by commas (RFC 4251 §5). Empty names are passed over.
fn names(octets: &[u8]) -> Result<Names, Malformed> {
    let text = std::str::from_utf8(octets).ok();
    let text = text.filter(|text| text.bytes().all(|octet| octet.is_ascii_graphic()));
    let text = text.ok_or(Malformed::Inconsistent { field: "name-list" })?;
    Ok(text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// The client's public value as this message: a point, or an integer whose first bit is not set.
pub fn public(number: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![number];
    put_string(value, &mut out);
    out
}

/// The request for a group of between `least` and `most` bits, best of `wanted` (RFC 4419 §3).
pub fn group_request(least: u32, wanted: u32, most: u32) -> Vec<u8> {
    let bits = [least, wanted, most].map(u32::to_be_bytes);
    [&[GEX_REQUEST][..], bits.as_flattened()].concat()
}

/// Octets of the modulus of a group without leading zeros (RFC 4419 §3).
///
/// # Errors
/// [`Malformed`] if it is no `SSH_MSG_KEX_DH_GEX_GROUP`, or cut.
pub fn group_octets(message: &[u8]) -> Result<usize, Malformed> {
    let (modulus, rest) = string(body(GEX_GROUP, message)?)?;
    let (_generator, _) = string(rest)?;
    Ok(without_zeros(modulus).len())
}

fn without_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

/// That the conversation is over, and by nobody's fault.
pub fn disconnect() -> Vec<u8> {
    let mut out = vec![DISCONNECT];
    out.extend(BY_APPLICATION.to_be_bytes());
    put_string(b"", &mut out);
    put_string(b"", &mut out);
    out
}

/// A public host key (RFC 4253 §6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// Its format: `ssh-rsa`, `ssh-ed25519`, `ecdsa-sha2-nistp256` …
    pub format: String,
    /// The key with its format, as fingerprints are made of it.
    pub blob: Vec<u8>,
}

impl HostKey {
    /// The key in the server's reply to the public value, a message of this number.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut, or the format's name is none.
    pub fn decode(number: u8, message: &[u8]) -> Result<Self, Malformed> {
        let (blob, _) = string(body(number, message)?)?;
        let (format, _) = string(blob)?;
        let [format] = <[String; 1]>::try_from(names(format)?)
            .map_err(|_| Malformed::Inconsistent { field: "key format" })?;
        Ok(Self { format, blob: blob.to_vec() })
    }

    /// Bits of an RSA modulus; `None` of other keys.
    pub fn rsa_bits(&self) -> Option<usize> {
        let (format, rest) = string(&self.blob).ok()?;
        let (_exponent, rest) = string(rest).ok().filter(|_| format == b"ssh-rsa")?;
        let modulus = without_zeros(string(rest).ok()?.0);
        let unset = modulus.first()?.leading_zeros();
        (modulus.len() * 8).checked_sub(usize::try_from(unset).ok()?)
    }

    /// The reply with this key, a public value of the server and a signature.
    pub fn encode(&self, number: u8, value: &[u8], signature: &[u8]) -> Vec<u8> {
        let mut out = public(number, &self.blob);
        put_string(value, &mut out);
        put_string(signature, &mut out);
        out
    }
}

#[cfg(test)]
mod tests;
