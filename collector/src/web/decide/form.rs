//! Forms as decisions.

use std::collections::HashMap;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use serde::de::DeserializeOwned;

use crate::day::Day;
use crate::decision::{Corrected, Decision, Disposition, Key};
use crate::fingerprint::Class;
use crate::resolve::Device;
use crate::web::snapshot::Snapshot;

/// Findings that one form may answer.
const MOST: usize = 1000;
/// Longest value of a corrected field, in characters.
const VALUE: usize = 255;

/// The fields of a form; of those that come once the last counts.
pub(in crate::web) struct Form {
    one: HashMap<String, String>,
    findings: Vec<String>,
    devices: Vec<String>,
}

impl Form {
    pub(in crate::web) fn read(body: &[u8]) -> Self {
        Self::of_fields(form_urlencoded::parse(body).into_owned())
    }

    /// The form of these fields, each by name and value.
    pub(in crate::web) fn of_fields(fields: impl Iterator<Item = (String, String)>) -> Self {
        let mut form = Self { one: HashMap::new(), findings: Vec::new(), devices: Vec::new() };
        for (name, value) in fields {
            if name == "finding" {
                form.findings.push(value);
                continue;
            }
            if name == "device" {
                form.devices.push(value.clone());
            }
            form.one.insert(name, value.trim().to_owned());
        }
        form
    }

    /// The devices that were chosen.
    pub(in crate::web) fn devices(&self) -> &[String] {
        &self.devices
    }

    pub(in crate::web) fn of(&self, name: &str) -> &str {
        self.one.get(name).map_or("", String::as_str)
    }

    /// Where to go back to: a path of this server.
    pub(in crate::web) fn back(&self) -> &str {
        let back = self.of("back");
        let own = back.starts_with('/') && !back.starts_with("//") && !back.contains('\\');
        if own { back } else { "/findings" }
    }

    /// What the form says; none if it says nothing that can be kept.
    pub(super) fn decisions(&self, snapshot: &Snapshot) -> Option<Vec<Decision>> {
        let one = match self.of("kind") {
            "answer" => return self.answers(snapshot),
            "scope" => {
                let (subject, scope) = (self.json("subject")?, word(self.of("scope"))?);
                Decision::Scope { subject, scope }
            }
            "byod" => {
                let permitted = self.of("permitted") == "yes";
                Decision::Byod { device: self.json("device")?, permitted }
            }
            "correct" => self.correction()?,
            "join" => self.join(snapshot)?,
            "split" => {
                let (a, b): (Key, Key) = (self.json("a")?, self.json("b")?);
                if a == b {
                    return None;
                }
                Decision::Split { a, b }
            }
            "withdraw" => Decision::Withdraw { decision: self.of("decision").parse().ok()? },
            _ => return None,
        };
        Some(vec![one])
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.of(name)).ok()
    }

    /// A field of a device that says something else from now on. What has to be one of a few words is.
    fn correction(&self) -> Option<Decision> {
        let (device, field) = (self.json("device")?, word(self.of("field"))?);
        let value = self.of("value");
        let fits = match field {
            Corrected::Class => word::<Class>(value).is_some(),
            Corrected::Storage => matches!(value, "yes" | "no"),
            Corrected::Name
            | Corrected::Vendor
            | Corrected::Model
            | Corrected::Serial
            | Corrected::Version
            | Corrected::Os
            | Corrected::Location => {
                !value.is_empty()
                    && value.chars().count() <= VALUE
                    && !value.chars().any(char::is_control)
            }
        };
        fits.then(|| Decision::Correct { device, field, value: value.to_owned() })
    }

    /// The device and the one that a person named by its id, an address or a MAC address are one.
    fn join(&self, snapshot: &Snapshot) -> Option<Decision> {
        let a: Key = self.json("device")?;
        let b = meant(snapshot, self.of("other"))?.keys().into_iter().next()?;
        (a != b).then_some(Decision::Join { a, b })
    }

    /// An answer to each of the findings; to one that has gone meanwhile there is nothing to say.
    fn answers(&self, snapshot: &Snapshot) -> Option<Vec<Decision>> {
        let disposition: Option<Disposition> = match self.of("disposition") {
            "" => None,
            said => Some(word(said)?),
        };
        let due: Option<Day> = match self.of("due") {
            "" => None,
            day => Some(day.parse().ok()?),
        };
        let owner = self.of("owner");
        // Approval has to say why it may stay (DOMAIN §5).
        let unreasoned = disposition == Some(Disposition::Approved) && self.of("why").is_empty();
        let empty = disposition.is_none() && due.is_none() && owner.is_empty();
        if unreasoned || empty || self.findings.is_empty() || self.findings.len() > MOST {
            return None;
        }
        let one = |id: &String| {
            Some(Decision::Answer {
                finding: id.clone(),
                facts: snapshot.finding(id)?.facts.to_string(),
                disposition,
                owner: owner.to_owned(),
                due,
            })
        };
        let said: Vec<Decision> = self.findings.iter().filter_map(one).collect();
        (!said.is_empty()).then_some(said)
    }
}

/// A value as serde reads it from a word.
pub(in crate::web) fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

/// The device that a person means by its id, an address or a MAC address; none if several fit.
fn meant<'a>(snapshot: &'a Snapshot, text: &str) -> Option<&'a Device> {
    let text = text.trim();
    let fits = |device: &&Device| {
        device.id.0 == text
            || text.parse::<Mac>().is_ok_and(|mac| device.macs.iter().any(|one| one.value == mac))
            || text
                .parse::<IpAddr>()
                .is_ok_and(|ip| device.addresses.iter().any(|one| one.ip == ip))
    };
    let mut fitting = snapshot.picture.devices.iter().filter(fits);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}
