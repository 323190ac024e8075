//! Classic pcap: one header, then records.

use std::io::Read;

use daicho_common::time::Timestamp;
use daicho_common::wire::take;

use super::{Damage, Filled, Frame, LinkType, MAX_FRAME, Order, exact, up_to};

/// Microseconds in the file's own octet order.
const MICROS: u32 = 0xa1b2_c3d4;
/// Nanoseconds.
const NANOS: u32 = 0xa1b2_3c4d;

pub(super) struct Reader<R> {
    source: R,
    order: Order,
    nanos: bool,
    link: LinkType,
    record: u64,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the rest of the file header after its magic number.
    pub(super) fn new(magic: [u8; 4], mut source: R) -> Result<Self, Damage> {
        let (order, nanos) = match (u32::from_le_bytes(magic), u32::from_be_bytes(magic)) {
            (MICROS, _) => (Order::Little, false),
            (NANOS, _) => (Order::Little, true),
            (_, MICROS) => (Order::Big, false),
            (_, NANOS) => (Order::Big, true),
            _ => return Err(Damage::NotACapture),
        };
        let Filled::Whole(header) = exact::<20>(&mut source)? else {
            return Err(Damage::Truncated { record: 0 });
        };
        // Version (2 × 16 bits), two unused words, snapshot length, link type (low 16 bits).
        let network = header.last_chunk::<4>().map_or(0, |octets| order.u32(*octets));
        let [_, _, a, b] = network.to_be_bytes();
        let link = LinkType::from(u16::from_be_bytes([a, b]));
        Ok(Self { source, order, nanos, link, record: 0, ended: false })
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Damage> {
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        self.record += 1;
        let header = match exact::<16>(&mut self.source)? {
            Filled::None => return Ok(None),
            Filled::Part => return Err(Damage::Truncated { record: self.record }),
            Filled::Whole(header) => header,
        };
        let frame = self.frame(&header)?;
        self.ended = false;
        Ok(Some(frame))
    }

    fn frame(&mut self, header: &[u8]) -> Result<Frame, Damage> {
        let record = self.record;
        let mut rest = header;
        let mut word = || {
            let (word, after) = take::<4>(rest).map_err(|_| Damage::Truncated { record })?;
            rest = after;
            Ok::<u32, Damage>(self.order.u32(word))
        };
        let (seconds, fraction, kept, wire_length) = (word()?, word()?, word()?, word()?);
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        if kept > MAX_FRAME {
            return Err(Damage::Nonsense { record, what: "longer than a frame can be" });
        }
        let octets = up_to(&mut self.source, kept)?;
        if octets.len() < kept {
            return Err(Damage::Truncated { record });
        }
        let micros = if self.nanos { fraction / 1000 } else { fraction };
        let at = Timestamp::from_micros(i64::from(seconds) * 1_000_000 + i64::from(micros));
        Ok(Frame { at, link: self.link, octets, wire_length })
    }
}
