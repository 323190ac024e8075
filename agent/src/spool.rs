//! Sealed batches that could not be delivered, one a file in the state directory, until somebody
//! delivers them. It holds a bounded number of octets; when it is full the oldest batches are folded:
//! what was looked at and sent stays, what was learned goes, and the batch says how much.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use daicho_common::batch::{self, MAX_PROLOGUE, Mark};
use ring::signature::Ed25519KeyPair;

use crate::key::make_private_directory;

/// What is left of a batch when there is no room for it.
mod fold;

/// Most octets kept in all, where the configuration says nothing else: 1 GiB.
pub const MOST: u64 = 1 << 30;
/// What a file costs at least: a block.
const BLOCK: u64 = 4096;
/// Octets kept free for folding when the disk is full.
const RESERVE: usize = 64 << 10;
/// The spool of a state directory.
#[derive(Clone, Debug)]
pub struct Spool {
    directory: PathBuf,
    most: u64,
}

/// A batch was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its file.
    pub file: PathBuf,
    /// How many older batches were folded to make room.
    pub folded: u32,
}

impl Spool {
    /// The spool of this state directory, with room for `most` octets; it is made when something is
    /// put in.
    pub fn of(state: &Path, most: u64) -> Self {
        Self { directory: state.join("spool"), most }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Keeps a sealed batch, whole or not at all. Where there is no room the oldest are folded, which
    /// takes the key that signed them.
    ///
    /// # Errors
    /// As the system said; [`io::ErrorKind::QuotaExceeded`] if folding everything makes no room.
    pub fn keep(&self, mark: Mark, sealed: &[u8], key: &Ed25519KeyPair) -> io::Result<Kept> {
        make_private_directory(&self.directory)?;
        let file = self.directory.join(format!("{:020}-{:016x}.daicho", mark.number, mark.stream));
        let mut folded = 0;
        while self.used()?.saturating_add(cost(sealed.len())) > self.most {
            if !self.fold_oldest(key)? {
                return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the spool is full"));
            }
            folded += 1;
        }
        self.reserve();
        loop {
            match self.write(&file, sealed) {
                Ok(()) => return Ok(Kept { file, folded }),
                Err(error) if is_full(&error) && self.fold_oldest(key)? => folded += 1,
                Err(error) => return Err(error),
            }
        }
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

    /// The marks of the files kept, by their names.
    ///
    /// # Errors
    /// As [`Spool::files`].
    pub fn marks(&self) -> io::Result<Vec<Mark>> {
        Ok(self.files()?.iter().filter_map(|file| named(file)).collect())
    }

    /// Puts a file that is no batch, or none of ours, out of the way; returns where it is now.
    ///
    /// # Errors
    /// As the system said.
    pub fn set_aside(&self, file: &Path) -> io::Result<PathBuf> {
        let aside = file.with_extension("damaged");
        fs::rename(file, &aside)?;
        Ok(aside)
    }

    fn used(&self) -> io::Result<u64> {
        let files = self.files()?;
        let sizes = files.iter().filter_map(|file| fs::metadata(file).ok());
        Ok(sizes.map(|of| of.len().next_multiple_of(BLOCK)).sum())
    }

    /// Folds the oldest batch that has something to fold; returns whether there was one.
    fn fold_oldest(&self, key: &Ed25519KeyPair) -> io::Result<bool> {
        for file in self.files()? {
            if !may_fold(&file) {
                continue;
            }
            let Some(folded) = fold::fold(&fs::read(&file)?, key) else { continue };
            let _ = fs::remove_file(self.reserved());
            // Over the former one: whoever looks finds either.
            self.write(&file, &folded)?;
            self.reserve();
            tracing::warn!(file = %file.display(), "folded: there is no room for what it held");
            return Ok(true);
        }
        Ok(false)
    }

    /// Gives a file its name when it is on the disk, and sees to it that the name is too.
    fn write(&self, file: &Path, octets: &[u8]) -> io::Result<()> {
        let part = file.with_extension("part");
        let done = (|| {
            let mut written = File::create(&part)?;
            written.write_all(octets)?;
            written.sync_all()?;
            fs::rename(&part, file)?;
            sync(&self.directory)
        })();
        if done.is_err() {
            // What is left of it takes room; if it cannot be removed, the next one overwrites it.
            let _ = fs::remove_file(&part);
        }
        done
    }

    /// The file beside the spool that keeps some room.
    fn reserved(&self) -> PathBuf {
        self.directory.with_extension("reserve")
    }

    /// Keeps some room free. Without it folding may fail on a full disk, and nothing else.
    fn reserve(&self) {
        let file = self.reserved();
        if !file.exists() && fs::write(&file, vec![1; RESERVE]).is_err() {
            let _ = fs::remove_file(&file);
        }
    }
}

/// Sees to it that the names in a directory are on the disk.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

fn cost(octets: usize) -> u64 {
    (octets as u64).next_multiple_of(BLOCK)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The mark that a file's name says.
fn named(file: &Path) -> Option<Mark> {
    let (number, stream) = file.file_stem()?.to_str()?.split_once('-')?;
    if stream.len() != 16 {
        return None;
    }
    let stream = u64::from_str_radix(stream, 16).ok()?;
    Some(Mark { stream, number: number.parse().ok()?, dropped: 0 })
}

/// Whether a file may hold a batch that was not folded to the last: a small one is not worth it.
fn may_fold(file: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|it| it.take(MAX_PROLOGUE as u64).read_to_end(&mut head));
    let large = fs::metadata(file).is_ok_and(|of| of.len() > BLOCK);
    read.is_ok() && large && head.starts_with(&batch::MAGIC)
}

#[cfg(test)]
mod tests;
