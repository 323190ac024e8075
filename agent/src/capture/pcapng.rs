//! pcapng: sections of blocks. Read here: section header, interface description, enhanced, simple
//! and obsolete packet blocks; the rest is passed over.

use std::io::Read;

use daicho_common::time::Timestamp;
use daicho_common::wire::{Malformed, take};

use super::{Damage, Filled, Frame, LinkType, MAX_FRAME, Order, exact, up_to};

/// Block type of a section header, the same in both octet orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
/// Option `if_tsresol`: resolution of timestamps.
const IF_TSRESOL: u16 = 9;
/// Option `if_tsoffset`: seconds to add to timestamps.
const IF_TSOFFSET: u16 = 14;
/// Largest block read: a frame and its options.
const MAX_BLOCK: usize = MAX_FRAME + 65_536;
/// Most interfaces of a section: a file of nothing else must not fill the memory.
const MAX_INTERFACES: usize = 4096;

/// An interface of the section.
#[derive(Clone, Copy)]
struct Interface {
    link: LinkType,
    /// `if_tsresol` as sent: a power of ten, or of two where bit 7 is set.
    resolution: u8,
    /// Seconds.
    offset: i64,
}

pub(super) struct Reader<R> {
    source: R,
    order: Order,
    interfaces: Vec<Interface>,
    record: u64,
    /// The first block's type was read to find out what the file is.
    first: bool,
    ended: bool,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        let (order, interfaces) = (Order::Little, Vec::new());
        Self { source, order, interfaces, record: 0, first: true, ended: false }
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Damage> {
        while !self.ended {
            self.ended = true;
            let Some((kind, body)) = self.block()? else { return Ok(None) };
            let frame = self.frame(kind, &body).map_err(|damage| match damage {
                Malformed::Truncated { .. } => Damage::Nonsense {
                    record: self.record,
                    what: "a block shorter than its fields",
                },
                Malformed::Unsupported { field, .. } | Malformed::Inconsistent { field } => {
                    Damage::Nonsense { record: self.record, what: field }
                }
                Malformed::Checksum => Damage::Nonsense { record: self.record, what: "checksum" },
            })?;
            self.ended = false;
            if frame.is_some() {
                return Ok(frame);
            }
        }
        Ok(None)
    }

    /// The next block's type and body.
    fn block(&mut self) -> Result<Option<(u32, Vec<u8>)>, Damage> {
        self.record += 1;
        let record = self.record;
        let cut = Damage::Truncated { record };
        let kind = if std::mem::take(&mut self.first) {
            SECTION_HEADER
        } else {
            match exact::<4>(&mut self.source)? {
                Filled::None => return Ok(None),
                Filled::Part => return Err(cut),
                Filled::Whole(kind) => kind,
            }
        };
        let Filled::Whole(length) = exact::<4>(&mut self.source)? else { return Err(cut) };
        let mut body = Vec::new();
        if kind == SECTION_HEADER {
            let Filled::Whole(magic) = exact::<4>(&mut self.source)? else { return Err(cut) };
            self.order = match magic {
                [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
                [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
                _ => return Err(Damage::Nonsense { record, what: "octet order" }),
            };
            self.interfaces.clear();
            body.extend_from_slice(&magic);
        }
        let total = usize::try_from(self.order.u32(length)).unwrap_or(usize::MAX);
        // The type and both lengths take twelve octets; blocks are padded to four.
        let wanted = total.checked_sub(12 + body.len()).filter(|_| total % 4 == 0);
        let wanted = wanted.ok_or(Damage::Nonsense { record, what: "block length" })?;
        if wanted > MAX_BLOCK {
            return Err(Damage::Nonsense { record, what: "longer than a block can be" });
        }
        body.extend(up_to(&mut self.source, wanted)?);
        match exact::<4>(&mut self.source)? {
            Filled::Whole(again) if again == length => Ok(Some((self.order.u32(kind), body))),
            Filled::Whole(_) => Err(Damage::Nonsense { record, what: "second block length" }),
            Filled::Part | Filled::None => Err(cut),
        }
    }

    fn frame(&mut self, kind: u32, body: &[u8]) -> Result<Option<Frame>, Malformed> {
        match kind {
            INTERFACE_DESCRIPTION => self.interface(body).map(|()| None),
            ENHANCED_PACKET => {
                let (interface, rest) = self.word(body)?;
                self.packet(interface, rest).map(Some)
            }
            PACKET => {
                let ([a, b, _, _], rest) = take::<4>(body)?;
                self.packet(u32::from(self.order.u16([a, b])), rest).map(Some)
            }
            SIMPLE_PACKET => {
                let (wire_length, rest) = self.word(body)?;
                let interface = self.interfaces.first();
                let link = interface.ok_or(Malformed::Inconsistent { field: "interface" })?.link;
                let kept = usize::try_from(wire_length).unwrap_or(usize::MAX).min(rest.len());
                let octets = rest.get(..kept).unwrap_or_default().to_vec();
                Ok(Some(Frame { at: Timestamp::from_micros(0), link, octets, wire_length }))
            }
            _ => Ok(None),
        }
    }

    fn word<'a>(&self, octets: &'a [u8]) -> Result<(u32, &'a [u8]), Malformed> {
        take::<4>(octets).map(|(word, rest)| (self.order.u32(word), rest))
    }

    fn interface(&mut self, body: &[u8]) -> Result<(), Malformed> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(Malformed::Inconsistent { field: "number of interfaces" });
        }
        let ([a, b, ..], mut rest) = take::<8>(body)?;
        let link = LinkType::from(self.order.u16([a, b]));
        let mut interface = Interface { link, resolution: 6, offset: 0 };
        while let Ok(([a, b, c, d], after)) = take::<4>(rest) {
            let (code, length) = (self.order.u16([a, b]), usize::from(self.order.u16([c, d])));
            let Some(value) = after.get(..length) else { break };
            match (code, value) {
                (0, _) => break,
                (IF_TSRESOL, [resolution]) => interface.resolution = *resolution,
                (IF_TSOFFSET, value) => {
                    if let Ok(octets) = <[u8; 8]>::try_from(value) {
                        interface.offset = match self.order {
                            Order::Little => i64::from_le_bytes(octets),
                            Order::Big => i64::from_be_bytes(octets),
                        };
                    }
                }
                _ => {}
            }
            rest = after.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// An enhanced or obsolete packet block after its interface: time, lengths, octets.
    fn packet(&self, interface: u32, body: &[u8]) -> Result<Frame, Malformed> {
        let interface = usize::try_from(interface).ok().and_then(|n| self.interfaces.get(n));
        let interface = interface.ok_or(Malformed::Inconsistent { field: "interface" })?;
        let (high, rest) = self.word(body)?;
        let (low, rest) = self.word(rest)?;
        let (kept, rest) = self.word(rest)?;
        let (wire_length, rest) = self.word(rest)?;
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        let octets =
            rest.get(..kept).ok_or(Malformed::Truncated { need: kept, have: rest.len() })?.to_vec();
        let at = interface.time(u64::from(high) << 32 | u64::from(low));
        Ok(Frame { at, link: interface.link, octets, wire_length })
    }
}

impl Interface {
    /// The instant of a timestamp in the interface's units; saturating.
    fn time(self, units: u64) -> Timestamp {
        let exponent = u32::from(self.resolution & 0x7f);
        let base: u128 = if self.resolution & 0x80 == 0 { 10 } else { 2 };
        let micros = match base.checked_pow(exponent) {
            Some(per_second) => u128::from(units).saturating_mul(1_000_000) / per_second,
            None => 0,
        };
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        Timestamp::from_micros(micros.saturating_add(self.offset.saturating_mul(1_000_000)))
    }
}
