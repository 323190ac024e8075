//! Devices kept from picture to picture: what came since touches a few cells, and only these are resolved
//! again.
//!
//! What comes out is the same as from nothing ([`super::derive`] is the first picture of all); a property
//! test holds it to that. Each device is known by the cell that it came from. A cell is resolved again if
//! an observation came to it, if two grew together, if switches and routers now list something else of it,
//! if people said something else of it, or if the shape of the network wrote into its devices.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem::take;

use daicho_common::observation::{Fact, Observation, ObservationId};

use super::{Basis, Picture, Rulings, Shaped, judge};
use crate::archive::{Hand, Seen};
use crate::decision::{Decided, Standing};
use crate::evidence::{Claim, weigh_some};
use crate::fingerprint::Rows;
use crate::resolve::cells::{Cells, Keys, Listed};
use crate::resolve::{self, Contested, Desk, Device, DeviceId, Resolution};
use crate::{duty, parallel, topology};

mod shelf;

use shelf::{Gone, Shelf};

/// Cells that are resolved before their devices are put where they belong: of a large site the devices
/// would be there twice otherwise.
const AT_ONCE: usize = 16_384;

/// What is kept of a picture besides the picture itself.
#[derive(Clone, Debug, Default)]
pub struct Live {
    cells: Cells,
    /// The cell of each device of the picture, by any node of it.
    homes: Vec<u32>,
    contested: Vec<(u32, Contested)>,
    speakers: Vec<(u32, ObservationId, DeviceId)>,
    /// Observations that are read beyond their cell.
    public: Vec<(u32, u32)>,
    /// Cells into whose devices the shape of the network wrote.
    described: Vec<u32>,
    /// What tables of others list, by cell.
    listed: HashMap<u32, u64>,
    /// What people said of devices, as it stood.
    said: Vec<Decided>,
    networks: usize,
}

/// Devices, and what judging them needs.
pub(super) struct Found<'a> {
    pub(super) devices: Vec<Device>,
    pub(super) contested: Vec<Contested>,
    pub(super) speakers: BTreeMap<ObservationId, DeviceId>,
    /// What is read beyond its cell.
    pub(super) claims: Vec<Claim<'a>>,
}

/// What some cells came to; of everything the cell is known.
#[derive(Default)]
struct Made {
    devices: Vec<Device>,
    /// The cells of the devices.
    homes: Vec<u32>,
    contested: Vec<(u32, Contested)>,
    speakers: Vec<(u32, ObservationId, DeviceId)>,
    public: Vec<(u32, u32)>,
}

/// A picture under way: what stays, and what has come to it.
struct Kept {
    shelf: Shelf,
    gone: Gone,
    contested: Vec<(u32, Contested)>,
    speakers: Vec<(u32, ObservationId, DeviceId)>,
    public: Vec<(u32, u32)>,
}

/// What cells are resolved by.
#[derive(Clone, Copy)]
struct By<'k, 'a> {
    observations: Seen<'k>,
    cells: &'k Cells,
    networks: &'k BTreeSet<&'a str>,
    listed: &'k HashMap<u32, Listed<'a>>,
    /// The cell of which people said something, and all that they said.
    decided: Option<u32>,
    standing: &'k Standing<'k>,
}

impl Live {
    /// Whether it has followed no picture yet.
    pub fn is_new(&self) -> bool {
        self.cells.count() == 0
    }

    /// The picture that follows `before`, which must be the one that was given back last, or the empty one
    /// at first. The observations are those of that time with more behind them; all else may be any other.
    pub fn next(
        &mut self,
        before: Picture,
        basis: &Basis<'_>,
        (fingerprints, rulings): (&Rows, &Rulings),
    ) -> Picture {
        let standing = Standing::of(basis.decisions);
        let Picture { devices, topology, duties, matches, scopes, findings } = before;
        // Nothing of these is used again, and they would be there beside what is made anew.
        drop((topology, duties, matches, scopes, findings));
        let seen = basis.observations;
        let found = self.find(devices.into_vec(), seen, (fingerprints, &standing));
        let shaped = {
            let public = seen.hand().some(self.public.iter().map(|(_, at)| *at));
            let claims = weigh_some(public.iter().map(|one| &**one).collect());
            Shaped::of(Found { claims, ..found })
        };
        let by = (&rulings.policy, &rulings.scope);
        let (picture, described) = judge(basis, by, &standing, shaped);
        let home = |place: &usize| self.homes.get(*place).copied();
        self.described = described.iter().filter_map(home).collect();
        picture
    }

    /// What is read beyond its cell is left to who asks.
    fn find(
        &mut self,
        before: Vec<Device>,
        observations: Seen<'_>,
        (fingerprints, standing): (&Rows, &Standing<'_>),
    ) -> Found<'static> {
        let mut touched = self.take(observations);
        touched.append(&mut self.described);
        let decided = self.cells.tie(standing);
        let said = || standing.ties().chain(standing.corrections());
        if !said().eq(&self.said) || self.networks != self.cells.networks().len() {
            touched.extend(decided);
            self.said = said().cloned().collect();
            self.networks = self.cells.networks().len();
        }
        let tables = observations.hand().some(self.cells.tables());
        let around = observations.hand().some(self.cells.around(&tables));
        let listed = self.cells.tabled(&tables, &around);
        // The tables may have joined cells.
        let decided = decided.map(|node| self.cells.root(node));
        let mut dirty: HashSet<u32> = touched.into_iter().map(|n| self.cells.root(n)).collect();
        dirty.extend(self.listed_otherwise(&listed));
        let mut roots: Vec<u32> = dirty.iter().copied().collect();
        roots.sort_unstable();
        let mut kept = self.keep(before, &dirty);
        kept.shelf.reserve(roots.len().saturating_sub(kept.gone.len()));
        let networks: BTreeSet<&str> = self.cells.networks().iter().map(String::as_str).collect();
        let (cells, networks, listed) = (&self.cells, &networks, &listed);
        let by = By { observations, cells, networks, listed, decided, standing };
        for some in roots.chunks(AT_ONCE) {
            by.resolve(some, fingerprints).into_iter().for_each(|made| kept.put(made));
        }
        let devices = self.close(kept);
        Found {
            devices,
            contested: self.contested.iter().map(|(_, one)| one.clone()).collect(),
            speakers: self.speakers.iter().map(|(_, id, of)| (*id, of.clone())).collect(),
            claims: Vec::new(),
        }
    }

    /// Takes the observations that are new into cells.
    fn take(&mut self, observations: Seen<'_>) -> Vec<u32> {
        let known = self.cells.count();
        let stretches = parallel::stretches(observations.len().saturating_sub(known));
        let mut touched = Vec::new();
        // So many at a time bound what keys take.
        for some in stretches.chunks(parallel::hands().saturating_mul(2)) {
            let keys = parallel::map(some, |at| {
                let parts = observations.stretch(known + at.start..known + at.end);
                Keys::of(parts)
            });
            for (keys, at) in keys.iter().zip(some) {
                touched.extend(self.cells.add(keys, at.len()));
            }
            touched.dedup();
        }
        touched
    }

    /// Cells of which tables of others list something else than before.
    fn listed_otherwise(&mut self, listed: &HashMap<u32, Listed<'_>>) -> Vec<u32> {
        let mut now: HashMap<u32, u64> = HashMap::with_capacity(listed.len());
        let mut other = Vec::new();
        for (root, listed) in listed {
            let digest = listed.digest();
            if self.listed.get(root) != Some(&digest) {
                other.push(*root);
            }
            now.insert(*root, digest);
        }
        for root in self.listed.keys() {
            let root_now = self.cells.root(*root);
            if !now.contains_key(root) || root_now != *root {
                other.push(root_now);
            }
        }
        self.listed = now;
        other
    }

    /// What stays of the picture before where these cells are resolved again.
    fn keep(&mut self, before: Vec<Device>, dirty: &HashSet<u32>) -> Kept {
        let cells = &mut self.cells;
        let mut stays = |home: u32| !dirty.contains(&cells.root(home));
        self.contested.retain(|(home, _)| stays(*home));
        self.speakers.retain(|(home, ..)| stays(*home));
        self.public.retain(|(home, _)| stays(*home));
        let mut devices = Shelf { devices: before, homes: take(&mut self.homes) };
        let gone = devices.clear(stays);
        let (contested, speakers) = (take(&mut self.contested), take(&mut self.speakers));
        Kept { shelf: devices, gone, contested, speakers, public: take(&mut self.public) }
    }

    /// The devices that come of it.
    fn close(&mut self, kept: Kept) -> Vec<Device> {
        let Kept { shelf: mut kept, gone, contested, speakers, public } = kept;
        kept.close(gone);
        (self.contested, self.speakers, self.public) = (contested, speakers, public);
        let place = |one: &(u32, Contested)| (one.1.network.clone(), one.1.ip);
        self.contested.sort_by_cached_key(place);
        self.homes = kept.homes;
        kept.devices
    }
}

impl Kept {
    /// Puts what some cells came to in place of what they were before.
    fn put(&mut self, made: Made) {
        for (device, home) in made.devices.into_iter().zip(made.homes) {
            self.shelf.put(device, home, &mut self.gone);
        }
        self.contested.extend(made.contested);
        self.speakers.extend(made.speakers);
        self.public.extend(made.public);
    }
}

impl By<'_, '_> {
    fn resolve(self, roots: &[u32], fingerprints: &Rows) -> Vec<Made> {
        let stretches = parallel::stretches(roots.len());
        parallel::map(&stretches, |at| {
            let mut desk = Desk::new(fingerprints);
            let (mut made, mut hand) = (Made::default(), self.observations.hand());
            for root in roots.get(at.clone()).unwrap_or_default() {
                self.cell(*root, (&mut desk, &mut hand), &mut made);
            }
            made
        })
    }

    fn cell(self, root: u32, (desk, hand): (&mut Desk<'_>, &mut Hand<'_>), made: &mut Made) {
        let numbers = self.cells.members(root);
        let taken = hand.some(numbers.iter().copied());
        let seen: Vec<&Observation> = taken.iter().map(|one| &**one).collect();
        let tells = seen.iter().any(|one| matches!(one.fact, Fact::Rows(_)));
        let is_public = |one: &Observation| {
            topology::reads(&one.fact)
                || duty::reads(&one.fact)
                || (tells && topology::reads_of_tellers(&one.fact))
        };
        let public = numbers.iter().zip(&seen).filter(|(_, one)| is_public(one));
        made.public.extend(public.map(|(number, _)| (root, *number)));
        let claims = weigh_some(seen);
        let listed = self.listed.get(&root).cloned().unwrap_or_default();
        let nothing = Standing::default();
        let standing = if self.decided == Some(root) { self.standing } else { &nothing };
        let beside = (listed, self.networks);
        let Resolution { devices, contested, speakers } =
            resolve::resolve_cell(&claims, beside, (standing, desk));
        made.homes.extend(devices.iter().map(|_| root));
        made.devices.extend(devices);
        made.contested.extend(contested.into_iter().map(|one| (root, one)));
        made.speakers.extend(speakers.into_iter().map(|(id, device)| (root, id, device)));
    }
}
