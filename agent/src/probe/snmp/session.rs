//! Who one target is asked as: the credentials left to try, and what is known of its engine.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use async_snmp::Version;
use daicho_common::time::Tick;

use super::memory::{Mark, Memory};
use super::message::{self, Request};
use super::repetitions::Manner;
use super::usm::{self, Engine, Heard, Masters};
use crate::plan::credential::Credential;

/// How often in one question an engine may tell something of itself instead of answering.
const LEARNED: u8 = 3;

/// The credentials of a network, for all of its targets; keys and marks are made when first needed.
pub struct Keyring {
    held: Vec<Held>,
    /// What each target answered to and refused; none where nothing is kept.
    memory: Option<Arc<Memory>>,
}

struct Held {
    credential: Credential,
    epoch: u32,
    masters: OnceLock<Option<Masters>>,
    mark: OnceLock<Mark>,
}

impl Keyring {
    /// These credentials, tried in this order but for what the memory knows of a target, and no other.
    /// The seed is that of the scan.
    pub fn new(credentials: &[Credential], seed: u64, memory: Option<Arc<Memory>>) -> Self {
        let epoch = u32::try_from(seed >> 32).unwrap_or_default();
        let held = |credential: &Credential| Held {
            credential: credential.clone(),
            epoch,
            masters: OnceLock::new(),
            mark: OnceLock::new(),
        };
        Self { held: credentials.iter().map(held).collect(), memory }
    }

    /// The order in which a target is tried.
    fn order(&self, target: SocketAddr) -> VecDeque<usize> {
        let all = || (0..self.held.len()).collect();
        let Some(memory) = self.memory.as_ref().filter(|memory| memory.knows(target)) else {
            return all();
        };
        let marks: Vec<Mark> = self.held.iter().map(|held| held.mark(memory)).collect();
        memory.order(target, &marks).into()
    }

    /// Tells the memory what it was about the credential at this place.
    fn remember(&self, at: usize, tell: impl FnOnce(&Memory, Mark)) {
        if let Some((memory, held)) = self.memory.as_ref().zip(self.held.get(at)) {
            tell(memory, held.mark(memory));
        }
    }

    fn mark(&self, at: usize) -> Option<Mark> {
        Some(self.held.get(at)?.mark(self.memory.as_ref()?))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} …)", self.held.len())
    }
}

/// The part of a device that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Context {
    /// The device itself.
    #[default]
    Own,
    /// One VLAN of it: community `…@20`, context `vlan-20`.
    Vlan(u16),
    /// A context of v3.
    Named(String),
}

impl Context {
    /// As facts name it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Own => String::new(),
            Self::Vlan(vlan) => vlan.to_string(),
            Self::Named(name) => name.clone(),
        }
    }

    /// The context of this v3 name: a VLAN's, or some other.
    pub(super) fn of(name: &str) -> Self {
        let vlan = name.strip_prefix("vlan-").and_then(|vlan| vlan.parse().ok());
        vlan.map_or_else(|| Self::Named(name.to_owned()), Self::Vlan)
    }

    fn in_v3(&self) -> String {
        match self {
            Self::Own => String::new(),
            Self::Vlan(vlan) => format!("vlan-{vlan}"),
            Self::Named(name) => name.clone(),
        }
    }
}

/// The dialogue's side of who asks.
#[derive(Debug)]
pub(super) struct Session {
    target: SocketAddr,
    keyring: Arc<Keyring>,
    /// The credential in use first, then those still to be tried.
    left: VecDeque<usize>,
    /// Credentials that came to nothing.
    before: Vec<usize>,
    /// Whether the one in use was answered.
    kept: bool,
    engine: Option<Engine>,
    learned: u8,
}

impl Session {
    pub(super) fn new(target: SocketAddr, keyring: Arc<Keyring>) -> Self {
        let left = keyring.order(target);
        Self { target, keyring, left, before: Vec::new(), kept: false, engine: None, learned: 0 }
    }

    fn held(&self) -> Option<&Held> {
        self.left.front().and_then(|at| self.keyring.held.get(*at))
    }

    /// Whether there is a credential to ask with.
    pub(super) fn has_any(&self) -> bool {
        !self.left.is_empty()
    }

    /// Goes on to the next credential. Returns whether there is one; if not, stays where it is.
    pub(super) fn try_next(&mut self) -> bool {
        let another = self.left.len() > 1;
        if another {
            self.before.extend(self.left.pop_front());
            (self.engine, self.learned) = (None, 0);
        }
        another
    }

    /// The credential in use was answered: no other is tried any more.
    pub(super) fn keep(&mut self) {
        if std::mem::replace(&mut self.kept, true) {
            return;
        }
        self.left.truncate(1);
        let before: Vec<Mark> =
            self.before.iter().filter_map(|at| self.keyring.mark(*at)).collect();
        if let Some(at) = self.left.front() {
            let target = self.target;
            self.keyring.remember(*at, |memory, mark| memory.answered(target, mark, &before));
        }
    }

    /// The credential in use was refused in words.
    pub(super) fn refuse(&self) {
        if let Some(at) = self.left.front() {
            self.keyring.remember(*at, |memory, mark| memory.refused(self.target, mark));
        }
    }

    /// Whether credentials are left out, because the target refused them lately.
    pub(super) fn leaves_some_out(&self) -> bool {
        self.left.len() + self.before.len() < self.keyring.held.len()
    }

    /// The target fell silent when it was asked for many rows at once.
    pub(super) fn overwhelmed(&self) {
        if let Some(memory) = &self.keyring.memory {
            memory.was_overwhelmed(self.target);
        }
    }

    /// How the target may be asked.
    pub(super) fn manner(&self) -> Manner {
        let memory = self.keyring.memory.as_ref();
        Manner {
            bulk: self.held().is_some_and(|held| !matches!(held.credential, Credential::V1(_))),
            gently: memory.is_some_and(|memory| memory.is_overwhelmed(self.target)),
        }
    }

    /// Contexts that were configured for the user.
    pub(super) fn contexts(&self) -> &[String] {
        match self.held().map(|held| &held.credential) {
            Some(Credential::V3(user)) => &user.contexts,
            Some(Credential::V1(_) | Credential::V2c(_)) | None => &[],
        }
    }

    /// The octets of the question with this number; `None` if it cannot be asked with this
    /// credential. If nothing is known of the target's engine yet, they ask for that first.
    pub(super) fn encode(
        &self,
        (id, context): (i32, &Context),
        request: &Request,
        now: Tick,
    ) -> Option<Vec<u8>> {
        let held = self.held()?;
        match &held.credential {
            Credential::V1(community) => {
                let community = in_context(community.secret(), context)?;
                message::encode(Version::V1, &community, id, request)
            }
            Credential::V2c(community) => {
                let community = in_context(community.secret(), context)?;
                message::encode(Version::V2c, &community, id, request)
            }
            Credential::V3(user) => {
                let masters = held.masters()?;
                let Some(engine) = &self.engine else { return usm::discovery(id) };
                usm::encode((user, masters), engine, (id, &context.in_v3()), request, now)
            }
        }
    }

    /// What these octets say to the question with this number; `None` if they are nothing to it.
    pub(super) fn decode(
        &mut self,
        (id, context): (i32, &Context),
        octets: &[u8],
        now: Tick,
    ) -> Option<Heard> {
        let held = self.left.front().and_then(|at| self.keyring.held.get(*at))?;
        let heard = match &held.credential {
            Credential::V1(community) => {
                let community = in_context(community.secret(), context)?;
                Heard::Reply(message::decode(Version::V1, &community, id, octets)?)
            }
            Credential::V2c(community) => {
                let community = in_context(community.secret(), context)?;
                Heard::Reply(message::decode(Version::V2c, &community, id, octets)?)
            }
            Credential::V3(_) => usm::decode(held.masters()?, &mut self.engine, id, octets, now)?,
        };
        self.learned = if matches!(heard, Heard::Learned) { self.learned + 1 } else { 0 };
        if self.learned > LEARNED {
            self.learned = 0;
            return Some(Heard::Refused);
        }
        Some(heard)
    }
}

impl Held {
    fn mark(&self, memory: &Memory) -> Mark {
        *self.mark.get_or_init(|| memory.mark(&self.credential))
    }

    fn masters(&self) -> Option<&Masters> {
        let make = || match &self.credential {
            Credential::V3(user) => Masters::new(user, self.epoch),
            Credential::V1(_) | Credential::V2c(_) => None,
        };
        self.masters.get_or_init(make).as_ref()
    }
}

/// The community for a part of the device; `None` where communities have no name for it.
fn in_context(community: &[u8], context: &Context) -> Option<Vec<u8>> {
    match context {
        Context::Own => Some(community.to_vec()),
        Context::Vlan(vlan) => Some([community, format!("@{vlan}").as_bytes()].concat()),
        Context::Named(_) => None,
    }
}
