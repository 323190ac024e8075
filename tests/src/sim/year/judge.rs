//! What the collector made of the year, against the truth.
//!
//! What is put together are the [`Identity`]s: one real device at one address with one MAC address.
//! Where the observations of an identity came to several devices it counts once for each. Of all pairs
//! of these, *precision* is the share of pairs in one device that are of one real device, *recall* the
//! share of pairs of one real device that are in one device. A pair that nothing connects which the
//! device alone has (no chain of MAC addresses, serial numbers, keys or tables; an address or a name is
//! none) cannot be known to be one; such pairs are counted apart, as hidden, unless they were joined.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use daicho_collector::resolve::{DeviceId, Placed};
use serde::Serialize;

use super::{Happening, Year};

/// Pairs, and devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Pairs in one device that are of one real device.
    pub right: u64,
    /// Pairs in one device that are of two.
    pub wrong: u64,
    /// Pairs of one real device in two devices.
    pub missed: u64,
    /// Pairs of one real device in two devices that nothing shows to be one.
    pub hidden: u64,
    /// Real devices.
    pub bodies: u64,
    /// Real devices that are one device, with nothing of another in it.
    pub whole: u64,
}

impl Tally {
    /// Of the pairs put together how many are right: 1 where there are none.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Of the pairs that can be known how many were put together.
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// Of all pairs, hidden ones too.
    pub fn recall_of_all(&self) -> f64 {
        share(self.right, self.right + self.missed + self.hidden)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 1.0 } else { number(part) / number(whole) }
}

/// Something that went wrong.
#[derive(Clone, Debug)]
pub struct Case {
    /// How many pairs.
    pub pairs: u64,
    /// The devices that it is about.
    pub devices: Vec<DeviceId>,
    /// Of which real devices, and what happens to these.
    pub bodies: Vec<(usize, Happening)>,
    /// Whether too much was put together, else too little.
    pub merged: bool,
}

/// What came of the year.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Of everything.
    pub all: Tally,
    /// Of each happening; a wrong pair counts for both of its sides.
    pub each: BTreeMap<Happening, Tally>,
    /// What went wrong, most pairs first.
    pub cases: Vec<Case>,
}

/// Identities and the devices that they came to.
type Elements<'p> = BTreeSet<(usize, &'p DeviceId)>;

fn pairs(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

fn count<T>(of: impl IntoIterator<Item = T>) -> u64 {
    of.into_iter().fold(0, |count, _| count + 1)
}

/// Holds what was made of the year against it.
pub fn judge(year: &Year, placed: &[Placed]) -> Judged {
    let of: HashMap<_, _> =
        year.seen.iter().zip(&year.of).map(|(seen, identity)| (seen.id(), *identity)).collect();
    let elements: Elements<'_> = placed
        .iter()
        .filter_map(|one| Some(((*of.get(&one.observation)?)?, &one.device)))
        .collect();
    let mut judged = Judged::default();
    let mut by_device: BTreeMap<&DeviceId, BTreeMap<usize, u64>> = BTreeMap::new();
    let mut by_body: BTreeMap<usize, Vec<(usize, &DeviceId)>> = BTreeMap::new();
    for &(identity, device) in &elements {
        let Some(body) = year.identities.get(identity).map(|identity| identity.body) else {
            continue;
        };
        *by_device.entry(device).or_default().entry(body).or_default() += 1;
        by_body.entry(body).or_default().push((identity, device));
    }
    for (device, bodies) in &by_device {
        judged.merged(year, device, bodies);
    }
    let pure = |device: &DeviceId| by_device.get(device).is_some_and(|bodies| bodies.len() == 1);
    for (body, elements) in &by_body {
        judged.split(year, *body, elements);
        let devices: BTreeSet<&DeviceId> = elements.iter().map(|(_, device)| *device).collect();
        let whole = devices.len() == 1 && devices.iter().all(|device| pure(device));
        judged.tally(year, *body, |tally| {
            tally.bodies += 1;
            tally.whole += u64::from(whole);
        });
    }
    judged.cases.sort_by(|a, b| b.pairs.cmp(&a.pairs).then_with(|| a.devices.cmp(&b.devices)));
    judged
}

impl Judged {
    fn tally(&mut self, year: &Year, body: usize, add: impl Fn(&mut Tally)) {
        add(&mut self.all);
        if let Some(happening) = year.bodies.get(body) {
            add(self.each.entry(*happening).or_default());
        }
    }

    /// Of how many real devices one device is.
    fn merged(&mut self, year: &Year, device: &DeviceId, bodies: &BTreeMap<usize, u64>) {
        let all: u64 = bodies.values().sum();
        let mut wrong = pairs(all);
        for (body, of_body) in bodies {
            let right = pairs(*of_body);
            wrong -= right;
            self.tally(year, *body, |tally| tally.right += right);
            if let Some(tally) = year.bodies.get(*body).and_then(|of| self.each.get_mut(of)) {
                tally.wrong += of_body * (all - of_body);
            }
        }
        self.all.wrong += wrong;
        if wrong > 0 {
            let happening = |body: &usize| Some((*body, *year.bodies.get(*body)?));
            let bodies = bodies.keys().filter_map(happening).collect();
            let devices = vec![device.clone()];
            self.cases.push(Case { pairs: wrong, devices, bodies, merged: true });
        }
    }

    /// To how many devices one real device came.
    fn split(&mut self, year: &Year, body: usize, elements: &[(usize, &DeviceId)]) {
        let groups = known(year, elements.iter().map(|(identity, _)| *identity));
        let apart = |elements: &[&(usize, &DeviceId)]| {
            let mut each: BTreeMap<&DeviceId, u64> = BTreeMap::new();
            for (_, device) in elements {
                *each.entry(device).or_default() += 1;
            }
            pairs(count(elements)) - each.values().copied().map(pairs).sum::<u64>()
        };
        let all = apart(&elements.iter().collect::<Vec<_>>());
        let mut missed = 0;
        for group in groups {
            let of: Vec<_> =
                elements.iter().filter(|(identity, _)| group.contains(identity)).collect();
            missed += apart(&of);
        }
        self.tally(year, body, |tally| {
            tally.missed += missed;
            tally.hidden += all - missed;
        });
        if let (Some(happening), true) = (year.bodies.get(body), missed > 0) {
            let devices: BTreeSet<_> =
                elements.iter().map(|(_, device)| (*device).clone()).collect();
            self.cases.push(Case {
                pairs: missed,
                devices: devices.into_iter().collect(),
                bodies: vec![(body, *happening)],
                merged: false,
            });
        }
    }
}

/// The identities of one real device, those together that what is its own connects.
fn known(year: &Year, identities: impl Iterator<Item = usize>) -> Vec<BTreeSet<usize>> {
    let mut groups: Vec<(BTreeSet<usize>, BTreeSet<&String>)> = Vec::new();
    for number in identities.collect::<BTreeSet<_>>() {
        let tokens = year.identities.get(number).map(|identity| &identity.tokens);
        let tokens: BTreeSet<&String> = tokens.into_iter().flatten().collect();
        let (joined, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(_, of)| !of.is_disjoint(&tokens));
        let mut whole = (BTreeSet::from([number]), tokens);
        for (numbers, tokens) in joined {
            whole.0.extend(numbers);
            whole.1.extend(tokens);
        }
        groups = apart;
        groups.push(whole);
    }
    groups.into_iter().map(|(numbers, _)| numbers).collect()
}
