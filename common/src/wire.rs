//! Codecs, one protocol a file: strict, total decode; infallible encode.
//!
//! Decoding checks structure only and never panics or indexes; what a value means is for others.
//! Numbers of open registries survive unknown. For every value, `decode(encode(v)) == v`; a fuzz
//! target per codec holds both laws.

/// ARP for IPv4 over Ethernet (RFC 826).
pub mod arp;
/// Cisco Discovery Protocol.
pub mod cdp;
/// DER elements (ITU-T X.690), for negotiation tokens and certificates.
pub mod der;
/// DHCP for IPv4 (RFC 2131).
pub mod dhcp;
/// DHCP for IPv6 (RFC 8415).
pub mod dhcp6;
/// DICOM associations and C-ECHO (PS3.8, PS3.7).
pub mod dicom;
/// DNS messages as mDNS and DNS-SD use them (RFC 1035, RFC 6762, RFC 6763).
pub mod dns;
/// Extreme Discovery Protocol.
pub mod edp;
/// Ethernet II frame headers, with or without a VLAN tag.
pub mod ethernet;
/// What a server says first: FTP, SMTP and IMAP.
pub mod greeting;
/// HL7 version 2 as far as its header, in MLLP.
pub mod hl7;
/// Hot Standby Router Protocol.
pub mod hsrp;
/// HTTP/1.1 of a client (RFC 9110, RFC 9112).
pub mod http;
/// ICMP echo and timestamp (RFC 792).
pub mod icmp;
/// ICMPv6 echo and listener queries (RFC 4443, RFC 3810).
pub mod icmp6;
/// Group membership (IGMP, MLD).
pub mod igmp;
/// Internet Printing Protocol (RFC 8010).
pub mod ipp;
/// IPv4 packets (RFC 791).
pub mod ipv4;
/// IPv6 packets (RFC 8200).
pub mod ipv6;
/// Link Layer Discovery Protocol (IEEE 802.1AB).
pub mod lldp;
/// NetBIOS name service and browser announcements (RFC 1002).
pub mod nbns;
/// Framing of SMB over TCP (RFC 1002 §4.3.1).
pub mod nbss;
/// Neighbour discovery for IPv6 (RFC 4861).
pub mod ndp;
/// NTLM's first message and challenge ([MS-NLMP]).
pub mod ntlm;
/// NTP packets (RFC 5905 §7.3).
pub mod ntp;
/// RDP negotiation and CredSSP ([MS-RDPBCGR], [MS-CSSP]).
pub mod rdp;
/// Status line and header fields, as SIP and RTSP have them.
pub mod reply;
/// SMB 1 negotiation ([MS-CIFS], [MS-SMB]).
pub mod smb1;
/// SMB 2 and 3 negotiation ([MS-SMB2]).
pub mod smb2;
/// Nortel's topology discovery (SONMP).
pub mod sonmp;
/// SPNEGO tokens (RFC 4178).
pub mod spnego;
/// Simple Service Discovery (UPnP).
pub mod ssdp;
/// SSH before anything is encrypted (RFC 4253).
pub mod ssh;
/// Spanning tree (IEEE 802.1D, IEEE 802.1Q).
pub mod stp;
/// TCP segments (RFC 9293).
pub mod tcp;
/// Telnet (RFC 854).
pub mod telnet;
/// The beginning of a TLS handshake (RFC 5246), in the clear.
pub mod tls;
/// UDP datagrams (RFC 768).
pub mod udp;
/// Virtual Router Redundancy Protocol.
pub mod vrrp;

/// Bytes that cannot be decoded, and why: small enough to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// The buffer ends before the structure does.
    #[error("truncated: {need} octets needed, {have} there")]
    Truncated {
        /// Octets needed.
        need: usize,
        /// Octets there.
        have: usize,
    },
    /// A field has a value that this codec does not read.
    #[error("unsupported {field}: {value}")]
    Unsupported {
        /// The field as its specification spells it.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// A length, count or offset contradicts the rest.
    #[error("inconsistent {field}")]
    Inconsistent {
        /// The field as its specification spells it.
        field: &'static str,
    },
    /// A checksum does not fit.
    #[error("wrong checksum")]
    Checksum,
}

/// A protocol data unit that reads from and writes to octets.
pub trait Wire: Sized {
    /// The value at the start of `bytes`, and the octets after it.
    fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed>;

    /// Appends the octets of this value.
    fn encode(&self, out: &mut Vec<u8>);
}

/// The first `N` octets, and the rest.
pub fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), Malformed> {
    bytes
        .split_first_chunk::<N>()
        .map(|(head, rest)| (*head, rest))
        .ok_or(Malformed::Truncated { need: N, have: bytes.len() })
}

/// The Internet checksum (RFC 1071) over these runs of octets, as if they were one; each run but the
/// last must have an even length. Zero over octets that hold their own correct checksum.
pub fn checksum(runs: &[&[u8]]) -> u16 {
    let mut sum = 0u64;
    for run in runs {
        for (at, octet) in run.iter().enumerate() {
            sum += u64::from(*octet) << if at % 2 == 0 { 8 } else { 0 };
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}
