//! What is never sent to, by any agent. An agent's own list counts besides; neither takes away from the
//! other.

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::job::Deny;
use ipnet::IpNet;

use super::Flaw;

/// Most entries of all lists: they go with every order.
const MOST: usize = 2000;

/// What is wrong with a list.
pub fn flaws(deny: &Deny) -> Vec<Flaw> {
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
    let is_net = |text: &&String| text.parse::<IpNet>().is_ok() || text.parse::<IpAddr>().is_ok();
    wrong("nets", deny.nets.iter().find(|text| !is_net(text)), "10.20.0.7 / 10.30.0.0/16");
    let is_mac = |text: &&String| text.parse::<Mac>().is_ok();
    wrong("macs", deny.macs.iter().find(|text| !is_mac(text)), "00:1a:2b:3c:4d:5e");
    wrong("ouis", deny.ouis.iter().find(|text| !is_oui(text)), "00:1a:2b");
    if deny.nets.len() + deny.macs.len() + deny.ouis.len() > MOST {
        flaws.push(Flaw::new(
            "nets",
            format!("全部で {MOST} 件までです。範囲（10.30.0.0/24 など）にまとめてください"),
            format!("at most {MOST} in all: join them to networks like 10.30.0.0/24"),
        ));
    }
    flaws
}

fn is_oui(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    digits.len() == 6 && digits.bytes().all(|octet| octet.is_ascii_hexdigit())
}
