//! Other sites: the key by which each is known, and the signed snapshots that came of it. Nothing of them
//! is mixed into what is known here.

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::sql::{Connection, OptionalExtension, Row, Transaction, params};
use super::{Store, StoreError, Taken};
use crate::people::log::{Deed, hex};
use crate::seal;
use crate::snapshot::Digest;
use crate::snapshot::summary::Summary;

const BROKEN: StoreError = StoreError::Row { table: "site_snapshot" };

/// Why a snapshot of another site is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSite {
    /// Nobody said by which key the site is known.
    #[error("the site {0:?} has no key")]
    Unknown(String, [u8; 32]),
    /// Another key signed it.
    #[error("the site {0:?} has another key")]
    OtherKey(String, [u8; 32], [u8; 32]),
    /// It is there already.
    #[error("the snapshot is there already")]
    Twice(String),
    /// One that was taken later is there.
    #[error("a later snapshot of {0:?} is there")]
    Older(String),
    /// It is what this collector signed itself.
    #[error("the snapshot is this collector's own")]
    Own,
}

/// The complaint about a snapshot that is not taken in.
pub(super) fn complaint(bad: &BadSite) -> Complaint {
    match bad {
        BadSite::Unknown(site, key) => {
            let (fingerprint, key) = (seal::fingerprint(key), hex(key));
            Complaint::new(
                Exit::Integrity,
                format!(
                    "拠点「{site}」の鍵が登録されていません（このファイルの鍵の指紋は {fingerprint}）。拠点に電話などで指紋を確かめ、「daicho-collector snapshot trust {site} {key}」を実行してから取り込んでください"
                ),
                format!(
                    "no key of the site {site:?} is known (this file is signed by {fingerprint}): compare that fingerprint with the site by another way, run `daicho-collector snapshot trust {site} {key}`, and import again"
                ),
            )
        }
        BadSite::OtherKey(site, known, offered) => {
            let (known, new) = (seal::fingerprint(known), seal::fingerprint(offered));
            Complaint::new(
                Exit::Integrity,
                format!(
                    "拠点「{site}」の登録済みの鍵は {known} ですが、このファイルは鍵 {new} で署名されています。取り込みません。拠点が鍵を作り直した場合は、指紋を確かめて snapshot trust を実行してください"
                ),
                format!(
                    "the site {site:?} is known by the key {known}, and this file is signed by {new}: it is not taken in; if the site made a new key, compare fingerprints and run snapshot trust"
                ),
            )
        }
        BadSite::Twice(site) => Complaint::new(
            Exit::Input,
            format!(
                "拠点「{site}」のこのスナップショットは取り込み済みです。新しいものを受け取ってください"
            ),
            format!("this snapshot of the site {site:?} was imported before: get a newer one"),
        ),
        BadSite::Older(site) => Complaint::new(
            Exit::Input,
            format!(
                "拠点「{site}」には、これより新しいスナップショットがあります。新しいものを受け取ってください"
            ),
            format!("a later snapshot of the site {site:?} is there: get a newer one"),
        ),
        BadSite::Own => Complaint::new(
            Exit::Input,
            "このスナップショットは、この collector 自身のものです。ほかの拠点から受け取ったものを指定してください",
            "this snapshot is this collector's own: give one that came from another site",
        ),
    }
}

/// A site, with the newest of its snapshots in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What it is called here.
    pub name: String,
    /// The key by which it is known.
    pub key: [u8; 32],
    /// Its snapshots, the newest first, without their content.
    pub snapshots: Vec<SiteSnapshot>,
}

/// A snapshot of another site, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSnapshot {
    /// Its number.
    pub id: i64,
    /// When it was taken.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// The digest of its content.
    pub digest: Digest,
    /// Its numbers.
    pub summary: Summary,
    /// When it was imported here.
    pub imported_at: Timestamp,
    /// By whom.
    pub imported_by: String,
}

fn key_of(connection: &Connection, site: &str) -> Result<Option<[u8; 32]>, StoreError> {
    let newest = "SELECT key FROM site WHERE name = $1 ORDER BY id DESC LIMIT 1";
    Ok(connection.query_row(newest, params![site], |row| row.get(0)).optional()?)
}

fn trust(tx: &Transaction<'_>, site: &str, key: [u8; 32], by: &By) -> Result<bool, StoreError> {
    if key_of(tx, site)? == Some(key) {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO site (name, key, said_at, said_by) VALUES ($1, $2, $3, $4)",
        params![site, key, by.at.micros(), by.who],
    )?;
    audit::by(tx, by, Deed::SiteTrusted, format!("{site}: {}", seal::fingerprint(&key)))?;
    Ok(true)
}

fn import(
    tx: &Transaction<'_>,
    site: &str,
    (taken, summary): (&Taken, &Summary),
    by: &By,
) -> Result<(), StoreError> {
    let bad = |bad: BadSite| Err(StoreError::Site(bad));
    match key_of(tx, site)? {
        None => return bad(BadSite::Unknown(site.to_owned(), taken.key)),
        Some(key) if key != taken.key => {
            return bad(BadSite::OtherKey(site.to_owned(), key, taken.key));
        }
        Some(_) => {}
    }
    let newest: Option<(i64, [u8; 32])> = tx
        .query_row(
            "SELECT taken_at, digest FROM site_snapshot WHERE site = $1
             ORDER BY taken_at DESC, id DESC LIMIT 1",
            params![site],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if let Some((at, digest)) = newest {
        if at == taken.at.micros() && digest == taken.digest.0 {
            return bad(BadSite::Twice(site.to_owned()));
        }
        if at >= taken.at.micros() {
            return bad(BadSite::Older(site.to_owned()));
        }
    }
    let numbers = serde_json::to_string(summary).map_err(|_| BROKEN)?;
    tx.execute(
        "INSERT INTO site_snapshot (site, taken_at, taken_by, why, digest, content, key, signature,
             summary, imported_at, imported_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            site,
            taken.at.micros(),
            taken.by,
            taken.why,
            taken.digest.0,
            taken.content,
            taken.key,
            taken.signature,
            numbers,
            by.at.micros(),
            by.who
        ],
    )?;
    audit::by(tx, by, Deed::SnapshotImported, format!("{site}: {}", taken.digest.hex()))
}

fn snapshot(row: &Row<'_>) -> Result<SiteSnapshot, StoreError> {
    let summary: String = row.get(6)?;
    Ok(SiteSnapshot {
        id: row.get(1)?,
        at: Timestamp::from_micros(row.get(2)?),
        by: row.get(3)?,
        why: row.get(4)?,
        digest: Digest(row.get(5)?),
        summary: serde_json::from_str(&summary).map_err(|_| BROKEN)?,
        imported_at: Timestamp::from_micros(row.get(7)?),
        imported_by: row.get(8)?,
    })
}

fn all(connection: &Connection) -> Result<Vec<Site>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT name, key FROM site WHERE id IN (SELECT max(id) FROM site GROUP BY name)
         ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    let mut sites = Vec::new();
    while let Some(row) = rows.next()? {
        sites.push(Site { name: row.get(0)?, key: row.get(1)?, snapshots: Vec::new() });
    }
    let mut statement = connection.prepare(
        "SELECT site, id, taken_at, taken_by, why, digest, summary, imported_at, imported_by
         FROM site_snapshot ORDER BY taken_at DESC, id DESC",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if let Some(site) = sites.iter_mut().find(|site| site.name == name) {
            site.snapshots.push(snapshot(&row)?);
        }
    }
    Ok(sites)
}

impl Store {
    /// Says by which key a site is known from now on; returns whether that is anything new.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn trust_site(&self, site: String, key: [u8; 32], by: By) -> Result<bool, StoreError> {
        self.writer.write(move |tx| trust(tx, &site, key, &by))
    }

    /// Keeps a snapshot of another site, whose signature was found to fit ([`seal::is_sound`]).
    ///
    /// # Errors
    /// [`StoreError::Site`] if the site has no key or another one, or if it is there already or older
    /// than what is there; else see [`StoreError`].
    pub fn import_snapshot(
        &self,
        site: String,
        (taken, summary): (Taken, Summary),
        by: By,
    ) -> Result<(), StoreError> {
        self.writer.write(move |tx| import(tx, &site, (&taken, &summary), &by))
    }

    /// The sites, in order of name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn sites(&self) -> Result<Vec<Site>, StoreError> {
        all(&self.read())
    }

    /// A snapshot of a site, with its content.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn site_snapshot(&self, id: i64) -> Result<Option<Taken>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(
            "SELECT id, taken_at, taken_by, why, digest, content, key, signature
             FROM site_snapshot WHERE id = $1",
        )?;
        let mut rows = statement.query(params![id])?;
        rows.next()?.map(|row| super::snapshots::read(&row)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fresh::store;
    use super::*;
    use crate::snapshot::Content;

    fn by(seconds: i64) -> By {
        By::here("本部".into(), Timestamp::from_micros(seconds * 1_000_000))
    }

    fn taken(folder: &std::path::Path, seconds: i64) -> Taken {
        let content = Content { day: format!("day {seconds}"), ..Content::default() };
        let at = Timestamp::from_micros(seconds * 1_000_000);
        seal::seal(&folder.join("other.db"), &content, (at, "東病院", "月次")).unwrap()
    }

    fn bad<T: std::fmt::Debug>(done: Result<T, StoreError>) -> BadSite {
        match done {
            Err(StoreError::Site(bad)) => bad,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sites_snapshots_are_taken_in_under_its_own_key_once_and_forwards_only() {
        let (folder, store) = store();
        let import = |taken: &Taken| {
            store.import_snapshot("東".into(), (taken.clone(), Summary::default()), by(100))
        };
        let first = taken(folder.path(), 10);
        assert_eq!(bad(import(&first)), BadSite::Unknown("東".into(), first.key));
        assert!(store.trust_site("東".into(), first.key, by(1)).unwrap());
        assert!(!store.trust_site("東".into(), first.key, by(2)).unwrap());
        import(&first).unwrap();
        assert_eq!(bad(import(&first)), BadSite::Twice("東".into()));
        assert_eq!(bad(import(&taken(folder.path(), 9))), BadSite::Older("東".into()));
        import(&taken(folder.path(), 20)).unwrap();
        let foreign = tempfile::tempdir().unwrap();
        let other = taken(foreign.path(), 30);
        assert_eq!(bad(import(&other)), BadSite::OtherKey("東".into(), first.key, other.key));
        let sites = store.sites().unwrap();
        let times: Vec<i64> =
            sites[0].snapshots.iter().map(|one| one.at.micros() / 1_000_000).collect();
        assert_eq!((sites.len(), times), (1, vec![20, 10]));
        let kept = store.site_snapshot(sites[0].snapshots[1].id).unwrap().unwrap();
        assert!(seal::is_sound(&kept) && kept.digest == first.digest);
        // Nothing of it is in what is known here.
        let ground = store.ground().unwrap();
        assert!(ground.ledger.entries.is_empty() && ground.observations.is_empty());
        assert_eq!(store.snapshots().unwrap(), []);
        let log = store.log_rows(u64::MAX, 20).unwrap();
        let count = |deed: &str| log.iter().filter(|row| row.deed == deed).count();
        assert_eq!((count("site_trusted"), count("snapshot_imported")), (1, 2));
    }
}
