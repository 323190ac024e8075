//! Neighbour discovery (RFC 4861): who has which IPv6 address, and who routes.

use std::net::{IpAddr, Ipv6Addr};

use daicho_common::addr::Mac;
use daicho_common::observation::Fact;
use daicho_common::observation::heard::RouterAdvertisement;
use daicho_common::wire::ndp::{Body, Ndp};
use daicho_common::wire::{Malformed, Wire};

use super::dispatch::Message;

/// Most prefixes told of one advertisement.
const MAX_PREFIXES: usize = 64;

pub(super) fn facts(message: &Message<'_>) -> Result<Vec<Fact>, Malformed> {
    // Whatever a router passed on is a forgery (§6.1, §7.1).
    if message.hops != 255 {
        return Err(Malformed::Inconsistent { field: "Hop Limit" });
    }
    let Some(IpAddr::V6(speaker)) = message.from else {
        return Err(Malformed::Inconsistent { field: "Version" });
    };
    let (ndp, _) = Ndp::decode(message.octets)?;
    Ok(match &ndp.body {
        Body::RouterSolicitation { .. } | Body::NeighbourSolicitation { .. } => {
            neighbour(speaker, ndp.source_mac()).into_iter().collect()
        }
        // An advertisement without the option is from the target itself (§4.4).
        Body::NeighbourAdvertisement { target, .. } => {
            neighbour(*target, ndp.target_mac().or(message.mac)).into_iter().collect()
        }
        Body::RouterAdvertisement { flags, lifetime_secs, .. } => {
            let advertisement = RouterAdvertisement {
                lifetime_secs: *lifetime_secs,
                managed: flags & 0x80 != 0,
                other: flags & 0x40 != 0,
                prefixes: ndp.prefixes().take(MAX_PREFIXES).collect(),
            };
            let mut facts = vec![Fact::RouterAdvertisement(advertisement)];
            facts.extend(neighbour(speaker, ndp.source_mac()));
            facts
        }
        // What a router says of somebody else's addresses.
        Body::Redirect { .. } => Vec::new(),
    })
}

fn neighbour(ip: Ipv6Addr, mac: Option<Mac>) -> Option<Fact> {
    let mac = mac.filter(|mac| !mac.is_group() && *mac != Mac::ZERO)?;
    let own = !ip.is_unspecified() && !ip.is_multicast();
    own.then(|| Fact::Neighbour { ip: ip.into(), mac })
}
