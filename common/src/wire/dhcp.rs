//! DHCP for IPv4 (RFC 2131 §2, RFC 2132), which is BOOTP with options: UDP 67 and 68.
//!
//! Options are kept as sent and in order, because their order is half of a client's fingerprint.
//! Pad options are dropped; an option that is split (RFC 3396) is joined by [`Dhcp::option`].

use std::net::Ipv4Addr;

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// The magic cookie before the options (RFC 2131 §3).
pub const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Option 12, the client's host name (RFC 2132 §3.14).
pub const HOST_NAME: u8 = 12;
/// Option 50, the address asked for (RFC 2132 §9.1).
pub const REQUESTED_ADDRESS: u8 = 50;
/// Option 53, the message type (RFC 2132 §9.6).
pub const MESSAGE_TYPE: u8 = 53;
/// Option 54, the server's identifier (RFC 2132 §9.7).
pub const SERVER_IDENTIFIER: u8 = 54;
/// Option 55, the parameter request list (RFC 2132 §9.8).
pub const PARAMETER_REQUEST_LIST: u8 = 55;
/// Option 60, the vendor class identifier (RFC 2132 §9.13).
pub const VENDOR_CLASS: u8 = 60;
/// Option 61, the client identifier (RFC 2132 §9.14).
pub const CLIENT_IDENTIFIER: u8 = 61;
/// Option 81, the client's fully qualified domain name (RFC 4702 §2).
pub const CLIENT_FQDN: u8 = 81;

/// An option as sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DhcpOption {
    /// 1–254.
    pub code: u8,
    /// At most 255 octets.
    pub value: Vec<u8>,
}

/// A BOOTP or DHCP message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dhcp {
    /// 1 request, 2 reply.
    pub op: u8,
    /// Hardware type; 1 is Ethernet.
    pub htype: u8,
    /// Length of the hardware address in octets.
    pub hlen: u8,
    /// Relay agents passed.
    pub hops: u8,
    /// Transaction ID.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// Bit 15: answer by broadcast.
    pub flags: u16,
    /// The client's address, if it has one.
    pub ciaddr: Ipv4Addr,
    /// The address that the client gets.
    pub yiaddr: Ipv4Addr,
    /// The next server.
    pub siaddr: Ipv4Addr,
    /// The relay agent.
    pub giaddr: Ipv4Addr,
    /// The client's hardware address, padded.
    pub chaddr: [u8; 16],
    /// The server's name, padded with zeros.
    pub sname: [u8; 64],
    /// The boot file's name, padded with zeros.
    pub file: [u8; 128],
    /// Whether the magic cookie follows; without it this is plain BOOTP.
    pub cookie: bool,
    /// In the order sent.
    pub options: Vec<DhcpOption>,
}

impl Dhcp {
    /// The client's MAC address, where its hardware is Ethernet.
    pub fn client(&self) -> Option<Mac> {
        let mac = self.chaddr.first_chunk::<6>().map(|mac| Mac::new(*mac));
        mac.filter(|_| self.htype == 1 && self.hlen == 6)
    }

    /// The value of an option, its parts joined in order (RFC 3396 §7); `None` if it is absent.
    pub fn option(&self, code: u8) -> Option<Vec<u8>> {
        let mut parts = self.options.iter().filter(|o| o.code == code).peekable();
        parts.peek()?;
        Some(parts.flat_map(|o| o.value.iter().copied()).collect())
    }

    /// 1 discover, 2 offer, 3 request, 4 decline, 5 ack, 6 nak, 7 release, 8 inform; `None` for
    /// BOOTP.
    pub fn message_type(&self) -> Option<u8> {
        self.option(MESSAGE_TYPE)?.first().copied()
    }

    /// An option that holds one address.
    pub fn address(&self, code: u8) -> Option<Ipv4Addr> {
        <[u8; 4]>::try_from(self.option(code)?.as_slice()).ok().map(Ipv4Addr::from)
    }

    /// The name in the client FQDN option (RFC 4702 §2.3), in either of its encodings.
    pub fn client_fqdn(&self) -> Option<Vec<u8>> {
        let value = self.option(CLIENT_FQDN)?;
        let ([flags, _, _], name) = take::<3>(&value).ok()?;
        // Bit E: the name is in DNS wire format, otherwise in ASCII (deprecated, but common).
        if flags & 0x04 == 0 { Some(name.to_vec()) } else { labels(name) }
    }
}

/// Labels in DNS wire format without compression, joined by dots.
fn labels(mut octets: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    while let Some((length, rest)) = octets.split_first() {
        if *length == 0 {
            break;
        }
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label);
        octets = rest;
    }
    Some(name)
}

/// Reads options up to End or the end of the octets.
fn options(mut octets: &[u8]) -> Result<(Vec<DhcpOption>, &[u8]), Malformed> {
    let mut options = Vec::new();
    while let Some((code, rest)) = octets.split_first() {
        octets = rest;
        match *code {
            0 => {}
            255 => break,
            code => {
                let ([length], rest) = take::<1>(rest)?;
                let (value, rest) = rest
                    .split_at_checked(usize::from(length))
                    .ok_or(Malformed::Truncated { need: length.into(), have: rest.len() })?;
                options.push(DhcpOption { code, value: value.to_vec() });
                octets = rest;
            }
        }
    }
    Ok((options, octets))
}

impl Wire for Dhcp {
    /// Octets after the End option are padding and are handed back.
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([op, htype, hlen, hops], rest) = take::<4>(octets)?;
        if !matches!(op, 1 | 2) {
            return Err(Malformed::Unsupported { field: "op", value: op.into() });
        }
        let (xid, rest) = take::<4>(rest)?;
        let (secs, rest) = take::<2>(rest)?;
        let (flags, rest) = take::<2>(rest)?;
        let (ciaddr, rest) = take::<4>(rest)?;
        let (yiaddr, rest) = take::<4>(rest)?;
        let (siaddr, rest) = take::<4>(rest)?;
        let (giaddr, rest) = take::<4>(rest)?;
        let (hardware, rest) = take::<16>(rest)?;
        let (sname, rest) = take::<64>(rest)?;
        let (file, rest) = take::<128>(rest)?;
        let after_cookie = rest.strip_prefix(&MAGIC_COOKIE);
        let (options, rest) = after_cookie.map_or(Ok((Vec::new(), rest)), options)?;
        let dhcp = Self {
            op,
            htype,
            hlen,
            hops,
            xid: u32::from_be_bytes(xid),
            secs: u16::from_be_bytes(secs),
            flags: u16::from_be_bytes(flags),
            ciaddr: ciaddr.into(),
            yiaddr: yiaddr.into(),
            siaddr: siaddr.into(),
            giaddr: giaddr.into(),
            chaddr: hardware,
            sname,
            file,
            cookie: after_cookie.is_some(),
            options,
        };
        Ok((dhcp, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.op, self.htype, self.hlen, self.hops]);
        out.extend_from_slice(&self.xid.to_be_bytes());
        out.extend_from_slice(&self.secs.to_be_bytes());
        out.extend_from_slice(&self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.siaddr, self.giaddr] {
            out.extend_from_slice(&address.octets());
        }
        out.extend_from_slice(&self.chaddr);
        out.extend_from_slice(&self.sname);
        out.extend_from_slice(&self.file);
        if !self.cookie {
            return;
        }
        out.extend_from_slice(&MAGIC_COOKIE);
        for DhcpOption { code, value } in &self.options {
            let value = value.get(..255).unwrap_or(value);
            out.extend_from_slice(&[*code, u8::try_from(value.len()).unwrap_or(255)]);
            out.extend_from_slice(value);
        }
        out.push(255);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request() -> Dhcp {
        let mut chaddr = [0; 16];
        chaddr[..6].copy_from_slice(&[0x00, 0x00, 0xf4, 7, 8, 9]);
        let option = |code, value: &[u8]| DhcpOption { code, value: value.to_vec() };
        Dhcp {
            op: 1,
            htype: 1,
            hlen: 6,
            hops: 0,
            xid: 0x1234_5678,
            secs: 3,
            flags: 0x8000,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            chaddr,
            sname: [0; 64],
            file: [0; 128],
            cookie: true,
            options: vec![
                option(MESSAGE_TYPE, &[3]),
                option(REQUESTED_ADDRESS, &[10, 20, 0, 9]),
                option(HOST_NAME, b"nurse-pc-07"),
                option(PARAMETER_REQUEST_LIST, &[1, 3, 6, 15]),
                option(CLIENT_FQDN, &[0x04, 0, 0, 2, b'p', b'c', 3, b'l', b'a', b'n', 0]),
            ],
        }
    }

    #[test]
    fn a_request_reads_as_it_was_written() {
        let mut out = Vec::new();
        request().encode(&mut out);
        assert_eq!(out[..12], [1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 3, 0x80, 0]);
        assert_eq!(out[236..243], [99, 130, 83, 99, 53, 1, 3]);
        let (dhcp, rest) = Dhcp::decode(&out).unwrap();
        assert!(rest.is_empty());
        assert_eq!(dhcp, request());
        assert_eq!(dhcp.client(), Some("00:00:f4:07:08:09".parse().unwrap()));
        assert_eq!(dhcp.message_type(), Some(3));
        assert_eq!(dhcp.address(REQUESTED_ADDRESS), Some(Ipv4Addr::new(10, 20, 0, 9)));
        assert_eq!(dhcp.client_fqdn(), Some(b"pc.lan".to_vec()));
    }

    #[test]
    fn every_cut_before_the_end_of_an_option_is_refused() {
        let mut out = Vec::new();
        request().encode(&mut out);
        for end in 0..236 {
            assert!(Dhcp::decode(&out[..end]).is_err());
        }
        assert!(Dhcp::decode(&out[..242]).is_err());
    }

    #[test]
    fn a_split_option_is_joined() {
        let mut dhcp = request();
        dhcp.options.push(DhcpOption { code: HOST_NAME, value: b".lan".to_vec() });
        assert_eq!(dhcp.option(HOST_NAME), Some(b"nurse-pc-07.lan".to_vec()));
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            tail in proptest::collection::vec(any::<u8>(), 0..120)
        ) {
            let mut octets = Vec::new();
            request().encode(&mut octets);
            octets.truncate(240);
            octets.extend(tail);
            if let Ok((dhcp, _)) = Dhcp::decode(&octets) {
                let _ = (dhcp.client_fqdn(), dhcp.message_type());
                let mut out = Vec::new();
                dhcp.encode(&mut out);
                prop_assert_eq!(Dhcp::decode(&out).unwrap().0, dhcp);
            }
        }
    }
}
