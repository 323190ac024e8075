//! Files that only their owner may read: keys, copies of the database, and the database itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use daicho_common::complaint::{Complaint, Exit};

/// Makes an empty file that only its owner may read, in the place of any other.
///
/// # Errors
/// What the system said.
pub(crate) fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// Writes a file that is written once. Of two programs that do so at once the first wins, and both go
/// on with what it wrote: the file gets its name only when it is whole, and only if the name is free.
///
/// # Errors
/// What the system said.
pub(crate) fn write_once(file: &Path, octets: &[u8]) -> io::Result<()> {
    static DRAFTS: AtomicU32 = AtomicU32::new(0);
    // Threads of one program may write at once, too.
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}-{number}", std::process::id()));
    let draft = PathBuf::from(draft);
    let mut written = create(&draft)?;
    written.write_all(octets)?;
    written.sync_all()?;
    let named = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match named {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Refuses a key that others can read; `called` is what it is, in Japanese and in English.
///
/// # Errors
/// [`Exit::Privilege`] if others can read it; what the system said if it cannot be asked.
#[cfg(unix)]
pub(crate) fn check(file: &Path, called: (&str, &str)) -> io::Result<Result<(), Complaint>> {
    use std::os::unix::fs::PermissionsExt;

    // The six bits of others are the lowest.
    if fs::metadata(file)?.permissions().mode().trailing_zeros() >= 6 {
        return Ok(Ok(()));
    }
    let (shown, (ja, en)) = (file.display(), called);
    Ok(Err(Complaint::new(
        Exit::Privilege,
        format!(
            "{ja} {shown} を他の利用者が読めます。`chmod 600 {shown}` で所有者だけに制限してください"
        ),
        format!(
            "other users can read {en} {shown}: restrict it to its owner by `chmod 600 {shown}`"
        ),
    )))
}

/// Elsewhere permissions are lists, which are not read.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn check(_: &Path, _: (&str, &str)) -> io::Result<Result<(), Complaint>> {
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_once_stays_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        write_once(&file, b"first").unwrap();
        write_once(&file, b"second").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn many_threads_that_write_it_at_once_all_find_what_one_of_them_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let gate = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 0..8_u8 {
                let (file, gate) = (&file, &gate);
                scope.spawn(move || {
                    gate.wait();
                    write_once(file, &[number; 4096]).unwrap();
                    let found = fs::read(file).unwrap();
                    assert_eq!(found, [found[0]; 4096]);
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused_with_what_to_do() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        write_once(&file, b"key").unwrap();
        check(&file, ("鍵", "the key")).unwrap().unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = check(&file, ("鍵", "the key")).unwrap().unwrap_err();
        assert_eq!(refused.exit, Exit::Privilege);
        assert!(refused.en.contains("chmod 600"), "{refused}");
    }
}
