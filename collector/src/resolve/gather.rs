//! Everything that was said of one device, before it is put into fields.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method, Outcome};

use super::HashSet;
use super::alike::Tie;
use super::device::{JoinReason, Oddity};
use super::links::{Links, binding, is_hearsay};
use super::person::Pin;
use super::sessions::Sessions;
use super::subject::{Groups, Subject};
use super::tables::Own;
use crate::evidence::{Claim, Grade, Seen, Sighting};
use crate::mib;

/// MAC addresses and addresses in networks, each as it was seen.
type Others<'a> = (BTreeMap<Mac, Seen>, BTreeMap<(&'a str, IpAddr), Seen>);

/// What was said of one group of subjects.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub(super) subjects: BTreeSet<Subject<'a>>,
    pub(super) macs: BTreeMap<Mac, (Grade, Seen)>,
    pub(super) addresses: BTreeMap<(&'a str, IpAddr), Seen>,
    /// Which MAC address answered for which address.
    pub(super) bindings: BTreeMap<(&'a str, IpAddr, Mac), Seen>,
    /// Addresses from which more was said than that they are there.
    pub(super) spoken: BTreeSet<(&'a str, IpAddr)>,
    pub(super) facts: BTreeMap<&'a Fact, (Grade, Seen)>,
    /// By which protocol a service said what it said.
    pub(super) protocols: BTreeMap<&'a Fact, Method>,
    pub(super) joins: BTreeMap<JoinReason, Seen>,
    /// What a person joined.
    pub(super) pins: BTreeSet<JoinReason>,
    pub(super) oddities: BTreeMap<Oddity, Seen>,
    /// MAC addresses and addresses that stand in tables of switches and routers.
    pub(super) tabled: Others<'a>,
    pub(super) seen: Option<Seen>,
}

/// Adds to what was seen under a key.
pub(super) fn put<K: Ord>(map: &mut BTreeMap<K, Seen>, key: K, seen: Seen) {
    map.entry(key).and_modify(|s| s.extend(seen)).or_insert(seen);
}

/// What is known of all claims.
type Known<'k, 'a> = (&'k Links<'a>, &'k Own<'a>, &'k mut Groups<'a>);

/// Adds a claim to those it is about. Every sighting is placed by itself, because the address may
/// have changed hands between two of them.
pub(super) fn add<'a>(
    gathered: &mut BTreeMap<Subject<'a>, Gathered<'a>>,
    claim: &Claim<'a>,
    (links, own, groups): Known<'_, 'a>,
) {
    if matches!(claim.fact, Fact::Asked { outcome: Outcome::Silent, .. }) {
        return;
    }
    // It is about somebody else, who is known by the end only; and the name server may have no part in
    // the network whose addresses it names.
    if matches!(claim.fact, Fact::Pointer { .. }) {
        return;
    }
    for sighting in &claim.sightings {
        if let Some((ip, mac)) = binding(claim) {
            let subject = bound(links, claim.network, (ip, mac), sighting);
            let group = enter(gathered, groups, subject, sighting);
            group.bind(claim, (ip, mac), links, Seen::once(sighting));
        }
        if matches!(claim.fact, Fact::Arp { .. } | Fact::Neighbour { .. }) {
            if let Some(mac) = claim.speaker.mac.filter(|mac| mac.names_a_device())
                && is_hearsay(claim)
            {
                // Whatever it says of another, whoever sent the frame is there.
                let place = (claim.network, None);
                let sender = links.part(Subject::Mac(mac), (place, sighting.at()));
                let group = enter(gathered, groups, sender, sighting);
                group.has(mac, claim.grade, Seen::once(sighting));
            }
            continue;
        }
        let Some(subject) = speaker(links, claim, sighting) else { continue };
        enter(gathered, groups, subject, sighting).hear(claim, subject, sighting);
        describe(gathered, claim, (subject, sighting), (own, groups));
    }
}

/// Names whoever had an address when a name server told its name. It makes nobody: a name server knows
/// of devices that are long gone.
pub(super) fn name<'a>(
    gathered: &mut BTreeMap<Subject<'a>, Gathered<'a>>,
    claims: &[Claim<'a>],
    (links, groups): (&Links<'a>, &mut Groups<'a>),
) {
    for claim in claims {
        let Fact::Pointer { ip, .. } = claim.fact else { continue };
        for sighting in &claim.sightings {
            let subject = links.subject((claim.network, *ip), sighting.at());
            if let Some(group) = gathered.get_mut(&groups.root(subject)) {
                let seen = Seen::once(sighting);
                let fact = group.facts.entry(claim.fact).or_insert((claim.grade, seen));
                fact.1.extend(seen);
            }
        }
    }
}

/// Says of every device which identifiers joined it.
pub(super) fn tie<'a>(
    gathered: &mut BTreeMap<Subject<'a>, Gathered<'a>>,
    ties: &[Tie<'a>],
    (sessions, links, groups): (&Sessions<'a>, &Links<'a>, &mut Groups<'a>),
) {
    let words: HashSet<_> = ties.iter().map(|tie| tie.word).collect();
    let by_root: HashSet<_> =
        ties.iter().map(|tie| (tie.word, groups.root(tie.subjects[0]))).collect();
    for ((subject, place, word), shown) in &sessions.shown {
        let Some(kind) = word.kind.identifier().filter(|_| words.contains(word)) else { continue };
        let root = groups.root(links.part(*subject, (*place, shown.seen.last())));
        if !by_root.contains(&(*word, root)) {
            continue;
        }
        let Some(group) = gathered.get_mut(&root) else { continue };
        if let Some(mac) = sessions.units.get(word).filter(|mac| !links.is_shared(**mac)) {
            group.subjects.insert(Subject::Mac(*mac));
            group.has(*mac, Grade::Queried, shown.seen);
        }
        let value = shown.text.as_str().into();
        put(&mut group.joins, JoinReason::SameIdentifier { kind, value }, shown.seen);
    }
}

/// Says of every device what a person joined to it.
pub(super) fn pin<'a>(
    gathered: &mut BTreeMap<Subject<'a>, Gathered<'a>>,
    pins: Vec<Pin<'a>>,
    groups: &mut Groups<'a>,
) {
    for pin in pins {
        let [a, b] = pin.subjects.map(|subject| groups.root(subject));
        if let Some(group) = gathered.get_mut(&a).filter(|_| a == b) {
            group.pins.insert(pin.reason);
        }
    }
}

/// Whom an observation is of: who answered on the link, else who spoke above it.
pub(super) fn subject<'a>(
    links: &Links<'a>,
    claim: &Claim<'a>,
    sighting: &Sighting<'_>,
) -> Option<Subject<'a>> {
    let silent = matches!(claim.fact, Fact::Asked { outcome: Outcome::Silent, .. });
    if silent || matches!(claim.fact, Fact::Pointer { .. }) {
        None
    } else if matches!(claim.fact, Fact::Arp { .. } | Fact::Neighbour { .. }) {
        let (ip, mac) = binding(claim)?;
        Some(bound(links, claim.network, (ip, mac), sighting))
    } else {
        speaker(links, claim, sighting)
    }
}

/// Whom a binding is about. A proxy is a device, but not the one that has the address.
fn bound<'a>(
    links: &Links<'a>,
    network: &'a str,
    (ip, mac): (IpAddr, Mac),
    sighting: &Sighting<'_>,
) -> Subject<'a> {
    if mac.names_a_device() {
        links.part(Subject::Mac(mac), ((network, Some(ip)), sighting.at()))
    } else if mac.virtual_router().is_some() {
        Subject::Address(network, ip)
    } else if mac.is_private() {
        Subject::Private(network, ip, mac)
    } else {
        links.unlinked((network, ip), sighting.at())
    }
}

/// Whom a fact above the link is about.
pub(super) fn speaker<'a>(
    links: &Links<'a>,
    claim: &Claim<'a>,
    sighting: &Sighting<'_>,
) -> Option<Subject<'a>> {
    match claim.speaker.mac {
        Some(mac) if links.names(claim.network, mac) => {
            let place = (claim.network, claim.speaker.ip);
            Some(links.part(Subject::Mac(mac), (place, sighting.at())))
        }
        _ => claim.speaker.ip.map(|ip| links.subject((claim.network, ip), sighting.at())),
    }
}

fn enter<'g, 'a>(
    gathered: &'g mut BTreeMap<Subject<'a>, Gathered<'a>>,
    groups: &mut Groups<'a>,
    subject: Subject<'a>,
    sighting: &Sighting<'_>,
) -> &'g mut Gathered<'a> {
    enter_seen(gathered, groups, (subject, Seen::once(sighting)))
}

/// The group of a subject that was seen thus.
pub(super) fn enter_seen<'g, 'a>(
    gathered: &'g mut BTreeMap<Subject<'a>, Gathered<'a>>,
    groups: &mut Groups<'a>,
    (subject, seen): (Subject<'a>, Seen),
) -> &'g mut Gathered<'a> {
    let group = gathered.entry(groups.root(subject)).or_default();
    group.subjects.insert(subject);
    match &mut group.seen {
        Some(all) => all.extend(seen),
        None => group.seen = Some(seen),
    }
    group
}

impl<'a> Gathered<'a> {
    /// It was seen to have this MAC address, or says that it has.
    fn has(&mut self, mac: Mac, grade: Grade, seen: Seen) {
        let known = self.macs.entry(mac).or_insert((grade, seen));
        known.0 = known.0.max(grade);
        known.1.extend(seen);
    }

    fn bind(&mut self, claim: &Claim<'a>, (ip, mac): (IpAddr, Mac), links: &Links<'a>, seen: Seen) {
        let network = claim.network;
        self.has(mac, claim.grade, seen);
        if links.is_proxy(network, mac) {
            put(&mut self.oddities, Oddity::ProxyArp, seen);
            return;
        }
        put(&mut self.addresses, (network, ip), seen);
        put(&mut self.bindings, (network, ip, mac), seen);
        if mac.virtual_router().is_some() {
            put(&mut self.oddities, Oddity::VirtualRouter, seen);
        } else if mac.is_local() {
            put(&mut self.oddities, Oddity::RandomisedMac, seen);
        }
    }

    fn hear(&mut self, claim: &Claim<'a>, subject: Subject<'a>, sighting: &Sighting<'_>) {
        let seen = Seen::once(sighting);
        if let Some(ip) = claim.speaker.ip {
            put(&mut self.addresses, (claim.network, ip), seen);
            self.spoken.insert((claim.network, ip));
        }
        if let (Some(mac), true) = (subject.mac(), claim.speaker.mac.is_some()) {
            self.has(mac, claim.grade, seen);
        }
        match claim.fact {
            Fact::System { .. }
            | Fact::Service { .. }
            | Fact::HostName { .. }
            | Fact::LinkNeighbour(_)
            | Fact::NetbiosName { .. }
            | Fact::Browser(_)
            | Fact::Ssdp(_)
            | Fact::VirtualRouter(_)
            | Fact::RouterAdvertisement(_)
            | Fact::Said(_)
            | Fact::Rows(_)
            | Fact::TableRead(_)
            | Fact::Answered(_) => {
                let fact = self.facts.entry(claim.fact).or_insert((claim.grade, seen));
                fact.1.extend(seen);
                if matches!(claim.fact, Fact::Said(_)) {
                    let method = sighting.observation.method;
                    let known = self.protocols.entry(claim.fact).or_insert(method);
                    *known = method.min(*known);
                }
            }
            // What a server or a relay says is about somebody else.
            Fact::Dhcp(dhcp) => {
                let by_client = !dhcp.from_server && dhcp.relay.is_none();
                if by_client && dhcp.client.is_none_or(|mac| subject.mac() == Some(mac)) {
                    let fact = self.facts.entry(claim.fact).or_insert((claim.grade, seen));
                    fact.1.extend(seen);
                }
            }
            // What the first of these say is of the network, and that they were said shows who is
            // there.
            Fact::SpanningTree(_)
            | Fact::GroupMember { .. }
            | Fact::GroupQuerier
            | Fact::VlanTag { .. }
            // Tables are described below; how a question ended describes nobody.
            | Fact::Interface { .. }
            | Fact::InterfaceAddress { .. }
            | Fact::Pointer { .. }
            | Fact::Asked { .. }
            | Fact::Arp { .. }
            | Fact::Neighbour { .. } => {}
        }
    }
}

/// Adds what a device lists as its own, where it is believed.
fn describe<'a>(
    gathered: &mut BTreeMap<Subject<'a>, Gathered<'a>>,
    claim: &Claim<'a>,
    (subject, sighting): (Subject<'a>, &Sighting<'_>),
    (own, groups): (&Own<'a>, &mut Groups<'a>),
) {
    let Some(asked) = claim.speaker.ip else { return };
    let root = groups.root(subject);
    let Some(group) = gathered.get_mut(&root) else { return };
    let seen = Seen::once(sighting);
    let mut listed: Vec<Mac> = Vec::new();
    if let Fact::Interface { mac: Some(mac), .. } = claim.fact {
        listed.push(*mac);
    } else if let Fact::Rows(rows) = claim.fact {
        listed.extend(mib::bridge::own_macs(rows));
    }
    for mac in listed {
        if !mac.names_a_device() || groups.root(Subject::Mac(mac)) != root {
            continue;
        }
        group.subjects.insert(Subject::Mac(mac));
        group.has(mac, claim.grade, seen);
        if subject != Subject::Mac(mac) {
            put(&mut group.joins, JoinReason::OwnInterface { mac, asked }, seen);
        }
    }
    if let Fact::InterfaceAddress { ip, .. } = claim.fact {
        let believed = own.address((claim.agent, claim.network, asked), *ip);
        let Some((network, _)) = believed.filter(|(_, of)| groups.root(*of) == root) else {
            return;
        };
        put(&mut group.addresses, (network, *ip), seen);
        if *ip != asked {
            put(&mut group.joins, JoinReason::OwnAddress { ip: *ip, asked }, seen);
        }
    }
}
