//! What devices are made with: rows at work, and what many of them have in common.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use daicho_common::text::Short;
use foldhash::fast::RandomState;

use super::device::Service;
use crate::fingerprint::{Reader, Rows};

/// So many things are kept to be shared; then all are forgotten, which costs a little memory and bounds
/// what the pool itself takes.
const KEPT: usize = 50_000;

/// What one thread resolves with, cell after cell.
pub struct Desk<'r> {
    pub(super) reader: Reader<'r>,
    pub(super) pool: Pool,
}

impl<'r> Desk<'r> {
    /// With these rows, and nothing made yet.
    pub fn new(rows: &'r Rows) -> Self {
        Self { reader: Reader::new(rows), pool: Pool::default() }
    }
}

/// Things that devices say alike: each is one in memory.
#[derive(Default)]
pub(super) struct Pool {
    texts: HashSet<Short, RandomState>,
    services: HashSet<Arc<Service>, RandomState>,
}

impl Pool {
    /// The text, which is the same in memory where it was asked for before.
    pub(super) fn text(&mut self, text: &str) -> Short {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        keep(&mut self.texts, text.into())
    }

    /// The service, likewise.
    pub(super) fn service(&mut self, service: Service) -> Arc<Service> {
        if let Some(known) = self.services.get(&service) {
            return Arc::clone(known);
        }
        keep(&mut self.services, Arc::new(service))
    }
}

fn keep<T: Clone + Eq + Hash>(kept: &mut HashSet<T, RandomState>, new: T) -> T {
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(new.clone());
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_that_say_the_same_have_one_text() {
        let mut pool = Pool::default();
        let of = |pool: &mut Pool| pool.text("Hewlett Packard Enterprise");
        assert_eq!(of(&mut pool).as_ptr(), of(&mut pool).as_ptr());
        assert_eq!(pool.text("Hewlett Packard"), "Hewlett Packard");
    }

    #[test]
    fn devices_that_offer_the_same_have_one_service() {
        let mut pool = Pool::default();
        let at = |port| Service { kind: "http".into(), port, instance: "".into() };
        let (one, other) = (pool.service(at(80)), pool.service(at(80)));
        assert!(Arc::ptr_eq(&one, &other));
        assert_eq!(*pool.service(at(8080)), at(8080));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut pool = Pool::default();
        for number in 0..=KEPT {
            pool.text(&format!("a text of one device alone {number}"));
        }
        assert_eq!(pool.texts.len(), 1);
    }
}
