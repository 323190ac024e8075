//! What of the settings an agent is told with an order: the networks that are declared for it and that its
//! own configuration permits, what is never sent to, and which credentials it needs.

use daicho_common::job::{self, Order, Permits};
use ipnet::IpNet;

use super::{Deny, Network, Settings};
use crate::store::Agent;

/// How a network that is declared on a page stands with its agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody is to scan it.
    Nobody,
    /// There is no agent of this name that may come in.
    NoAgent,
    /// The agent's own file declares it under this name: that counts.
    Own(String),
    /// The agent's own file does not permit it.
    NotPermitted,
    /// It is scanned.
    Scanned,
}

/// Whether an agent gets no orders, because it cannot read what is denied in them: it is of a version from
/// before agents told what they permit, and would take no order that denies something for one. Who has
/// never asked for work tells nothing of itself.
pub const fn is_held_back(agent: &Agent, deny: &Deny) -> bool {
    let tells = agent.permits.packets_per_second > 0;
    !deny.is_empty() && !agent.software.is_empty() && !tells
}

/// How a network stands with its agent.
pub fn standing(network: &Network, agents: &[Agent]) -> Standing {
    let Some(name) = &network.agent else { return Standing::Nobody };
    let known =
        |agent: &&Agent| agent.name == *name && agent.until.is_some() && agent.revoked_at.is_none();
    let Some(agent) = agents.iter().find(known) else { return Standing::NoAgent };
    let Some(cidr) = network.prefix() else { return Standing::NotPermitted };
    let same = |own: &&job::Declared| {
        own.name == network.name || own.cidr.parse().is_ok_and(|it: IpNet| overlap(it, cidr))
    };
    if let Some(own) = agent.networks.iter().find(same) {
        return Standing::Own(own.name.clone());
    }
    if permits(&agent.permits, cidr) { Standing::Scanned } else { Standing::NotPermitted }
}

fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

fn permits(permits: &Permits, cidr: IpNet) -> bool {
    let mut prefixes = permits.may_declare.iter().filter_map(|text| text.parse::<IpNet>().ok());
    prefixes.any(|prefix| prefix.contains(&cidr))
}

/// The networks that are declared on pages for this agent and that it scans.
pub fn networks<'a>(settings: &'a Settings, agent: &'a Agent) -> Vec<&'a Network> {
    let of = |network: &&Network| network.agent.as_ref() == Some(&agent.name);
    let scanned =
        |network: &&Network| standing(network, std::slice::from_ref(agent)) == Standing::Scanned;
    settings.networks.iter().filter(of).filter(scanned).collect()
}

/// The agents with the networks that are declared for them on pages among those that they tell of, for the
/// plan that people see.
pub fn told(mut agents: Vec<Agent>, settings: &Settings) -> Vec<Agent> {
    for agent in &mut agents {
        let permits = &agent.permits;
        let declared = |network: &Network| job::Declared {
            name: network.name.clone(),
            cidr: network.cidr.clone(),
            policy: permits.policy.map_or(network.policy, |most| most.min(network.policy)),
            packets_per_second: network
                .packets_per_second
                .unwrap_or(u32::MAX)
                .min(permits.packets_per_second),
            target_packets_per_second: permits.target_packets_per_second,
        };
        let more: Vec<_> = networks(settings, agent).into_iter().map(declared).collect();
        agent.networks.extend(more);
    }
    agents
}

/// The order with what the settings add, and for which networks which credentials are needed, by name.
pub fn dress(
    mut order: Order,
    settings: &Settings,
    agent: &Agent,
) -> (Order, Vec<(String, Vec<String>)>) {
    let declared = networks(settings, agent);
    let wanted = |name: &str, cidr: Option<IpNet>| {
        let part = |text: &String| {
            text == name
                || cidr.is_some_and(|cidr| {
                    text.parse::<IpNet>().is_ok_and(|part| cidr.contains(&part))
                })
        };
        order.networks.is_empty() || order.networks.iter().any(part)
    };
    let declared: Vec<&Network> =
        declared.into_iter().filter(|it| wanted(&it.name, it.prefix())).collect();
    let mut needed: Vec<(String, Vec<String>)> = Vec::new();
    let mut need = |name: &str, credentials: &[String]| {
        if !credentials.is_empty() {
            needed.push((name.to_owned(), credentials.to_vec()));
        }
    };
    for network in &declared {
        need(&network.name, &network.credentials);
    }
    if agent.permits.credentials {
        for own in agent.networks.iter().filter(|own| wanted(&own.name, own.cidr.parse().ok())) {
            let named = |it: &&Network| it.name == own.name;
            if let Some(network) = settings.networks.iter().find(named) {
                need(&own.name, &network.credentials);
            }
        }
    }
    order.declared = declared.into_iter().map(as_ordered).collect();
    order.deny = settings.deny.clone();
    (order, needed)
}

fn as_ordered(network: &Network) -> job::Network {
    job::Network {
        name: network.name.clone(),
        cidr: network.prefix().map(|cidr| cidr.to_string()).unwrap_or_default(),
        policy: network.policy,
        packets_per_second: network.packets_per_second,
        windows: network.windows.clone(),
    }
}
