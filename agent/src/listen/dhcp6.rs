//! DHCPv6 (RFC 8415): the same of IPv6. Messages inside a relay's are opened.

use std::net::{IpAddr, Ipv6Addr};

use daicho_common::observation::Fact;
use daicho_common::observation::heard;
use daicho_common::text::Text;
use daicho_common::wire::dhcp6::{
    CLIENT_FQDN, CLIENT_ID, Dhcp6, Head, OPTION_REQUEST, VENDOR_CLASS,
};
use daicho_common::wire::{Malformed, Wire, take};

use super::dhcp::digits;
use super::dispatch::Message;

/// Most relays that a message may have passed (`HOP_COUNT_LIMIT` of RFC 8415 §7.6).
const MAX_RELAYS: usize = 8;
/// Option 3, identity association for non-temporary addresses (RFC 8415 §21.4).
const IA_NA: u16 = 3;
/// Option 5, an address in it (RFC 8415 §21.6).
const IA_ADDRESS: u16 = 5;

pub(super) fn facts(told: &Message<'_>) -> Result<Vec<Fact>, Malformed> {
    let (mut message, _) = Dhcp6::decode(told.octets)?;
    let mut relay = None;
    for _ in 0..MAX_RELAYS {
        let Some(inner) = message.relayed() else { break };
        relay = told.from;
        message = inner;
    }
    let Head::Client { kind, .. } = message.head else {
        return Err(Malformed::Inconsistent { field: "Relay Message option" });
    };
    let address = address(&message);
    let from_server = matches!(kind, 2 | 7 | 10);
    let fact = heard::Dhcp {
        message: kind,
        from_server,
        client: message.client_mac(),
        host_name: Text::default(),
        fqdn: Text::from_wire(&message.option(CLIENT_FQDN).map(name).unwrap_or_default()),
        vendor_class: Text::from_wire(
            message.option(VENDOR_CLASS).and_then(vendor_class).unwrap_or_default(),
        ),
        client_id: digits(message.option(CLIENT_ID).unwrap_or_default()),
        requested_options: requested(message.option(OPTION_REQUEST).unwrap_or_default()),
        requested: address.filter(|_| !from_server),
        assigned: address.filter(|_| from_server),
        server: told.from.filter(|_| from_server && relay.is_none()),
        relay,
    };
    Ok(vec![Fact::Dhcp(Box::new(fact))])
}

/// The first address of the first identity association.
fn address(message: &Dhcp6) -> Option<IpAddr> {
    // IAID, T1, T2, then options of its own.
    let (_, mut rest) = take::<12>(message.option(IA_NA)?).ok()?;
    while let Ok(([a, b, c, d], after)) = take::<4>(rest) {
        let (value, after) = after.split_at_checked(usize::from(u16::from_be_bytes([c, d])))?;
        if u16::from_be_bytes([a, b]) == IA_ADDRESS {
            let (address, _) = take::<16>(value).ok()?;
            return Some(Ipv6Addr::from(address).into()).filter(|ip: &IpAddr| !ip.is_unspecified());
        }
        rest = after;
    }
    None
}

/// The name in a client FQDN option (RFC 4704 §4): flags, then labels, perhaps without the root.
fn name(value: &[u8]) -> Vec<u8> {
    let mut rest = value.get(1..).unwrap_or_default();
    let mut name = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        let Some((label, after)) = after.split_at_checked(usize::from(*length)) else { break };
        if label.is_empty() {
            break;
        }
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label);
        rest = after;
    }
    name
}

/// The first class of a vendor class option: enterprise number, then length and class.
fn vendor_class(value: &[u8]) -> Option<&[u8]> {
    let (_, rest) = take::<4>(value).ok()?;
    let (length, rest) = take::<2>(rest).ok()?;
    rest.get(..usize::from(u16::from_be_bytes(length)))
}

fn requested(value: &[u8]) -> Vec<u16> {
    let codes = value.chunks_exact(2).take(255);
    codes
        .filter_map(|code| take::<2>(code).ok())
        .map(|(code, _)| u16::from_be_bytes(code))
        .collect()
}
