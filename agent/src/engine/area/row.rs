//! How far one method got in one network: a row of the account.

use std::collections::BTreeMap;

use daicho_common::coverage::Why;
use daicho_common::observation::Method;
use daicho_common::time::{Now, Timestamp};

use crate::engine::bitmap::Bitmap;
use crate::engine::interview::End;
use crate::engine::reach::Basis;

/// How far one method got.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) method: Method,
    pub(super) basis: Basis,
    pub(super) asked: Bitmap,
    pub(super) answered: Bitmap,
    pub(super) refused: BTreeMap<Why, Bitmap>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Row {
    pub(super) fn new(method: Method, basis: Basis, size: u32) -> Self {
        let (asked, answered) = (Bitmap::new(size), Bitmap::new(size));
        Self { method, basis, asked, answered, refused: BTreeMap::new(), from: None, to: None }
    }

    /// The first question left no later than this: the wall clock may have been set back since.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
    }

    pub(super) fn end(&mut self, host: u32, end: End, now: Now, size: u32) {
        match end {
            End::Asked { answered } => {
                self.asked.set(host);
                if answered {
                    self.answered.set(host);
                }
                self.begin(now.wall);
                self.to = self.to.max(Some(now.wall));
            }
            End::NotAsked(why) => {
                self.refused.entry(why).or_insert_with(|| Bitmap::new(size)).set(host);
            }
        }
    }
}
