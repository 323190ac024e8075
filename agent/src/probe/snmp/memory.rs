//! What targets showed of themselves, kept from one scan to the next: which credential each answered to,
//! which it refused, and whether it fell silent when it was asked for much at once.
//!
//! A credential that is refused day after day fills the logs of a device and of who receives its traps, and
//! an agent that breaks under a large question breaks again. No secret is kept: a credential is known by a
//! mark that is as slow to guess from as a password's digest is.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use serde::{Deserialize, Serialize};

use crate::plan::credential::Credential;

/// Rounds of PBKDF2 (RFC 8018 §5.2) for a mark.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99_999);
/// For so many days a credential that was refused is not tried while there is another to try.
const REFUSED: i64 = 7;
/// After so many days without a word of a target it is forgotten.
const FORGOTTEN: i64 = 180;

/// What a credential is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Mark(u64);

/// What one target showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Showed {
    /// The day of the latest word, counted from 1970-01-01.
    day: i64,
    /// What it answered to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    good: Option<Mark>,
    /// What it refused, and on which day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    refused: BTreeMap<Mark, i64>,
    /// On which day it fell silent when it was asked for many rows at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overwhelmed: Option<i64>,
    /// Whether it is of this scan.
    #[serde(skip)]
    now: bool,
}

/// What is kept, as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// With which marks are made.
    salt: u128,
    targets: BTreeMap<SocketAddr, Showed>,
}

/// The memory of a scan.
#[derive(Debug)]
pub struct Memory {
    day: i64,
    salt: u128,
    targets: Mutex<BTreeMap<SocketAddr, Showed>>,
}

impl Kept {
    /// Nothing yet; `salt` is random.
    pub fn anew(salt: u128) -> Self {
        Self { salt, targets: BTreeMap::new() }
    }
}

impl Memory {
    /// What was kept, for a scan on this day (counted from 1970-01-01).
    pub fn of(kept: Kept, day: i64) -> Self {
        let mut targets = kept.targets;
        targets.retain(|_, showed| day.saturating_sub(showed.day) <= FORGOTTEN);
        Self { day, salt: kept.salt, targets: Mutex::new(targets) }
    }

    /// What is to be kept, put into what another scan wrote meanwhile; none if this scan learned nothing.
    pub fn kept(&self, meanwhile: Option<Kept>) -> Option<Kept> {
        let own = self.targets();
        let learned = own.iter().filter(|(_, showed)| showed.now);
        let learned: Vec<_> = learned.map(|(target, it)| (*target, it.clone())).collect();
        let same = meanwhile.filter(|other| other.salt == self.salt).map(|other| other.targets);
        let mut targets = same.unwrap_or_else(|| own.clone());
        let any = !learned.is_empty();
        targets.extend(learned);
        any.then_some(Kept { salt: self.salt, targets })
    }

    fn targets(&self) -> MutexGuard<'_, BTreeMap<SocketAddr, Showed>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_target(&self, target: SocketAddr, tell: impl FnOnce(&mut Showed)) {
        let mut targets = self.targets();
        let showed = targets.entry(target).or_default();
        (showed.day, showed.now) = (self.day, true);
        tell(showed);
    }

    /// What this credential is known by.
    pub(super) fn mark(&self, credential: &Credential) -> Mark {
        let mut mark = [0; 8];
        let said = said(credential);
        derive(PBKDF2_HMAC_SHA256, ROUNDS, &self.salt.to_be_bytes(), &said, &mut mark);
        Mark(u64::from_be_bytes(mark))
    }

    /// Whether anything is known of the target.
    pub(super) fn knows(&self, target: SocketAddr) -> bool {
        self.targets().contains_key(&target)
    }

    /// In which order these credentials are tried, by their places: what it answered to last, then what
    /// it never refused, then the others, the longest refused first. What it refused lately is left out
    /// where something else is to be tried and nothing was answered before; one always stays.
    pub(super) fn order(&self, target: SocketAddr, marks: &[Mark]) -> Vec<usize> {
        let targets = self.targets();
        let mut order: Vec<usize> = (0..marks.len()).collect();
        let Some(showed) = targets.get(&target) else { return order };
        let of = |at: usize| marks.get(at).copied();
        let good = |at: usize| showed.good.is_some() && of(at) == showed.good;
        let refused = |at: usize| showed.refused.get(&of(at)?).copied();
        order.sort_by_key(|at| (Reverse(good(*at)), refused(*at), *at));
        let lately =
            |at: usize| refused(at).is_some_and(|on| self.day.saturating_sub(on) < REFUSED);
        if !order.first().is_some_and(|first| good(*first)) {
            let first = order.first().copied();
            order.retain(|at| Some(*at) == first || !lately(*at));
        }
        order
    }

    /// The target answered to this one; those were silent or refused before it.
    pub(super) fn answered(&self, target: SocketAddr, mark: Mark, before: &[Mark]) {
        self.of_target(target, |showed| {
            showed.good = Some(mark);
            showed.refused.remove(&mark);
            showed.refused.extend(before.iter().map(|other| (*other, self.day)));
        });
    }

    /// The target refused it in words.
    pub(super) fn refused(&self, target: SocketAddr, mark: Mark) {
        self.of_target(target, |showed| {
            showed.refused.insert(mark, self.day);
        });
    }

    /// The target fell silent when it was asked for many rows at once.
    pub(crate) fn was_overwhelmed(&self, target: SocketAddr) {
        self.of_target(target, |showed| showed.overwhelmed = Some(self.day));
    }

    /// Whether it once did.
    pub(crate) fn is_overwhelmed(&self, target: SocketAddr) -> bool {
        let recent = |on: i64| self.day.saturating_sub(on) <= FORGOTTEN;
        let targets = self.targets();
        targets.get(&target).and_then(|showed| showed.overwhelmed).is_some_and(recent)
    }
}

/// All that makes a credential another, in octets.
fn said(credential: &Credential) -> Vec<u8> {
    match credential {
        Credential::V1(community) => [b"1 ", community.secret()].concat(),
        Credential::V2c(community) => [b"2 ", community.secret()].concat(),
        Credential::V3(user) => {
            let mut said = format!("3 {}", user.name).into_bytes();
            if let Some((auth, password)) = &user.auth {
                said.extend(format!("\n{auth:?} ").into_bytes());
                said.extend(password.secret());
            }
            if let Some((privacy, password)) = &user.privacy {
                said.extend(format!("\n{privacy:?} ").into_bytes());
                said.extend(password.secret());
            }
            said
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::credential::Community;

    fn target() -> SocketAddr {
        "10.20.0.1:161".parse().unwrap()
    }

    fn marks() -> [Mark; 3] {
        [Mark(1), Mark(2), Mark(3)]
    }

    /// The same a day or more later, over what is written down.
    fn later(memory: &Memory, days: i64) -> Memory {
        let written = serde_json::to_string(&memory.kept(None).unwrap()).unwrap();
        Memory::of(serde_json::from_str(&written).unwrap(), memory.day + days)
    }

    #[test]
    fn what_was_answered_goes_first_and_what_was_refused_goes_last() {
        let memory = Memory::of(Kept::anew(7), 20_000);
        assert_eq!(memory.order(target(), &marks()), [0, 1, 2], "nothing is known");
        memory.refused(target(), Mark(1));
        memory.answered(target(), Mark(3), &[]);
        assert_eq!(later(&memory, 1).order(target(), &marks()), [2, 1, 0]);
        // A credential that was changed is another one.
        assert_eq!(later(&memory, 1).order(target(), &[Mark(1), Mark(9)]), [1]);
        assert_eq!(later(&memory, 8).order(target(), &[Mark(1), Mark(9)]), [1, 0]);
        assert_eq!(later(&memory, 181).order(target(), &marks()), [0, 1, 2], "forgotten");
    }

    #[test]
    fn of_credentials_that_were_all_refused_one_is_tried_a_scan_in_turn() {
        let mut memory = Memory::of(Kept::anew(7), 20_000);
        for mark in marks() {
            memory.refused(target(), mark);
        }
        for tried in [0, 1, 2, 0] {
            memory = later(&memory, 1);
            assert_eq!(memory.order(target(), &marks()), [tried]);
            memory.refused(target(), marks()[tried]);
        }
        assert_eq!(later(&memory, 20).order(target(), &marks()), [1, 2, 0]);
    }

    #[test]
    fn a_silence_before_an_answer_is_a_refusal_and_an_answer_takes_it_back() {
        let memory = Memory::of(Kept::anew(7), 20_000);
        memory.answered(target(), Mark(2), &[Mark(1)]);
        assert_eq!(later(&memory, 1).order(target(), &marks()), [1, 2, 0]);
        memory.answered(target(), Mark(1), &[]);
        assert_eq!(later(&memory, 1).order(target(), &marks()), [0, 1, 2]);
    }

    #[test]
    fn nothing_that_is_written_down_is_a_secret() {
        let memory = Memory::of(Kept::anew(7), 20_000);
        let community = |secret: &str| Credential::V2c(Community::new(secret));
        let mark = memory.mark(&community("kensa-room"));
        memory.refused(target(), mark);
        let written = serde_json::to_string(&memory.kept(None).unwrap()).unwrap();
        assert!(!written.contains("kensa-room"), "{written}");
        assert_eq!(memory.mark(&community("kensa-room")), mark);
        assert_ne!(memory.mark(&community("kensa-roon")), mark);
        assert_ne!(memory.mark(&Credential::V1(Community::new("kensa-room"))), mark);
        let elsewhere = Memory::of(Kept::anew(8), 20_000);
        assert_ne!(elsewhere.mark(&community("kensa-room")), mark, "another salt");
    }
}
