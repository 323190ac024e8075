//! A network as it is declared on a page: what it is for, which is judged here, and how it is scanned,
//! which its agent is told and may refuse.

use std::net::IpAddr;

use daicho_common::job::Reach;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Flaw;
use crate::policy::{self, Purpose};
use crate::schedule::Window;

/// Longest name, in characters.
const NAME: usize = 64;
/// Most packets a second.
const RATE: u32 = 1_000_000;
/// Most of everything that is listed.
const LISTED: usize = 64;

/// A declared network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub cidr: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Whether nothing in it is wireless.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wired: bool,
    /// Addresses of its routers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// Addresses of its DHCP servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dhcp_servers: Vec<String>,
    /// Which agent scans it; none: nobody is told to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// How far it is scanned at most.
    #[serde(default = "gentle")]
    pub policy: Reach,
    /// Most packets a second into it; none: as the agent's own file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets_per_second: Option<u32>,
    /// When it may be scanned; none: at all times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<String>,
    /// Names of credentials with which its SNMP agents are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<String>,
}

const fn gentle() -> Reach {
    Reach::Gentle
}

/// The addresses that the text writes, if they can be scanned: IPv4 /12 to /32, IPv6 /32 to /128, as an
/// agent takes them. Host bits are left out.
pub fn prefix(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let net: IpNet = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    let net = net.trunc();
    let fits = match net {
        IpNet::V4(net) => {
            let [first, ..] = net.network().octets();
            net.prefix_len() >= 12 && (1..224).contains(&first)
        }
        IpNet::V6(net) => {
            // Global unicast (2000::/3) and unique local addresses (fc00::/7).
            let [first, ..] = net.network().octets();
            net.prefix_len() >= 32 && (first >> 5 == 1 || first >> 1 == 0x7e)
        }
    };
    fits.then_some(net)
}

impl Network {
    /// A network of which only its name and addresses are said.
    pub fn named(name: &str, cidr: &str) -> Self {
        Self {
            name: name.to_owned(),
            cidr: cidr.to_owned(),
            purpose: None,
            wired: false,
            gateways: Vec::new(),
            dhcp_servers: Vec::new(),
            agent: None,
            policy: gentle(),
            packets_per_second: None,
            windows: Vec::new(),
            credentials: Vec::new(),
        }
    }

    /// Its addresses, if they are some.
    pub fn prefix(&self) -> Option<IpNet> {
        prefix(&self.cidr)
    }

    /// Whether two share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.prefix(), other.prefix()) else { return false };
        a.contains(&b) || b.contains(&a)
    }

    /// What is wrong with it.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let fits = (1..=NAME).contains(&self.name.chars().count())
            && self.name.trim() == self.name
            && !self.name.chars().any(char::is_control);
        if !fits {
            flaws.push(Flaw::new(
                "name",
                format!("前後に空白のない 1～{NAME} 文字にしてください"),
                format!("write 1 to {NAME} characters without spaces at the ends"),
            ));
        }
        if self.prefix().is_none() {
            flaws.push(Flaw::new(
                "cidr",
                "10.20.0.0/24 のように入れてください（IPv4 は /12～/32、IPv6 は /32～/128）",
                "write it like 10.20.0.0/24 (IPv4: /12 to /32, IPv6: /32 to /128)",
            ));
        }
        for (field, all) in [("gateways", &self.gateways), ("dhcp_servers", &self.dhcp_servers)] {
            if let Some(text) = all.iter().find(|text| text.parse::<IpAddr>().is_err()) {
                flaws.push(Flaw::new(
                    field,
                    format!("{text:?} ではなく 10.20.0.254 のようなアドレスを入れてください"),
                    format!("write an address like 10.20.0.254 and not {text:?}"),
                ));
            }
        }
        if let Some(text) = self.windows.iter().find(|text| text.parse::<Window>().is_err()) {
            flaws.push(Flaw::new(
                "windows",
                format!(
                    "{text:?} ではなく 22:00-05:00 か 月-金 22:00-05:00 のように入れてください"
                ),
                format!("write it like 22:00-05:00 or Mon-Fri 22:00-05:00 and not {text:?}"),
            ));
        }
        if self.packets_per_second.is_some_and(|rate| !(1..=RATE).contains(&rate)) {
            flaws.push(Flaw::new(
                "packets_per_second",
                format!("1～{RATE} の整数を入れてください"),
                format!("write a whole number from 1 to {RATE}"),
            ));
        }
        let lists = [&self.gateways, &self.dhcp_servers, &self.windows, &self.credentials];
        if lists.iter().any(|list| list.len() > LISTED) {
            flaws.push(Flaw::new(
                "name",
                format!("1つの欄に入れられるのは {LISTED} 件までです"),
                format!("at most {LISTED} go into one field"),
            ));
        }
        flaws
    }

    /// What is judged by; none if it was not said what it is for.
    pub fn decreed(&self) -> Option<policy::Network> {
        let addresses = |all: &[String]| all.iter().filter_map(|text| text.parse().ok()).collect();
        Some(policy::Network {
            name: self.name.clone(),
            purpose: self.purpose?,
            wired: self.wired,
            gateways: addresses(&self.gateways),
            dhcp_servers: addresses(&self.dhcp_servers),
        })
    }
}
