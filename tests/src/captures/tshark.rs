//! What tshark (Debian) prints for the same frames.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use daicho_common::observation::Method;

/// A protocol that is compared.
pub(super) struct Protocol {
    /// As the listener calls it.
    pub(super) method: Method,
    /// As tshark calls it, in filters and in the path of a frame.
    pub(super) name: &'static str,
    /// Its fields that are compared; the first is there whenever the protocol was read at all.
    pub(super) fields: &'static [&'static str],
}

/// The protocols that are compared.
pub(super) const PROTOCOLS: [Protocol; 5] = [
    Protocol {
        method: Method::Lldp,
        name: "lldp",
        fields: &[
            "lldp.chassis.subtype",
            "lldp.chassis.id.mac",
            "lldp.chassis.id.ip4",
            "lldp.port.subtype",
            "lldp.port.id.mac",
            "lldp.port.id",
            "lldp.time_to_live",
            "lldp.port.desc",
            "lldp.tlv.system.name",
            "lldp.tlv.system.desc",
            "lldp.tlv.system_cap",
            "lldp.tlv.enable_system_cap",
            "lldp.mgn.addr.ip4",
            "lldp.mgn.addr.ip6",
            "lldp.ieee.802_1.port_vlan.id",
            "lldp.media.hardware",
            "lldp.media.firmware",
            "lldp.media.software",
            "lldp.media.sn",
            "lldp.media.manufacturer",
            "lldp.media.model",
            "lldp.media.asset",
        ],
    },
    Protocol {
        method: Method::Cdp,
        name: "cdp",
        fields: &[
            "cdp.version",
            "cdp.ttl",
            "cdp.checksum",
            "cdp.deviceid",
            "cdp.portid",
            "cdp.platform",
            "cdp.system_name",
            "cdp.capabilities",
            "cdp.native_vlan",
            "cdp.nrgyz.ip_address",
        ],
    },
    Protocol {
        method: Method::Dhcp,
        name: "dhcp",
        fields: &[
            "dhcp.type",
            "dhcp.id",
            "dhcp.ip.client",
            "dhcp.ip.your",
            "dhcp.ip.server",
            "dhcp.ip.relay",
            "dhcp.hw.mac_addr",
            "dhcp.option.dhcp",
            "dhcp.option.requested_ip_address",
            "dhcp.option.dhcp_server_id",
            "dhcp.option.request_list_item",
            "dhcp.option.hostname",
            "dhcp.option.vendor_class_id",
            "dhcp.fqdn.name",
            "dhcp.option.type",
        ],
    },
    Protocol {
        method: Method::ArpHeard,
        name: "arp",
        fields: &[
            "arp.opcode",
            "arp.src.hw_mac",
            "arp.src.proto_ipv4",
            "arp.dst.hw_mac",
            "arp.dst.proto_ipv4",
        ],
    },
    Protocol {
        method: Method::Stp,
        name: "stp",
        fields: &[
            "stp.version",
            "stp.type",
            "stp.flags",
            "stp.root.prio",
            "stp.root.ext",
            "stp.root.hw",
            "stp.root.cost",
            "stp.bridge.prio",
            "stp.bridge.ext",
            "stp.bridge.hw",
            "stp.port",
            "stp.msg_age",
            "stp.max_age",
            "stp.hello",
            "stp.forward",
        ],
    },
];

/// A frame as tshark read it.
#[derive(Debug)]
pub(super) struct Row {
    /// The protocols around and in it, outermost first.
    pub(super) path: String,
    /// Whether tshark calls it malformed, or says that the capture cut it.
    pub(super) broken: bool,
    /// Its values by field, in the order of the frame.
    pub(super) values: BTreeMap<&'static str, Vec<String>>,
}

/// Between the values of one field; no device has it in its name.
const BETWEEN: char = '|';

/// The frames of a capture that have this protocol, by their number; `None` where tshark does not
/// read the capture at all.
pub(super) fn read(
    capture: &Path,
    protocol: &Protocol,
) -> anyhow::Result<Option<BTreeMap<u64, Row>>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture).args(["-Y", protocol.name, "-T", "fields"]);
    command.args(["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"]);
    command.args(["-e", "frame.number", "-e", "frame.protocols", "-e", "_ws.malformed"]);
    command.args(["-e", "frame.len", "-e", "frame.cap_len"]);
    for field in protocol.fields {
        command.args(["-e", field]);
    }
    let output = command.output().context("tshark did not start; install the package tshark")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() && text.is_empty() {
        return Ok(None);
    }
    let rows = text.lines().map(|line| row(line, protocol).context("a line of tshark"));
    rows.collect::<anyhow::Result<_>>().map(Some)
}

fn row(line: &str, protocol: &Protocol) -> Option<(u64, Row)> {
    let mut cells = line.split('\t');
    let number = cells.next()?.parse().ok()?;
    let path = cells.next()?.to_owned();
    let malformed = !cells.next()?.is_empty();
    let cut = cells.next()? != cells.next()?;
    let values = protocol.fields.iter().zip(cells).map(|(field, cell)| {
        let values = cell.split(BETWEEN).filter(|value| !value.is_empty());
        (*field, values.map(str::to_owned).collect())
    });
    Some((number, Row { path, broken: malformed || cut, values: values.collect() }))
}
