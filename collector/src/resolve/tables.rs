//! What devices list as their own interfaces (IF-MIB) and addresses (IP-MIB), and which of it joins.
//!
//! A table is believed about the speaker only. What several speakers list, without listing each
//! other, belongs to none of them: an image cloned with its interfaces, a factory address, an
//! address that floats between two halves of a pair.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Speaker};
use daicho_common::time::Timestamp;

use super::links::{Links, is_host};
use super::subject::{Groups, Subject};
use super::{HashMap, HashSet};
use crate::evidence::{Claim, Grade};
use crate::mib;

/// Ten minutes, in microseconds: rows further apart are of different walks of the table.
const WALK_GAP: i64 = 600_000_000;

/// Who was asked: agent, network, address.
type Asked<'a> = (&'a str, &'a str, IpAddr);

/// A row of a table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Row {
    Mac(Mac),
    Ip(IpAddr),
}

/// One walk through the tables of one speaker.
struct Walk<'a> {
    asked: Asked<'a>,
    from: Timestamp,
    to: Timestamp,
    /// Whom it is about, as far as the links tell.
    subject: Subject<'a>,
    macs: BTreeSet<Mac>,
    ips: BTreeSet<IpAddr>,
}

/// All that one subject listed when asked at one address.
#[derive(Default)]
struct Voice {
    macs: BTreeSet<Mac>,
    ips: BTreeSet<IpAddr>,
}

type VoiceKey<'a> = (Asked<'a>, Subject<'a>);

/// Where addresses were seen, and which of them devices list as their own.
#[derive(Default)]
pub(super) struct Around<'a> {
    /// Everything that was ever listed, by the address that gave it.
    listed: HashMap<(&'a str, IpAddr), BTreeSet<IpAddr>>,
    /// Networks in which each agent saw an address speak or answer.
    seen_in: HashMap<(&'a str, IpAddr), BTreeSet<&'a str>>,
}

impl<'a> Around<'a> {
    /// Takes what an agent saw in a network.
    pub(super) fn note(
        &mut self,
        (agent, network): (&'a str, &'a str),
        (speaker, grade, fact): (Speaker, Grade, &Fact),
    ) {
        let bound = super::links::bound(speaker, grade, fact).map(|(ip, _)| ip);
        for ip in speaker.ip.into_iter().chain(bound) {
            self.seen_in.entry((agent, ip)).or_default().insert(network);
        }
        if let (Some(ip), Some(Row::Ip(own))) = (speaker.ip, row(fact)) {
            self.listed.entry((network, ip)).or_default().insert(own);
        }
    }

    /// The declared network in which this agent knows the address: an agent's networks do not
    /// overlap, so one in which alone it was seen is the one; else where it was asked.
    pub(super) fn network(&self, agent: &'a str, ip: IpAddr, asked: &'a str) -> &'a str {
        match self.seen_in.get(&(agent, ip)) {
            Some(seen) if seen.len() == 1 => seen.first().copied().unwrap_or(asked),
            _ => asked,
        }
    }

    /// Every address table, by network and the address that gave it.
    pub(super) fn listed(&self) -> &HashMap<(&'a str, IpAddr), BTreeSet<IpAddr>> {
        &self.listed
    }
}

/// The tables that were walked.
pub(super) struct Tables<'a> {
    walks: Vec<Walk<'a>>,
    around: Around<'a>,
}

/// What is believed of the tables, for gathering.
#[derive(Default)]
pub(super) struct Own<'a> {
    ips: HashMap<(Asked<'a>, IpAddr), (&'a str, Subject<'a>)>,
    /// Those that told their interfaces.
    pub(super) told: HashSet<Subject<'a>>,
}

impl<'a> Own<'a> {
    /// The network of an own address that is believed, and whose it is.
    pub(super) fn address(&self, asked: Asked<'a>, ip: IpAddr) -> Option<(&'a str, Subject<'a>)> {
        self.ips.get(&(asked, ip)).copied()
    }
}

/// Whether an own address says where a device can be found: no loopback, no autoconfiguration.
fn is_usable(ip: IpAddr) -> bool {
    is_host(ip)
        && !ip.is_loopback()
        && match ip {
            IpAddr::V4(ip) => !ip.is_link_local(),
            IpAddr::V6(ip) => !ip.is_unicast_link_local(),
        }
}

impl<'a> Tables<'a> {
    /// Collects the tables and cuts them into walks.
    pub(super) fn read(claims: &[Claim<'a>], links: &Links<'a>) -> Self {
        let mut rows: BTreeMap<Asked<'a>, Vec<(Timestamp, Row)>> = BTreeMap::new();
        let mut around = Around::default();
        for claim in claims {
            let said = (claim.speaker, claim.grade, claim.fact);
            around.note((claim.agent, claim.network), said);
            let Some(ip) = claim.speaker.ip else { continue };
            for row in own_macs(claim.fact).into_iter().chain(row(claim.fact)) {
                let to = rows.entry((claim.agent, claim.network, ip)).or_default();
                to.extend(claim.sightings.iter().map(|sighting| (sighting.at(), row)));
            }
        }
        let mut walks = Vec::new();
        for (asked, mut rows) in rows {
            rows.sort_unstable();
            let together = |a: &(Timestamp, Row), b: &(Timestamp, Row)| {
                b.0.micros().saturating_sub(a.0.micros()) <= WALK_GAP
            };
            walks.extend(rows.chunk_by(together).filter_map(|rows| Walk::read(asked, rows, links)));
        }
        Self { walks, around }
    }

    /// Where addresses were seen, and who lists them.
    pub(super) fn around(&self) -> &Around<'a> {
        &self.around
    }

    /// Joins what the tables show to be one device, and says what of them is believed.
    pub(super) fn join(mut self, links: &mut Links<'a>, groups: &mut Groups<'a>) -> Own<'a> {
        for walk in &mut self.walks {
            // The proxies are known only now.
            let (_, network, ip) = walk.asked;
            walk.subject = links.subject((network, ip), walk.from);
        }
        let voices = self.voices();
        let floating = floating(&voices);
        self.walks.retain(|walk| !floating.contains(&(walk.asked.0, walk.asked.2)));
        let cloned = cloned(&voices, &floating);
        for walk in &self.walks {
            walk.join_interfaces(&cloned, links, groups);
        }
        let mut own = Own::default();
        for walk in &self.walks {
            let (_, network, ip) = walk.asked;
            if !walk.macs.is_empty() {
                own.told.insert(links.subject((network, ip), walk.from));
            }
            self.join_addresses(walk, &floating, (links, groups, &mut own));
        }
        own
    }

    fn voices(&self) -> BTreeMap<VoiceKey<'a>, Voice> {
        let mut voices: BTreeMap<VoiceKey<'a>, Voice> = BTreeMap::new();
        for walk in &self.walks {
            let voice = voices.entry((walk.asked, walk.subject)).or_default();
            voice.macs.extend(&walk.macs);
            voice.ips.extend(&walk.ips);
        }
        voices
    }

    fn join_addresses(
        &self,
        walk: &Walk<'a>,
        floating: &HashSet<(&'a str, IpAddr)>,
        (links, groups, own): (&Links<'a>, &mut Groups<'a>, &mut Own<'a>),
    ) {
        let (agent, network, asked) = walk.asked;
        let speaker = links.subject((network, asked), walk.from);
        for &ip in walk.ips.iter().filter(|ip| !floating.contains(&(agent, **ip))) {
            // An agent's networks do not overlap, so one that knows the address in one network only
            // knows this address.
            let seen = self.around.seen_in.get(&(agent, ip));
            let slot = match seen {
                Some(seen) if seen.contains(network) => (network, ip),
                Some(seen) if seen.len() == 1 => (seen.first().copied().unwrap_or(network), ip),
                _ => (network, ip),
            };
            if links.is_held(slot) {
                let holder = links.subject(slot, walk.from);
                if groups.root(holder) != groups.root(speaker) {
                    continue;
                }
            } else if seen.is_some() {
                groups.join(speaker, Subject::Address(slot.0, ip));
            }
            own.ips.insert((walk.asked, ip), (slot.0, speaker));
        }
    }
}

/// The address of the bridge and of the chassis, which need not be an interface's.
pub(super) fn own_macs(fact: &Fact) -> Vec<Row> {
    let Fact::Rows(rows) = fact else { return Vec::new() };
    mib::bridge::own_macs(rows).filter(|mac| mac.names_a_device()).map(Row::Mac).collect()
}

pub(super) fn row(fact: &Fact) -> Option<Row> {
    if let Fact::Interface { mac: Some(mac), .. } = fact {
        mac.names_a_device().then_some(Row::Mac(*mac))
    } else if let Fact::InterfaceAddress { ip, .. } = fact {
        is_usable(*ip).then_some(Row::Ip(*ip))
    } else {
        None
    }
}

impl<'a> Walk<'a> {
    /// The walk, unless nobody can say who was asked: several devices answered for the address, or
    /// routers share it.
    fn read(asked: Asked<'a>, rows: &[(Timestamp, Row)], links: &Links<'a>) -> Option<Self> {
        let (from, to) = (rows.first()?.0, rows.last()?.0);
        let slot = (asked.1, asked.2);
        if links.is_virtual(slot, from) || links.is_contested(slot, from) {
            return None;
        }
        let (mut macs, mut ips) = (BTreeSet::new(), BTreeSet::new());
        for (_, row) in rows {
            match row {
                Row::Mac(mac) => macs.insert(*mac),
                Row::Ip(ip) => ips.insert(*ip),
            };
        }
        Some(Self { asked, from, to, subject: links.by_link(slot, from), macs, ips })
    }

    /// Joins the interfaces listed to the one that answered. A table that leaves out the very MAC
    /// address that answered is of another machine (or broke off), and joins nothing.
    fn join_interfaces(
        &self,
        cloned: &HashSet<Mac>,
        links: &mut Links<'a>,
        groups: &mut Groups<'a>,
    ) {
        if matches!(self.subject, Subject::Mac(mac) if !self.macs.contains(&mac)) {
            return;
        }
        let own = |mac: &Mac| !cloned.contains(mac) && !links.is_shared(*mac);
        let believed: Vec<Mac> = self.macs.iter().copied().filter(own).collect();
        let Some(&first) = believed.first() else { return };
        let anchor = match self.subject {
            Subject::Mac(_) | Subject::Shared(..) | Subject::Stay(..) | Subject::Private(..) => {
                self.subject
            }
            Subject::Address(network, ip) => {
                links.say((network, ip), self.from, first);
                links.say((network, ip), self.to, first);
                Subject::Mac(first)
            }
        };
        for mac in believed {
            groups.join(anchor, Subject::Mac(mac));
        }
    }
}

/// Whether two voices are known to be of one device: the same subject, or each lists the other.
fn one_device(a: (&VoiceKey<'_>, &Voice), b: (&VoiceKey<'_>, &Voice)) -> bool {
    let (((agent_a, net_a, ip_a), subject_a), voice_a) = a;
    let (((agent_b, net_b, ip_b), subject_b), voice_b) = b;
    if subject_a == subject_b {
        return true;
    }
    let by_address = (agent_a == agent_b || net_a == net_b)
        && voice_a.ips.contains(ip_b)
        && voice_b.ips.contains(ip_a);
    let by_mac = matches!((subject_a, subject_b), (Subject::Mac(a), Subject::Mac(b))
        if voice_a.macs.contains(b) && voice_b.macs.contains(a));
    // A card that a pair has in turn does not stand in the tables of either.
    let by_turn = match (subject_a, subject_b) {
        (Subject::Mac(mac), Subject::Shared(..)) => voice_b.macs.contains(mac),
        (Subject::Shared(..), Subject::Mac(mac)) => voice_a.macs.contains(mac),
        _ => false,
    };
    by_address || by_mac || by_turn
}

/// Whether all of them are known to be one device. Voices that agree list each other, so the number
/// of comparisons is bounded by what they list.
fn all_one_device(voices: &[(&VoiceKey<'_>, &Voice)]) -> bool {
    voices.iter().enumerate().all(|(index, a)| {
        voices.get(index + 1..).unwrap_or_default().iter().all(|b| one_device(*a, *b))
    })
}

/// Addresses (by agent) that several devices list as their own.
fn floating<'a>(voices: &BTreeMap<VoiceKey<'a>, Voice>) -> HashSet<(&'a str, IpAddr)> {
    let mut listers: HashMap<(&str, IpAddr), Vec<_>> = HashMap::default();
    for (key, voice) in voices {
        let (agent, _, asked) = key.0;
        for &ip in voice.ips.iter().filter(|ip| **ip != asked) {
            listers.entry((agent, ip)).or_default().push((key, voice));
        }
    }
    listers.into_iter().filter(|(_, voices)| !all_one_device(voices)).map(|(key, _)| key).collect()
}

/// MAC addresses that several devices list as their own.
fn cloned<'a>(
    voices: &BTreeMap<VoiceKey<'a>, Voice>,
    floating: &HashSet<(&'a str, IpAddr)>,
) -> HashSet<Mac> {
    let mut listers: HashMap<Mac, Vec<_>> = HashMap::default();
    for (key, voice) in voices {
        if floating.contains(&(key.0.0, key.0.2)) {
            continue;
        }
        for &mac in &voice.macs {
            listers.entry(mac).or_default().push((key, voice));
        }
    }
    listers.into_iter().filter(|(_, voices)| !all_one_device(voices)).map(|(mac, _)| mac).collect()
}
