//! What an order of a collector leaves of the configuration. It can narrow and never widen: networks
//! are declared ones or parts of them, and of two policies or rates the smaller counts. What the
//! collector declares counts among them where the configuration lets it ([`super::permission`]).

use std::collections::BTreeMap;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::job::{self, Order, Reach};
use daicho_common::observation::Method;

use super::questions::List;
use super::{Declaration, Declared};
use crate::plan::{Network, Pace, Policy};

impl Declared {
    /// The networks of an order and the pace at which they may be scanned.
    ///
    /// # Errors
    /// [`Exit::Network`] if the order names what the configuration does not declare.
    pub fn narrowed(&self, order: &Order) -> Result<(Vec<Network>, Pace), Complaint> {
        let chosen = self.choose(&order.networks, order.networks.is_empty())?;
        let pace = Pace {
            packets_per_second: smaller(self.pace.packets_per_second, order.packets_per_second),
            target_packets_per_second: smaller(
                self.pace.target_packets_per_second,
                order.target_packets_per_second,
            ),
            ..self.pace
        };
        let networks = chosen.into_iter().map(|Declaration { network, .. }| {
            let declared = |known: &&Declaration| known.network.cidr.contains(&network.cidr);
            if self.networks.iter().find(declared).is_none() {
                return Err(undeclared(&network.name));
            }
            let rate = network.packets_per_second.min(pace.packets_per_second);
            Ok(within(Network { packets_per_second: rate, ..network }, order.reach))
        });
        Ok((networks.collect::<Result<_, _>>()?, pace))
    }

    /// What the configuration declares, for the plan that people see.
    pub fn told(&self) -> Vec<job::Declared> {
        let told = |Declaration { network, .. }: &Declaration| job::Declared {
            name: network.name.clone(),
            cidr: network.cidr.to_string(),
            policy: reach(network.policy),
            packets_per_second: network.packets_per_second.min(self.pace.packets_per_second),
            target_packets_per_second: self.pace.target_packets_per_second,
        };
        self.networks.iter().map(told).collect()
    }
}

fn smaller(own: u32, ordered: Option<u32>) -> u32 {
    // An order of nothing a second is no order to be without limit.
    ordered.map_or(own, |ordered| own.min(ordered.max(1)))
}

pub(super) const fn reach(policy: Policy) -> Reach {
    match policy {
        Policy::Sighting => Reach::Sighting,
        Policy::Gentle => Reach::Gentle,
        Policy::Full => Reach::Full,
    }
}

/// The network with nothing that goes beyond `most`.
fn within(mut network: Network, most: Option<Reach>) -> Network {
    let Some(most) = most.filter(|most| *most < reach(network.policy)) else { return network };
    let asked = &mut network.questions.asked;
    if most == Reach::Gentle {
        network.policy = Policy::Gentle;
        // Without the list, which a test rules out, nothing is asked.
        let gentle: BTreeMap<Method, Vec<u16>> =
            List::builtin().map(|list| list.under(Policy::Gentle)).unwrap_or_default();
        asked.retain(|method, _| gentle.contains_key(method));
    } else {
        network.policy = Policy::Sighting;
        asked.clear();
        network.questions.presence.clear();
        network.questions.dicom.clear();
        network.credentials.clear();
    }
    network
}

fn undeclared(name: &str) -> Complaint {
    Complaint::new(
        Exit::Network,
        format!(
            "ネットワーク {name} はこのエージェントの設定で宣言されていないので、収集サーバーからの指示では走査しません。agent.toml の [[network]] に書くか、指示を直してください"
        ),
        format!(
            "the network {name} is not declared in this agent's configuration, so no order can have it scanned; write it as [[network]] in agent.toml, or change the order"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TEXT: &str = r#"
        [pace]
        packets_per_second = 100
        target_packets_per_second = 3
        [[network]]
        name = "ward"
        cidr = "10.30.0.0/24"
        policy = "full"
        packets_per_second = 40
        [network.snmp]
        communities = ["x"]
        [[network]]
        name = "bedside"
        cidr = "10.31.0.0/24"
        policy = "sighting"
    "#;

    fn order(networks: &[&str]) -> Order {
        Order {
            id: 1,
            networks: networks.iter().map(|name| (*name).to_owned()).collect(),
            ..Order::default()
        }
    }

    fn declared() -> Declared {
        Declared::parse(TEXT, Path::new("agent.toml")).unwrap()
    }

    #[test]
    fn an_order_without_figures_is_the_configuration() {
        let declared = declared();
        let (networks, pace) = declared.narrowed(&order(&[])).unwrap();
        let own: Vec<_> = declared.networks.iter().map(|it| it.network.clone()).collect();
        assert_eq!((networks, pace), (own, declared.pace));
    }

    #[test]
    fn an_order_narrows_and_never_widens() {
        let declared = declared();
        let wide = Order {
            reach: Some(Reach::Full),
            packets_per_second: Some(1_000_000),
            target_packets_per_second: Some(1000),
            ..order(&["bedside", "10.30.0.0/28"])
        };
        let (networks, pace) = declared.narrowed(&wide).unwrap();
        assert_eq!(pace, declared.pace);
        assert_eq!(networks[0].policy, Policy::Sighting);
        let rates: Vec<_> = networks.iter().map(|it| it.packets_per_second).collect();
        assert_eq!((rates, networks[1].cidr.to_string()), (vec![100, 40], "10.30.0.0/28".into()));
        let narrow = Order {
            reach: Some(Reach::Gentle),
            packets_per_second: Some(0),
            target_packets_per_second: Some(2),
            ..order(&["ward"])
        };
        let (networks, pace) = declared.narrowed(&narrow).unwrap();
        let ward = &networks[0];
        assert_eq!((ward.policy, ward.packets_per_second), (Policy::Gentle, 1));
        assert_eq!(pace.target_packets_per_second, 2);
        assert!(ward.questions.allows(Method::Ssh) && !ward.questions.allows(Method::Telnet));
        let least = Order { reach: Some(Reach::Sighting), ..order(&["ward"]) };
        let ward = &declared.narrowed(&least).unwrap().0[0];
        assert!(ward.questions.asked.is_empty() && ward.credentials.is_empty());
    }

    #[test]
    fn what_is_not_declared_is_not_scanned_by_an_order_although_it_is_private() {
        let declared = declared();
        assert!(declared.choose(&["10.99.0.0/24".to_owned()], false).is_ok());
        for wrong in ["10.99.0.0/24", "10.30.0.0/16", "elsewhere"] {
            let complaint = declared.narrowed(&order(&[wrong])).unwrap_err();
            assert_eq!(complaint.exit, Exit::Network, "{wrong}");
        }
        assert!(Declared::default().narrowed(&order(&[])).is_err());
    }
}
