//! Observations sorted into cells, so that what is in different cells is of different devices, whatever
//! the rules of this room make of it.
//!
//! Two observations are in one cell if a chain of keys leads from one to the other: addresses, MAC
//! addresses and identifiers, by which alone the rules look from one thing into another. So a cell can be
//! resolved by itself, and again when something comes to it, and the rest stays as it is. Keys that are no
//! reason to join anything (a name that many have) make a cell larger than need be, never wrong. What
//! reaches further is handed in: what switches and routers list of others ([`Tabled`]), what people said,
//! and the names of all networks.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Observation};

use super::nodes::Nodes;
use super::person;
use super::tabled::Tabled;
use super::tables::{self, Around, Row};
use super::word::{self, Kind, Word};
use crate::decision::{Decision, Key, Standing};
use crate::evidence::{self, grade};
use crate::mib;

/// No node, no observation.
const NONE: u32 = u32::MAX;
/// Everything that people said something of is in one cell.
const DECIDED: u64 = tagged(0, 0);
/// What has no key is of no device.
const NOWHERE: u64 = tagged(0, 1);

/// A key of a kind, as a number. Two keys that meet in one number make a cell larger than need be.
const fn tagged(kind: u8, value: u64) -> u64 {
    (value & (u64::MAX >> 3)) | ((kind as u64) << 61)
}

fn of_mac(mac: Mac) -> Option<u64> {
    let counts = !mac.is_group() && mac != Mac::ZERO && mac.virtual_router().is_none();
    let number = |number: u64, octet: u8| number << 8 | u64::from(octet);
    counts.then(|| tagged(1, mac.octets().into_iter().fold(0, number)))
}

fn of_ip(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => tagged(2, u64::from(ip.to_bits())),
        IpAddr::V6(ip) => {
            let mut hash = DefaultHasher::new();
            ip.hash(&mut hash);
            tagged(3, hash.finish())
        }
    }
}

fn of_word(word: Word) -> u64 {
    // The kind stands in the lowest bits of a hash that fills all of them.
    tagged(4, word.hash.wrapping_mul(31).wrapping_add(word.kind as u64))
}

/// The keys of a stretch of observations.
#[derive(Debug, Default)]
pub struct Keys {
    all: Vec<u64>,
    /// The observation of each group of keys, counted from the first of the stretch, and where its keys
    /// end.
    groups: Vec<(u32, u32)>,
    networks: HashSet<String>,
    rows: Vec<u32>,
}

impl Keys {
    /// The keys of these, which come in parts.
    pub fn of<'a>(parts: impl IntoIterator<Item = Vec<Cow<'a, Observation>>>) -> Self {
        let (mut keys, mut number) = (Self::default(), 0);
        for part in parts {
            for observation in part {
                keys.read(number, &observation);
                number += 1;
            }
        }
        keys
    }

    fn read(&mut self, number: u32, observation: &Observation) {
        let Observation { vantage, method, speaker, fact, .. } = observation;
        if !self.networks.contains(vantage.network.as_str()) {
            self.networks.insert(vantage.network.clone());
        }
        self.all.extend(speaker.ip.map(of_ip));
        self.all.extend(speaker.mac.and_then(of_mac));
        if let Some((ip, mac)) = fact.binding() {
            self.all.push(of_ip(ip));
            self.all.extend(of_mac(mac));
        }
        for row in tables::own_macs(fact).into_iter().chain(tables::row(fact)) {
            match row {
                Row::Mac(mac) => self.all.extend(of_mac(mac)),
                Row::Ip(ip) => self.all.push(of_ip(ip)),
            }
        }
        for spoken in word::said(*method, fact) {
            self.all.push(of_word(word::word(&spoken)));
            if let (Kind::Unit, Ok(mac)) = (spoken.0, spoken.1.parse()) {
                self.all.extend(of_mac(mac));
            }
        }
        let from = self.groups.last().map_or(0, |(_, end)| *end as usize);
        if self.all.len() == from {
            self.all.push(NOWHERE);
        }
        self.close(number);
        if let Fact::Pointer { ip, .. } = fact {
            // What a name server says is about another, who need not be in its cell.
            self.all.push(of_ip(*ip));
            self.close(number);
        }
        if matches!(fact, Fact::Rows(_)) {
            self.rows.push(number);
        }
    }

    fn close(&mut self, number: u32) {
        self.groups.push((number, u32::try_from(self.all.len()).unwrap_or(NONE)));
    }
}

/// Cells, to which observations are added one after the other.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    nodes: Nodes,
    /// Union-find over keys.
    parent: Vec<u32>,
    /// A member of the cell of each root.
    any: Vec<u32>,
    /// The next member of the same cell, round and round.
    ring: Vec<u32>,
    /// Members that are the same observation as the member before.
    again: Vec<u32>,
    networks: BTreeSet<String>,
    /// Observations of rows of tables, ascending.
    rows: Vec<u32>,
    /// How many observations were added.
    count: u32,
}

impl Cells {
    fn node(&mut self, key: u64) -> u32 {
        let (node, is_new) = self.nodes.number(key);
        if is_new {
            self.parent.push(node);
            self.any.push(NONE);
        }
        node
    }

    /// The cell that holds a node now.
    pub fn root(&mut self, mut node: u32) -> u32 {
        while let Some(&parent) = self.parent.get(node as usize)
            && parent != node
        {
            let above = self.parent.get(parent as usize).copied().unwrap_or(parent);
            if let Some(of) = self.parent.get_mut(node as usize) {
                *of = above;
            }
            node = above;
        }
        node
    }

    fn join(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return a;
        }
        let (root, leaf) = (a.min(b), a.max(b));
        let of = |any: &[u32], at: u32| any.get(at as usize).copied().unwrap_or(NONE);
        let (one, other) = (of(&self.any, root), of(&self.any, leaf));
        if one != NONE && other != NONE {
            self.ring.swap(one as usize, other as usize);
        }
        if let Some(any) = self.any.get_mut(root as usize).filter(|any| **any == NONE) {
            *any = other;
        }
        if let Some(parent) = self.parent.get_mut(leaf as usize) {
            *parent = root;
        }
        root
    }

    /// Adds the observations that follow those that are here; says which cells they are in, by any node
    /// of theirs.
    pub fn add(&mut self, keys: &Keys, count: usize) -> Vec<u32> {
        let mut touched = Vec::with_capacity(keys.groups.len());
        let (mut from, mut last) = (0, None);
        for &(number, end) in &keys.groups {
            let mut group = None;
            for key in keys.all.get(from..end as usize).unwrap_or_default() {
                let node = self.node(*key);
                group = Some(group.map_or(node, |root| self.join(root, node)));
            }
            from = end as usize;
            let Some(group) = group else { continue };
            let (root, member) = (self.root(group), u32::try_from(self.ring.len()).unwrap_or(NONE));
            if last == Some(number) {
                self.again.push(member);
            }
            last = Some(number);
            self.ring.push(member);
            if let Some(any) = self.any.get_mut(root as usize) {
                if *any == NONE {
                    *any = member;
                } else {
                    self.ring.swap(*any as usize, member as usize);
                }
            }
            touched.push(root);
        }
        self.rows.extend(keys.rows.iter().map(|number| self.count + number));
        for name in &keys.networks {
            if !self.networks.contains(name) {
                self.networks.insert(name.clone());
            }
        }
        self.count += u32::try_from(count).unwrap_or(0);
        touched
    }

    /// How many observations were added.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// The observations of a cell by their number, ascending.
    pub fn members(&self, root: u32) -> Vec<u32> {
        let first = self.any.get(root as usize).copied().unwrap_or(NONE);
        let mut found = Vec::new();
        let mut at = first;
        while let Some(&next) = self.ring.get(at as usize) {
            found.push(self.observation(at));
            at = next;
            if at == first {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Which observation a member is: each has one after the other, and hardly any has two.
    fn observation(&self, member: u32) -> u32 {
        let again = self.again.partition_point(|again| *again <= member);
        member.saturating_sub(u32::try_from(again).unwrap_or(NONE))
    }

    /// Puts into one cell what people said something of that joins, parts or corrects; says which it is,
    /// if they did.
    pub fn tie(&mut self, standing: &Standing<'_>) -> Option<u32> {
        let mut keys = Vec::new();
        for decided in standing.ties().chain(standing.corrections()) {
            match &decided.what {
                Decision::Join { a, b } | Decision::Split { a, b } => {
                    keys.extend([of_key(a), of_key(b)]);
                }
                Decision::Correct { device, .. } => keys.push(of_key(device)),
                Decision::Scope { .. }
                | Decision::Byod { .. }
                | Decision::Answer { .. }
                | Decision::Withdraw { .. } => {}
            }
        }
        if keys.is_empty() && self.nodes.get(DECIDED).is_none() {
            return None;
        }
        let mut root = self.node(DECIDED);
        for key in keys.into_iter().flatten() {
            let node = self.node(key);
            root = self.join(root, node);
        }
        Some(self.root(root))
    }

    /// The names of all networks.
    pub fn networks(&self) -> &BTreeSet<String> {
        &self.networks
    }

    /// The observations of rows of tables, ascending.
    pub fn tables(&self) -> Vec<u32> {
        self.rows.clone()
    }

    /// The observations that may tell in which network the addresses are that stand in these tables, and
    /// which are the own ones of whoever keeps them: they are in the cells of these addresses.
    pub fn around(&mut self, tables: &[Cow<'_, Observation>]) -> Vec<u32> {
        let mut roots = HashSet::new();
        for ip in named(tables) {
            if let Some(node) = self.nodes.get(of_ip(ip)) {
                roots.insert(self.root(node));
            }
        }
        let mut numbers: Vec<u32> = roots.into_iter().flat_map(|root| self.members(root)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// What switches and routers list of others, by cell.
    pub fn tabled<'a>(
        &mut self,
        rows: &'a [Cow<'_, Observation>],
        seen: &'a [Cow<'_, Observation>],
    ) -> HashMap<u32, Listed<'a>> {
        let claims = evidence::weigh_some(rows.iter().map(|one| &**one).collect());
        if claims.is_empty() {
            return HashMap::new();
        }
        let wanted = named(rows);
        let mut around = Around::default();
        for seen in seen {
            let bound = seen.fact.binding().map(|(ip, _)| ip);
            if seen.speaker.ip.into_iter().chain(bound).any(|ip| wanted.contains(&ip)) {
                let said = (seen.speaker, grade(seen.method, &seen.fact), &seen.fact);
                around.note((&seen.vantage.agent, &seen.vantage.network), said);
            }
        }
        let tabled = Tabled::read(&claims, &around);
        for (mac, ip) in tabled.pairs() {
            let Some(mac) = of_mac(mac) else { continue };
            let node = self.node(mac);
            if let Some(ip) = ip {
                let other = self.node(of_ip(ip));
                self.join(node, other);
            }
        }
        let parts = tabled.by(|mac| {
            let node = of_mac(mac).map(|key| self.node(key));
            node.map_or(NONE, |node| self.root(node))
        });
        parts.into_iter().map(|(root, part)| (root, Listed(part))).collect()
    }
}

/// The addresses of whoever keeps these tables, and those that stand in them.
fn named(tables: &[Cow<'_, Observation>]) -> HashSet<IpAddr> {
    let mut named = HashSet::new();
    for table in tables {
        named.extend(table.speaker.ip);
        if let Fact::Rows(rows) = &table.fact {
            named.extend(mib::neighbour::read(rows).map(|row| row.ip));
        }
    }
    named
}

fn of_key(key: &Key) -> Option<u64> {
    match key {
        Key::Mac(mac) => of_mac(*mac),
        Key::Serial(serial) => Some(of_word(person::serial_word(serial))),
        Key::Address { ip, .. } => Some(of_ip(*ip)),
    }
}

/// What switches and routers list of the devices of one cell.
#[derive(Clone, Default)]
pub struct Listed<'a>(pub(super) Tabled<'a>);

impl Listed<'_> {
    /// The same list has the same number, in one run of the program.
    pub fn digest(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        self.0.hash(&mut hash);
        hash.finish()
    }
}
