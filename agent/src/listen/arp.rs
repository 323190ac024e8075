//! ARP (RFC 826): the sender of every packet says which address it has, whatever it asks.

use daicho_common::addr::Mac;
use daicho_common::observation::Fact;
use daicho_common::wire::arp::Arp;
use daicho_common::wire::{Malformed, Wire};

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let (arp, _) = Arp::decode(octets)?;
    if arp.sender_mac.is_group() || arp.sender_ip.is_multicast() || arp.sender_ip.is_broadcast() {
        return Err(Malformed::Inconsistent { field: "ar$sha" });
    }
    // A probe for a duplicate has no address yet (RFC 5227 §2.1.1).
    if arp.sender_ip.is_unspecified() || arp.sender_mac == Mac::ZERO {
        return Ok(Vec::new());
    }
    Ok(vec![Fact::Arp { ip: arp.sender_ip, mac: arp.sender_mac }])
}
