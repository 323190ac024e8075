//! The folder of the database: whether it can be written, how much room is left, who may read.

use std::path::Path;

use super::{Checked, State, Teller};
use crate::words::Word;

const MIB: u64 = 1 << 20;
/// With less room than this the next scan may not fit: 256 MiB.
const TIGHT: u64 = 256 * MIB;
/// With less room than this somebody should make some: 2 GiB.
const SCARCE: u64 = 2048 * MIB;

pub(super) fn examine(database: &Path, teller: Teller<'_>) -> Vec<Checked> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut all = vec![writable(folder, teller)];
    all.extend(room(folder, teller));
    all.extend(readers(database, teller));
    all
}

fn writable(folder: &Path, teller: Teller<'_>) -> Checked {
    let probe = folder.join(format!(".daicho-doctor-{}", std::process::id()));
    let tried = std::fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    let folder = folder.display();
    match tried {
        Ok(_) => {
            // Just made, and of no use to anybody.
            let _ = std::fs::remove_file(&probe);
            let said = teller.lang.fill(Word::DoctorFolderGood, &[&folder]);
            teller.say(Word::DoctorFolder, State::Good, said)
        }
        Err(error) => {
            let said = teller.lang.fill(Word::DoctorFolderBad, &[&folder, &error]);
            teller.say(Word::DoctorFolder, State::Bad, said)
        }
    }
}

/// Whether the next scan may not fit.
#[cfg(unix)]
pub(super) fn is_full(database: &Path) -> bool {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let system = rustix::fs::statvfs(folder.unwrap_or(Path::new(".")));
    system.is_ok_and(|system| system.f_bavail.saturating_mul(system.f_frsize) < TIGHT)
}

/// Elsewhere the system is not asked.
#[cfg(not(unix))]
pub(super) fn is_full(_: &Path) -> bool {
    false
}

#[cfg(unix)]
fn room(folder: &Path, teller: Teller<'_>) -> Option<Checked> {
    let system = rustix::fs::statvfs(folder).ok()?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let (state, word) = judge_room(free);
    let said = teller.lang.fill(word, &[&(free / MIB), &folder.display()]);
    Some(teller.say(Word::DoctorRoom, state, said))
}

/// Elsewhere the system is not asked.
#[cfg(not(unix))]
fn room(_: &Path, _: Teller<'_>) -> Option<Checked> {
    None
}

pub(super) const fn judge_room(free: u64) -> (State, Word) {
    if free < TIGHT {
        (State::Bad, Word::DoctorRoomBad)
    } else if free < SCARCE {
        (State::Doubtful, Word::DoctorRoomDoubtful)
    } else {
        (State::Good, Word::DoctorRoomGood)
    }
}

#[cfg(unix)]
fn readers(database: &Path, teller: Teller<'_>) -> Option<Checked> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(database).ok()?.permissions().mode() & 0o777;
    // The six bits of others are the lowest.
    let (state, word) = if mode.trailing_zeros() >= 6 {
        (State::Good, Word::DoctorReadersGood)
    } else {
        (State::Doubtful, Word::DoctorReadersDoubtful)
    };
    let said = teller.lang.fill(word, &[&database.display(), &format!("{mode:03o}")]);
    Some(teller.say(Word::DoctorReaders, state, said))
}

/// Elsewhere permissions are lists, which are not read.
#[cfg(not(unix))]
fn readers(_: &Path, _: Teller<'_>) -> Option<Checked> {
    None
}
