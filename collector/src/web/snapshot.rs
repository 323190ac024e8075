//! The picture at one revision with what pages look up in it. Made once, never changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use daicho_common::observation::{Observation, ObservationId};
use daicho_common::time::Timestamp;
use foldhash::fast::RandomState;

use crate::clock;
use crate::day::Day;
use crate::decision::{Decided, Decision, Key, Standing};
use crate::ledger::key::EntryKey;
use crate::ledger::{Entry, Place};
use crate::parallel;
use crate::people::log::Deed;
use crate::picture::{Criteria, Live, Picture};
use crate::reconcile::Match;
use crate::report;
use crate::resolve::{Device, DeviceId};
use crate::scope::Scoped;
use crate::store::{Ground, Store, StoreError};

mod shelves;

use shelves::Shelves;

/// Half an hour, in microseconds: in every time zone a day begins with one.
const HALF_HOUR: i64 = 1_800_000_000;

/// A picture and the indexes into it.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// The moment that it is of, in microseconds since the epoch.
    as_of: i64,
    pub(super) revision: u64,
    /// The number of the latest decision, also where a reader is not shown it.
    pub(super) said: u64,
    /// The number of a row of the audit log before which every folding is in what is here.
    logged: u64,
    pub(super) ground: Ground,
    pub(super) picture: Picture,
    /// By what it was derived; none if it was not derived here.
    criteria: Option<Arc<Criteria>>,
    /// What the next one is derived from, which takes it: there is one, however many copies of this.
    live: Arc<Mutex<Option<Live>>>,
    index: Arc<Index>,
    /// What is made when it is first asked for.
    shelves: Shelves,
}

/// Where things are that pages look up. What people say of findings changes nothing of it.
#[derive(Debug, Default)]
struct Index {
    devices: HashMap<DeviceId, usize, RandomState>,
    // Places begin with the name of a file, which all have in common: to compare them takes longer than
    // to mix them.
    entries: HashMap<Place, usize, RandomState>,
    keys: Vec<EntryKey>,
    /// The matches of each device, both by their numbers, ascending.
    matches_of_device: Vec<(u32, u32)>,
    match_of_entry: HashMap<Place, usize, RandomState>,
    /// Which device rests on which observation, by the beginning of its id, ascending. Few ask, so it is
    /// made for the first who does.
    devices_of_observation: OnceLock<Vec<(u64, u32)>>,
}

impl Snapshot {
    pub(super) fn take(store: &Store, criteria: &Arc<Criteria>) -> Result<Self, StoreError> {
        Self::default().follow(store, criteria)
    }

    /// The snapshot of now that follows this one: what came since is read, and what it touches is derived
    /// again. Where observations were folded since, everything is read and derived anew.
    pub(super) fn follow(
        self,
        store: &Store,
        criteria: &Arc<Criteria>,
    ) -> Result<Self, StoreError> {
        // Before anything else is read: what is folded meanwhile is then seen once more, and not missed.
        let (logged, folded) = store.done_since(self.logged, Deed::ObservationsFolded)?;
        // What did not come from the store, or another follows already, follows from nothing there.
        let follows = !folded && locked(&self.live).is_some();
        let before = if follows { self } else { Self::default() };
        let ground = store.ground_after(before.ground)?;
        let mut live = locked(&before.live).take().unwrap_or_default();
        let as_of = clock::now();
        let by = (&criteria.fingerprints, &criteria.rulings);
        let picture = live.next(before.picture, &ground.basis(as_of), by);
        let live = Arc::new(Mutex::new(Some(live)));
        let criteria = Some(Arc::clone(criteria));
        let mut made = Self { logged, criteria, live, ..Self::default() };
        made.index(ground, picture, as_of);
        Ok(made)
    }

    /// The snapshot that follows this one, if nothing came since but answers to findings and answers that
    /// were taken back: everything else is shared with this one, so that it takes a moment.
    pub(super) fn answered(
        &self,
        store: &Store,
        criteria: &Arc<Criteria>,
    ) -> Result<Option<Self>, StoreError> {
        let (now, same) = (clock::now(), self.criteria.as_ref());
        if !same.is_some_and(|own| Arc::ptr_eq(own, criteria)) || !self.is_of(now) {
            return Ok(None);
        }
        let (logged, folded) = store.done_since(self.logged, Deed::ObservationsFolded)?;
        let known = if folded { None } else { store.answered(&self.ground)? };
        let Some((ground, answered)) = known else { return Ok(None) };
        let mut made = self.clone();
        (made.logged, made.as_of) = (logged, now.micros());
        made.revision = ground.revision;
        made.said = ground.decisions.last().map_or(0, |decided| decided.id);
        let numbers: Vec<usize> =
            answered.iter().filter_map(|finding| self.number_of(finding)).collect();
        if !numbers.is_empty() {
            let standing = Standing::of(&ground.decisions);
            let findings = &mut made.picture.findings;
            for number in numbers {
                if let Some(finding) = findings.get_mut(number) {
                    finding.answer_by(&standing);
                }
            }
        }
        made.shelves = self.shelves.answered(&made.picture);
        made.ground = ground;
        Ok(Some(made))
    }

    /// What the next snapshot follows from, where this one is shown meanwhile.
    pub(super) fn basis(&self) -> Self {
        let devices = self.picture.devices.clone();
        Self {
            as_of: self.as_of,
            revision: self.revision,
            logged: self.logged,
            ground: self.ground.clone(),
            picture: Picture { devices, ..Picture::default() },
            live: Arc::clone(&self.live),
            ..Self::default()
        }
    }

    /// The moment that it is of.
    pub(super) fn as_of(&self) -> Timestamp {
        Timestamp::from_micros(self.as_of)
    }

    /// The day that it is of.
    pub(super) fn today(&self) -> Day {
        Day::of(Timestamp::from_micros(self.as_of))
    }

    /// Whether it still holds at this moment, as far as time alone can change it: supports end and
    /// answers fall due by the day.
    pub(super) fn is_of(&self, now: Timestamp) -> bool {
        self.as_of.div_euclid(HALF_HOUR) == now.micros().div_euclid(HALF_HOUR)
    }

    /// Whether it was cut out of this one.
    pub(super) fn is_part_of(&self, whole: &Self) -> bool {
        self.revision == whole.revision && self.as_of == whole.as_of
    }

    pub(super) fn of(ground: Ground, picture: Picture, as_of: Timestamp) -> Self {
        let mut made = Self::default();
        made.index(ground, picture, as_of);
        made
    }

    /// Takes a picture and what it is of.
    fn index(&mut self, ground: Ground, picture: Picture, as_of: Timestamp) {
        self.revision = ground.revision;
        self.said = ground.decisions.last().map_or(0, |decided| decided.id);
        self.as_of = as_of.micros();
        self.index = Arc::new(Index::of(&ground, &picture));
        self.ground = ground;
        self.picture = picture;
    }

    pub(super) fn observation(&self, id: ObservationId) -> Option<Observation> {
        self.ground.observations.find(id)
    }

    pub(super) fn device(&self, id: &DeviceId) -> Option<&Device> {
        self.picture.devices.get(*self.index.devices.get(id)?)
    }

    pub(super) fn entry(&self, place: &Place) -> Option<&Entry> {
        self.ground.ledger.entries.get(*self.index.entries.get(place)?)
    }

    pub(super) fn match_of(&self, place: &Place) -> Option<&Match> {
        self.picture.matches.get(*self.index.match_of_entry.get(place)?)
    }

    pub(super) fn matches(&self, device: &DeviceId) -> impl Iterator<Item = &Match> {
        self.scoped(self.index.devices.get(device).copied()).map(|(matched, _)| matched)
    }

    /// The matches of the device of this number, each with the judgement on its scope.
    fn scoped(&self, device: Option<usize>) -> impl Iterator<Item = (&Match, Option<&Scoped>)> {
        let numbers = device.map(|device| of(&self.index.matches_of_device, device));
        numbers.into_iter().flatten().filter_map(|number| {
            Some((self.picture.matches.get(number)?, self.picture.scopes.get(number)))
        })
    }

    /// The device's matches, each with the judgement on its scope.
    pub(super) fn scopes(&self, device: &DeviceId) -> impl Iterator<Item = (&Match, &Scoped)> {
        let all = self.scoped(self.index.devices.get(device).copied());
        all.filter_map(|(matched, scoped)| Some((matched, scoped?)))
    }

    /// What people said of whatever is known by one of these keys, the latest first.
    pub(super) fn decisions_on(&self, keys: &[Key]) -> impl Iterator<Item = &Decided> {
        let keys: BTreeSet<Key> = keys.iter().cloned().collect();
        let about = move |decided: &&Decided| match &decided.what {
            Decision::Join { a, b } | Decision::Split { a, b } => {
                keys.contains(a) || keys.contains(b)
            }
            Decision::Correct { device, .. } | Decision::Byod { device, .. } => {
                keys.contains(device)
            }
            Decision::Scope { .. } | Decision::Answer { .. } | Decision::Withdraw { .. } => false,
        };
        self.ground.decisions.iter().rev().filter(about)
    }

    /// The judgement on the scope of a row.
    pub(super) fn scope_of(&self, place: &Place) -> Option<&Scoped> {
        self.picture.scopes.get(*self.index.match_of_entry.get(place)?)
    }

    /// What the rows are known by, in their order.
    pub(super) fn keys(&self) -> &[EntryKey] {
        &self.index.keys
    }

    /// What a row is known by.
    pub(super) fn key_of(&self, place: &Place) -> Option<&EntryKey> {
        self.index.keys.get(*self.index.entries.get(place)?)
    }

    pub(super) fn devices_on(&self, id: ObservationId) -> impl Iterator<Item = &Device> {
        let all = self.index.devices_of_observation.get_or_init(|| rests(&self.picture.devices));
        let wanted = beginning(id);
        let from = all.partition_point(|(of, _)| *of < wanted);
        let rest = all.get(from..).unwrap_or_default().iter();
        let alike = rest.take_while(move |(of, _)| *of == wanted);
        let devices = alike.filter_map(|(_, index)| self.picture.devices.get(*index as usize));
        // Two ids may begin alike.
        devices.filter(move |device| report::sources(device).contains(&id))
    }
}

impl Index {
    fn of(ground: &Ground, picture: &Picture) -> Self {
        let mut made = Self::default();
        for (index, device) in picture.devices.iter().enumerate() {
            made.devices.insert(device.id.clone(), index);
        }
        for (index, entry) in ground.ledger.entries.iter().enumerate() {
            made.entries.insert(entry.place.clone(), index);
        }
        for (number, (index, matched)) in (0..).zip(picture.matches.iter().enumerate()) {
            let devices = matched.devices().filter_map(|device| made.devices.get(device));
            let devices = devices.filter_map(|device| u32::try_from(*device).ok());
            made.matches_of_device.extend(devices.map(|device| (device, number)));
            if let Some(place) = &matched.entry {
                made.match_of_entry.insert(place.clone(), index);
            }
        }
        made.matches_of_device.sort_unstable();
        made.keys = ground.ledger.keys();
        made
    }
}

fn locked(live: &Mutex<Option<Live>>) -> MutexGuard<'_, Option<Live>> {
    // It is taken whole, so a panic elsewhere cannot have left half of one.
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What belongs to this number, of pairs that are ascending.
fn of(pairs: &[(u32, u32)], number: usize) -> impl Iterator<Item = usize> {
    let from = pairs.partition_point(|(of, _)| (*of as usize) < number);
    let rest = pairs.get(from..).unwrap_or_default().iter();
    let own = rest.take_while(move |(of, _)| *of as usize == number);
    own.map(|(_, belongs)| *belongs as usize)
}

/// The first eight octets of an id.
fn beginning(id: ObservationId) -> u64 {
    let octets = id.octets().into_iter().take(8);
    octets.fold(0, |number, octet| number << 8 | u64::from(octet))
}

/// Which device rests on which observation, ascending.
fn rests(devices: &[Device]) -> Vec<(u64, u32)> {
    let one = |index: usize| {
        let sources = devices.get(index).map(report::sources).unwrap_or_default();
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        sources.into_iter().map(move |id| (beginning(id), index))
    };
    let parts = parallel::map(&parallel::stretches(devices.len()), |stretch| {
        let mut part: Vec<(u64, u32)> = stretch.clone().flat_map(one).collect();
        part.sort_unstable();
        part
    });
    let mut all = parts.concat();
    parallel::merge(&mut all);
    all.dedup();
    all
}
