//! Twenty facts a device, and the rows of a ledger that has them all, one in fifty wrongly.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;

use daicho_common::addr::Mac;
use daicho_common::observation::heard::Dhcp;
use daicho_common::observation::said::Said;
use daicho_common::observation::{
    Fact, Method, Observation, Outcome, Question, Reply, Speaker, Vantage,
};
use daicho_common::time::Timestamp;

/// Hosts in one declared network.
const HOSTS: usize = 1_000;
/// When the later scan is, a week after the first, in microseconds since the epoch.
const LATER: i64 = 1_700_604_800_000_000;

/// A device by its number.
struct One {
    number: usize,
    ip: Ipv4Addr,
    mac: Mac,
}

impl One {
    fn of(number: usize) -> Self {
        let at = u32::try_from(number).unwrap_or(0);
        let [_, a, b, c] = at.to_be_bytes();
        let ip = Ipv4Addr::from(0x0a00_0000 + at + 1);
        Self { number, ip, mac: Mac::new([0x00, 0x1a, 0x2b, a, b, c]) }
    }

    fn name(&self) -> String {
        format!("PC-{:07}", self.number)
    }

    fn service(port: u16, fields: &[(&str, &str)]) -> Fact {
        let mut said = Said::at(port);
        for (name, value) in fields {
            said.add(name, (*value).into());
        }
        Fact::Said(Box::new(said))
    }

    #[expect(clippy::too_many_lines, reason = "a table of what one device says")]
    fn facts(&self) -> Vec<(Method, Fact)> {
        let name = self.name();
        let guid = format!("{:08x}-0f5e-4a39-8d07-6d3b2c1a0e11", self.number);
        let print = format!("{:064x}", self.number);
        let unit = self.mac.to_string();
        let open = |port| (Method::TcpSyn, Fact::Answered(Reply::TcpOpen(port)));
        let asked = |question| Fact::Asked { question, outcome: Outcome::Complete };
        let dhcp = Dhcp {
            message: 3,
            client: Some(self.mac),
            host_name: name.as_str().into(),
            vendor_class: "MSFT 5.0".into(),
            requested_options: vec![1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
            ..Dhcp::default()
        };
        vec![
            (Method::IcmpEcho, Fact::Answered(Reply::Echo)),
            open(80),
            open(135),
            open(139),
            open(445),
            open(3389),
            (
                Method::Smb,
                Self::service(445, &[("guid", &guid), ("host", &name), ("os_build", "10.0.19045")]),
            ),
            (
                Method::NodeStatus,
                Fact::NetbiosName { name: name.as_str().into(), suffix: 0, group: false },
            ),
            (Method::NodeStatus, Self::service(137, &[("name_00", &name), ("unit_id", &unit)])),
            (Method::Rdp, Self::service(3389, &[("protocol", "nla"), ("host", &name)])),
            (Method::Tls, Self::service(3389, &[("sha256", &print), ("self_signed", "yes")])),
            (
                Method::Http,
                Self::service(
                    80,
                    &[
                        ("status", "200"),
                        ("server", "Microsoft-IIS/10.0"),
                        ("title", "IIS Windows"),
                    ],
                ),
            ),
            (Method::Dhcp, Fact::Dhcp(Box::new(dhcp))),
            (Method::Mdns, Fact::HostName { name: format!("{name}.local").as_str().into() }),
            (
                Method::Snmp,
                Fact::System {
                    description: "Hardware: x86 - Software: Windows Version 6.3 (Build 19045)"
                        .into(),
                    object_id: "1.3.6.1.4.1.311.1.1.3.1.1".to_owned(),
                    name: name.as_str().into(),
                    location: "3F".into(),
                    contact: "".into(),
                },
            ),
            (
                Method::Snmp,
                Fact::Interface {
                    index: 1,
                    name: "eth0".into(),
                    description: "Ethernet".into(),
                    alias: "".into(),
                    kind: 6,
                    mac: Some(self.mac),
                    up: true,
                },
            ),
            (
                Method::Snmp,
                Fact::InterfaceAddress { index: 1, ip: self.ip.into(), prefix: Some(22) },
            ),
            (Method::Snmp, asked(Question::SnmpSystem)),
            (Method::Snmp, asked(Question::SnmpInterfaces)),
        ]
    }
}

fn vantage(number: usize) -> Vantage {
    let network = format!("第{}網", number / HOSTS);
    Vantage { agent: "agent-1".to_owned(), interface: "eth0".to_owned(), network }
}

/// What a later scan saw anew of one device in a hundred: it has another system, and says so.
pub(in crate::measure) fn changed(devices: usize) -> Vec<Observation> {
    let of = |number: usize| One::of(number * 100);
    let later = |number: usize| LATER + i64::try_from(number).unwrap_or(0) * 10_000;
    let mut seen = Vec::new();
    for number in 0..devices.div_ceil(100) {
        let (one, vantage) = (of(number), Arc::new(vantage(number * 100)));
        for (place, (method, mut fact)) in (0..).zip(one.facts()) {
            if let Fact::System { description, .. } = &mut fact {
                *description = "Hardware: x86 - Software: Windows Version 6.3 (Build 22631)".into();
            }
            let mac = (method == Method::Dhcp).then_some(one.mac);
            let speaker = Speaker { ip: Some(IpAddr::V4(one.ip)), mac };
            let at = Timestamp::from_micros(later(number) + place);
            seen.push(Observation { at, vantage: Arc::clone(&vantage), method, speaker, fact });
        }
    }
    seen
}

/// What was seen of so many devices, twenty facts each.
pub(in crate::measure) fn observations(devices: usize) -> Vec<Observation> {
    some(0..devices, 0)
}

/// What was seen of some of the devices, so many microseconds later.
pub(in crate::measure) fn some(devices: Range<usize>, later: i64) -> Vec<Observation> {
    let mut seen = Vec::with_capacity(devices.len() * 20);
    let mut vantage = Arc::new(vantage(devices.start));
    for number in devices {
        if number.is_multiple_of(HOSTS) {
            vantage = Arc::new(self::vantage(number));
        }
        let one = One::of(number);
        let start = 1_700_000_000_000_000 + later + i64::try_from(number).unwrap_or(0) * 10_000;
        let mut say = |at: i64, method, mac: Option<Mac>, fact| {
            let vantage = Arc::clone(&vantage);
            let speaker = Speaker { ip: Some(IpAddr::V4(one.ip)), mac };
            let at = Timestamp::from_micros(start + at);
            seen.push(Observation { at, vantage, method, speaker, fact });
        };
        say(0, Method::Arp, Some(one.mac), Fact::Arp { ip: one.ip, mac: one.mac });
        for (place, (method, fact)) in (1..).zip(one.facts()) {
            let mac = (method == Method::Dhcp).then_some(one.mac);
            say(place, method, mac, fact);
        }
    }
    seen
}

/// The rows of the ledger for some of so many devices, as a CSV file.
pub(in crate::measure) fn ledger(rows: Range<usize>, devices: usize) -> String {
    let mut text = String::from("管理番号,ホスト名,IPアドレス,MACアドレス,設置場所\n");
    for number in rows {
        let one = One::of(number);
        let mac = if number % 50 == 0 { One::of(number + devices).mac } else { one.mac };
        let _ = writeln!(text, "K-{number:07},{},{},{mac},3F", one.name(), one.ip);
    }
    text
}
