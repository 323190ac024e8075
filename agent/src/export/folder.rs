//! Whether a file can be made, or replaced, by the user alone. Root that gave up its capabilities may
//! write where it owns or is let, and nowhere else; that is better known before a scan than after.

use std::io;
use std::path::Path;

use daicho_common::complaint::{Complaint, Exit};

use crate::net::privilege;

/// Whether a file of this name can be made, or replaced, without any privilege. A folder that is not
/// there yet can be made if its parent is one to write to.
///
/// # Errors
/// [`Exit::Privilege`] if not.
pub(crate) fn check(file: &Path) -> Result<(), Complaint> {
    let bare = privilege::without(|| nearest(file));
    bare.map_err(|error| (file, error)).flatten().map_err(|(folder, error)| refused(folder, &error))
}

/// Whether the nearest folder that is there can be written to; if not, which, and why.
fn nearest(file: &Path) -> Result<(), (&Path, io::Error)> {
    let named = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut folder = named.unwrap_or(Path::new("."));
    while let (Err(error), Some(parent)) = (folder.metadata(), folder.parent())
        && error.kind() == io::ErrorKind::NotFound
        && !parent.as_os_str().is_empty()
    {
        folder = parent;
    }
    may_write(folder, file).map_err(|error| (folder, error))
}

#[cfg(unix)]
fn may_write(folder: &Path, file: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    use nix::unistd::{AccessFlags, access, geteuid};

    /// Only the owner of a file, or of the folder, may replace it (inode(7), `S_ISVTX`).
    const STICKY: u32 = 0o1000;

    access(folder, AccessFlags::W_OK | AccessFlags::X_OK)?;
    let of = folder.metadata()?;
    let own = geteuid().as_raw();
    match file.symlink_metadata() {
        Ok(there) if of.mode() & STICKY != 0 && ![of.uid(), there.uid()].contains(&own) => {
            Err(io::ErrorKind::PermissionDenied.into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(not(unix))]
fn may_write(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

fn refused(folder: &Path, error: &io::Error) -> Complaint {
    let folder = folder.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "root の特権を手放した後では {folder} に書けません（{error}）。この利用者が所有するディレクトリを -o や --state で指定してください"
        ),
        format!(
            "{folder} cannot be written to once the privileges of root are given up ({error}); name a directory that this user owns with -o or --state"
        ),
    )
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_can_be_made_in_a_folder_of_ours_and_in_one_that_is_still_to_be_made() {
        let place = tempfile::tempdir().unwrap();
        check(&place.path().join("scan.daicho")).unwrap();
        check(&place.path().join("a/b/scan.daicho")).unwrap();
        check(Path::new("scan.daicho")).unwrap();
        fs::write(place.path().join("file"), b"").unwrap();
        let complaint = check(&place.path().join("file/scan.daicho")).unwrap_err();
        assert_eq!(complaint.exit, Exit::Privilege);
    }
}
