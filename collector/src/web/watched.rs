//! What is watched of the picture for those who are told elsewhere.

use std::sync::Arc;

use super::Site;
use super::snapshot::Snapshot;
use crate::day::Day;
use crate::finding::Finding;
use crate::people::portion::Portion;
use crate::store::StoreError;

/// The picture as it is now.
#[derive(Clone, Debug)]
pub struct Watched(Arc<Snapshot>);

impl Watched {
    /// The findings.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.0.picture.findings
    }

    /// The day that it is of.
    pub(crate) fn today(&self) -> Day {
        self.0.today()
    }

    /// What is this party's.
    pub(crate) fn portion(&self, party: &str) -> Portion {
        let books = (&self.0.ground.register, &*self.0.ground.ledger);
        Portion::of(party, books, &self.0.picture.matches, self.today())
    }
}

impl Site {
    /// The picture as it is now.
    pub(crate) async fn watched(self: &Arc<Self>) -> Result<Watched, StoreError> {
        Ok(Watched(self.snapshot().await?))
    }
}
