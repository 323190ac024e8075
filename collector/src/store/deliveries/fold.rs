//! Observations that are folded away: what they say was said before and after them, too.

use daicho_common::observation::ObservationId;
use rusqlite::types::Value;

use crate::people::log::Deed;
use crate::store::audit::{self, By};
use crate::store::writer::changed;
use crate::store::{Store, StoreError};

/// Observations that are taken out at a time.
const PART: usize = 512;

impl Store {
    /// Takes these observations out, because they are older than so many days. What they said stays,
    /// with the first and the last time of it. Returns how many were there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fold(&self, ids: Vec<ObservationId>, days: u32, by: By) -> Result<usize, StoreError> {
        self.writer.write(move |tx| {
            let mut folded = 0;
            // Many at once, because each statement may be a journey to a server; what is left of the
            // last one names the same one again.
            let named: Vec<String> = (1..=PART).map(|at| format!("${at}")).collect();
            let text = format!("DELETE FROM sighting WHERE observation IN ({})", named.join(", "));
            let mut out = tx.prepare(&text)?;
            for part in ids.chunks(PART) {
                let padded = part.iter().chain(part.last().into_iter().cycle()).take(PART);
                let values: Vec<Value> = padded.map(|id| Value::Blob(id.octets().into())).collect();
                folded += out.execute(&values[..])?;
            }
            audit::by(tx, &by, Deed::ObservationsFolded, format!("{folded}: {days} days"))?;
            changed(tx)?;
            Ok(folded)
        })
    }
}
