//! Roots of trust that the hospital names, in the place of the system's.

use std::path::Path;

/// The file's text.
///
/// # Errors
/// What the system said, with the file's name.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}
