//! What the listener reads in a frame, field by field, under the peer's names and in its spelling.

use std::net::IpAddr;

use daicho_agent::capture::Frame;
use daicho_agent::listen::dispatch::{Message, find};
use daicho_common::addr::Mac;
use daicho_common::observation::Method;
use daicho_common::wire::arp::Arp;
use daicho_common::wire::cdp::Cdp;
use daicho_common::wire::dhcp::{self, Dhcp};
use daicho_common::wire::lldp::{Lldp, Tlv};
use daicho_common::wire::stp::{Bpdu, LLC};
use daicho_common::wire::{Malformed, Wire};

/// Field names with their values, in the order of the frame.
pub(super) type Fields = Vec<(&'static str, String)>;

type Reader = fn(&Message<'_>) -> Result<Fields, Malformed>;

/// The protocol of a frame and its fields; `None` if it is not one of those that are compared.
pub(super) fn read(frame: &Frame) -> Option<(Method, Result<Fields, Malformed>)> {
    let message = find(frame.link, &frame.octets).ok()??.message?;
    let readers: [(Method, Reader); 5] = [
        (Method::ArpHeard, arp),
        (Method::Lldp, lldp),
        (Method::Cdp, cdp),
        (Method::Stp, stp),
        (Method::Dhcp, dhcp),
    ];
    let (_, reader) = readers.into_iter().find(|(method, _)| *method == message.method)?;
    Some((message.method, reader(&message)))
}

fn arp(message: &Message<'_>) -> Result<Fields, Malformed> {
    let (arp, _) = Arp::decode(message.octets)?;
    Ok(vec![
        ("arp.opcode", arp.operation.0.to_string()),
        ("arp.src.hw_mac", arp.sender_mac.to_string()),
        ("arp.src.proto_ipv4", arp.sender_ip.to_string()),
        ("arp.dst.hw_mac", arp.target_mac.to_string()),
        ("arp.dst.proto_ipv4", arp.target_ip.to_string()),
    ])
}

/// Text as the peer's columns show it.
fn text(octets: &[u8]) -> String {
    let end = octets.iter().position(|b| *b == 0).unwrap_or(octets.len());
    String::from_utf8_lossy(octets.get(..end).unwrap_or_default())
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
}

fn lldp(message: &Message<'_>) -> Result<Fields, Malformed> {
    let (lldp, _) = Lldp::decode(message.octets)?;
    let mut fields = vec![("lldp.chassis.subtype", lldp.chassis.subtype.to_string())];
    if let Some(mac) = lldp.chassis.mac() {
        fields.push(("lldp.chassis.id.mac", mac.to_string()));
    }
    if let Some(IpAddr::V4(ip)) = lldp.chassis.address() {
        fields.push(("lldp.chassis.id.ip4", ip.to_string()));
    }
    fields.push(("lldp.port.subtype", lldp.port.subtype.to_string()));
    match (lldp.port.mac(), lldp.port.subtype) {
        (Some(mac), _) => fields.push(("lldp.port.id.mac", mac.to_string())),
        (None, 3 | 4) => {}
        (None, _) => fields.push(("lldp.port.id", text(lldp.port.id.as_slice()))),
    }
    fields.push(("lldp.time_to_live", lldp.ttl_secs.to_string()));
    for tlv in &lldp.tlvs {
        match tlv {
            Tlv::PortDescription(it) => fields.push(("lldp.port.desc", text(it.as_slice()))),
            Tlv::SystemName(it) => fields.push(("lldp.tlv.system.name", text(it.as_slice()))),
            Tlv::SystemDescription(it) => {
                fields.push(("lldp.tlv.system.desc", text(it.as_slice())));
            }
            Tlv::Capabilities(it) => {
                fields.push(("lldp.tlv.system_cap", format!("0x{:04x}", it.system)));
                fields.push(("lldp.tlv.enable_system_cap", format!("0x{:04x}", it.enabled)));
            }
            Tlv::Management(it) => match it.ip() {
                Some(IpAddr::V4(ip)) => fields.push(("lldp.mgn.addr.ip4", ip.to_string())),
                Some(IpAddr::V6(ip)) => fields.push(("lldp.mgn.addr.ip6", ip.to_string())),
                None => {}
            },
            Tlv::Organisation { .. } | Tlv::Other { .. } => {}
        }
    }
    if let Some(vlan) = lldp.port_vlan() {
        fields.push(("lldp.ieee.802_1.port_vlan.id", vlan.to_string()));
    }
    let inventory = lldp.inventory();
    let parts = [
        ("lldp.media.hardware", inventory.hardware),
        ("lldp.media.firmware", inventory.firmware),
        ("lldp.media.software", inventory.software),
        ("lldp.media.sn", inventory.serial),
        ("lldp.media.manufacturer", inventory.manufacturer),
        ("lldp.media.model", inventory.model),
        ("lldp.media.asset", inventory.asset),
    ];
    fields.extend(parts.into_iter().filter_map(|(name, said)| Some((name, text(said?)))));
    Ok(fields)
}

fn cdp(message: &Message<'_>) -> Result<Fields, Malformed> {
    let cdp = Cdp::after_snap(message.octets)?;
    let mut fields = vec![
        ("cdp.version", cdp.version.to_string()),
        ("cdp.ttl", cdp.ttl_secs.to_string()),
        ("cdp.checksum", format!("0x{:04x}", cdp.checksum)),
    ];
    let texts = [
        ("cdp.deviceid", cdp.device_id()),
        ("cdp.portid", cdp.port_id()),
        ("cdp.platform", cdp.platform()),
        ("cdp.system_name", cdp.system_name()),
    ];
    fields.extend(texts.into_iter().filter_map(|(name, said)| Some((name, text(said?)))));
    if let Some(bits) = cdp.capabilities() {
        fields.push(("cdp.capabilities", format!("0x{bits:08x}")));
    }
    if let Some(vlan) = cdp.native_vlan() {
        fields.push(("cdp.native_vlan", vlan.to_string()));
    }
    let addresses = cdp.addresses().into_iter().chain(cdp.management_addresses());
    fields.extend(addresses.filter_map(|ip| match ip {
        IpAddr::V4(ip) => Some(("cdp.nrgyz.ip_address", ip.to_string())),
        IpAddr::V6(_) => None,
    }));
    Ok(fields)
}

fn stp(message: &Message<'_>) -> Result<Fields, Malformed> {
    let octets = message.octets;
    let whole = if octets.starts_with(&LLC) { octets.to_vec() } else { [&LLC, octets].concat() };
    let (bpdu, _) = Bpdu::decode(&whole)?;
    let kind = match bpdu {
        Bpdu::Configuration { .. } => 0,
        Bpdu::TopologyChange { .. } => 0x80,
        Bpdu::Rapid { .. } => 2,
    };
    let mut fields =
        vec![("stp.version", bpdu.version().to_string()), ("stp.type", format!("0x{kind:02x}"))];
    let Some(config) = bpdu.config() else { return Ok(fields) };
    let seconds = |units: u16| format!("{}", f64::from(units) / 256.0);
    fields.extend([
        ("stp.flags", format!("0x{:02x}", config.flags)),
        ("stp.root.prio", (config.root.priority & 0xf000).to_string()),
        ("stp.root.ext", (config.root.priority & 0x0fff).to_string()),
        ("stp.root.hw", config.root.mac.to_string()),
        ("stp.root.cost", config.root_cost.to_string()),
        ("stp.bridge.prio", (config.bridge.priority & 0xf000).to_string()),
        ("stp.bridge.ext", (config.bridge.priority & 0x0fff).to_string()),
        ("stp.bridge.hw", config.bridge.mac.to_string()),
        ("stp.port", format!("0x{:04x}", config.port)),
        ("stp.msg_age", seconds(config.message_age)),
        ("stp.max_age", seconds(config.max_age)),
        ("stp.hello", seconds(config.hello_time)),
        ("stp.forward", seconds(config.forward_delay)),
    ]);
    Ok(fields)
}

fn dhcp(message: &Message<'_>) -> Result<Fields, Malformed> {
    let (it, _) = Dhcp::decode(message.octets)?;
    let mut fields = vec![
        ("dhcp.type", it.op.to_string()),
        ("dhcp.id", format!("0x{:08x}", it.xid)),
        ("dhcp.ip.client", it.ciaddr.to_string()),
        ("dhcp.ip.your", it.yiaddr.to_string()),
        ("dhcp.ip.server", it.siaddr.to_string()),
        ("dhcp.ip.relay", it.giaddr.to_string()),
    ];
    fields.extend(it.client().map(|mac: Mac| ("dhcp.hw.mac_addr", mac.to_string())));
    // The peer has the same name for the hardware address in a client identifier (RFC 2132 §9.14).
    let id = it.option(dhcp::CLIENT_IDENTIFIER).unwrap_or_default();
    if let [1, mac @ ..] = id.as_slice() {
        fields.extend(Mac::from_slice(mac).map(|mac| ("dhcp.hw.mac_addr", mac.to_string())));
    }
    fields.extend(it.message_type().map(|kind| ("dhcp.option.dhcp", kind.to_string())));
    let address = |code, name| it.address(code).map(|ip| (name, ip.to_string()));
    fields.extend(address(dhcp::REQUESTED_ADDRESS, "dhcp.option.requested_ip_address"));
    fields.extend(address(dhcp::SERVER_IDENTIFIER, "dhcp.option.dhcp_server_id"));
    for code in it.option(dhcp::PARAMETER_REQUEST_LIST).unwrap_or_default() {
        fields.push(("dhcp.option.request_list_item", code.to_string()));
    }
    let said = |code, name| Some((name, text(&it.option(code)?)));
    fields.extend(said(dhcp::HOST_NAME, "dhcp.option.hostname"));
    fields.extend(said(dhcp::VENDOR_CLASS, "dhcp.option.vendor_class_id"));
    fields.extend(it.client_fqdn().map(|name| ("dhcp.fqdn.name", text(&name))));
    fields.extend(it.options.iter().map(|option| ("dhcp.option.type", option.code.to_string())));
    Ok(fields)
}
