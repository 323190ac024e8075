//! By what a collector knows this agent: its key for TLS, which never leaves the state directory, its
//! certificate, and the collector's CA, by which the agent knows the collector. All of it is one file
//! that is replaced whole, so that a key and its certificate always belong together.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::{Admission, Renewal};
use daicho_common::time::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde::{Deserialize, Serialize};

use crate::export::Collector;
use crate::key::make_private_directory;
use crate::spool;

mod enrol;
/// The first word with a collector that is known by a code only.
mod first;

pub use enrol::enrol;

/// Name of the file in the state directory.
const FILE: &str = "enrolment.json";

/// What this agent is known by, and to whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The collector, `host:port`.
    pub collector: String,
    /// The agent's name, as the collector gave it.
    pub agent: String,
    /// The collector's CA, in PEM.
    pub ca: String,
    /// The agent's certificate, in PEM.
    pub certificate: String,
    /// The private key of that certificate, in PEM.
    pub key: String,
    /// When the certificate was made, by the collector's clock.
    pub from: Timestamp,
    /// Until when it holds, by the collector's clock.
    pub until: Timestamp,
}

impl std::fmt::Debug for Identity {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({} at {})", self.agent, self.collector)
    }
}

impl Identity {
    /// What the state directory holds; `None` if the agent is not enrolled.
    ///
    /// # Errors
    /// [`Exit::Integrity`] if the file cannot be read as what it is.
    pub fn load(state: &Path) -> Result<Option<Self>, Complaint> {
        let file = state.join(FILE);
        let octets = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| unusable(&file, &error))?,
        };
        serde_json::from_slice(&octets).map(Some).map_err(|error| {
            let shown = file.display();
            Complaint::new(
                Exit::Integrity,
                format!(
                    "登録情報 {shown} が壊れています（{error}）。新しい登録コードで `daicho-agent enrol` をやり直してください"
                ),
                format!(
                    "the enrolment {shown} is damaged ({error}); run `daicho-agent enrol` again with a new code"
                ),
            )
        })
    }

    /// Puts it in the place of the former one, whole or not at all.
    ///
    /// # Errors
    /// [`Exit::Privilege`] with what the system said.
    pub fn save(&self, state: &Path) -> Result<(), Complaint> {
        let file = state.join(FILE);
        let done = serde_json::to_vec_pretty(self).map_err(io::Error::other);
        done.and_then(|octets| write_private(state, &file, &octets))
            .map_err(|error| unusable(&file, &error))
    }

    /// The URL of the collector's door.
    pub fn url(&self) -> String {
        format!("https://{}", self.collector)
    }

    /// Gets the next certificate, with a key of its own, and keeps it.
    ///
    /// # Errors
    /// What the collector or the system said; the present one stays in use then.
    pub fn renew(&self, collector: &Collector, state: &Path) -> Result<Self, Complaint> {
        let (key, request) = request()?;
        let renewal = Renewal { request };
        let admission: Admission = collector.post("renew", &renewal, Duration::from_secs(30))?;
        let next = Self { agent: self.agent.clone(), ..admitted(&self.collector, key, admission) };
        next.save(state)?;
        Ok(next)
    }
}

fn admitted(collector: &str, key: String, admission: Admission) -> Identity {
    let Admission { agent, certificate, ca, from, until } = admission;
    Identity { collector: collector.to_owned(), agent, ca, certificate, key, from, until }
}

/// A new key and a request for its certificate, both in PEM.
fn request() -> Result<(String, String), Complaint> {
    let made = (|| {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let request = CertificateParams::new(Vec::new())?.serialize_request(&key)?.pem()?;
        Ok((key.serialize_pem(), request))
    })();
    made.map_err(|error: rcgen::Error| {
        Complaint::new(
            Exit::Other,
            format!("鍵を作れません（{error}）。システムを再起動してください"),
            format!("no key can be made ({error}); restart the system"),
        )
    })
}

/// Writes a file that only its owner can read.
fn write_private(folder: &Path, file: &Path, octets: &[u8]) -> io::Result<()> {
    make_private_directory(folder)?;
    let part: PathBuf = file.with_extension("part");
    // What a program that died left there may be readable by others.
    let _ = fs::remove_file(&part);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&part)?;
    written.write_all(octets)?;
    written.sync_all()?;
    fs::rename(&part, file)?;
    spool::sync(folder)
}

fn unusable(file: &Path, error: &io::Error) -> Complaint {
    let shown = file.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "{shown} が使えません（{error}）。--state の場所、権限、空き容量を確かめてください"
        ),
        format!(
            "{shown} cannot be used ({error}); check the place of --state, its permission and the free space"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_comes_back_as_it_was_kept_and_is_the_owners_alone() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(Identity::load(state.path()).unwrap(), None);
        let (key, _) = request().unwrap();
        let at = Timestamp::from_micros(1);
        let identity = Identity {
            collector: "10.20.0.5:8471".into(),
            agent: "3F".into(),
            ca: "ca".into(),
            certificate: "own".into(),
            key,
            from: at,
            until: at,
        };
        identity.save(state.path()).unwrap();
        assert_eq!(Identity::load(state.path()).unwrap(), Some(identity.clone()));
        assert!(!format!("{identity:?}").contains("PRIVATE"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(state.path().join(FILE), b"{").unwrap();
        assert_eq!(Identity::load(state.path()).unwrap_err().exit, Exit::Integrity);
    }
}
