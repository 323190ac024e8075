//! What a device says when it is asked, as the facts that an agent makes of it.

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::heard::Dhcp;
use daicho_common::observation::said::Said;
use daicho_common::observation::table::{Cell, Row, Rows};
use daicho_common::observation::{Fact, Method};

use super::What;

/// Who was asked.
pub(super) struct Asked {
    pub(super) ip: IpAddr,
    pub(super) mac: Mac,
    /// Whether no other device ever has that MAC address.
    pub(super) own: bool,
}

fn service(port: u16, fields: &[(&str, &str)]) -> Fact {
    let mut said = Said::at(port);
    for (name, value) in fields {
        said.add(name, (*value).into());
    }
    Fact::Said(Box::new(said))
}

pub(super) fn table(table: &str, rows: Vec<Row>) -> Fact {
    Fact::Rows(Box::new(Rows { table: table.to_owned(), context: String::new(), rows }))
}

pub(super) fn row(index: Vec<u32>, cells: &[(&str, Cell)]) -> Row {
    let cells = cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect();
    Row { index, cells }
}

fn interface((index, mac): (u32, &Mac)) -> (Method, Fact) {
    let name = format!("eth{index}");
    let fact = Fact::Interface {
        index,
        name: name.as_str().into(),
        description: name.as_str().into(),
        alias: "".into(),
        kind: 6,
        mac: Some(*mac),
        up: true,
    };
    (Method::Snmp, fact)
}

fn dhcp(name: &str, asked: &Asked) -> Fact {
    Fact::Dhcp(Box::new(Dhcp {
        message: 3,
        client: Some(asked.mac),
        host_name: name.into(),
        requested: Some(asked.ip),
        ..Dhcp::default()
    }))
}

impl What {
    /// The facts.
    pub(super) fn facts(&self, asked: &Asked) -> Vec<(Method, Fact)> {
        match self {
            Self::System(name, description) => vec![(
                Method::Snmp,
                Fact::System {
                    description: description.as_str().into(),
                    object_id: "1.3.6.1.4.1.8072.3.2.10".into(),
                    name: name.as_str().into(),
                    location: "".into(),
                    contact: "".into(),
                },
            )],
            Self::Entity(serial) => {
                let cells = [
                    ("entPhysicalClass", Cell::Integer(3)),
                    ("entPhysicalSerialNum", Cell::Text(serial.as_str().into())),
                ];
                vec![(Method::Snmp, table("entPhysicalTable", vec![row(vec![1], &cells)]))]
            }
            Self::Interfaces(macs) => (1..).zip(macs).map(interface).collect(),
            Self::Smb(host, guid) => {
                vec![(Method::Smb, service(445, &[("guid", guid), ("host", host)]))]
            }
            Self::NodeStatus(host) => {
                let name =
                    Fact::NetbiosName { name: host.as_str().into(), suffix: 0, group: false };
                let unit = asked.mac.to_string();
                let said = service(137, &[("name_00", host), ("unit_id", &unit)]);
                vec![(Method::NodeStatus, name), (Method::NodeStatus, said)]
            }
            Self::Ssh(key) => {
                let fields = [("banner", "OpenSSH_9.2p1"), ("hostkey_ssh-ed25519", key)];
                vec![(Method::Ssh, service(22, &fields))]
            }
            Self::Tls(print) => {
                let fields = [("sha256", print.as_str()), ("self_signed", "yes"), ("serial", "01")];
                vec![(Method::Tls, service(3389, &fields))]
            }
            Self::Upnp(model, serial, uuid) => {
                let udn = format!("uuid:{uuid}");
                let fields = [("model", model.as_str()), ("serial", serial), ("udn", &udn)];
                vec![(Method::Upnp, service(80, &fields))]
            }
            Self::Ipp(model, uuid) => {
                let uuid = format!("urn:uuid:{uuid}");
                let fields = [("printer-make-and-model", model.as_str()), ("printer-uuid", &uuid)];
                vec![(Method::Ipp, service(631, &fields))]
            }
            Self::Mdns(name) => {
                let name = format!("{name}.local");
                vec![(Method::Mdns, Fact::HostName { name: name.as_str().into() })]
            }
            Self::Dhcp(name) => vec![(Method::Dhcp, dhcp(name, asked))],
        }
    }

    /// What of it names the device, where nobody else says the same.
    pub(super) fn tokens(&self, asked: &Asked) -> Vec<String> {
        match self {
            Self::Entity(serial) => vec![format!("serial {serial}")],
            Self::Interfaces(macs) => macs
                .iter()
                .filter(|mac| mac.names_a_device())
                .map(|mac| format!("mac {mac}"))
                .collect(),
            Self::Smb(_, guid) => vec![format!("guid {guid}")],
            Self::NodeStatus(_) if asked.own => vec![format!("mac {}", asked.mac)],
            Self::Ssh(key) => vec![format!("ssh {key}")],
            Self::Tls(print) => vec![format!("tls {print}")],
            Self::Upnp(_, serial, uuid) => vec![format!("serial {serial}"), format!("uuid {uuid}")],
            Self::Ipp(_, uuid) => vec![format!("uuid {uuid}")],
            Self::NodeStatus(_) | Self::System(..) | Self::Mdns(_) | Self::Dhcp(_) => Vec::new(),
        }
    }
}
