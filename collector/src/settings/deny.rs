//! What is never sent to, by any agent. An agent's own list counts besides; neither takes away from the
//! other.

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::job;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Flaw;

/// Most entries of all lists: they go with every order.
const MOST: usize = 2000;

/// What is never sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    /// Addresses and networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nets: Vec<String>,
    /// MAC addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// First three octets of MAC addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ouis: Vec<String>,
}

impl Deny {
    /// Whether nothing is denied.
    pub const fn is_empty(&self) -> bool {
        self.nets.is_empty() && self.macs.is_empty() && self.ouis.is_empty()
    }

    /// What is wrong with it.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let mut wrong = |field: &str, bad: Option<&String>, like: &str| {
            if let Some(text) = bad {
                flaws.push(Flaw::new(
                    field,
                    format!("{text:?} ではなく {like} のように、1行に1つ入れてください"),
                    format!("write one a line, like {like}, and not {text:?}"),
                ));
            }
        };
        let is_net =
            |text: &&String| text.parse::<IpNet>().is_ok() || text.parse::<IpAddr>().is_ok();
        wrong("nets", self.nets.iter().find(|text| !is_net(text)), "10.20.0.7 / 10.30.0.0/16");
        let is_mac = |text: &&String| text.parse::<Mac>().is_ok();
        wrong("macs", self.macs.iter().find(|text| !is_mac(text)), "00:1a:2b:3c:4d:5e");
        wrong("ouis", self.ouis.iter().find(|text| !is_oui(text)), "00:1a:2b");
        if self.nets.len() + self.macs.len() + self.ouis.len() > MOST {
            flaws.push(Flaw::new(
                "nets",
                format!("全部で {MOST} 件までです。範囲（10.30.0.0/24 など）にまとめてください"),
                format!("at most {MOST} in all: join them to networks like 10.30.0.0/24"),
            ));
        }
        flaws
    }

    /// As agents are told.
    pub fn order(&self) -> job::Deny {
        let Self { nets, macs, ouis } = self.clone();
        job::Deny { nets, macs, ouis }
    }
}

fn is_oui(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    digits.len() == 6 && digits.bytes().all(|octet| octet.is_ascii_hexdigit())
}
