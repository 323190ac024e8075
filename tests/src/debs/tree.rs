//! The files of a package, as they will lie on a system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder that stands for `/`.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    root: &'a Path,
}

impl<'a> Tree<'a> {
    pub(super) const fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// Where a path under `/` is, with its folders made.
    fn place(&self, path: &str) -> Result<PathBuf> {
        let place = self.root.join(path);
        let mut folder = self.root.to_owned();
        // Whatever the umask of who builds.
        for part in Path::new(path).parent().into_iter().flat_map(Path::iter) {
            folder.push(part);
            if !folder.exists() {
                fs::create_dir(&folder)?;
                fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
            }
        }
        Ok(place)
    }

    pub(super) fn copy(&self, from: &Path, to: &str, mode: u32) -> Result<()> {
        let content =
            fs::read(from).with_context(|| format!("{} cannot be read", from.display()))?;
        self.write(to, &content, mode)
    }

    pub(super) fn write(&self, to: &str, content: &[u8], mode: u32) -> Result<()> {
        let place = self.place(to)?;
        fs::write(&place, content)?;
        fs::set_permissions(&place, fs::Permissions::from_mode(mode))?;
        Ok(())
    }

    /// The size of everything, in KiB, each file rounded up (deb-control(5), Installed-Size).
    pub(super) fn size(&self) -> Result<u64> {
        fn of(folder: &Path) -> Result<u64> {
            let mut size = 0;
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let about = entry.metadata()?;
                size +=
                    if about.is_dir() { of(&entry.path())? } else { about.len().div_ceil(1024) };
            }
            Ok(size)
        }
        of(self.root)
    }
}
