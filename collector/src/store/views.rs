//! Views of lists that people saved: what was asked for, under a name.

use super::audit::{self, By};
use super::sql::{Transaction, params};
use super::{Store, StoreError};
use crate::people::log::Deed;

/// A view to keep.
#[derive(Clone, Debug)]
pub struct NewView {
    /// The number of the account whose it is.
    pub account: i64,
    /// What it is called; one of the same name and account is replaced.
    pub name: String,
    /// What is asked for, as it stands in addresses.
    pub query: String,
    /// Whether everybody sees it who reads the whole.
    pub shared: bool,
}

/// A view as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its number.
    pub id: i64,
    /// The number of the account whose it is.
    pub account: i64,
    /// What it is called.
    pub name: String,
    /// What is asked for.
    pub query: String,
    /// Whether it is shared.
    pub shared: bool,
}

impl Store {
    /// The views of an account, and with `shared` those that others share, by name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn views(&self, account: i64, shared: bool) -> Result<Vec<SavedView>, StoreError> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(
            "SELECT id, account, name, query, shared FROM saved_view
             WHERE account = $1 OR (shared = 1 AND $2 = 1) ORDER BY name, id",
        )?;
        let mut rows = statement.query(params![account, i64::from(shared)])?;
        let mut views = Vec::new();
        while let Some(row) = rows.next()? {
            views.push(SavedView {
                id: row.get(0)?,
                account: row.get(1)?,
                name: row.get(2)?,
                query: row.get(3)?,
                shared: row.get::<_, i64>(4)? == 1,
            });
        }
        Ok(views)
    }

    /// Keeps a view. Returns whether it was kept: nobody has more than `most`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_view(&self, new: NewView, most: usize, by: By) -> Result<bool, StoreError> {
        self.writer.write(move |tx| keep(tx, &new, most, &by))
    }

    /// Removes a view of this account, or with `any` one that somebody shared. Returns whether there was
    /// one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remove_view(
        &self,
        id: i64,
        (account, any): (i64, bool),
        by: By,
    ) -> Result<bool, StoreError> {
        self.writer.write(move |tx| {
            let done = tx.execute(
                "DELETE FROM saved_view WHERE id = $1 AND (account = $2 OR (shared = 1 AND $3 = 1))",
                params![id, account, i64::from(any)],
            )?;
            if done > 0 {
                audit::by(tx, &by, Deed::ViewRemoved, id.to_string())?;
            }
            Ok(done > 0)
        })
    }
}

fn keep(tx: &Transaction<'_>, new: &NewView, most: usize, by: &By) -> Result<bool, StoreError> {
    tx.execute(
        "DELETE FROM saved_view WHERE account = $1 AND name = $2",
        params![new.account, new.name],
    )?;
    let count = "SELECT count(*) FROM saved_view WHERE account = $1";
    let count: i64 = tx.query_row(count, params![new.account], |row| row.get(0))?;
    if count >= i64::try_from(most).unwrap_or(i64::MAX) {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO saved_view (account, name, query, shared, said_at)
         VALUES ($1, $2, $3, $4, $5)",
        params![new.account, new.name, new.query, i64::from(new.shared), by.at.micros()],
    )?;
    let shared = if new.shared { " (shared)" } else { "" };
    audit::by(tx, by, Deed::ViewKept, format!("{}{shared}: {}", new.name, new.query))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Role;
    use crate::store::NewAccount;
    use daicho_common::time::Timestamp;

    #[test]
    fn a_view_is_its_owners_until_it_is_shared() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("d.db")).unwrap();
        let by = || By::here("test".into(), Timestamp::from_micros(1));
        let account = |name: &str| {
            let new = NewAccount {
                name: name.into(),
                called: String::new(),
                role: Role::Operator,
                party: None,
                password: None,
            };
            store.add_account(new, false, by()).unwrap()
        };
        let (a, b) = (account("a"), account("b"));
        let keep = |account, name: &str, shared| {
            let new = NewView { account, name: name.into(), query: "q=x".into(), shared };
            store.keep_view(new, 2, by()).unwrap()
        };
        let names = |account, shared| -> Vec<String> {
            store.views(account, shared).unwrap().into_iter().map(|view| view.name).collect()
        };
        assert!(keep(a, "mine", false) && keep(a, "ours", true));
        assert!(keep(a, "ours", true), "one of the same name is replaced");
        assert!(!keep(a, "one too many", false));
        assert_eq!((names(a, true).len(), names(b, true)), (2, vec!["ours".to_owned()]));
        assert!(names(b, false).is_empty(), "who sees a portion sees nothing that others share");
        let id = |name: &str| {
            store.views(a, false).unwrap().into_iter().find(|view| view.name == name).unwrap().id
        };
        assert!(!store.remove_view(id("ours"), (b, false), by()).unwrap());
        assert!(!store.remove_view(id("mine"), (b, true), by()).unwrap(), "it is not shared");
        assert!(store.remove_view(id("ours"), (b, true), by()).unwrap());
        assert!(store.remove_view(id("mine"), (a, false), by()).unwrap());
    }
}
