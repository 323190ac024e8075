//! Secrets from files beside the configuration, so that it can be shown and copied without them. A file
//! that systemd hands in (`LoadCredential=`) is named by its name alone.

use std::fs;
use std::path::{Path, PathBuf};

use daicho_common::complaint::Complaint;

use super::meant::Checker;

/// Most octets of such a file.
const MOST: u64 = 64 << 10;

/// Where a file is that the configuration names: among what systemd handed in, else beside the
/// configuration.
pub(super) fn place(written: &Path, configuration: &Path, handed_in: Option<&Path>) -> PathBuf {
    if written.is_absolute() {
        return written.to_owned();
    }
    let handed_in = handed_in.map(|folder| folder.join(written)).filter(|file| file.exists());
    handed_in.unwrap_or_else(|| configuration.parent().unwrap_or(Path::new("")).join(written))
}

/// The lines of a file that are not empty.
pub(super) fn lines(
    checker: &Checker<'_>,
    key: &str,
    file: &Path,
) -> Result<Vec<String>, Complaint> {
    let shown = file.display();
    let read = fs::metadata(file).and_then(|meta| {
        if meta.len() > MOST {
            return Err(std::io::Error::other("more than 64 KiB"));
        }
        fs::read_to_string(file)
    });
    match read {
        Ok(text) => Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()),
        Err(error) => Err(checker.wrong(
            key,
            format_args!("{shown} ({error})"),
            "読み取れる場所に置き、1行に1つ書いてください",
            "put it where it can be read, a secret a line",
        )),
    }
}

/// Whether everybody on this computer can read the file.
#[cfg(unix)]
pub(crate) fn is_open(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
}

/// Elsewhere permissions are lists, which are not read.
#[cfg(not(unix))]
pub(crate) fn is_open(_: &Path) -> bool {
    false
}
