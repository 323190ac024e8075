//! What evidence can be about before it is known to be a device, and which of these are one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use daicho_common::addr::Mac;

use super::HashMap;

/// Something that a claim can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Subject<'a> {
    /// A burned-in MAC address.
    Mac(Mac),
    /// The same in the hands of one of several devices that have it in turn (a dock, a pair), by what
    /// that device said.
    Shared(Mac, u64),
    /// An address in a declared network, where no such MAC address is known.
    Address(&'a str, IpAddr),
    /// The same in the hands of one of several devices, by what that device said.
    Stay(&'a str, IpAddr, u64),
    /// An address while a MAC address answered for it that software made up. That MAC address tells
    /// devices apart; it joins nothing.
    Private(&'a str, IpAddr, Mac),
}

impl Subject<'_> {
    /// Whether a link showed who it is, or at least who it is not.
    pub(super) const fn is_linked(self) -> bool {
        matches!(self, Self::Mac(_) | Self::Shared(..) | Self::Private(..))
    }

    /// The burned-in MAC address, its own or shared, or the made-up one.
    pub(super) const fn mac(self) -> Option<Mac> {
        match self {
            Self::Mac(mac) | Self::Shared(mac, _) | Self::Private(_, _, mac) => Some(mac),
            Self::Address(..) | Self::Stay(..) => None,
        }
    }
}

/// Union-find over subjects; the root of a group is its smallest subject, so that the result does
/// not depend on the order of joining. What a person split is never joined.
#[derive(Default)]
pub(super) struct Groups<'a> {
    parent: HashMap<Subject<'a>, Subject<'a>>,
    /// Roots that a person said are two devices, each way.
    apart: HashMap<Subject<'a>, BTreeSet<Subject<'a>>>,
}

impl<'a> Groups<'a> {
    /// The group that holds this subject, named by its smallest member.
    pub(super) fn root(&mut self, subject: Subject<'a>) -> Subject<'a> {
        let mut root = subject;
        while let Some(&parent) = self.parent.get(&root) {
            root = parent;
        }
        let mut at = subject;
        while at != root {
            at = self.parent.insert(at, root).unwrap_or(root);
        }
        root
    }

    /// Holds two subjects to be one device; whether they are now.
    pub(super) fn join(&mut self, a: Subject<'a>, b: Subject<'a>) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        if self.apart.get(&a).is_some_and(|others| others.contains(&b)) {
            return false;
        }
        let (root, leaf) = (a.min(b), a.max(b));
        self.parent.insert(leaf, root);
        for other in self.apart.remove(&leaf).unwrap_or_default() {
            if let Some(back) = self.apart.get_mut(&other) {
                back.remove(&leaf);
            }
            self.part(root, other);
        }
        true
    }

    /// Holds two subjects to be two devices, whatever joins them later. What is one already stays so.
    pub(super) fn part(&mut self, a: Subject<'a>, b: Subject<'a>) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.apart.entry(a).or_default().insert(b);
            self.apart.entry(b).or_default().insert(a);
        }
    }
}
