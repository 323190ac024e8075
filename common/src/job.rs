//! What a collector wants of an agent, and what the agent says of it. An order can only narrow what
//! the agent's own configuration allows: it names networks that are declared there, and figures that
//! count where they are smaller. Networks that the collector declares count only where that configuration
//! says that it may ([`Permits`]).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::enrolment::Sentence;
use crate::handed::{Lock, Sealed};
use crate::time::Timestamp;

/// How far an order lets the agent go, at most; the words of `policy` in `agent.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Sighting only.
    Sighting,
    /// Gentle questions too.
    Gentle,
    /// Everything that the network's own policy allows.
    Full,
}

/// A scan that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Names the job.
    pub id: u64,
    /// Networks that the agent declares, by name or as a part by CIDR; empty: all of them.
    pub networks: Vec<String>,
    /// How far at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Most packets a second in all, where the agent's own figure is not smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets_per_second: Option<u32>,
    /// Most packets a second to one target, where the agent's own figure is not smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_packets_per_second: Option<u32>,
    /// How long the scan may take from when it was handed out, in seconds: then its window closes.
    /// A span, so that the two clocks need not agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Networks that the collector declares, besides those of the agent's own configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Network>,
    /// What is not sent to, besides what the agent's own configuration denies.
    #[serde(default, skip_serializing_if = "Deny::is_empty")]
    pub deny: Deny,
}

impl Order {
    /// How long it may take.
    pub fn span(&self) -> Option<Duration> {
        self.seconds.map(Duration::from_secs)
    }
}

/// A network that a collector declares. What is not said here is as the agent's configuration has it
/// where a `[[network]]` leaves it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its addresses, as `agent.toml` writes them.
    pub cidr: String,
    /// How far at most.
    pub policy: Reach,
    /// Most packets a second into it, where the agent's own figure is not smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets_per_second: Option<u32>,
    /// When it may be scanned, as `agent.toml` writes it; empty: at all times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<String>,
}

/// What is never sent to, as `agent.toml` writes it.
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
}

/// How far a scan has got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Addresses that will be asked.
    pub planned: u64,
    /// Of these, how many are settled.
    pub done: u64,
    /// Who answered.
    pub found: u64,
    /// Of these, who was questioned to the end.
    pub questioned: u64,
    /// Packets sent.
    pub packets: u64,
    /// Packets a second, lately.
    pub rate: u32,
    /// Seconds left, as far as that can be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
}

/// Where a job stands, as the agent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// It runs.
    Running,
    /// Ended by itself.
    Done,
    /// Ended because somebody wanted it to, or because its window closed.
    Stopped,
    /// The agent's own configuration does not allow it.
    Refused,
    /// It could not be done, or not to the end.
    Failed,
}

impl Course {
    /// Whether nothing more will come.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Running)
    }
}

/// What an agent says of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Where it stands.
    pub course: Course,
    /// How far it has got.
    #[serde(default)]
    pub stage: Stage,
    /// Why it was refused or failed, in sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Sentence>,
}

/// What the collector answers to a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Whether somebody wants the job to end.
    pub stop: bool,
}

/// What an agent says when it asks for work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// Name and version of the software.
    pub software: String,
    /// How long the agent waits for an answer, in seconds, 0–60.
    pub wait: u64,
    /// The networks that the agent's configuration declares, for the plan that people see.
    #[serde(default)]
    pub networks: Vec<Declared>,
    /// What the agent's configuration lets the collector say; an earlier version lets it say nothing.
    #[serde(default)]
    pub permits: Permits,
    /// With which key credentials for it are sealed; none: it takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
}

/// What an agent's configuration lets its collector say, `[collector]` of `agent.toml`. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permits {
    /// Within these addresses the collector may declare networks.
    #[serde(default)]
    pub may_declare: Vec<String>,
    /// How far at most it may have those scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Reach>,
    /// Whether its credentials are used in networks that the configuration itself declares.
    #[serde(default)]
    pub credentials: bool,
    /// Most packets a second into such a network.
    #[serde(default)]
    pub packets_per_second: u32,
    /// Most packets a second to one target.
    #[serde(default)]
    pub target_packets_per_second: u32,
}

/// A network as an agent declares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub cidr: String,
    /// What may be done there, as `agent.toml` says it.
    pub policy: Reach,
    /// Most packets a second into it.
    pub packets_per_second: u32,
    /// Most packets a second to one target.
    pub target_packets_per_second: u32,
}

/// What an agent that is known learns when it calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Its name.
    pub agent: String,
    /// The time by the collector's clock.
    pub now: Timestamp,
    /// Whether the agent is to ask for its next certificate.
    pub renew: bool,
}

/// The answer to [`Asking`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// A job to do, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Whether the agent is to ask for its next certificate.
    #[serde(default)]
    pub renew: bool,
    /// Credentials for the job, which only the agent that asked can open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_are_ordered_from_the_narrowest() {
        assert!(Reach::Sighting < Reach::Gentle && Reach::Gentle < Reach::Full);
        assert!(!Course::Running.is_over() && Course::Refused.is_over());
    }

    #[test]
    fn an_order_of_a_later_version_is_not_taken_for_a_wider_one() {
        let text = r#"{"id": 1, "networks": [], "except": ["10.0.0.0/8"]}"#;
        assert!(serde_json::from_str::<Order>(text).is_err());
        let text = r#"{"id": 1, "networks": ["3F"], "seconds": 60}"#;
        let order: Order = serde_json::from_str(text).unwrap();
        assert_eq!(order.span(), Some(Duration::from_mins(1)));
    }
}
