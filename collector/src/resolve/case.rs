//! A compact way to write down what was seen on a small network, for tests.

use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::coverage::Coverage;
use daicho_common::observation::{Fact, Method, Observation, Question, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;

use super::{Device, Resolution, resolve};
use crate::evidence::weigh;
use crate::fingerprint::Rows;

/// Observations in the making: a network, an agent and a time, which the calls advance.
pub(crate) struct Case {
    pub(crate) seen: Vec<Observation>,
    network: String,
    agent: String,
    at: i64,
}

pub(crate) fn mac(text: &str) -> Mac {
    text.parse().unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Nine in the morning of day `day`.
pub(crate) fn morning(day: i64) -> Timestamp {
    Timestamp::from_micros((day * 24 + 9) * 3_600_000_000)
}

impl Case {
    pub(crate) fn new() -> Self {
        let (network, agent) = ("ward".to_owned(), "a1".to_owned());
        Self { seen: Vec::new(), network, agent, at: morning(0).micros() }
    }

    /// What follows is seen in this network.
    pub(crate) fn network(mut self, name: &str) -> Self {
        name.clone_into(&mut self.network);
        self
    }

    /// What follows is seen by this agent.
    pub(crate) fn agent(mut self, name: &str) -> Self {
        name.clone_into(&mut self.agent);
        self
    }

    /// What follows is seen from nine in the morning of this day, a second apart.
    pub(crate) fn day(mut self, day: i64) -> Self {
        self.at = morning(day).micros();
        self
    }

    fn push(&mut self, method: Method, speaker: Speaker, fact: Fact) {
        self.at += 1_000_000;
        let vantage = Vantage {
            agent: self.agent.clone(),
            interface: String::new(),
            network: self.network.clone(),
        };
        let (at, vantage) = (Timestamp::from_micros(self.at), vantage.into());
        self.seen.push(Observation { at, vantage, method, speaker, fact });
    }

    fn say(mut self, from: &str, method: Method, fact: Fact) -> Self {
        self.push(method, Speaker { ip: Some(ip(from)), mac: None }, fact);
        self
    }

    pub(crate) fn arp(mut self, address: &str, from: &str) -> Self {
        let IpAddr::V4(v4) = ip(address) else { panic!("{address} is not IPv4") };
        let speaker = Speaker { ip: Some(ip(address)), mac: Some(mac(from)) };
        self.push(Method::Arp, speaker, Fact::Arp { ip: v4, mac: mac(from) });
        self
    }

    /// The speaker says, unasked, that `mac_named` has the address; the frame is from `from`.
    pub(crate) fn announces(mut self, from: &str, address: &str, mac_named: &str) -> Self {
        let speaker = Speaker { ip: Some(ip(address)), mac: Some(mac(from)) };
        let (method, fact) = match ip(address) {
            IpAddr::V4(v4) => (Method::ArpHeard, Fact::Arp { ip: v4, mac: mac(mac_named) }),
            v6 @ IpAddr::V6(_) => {
                (Method::NdpHeard, Fact::Neighbour { ip: v6, mac: mac(mac_named) })
            }
        };
        self.push(method, speaker, fact);
        self
    }

    /// Something heard in a frame from this MAC address, of a speaker that has no address.
    pub(crate) fn hears(mut self, from: &str, method: Method, fact: Fact) -> Self {
        self.push(method, Speaker { ip: None, mac: Some(mac(from)) }, fact);
        self
    }

    pub(crate) fn neighbour(mut self, address: &str, from: &str) -> Self {
        let speaker = Speaker { ip: Some(ip(address)), mac: Some(mac(from)) };
        self.push(Method::Ndp, speaker, Fact::Neighbour { ip: ip(address), mac: mac(from) });
        self
    }

    pub(crate) fn tells(self, from: &str, fact: Fact) -> Self {
        self.say(from, Method::Snmp, fact)
    }

    /// A service says this of itself when it is asked over this protocol.
    pub(crate) fn serves(self, from: &str, method: Method, fields: &[(&str, &str)]) -> Self {
        let mut said = daicho_common::observation::said::Said::at(1);
        for (name, value) in fields {
            said.add(name, (*value).into());
        }
        self.say(from, method, Fact::Said(Box::new(said)))
    }

    pub(crate) fn echo(self, from: &str) -> Self {
        self.say(from, Method::IcmpEcho, Fact::Answered(Reply::Echo))
    }

    pub(crate) fn asked(self, from: &str, outcome: daicho_common::observation::Outcome) -> Self {
        let question = Question::SnmpSystem;
        self.say(from, Method::Snmp, Fact::Asked { question, outcome })
    }

    pub(crate) fn system(self, from: &str, name: &str) -> Self {
        self.describes(from, name, "", "")
    }

    pub(crate) fn describes(self, from: &str, name: &str, object_id: &str, text: &str) -> Self {
        let fact = Fact::System {
            description: text.into(),
            object_id: object_id.to_owned(),
            name: name.into(),
            location: "".into(),
            contact: "".into(),
        };
        self.say(from, Method::Snmp, fact)
    }

    /// The speaker lists its own interfaces and addresses.
    pub(crate) fn lists(mut self, from: &str, macs: &[&str], ips: &[&str]) -> Self {
        for (index, listed) in (1..).zip(macs) {
            let fact = Fact::Interface {
                index,
                name: "eth".into(),
                description: "".into(),
                alias: "".into(),
                kind: 6,
                mac: Some(mac(listed)),
                up: true,
            };
            self = self.say(from, Method::Snmp, fact);
        }
        for listed in ips {
            let fact = Fact::InterfaceAddress { index: 1, ip: ip(listed), prefix: Some(24) };
            self = self.say(from, Method::Snmp, fact);
        }
        self
    }

    pub(crate) fn service(self, from: &str, service: &str, host: &str) -> Self {
        let fact = Fact::Service {
            service: service.into(),
            instance: "x".into(),
            host: host.into(),
            port: 631,
            txt: Vec::new(),
        };
        self.say(from, Method::Mdns, fact)
    }

    pub(crate) fn resolve(&self) -> Resolution {
        resolve(&weigh(&self.seen), &Rows::builtin().unwrap())
    }

    pub(crate) fn devices(&self) -> Vec<Device> {
        self.resolve().devices
    }

    /// The ids of the devices, for a first look.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.devices().into_iter().map(|device| device.id.0.to_string()).collect()
    }
}

/// A look at a /24 of the ward on day 0, by this method: everything was asked, `answered` answered.
pub(crate) fn look(method: Method, cidr: &str, answered: &[&str]) -> Coverage {
    let cidr: ipnet::IpNet = cidr.parse().unwrap();
    let mut asked = daicho_common::address_set::AddressSet::new();
    asked.insert_net(cidr);
    Coverage {
        vantage: Vantage {
            agent: "a1".to_owned(),
            interface: String::new(),
            network: "ward".to_owned(),
        },
        method,
        cidr,
        from: Timestamp::from_micros(morning(0).micros() - 1_000_000),
        to: Timestamp::from_micros(morning(0).micros() + 3_600_000_000),
        tries: 2,
        asked,
        answered: answered.iter().map(|address| ip(address)).collect(),
        not_asked: Vec::new(),
    }
}
