//! A file of sealed batches. It is written under another name and renamed when it is whole, so that
//! nobody ever reads half of it.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};

use super::folder;

/// A file that is being written; dropped without [`Output::finish`] it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    file: File,
    part: PathBuf,
    path: PathBuf,
    finished: bool,
}

impl Output {
    /// Begins to write what will be `path`, next to it, as `path.part`. Two programs cannot write
    /// the same file.
    ///
    /// # Errors
    /// [`Exit::Busy`] if another program writes it, [`Exit::Other`] if it cannot be made,
    /// [`Exit::Privilege`] if it can only be made with privileges that are given up.
    pub fn create(path: &Path) -> Result<Self, Complaint> {
        let mut name: OsString = path.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        if path.is_dir() {
            return Err(failed(path, &io::ErrorKind::IsADirectory.into()));
        }
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(|error| failed(path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy(path)),
            Err(TryLockError::Error(error)) => return Err(failed(path, &error)),
        }
        // What a program that died left there.
        file.set_len(0).map_err(|error| failed(path, &error))?;
        let output = Self { file, part, path: path.to_owned(), finished: false };
        // It is to be renamed when no privilege is left; if it could not be, it goes away again now.
        folder::check(path).map(|()| output)
    }

    /// Appends octets.
    ///
    /// # Errors
    /// [`Exit::Other`] with the file and what the system said.
    pub fn write(&mut self, octets: &[u8]) -> Result<(), Complaint> {
        self.file.write_all(octets).map_err(|error| failed(&self.path, &error))
    }

    /// Gives the file its name, and returns it.
    ///
    /// # Errors
    /// [`Exit::Other`] with the file and what the system said.
    pub fn finish(mut self) -> Result<PathBuf, Complaint> {
        self.file
            .sync_all()
            .and_then(|()| fs::rename(&self.part, &self.path))
            .map_err(|error| failed(&self.path, &error))?;
        self.finished = true;
        Ok(self.path.clone())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing can be done about a failure here; the next scan overwrites what is left.
            let _ = fs::remove_file(&self.part);
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!(
            "結果を {} に書けません（{error}）。ディレクトリ、権限、空き容量を確かめ、-o を指定し直してください",
            path.display()
        ),
        format!(
            "the result cannot be written to {} ({error}); check the directory, the permission and the free space, and name another file with -o",
            path.display()
        ),
    )
}

fn busy(path: &Path) -> Complaint {
    Complaint::new(
        Exit::Busy,
        format!(
            "{} は別の走査が書いています。終わるのを待つか、-o で別のファイルを指定してください",
            path.display()
        ),
        format!(
            "another scan is writing {}; wait for its end or name another file with -o",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_appears_only_when_it_is_whole() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("scan.daicho");
        fs::write(&path, b"older").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"older");
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_scan_that_fails_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("scan.daicho");
        Output::create(&path).unwrap().write(b"half").unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_scans_do_not_write_the_same_file() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("scan.daicho");
        let first = Output::create(&path).unwrap();
        assert_eq!(Output::create(&path).unwrap_err().exit, Exit::Busy);
        first.finish().unwrap();
        assert!(path.exists());
    }

    #[test]
    fn what_a_dead_scan_left_is_not_part_of_the_next() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("scan.daicho");
        fs::write(place.path().join("scan.daicho.part"), b"left by a dead scan").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.write(b"new").unwrap();
        assert_eq!(fs::read(output.finish().unwrap()).unwrap(), b"new");
    }
}
