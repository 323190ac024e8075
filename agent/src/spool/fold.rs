//! A batch without what it learned. What was asked counts as not asked any more: an answer that is
//! gone must not read as silence. First go the observations, then, if that was not enough, what was
//! sent to whom.

use daicho_common::address_set::AddressSet;
use daicho_common::batch::{self, Batch, Mark};
use daicho_common::coverage::{Coverage, NotAsked, Why};
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The folded batch, sealed; `None` if this is no batch of ours with a mark, or there is nothing to
/// take out.
pub(super) fn fold(sealed: &[u8], key: &Ed25519KeyPair) -> Option<Vec<u8>> {
    let (opened, _) = batch::open(sealed).ok()?;
    let mark = opened.mark?;
    if opened.key.octets().as_slice() != key.public_key().as_ref() {
        return None;
    }
    let Batch { header, coverage, mut sent, observations } = opened.batch;
    let mut dropped = observations.len();
    if dropped == 0 {
        dropped = std::mem::take(&mut sent).len();
    }
    if dropped == 0 {
        return None;
    }
    let dropped = mark.dropped.saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
    let coverage = coverage.into_iter().map(unasked).collect();
    let folded = Batch { header, coverage, sent, observations: Vec::new() };
    folded.seal_marked(key, Mark { dropped, ..mark }).ok()
}

/// A coverage that no longer says that anything was asked.
fn unasked(mut coverage: Coverage) -> Coverage {
    let addresses = std::mem::replace(&mut coverage.asked, AddressSet::new());
    coverage.answered = AddressSet::new();
    if !addresses.is_empty() {
        coverage.not_asked.push(NotAsked { addresses, why: Why::Lost });
    }
    coverage
}
