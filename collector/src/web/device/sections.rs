//! Parts of a device's page that are tables of their own: interfaces, where it is plugged in, services,
//! and what became of it over time.

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, ObservationId};
use daicho_common::time::Timestamp;

use super::Writer;
use crate::decision::{Decided, Decision, Subject};
use crate::ledger::step::Step;
use crate::report;
use crate::resolve::Device;
use crate::store::Change;
use crate::web::page::{Evidence, finding_link};
use crate::web::person;
use crate::words::{Word, phrase};

/// Events that the page lists, the latest first.
pub(super) const LISTED: usize = 100;
/// Services that the page lists.
const SERVICES: usize = 300;

/// An interface as the device told of it.
pub(super) struct Interface {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) alias: String,
    pub(super) mac: String,
    pub(super) up: &'static str,
    pub(super) addresses: String,
    pub(super) when: String,
    pub(super) evidence: Evidence,
}

/// Where it is plugged in.
pub(super) struct Plugged {
    pub(super) text: String,
    pub(super) link: String,
    pub(super) mac: String,
    pub(super) grade: &'static str,
    pub(super) evidence: Evidence,
}

/// A service.
pub(super) struct Service {
    pub(super) port: String,
    pub(super) kind: String,
    pub(super) instance: String,
    pub(super) when: String,
    pub(super) methods: String,
    pub(super) evidence: Evidence,
}

/// Something that happened.
pub(super) struct Event {
    pub(super) at: String,
    pub(super) by: String,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) link: String,
}

/// What is gathered of one interface.
#[derive(Default)]
struct Gathered {
    name: String,
    alias: String,
    mac: Option<Mac>,
    up: Option<bool>,
    addresses: Vec<String>,
    at: Option<Timestamp>,
    sources: Vec<ObservationId>,
}

impl<'a> Writer<'a> {
    /// The interfaces, by their index, as the latest observation says.
    pub(super) fn interfaces(self, device: &Device) -> Vec<Interface> {
        let mut found: BTreeMap<u32, Gathered> = BTreeMap::new();
        let mut seen: Vec<_> = report::sources(device)
            .into_iter()
            .filter_map(|id| Some((id, self.snapshot.observation(id)?)))
            .collect();
        seen.sort_by_key(|(_, one)| one.at);
        for (id, one) in &seen {
            if let Fact::Interface { index, name, description, alias, kind: _, mac, up } = &one.fact
            {
                let of = found.entry(*index).or_default();
                of.name = if name.is_empty() { description } else { name }.to_string();
                of.alias = alias.to_string();
                (of.mac, of.up) = (*mac, Some(*up));
                of.at = Some(one.at);
                of.sources.push(*id);
            } else if let Fact::InterfaceAddress { index, ip, prefix } = &one.fact {
                let of = found.entry(*index).or_default();
                let text = written(*ip, *prefix);
                if !of.addresses.contains(&text) {
                    of.addresses.push(text);
                }
                of.at = of.at.max(Some(one.at));
                of.sources.push(*id);
            }
        }
        found.into_iter().map(|(index, gathered)| self.interface(index, gathered)).collect()
    }

    fn interface(self, index: u32, gathered: Gathered) -> Interface {
        let up = match gathered.up {
            Some(true) => self.lang.say(Word::FactInterfaceUp),
            Some(false) => self.lang.say(Word::FactInterfaceDown),
            None => "",
        };
        Interface {
            index,
            name: gathered.name,
            alias: gathered.alias,
            mac: gathered.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            up,
            addresses: gathered.addresses.join(self.lang.say(Word::CommonListJoin)),
            when: gathered.at.map(|at| self.zone.show(at)).unwrap_or_default(),
            evidence: self.on(&gathered.sources),
        }
    }

    /// Switches and ports.
    pub(super) fn plugged(self, device: &Device) -> Vec<Plugged> {
        let one = |attached: &crate::evidence::Sourced<crate::resolve::Attached>| Plugged {
            text: phrase::wiring::attached(self.lang, &attached.value, &|at| self.zone.show(at)),
            link: (self.snapshot.device(&attached.value.switch))
                .map(|switch| crate::web::page::device_link(&switch.id))
                .unwrap_or_default(),
            mac: attached.value.mac.to_string(),
            grade: self.lang.say(phrase::grade(attached.grade)),
            evidence: self.on(&attached.sources),
        };
        device.attached.iter().map(one).collect()
    }

    /// Services, and how many are not listed.
    pub(super) fn services(self, device: &Device) -> (Vec<Service>, usize) {
        let one = |service: &crate::evidence::Sourced<std::sync::Arc<crate::resolve::Service>>| {
            let label = Word::DeviceServices;
            let claim = self.claim(label, service, String::new());
            let port = service.value.port;
            Service {
                port: if port == 0 { String::new() } else { port.to_string() },
                kind: service.value.kind.to_string(),
                instance: service.value.instance.to_string(),
                when: claim.when,
                methods: claim.methods,
                evidence: claim.evidence,
            }
        };
        let left = device.services.len().saturating_sub(SERVICES);
        (device.services.iter().take(SERVICES).map(one).collect(), left)
    }

    /// What became of it: where it was seen first, what people said of it and of its findings, and what
    /// was changed in its rows of the ledger.
    pub(super) fn events(self, device: &Device, changes: &[Change]) -> Vec<Event> {
        let mut events: Vec<(Timestamp, Event)> = Vec::new();
        let event = |at, (by, what, why): (&str, String, &str), link: String| {
            let (by, why) = (by.to_owned(), why.to_owned());
            (at, Event { at: self.zone.show(at), by, what, why, link })
        };
        events.push(event(
            device.first_seen,
            ("", self.lang.say(Word::DeviceFirst).to_owned(), ""),
            String::new(),
        ));
        for address in &device.addresses {
            let what = self.lang.fill(Word::DeviceCame, &[&address.ip, &address.network]);
            events.push(event(address.first_seen, ("", what, ""), String::new()));
        }
        let decisions = self.decisions(device).into_iter();
        events.extend(decisions.map(|(one, what, link)| {
            event(one.at, (one.by.as_str(), what, one.why.as_str()), link)
        }));
        for change in changes {
            let what = self.changed(change);
            let link = crate::web::ledger::row_link(change.step.place());
            events.push(event(change.at, (change.by.as_str(), what, change.why.as_str()), link));
        }
        events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        events.truncate(LISTED);
        events.into_iter().map(|(_, event)| event).collect()
    }

    fn changed(self, change: &Change) -> String {
        let what = match &change.step {
            Step::Added { .. } => Word::ChangedAdded,
            Step::Removed { .. } => Word::ChangedRemoved,
            Step::Struck { struck: true, .. } => Word::ChangedStruck,
            Step::Struck { struck: false, .. } => Word::ChangedUnstruck,
            Step::Cell { heading, before, after, .. } => {
                return self.lang.fill(Word::ChangedCell, &[heading, before, after]);
            }
            Step::Moved { from, place } => {
                let from = phrase::place(self.lang, from);
                let to = phrase::place(self.lang, place);
                return self.lang.fill(Word::ChangedMoved, &[&from, &to]);
            }
        };
        self.lang.say(what).to_owned()
    }

    /// What people said of the device, of its rows and of its findings.
    fn decisions(self, device: &Device) -> Vec<(&'a Decided, String, String)> {
        let keys = device.keys();
        let findings: BTreeMap<&str, &str> = (self.snapshot.findings_about(&device.id))
            .map(|one| (one.id.as_str(), self.lang.say(phrase::rule(one.rule))))
            .collect();
        let rows: Vec<_> = (self.snapshot.matches(&device.id))
            .filter_map(|matched| self.snapshot.key_of(matched.entry.as_ref()?))
            .collect();
        let about = |subject: &Subject| match subject {
            Subject::Device(key) => keys.contains(key),
            Subject::Entry(entry) => rows.contains(&entry),
        };
        let mut said: Vec<_> = (self.snapshot.decisions_on(&keys))
            .map(|one| (one, person::what(self.lang, &one.what), String::new()))
            .collect();
        for one in &self.snapshot.ground.decisions {
            let colon = self.lang.say(Word::CommonColon);
            if let Decision::Scope { subject, scope } = &one.what
                && about(subject)
            {
                let scope = self.lang.say(phrase::scope(*scope));
                let label = self.lang.say(Word::ScopeTitle);
                said.push((one, format!("{label}{colon}{scope}"), String::new()));
            } else if let Decision::Answer { finding, disposition, owner, .. } = &one.what
                && let Some(rule) = findings.get(finding.as_str())
            {
                let done = disposition.map_or(Word::FindingsAssigned, phrase::disposition);
                let text = format!("{rule}{colon}{} {owner}", self.lang.say(done));
                said.push((one, text.trim_end().to_owned(), finding_link(finding)));
            }
        }
        said
    }
}

fn written(ip: IpAddr, prefix: Option<u8>) -> String {
    prefix.map_or_else(|| ip.to_string(), |prefix| format!("{ip}/{prefix}"))
}
