//! What evidence can be about before it is known to be a device, and which of these are one.

use std::collections::HashMap;
use std::net::IpAddr;

use daicho_common::addr::Mac;

/// Something that a claim can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Subject<'a> {
    /// A burned-in MAC address.
    Mac(Mac),
    /// An address in a declared network, where no such MAC address is known.
    Address(&'a str, IpAddr),
}

/// Union-find over subjects; the root of a group is its smallest subject, so that the result does
/// not depend on the order of joining.
#[derive(Default)]
pub(super) struct Groups<'a> {
    parent: HashMap<Subject<'a>, Subject<'a>>,
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

    /// Holds two subjects to be one device.
    pub(super) fn join(&mut self, a: Subject<'a>, b: Subject<'a>) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.parent.insert(a.max(b), a.min(b));
        }
    }
}
