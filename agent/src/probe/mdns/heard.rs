//! What one host said about itself in DNS-SD, put together from however many messages.
//!
//! Bounded, whatever the host says: what goes beyond a limit is left out and remembered as left out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::observation::Fact;
use daicho_common::text::Text;
use daicho_common::wire::dns::{Data, Name, Pair, Record};

/// Most service types of one host.
pub(super) const MAX_TYPES: usize = 32;

/// Most service instances of one host.
pub(super) const MAX_INSTANCES: usize = 64;

/// Most names that one host may give to its address.
const MAX_NAMES: usize = 8;

/// Most key/value pairs kept of one service; a TXT record fits more only if it says nothing.
const MAX_PAIRS: usize = 128;

/// Where a service is, and what it says of itself; what was not told yet is `None`.
#[derive(Debug, Default)]
struct Instance {
    label: Vec<u8>,
    service: Name,
    location: Option<(Name, u16)>,
    pairs: Option<Vec<Pair>>,
}

/// Everything heard from one host.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Service types by their folded names, as they were spelt first.
    types: BTreeMap<Name, Name>,
    /// Instances by their folded names.
    instances: BTreeMap<Name, Instance>,
    names: BTreeSet<Name>,
    left_out: bool,
}

impl Heard {
    /// Takes records in, from the host with this address. Returns the service types that are new.
    ///
    /// Pointers come first, so that the order of records in a message does not matter.
    pub(crate) fn take(&mut self, address: IpAddr, records: &[&Record]) -> Vec<Name> {
        let mut new_types = Vec::new();
        for record in records {
            if let Data::Ptr(target) = &record.data {
                self.take_pointer(address, &record.name, target, &mut new_types);
            }
        }
        for record in records {
            match &record.data {
                Data::Srv { port, target, .. } => {
                    if let Some(instance) = self.instances.get_mut(&record.name.folded()) {
                        instance.location.get_or_insert_with(|| (target.clone(), *port));
                    }
                }
                Data::Txt(pairs) => {
                    if let Some(instance) = self.instances.get_mut(&record.name.folded()) {
                        instance.pairs.get_or_insert_with(|| pairs.clone());
                    }
                }
                Data::A(own) if IpAddr::V4(*own) == address => self.take_name(&record.name),
                Data::Aaaa(own) if IpAddr::V6(*own) == address => self.take_name(&record.name),
                Data::A(_) | Data::Aaaa(_) | Data::Ptr(_) => {}
            }
        }
        new_types
    }

    fn take_pointer(
        &mut self,
        address: IpAddr,
        owner: &Name,
        target: &Name,
        new_types: &mut Vec<Name>,
    ) {
        if owner.matches(&Name::services()) {
            self.take_type(target, new_types);
        } else if owner.matches(&Name::reverse(address)) {
            self.take_name(target);
        } else if owner.service_type().is_some() {
            self.take_instance(owner, target);
        }
    }

    fn take_type(&mut self, name: &Name, new_types: &mut Vec<Name>) {
        let key = name.folded();
        if name.service_type().is_none() || self.types.contains_key(&key) {
            return;
        }
        if self.types.len() >= MAX_TYPES {
            self.left_out = true;
            return;
        }
        self.types.insert(key, name.clone());
        new_types.push(name.clone());
    }

    fn take_instance(&mut self, service: &Name, name: &Name) {
        let (Some(label), key) = (name.child_of(service), name.folded()) else { return };
        if self.instances.contains_key(&key) {
            return;
        }
        if self.instances.len() >= MAX_INSTANCES {
            self.left_out = true;
            return;
        }
        let instance =
            Instance { label: label.to_vec(), service: service.clone(), ..Instance::default() };
        self.instances.insert(key, instance);
    }

    fn take_name(&mut self, name: &Name) {
        let known = self.names.iter().any(|known| known.matches(name));
        if !known && !name.labels().is_empty() && self.names.len() < MAX_NAMES {
            self.names.insert(name.clone());
        }
    }

    /// Whether something was left out because it went beyond a limit.
    pub(super) fn left_out(&self) -> bool {
        self.left_out
    }

    /// Instances whose location is unknown.
    pub(super) fn without_location(&self) -> impl Iterator<Item = &Name> {
        self.instances.iter().filter(|(_, i)| i.location.is_none()).map(|(name, _)| name)
    }

    /// Instances whose pairs are unknown.
    pub(super) fn without_pairs(&self) -> impl Iterator<Item = &Name> {
        self.instances.iter().filter(|(_, i)| i.pairs.is_none()).map(|(name, _)| name)
    }

    /// What was learned: services by name, then host names.
    pub(crate) fn into_facts(self) -> Vec<Fact> {
        let services = self.instances.into_values().filter_map(Instance::into_fact);
        let names = self.names.iter().map(|name| Fact::HostName { name: name.text() });
        services.chain(names).collect()
    }
}

impl Instance {
    fn into_fact(self) -> Option<Fact> {
        let (host, port) = match self.location {
            Some((host, port)) => (host.text(), port),
            None => (Text::default(), 0),
        };
        Some(Fact::Service {
            service: self.service.service_type()?,
            instance: Text::from_wire(&self.label),
            host,
            port,
            txt: in_order_of_key(&self.pairs.unwrap_or_default()),
        })
    }
}

/// Of keys that differ only in case the first counts (RFC 6763 §6.4).
fn in_order_of_key(pairs: &[Pair]) -> Vec<(Text, Text)> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<(Text, Text)> = pairs
        .iter()
        .filter(|pair| seen.insert(pair.key().to_ascii_lowercase()))
        .take(MAX_PAIRS)
        .map(|pair| {
            (Text::from_wire(pair.key()), Text::from_wire(pair.value().unwrap_or_default()))
        })
        .collect();
    kept.sort();
    kept
}
