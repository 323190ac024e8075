//! What follows from what a host said, in an interview or to everybody on the link.

use std::net::IpAddr;

use daicho_common::observation::{Fact, Method};
use daicho_common::time::Now;

use super::Area;
use super::browsing::without_place;
use super::canary::Canary;
use crate::engine::Questions;
use crate::engine::governor::Governor;
use crate::engine::interview::Interview;
use crate::plan::Network;

/// Lets the interview ask what follows from what it learned. Returns whether anything did.
pub(in crate::engine) fn follow(
    interview: &mut Interview,
    (network, ip): (&Network, IpAddr),
    questions: &Questions,
) -> bool {
    let mut more = false;
    while let Some((method, fact)) = interview.poll_lead() {
        for dialogue in (questions.then)(network, ip, (method, &fact)) {
            more |= interview.follow(dialogue);
        }
    }
    more
}

impl Area {
    /// What a host answered may lead to more questions, in its interview or in another one if that
    /// is over.
    pub(super) fn lead_on(
        &mut self,
        host: u32,
        (method, fact): (Method, Fact),
        governor: &Governor,
        now: Now,
    ) {
        let alone = governor.denies(self.ip(host).into())
            || governor.only_sights(self.place(host))
            || self.canary == Canary::Fell;
        // What DNS-SD says of a service, the interview asks for itself.
        let asked = method == Method::Mdns || without_place(method, &fact).is_some();
        if alone || asked || !self.hosts.get(host) {
            return;
        }
        if let Some(interview) = self.open.get_mut(&host) {
            interview.suggest(method, fact);
            return;
        }
        let waits = !self.through.get(host) || self.answers.contains_key(&host);
        self.answers.entry(host).or_default().push((method, fact));
        if !waits {
            self.waiting.push_back(host);
            self.admit(now.tick);
        }
    }
}
