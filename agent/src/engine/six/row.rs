//! How far one method got with the hosts of one part: a row of the account.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use daicho_common::coverage::Why;
use daicho_common::time::Timestamp;

use crate::engine::interview::End;

/// How far one method got.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) asked: BTreeSet<Ipv6Addr>,
    pub(super) answered: BTreeSet<Ipv6Addr>,
    pub(super) refused: BTreeMap<Ipv6Addr, Why>,
    /// When the first question left, and when the method last ended with a host.
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

impl Row {
    /// A question left, or an answer came. The wall clock may be set back.
    pub(super) fn pass(&mut self, at: Timestamp) {
        let (from, to) = self.span.unwrap_or((at, at));
        self.span = Some((from.min(at), to.max(at)));
    }

    /// The method ended with this host.
    pub(super) fn end(&mut self, ip: Ipv6Addr, end: End, at: Timestamp) {
        match end {
            End::Asked { answered } => {
                self.asked.insert(ip);
                if answered {
                    self.answered.insert(ip);
                }
                self.pass(at);
            }
            End::NotAsked(why) => _ = self.refused.insert(ip, why),
        }
    }
}
