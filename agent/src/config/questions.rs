//! Which questions hosts are asked: `config/questions.toml`, and what the configuration of a network
//! says instead.

use std::collections::BTreeMap;

use daicho_common::observation::Method;
use serde::Deserialize;

use crate::engine::governor;
use crate::plan::Policy;

/// The questions and their ports, which are data.
pub const LIST: &str = include_str!("../../../config/questions.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    question: Vec<Row>,
}

/// Since which policy a question is asked, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Since {
    Gentle,
    Full,
    Named,
}

/// A row of the list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    method: Method,
    policy: Since,
    #[serde(default)]
    tcp: Vec<u16>,
    #[serde(default)]
    udp: Vec<u16>,
}

/// The list of questions.
#[derive(Clone, Debug)]
pub(super) struct List(Vec<Row>);

impl List {
    /// The list that is built in.
    ///
    /// # Errors
    /// What is wrong with it, which a test rules out.
    pub(super) fn builtin() -> Result<Self, String> {
        let file: File = toml::from_str(LIST).map_err(|error| error.message().to_owned())?;
        for (n, row) in file.question.iter().enumerate() {
            let name = name(row.method);
            if file.question.iter().take(n).any(|other| other.method == row.method) {
                return Err(format!("{name} comes twice"));
            }
            if !(row.tcp.is_empty() || row.udp.is_empty()) {
                return Err(format!("{name} is asked over TCP or over UDP"));
            }
            if row
                .tcp
                .iter()
                .chain(&row.udp)
                .any(|port| *port == 0 || governor::is_forbidden(*port))
            {
                return Err(format!("{name} has a port that is never asked"));
            }
        }
        Ok(Self(file.question))
    }

    /// What is asked under this policy if nothing else is said.
    pub(super) fn under(&self, policy: Policy) -> BTreeMap<Method, Vec<u16>> {
        let asked = |row: &&Row| match row.policy {
            Since::Gentle => policy != Policy::Sighting,
            Since::Full => policy == Policy::Full,
            Since::Named => false,
        };
        self.0.iter().filter(asked).map(|row| (row.method, row.ports())).collect()
    }

    /// TCP ports of what is not asked under this policy, ascending.
    pub(super) fn unasked(&self, policy: Policy) -> Vec<u16> {
        let unasked = |row: &&Row| row.policy == Since::Full && policy == Policy::Gentle;
        let mut ports: Vec<u16> =
            self.0.iter().filter(unasked).flat_map(|row| row.tcp.iter().copied()).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// The question of this name with its ports, unless hosts are named for it one by one.
    pub(super) fn named(&self, name: &str) -> Option<(Method, Vec<u16>)> {
        let mut rows = self.0.iter().filter(|row| row.policy != Since::Named);
        rows.find(|row| self::name(row.method) == name).map(|row| (row.method, row.ports()))
    }

    /// The names of all, for complaints.
    pub(super) fn names(&self) -> String {
        let rows = self.0.iter().filter(|row| row.policy != Since::Named);
        rows.map(|row| name(row.method)).collect::<Vec<_>>().join(", ")
    }
}

impl Row {
    fn ports(&self) -> Vec<u16> {
        [&self.tcp[..], &self.udp[..]].concat()
    }
}

/// A method as configurations write it.
fn name(method: Method) -> String {
    serde_json::to_value(method)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_sound_and_every_policy_has_its_questions() {
        let list = List::builtin().unwrap();
        let [sighting, gentle, full] =
            [Policy::Sighting, Policy::Gentle, Policy::Full].map(|policy| list.under(policy));
        assert!(sighting.is_empty());
        assert_eq!(gentle[&Method::Ssh], [22]);
        assert!(!gentle.contains_key(&Method::Telnet) && full.contains_key(&Method::Telnet));
        assert!(!full.contains_key(&Method::Dicom), "only hosts that are named");
        assert!(gentle.keys().all(|method| full.contains_key(method)));
        assert_eq!(list.unasked(Policy::Gentle), [21, 23, 25, 143, 554]);
        assert_eq!((list.unasked(Policy::Sighting), list.unasked(Policy::Full)), (vec![], vec![]));
        assert_eq!(list.named("node_status"), Some((Method::NodeStatus, vec![137])));
        assert_eq!((list.named("dicom"), list.named("gopher")), (None, None));
    }

    #[test]
    fn nobody_is_asked_for_hl7_or_orca_or_without_a_name_for_dicom() {
        let list = List::builtin().unwrap();
        // HL7, ORCA and CLAIM, DICOM.
        let heard_only = [2575, 8000, 8210, 104, 11112];
        for policy in [Policy::Sighting, Policy::Gentle, Policy::Full] {
            let asked: Vec<u16> = list.under(policy).into_values().flatten().collect();
            assert!(asked.iter().all(|port| !heard_only.contains(port)), "{policy:?}: {asked:?}");
        }
        assert_eq!((list.named("hl7"), list.named("tcp_heard")), (None, None));
    }
}
