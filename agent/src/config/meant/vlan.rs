//! VLANs of a trunk port: `interface`, `vlan` and `address` of a network.

use std::net::Ipv4Addr;

use daicho_common::complaint::Complaint;
use ipnet::IpNet;

use super::Checker;
use crate::config::{Backend, Declaration, written};
use crate::plan::{Network, Vlan};

/// Longest name of an interface (`IFNAMSIZ` of `linux/if.h`, less the end).
const INTERFACE: usize = 15;

impl Checker<'_> {
    /// The VLAN in which a network is looked at by tagged frames, if it is.
    pub(super) fn vlan(
        &self,
        key: &impl Fn(&str) -> String,
        written: &written::Network,
        cidr: IpNet,
    ) -> Result<Option<Vlan>, Complaint> {
        let (interface, id) = match (&written.interface, written.vlan) {
            (Some(interface), Some(id)) => (interface, id),
            (None, None) if written.address.is_none() => return Ok(None),
            (interface, id) => {
                let missing = match (interface, id) {
                    (None, None) => "interface, vlan",
                    (None, Some(_)) => "interface",
                    (Some(_), _) => "vlan",
                };
                return Err(self.wrong(
                    &key(missing),
                    "未指定 / not given",
                    "interface と vlan は両方書き、address はその 2 つと一緒にだけ書いてください（タグなしのネットワークならどれも消してください）",
                    "write interface and vlan together, and address with both only; for a network without a tag remove them all",
                ));
            }
        };
        let id = self.within(&key("vlan"), id, 1, 4_094)?;
        let id = u16::try_from(id).unwrap_or_default();
        let fits = (1..=INTERFACE).contains(&interface.len())
            && !interface.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
        if !fits {
            return Err(self.wrong(
                &key("interface"),
                format_args!("{interface:?}"),
                "トランクポートにつながるインターフェースの名前を \"eth0\" の形で書いてください",
                "write the name of the interface that is on the trunk port, like \"eth0\"",
            ));
        }
        let address = written.address.as_ref().map(|text| self.address(key, text, cidr));
        Ok(Some(Vlan { interface: interface.clone(), id, address: address.transpose()? }))
    }

    /// An address that a host of the network may have.
    fn address(
        &self,
        key: &impl Fn(&str) -> String,
        text: &str,
        cidr: IpNet,
    ) -> Result<Ipv4Addr, Complaint> {
        let address: Option<Ipv4Addr> = text.parse().ok();
        let fits = |ip: &Ipv4Addr| match cidr {
            IpNet::V4(net) => {
                let ends =
                    net.prefix_len() < 31 && (*ip == net.network() || *ip == net.broadcast());
                net.contains(ip) && !ends
            }
            IpNet::V6(_) => false,
        };
        address.filter(fits).ok_or_else(|| {
            self.wrong(
                &key("address"),
                format_args!("{text:?}"),
                &format!(
                    "{cidr} の中の、ネットワークアドレスでもブロードキャストアドレスでもない、エージェント専用に空けた IPv4 アドレスを書くか、消してください"
                ),
                &format!(
                    "write an IPv4 address of {cidr} that is kept free for the agent and is neither that of the network nor for broadcast, or remove it"
                ),
            )
        })
    }

    /// Whether tags can be sent and seen at all.
    pub(super) fn tags(&self, backend: Backend, networks: &[Declaration]) -> Result<(), Complaint> {
        let mut all = networks.iter().map(|declared| &declared.network);
        match all.find(|network| network.vlan.is_some()) {
            Some(network) if backend == Backend::Pnet => Err(self.wrong(
                "agent.link",
                "\"pnet\"",
                &format!(
                    "ネットワーク「{}」の VLAN タグはこの実装では見分けられません。\"native\" にするか vlan を消してください",
                    network.name
                ),
                &format!(
                    "it cannot tell the VLAN tags of the network {:?} apart: write \"native\", or remove vlan",
                    network.name
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Two networks share an address.
    pub(super) fn overlap(&self, a: &Network, b: &Network) -> Complaint {
        let found = format!("{} + {}", b.cidr, a.cidr);
        let key = "[[network]] cidr";
        if a.vlan.is_some() || b.vlan.is_some() {
            return self.wrong(
                key,
                found,
                "範囲が重ならないように分けてください。VLAN が違っても同じアドレスは区別できないので、別の名前のエージェントを VLAN ごとに動かしてください",
                "make them not overlap; the same addresses cannot be told apart even in different VLANs, so run an agent of another name for each",
            );
        }
        self.wrong(
            key,
            found,
            "範囲が重ならないように分けてください",
            "make them not overlap, so that each address has one policy",
        )
    }
}
