//! Who speaks to a group of its link, of services or of names: no router passes that on, so the sender is
//! a neighbour, even one that never says anything by ICMPv6. What it says is for `listen` to read.
//!
//! Checksums are not looked at: on a virtual network the sender leaves them to hardware that is not there,
//! and all that comes of a datagram is a question whether its sender has its address.

use daicho_common::wire::ipv6::Ipv6;
use daicho_common::wire::{Malformed, take};

/// Next-header number of UDP (IANA "protocol numbers").
const UDP: u8 = 17;
/// mDNS (RFC 6762 §3), LLMNR (RFC 4795 §2), SSDP (`UPnP` Device Architecture 2.0 §1.1) and WS-Discovery
/// (OASIS 1.1 §2.4). A group is told by its port: each of these has one of its own.
const PORTS: [u16; 4] = [5353, 5355, 1900, 3702];

/// Whether the packet goes to a group that stays on the link (RFC 4291 §2.7), at one of these ports.
///
/// # Errors
/// [`Malformed`] if its header is cut.
pub(super) fn is_announced(packet: &Ipv6) -> Result<bool, Malformed> {
    let Some((UDP, datagram)) = packet.upper() else { return Ok(false) };
    let [group, scope, ..] = packet.destination.octets();
    if group != 0xff || scope & 0x0f != 2 {
        return Ok(false);
    }
    let ([_, _, d1, d0, _, _, _, _], _) = take::<8>(datagram)?;
    Ok(PORTS.contains(&u16::from_be_bytes([d1, d0])))
}
