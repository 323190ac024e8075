//! What is said on pages beside the configuration. Rows are only ever added; the newest of a kind and
//! name holds, and one without content says that it was taken out.

use daicho_common::time::Timestamp;

use super::audit::{self, By};
use super::secrets::{self, Sealed};
use super::seen::Seen;
use super::sql::{Connection, OptionalExtension, Transaction, params};
use super::writer::changed;
use super::{Store, StoreError, Touched};
use crate::people::log::Deed;
use crate::settings::{Kind, Setting, Settings};

const BROKEN: StoreError = StoreError::Row { table: "setting" };

/// A version of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSetting {
    /// Its number; a later version has a larger one.
    pub id: i64,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What it says, as JSON; `None`: it was taken out.
    pub content: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
}

/// A setting to keep.
#[derive(Clone, Debug)]
pub struct NewSetting {
    /// What it says.
    pub setting: Setting,
    /// Secrets that it names and that are set with it, by their names.
    pub secrets: Vec<(String, Sealed)>,
}

impl From<Setting> for NewSetting {
    fn from(setting: Setting) -> Self {
        Self { setting, secrets: Vec::new() }
    }
}

/// What became of a setting that was to be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenOut {
    /// It is gone.
    Gone,
    /// There was none.
    Nothing,
    /// Another version holds than the one that was seen; nothing was done.
    Changed,
    /// Another setting needs it; nothing was done.
    Needed,
}

/// The newest version of a setting: its number, and what it says.
fn newest(
    tx: &Transaction<'_>,
    kind: Kind,
    name: &str,
) -> Result<Option<(i64, Option<String>)>, StoreError> {
    let newest = "SELECT id, content FROM setting WHERE kind = $1 AND name = $2
                  ORDER BY id DESC LIMIT 1";
    let row =
        tx.query_row(newest, params![kind.name(), name], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(row.optional()?)
}

/// Adds a version, with what stood there before in the log.
fn insert(
    tx: &Transaction<'_>,
    (kind, name): (Kind, &str),
    (before, content): (Option<&str>, Option<&str>),
    (by, why): (&By, &str),
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO setting (kind, name, content, said_at, said_by, why)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![kind.name(), name, content, by.at.micros(), by.who, why],
    )?;
    let deed = if content.is_some() { Deed::SettingKept } else { Deed::SettingRemoved };
    let (before, after) = (before.unwrap_or("-"), content.unwrap_or("-"));
    let about = format!("{} {name}: {before} → {after}", kind.name());
    audit::by(tx, by, deed, audit::because(about, why))?;
    changed(tx)
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    let newest = "SELECT coalesce(max(id), 0) FROM setting";
    Ok(connection.prepare_cached(newest)?.query_row([], |row| row.get(0))?)
}

/// The settings as they hold.
fn holding(tx: &Transaction<'_>) -> Result<Settings, StoreError> {
    let mut statement = tx.prepare(
        "SELECT kind, content FROM setting
         WHERE id IN (SELECT max(id) FROM setting GROUP BY kind, name) AND content IS NOT NULL
         ORDER BY kind, name",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: Kind = row.get::<_, String>(0)?.parse().map_err(|()| BROKEN)?;
        let content: String = row.get(1)?;
        all.push(Setting::from_json(kind, &content).map_err(|_| BROKEN)?);
    }
    Ok(all.into_iter().collect())
}

/// Whether what is seen of a setting is what holds of it.
fn is_seen(
    tx: &Transaction<'_>,
    (kind, name): (Kind, &str),
    seen: Seen,
) -> Result<bool, StoreError> {
    let newest = newest(tx, kind, name)?;
    Ok(seen.is(newest.map(|(id, content)| (id, content.is_some()))))
}

/// Keeps settings with their secrets; what says the same already and has no new secret changes nothing. A
/// new secret makes a new version, so that who saw the former does not set it again unseen.
fn keep(
    tx: &Transaction<'_>,
    settings: &[NewSetting],
    because: (&By, &str),
) -> Result<Touched, StoreError> {
    let mut touched = Touched::default();
    for NewSetting { setting, secrets: sealed } in settings {
        let what = (setting.kind(), setting.name());
        for (name, sealed) in sealed {
            secrets::set(tx, (name, sealed), because.0)?;
        }
        let content = setting.to_json().map_err(|_| BROKEN)?;
        let before = newest(tx, what.0, what.1)?.and_then(|(_, content)| content);
        if sealed.is_empty() && before.as_ref() == Some(&content) {
            touched.unchanged += 1;
            continue;
        }
        insert(tx, what, (before.as_deref(), Some(&content)), because)?;
        if before.is_some() {
            touched.replaced += 1;
        } else {
            touched.new += 1;
        }
    }
    Ok(touched)
}

impl Store {
    /// The number of the latest change of the settings, whichever process made it; 0 before there is one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn settings_version(&self) -> Result<i64, StoreError> {
        version(&self.read())
    }

    /// The settings as they hold, and the number of the latest change.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn settings(&self) -> Result<(i64, Settings), StoreError> {
        let connection = self.read();
        let tx = connection.transaction()?;
        Ok((version(&tx)?, holding(&tx)?))
    }

    /// Keeps settings with their secrets, all or none. Where something else holds of one than what its
    /// author saw, nothing is kept and `None` is returned.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_settings(
        &self,
        settings: Vec<NewSetting>,
        seen: Seen,
        (by, why): (By, String),
    ) -> Result<Option<Touched>, StoreError> {
        self.writer.write(move |tx| {
            for NewSetting { setting, .. } in &settings {
                if !is_seen(tx, (setting.kind(), setting.name()), seen)? {
                    return Ok(None);
                }
            }
            keep(tx, &settings, (&by, &why)).map(Some)
        })
    }

    /// Takes a setting out with its secrets, if what was seen of it still holds and no other setting needs
    /// it. Its versions stay as history, in which there are no secrets.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn take_out_setting(
        &self,
        (kind, name): (Kind, String),
        seen: Seen,
        (by, why): (By, String),
    ) -> Result<TakenOut, StoreError> {
        self.writer.write(move |tx| {
            if !is_seen(tx, (kind, &name), seen)? {
                return Ok(TakenOut::Changed);
            }
            if holding(tx)?.needs(kind, &name) {
                return Ok(TakenOut::Needed);
            }
            let before = newest(tx, kind, &name)?.and_then(|(_, content)| content);
            if before.is_some() {
                insert(tx, (kind, &name), (before.as_deref(), None), (&by, &why))?;
            }
            for secret in kind.secrets(&name) {
                secrets::remove(tx, &secret, &by)?;
            }
            Ok(if before.is_some() { TakenOut::Gone } else { TakenOut::Nothing })
        })
    }

    /// Every version of every setting, or of those of one kind and name, the latest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn setting_history(
        &self,
        one: Option<(Kind, &str)>,
    ) -> Result<Vec<KeptSetting>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare(
            "SELECT id, kind, name, content, said_at, said_by, why FROM setting
             WHERE (kind = $1 AND name = $2) OR $1 IS NULL ORDER BY id DESC",
        )?;
        let (kind, name) = (one.map(|(kind, _)| kind.name()), one.map(|(_, name)| name));
        let mut rows = statement.query(params![kind, name])?;
        let mut versions = Vec::new();
        while let Some(row) = rows.next()? {
            versions.push(KeptSetting {
                id: row.get(0)?,
                kind: row.get::<_, String>(1)?.parse().map_err(|()| BROKEN)?,
                name: row.get(2)?,
                content: row.get(3)?,
                at: Timestamp::from_micros(row.get(4)?),
                by: row.get(5)?,
                why: row.get(6)?,
            });
        }
        Ok(versions)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fresh::store;
    use super::*;
    use crate::settings::{General, Network};

    fn by(second: i64) -> (By, String) {
        let at = Timestamp::from_micros(second * 1_000_000);
        (By::here("田中".into(), at), "移設".into())
    }

    fn ward(cidr: &str) -> Setting {
        Setting::Network(Network::named("3F", cidr))
    }

    #[test]
    fn every_version_of_a_setting_is_kept_with_who_when_and_why_and_stands_in_the_log() {
        let (_folder, store) = store();
        assert_eq!(store.settings().unwrap(), (0, Settings::default()));
        let keep = |setting, seen: Option<i64>, second| {
            let seen = seen.map_or(Seen::Any, Seen::Version);
            store.keep_settings(vec![NewSetting::from(setting)], seen, by(second)).unwrap()
        };
        let revision = store.revision().unwrap();
        assert_eq!(keep(ward("10.20.0.0/24"), Some(0), 1).unwrap().new, 1);
        assert!(store.revision().unwrap() > revision, "pictures are made anew");
        let (version, _) = store.settings().unwrap();
        assert_eq!(keep(ward("10.20.0.0/24"), Some(version), 2).unwrap().unchanged, 1);
        assert_eq!(keep(ward("10.20.1.0/24"), Some(version), 3).unwrap().replaced, 1);
        assert_eq!(keep(ward("10.20.2.0/24"), Some(version), 4), None, "somebody was quicker");
        let general = General { retention_days: Some(400), ..General::default() };
        assert_eq!(keep(Setting::General(general.clone()), None, 5).unwrap().new, 1);
        let (_, settings) = store.settings().unwrap();
        assert_eq!(
            (settings.networks[0].cidr.as_str(), &settings.general),
            ("10.20.1.0/24", &general)
        );
        let ward = (Kind::Network, "3F".to_owned());
        let gone = || store.take_out_setting(ward.clone(), Seen::Any, by(6)).unwrap();
        assert_eq!([gone(), gone()], [TakenOut::Gone, TakenOut::Nothing]);
        assert!(store.settings().unwrap().1.networks.is_empty());
        let history = store.setting_history(Some((Kind::Network, "3F"))).unwrap();
        let said: Vec<bool> = history.iter().map(|one| one.content.is_some()).collect();
        assert_eq!(
            (said, store.setting_history(None).unwrap().len()),
            (vec![false, true, true], 4)
        );
        assert_eq!((history[0].by.as_str(), history[0].why.as_str()), ("田中", "移設"));
        let log = store.log_rows(u64::MAX, 10).unwrap();
        let moved =
            "10.20.0.0/24\",\"policy\":\"gentle\"} → {\"name\":\"3F\",\"cidr\":\"10.20.1.0/24\"";
        assert!(log.iter().any(|row| row.about.contains(moved)), "{log:#?}");
        assert!(store.verify_log(None).unwrap().is_ok());
    }
}
