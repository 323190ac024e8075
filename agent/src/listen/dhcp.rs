//! DHCP (RFC 2131): what a client is, what it is called, and which address it gets.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use daicho_common::observation::Fact;
use daicho_common::observation::heard;
use daicho_common::text::Text;
use daicho_common::wire::dhcp::{
    CLIENT_IDENTIFIER, Dhcp, HOST_NAME, PARAMETER_REQUEST_LIST, REQUESTED_ADDRESS,
    SERVER_IDENTIFIER, VENDOR_CLASS,
};
use daicho_common::wire::{Malformed, Wire};

/// Most octets kept of a client identifier; RFC 4361 makes them about 20.
const MAX_ID: usize = 128;

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let (dhcp, _) = Dhcp::decode(octets)?;
    let text = |code| Text::from_wire(&dhcp.option(code).unwrap_or_default());
    let known = |address: Ipv4Addr| Some(IpAddr::V4(address)).filter(|ip| !ip.is_unspecified());
    let list = dhcp.option(PARAMETER_REQUEST_LIST).unwrap_or_default();
    let fact = heard::Dhcp {
        message: dhcp.message_type().unwrap_or(0),
        from_server: dhcp.op == 2,
        client: dhcp.client(),
        host_name: text(HOST_NAME),
        fqdn: Text::from_wire(&dhcp.client_fqdn().unwrap_or_default()),
        vendor_class: text(VENDOR_CLASS),
        client_id: digits(&dhcp.option(CLIENT_IDENTIFIER).unwrap_or_default()),
        requested_options: list.into_iter().take(255).map(u16::from).collect(),
        requested: dhcp
            .address(REQUESTED_ADDRESS)
            .and_then(known)
            .or_else(|| known(dhcp.ciaddr).filter(|_| dhcp.op == 1)),
        assigned: known(dhcp.yiaddr).filter(|_| dhcp.op == 2),
        server: dhcp.address(SERVER_IDENTIFIER).and_then(known),
        relay: known(dhcp.giaddr),
    };
    Ok(vec![Fact::Dhcp(Box::new(fact))])
}

/// Octets as hexadecimal digits, the first [`MAX_ID`] of them.
pub(super) fn digits(octets: &[u8]) -> String {
    octets.iter().take(MAX_ID).fold(String::new(), |mut digits, octet| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{octet:02x}");
        digits
    })
}
