//! Where a database is.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::server::Server;
use super::sql::{Connection, Purpose, Result};

/// Where a database is: a file, or a server. With a server, too, there are files that belong to one
/// collector (its keys, batches that it could not read), and they stand beside where the file would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: PathBuf,
    server: Option<Arc<Server>>,
}

impl Place {
    /// A database on a server; what belongs to this collector stands beside `file`.
    pub fn on(server: Server, file: PathBuf) -> Self {
        Self { file, server: Some(Arc::new(server)) }
    }

    /// The server, if it is on one.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_deref()
    }

    /// Whether there is a database. On a server there is one; what is in it, only the server knows.
    pub fn exists(&self) -> bool {
        self.server.is_some() || self.file.exists()
    }

    pub(super) fn connection(&self, purpose: Purpose) -> Result<Connection> {
        match &self.server {
            Some(server) => Connection::server(server, purpose),
            None => Connection::file(&self.file, purpose),
        }
    }
}

impl Deref for Place {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.file
    }
}

impl From<PathBuf> for Place {
    fn from(file: PathBuf) -> Self {
        Self { file, server: None }
    }
}

impl From<&PathBuf> for Place {
    fn from(file: &PathBuf) -> Self {
        file.clone().into()
    }
}

impl From<&Path> for Place {
    fn from(file: &Path) -> Self {
        file.to_owned().into()
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Some(server) => f.write_str(&server.name()),
            None => self.file.display().fmt(f),
        }
    }
}

impl AsRef<Path> for Place {
    fn as_ref(&self) -> &Path {
        &self.file
    }
}
