//! The envelope that carries observations from an agent to a collector, by file or over HTTP.
//!
//! A batch is JSON Lines (one [`Header`], then coverages, sent counts and observations), compressed
//! with Zstandard and signed with Ed25519 (RFC 8032), so that a file carried on a stick is worth as
//! much as a live feed. The signature is over the compressed octets and is checked before anything
//! is decompressed. A file holds any number of sealed batches, one after the other:
//!
//! ```text
//!  octets  8              4             32           (20)    64          length
//!         "DAICHO\0\x02"  length (BE)   public key   mark    signature   Zstandard frame
//! ```
//! The signature covers everything but itself. The mark says which batch of its agent this is, so
//! that a gap can be told; version 1 of the envelope has none, and is read all the same.

use std::io::{Read, Write};

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::coverage::{Coverage, Sent};
use crate::observation::{Observation, Vantages};
use crate::time::Timestamp;
use crate::wire::{Malformed, take};

/// First octets of every sealed batch; the version of the envelope follows.
pub const MAGIC: [u8; 7] = *b"DAICHO\0";
/// Most compressed octets in one batch: 64 MiB.
pub const MAX_SEALED: usize = 64 << 20;
/// Most octets that a batch may unpack to: 1 GiB.
pub const MAX_OPENED: u64 = 1 << 30;
/// Most observations that an agent puts in one batch.
pub const MAX_OBSERVATIONS: usize = 50_000;
/// Most octets before the compressed payload.
pub const MAX_PROLOGUE: usize = 8 + 4 + 32 + MARK + 64;
/// Octets of a mark.
const MARK: usize = 8 + 8 + 4;

/// Which of its agent's batches one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark {
    /// Names the count: chosen at random when an agent begins to count from 1, so that an agent that
    /// lost its state begins another count instead of repeating numbers.
    pub stream: u64,
    /// Position in that count, from 1.
    pub number: u64,
    /// How many observations and rows of sent counts the agent took out again for want of room. If
    /// any, the batch says what was looked at and can no longer be relied on, and no more.
    pub dropped: u32,
}

impl Mark {
    fn octets(self) -> [u8; MARK] {
        let mut octets = [0; MARK];
        let values = self.stream.to_be_bytes().into_iter().chain(self.number.to_be_bytes());
        for (to, from) in octets.iter_mut().zip(values.chain(self.dropped.to_be_bytes())) {
            *to = from;
        }
        octets
    }
}

/// What the batch is and who made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The agent's name.
    pub agent: String,
    /// Names the scan: the agent's name and the time of its start.
    pub scan: String,
    /// Position of this batch in its scan, from 1.
    pub sequence: u32,
    /// Whether this is the scan's last batch; coverage travels in it, and what is left of the sent
    /// counts.
    pub last: bool,
    /// When the scan began.
    pub from: Timestamp,
    /// When this batch was closed.
    pub to: Timestamp,
    /// Name and version of the software, for example `daicho-agent 0.1.0`.
    pub software: String,
}

/// Observations with the account of how they were got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What it is and who made it.
    pub header: Header,
    /// How far each method got; in the last batch of a scan.
    pub coverage: Vec<Coverage>,
    /// What was sent; in the last batches of a scan, every row in one of them.
    pub sent: Vec<Sent>,
    /// What was learned.
    pub observations: Vec<Observation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Header(Header),
    Coverage(Coverage),
    Sent(Sent),
    Observation(Observation),
}

/// A [`Line`] that is only written: the observations of a batch are many.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    Header(&'a Header),
    Coverage(&'a Coverage),
    Sent(&'a Sent),
    Observation(&'a Observation),
}

/// An agent's public key (RFC 8032 §5.1.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentKey([u8; 32]);

impl AgentKey {
    /// The key with these octets.
    pub const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn octets(self) -> [u8; 32] {
        self.0
    }

    /// A fingerprint that a person can compare: the first 8 octets of its SHA-256, in hex.
    pub fn fingerprint(self) -> String {
        hex(Sha256::digest(self.0).iter().take(8))
    }
}

impl std::fmt::Display for AgentKey {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(self.0.iter()))
    }
}

impl std::fmt::Debug for AgentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

fn hex<'a>(octets: impl Iterator<Item = &'a u8>) -> String {
    octets.fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

/// A batch that was opened: its signature fits the key that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The content.
    pub batch: Batch,
    /// The key that signed it. Whether that key is the agent's is for the reader to decide.
    pub key: AgentKey,
    /// SHA-256 of the sealed octets: the same batch delivered twice has the same digest.
    pub digest: [u8; 32],
    /// Which of its agent's batches it is; `None` in version 1 of the envelope.
    pub mark: Option<Mark>,
}

/// A sealed batch whose signature fits, not yet unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The key that signed it.
    pub key: AgentKey,
    /// Which of its agent's batches it is; `None` in version 1 of the envelope.
    pub mark: Option<Mark>,
    /// SHA-256 of the sealed octets.
    pub digest: [u8; 32],
    payload: &'a [u8],
}

impl Sealed<'_> {
    /// What it holds.
    ///
    /// # Errors
    /// [`Damage::TooLarge`], [`Damage::Compression`] or [`Damage::Line`].
    pub fn unpack(&self) -> Result<Opened, Damage> {
        let Self { key, mark, digest, payload } = *self;
        Ok(Opened { batch: unpack(payload)?, key, digest, mark })
    }
}

/// Why octets are not a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The first octets are not those of a batch.
    #[error("not a batch of daicho-agent")]
    NotABatch,
    /// The end is missing.
    #[error("truncated: {need} octets needed, {have} there")]
    Truncated {
        /// Octets needed.
        need: usize,
        /// Octets there.
        have: usize,
    },
    /// Larger than [`MAX_SEALED`] or unpacks to more than [`MAX_OPENED`].
    #[error("larger than a batch may be")]
    TooLarge,
    /// The signature does not fit the content.
    #[error("the signature does not fit: altered or damaged")]
    Signature,
    /// Signed, but not Zstandard.
    #[error("cannot be decompressed")]
    Compression,
    /// Signed, but this line is not one of a batch.
    #[error("line {line} is not one of a batch")]
    Line {
        /// Number of the line in the decompressed text, from 1.
        line: usize,
    },
}

impl From<Malformed> for Damage {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Truncated { need, have } => Self::Truncated { need, have },
            Malformed::Unsupported { .. }
            | Malformed::Inconsistent { .. }
            | Malformed::Checksum => Self::NotABatch,
        }
    }
}

impl Batch {
    /// Packs and signs the batch, without a mark: as version 1 of the envelope.
    ///
    /// # Errors
    /// [`Damage::TooLarge`] if it packs to more than [`MAX_SEALED`]; [`Damage::Compression`] if the
    /// compressor fails, which it does only for want of memory.
    pub fn seal(&self, key: &Ed25519KeyPair) -> Result<Vec<u8>, Damage> {
        self.seal_as(key, None)
    }

    /// Packs and signs the batch as the one of its agent's batches that `mark` says.
    ///
    /// # Errors
    /// As [`Batch::seal`].
    pub fn seal_marked(&self, key: &Ed25519KeyPair, mark: Mark) -> Result<Vec<u8>, Damage> {
        self.seal_as(key, Some(mark))
    }

    fn seal_as(&self, key: &Ed25519KeyPair, mark: Option<Mark>) -> Result<Vec<u8>, Damage> {
        let mut packer = zstd::Encoder::new(Vec::new(), 3).map_err(|_| Damage::Compression)?;
        // The compressor gets whole lines: JSON is written a few octets at a time.
        let mut text = Vec::new();
        for line in self.lines() {
            text.clear();
            serde_json::to_writer(&mut text, &line).map_err(|_| Damage::Compression)?;
            text.push(b'\n');
            packer.write_all(&text).map_err(|_| Damage::Compression)?;
        }
        let payload = packer.finish().map_err(|_| Damage::Compression)?;
        let length = u32::try_from(payload.len()).map_err(|_| Damage::TooLarge)?;
        if payload.len() > MAX_SEALED {
            return Err(Damage::TooLarge);
        }
        let mut sealed = Vec::with_capacity(MAX_PROLOGUE + payload.len());
        sealed.extend_from_slice(&MAGIC);
        sealed.push(if mark.is_some() { 2 } else { 1 });
        sealed.extend_from_slice(&length.to_be_bytes());
        sealed.extend_from_slice(key.public_key().as_ref());
        sealed.extend(mark.map(Mark::octets).into_iter().flatten());
        let signature = key.sign(&[sealed.as_slice(), &payload].concat());
        sealed.extend_from_slice(signature.as_ref());
        sealed.extend_from_slice(&payload);
        Ok(sealed)
    }

    fn lines(&self) -> impl Iterator<Item = Written<'_>> {
        std::iter::once(Written::Header(&self.header))
            .chain(self.coverage.iter().map(Written::Coverage))
            .chain(self.sent.iter().map(Written::Sent))
            .chain(self.observations.iter().map(Written::Observation))
    }
}

/// The sealed batch at the start of `bytes`, its signature checked, and the octets after it.
///
/// # Errors
/// A [`Damage`] that says what is wrong with the envelope.
pub fn check(bytes: &[u8]) -> Result<(Sealed<'_>, &[u8]), Damage> {
    let known = bytes.iter().zip(MAGIC).all(|(have, right)| *have == right);
    let (magic, rest) =
        take::<8>(bytes).map_err(|cut| if known { cut.into() } else { Damage::NotABatch })?;
    let marked = match magic.split_last() {
        Some((1, first)) if *first == MAGIC => false,
        Some((2, first)) if *first == MAGIC => true,
        Some(_) | None => return Err(Damage::NotABatch),
    };
    let (length, rest) = take::<4>(rest)?;
    let (key, mut rest) = take::<32>(rest)?;
    let mut mark = None;
    if marked {
        let (stream, after) = take::<8>(rest)?;
        let (number, after) = take::<8>(after)?;
        let (dropped, after) = take::<4>(after)?;
        mark = Some(Mark {
            stream: u64::from_be_bytes(stream),
            number: u64::from_be_bytes(number),
            dropped: u32::from_be_bytes(dropped),
        });
        rest = after;
    }
    let head = bytes.len() - rest.len();
    let (signature, rest) = take::<64>(rest)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Damage::TooLarge)?;
    if length > MAX_SEALED {
        return Err(Damage::TooLarge);
    }
    let whole = head + 64 + length;
    let (payload, after) = rest
        .split_at_checked(length)
        .ok_or(Damage::Truncated { need: whole, have: bytes.len() })?;
    let signed = [bytes.get(..head).unwrap_or_default(), payload].concat();
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&signed, &signature)
        .map_err(|_| Damage::Signature)?;
    let digest = Sha256::digest(bytes.get(..whole).unwrap_or_default()).into();
    Ok((Sealed { key: AgentKey(key), mark, digest, payload }, after))
}

/// The sealed batch at the start of `bytes`, and the octets after it.
///
/// # Errors
/// A [`Damage`] that says what is wrong; nothing of a damaged batch is returned.
pub fn open(bytes: &[u8]) -> Result<(Opened, &[u8]), Damage> {
    let (sealed, after) = check(bytes)?;
    Ok((sealed.unpack()?, after))
}

/// Every sealed batch of a file.
///
/// # Errors
/// The number of the batch (from 1) and its damage; an empty file is [`Damage::NotABatch`].
pub fn open_all(bytes: &[u8]) -> Result<Vec<Opened>, (usize, Damage)> {
    let mut opened = Vec::new();
    let mut rest = bytes;
    loop {
        let (batch, after) = open(rest).map_err(|damage| (opened.len() + 1, damage))?;
        opened.push(batch);
        rest = after;
        if rest.is_empty() {
            return Ok(opened);
        }
    }
}

fn unpack(payload: &[u8]) -> Result<Batch, Damage> {
    let unpacker = zstd::Decoder::new(payload).map_err(|_| Damage::Compression)?;
    let mut text = Vec::new();
    unpacker.take(MAX_OPENED + 1).read_to_end(&mut text).map_err(|_| Damage::Compression)?;
    if text.len() as u64 > MAX_OPENED {
        return Err(Damage::TooLarge);
    }
    let mut lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty()).enumerate();
    let read = |(n, line): (usize, &[u8])| {
        serde_json::from_slice::<Line>(line).map_err(|_| Damage::Line { line: n + 1 })
    };
    let Some(Line::Header(header)) = lines.next().map(read).transpose()? else {
        return Err(Damage::Line { line: 1 });
    };
    let mut batch =
        Batch { header, coverage: Vec::new(), sent: Vec::new(), observations: Vec::new() };
    let mut vantages = Vantages::default();
    for (n, line) in lines {
        match read((n, line))? {
            Line::Header(_) => return Err(Damage::Line { line: n + 1 }),
            Line::Coverage(coverage) => batch.coverage.push(coverage),
            Line::Sent(sent) => batch.sent.push(sent),
            Line::Observation(mut observation) => {
                observation.vantage = vantages.shared(observation.vantage);
                batch.observations.push(observation);
            }
        }
    }
    Ok(batch)
}

#[cfg(test)]
mod tests;
