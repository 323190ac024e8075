//! What was gathered of a device, put into fields: each with its grade and sources.

use std::collections::BTreeMap;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, ObservationId, Reply};
use daicho_common::text::Text;
use daicho_common::time::Timestamp;

use super::device::{Address, Device, DeviceId, Join, JoinReason, Oddity, Service};
use super::gather::Gathered;
use super::shelf::Tables;
use super::subject::Subject;
use crate::evidence::{Grade, Seen, Sourced};
use crate::fingerprint::combine::{Candidate, Combined, combine};
use crate::fingerprint::{Class, Reading, Rows, spelling};
use crate::inventory::names;

/// One day, in microseconds: what a device said this long before the latest of its kind no longer
/// counts, because it was renamed or updated since.
const CURRENT: i64 = 86_400_000_000;

/// How much LLDP-MED's inventory counts: it is what a device was made to say of itself, not what a
/// pattern makes of its words.
const INVENTORY: u8 = 90;

/// Kinds of what is only heard and says what a device is; of each the latest counts.
const HEARD: [fn(&Fact) -> bool; 4] = [
    |fact| matches!(fact, Fact::Dhcp(_)),
    |fact| matches!(fact, Fact::Ssdp(_)),
    |fact| matches!(fact, Fact::VirtualRouter(_)),
    |fact| matches!(fact, Fact::RouterAdvertisement(_)),
];

/// A fact with its grade and times.
pub(super) type Said<'a> = (&'a Fact, Grade, Seen);

fn sourced<T>(value: T, grade: Grade, seen: &Seen) -> Sourced<T> {
    Sourced { value, grade, sources: seen.sources() }
}

/// Those of `said` that are still current.
pub(super) fn current(said: Vec<Said<'_>>) -> Vec<Said<'_>> {
    let Some(latest) = said.iter().map(|(_, _, seen)| seen.last().micros()).max() else {
        return said;
    };
    let since = latest.saturating_sub(CURRENT);
    said.into_iter().filter(|(_, _, seen)| seen.last().micros() >= since).collect()
}

/// A name with what orders it: asked before announced (sysName before mDNS), the latest first.
struct Name<'a> {
    value: &'a str,
    grade: Grade,
    seen: Seen,
}

impl<'a> Gathered<'a> {
    /// The smallest burned-in MAC address names the device, else the smallest address.
    pub(super) fn id(&self) -> DeviceId {
        let both = self.macs.keys().chain(self.tabled.0.keys());
        let mac = both.filter(|mac| mac.names_a_device()).min();
        let text = match (mac, self.subjects.first()) {
            (Some(mac), _) | (None, Some(Subject::Mac(mac))) => {
                format!("mac-{}", mac.to_string().replace(':', ""))
            }
            (None, Some(Subject::Address(network, ip))) => format!("ip-{network}-{ip}"),
            (None, None) => String::new(),
        };
        DeviceId(text)
    }

    pub(super) fn kind(&self, wanted: impl Fn(&Fact) -> bool) -> Vec<Said<'a>> {
        let said = self.facts.iter().filter(|(fact, _)| wanted(fact));
        said.map(|(fact, (grade, seen))| (*fact, *grade, *seen)).collect()
    }

    /// The device, in fields.
    pub(super) fn device(self, fingerprints: &Rows) -> Device {
        let systems = current(self.kind(|fact| matches!(fact, Fact::System { .. })));
        let services = self.kind(|fact| matches!(fact, Fact::Service { .. }));
        let hosts = self.kind(is_name);
        let neighbours = current(self.kind(|fact| matches!(fact, Fact::LinkNeighbour(_))));
        let heard = HEARD.map(|wanted| current(self.kind(wanted)));
        let heard = heard.iter().flatten().chain(&neighbours);
        let mut read = Readings::of(systems.iter().chain(&services).chain(heard), fingerprints);
        read.0.extend(neighbours.iter().filter_map(inventory));
        let tables = Tables::of(&self);
        read.0.extend(tables.claims(&systems));
        read.name();
        let class = read.class();
        let (first_seen, last_seen) =
            self.seen.map_or((Timestamp::from_micros(0), Timestamp::from_micros(0)), |seen| {
                (seen.first(), seen.last())
            });
        Device {
            id: self.id(),
            macs: self.macs(),
            addresses: self.addresses(),
            names: names(&systems, &services, hosts),
            vendor: read.text(|reading| &reading.vendor),
            model: read.text(|reading| &reading.model),
            serial: read.text(|reading| &reading.serial),
            version: read.text(|reading| &reading.version),
            description: latest(&systems, description),
            location: latest(&systems, location),
            services: self.services(),
            storage: tables.storage(class.as_ref()),
            parts: tables.parts(),
            software: tables.software(),
            pages: tables.pages(),
            class,
            joins: self.joins(),
            oddities: self.oddities(),
            attached: Vec::new(),
            first_seen,
            last_seen,
        }
    }

    /// The MAC addresses; one that was seen directly rests on that alone.
    fn macs(&self) -> Vec<Sourced<Mac>> {
        let seen = self.macs.iter().map(|(mac, (grade, seen))| (*mac, *grade, seen));
        let tabled = self.tabled.0.iter().filter(|(mac, _)| !self.macs.contains_key(*mac));
        let told = tabled.map(|(mac, seen)| (*mac, Grade::Reported, seen));
        let mut macs: Vec<_> =
            seen.chain(told).map(|(mac, grade, seen)| sourced(mac, grade, seen)).collect();
        macs.sort_unstable_by_key(|mac| mac.value);
        macs
    }

    /// The addresses. What a router holds to be a neighbour's may be an hour old, so it counts only
    /// where no address of that version was seen directly.
    fn addresses(&self) -> Vec<Address> {
        let known = |ip: IpAddr| self.addresses.keys().any(|(_, at)| at.is_ipv4() == ip.is_ipv4());
        let mut addresses: Vec<Address> = self
            .addresses
            .iter()
            .chain(self.tabled.1.iter().filter(|((_, ip), _)| !known(*ip)))
            .map(|((network, ip), seen)| Address {
                ip: *ip,
                network: (*network).to_owned(),
                first_seen: seen.first(),
                last_seen: seen.last(),
                sources: seen.sources(),
            })
            .collect();
        addresses.sort_unstable_by(|a, b| a.network.cmp(&b.network).then(a.ip.cmp(&b.ip)));
        addresses
    }

    fn services(&self) -> Vec<Sourced<Service>> {
        let mut found: BTreeMap<Service, (Grade, Seen)> = BTreeMap::new();
        for (fact, (grade, seen)) in &self.facts {
            let Some(service) = service(fact) else { continue };
            let entry = found.entry(service).or_insert((*grade, *seen));
            entry.0 = entry.0.max(*grade);
            entry.1.extend(*seen);
        }
        found.into_iter().map(|(service, (grade, seen))| sourced(service, grade, &seen)).collect()
    }

    fn joins(&self) -> Vec<Join> {
        let by_link = self
            .bindings
            .iter()
            .filter(|((network, ip, mac), _)| {
                mac.names_a_device() && self.spoken.contains(&(*network, *ip))
            })
            .map(|((_, ip, mac), seen)| (JoinReason::MacHadAddress { mac: *mac, ip: *ip }, *seen));
        let mut joins: BTreeMap<JoinReason, Seen> = self.joins.clone();
        for (reason, seen) in by_link {
            joins.entry(reason).and_modify(|s| s.extend(seen)).or_insert(seen);
        }
        joins.into_iter().map(|(reason, seen)| Join { reason, sources: seen.sources() }).collect()
    }

    fn oddities(&self) -> Vec<Sourced<Oddity>> {
        let burned_in = self.macs.keys().any(|mac| mac.names_a_device());
        self.oddities
            .iter()
            .filter(|(oddity, _)| !(burned_in && **oddity == Oddity::RandomisedMac))
            .map(|(oddity, seen)| sourced(oddity.clone(), Grade::Inferred, seen))
            .collect()
    }
}

/// Whether a fact is heard that gives its speaker a name.
fn is_name(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::HostName { .. }
            | Fact::LinkNeighbour(_)
            | Fact::Dhcp(_)
            | Fact::NetbiosName { .. }
            | Fact::Browser(_)
    )
}

/// What LLDP-MED's inventory says of the hardware, in words that need no fingerprint.
fn inventory((fact, grade, seen): &Said<'_>) -> Option<(Reading, Grade, Vec<ObservationId>)> {
    let Fact::LinkNeighbour(neighbour) = fact else { return None };
    let said = neighbour.inventory.as_ref()?;
    let text = |text: &Text| Some(text.to_string()).filter(|text| !text.is_empty());
    let reading = Reading {
        class: None,
        vendor: text(&said.manufacturer),
        model: text(&said.model),
        version: text(&said.software).or_else(|| text(&said.firmware)),
        serial: text(&said.serial),
        weight: INVENTORY,
    };
    Some((reading, *grade, seen.sources()))
}

fn description(fact: &Fact) -> &str {
    if let Fact::System { description, .. } = fact { description.as_str() } else { "" }
}

fn location(fact: &Fact) -> &str {
    if let Fact::System { location, .. } = fact { location.as_str() } else { "" }
}

fn service(fact: &Fact) -> Option<Service> {
    if let Fact::Service { service, instance, port, .. } = fact {
        let (kind, instance) = (service.to_string(), instance.to_string());
        return Some(Service { kind, port: *port, instance });
    }
    let Fact::Answered(Reply::TcpOpen(port)) = fact else { return None };
    Some(Service { kind: format!("tcp/{port}"), port: *port, instance: String::new() })
}

/// The text said latest; of two said at the same time the smaller.
fn latest(said: &[Said<'_>], text: impl Fn(&Fact) -> &str) -> Option<Sourced<String>> {
    said.iter()
        .map(|(fact, grade, seen)| (text(fact), *grade, *seen))
        .filter(|(text, ..)| !text.is_empty())
        .min_by(|a, b| b.2.last().cmp(&a.2.last()).then_with(|| a.0.cmp(b.0)))
        .map(|(text, grade, seen)| sourced(text.to_owned(), grade, &seen))
}

/// The names a device gives itself: sysName as given, mDNS host names without `.local`.
fn names(
    systems: &[Said<'_>],
    services: &[Said<'_>],
    hosts: Vec<Said<'_>>,
) -> Vec<Sourced<String>> {
    let mut announced = hosts;
    announced.extend_from_slice(services);
    announced.retain(|(fact, ..)| !name(fact).is_empty());
    let mut found: BTreeMap<&str, Name<'_>> = BTreeMap::new();
    for (fact, grade, seen) in systems.iter().copied().chain(current(announced)) {
        let value = name(fact);
        if value.is_empty() {
            continue;
        }
        let entry = found.entry(value).or_insert(Name { value, grade, seen });
        entry.grade = entry.grade.max(grade);
        entry.seen.extend(seen);
    }
    let mut names: Vec<Name<'_>> = found.into_values().collect();
    names.sort_unstable_by(|a, b| {
        let by_grade = b.grade.cmp(&a.grade);
        by_grade.then(b.seen.last().cmp(&a.seen.last())).then_with(|| a.value.cmp(b.value))
    });
    names.into_iter().map(|n| sourced(n.value.to_owned(), n.grade, &n.seen)).collect()
}

/// The name that a fact gives its speaker; empty if none.
fn name(fact: &Fact) -> &str {
    if let Fact::System { name, .. } = fact {
        return name.as_str();
    }
    let announced = match fact {
        // Of NetBIOS the workstation's own name; other suffixes are of services and of groups
        // (RFC 1001 §14).
        Fact::HostName { name } | Fact::NetbiosName { name, suffix: 0x00, group: false } => {
            name.as_str()
        }
        Fact::Service { host, .. } => host.as_str(),
        Fact::LinkNeighbour(neighbour) => neighbour.name.as_str(),
        Fact::Dhcp(dhcp) if dhcp.host_name.is_empty() => dhcp.fqdn.as_str(),
        Fact::Dhcp(dhcp) => dhcp.host_name.as_str(),
        Fact::Browser(browser) if browser.command != 12 => browser.name.as_str(),
        Fact::NetbiosName { .. }
        | Fact::Browser(_)
        | Fact::SpanningTree(_)
        | Fact::VirtualRouter(_)
        | Fact::RouterAdvertisement(_)
        | Fact::Ssdp(_)
        | Fact::GroupMember { .. }
        | Fact::GroupQuerier
        | Fact::VlanTag { .. }
        | Fact::Rows(_)
        | Fact::TableRead(_)
        | Fact::System { .. }
        | Fact::Arp { .. }
        | Fact::Neighbour { .. }
        | Fact::Answered(_)
        | Fact::Interface { .. }
        | Fact::InterfaceAddress { .. }
        | Fact::Asked { .. } => "",
    };
    let cut = announced.len().saturating_sub(".local".len());
    match (announced.get(..cut), announced.get(cut..)) {
        (Some(host), Some(end)) if end.eq_ignore_ascii_case(".local") => host,
        _ => announced,
    }
}

/// What the fingerprints make of what was said.
struct Readings(Vec<(Reading, Grade, Vec<ObservationId>)>);

impl Readings {
    fn of<'s, 'a: 's>(said: impl Iterator<Item = &'s Said<'a>>, rows: &Rows) -> Self {
        let mut readings = Vec::new();
        for (fact, grade, seen) in said {
            let read = rows.read(fact).into_iter();
            readings.extend(read.map(|reading| (reading, *grade, seen.sources())));
        }
        Self(readings)
    }

    /// Adds what the model names of a printer say, each as surely as what claimed the model.
    fn name(&mut self) {
        let prints = |(reading, ..): &(Reading, Grade, Vec<ObservationId>)| {
            matches!(reading.class, Some(Class::Printer | Class::Mfp))
        };
        if !self.0.iter().any(prints) {
            return;
        }
        let vendor = self.text(|reading| &reading.vendor).map(|vendor| vendor.value);
        let named = self.0.iter().flat_map(|(claimed, grade, sources)| {
            let model = claimed.model.as_deref().unwrap_or_default();
            let said = names::read(model, vendor.as_deref()).into_iter();
            said.map(|reading| (reading, *grade, sources.clone()))
        });
        let named: Vec<_> = named.collect();
        self.0.extend(named);
    }

    fn candidates<T>(&self, of: impl Fn(&Reading) -> Option<T>) -> Vec<Candidate<T>> {
        let one = |(reading, grade, sources): &(Reading, Grade, Vec<ObservationId>)| {
            let (weight, sources) = (reading.weight, sources.clone());
            of(reading).map(|value| Candidate { value, grade: *grade, weight, sources })
        };
        self.0.iter().filter_map(one).collect()
    }

    /// The class; a contradiction between the best is "unknown", with all that contradict.
    fn class(&self) -> Option<Sourced<Class>> {
        match combine(&self.candidates(|reading| reading.class), Class::eq) {
            Combined::Nothing => None,
            Combined::Agreed(class) => Some(class),
            Combined::Contradiction { grade, sources } => {
                Some(Sourced { value: Class::Unknown, grade, sources })
            }
        }
    }

    /// A text; a contradiction between the best says nothing.
    fn text(&self, of: impl Fn(&Reading) -> &Option<String>) -> Option<Sourced<String>> {
        let same = |a: &String, b: &String| spelling::same(a, b);
        match combine(&self.candidates(|reading| of(reading).clone()), same) {
            Combined::Agreed(text) => Some(text),
            Combined::Nothing | Combined::Contradiction { .. } => None,
        }
    }
}
