//! Which networks a command line may choose. Nothing is scanned that was not named, by its CIDR or
//! by its declared name (DOMAIN §7.2), and a part of a declared network keeps that network's policy.

use std::net::IpAddr;
use std::path::Path;

use daicho_common::complaint::{Complaint, Exit};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::questions::List;
use super::{Declaration, Declared, TCP_PORTS};
use crate::plan::question::Questions;
use crate::plan::window::Windows;
use crate::plan::{Medical, Network, Policy};

/// Shortest prefix of a network: 1,048,576 addresses.
pub const SHORTEST_PREFIX: u8 = 12;

/// Shortest prefix of an IPv6 network: what a provider commonly is given.
pub const SHORTEST_PREFIX_V6: u8 = 32;

/// What may be scanned without a declaration in a file: private (RFC 1918), loopback, link-local
/// (RFC 3927) and documentation (RFC 5737) addresses; of IPv6, unique local (RFC 4193) and
/// documentation (RFC 3849) ones.
const UNDECLARED: [[u8; 5]; 8] = [
    [10, 0, 0, 0, 8],
    [172, 16, 0, 0, 12],
    [192, 168, 0, 0, 16],
    [127, 0, 0, 0, 8],
    [169, 254, 0, 0, 16],
    [192, 0, 2, 0, 24],
    [198, 51, 100, 0, 24],
    [203, 0, 113, 0, 24],
];

/// Why text is not a network that can be scanned, and what to write, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

fn unfit(ja: impl Into<String>, en: impl Into<String>) -> Unfit {
    Unfit { ja: ja.into(), en: en.into() }
}

/// Whether two networks share an address.
pub fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// The network that `text` writes, `10.20.0.0/24` or a single address.
///
/// # Errors
/// What is wrong with it and what to write: not a network, host bits set, larger than
/// /[`SHORTEST_PREFIX`] or for IPv6 /[`SHORTEST_PREFIX_V6`], or addresses that no host has.
pub fn cidr(text: &str) -> Result<IpNet, Unfit> {
    let net = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| unfit("10.20.0.0/24 の形で書いてください", "write it like 10.20.0.0/24"))?;
    let v4 = match net {
        IpNet::V4(net) => net,
        IpNet::V6(net) => return cidr_v6(net).map(IpNet::V6),
    };
    if v4 != v4.trunc() {
        let (whole, one) = (v4.trunc(), v4.addr());
        return Err(unfit(
            format!("ネットワーク全体なら {whole}、1 台だけなら {one}/32 と書いてください"),
            format!("write {whole} for the whole network or {one}/32 for one address"),
        ));
    }
    if v4.prefix_len() < SHORTEST_PREFIX {
        return Err(unfit(
            format!("広すぎます。/{SHORTEST_PREFIX}（1,048,576 アドレス）以下に分けてください"),
            format!("too large: split it into /{SHORTEST_PREFIX} (1,048,576 addresses) or smaller"),
        ));
    }
    let first = v4.network().octets()[0];
    if first == 0 || first >= 224 {
        return Err(unfit(
            "機器に付くアドレスではありません。10.20.0.0/24 のような範囲にしてください",
            "no host has such an address; write a network like 10.20.0.0/24",
        ));
    }
    Ok(net)
}

fn cidr_v6(net: Ipv6Net) -> Result<Ipv6Net, Unfit> {
    if net != net.trunc() {
        let (whole, one) = (net.trunc(), net.addr());
        return Err(unfit(
            format!("ネットワーク全体なら {whole}、1 台だけなら {one}/128 と書いてください"),
            format!("write {whole} for the whole network or {one}/128 for one address"),
        ));
    }
    if net.prefix_len() < SHORTEST_PREFIX_V6 {
        return Err(unfit(
            format!("広すぎます。/{SHORTEST_PREFIX_V6} 以下に分けてください"),
            format!("too large: split it into /{SHORTEST_PREFIX_V6} or smaller"),
        ));
    }
    // Global unicast (2000::/3) and unique local addresses (fc00::/7).
    let [first, ..] = net.network().octets();
    if first >> 5 == 1 || first >> 1 == 0x7e {
        return Ok(net);
    }
    Err(unfit(
        "機器のサブネットではありません。2001:db8:20::/64 の形で書いてください。リンクローカルアドレスは、IPv4 のネットワークに ipv6 = true と書くと調べます",
        "no subnet of hosts; write it like 2001:db8:20::/64 (link-local addresses are looked at where an IPv4 network says ipv6 = true)",
    ))
}

/// Whether `net` may be scanned although no file declares it.
fn may_be_undeclared(net: IpNet) -> bool {
    if let IpNet::V6(net) = net {
        let [a, b, c, d, ..] = net.network().octets();
        return a >> 1 == 0x7e || [a, b, c, d] == [0x20, 0x01, 0x0d, 0xb8];
    }
    UNDECLARED.iter().any(|&[a, b, c, d, length]| {
        Ipv4Net::new([a, b, c, d].into(), length).is_ok_and(|range| IpNet::V4(range).contains(&net))
    })
}

fn network(ja: impl Into<String>, en: impl Into<String>) -> Complaint {
    Complaint::new(Exit::Network, ja, en)
}

impl Declared {
    /// The networks that `words` (CIDRs and names) choose; every declared one if `all`.
    ///
    /// # Errors
    /// [`Exit::Network`] if nothing is named, a name is not declared, a network is public and not
    /// declared, is too large, or overlaps another.
    pub fn choose(&self, words: &[String], all: bool) -> Result<Vec<Declaration>, Complaint> {
        let mut chosen = if all { self.networks.clone() } else { Vec::new() };
        for word in words {
            let one = self.one(word)?;
            if let Some(other) =
                chosen.iter().find(|other| overlap(other.network.cidr, one.network.cidr))
            {
                let (a, b) = (other.network.cidr, one.network.cidr);
                return Err(network(
                    format!("ネットワーク {a} と {b} が重なっています。どちらか一方にしてください"),
                    format!("the networks {a} and {b} overlap; name only one of them"),
                ));
            }
            chosen.push(one);
        }
        if chosen.is_empty() {
            return Err(if all { self.none_declared() } else { self.none_named() });
        }
        Ok(chosen)
    }

    fn none_named(&self) -> Complaint {
        let names = self.names();
        network(
            format!(
                "走査するネットワークが指定されていません。--network に CIDR（例 10.20.0.0/24）か設定した名前（{names}）を指定してください"
            ),
            format!(
                "no network was named; name one with --network, by CIDR (like 10.20.0.0/24) or by its declared name ({names})"
            ),
        )
    }

    fn none_declared(&self) -> Complaint {
        network(
            format!(
                "--all-declared が指定されましたが、宣言されたネットワークがありません（{}）。設定ファイルに [[network]] を書き、--config で渡してください",
                self.source()
            ),
            format!(
                "--all-declared was given, but no network is declared ({}); write [[network]] in a configuration and hand it over with --config",
                self.source()
            ),
        )
    }

    fn one(&self, word: &str) -> Result<Declaration, Complaint> {
        if let Some(named) = self.networks.iter().find(|known| known.network.name == word) {
            return Ok(named.clone());
        }
        // Hexadecimal digits with dots, colons or a slash; everything else can only be a name.
        let looks_like_cidr = word.contains(['.', ':', '/'])
            && word.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/'));
        if !looks_like_cidr {
            let names = self.names();
            return Err(network(
                format!(
                    "ネットワーク「{word}」は宣言されていません（{}）。宣言された名前（{names}）か CIDR を指定してください",
                    self.source()
                ),
                format!(
                    "the network {word:?} is not declared ({}); give a declared name ({names}) or a CIDR",
                    self.source()
                ),
            ));
        }
        let net = cidr(word).map_err(|unfit| {
            network(
                format!("ネットワーク {word} は走査できません。{}", unfit.ja),
                format!("the network {word} cannot be scanned: {}", unfit.en),
            )
        })?;
        self.by_addresses(net)
    }

    fn by_addresses(&self, net: IpNet) -> Result<Declaration, Complaint> {
        if let Some(around) = self.networks.iter().find(|known| known.network.cidr.contains(&net)) {
            let mut part = around.clone();
            part.network.cidr = net;
            if let Some(vlan) = &mut part.network.vlan {
                // Nothing is sent to an address outside of what was named, not even the question
                // whether it is free: a part without it is asked from nobody's address.
                vlan.address = vlan.address.filter(|address| net.contains(&IpAddr::V4(*address)));
            }
            return Ok(part);
        }
        if let Some(within) = self.networks.iter().find(|known| net.contains(&known.network.cidr)) {
            let name = &within.network.name;
            return Err(network(
                format!(
                    "ネットワーク {net} は宣言された「{name}」（{}）を含み、方針が定まりません。宣言された名前で指定してください",
                    within.network.cidr
                ),
                format!(
                    "the network {net} contains the declared {name:?} ({}), whose policy would not be followed; name the declared networks instead",
                    within.network.cidr
                ),
            ));
        }
        if !may_be_undeclared(net) {
            return Err(network(
                format!(
                    "ネットワーク {net} はプライベートではありません。自組織のものなら、設定ファイルの [[network]] に宣言してから指定してください"
                ),
                format!(
                    "the network {net} is not private; if it is your own, declare it as [[network]] in the configuration first"
                ),
            ));
        }
        Ok(Declaration { network: self.undeclared(net), own_rate: false, secret_files: Vec::new() })
    }

    fn undeclared(&self, cidr: IpNet) -> Network {
        Network {
            name: cidr.to_string(),
            cidr,
            vlan: None,
            ipv6: matches!(cidr, IpNet::V6(_)),
            policy: Policy::default(),
            medical: Medical::default(),
            packets_per_second: self.pace.packets_per_second,
            credentials: Vec::new(),
            snmp_port: 161,
            tcp_ports: TCP_PORTS.to_vec(),
            questions: gentle(),
            windows: Windows { spans: Vec::new(), offset: self.utc_offset },
        }
    }

    fn names(&self) -> String {
        if self.networks.is_empty() {
            return "なし / none".to_owned();
        }
        let names: Vec<_> = self.networks.iter().map(|known| known.network.name.as_str()).collect();
        names.join(", ")
    }

    fn source(&self) -> String {
        match self.file.as_deref().map(Path::display) {
            Some(file) => file.to_string(),
            None => "--config なし / no --config".to_owned(),
        }
    }
}

/// What is asked where nothing was declared. Without the list, which a test rules out, nothing is.
fn gentle() -> Questions {
    let policy = Policy::default();
    let questions = |list: List| Questions {
        asked: list.under(policy),
        presence: list.unasked(policy),
        ..Questions::default()
    };
    List::builtin().map(questions).unwrap_or_default()
}
