//! Observations that are folded away: what they say was said before and after them, too.

use daicho_common::observation::ObservationId;

use crate::people::log::Deed;
use crate::store::audit::{self, By};
use crate::store::writer::changed;
use crate::store::{Store, StoreError};

impl Store {
    /// Takes these observations out, because they are older than so many days. What they said stays,
    /// with the first and the last time of it. Returns how many were there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fold(&self, ids: Vec<ObservationId>, days: u32, by: By) -> Result<usize, StoreError> {
        self.writer.write(move |tx| {
            let mut out = tx.prepare("DELETE FROM sighting WHERE observation = $1")?;
            let mut folded = 0;
            for id in &ids {
                folded += out.execute([id.octets()])?;
            }
            audit::by(tx, &by, Deed::ObservationsFolded, format!("{folded}: {days} days"))?;
            changed(tx)?;
            Ok(folded)
        })
    }
}
