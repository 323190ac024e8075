//! Keeps from one scan to the next what targets of SNMP showed of themselves: a file in the state
//! directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daicho_common::time::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use crate::probe::snmp::{Kept, Memory};

/// Name of the file in the state directory.
const FILE: &str = "snmp-memory";
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The file.
#[derive(Clone, Debug)]
pub struct Recall {
    path: PathBuf,
}

impl Recall {
    /// The one of this state directory.
    pub fn of(state: &Path) -> Self {
        Self { path: state.join(FILE) }
    }

    /// What is remembered at this time. A file that is damaged begins anew; none if the system has no
    /// random numbers, and nothing is remembered then.
    pub(super) fn read(&self, now: Timestamp) -> Option<Arc<Memory>> {
        let kept = self.kept().or_else(|| {
            let mut salt = [0; 16];
            SystemRandom::new().fill(&mut salt).ok()?;
            Some(Kept::anew(u128::from_be_bytes(salt)))
        });
        Some(Arc::new(Memory::of(kept?, now.micros().div_euclid(DAY))))
    }

    fn kept(&self) -> Option<Kept> {
        let octets = fs::read(&self.path).ok()?;
        let read = serde_json::from_slice(&octets);
        read.inspect_err(|error| {
            tracing::warn!(file = %self.path.display(), %error, "what SNMP targets showed begins anew");
        })
        .ok()
    }

    /// Writes it, whole or not at all, with what another scan wrote meanwhile. A scan is none the worse
    /// without, and says so in the log.
    pub(super) fn keep(&self, memory: &Memory) {
        if let Err(error) = self.write(memory) {
            tracing::warn!(file = %self.path.display(), %error, "what SNMP targets showed is not kept");
        }
    }

    fn write(&self, memory: &Memory) -> io::Result<()> {
        let Some(kept) = memory.kept(self.kept()) else { return Ok(()) };
        let part = self.path.with_extension("part");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file: File = options.open(&part)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        file.sync_all()?;
        fs::rename(part, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_a_damaged_file_begins_anew() {
        let state = tempfile::tempdir().unwrap();
        let recall = Recall::of(state.path());
        let now = Timestamp::from_micros(20_000 * DAY + 7);
        let target = "10.20.0.1:161".parse().unwrap();
        let memory = recall.read(now).unwrap();
        recall.keep(&memory);
        assert!(!state.path().join(FILE).exists(), "nothing was shown");
        memory.was_overwhelmed(target);
        // Another scan writes its own at the same time.
        let other = Memory::of(memory.kept(None).unwrap(), 20_000);
        other.was_overwhelmed("10.20.0.2:161".parse().unwrap());
        recall.keep(&other);
        recall.keep(&memory);
        let read = recall.read(now).unwrap();
        assert!(read.is_overwhelmed(target));
        assert!(read.is_overwhelmed("10.20.0.2:161".parse().unwrap()), "of the other scan");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(state.path().join(FILE), "{").unwrap();
        assert!(!recall.read(now).unwrap().is_overwhelmed(target));
    }
}
