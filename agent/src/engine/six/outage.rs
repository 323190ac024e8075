//! The agent's own interface goes down and comes back, as in [`crate::engine::area`]: who was asked
//! then and stayed silent is asked again.

use daicho_common::coverage::Why;
use daicho_common::time::{Now, Tick};

use super::{Job, Six};
use crate::engine::Stands;
use crate::engine::agenda::Agenda;
use crate::plan::Link;

impl Six {
    /// The link of a part.
    pub(super) fn street(&self, part: usize) -> Option<usize> {
        self.ground.parts.get(part).and_then(|part| part.street.ok())
    }

    /// When a part has its turn that wants it at `next`.
    pub(super) fn next(&self, part: usize, next: Option<Tick>) -> Option<Tick> {
        match self.street(part).and_then(|street| self.footings.get(street)) {
            Some(footing) => footing.next(next),
            None => next,
        }
    }

    /// The interfaces stand otherwise than before, as far as `how` says so. Returns whether one was
    /// lost just now.
    pub(in crate::engine) fn stand<'a>(
        &mut self,
        how: impl Fn(&str) -> Option<Stands<'a>>,
        now: Now,
    ) -> bool {
        let mut lost = false;
        for n in 0..self.footings.len() {
            let Some(street) = self.ground.streets.get(n) else { continue };
            let gone = match how(&street.interface) {
                // A question says whose it is: without that address nothing can be asked.
                Some(Stands::As(links)) => (!links.iter().any(|it| street.is(it))).then_some(false),
                Some(Stands::Lost { gone }) => Some(gone),
                None => continue,
            };
            let Some(footing) = self.footings.get_mut(n) else { continue };
            let Some(gone) = gone else {
                footing.rise();
                continue;
            };
            if footing.fall(gone, now.tick) {
                let over = footing.is_lost();
                lost |= self.recall(n, now);
                if over {
                    self.give_up(Some(n));
                }
            }
        }
        lost
    }

    /// Who has not answered yet is asked again. Returns whether there is anybody.
    fn recall(&mut self, street: usize, now: Now) -> bool {
        let mut any = false;
        let parts = self.ground.parts.iter().zip(&mut self.parts);
        for (_, part) in parts.filter(|(of, _)| of.street == Ok(street)) {
            for (ip, neighbour) in &mut part.known {
                let ours = matches!(neighbour.refused, Some(Why::Unreachable | Why::SendFailed));
                if neighbour.answered || neighbour.spent || (neighbour.refused.is_some() && !ours) {
                    continue;
                }
                neighbour.refused = None;
                neighbour.tries = neighbour.tries.saturating_sub(1);
                part.agenda.put(Job::Solicit(*ip), now.tick);
                any = true;
            }
        }
        any
    }

    /// Nothing is asked on this link any more.
    pub(super) fn give_up(&mut self, street: Option<usize>) {
        let parts = self.ground.parts.iter().zip(&mut self.parts);
        for (_, part) in parts.filter(|(of, _)| street.is_some() && of.street.ok() == street) {
            part.agenda = Agenda::new();
        }
    }
}

impl super::ground::Street {
    /// Whether this interface, as it stands, is the one that questions leave by.
    fn is(&self, link: &Link) -> bool {
        link.interface == self.interface
            && link.mac == Some(self.mac)
            && link.addresses.iter().any(|net| net.addr() == self.source)
    }
}
