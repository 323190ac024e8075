//! Captures on disk: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng) as frames.
//!
//! Reads from any `Read`, one record at a time and in bounded memory; opens no file itself. Damage
//! ends the reading at that point and is reported; the frames before it are good.

use std::io::Read;

use daicho_common::time::Timestamp;

/// Classic pcap.
mod pcap;
/// The block-structured successor.
mod pcapng;

/// Largest frame taken, in octets: the largest snapshot length that capture programs write.
pub const MAX_FRAME: usize = 262_144;

/// Link-layer header types (the registry of draft-ietf-opsawg-pcaplinktype) that are read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// 1: Ethernet.
    Ethernet,
    /// 113: Linux cooked, version 1.
    LinuxSll,
    /// 276: Linux cooked, version 2.
    LinuxSll2,
    /// 101, 228, 229: IPv4 or IPv6 without a link layer.
    Raw,
    /// 0 and 108: BSD loopback.
    Null,
    /// Any other.
    Other(u16),
}

impl From<u16> for LinkType {
    fn from(number: u16) -> Self {
        match number {
            0 | 108 => Self::Null,
            1 => Self::Ethernet,
            101 | 228 | 229 => Self::Raw,
            113 => Self::LinuxSll,
            276 => Self::LinuxSll2,
            number => Self::Other(number),
        }
    }
}

/// A captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When, to the microsecond.
    pub at: Timestamp,
    /// What comes first in it.
    pub link: LinkType,
    /// The octets kept.
    pub octets: Vec<u8>,
    /// Length on the wire, at least the number of octets kept.
    pub wire_length: u32,
}

/// Why reading ended before the end of the file.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// Neither pcap nor pcapng.
    #[error("not a capture: neither pcap nor pcapng")]
    NotACapture,
    /// A record ends after the file does.
    #[error("truncated in record {record}")]
    Truncated {
        /// Number of the record or block, from 1.
        record: u64,
    },
    /// A length or version that no capture has.
    #[error("record {record} makes no sense: {what}")]
    Nonsense {
        /// Number of the record or block, from 1.
        record: u64,
        /// What.
        what: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Octet order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }
}

/// The frames of a capture, in the order of the file. After an error there are no more.
pub struct Frames<R>(Kind<R>);

enum Kind<R> {
    Pcap(pcap::Reader<R>),
    PcapNg(pcapng::Reader<R>),
}

impl<R: Read> Frames<R> {
    /// Looks at the first octets to see which kind it is.
    ///
    /// # Errors
    /// [`Damage::NotACapture`], or [`Damage::Io`].
    pub fn new(mut source: R) -> Result<Self, Damage> {
        let magic = match exact::<4>(&mut source)? {
            Filled::Whole(magic) => magic,
            Filled::None | Filled::Part => return Err(Damage::NotACapture),
        };
        if magic == pcapng::SECTION_HEADER {
            return Ok(Self(Kind::PcapNg(pcapng::Reader::new(source))));
        }
        pcap::Reader::new(magic, source).map(|reader| Self(Kind::Pcap(reader)))
    }
}

impl<R: Read> Iterator for Frames<R> {
    type Item = Result<Frame, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Kind::Pcap(reader) => reader.next().transpose(),
            Kind::PcapNg(reader) => reader.next().transpose(),
        }
    }
}

/// How many of the octets wanted were there.
enum Filled<const N: usize> {
    Whole([u8; N]),
    Part,
    None,
}

/// Reads `N` octets, or says that the source ended before or among them.
fn exact<const N: usize>(source: &mut impl Read) -> Result<Filled<N>, std::io::Error> {
    let octets = up_to(source, N)?;
    Ok(match <[u8; N]>::try_from(octets.as_slice()) {
        Ok(octets) => Filled::Whole(octets),
        Err(_) if octets.is_empty() => Filled::None,
        Err(_) => Filled::Part,
    })
}

/// Reads `length` octets, fewer only at the end of the source.
fn up_to(source: &mut impl Read, length: usize) -> Result<Vec<u8>, std::io::Error> {
    let mut octets = Vec::with_capacity(length.min(MAX_FRAME));
    source.by_ref().take(length as u64).read_to_end(&mut octets)?;
    Ok(octets)
}

#[cfg(test)]
mod tests;
