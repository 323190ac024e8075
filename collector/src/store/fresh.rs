//! An empty store for a test: in a file of its own or, where `DAICHO_TEST_STORE` names a PostgreSQL
//! database, in a schema of its own there. `cargo verify` runs the tests of the store both ways.

use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::{Place, Server, Store};

/// The store, and the folder in which its file is or would be.
pub(crate) fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("daicho.db");
    let url = std::env::var("DAICHO_TEST_STORE").ok().filter(|url| !url.is_empty());
    let place = match url {
        Some(url) => Place::on(Server::parse(&schema(&url), None, None).unwrap(), file),
        None => file.into(),
    };
    let store = Store::open(place).unwrap();
    (folder, store)
}

/// The URL of a schema that was not there before.
fn schema(url: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("trial_{}_{number}", std::process::id());
    let mut client = Client::connect(url, NoTls).unwrap();
    client
        .batch_execute(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"))
        .unwrap();
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}options=-csearch_path%3D{name}")
}
