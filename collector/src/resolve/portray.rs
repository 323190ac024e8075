//! What was gathered of a device, put into fields: each with its grade and sources.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method, Reply};
use daicho_common::text::{Short, Text};
use daicho_common::time::Timestamp;

use super::desk::{Desk, Pool};
use super::device::{Address, Device, DeviceId, Join, JoinReason, Oddity, Service};
use super::gather::Gathered;
use super::readings::{Of, Readings};
use super::shelf::Tables;
use super::subject::Subject;
use super::why::{self, Claimed, Told};
use crate::evidence::{Grade, Seen, Sourced, SourcedText, Sources};
use crate::fingerprint::{Place, Reading, os};

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
    /// Of the same grade the smaller rank comes first.
    rank: u8,
    grade: Grade,
    seen: Seen,
}

impl<'a> Gathered<'a> {
    /// The smallest burned-in MAC address names the device, else the smallest address; where several
    /// devices had it in turn, with what tells this one from the others.
    pub(super) fn id(&self) -> DeviceId {
        let plain = |mac: &Mac| mac.to_string().replace(':', "");
        let id = match self.subjects.first() {
            Some(Subject::Mac(mac)) => format!("mac-{}", plain(mac)),
            Some(Subject::Shared(mac, piece)) => format!("mac-{}-{piece:016x}", plain(mac)),
            Some(Subject::Address(network, ip)) => format!("ip-{network}-{ip}"),
            Some(Subject::Stay(network, ip, piece)) => format!("ip-{network}-{ip}-{piece:016x}"),
            Some(Subject::Private(network, ip, mac)) => {
                format!("ip-{network}-{ip}-{}", plain(mac))
            }
            None => String::new(),
        };
        DeviceId(id.into())
    }

    pub(super) fn kind(&self, wanted: impl Fn(&Fact) -> bool) -> Vec<Said<'a>> {
        let said = self.facts.iter().filter(|(fact, _)| wanted(fact));
        said.map(|(fact, (grade, seen))| (*fact, *grade, *seen)).collect()
    }

    /// What its services said to the agent, and what they said to others. What is heard all day must not
    /// make old what was asked at the last scan.
    fn said(&self) -> (Vec<Said<'a>>, Vec<Said<'a>>) {
        let all = self.kind(|fact| matches!(fact, Fact::Said(_))).into_iter();
        let overheard = |(fact, ..): &Said<'_>| self.protocols.get(fact) == Some(&Method::Hl7);
        let (overheard, asked) = all.partition(overheard);
        (current(asked), current(overheard))
    }

    /// Its MAC addresses with what shows each. Of who stands in tables alone there is nothing else to
    /// know it by.
    fn known_macs(&self) -> impl Iterator<Item = (&Mac, &Seen)> {
        let seen = self.macs.iter().map(|(mac, (_, seen))| (mac, seen));
        let only_tabled = self.tabled.0.iter().filter(|(mac, _)| !self.macs.contains_key(*mac));
        seen.chain(only_tabled)
    }

    /// The device, in fields.
    pub(super) fn device(self, Desk { reader, pool }: &mut Desk<'_>) -> Device {
        let systems = current(self.kind(|fact| matches!(fact, Fact::System { .. })));
        let services = self.kind(|fact| matches!(fact, Fact::Service { .. }));
        let hosts = self.kind(is_name);
        let neighbours = current(self.kind(|fact| matches!(fact, Fact::LinkNeighbour(_))));
        let heard = HEARD.map(|wanted| current(self.kind(wanted)));
        let (said, overheard) = self.said();
        let heard = heard.iter().flatten().chain(&neighbours).chain(&said).chain(&overheard);
        let told = systems.iter().chain(&services).chain(heard);
        let mut read = Readings::of(told, &self.protocols, reader);
        read.makers(self.known_macs(), reader);
        read.0.extend(neighbours.iter().filter_map(inventory));
        let tables = Tables::of(&self);
        read.0.extend(tables.claims(&systems));
        read.tree(tables.tree(&systems), reader);
        read.name();
        let names = names(&systems, &services, (hosts, &said));
        read.suggest(&names, &self.kind(is_open), reader);
        let class = read.class();
        let vendor = read.text(|reading| &reading.vendor);
        let model = read.text(|reading| &reading.model);
        let serial = read.text(|reading| &reading.serial);
        let version = read.text(|reading| &reading.version);
        let system = read.text(|reading| &reading.os);
        let fields: [(Claimed, _, Of); 5] = [
            (Claimed::Vendor, &vendor, |it| &it.vendor),
            (Claimed::Model, &model, |it| &it.model),
            (Claimed::Serial, &serial, |it| &it.serial),
            (Claimed::Version, &version, |it| &it.version),
            (Claimed::Os, &system, |it| &it.os),
        ];
        let (first_seen, last_seen) = self.span();
        let mut device = Device {
            why: read.why(class.as_ref(), fields),
            id: self.id(),
            macs: self.macs(),
            addresses: self.addresses(),
            names,
            storage: read.storage(&tables, class.as_ref(), model.as_ref()),
            vendor,
            model,
            serial,
            version,
            support_end: system.as_ref().and_then(support_end),
            os: system,
            programs: read.programs(),
            description: latest(&systems, description),
            location: latest(&systems, location),
            services: self.services(pool),
            parts: tables.parts(),
            software: tables.software(),
            pages: tables.pages().map(Box::new),
            class,
            joins: self.joins(),
            oddities: self.oddities(),
            attached: Vec::new(),
            first_seen,
            last_seen,
        };
        device.settle(|text| pool.text(text));
        device
    }

    /// When it was first and last seen.
    fn span(&self) -> (Timestamp, Timestamp) {
        let never = Timestamp::from_micros(0);
        self.seen.as_ref().map_or((never, never), |seen| (seen.first(), seen.last()))
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
                network: (*network).into(),
                first_seen: seen.first(),
                last_seen: seen.last(),
                sources: seen.sources(),
            })
            .collect();
        addresses.sort_unstable_by(|a, b| a.network.cmp(&b.network).then(a.ip.cmp(&b.ip)));
        addresses
    }

    fn services(&self, pool: &mut Pool) -> Vec<Sourced<Arc<Service>>> {
        let mut found: BTreeMap<Service, (Grade, Seen)> = BTreeMap::new();
        for (fact, (grade, seen)) in &self.facts {
            let protocol = self.protocols.get(fact).copied();
            let Some(service) = service(fact, protocol) else { continue };
            let entry = found.entry(service).or_insert((*grade, *seen));
            entry.0 = entry.0.max(*grade);
            entry.1.extend(*seen);
        }
        let found = found.into_iter();
        found.map(|(service, (grade, seen))| sourced(pool.service(service), grade, &seen)).collect()
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
        let shown = joins.into_iter();
        let shown = shown.map(|(reason, seen)| Join { reason, sources: seen.sources() });
        let pinned = self.pins.iter().cloned();
        let pinned = pinned.map(|reason| Join { reason, sources: Sources::new() });
        shown.chain(pinned).collect()
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

/// Whether a fact shows a port of TCP to be open.
fn is_open(fact: &Fact) -> bool {
    matches!(fact, Fact::Answered(Reply::TcpOpen(_)))
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
            | Fact::Pointer { .. }
    )
}

/// What LLDP-MED's inventory says of the hardware, in words that need no fingerprint.
fn inventory((fact, grade, seen): &Said<'_>) -> Option<Told> {
    let Fact::LinkNeighbour(neighbour) = fact else { return None };
    let said = neighbour.inventory.as_ref()?;
    let text = |text: &Text| Some(text.to_string()).filter(|text| !text.is_empty());
    let reading = Reading {
        vendor: text(&said.manufacturer),
        model: text(&said.model),
        version: text(&said.software).or_else(|| text(&said.firmware)),
        serial: text(&said.serial),
        weight: INVENTORY,
        ..Reading::default()
    };
    let (place, said) = (Arc::new(Place::NeighbourInventory), "".into());
    let reading = Arc::new(reading);
    Some(Told { reading, grade: *grade, sources: seen.sources(), place, said })
}

fn description(fact: &Fact) -> &str {
    if let Fact::System { description, .. } = fact { description.as_str() } else { "" }
}

fn location(fact: &Fact) -> &str {
    if let Fact::System { location, .. } = fact { location.as_str() } else { "" }
}

fn service(fact: &Fact, protocol: Option<Method>) -> Option<Service> {
    if let Fact::Service { service, instance, port, .. } = fact {
        let (kind, instance) = (service.as_str().into(), instance.as_str().into());
        return Some(Service { kind, port: *port, instance });
    }
    if let (Fact::Said(said), Some(protocol)) = (fact, protocol) {
        let kind = match serde_json::to_value(protocol) {
            Ok(serde_json::Value::String(word)) => word.as_str().into(),
            _ => Short::default(),
        };
        let instance = why::shortened(summary(&said.fields)).trim().into();
        return Some(Service { kind, port: said.port, instance });
    }
    let Fact::Answered(Reply::TcpOpen(port)) = fact else { return None };
    let kind = format!("tcp/{port}").into();
    Some(Service { kind, port: *port, instance: Short::default() })
}

/// Fields in one line. Fingerprints of keys and of pictures tell a reader nothing.
fn summary(fields: &[(Text, Text)]) -> String {
    let telling = |(name, _): &&(Text, Text)| {
        let name = name.as_str();
        !name.contains("sha256") && !name.starts_with("hostkey_")
    };
    let mut line = String::new();
    for (name, value) in fields.iter().filter(telling) {
        let parts = [if line.is_empty() { "" } else { ", " }, name.as_str(), ": ", value.as_str()];
        line.extend(parts);
    }
    line
}

/// The last day on which the maker supports this system.
fn support_end(system: &SourcedText) -> Option<SourcedText> {
    let day = os::support_end(&system.value)?.into();
    Some(Sourced { value: day, grade: Grade::Inferred, sources: system.sources.clone() })
}

/// The text said latest; of two said at the same time the smaller.
fn latest(said: &[Said<'_>], text: impl Fn(&Fact) -> &str) -> Option<SourcedText> {
    said.iter()
        .map(|(fact, grade, seen)| (text(fact), *grade, *seen))
        .filter(|(text, ..)| !text.is_empty())
        .min_by(|a, b| b.2.last().cmp(&a.2.last()).then_with(|| a.0.cmp(b.0)))
        .map(|(text, grade, seen)| sourced(text.into(), grade, &seen))
}

/// The names a device gives itself: sysName as given, mDNS host names without `.local`, and what
/// services call the host.
fn names(
    systems: &[Said<'_>],
    services: &[Said<'_>],
    (mut announced, said): (Vec<Said<'_>>, &[Said<'_>]),
) -> Vec<SourcedText> {
    announced.extend_from_slice(services);
    announced.retain(|(fact, ..)| !name(fact).is_empty());
    let mut found: BTreeMap<&str, Name<'_>> = BTreeMap::new();
    let told = systems.iter().copied().chain(current(announced));
    let told =
        told.map(|(fact, grade, seen)| (name(fact), u8::from(!is_system(fact)), grade, seen));
    let by_services = said.iter().flat_map(|(fact, grade, seen)| {
        service_names(fact).into_iter().map(|(name, rank)| (name, rank, *grade, *seen))
    });
    for (value, rank, grade, seen) in told.chain(by_services) {
        if value.is_empty() {
            continue;
        }
        let entry = found.entry(value).or_insert(Name { value, rank, grade, seen });
        entry.grade = entry.grade.max(grade);
        entry.rank = entry.rank.min(rank);
        entry.seen.extend(seen);
    }
    let mut names: Vec<Name<'_>> = found.into_values().collect();
    names.sort_unstable_by(|a, b| {
        let by_grade = b.grade.cmp(&a.grade).then(a.rank.cmp(&b.rank));
        by_grade.then(b.seen.last().cmp(&a.seen.last())).then_with(|| a.value.cmp(b.value))
    });
    names.into_iter().map(|n| sourced(n.value.into(), n.grade, &n.seen)).collect()
}

fn is_system(fact: &Fact) -> bool {
    matches!(fact, Fact::System { .. })
}

/// Fields in which services name the host, each with its rank: what the host calls itself comes
/// before what a person called a queue.
const NAMING: [(&str, u8); 5] =
    [("host", 1), ("dns_host", 2), ("name_00", 2), ("computer", 3), ("printer-dns-sd-name", 9)];

fn service_names(fact: &Fact) -> Vec<(&str, u8)> {
    let Fact::Said(said) = fact else { return Vec::new() };
    let named = NAMING.iter().filter_map(|(key, rank)| {
        let name = said.get(key)?;
        // `HOST/Workgroup:X` and `HOST\Domain:X` (pub:Computer).
        let host = if *key == "computer" { name.split(['/', '\\']).next()? } else { name };
        Some((host, *rank))
    });
    named.collect()
}

/// The name that a fact gives its speaker; empty if none.
fn name(fact: &Fact) -> &str {
    if let Fact::System { name, .. } = fact {
        return name.as_str();
    }
    let announced = match fact {
        // Of NetBIOS the workstation's own name; other suffixes are of services and of groups
        // (RFC 1001 §14).
        Fact::HostName { name }
        | Fact::Pointer { name, .. }
        | Fact::NetbiosName { name, suffix: 0x00, group: false } => name.as_str(),
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
        | Fact::Said(_)
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
