//! NetBIOS over UDP: the name service (RFC 1002 §4.2, port 137) and, of the datagram service (§4.4,
//! port 138), the browser announcements that Windows and Samba hosts make of themselves.
//!
//! Names are 16 octets: 15 of name padded with spaces, one of suffix that says what it is for.

use std::net::Ipv4Addr;

use crate::addr::Mac;
use crate::wire::{Malformed, take};

/// Most names read of one node status.
const MAX_NAMES: usize = 64;

/// A NetBIOS name (RFC 1001 §14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Padded with spaces (sometimes zeros), in the sender's OEM code page: CP932 in Japan.
    pub octets: [u8; 15],
    /// 0x00 workstation or workgroup, 0x03 messenger, 0x1b domain master browser, 0x1c domain
    /// controllers, 0x1d master browser, 0x1e browser elections, 0x20 file server.
    pub suffix: u8,
}

impl Name {
    /// The name without its padding.
    pub fn trimmed(&self) -> &[u8] {
        let end = self.octets.iter().rposition(|b| !matches!(b, b' ' | 0)).map_or(0, |n| n + 1);
        self.octets.get(..end).unwrap_or_default()
    }

    /// The first-level encoding (RFC 1001 §14.1): a label of 32 letters, without scope.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(32);
        for octet in self.octets.iter().chain([&self.suffix]) {
            out.extend_from_slice(&[b'A' + (octet >> 4), b'A' + (octet & 0x0f)]);
        }
        out.push(0);
    }

    /// Reads the first-level encoding. A scope after it is passed over; a pointer is not followed.
    ///
    /// # Errors
    /// [`Malformed`] if it is cut or holds a letter that the encoding does not use.
    pub fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([length], rest) = take::<1>(octets)?;
        if length != 32 {
            return Err(Malformed::Unsupported { field: "name length", value: length.into() });
        }
        let (letters, mut rest) = take::<32>(rest)?;
        let mut name = [0; 16];
        for (octet, pair) in name.iter_mut().zip(letters.chunks_exact(2)) {
            let mut nibbles = pair.iter().map(|c| c.checked_sub(b'A').filter(|n| *n < 16));
            let nibble = |n: Option<Option<u8>>| {
                n.flatten().ok_or(Malformed::Inconsistent { field: "encoded name" })
            };
            *octet = nibble(nibbles.next())? << 4 | nibble(nibbles.next())?;
        }
        loop {
            let ([length], after) = take::<1>(rest)?;
            let skip = usize::from(length);
            rest =
                after.get(skip..).ok_or(Malformed::Truncated { need: skip, have: after.len() })?;
            if length == 0 {
                break;
            }
        }
        let [octets @ .., suffix] = name;
        Ok((Self { octets, suffix }, rest))
    }
}

/// What a name service packet says of its sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packet {
    /// A name query or node status request for this name.
    Query {
        /// Who is asked for.
        name: Name,
        /// Whether it is a node status request (NBSTAT).
        status: bool,
    },
    /// A name registration or refresh (§4.2.2, §4.2.4): the sender claims the name.
    Registration {
        /// Which.
        name: Name,
        /// Whether it is a group's name (a workgroup's).
        group: bool,
        /// For this address.
        address: Ipv4Addr,
    },
    /// A positive name query response (§4.2.13).
    Found {
        /// Which.
        name: Name,
        /// Whether it is a group's name.
        group: bool,
        /// Its first address.
        address: Ipv4Addr,
    },
    /// A node status response (§4.2.18).
    Status {
        /// Names and whether each is a group's; at most 64.
        names: Vec<(Name, bool)>,
        /// The unit identifier: the adapter's MAC address; zero from Samba.
        unit: Mac,
    },
}

/// The mailslot of the browser service, as a transaction names it.
const SLOT: &[u8] = b"\\MAILSLOT\\BROWSE\0";
const NB: [u8; 4] = [0x00, 0x20, 0x00, 0x01];
const NBSTAT: [u8; 4] = [0x00, 0x21, 0x00, 0x01];

/// A node status request (§4.2.17) for any name, with this transaction ID.
pub fn status_request(transaction: u16) -> Vec<u8> {
    let mut out = transaction.to_be_bytes().to_vec();
    out.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    any_name().encode(&mut out);
    out.extend_from_slice(&NBSTAT);
    out
}

/// A node status response (§4.2.18) with these names and whether each is a group's; at most 255 are
/// written. All are marked as active (§4.2.18, `NAME_FLAGS`); the statistics after the unit identifier are
/// zero.
pub fn status_response(transaction: u16, names: &[(Name, bool)], unit: Mac) -> Vec<u8> {
    let names = names.get(..names.len().min(255)).unwrap_or_default();
    let count = u8::try_from(names.len()).unwrap_or(u8::MAX);
    let mut out = transaction.to_be_bytes().to_vec();
    out.extend_from_slice(&[0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    any_name().encode(&mut out);
    out.extend_from_slice(&NBSTAT);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(u16::from(count) * 18 + 1 + 46).to_be_bytes());
    out.push(count);
    for (name, group) in names {
        out.extend_from_slice(&name.octets);
        out.extend_from_slice(&[name.suffix, if *group { 0x84 } else { 0x04 }, 0]);
    }
    out.extend_from_slice(&unit.octets());
    out.extend_from_slice(&[0; 40]);
    out
}

/// The name that stands for any (§4.2.17): an asterisk and zeros.
fn any_name() -> Name {
    let mut octets = [0; 15];
    if let Some(first) = octets.first_mut() {
        *first = b'*';
    }
    Name { octets, suffix: 0 }
}

/// A name service packet: its transaction ID and what it says.
///
/// # Errors
/// [`Malformed`] if it is cut, or of a kind that says nothing (negative answers, wait, release).
pub fn decode(octets: &[u8]) -> Result<(u16, Packet), Malformed> {
    let (transaction, rest) = take::<2>(octets)?;
    let (flags, rest) = take::<2>(rest)?;
    let (_counts, rest) = take::<8>(rest)?;
    let flags = u16::from_be_bytes(flags);
    let (answer, opcode, code) = (flags & 0x8000 != 0, flags >> 11 & 0x0f, flags & 0x0f);
    let (name, rest) = Name::decode(rest)?;
    let (kind, rest) = take::<4>(rest)?;
    let packet = match (answer, opcode, kind) {
        (false, 0, NB | NBSTAT) => Packet::Query { name, status: kind == NBSTAT },
        (false, 5 | 8 | 9, NB) => {
            // The additional record repeats the name by a pointer: two octets, then as an answer.
            let (_pointer, rest) = take::<2>(rest)?;
            let (_kind, rest) = take::<4>(rest)?;
            let (group, address) = resource(rest)?;
            Packet::Registration { name, group, address }
        }
        (true, 0, NB) if code == 0 => {
            let (group, address) = resource(rest)?;
            Packet::Found { name, group, address }
        }
        (true, 0, NBSTAT) if code == 0 => status(rest)?,
        _ => return Err(Malformed::Unsupported { field: "opcode", value: opcode.into() }),
    };
    Ok((u16::from_be_bytes(transaction), packet))
}

/// TTL, length, then the first of the NB entries: flags and address (§4.2.1.3).
fn resource(octets: &[u8]) -> Result<(bool, Ipv4Addr), Malformed> {
    let (_ttl_and_length, rest) = take::<6>(octets)?;
    let ([flags, _], rest) = take::<2>(rest)?;
    let (address, _) = take::<4>(rest)?;
    Ok((flags & 0x80 != 0, address.into()))
}

fn status(octets: &[u8]) -> Result<Packet, Malformed> {
    let (_ttl_and_length, rest) = take::<6>(octets)?;
    let ([count], mut rest) = take::<1>(rest)?;
    let mut names = Vec::new();
    for _ in 0..count {
        let (name, after) = take::<16>(rest)?;
        let ([flags, _], after) = take::<2>(after)?;
        let [octets @ .., suffix] = name;
        if names.len() < MAX_NAMES {
            names.push((Name { octets, suffix }, flags & 0x80 != 0));
        }
        rest = after;
    }
    let (unit, _) = take::<6>(rest)?;
    Ok(Packet::Status { names, unit: Mac::new(unit) })
}

/// What a host announces of itself to the browser service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Announcement {
    /// The sender's address, as the datagram header says it.
    pub address: Ipv4Addr,
    /// 1 host, 12 domain, 15 local master announcement.
    pub command: u8,
    /// The host's (or domain's) name without padding, at most 16 octets.
    pub name: Vec<u8>,
    /// Major and minor version of its operating system, as it says.
    pub version: (u8, u8),
    /// Server type bits: 0 workstation, 1 server, 3 domain controller, 9 print queue, 12 NT,
    /// 15 NT server, 17 backup browser, 18 master browser.
    pub server_type: u32,
    /// The comment, at most 255 octets.
    pub comment: Vec<u8>,
}

/// A browser announcement inside a NetBIOS datagram inside a mailslot message.
///
/// # Errors
/// [`Malformed`] if it is cut or carries something else.
pub fn decode_announcement(octets: &[u8]) -> Result<Announcement, Malformed> {
    let ([kind, ..], rest) = take::<4>(octets)?;
    if !matches!(kind, 0x10..=0x12) {
        return Err(Malformed::Unsupported { field: "datagram type", value: kind.into() });
    }
    let (address, rest) = take::<4>(rest)?;
    let (_port_length_offset, rest) = take::<6>(rest)?;
    let (_source, rest) = Name::decode(rest)?;
    let (_destination, smb) = Name::decode(rest)?;
    let (magic, _) = take::<4>(smb)?;
    if magic != *b"\xffSMB" {
        return Err(Malformed::Inconsistent { field: "SMB header" });
    }
    // A transaction names its mailslot as text; what follows the name is the browser's frame.
    let at = smb
        .windows(SLOT.len())
        .position(|window| window.eq_ignore_ascii_case(SLOT))
        .ok_or(Malformed::Inconsistent { field: "mailslot" })?;
    let frame = smb.get(at + SLOT.len()..).unwrap_or_default();
    let ([command], rest) = take::<1>(frame)?;
    if !matches!(command, 1 | 12 | 15) {
        return Err(Malformed::Unsupported { field: "command", value: command.into() });
    }
    let (_count_and_period, rest) = take::<5>(rest)?;
    let (name, rest) = take::<16>(rest)?;
    let ([major, minor], rest) = take::<2>(rest)?;
    let (server_type, rest) = take::<4>(rest)?;
    let (_browser_version_and_signature, rest) = take::<4>(rest)?;
    let until_zero =
        |octets: &[u8]| octets.iter().copied().take_while(|b| *b != 0).take(255).collect();
    Ok(Announcement {
        address: address.into(),
        command,
        name: until_zero(&name),
        version: (major, minor),
        server_type: u32::from_le_bytes(server_type),
        comment: until_zero(rest),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &[u8], suffix: u8) -> Name {
        let mut octets = [b' '; 15];
        octets[..text.len()].copy_from_slice(text);
        Name { octets, suffix }
    }

    #[test]
    fn a_name_encodes_as_the_rfc_shows_and_decodes_again() {
        let mut out = Vec::new();
        name(b"FRED", 0x20).encode(&mut out);
        assert_eq!(out, b"\x20EGFCEFEECACACACACACACACACACACACA\0");
        let (read, rest) = Name::decode(&out).unwrap();
        assert_eq!((read, rest), (name(b"FRED", 0x20), &[][..]));
        assert_eq!(read.trimmed(), b"FRED");
    }

    #[test]
    fn a_status_request_is_fifty_octets_and_a_reply_gives_names_and_the_adapter() {
        let request = status_request(0x1234);
        assert_eq!(request.len(), 50);
        let query = Packet::Query { name: any_name(), status: true };
        assert_eq!(decode(&request), Ok((0x1234, query)));
        let mut reply = vec![0x12, 0x34, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        any_name().encode(&mut reply);
        reply.extend(NBSTAT);
        reply.extend([0, 0, 0, 0, 0, 65, 2]);
        for (text, flags) in [(&b"NURSE-07       \0"[..], 0x04), (b"WARD3F         \0", 0x84)] {
            reply.extend(text);
            reply.extend([flags, 0]);
        }
        reply.extend([0x00, 0x00, 0xf4, 1, 2, 3]);
        let Ok((_, Packet::Status { names, unit })) = decode(&reply) else { panic!() };
        assert_eq!(names[0].0.trimmed(), b"NURSE-07");
        assert_eq!((names[0].1, names[1].1), (false, true));
        assert_eq!(unit, "00:00:f4:01:02:03".parse().unwrap());
        for end in 0..reply.len() {
            assert!(decode(&reply[..end]).is_err());
        }
    }

    #[test]
    fn a_host_announcement_says_name_kind_and_comment() {
        let mut datagram = vec![0x11, 0x02, 0, 1, 10, 20, 0, 7, 0, 138, 0, 0, 0, 0];
        name(b"FILESV", 0x00).encode(&mut datagram);
        name(b"WARD3F", 0x1d).encode(&mut datagram);
        datagram.extend(b"\xffSMB\x25");
        datagram.extend([0; 60]);
        datagram.extend(b"\\MAILSLOT\\BROWSE\0");
        datagram.extend([1, 0, 0x80, 0xfc, 0x0a, 0]);
        datagram.extend(b"FILESV\0\0\0\0\0\0\0\0\0\0");
        datagram.extend([6, 1, 0x03, 0x9a, 0x81, 0, 15, 1, 0x55, 0xaa]);
        datagram.extend(b"File server\0");
        let said = decode_announcement(&datagram).unwrap();
        assert_eq!(
            (said.name.as_slice(), said.comment.as_slice()),
            (&b"FILESV"[..], &b"File server"[..])
        );
        assert_eq!((said.version, said.server_type), ((6, 1), 0x0081_9a03));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_names_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..120), raw in any::<[u8; 16]>()
        ) {
            let _ = (decode(&octets), decode_announcement(&octets));
            let [octets @ .., suffix] = raw;
            let name = Name { octets, suffix };
            let mut out = Vec::new();
            name.encode(&mut out);
            prop_assert_eq!(Name::decode(&out), Ok((name, &[][..])));
        }

        #[test]
        fn a_status_response_survives(
            transaction: u16, unit: [u8; 6],
            raw in proptest::collection::vec(any::<([u8; 15], u8, bool)>(), 0..MAX_NAMES)
        ) {
            let names: Vec<_> =
                raw.into_iter().map(|(octets, suffix, group)| (Name { octets, suffix }, group)).collect();
            let unit = Mac::new(unit);
            let octets = status_response(transaction, &names, unit);
            prop_assert_eq!(decode(&octets), Ok((transaction, Packet::Status { names, unit })));
        }
    }
}
