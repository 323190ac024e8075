//! Sealed batches that could not be delivered, one a file in the state directory, until
//! `daicho-agent send` delivers them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use daicho_common::batch::Header;

use crate::key::make_private_directory;

/// Most octets kept in all: 1 GiB. What would go beyond it is refused, and the user is told.
const MOST: u64 = 1 << 30;

/// The spool of a state directory.
#[derive(Clone, Debug)]
pub struct Spool {
    directory: PathBuf,
}

impl Spool {
    /// The spool of this state directory; it is made when something is put in.
    pub fn of(state: &Path) -> Self {
        Self { directory: state.join("spool") }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Keeps a sealed batch, whole or not at all, and returns its file.
    ///
    /// # Errors
    /// As the system said; [`io::ErrorKind::QuotaExceeded`] if the spool is full.
    pub fn keep(&self, header: &Header, sealed: &[u8]) -> io::Result<PathBuf> {
        make_private_directory(&self.directory)?;
        let used: u64 =
            self.files()?.iter().filter_map(|file| fs::metadata(file).ok()).map(|m| m.len()).sum();
        if used.saturating_add(sealed.len() as u64) > MOST {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the spool is full"));
        }
        let name = format!("{:020}-{:06}", header.from.micros(), header.sequence);
        let part = self.directory.join(format!("{name}.part"));
        let mut file = File::create(&part)?;
        file.write_all(sealed)?;
        file.sync_all()?;
        let kept = self.directory.join(format!("{name}.daicho"));
        fs::rename(part, &kept)?;
        Ok(kept)
    }

    /// The files kept, oldest first.
    ///
    /// # Errors
    /// As the system said; no spool is an empty one.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let rows = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            rows => rows?,
        };
        let mut files = rows.map(|row| Ok(row?.path())).collect::<io::Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|end| end == "daicho"));
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use daicho_common::time::Timestamp;

    use super::*;

    fn header(from: i64, sequence: u32) -> Header {
        let at = Timestamp::from_micros(from);
        Header {
            agent: "a".to_owned(),
            scan: "a".to_owned(),
            sequence,
            last: false,
            from: at,
            to: at,
            software: String::new(),
        }
    }

    #[test]
    fn what_is_kept_comes_out_oldest_first_and_nothing_half_written_does() {
        let state = tempfile::tempdir().unwrap();
        let spool = Spool::of(state.path());
        assert_eq!(spool.files().unwrap(), Vec::<PathBuf>::new());
        for (from, sequence) in [(900, 1), (1_700_000_000_000_000, 2), (900, 2)] {
            spool.keep(&header(from, sequence), &sequence.to_be_bytes()).unwrap();
        }
        fs::write(spool.directory().join("x.part"), b"half").unwrap();
        let kept: Vec<_> =
            spool.files().unwrap().iter().map(|file| fs::read(file).unwrap()[3]).collect();
        assert_eq!(kept, [1, 2, 2]);
    }

    #[test]
    fn a_full_spool_takes_nothing_more() {
        let state = tempfile::tempdir().unwrap();
        let spool = Spool::of(state.path());
        spool.keep(&header(1, 1), b"x").unwrap();
        let file = File::options().write(true).open(&spool.files().unwrap()[0]).unwrap();
        file.set_len(MOST).unwrap();
        let refused = spool.keep(&header(2, 1), b"x").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(spool.files().unwrap().len(), 1);
    }
}
