//! How a network can be looked at from here: which technique, and why not the others.

use std::net::{IpAddr, Ipv4Addr};

use daicho_common::coverage::Why;
use daicho_common::observation::Method;
use ipnet::IpNet;

use crate::engine::question::{Knock, Technique};
use crate::engine::scope::extent;
use crate::plan::{DenyList, Link, Means, Network, Policy};

/// By tagged frames in a VLAN.
mod tagged;

/// What a method of the account rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// The sweep at this position asks every address.
    Sweep(usize),
    /// The interviews with live hosts.
    Interviews,
    /// The method is not used in this network.
    Unused(Why),
}

/// How a network is looked at.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent answers of a table, not a state")]
pub(super) struct Reach {
    /// The interface that leads there; empty if the system's routing chooses.
    pub(super) interface: String,
    /// What every address is asked.
    pub(super) sweeps: Vec<Technique>,
    /// Every method that has a meaning there.
    pub(super) methods: Vec<(Method, Basis)>,
    /// Whether a refusal or an unreachable port shows that somebody has the address.
    ///
    /// Not so on loopback: the system itself answers for all of 127.0.0.0/8, and refuses. There
    /// only an open port or an answer is a sign of life. Nor is there ARP or an echo worth hearing.
    pub(super) refusal_is_life: bool,
    /// Whether rows of the neighbour table are taken without having asked.
    pub(super) overhears: bool,
    /// Whether link-layer addresses of hosts there become known.
    pub(super) shows_macs: bool,
    /// At which ports live hosts are knocked.
    pub(super) knocks: Vec<u16>,
    /// How ports are tried: by SYN where the system lets us, else by connections.
    pub(super) knock: Knock,
    /// Whether everybody on the link is asked at once which services they have.
    ///
    /// A question to a group reaches whoever is on the link, so it is put only where the whole link
    /// was declared and nobody on it can be on the deny list.
    pub(super) browses: bool,
}

/// Whether the network is this machine's own.
fn is_loopback(cidr: IpNet) -> bool {
    matches!(cidr, IpNet::V4(net) if net.network().is_loopback() && net.prefix_len() >= 8)
}

/// The link that all of the network is directly connected to.
fn link_to(cidr: IpNet, means: &Means) -> Option<&Link> {
    let link = means.link_to(cidr.network())?;
    link.addresses.iter().any(|net| net.contains(&cidr)).then_some(link)
}

/// The address that the link has nearest to the network.
pub(super) fn own_address(cidr: IpNet, link: &Link) -> Option<Ipv4Addr> {
    let near = link.addresses.iter().filter(|net| net.contains(&cidr));
    near.max_by_key(|net| net.prefix_len()).and_then(|net| match net.addr() {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    })
}

/// See [`Reach::browses`].
pub(super) fn may_browse(network: &Network, link: &Link, deny: &DenyList) -> bool {
    let whole = |net: &&IpNet| net.contains(&network.cidr);
    let declared =
        link.addresses.iter().filter(whole).all(|net| network.cidr.contains(&net.trunc()));
    let denied = |net: &IpNet| net.contains(&network.cidr) || network.cidr.contains(net);
    let nobody_denied =
        deny.macs.is_empty() && deny.ouis.is_empty() && !deny.nets.iter().any(denied);
    !is_loopback(network.cidr) && network.policy != Policy::Sighting && declared && nobody_denied
}

impl Reach {
    /// How `network` is looked at with these means. The seed is that of its questions.
    pub(super) fn new(network: &Network, means: &Means, deny: &DenyList, seed: u64) -> Self {
        let by_syn = means.syn && network.policy != Policy::Sighting && !is_loopback(network.cidr);
        let link = link_to(network.cidr, means);
        let mut reach = Self {
            interface: link.map(|link| link.interface.clone()).unwrap_or_default(),
            sweeps: Vec::new(),
            methods: Vec::new(),
            refusal_is_life: true,
            overhears: false,
            shows_macs: link
                .is_some_and(|link| link.mac.is_some() && (link.frames || means.neighbour_table))
                && !is_loopback(network.cidr),
            knocks: Vec::new(),
            knock: if by_syn { Knock::Syn(seed) } else { Knock::Connect },
            browses: false,
        };
        if extent(network.cidr).is_none() {
            return reach;
        }
        if let Some(vlan) = &network.vlan {
            reach.tagged(network, vlan, (means, deny));
            return reach;
        }
        match link {
            _ if is_loopback(network.cidr) => reach.loopback(network),
            Some(link) => match (own_address(network.cidr, link), link.mac) {
                (Some(ip), Some(mac)) if link.frames => {
                    let interface = link.interface.clone();
                    reach.by_frames(network, Technique::Arp { interface, vlan: None, mac, ip });
                }
                _ => reach.by_system(network, means),
            },
            None => reach.routed(network, means),
        }
        reach.interviews(network);
        reach.browses = link.is_some_and(|link| may_browse(network, link, deny));
        if deny.interfaces.contains(&reach.interface) {
            reach.close(Why::Denied);
        }
        reach
    }

    fn sweep(&mut self, technique: Technique, methods: &[Method]) {
        let basis = Basis::Sweep(self.sweeps.len());
        self.sweeps.push(technique);
        self.methods.extend(methods.iter().map(|method| (*method, basis)));
    }

    fn unused(&mut self, method: Method, why: Why) {
        self.methods.push((method, Basis::Unused(why)));
    }

    /// TCP to every address, where the policy allows it and a port is configured.
    fn connect(&mut self, network: &Network, allowed: bool) {
        if allowed && network.policy != Policy::Sighting && !network.tcp_ports.is_empty() {
            // Every address is tried by SYN only where the hospital said that everything may be.
            if network.policy != Policy::Full {
                self.knock = Knock::Connect;
            }
            let technique = Technique::Tcp(self.knock, network.tcp_ports.clone());
            self.sweep(technique, &[self.knock.method()]);
        } else {
            self.unused(self.knock.method(), Why::Policy);
        }
    }

    /// A link on which frames can be sent: ARP tells who is there, the rest is asked of those.
    fn by_frames(&mut self, network: &Network, arp: Technique) {
        self.sweep(arp, &[Method::Arp]);
        if network.policy == Policy::Full {
            self.knocks.clone_from(&network.tcp_ports);
        }
        self.presence(network);
        let basis =
            if self.knocks.is_empty() { Basis::Unused(Why::Policy) } else { Basis::Interviews };
        self.methods.push((self.knock.method(), basis));
    }

    /// A link without frames: the system is given a reason to resolve, and its table is read. Under
    /// [`Policy::Sighting`] even that question is too much: only what the table holds anyway is
    /// taken.
    fn by_system(&mut self, network: &Network, means: &Means) {
        self.unused(Method::Arp, Why::NoPrivilege);
        let gentle = network.policy != Policy::Sighting;
        self.overhears = !gentle && means.neighbour_table;
        match (gentle, means.neighbour_table) {
            (true, true) => {
                self.sweep(Technique::Nudge, &[Method::NeighbourTable, Method::Udp]);
            }
            (true, false) => {
                self.unused(Method::NeighbourTable, Why::NoPrivilege);
                self.echo(means);
            }
            (false, _) => self.unused(Method::NeighbourTable, Why::Policy),
        }
        self.connect(network, true);
    }

    /// Services to which nobody may talk are found out by a SYN alone, where that can be sent.
    fn presence(&mut self, network: &Network) {
        if network.policy == Policy::Gentle && matches!(self.knock, Knock::Syn(_)) {
            self.knocks.clone_from(&network.questions.presence);
        }
    }

    fn echo(&mut self, means: &Means) {
        if means.echo {
            self.sweep(Technique::Echo, &[Method::IcmpEcho]);
        } else {
            self.unused(Method::IcmpEcho, Why::NoPrivilege);
        }
    }

    fn routed(&mut self, network: &Network, means: &Means) {
        self.unused(Method::Arp, Why::NotOnLink);
        if network.policy == Policy::Sighting {
            self.unused(Method::IcmpEcho, Why::Policy);
        } else {
            self.echo(means);
        }
        let sweeps = network.policy == Policy::Full || !means.echo;
        if !sweeps {
            self.presence(network);
        }
        if self.knocks.is_empty() {
            self.connect(network, sweeps);
        } else {
            self.methods.push((self.knock.method(), Basis::Interviews));
        }
        self.second_chance(network, means);
    }

    /// ICMP timestamp for those who stayed silent: many firewalls drop echo and let it pass. No
    /// device of everyday asks for timestamps, and security gear may report who does, so it is asked
    /// only where the hospital said that everything may be; under [`Policy::Gentle`] echo is enough.
    fn second_chance(&mut self, network: &Network, means: &Means) {
        match network.policy {
            Policy::Sighting | Policy::Gentle => self.unused(Method::IcmpTimestamp, Why::Policy),
            Policy::Full if means.timestamp => {
                self.sweep(Technique::Timestamp, &[Method::IcmpTimestamp]);
            }
            Policy::Full => self.unused(Method::IcmpTimestamp, Why::NoPrivilege),
        }
    }

    /// See [`Reach::refusal_is_life`].
    fn loopback(&mut self, network: &Network) {
        self.refusal_is_life = false;
        if network.policy == Policy::Sighting {
            self.unused(Method::Udp, Why::Policy);
        } else {
            self.sweep(Technique::Nudge, &[Method::Udp]);
        }
        self.connect(network, true);
    }

    fn interviews(&mut self, network: &Network) {
        let sighting = network.policy == Policy::Sighting;
        let asked = if sighting { Basis::Unused(Why::Policy) } else { Basis::Interviews };
        let uncredited = !sighting && network.credentials.is_empty();
        let snmp = if uncredited { Basis::Unused(Why::NoCredential) } else { asked };
        self.methods.extend([(Method::Snmp, snmp), (Method::Mdns, asked)]);
        let questions = &network.questions;
        let others = questions.asked.iter().filter(|(_, ports)| !ports.is_empty());
        self.methods.extend(others.map(|(method, _)| (*method, asked)));
        if questions.name_server.is_some() {
            self.methods.push((Method::Dns, Basis::Interviews));
        }
        if !questions.dicom.is_empty() {
            self.methods.push((Method::Dicom, asked));
        }
    }

    /// Nothing is used here, for one reason.
    fn close(&mut self, why: Why) {
        self.sweeps.clear();
        (self.overhears, self.browses) = (false, false);
        self.knocks.clear();
        self.methods.iter_mut().for_each(|(_, basis)| *basis = Basis::Unused(why));
    }
}
