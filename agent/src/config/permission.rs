//! What the configuration lets a collector add to it: networks within addresses that stand in
//! `[collector] may_declare`, and credentials. By default nothing. What is never sent to a collector may
//! always add to, for that only narrows.
//!
//! Everything is decided here, at the agent. A collector that asks for more is refused with a sentence
//! that says what would have to stand in the agent's own file.

use std::path::Path;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::handed::{self, Handed};
use daicho_common::job::{self, Order, Permits, Reach};
use ipnet::IpNet;

use super::meant::Checker;
use super::order::reach;
use super::{Declaration, Declared, credentials, scope, written};
use crate::plan::Policy;
use crate::plan::credential::Credential;

/// Most networks that an order may declare.
const NETWORKS: usize = 1000;
/// What complaints call an order.
const ORDER: &str = "収集サーバーの指示 / the collector's order";

/// What a collector may add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Within these addresses it may declare networks.
    pub may_declare: Vec<IpNet>,
    /// How far at most it may have those scanned.
    pub policy: Policy,
    /// Whether its credentials are used in networks that the configuration declares itself.
    pub credentials: bool,
}

impl Declared {
    /// What the collector is told of the permission.
    pub fn permits(&self) -> Permits {
        let Permission { may_declare, policy, credentials } = &self.permission;
        Permits {
            may_declare: may_declare.iter().map(ToString::to_string).collect(),
            policy: (!may_declare.is_empty()).then(|| reach(*policy)),
            credentials: *credentials,
            packets_per_second: self.pace.packets_per_second,
            target_packets_per_second: self.pace.target_packets_per_second,
        }
    }

    /// The configuration with what an order adds to it: what is not sent to, the networks that it
    /// declares, and the credentials that came with it.
    ///
    /// # Errors
    /// [`Exit::Network`] if the order declares what it may not, or what cannot be scanned.
    pub fn with(&self, order: &Order, handed: &Handed) -> Result<Self, Complaint> {
        let checker = Checker { file: Path::new(ORDER) };
        let refuse = |complaint: Complaint| Complaint { exit: Exit::Network, ..complaint };
        let mut declared = self.clone();
        let deny = written::Deny {
            nets: order.deny.nets.clone(),
            macs: order.deny.macs.clone(),
            ouis: order.deny.ouis.clone(),
            interfaces: Vec::new(),
        };
        let deny = checker.deny(&deny).map_err(refuse)?;
        declared.deny.nets.extend(deny.nets);
        declared.deny.macs.extend(deny.macs);
        declared.deny.ouis.extend(deny.ouis);
        if order.declared.len() > NETWORKS {
            return Err(too_many(order.declared.len()));
        }
        for (number, network) in (1..).zip(&order.declared) {
            let added = self.added(&checker, (number, network), handed).map_err(refuse)?;
            declared.may_stand(&added)?;
            declared.networks.push(added);
        }
        if self.permission.credentials {
            for own in declared.networks.iter_mut().take(self.networks.len()) {
                let more = asked_with(&checker, &own.network.name, handed).map_err(refuse)?;
                let new = |one: &Credential| !own.network.credentials.contains(one);
                let more: Vec<_> = more.into_iter().filter(new).collect();
                own.network.credentials.extend(more);
            }
        }
        Ok(declared)
    }

    /// A network of an order, as the configuration would mean it.
    fn added(
        &self,
        checker: &Checker<'_>,
        (number, wanted): (usize, &job::Network),
        handed: &Handed,
    ) -> Result<Declaration, Complaint> {
        let cidr = scope::cidr(&wanted.cidr).map_err(|unfit| {
            let found = format_args!("{:?}", wanted.cidr);
            checker.wrong(&format!("{} cidr", wanted.name), found, &unfit.ja, &unfit.en)
        })?;
        if !self.permission.may_declare.iter().any(|prefix| prefix.contains(&cidr)) {
            return Err(not_permitted(&wanted.name, cidr));
        }
        let most = wanted.policy.min(reach(self.permission.policy));
        let written = written::Network {
            cidr: wanted.cidr.clone(),
            name: Some(wanted.name.clone()),
            interface: None,
            vlan: None,
            address: None,
            policy: match most {
                Reach::Sighting => written::Policy::Sighting,
                Reach::Gentle => written::Policy::Gentle,
                Reach::Full => written::Policy::Full,
            },
            medical: written::Medical::Sighting,
            packets_per_second: wanted.packets_per_second.map(|rate| rate.max(1).into()),
            tcp_ports: None,
            questions: None,
            ports: std::collections::BTreeMap::default(),
            presence: None,
            name_server: None,
            dicom: Vec::new(),
            ipv6: false,
            windows: wanted.windows.clone(),
            snmp: written::Snmp::default(),
        };
        let pace = (self.pace, self.utc_offset);
        let mut added = checker.network(number, &written, pace)?;
        added.network.packets_per_second =
            added.network.packets_per_second.min(self.pace.packets_per_second);
        if most > Reach::Sighting {
            added.network.credentials = asked_with(checker, &wanted.name, handed)?;
        }
        Ok(added)
    }

    /// Refuses a network that would be taken for one that is declared already.
    fn may_stand(&self, added: &Declaration) -> Result<(), Complaint> {
        let (name, cidr) = (&added.network.name, added.network.cidr);
        let stands = self.networks.iter().map(|one| &one.network);
        let mut taken = stands.filter(|own| own.name == *name || scope::overlap(own.cidr, cidr));
        match taken.next() {
            None => Ok(()),
            Some(own) => Err(Complaint::new(
                Exit::Network,
                format!(
                    "収集サーバーの宣言したネットワーク {name}（{cidr}）は、宣言済みの {}（{}）と重なります。どちらかの宣言を消してください",
                    own.name, own.cidr
                ),
                format!(
                    "the network {name} ({cidr}) that the collector declares overlaps {} ({}), which is declared already; take one of the two out",
                    own.name, own.cidr
                ),
            )),
        }
    }
}

/// What was handed over for the network of this name.
fn asked_with(
    checker: &Checker<'_>,
    network: &str,
    handed: &Handed,
) -> Result<Vec<Credential>, Complaint> {
    let mut whole = written::Snmp::default();
    for (_, snmp) in handed.snmp.iter().filter(|(name, _)| name == network) {
        whole.communities.extend(snmp.communities.iter().cloned());
        whole.v1_communities.extend(snmp.v1_communities.iter().cloned());
        let users = snmp.users.iter().map(|user| as_written(checker, user));
        whole.user.extend(users.collect::<Result<Vec<_>, _>>()?);
    }
    credentials::all(checker, |field| format!("{network} {field}"), &whole)
}

fn as_written(checker: &Checker<'_>, user: &handed::User) -> Result<written::User, Complaint> {
    fn word<T: for<'a> serde::Deserialize<'a>>(
        checker: &Checker<'_>,
        key: &str,
        text: Option<&String>,
    ) -> Result<Option<T>, Complaint> {
        let read = |text: &String| {
            T::deserialize(toml::Value::String(text.clone())).map_err(|_| {
                let (ja, en) = (
                    "daicho-agent config --print の見本にある語にしてください",
                    "write one of the words in the sample of `daicho-agent config --print`",
                );
                checker.wrong(key, format_args!("{text:?}"), ja, en)
            })
        };
        text.map(read).transpose()
    }
    Ok(written::User {
        name: user.name.clone(),
        auth: word(checker, "auth", user.auth.as_ref())?,
        auth_password: user.auth_password.clone(),
        auth_password_file: None,
        privacy: word(checker, "privacy", user.privacy.as_ref())?,
        privacy_password: user.privacy_password.clone(),
        privacy_password_file: None,
        contexts: user.contexts.clone(),
    })
}

fn too_many(count: usize) -> Complaint {
    Complaint::new(
        Exit::Network,
        format!(
            "収集サーバーの指示に {count} 個のネットワークがあります。{NETWORKS} 個までにしてください"
        ),
        format!("the collector's order declares {count} networks; at most {NETWORKS} are taken"),
    )
}

fn not_permitted(name: &str, cidr: IpNet) -> Complaint {
    Complaint::new(
        Exit::Network,
        format!(
            "収集サーバーの宣言したネットワーク {name}（{cidr}）は、このエージェントの設定では許されていないので走査しません。許すには、このエージェントの端末で `daicho-agent --config 設定ファイル permit {cidr}` を実行し、エージェントを再起動してください"
        ),
        format!(
            "the network {name} ({cidr}) that the collector declares is not permitted by this agent's configuration and is not scanned; to permit it, run `daicho-agent --config FILE permit {cidr}` on this machine and restart the agent"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        [pace]
        packets_per_second = 100
        [deny]
        nets = ["10.30.0.7"]
        [collector]
        may_declare = ["10.20.0.0/16"]
        policy = "gentle"
        [[network]]
        name = "own"
        cidr = "10.20.9.0/24"
        policy = "full"
    "#;

    fn declared(text: &str) -> Declared {
        Declared::parse(text, Path::new("agent.toml")).unwrap()
    }

    fn network(name: &str, cidr: &str) -> job::Network {
        job::Network {
            name: name.into(),
            cidr: cidr.into(),
            policy: Reach::Full,
            packets_per_second: Some(1_000_000),
            windows: vec!["22:00-05:00".into()],
        }
    }

    fn order(networks: Vec<job::Network>) -> Order {
        Order { id: 1, declared: networks, ..Order::default() }
    }

    fn handed(network: &str) -> Handed {
        let user = handed::User {
            name: "daicho".into(),
            auth: Some("sha256".into()),
            auth_password: Some("geheim-12345".into()),
            privacy: Some("aes128".into()),
            privacy_password: Some("geheim-67890".into()),
            contexts: Vec::new(),
        };
        let snmp = handed::Snmp {
            communities: vec!["geheim".into()],
            v1_communities: Vec::new(),
            users: vec![user],
        };
        Handed { snmp: vec![(network.into(), snmp)] }
    }

    #[test]
    fn by_default_a_collector_declares_nothing() {
        for text in ["", "[collector]\npolicy = \"full\"\ncredentials = true\n"] {
            let refused =
                declared(text).with(&order(vec![network("a", "10.20.0.0/24")]), &Handed::default());
            let refused = refused.unwrap_err();
            assert_eq!(refused.exit, Exit::Network);
            assert!(refused.en.contains("permit 10.20.0.0/24"), "{refused}");
        }
        let none = declared("").permits();
        assert_eq!((none.may_declare.len(), none.policy, none.credentials), (0, None, false));
    }

    #[test]
    fn what_is_declared_within_the_permission_is_bounded_by_it() {
        let own = declared(TEXT);
        assert_eq!(own.permits().may_declare, ["10.20.0.0/16"]);
        let with =
            own.with(&order(vec![network("ward", "10.20.0.0/24")]), &handed("ward")).unwrap();
        let ward = &with.networks[1].network;
        assert_eq!((ward.policy, ward.packets_per_second), (Policy::Gentle, 100));
        assert_eq!((ward.windows.spans.len(), ward.credentials.len()), (1, 2));
        assert!(with.networks[0].network.credentials.is_empty(), "not asked for there");
        let (networks, _) = with.narrowed(&order(Vec::new())).unwrap();
        assert_eq!(networks.len(), 2);
        for (name, cidr) in [
            ("wide", "10.16.0.0/12"),
            ("elsewhere", "10.21.0.0/24"),
            ("public", "8.8.8.0/24"),
            ("around", "10.20.8.0/23"),
            ("own", "10.20.1.0/24"),
            ("crooked", "10.20.1.1/24"),
        ] {
            let refused = own.with(&order(vec![network(name, cidr)]), &Handed::default());
            assert_eq!(refused.unwrap_err().exit, Exit::Network, "{name}");
        }
        let twice = vec![network("a", "10.20.0.0/24"), network("b", "10.20.0.0/25")];
        assert!(own.with(&order(twice), &Handed::default()).is_err());
    }

    #[test]
    fn what_is_denied_by_an_order_is_denied_besides_what_the_file_says() {
        let deny = job::Deny {
            nets: vec!["10.20.9.0/28".into()],
            macs: vec!["00:1a:2b:3c:4d:5e".into()],
            ouis: vec!["00:1a:2b".into()],
        };
        let with = declared(TEXT).with(&Order { deny, ..order(Vec::new()) }, &Handed::default());
        let deny = with.unwrap().deny;
        assert_eq!((deny.nets.len(), deny.macs.len(), deny.ouis.len()), (2, 1, 1));
        let wrong = job::Deny { nets: vec!["everything".into()], ..job::Deny::default() };
        let refused =
            declared(TEXT).with(&Order { deny: wrong, ..order(Vec::new()) }, &Handed::default());
        assert_eq!(
            refused.unwrap_err().exit,
            Exit::Network,
            "what cannot be read is not passed over"
        );
    }

    #[test]
    fn credentials_for_networks_of_the_file_need_the_files_own_word() {
        let none = declared(TEXT).with(&order(Vec::new()), &handed("own")).unwrap();
        assert!(none.networks[0].network.credentials.is_empty());
        let text = TEXT.replace("policy = \"gentle\"", "credentials = true");
        let some = declared(&text).with(&order(Vec::new()), &handed("own")).unwrap();
        assert_eq!(some.networks[0].network.credentials.len(), 2);
        let mut bad = handed("own");
        bad.snmp[0].1.users[0].auth = Some("rot13".into());
        let refused = declared(&text).with(&order(Vec::new()), &bad).unwrap_err();
        assert!(!refused.to_string().contains("geheim"), "{refused}");
    }
}
