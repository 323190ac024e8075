//! The agent's signing key: an Ed25519 key pair in PKCS#8 (RFC 8410), made at first use, readable by
//! its owner only. It never leaves the state directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use daicho_common::batch::AgentKey;
use daicho_common::complaint::{Complaint, Exit};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// Name of the key's file in the state directory.
const FILE: &str = "agent.key";

/// The public half of a pair.
pub fn public(pair: &Ed25519KeyPair) -> AgentKey {
    let mut octets = [0; 32];
    for (to, from) in octets.iter_mut().zip(pair.public_key().as_ref()) {
        *to = *from;
    }
    AgentKey::new(octets)
}

/// The key of the state directory; made, with the directory, if there is none.
///
/// # Errors
/// [`Exit::Privilege`] if the directory or file cannot be made or read, or others can read the key;
/// [`Exit::Integrity`] if the file is no key.
pub fn load_or_create(state: &Path) -> Result<Ed25519KeyPair, Complaint> {
    make_private_directory(state).map_err(|error| unusable(state, &error))?;
    let file = state.join(FILE);
    if !file.exists() {
        create(state, &file).map_err(|error| unusable(&file, &error))?;
    }
    check_private(&file)?;
    let octets = fs::read(&file).map_err(|error| unusable(&file, &error))?;
    Ed25519KeyPair::from_pkcs8(&octets).map_err(|_| {
        Complaint::new(
            Exit::Integrity,
            format!(
                "署名鍵 {} が壊れています。控えから戻すか、削除して作り直し、新しい鍵を収集サーバーに登録してください",
                file.display()
            ),
            format!(
                "the signing key {} is damaged; restore it from a copy, or delete it and make the new key known to the collector",
                file.display()
            ),
        )
    })
}

/// Makes a directory that only its owner can enter; one that is there stays as it is.
pub(crate) fn make_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Writes a new key. Two programs that do so at the same time end with the same key: the file gets
/// its name only when it is whole, and only if the name is still free.
fn create(state: &Path, file: &Path) -> io::Result<()> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| io::Error::other("no random numbers"))?;
    let draft = state.join(format!("{FILE}.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&draft)?;
    written.write_all(key.as_ref())?;
    written.sync_all()?;
    let named = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match named {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn check_private(file: &Path) -> Result<(), Complaint> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = fs::metadata(file).map_err(|error| unusable(file, &error))?;
    let of_others = metadata.permissions().mode() & 0o077;
    if of_others == 0 {
        return Ok(());
    }
    Err(Complaint::new(
        Exit::Privilege,
        format!(
            "署名鍵 {0} を他の利用者が読めます。`chmod 600 {0}` で所有者だけに制限してください",
            file.display()
        ),
        format!(
            "other users can read the signing key {0}; restrict it to its owner by `chmod 600 {0}`",
            file.display()
        ),
    ))
}

#[cfg(not(unix))]
fn check_private(_file: &Path) -> Result<(), Complaint> {
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> Complaint {
    Complaint::new(
        Exit::Privilege,
        format!(
            "状態ディレクトリの {} が使えません（{error}）。書き込めるディレクトリを --state で指定してください",
            path.display()
        ),
        format!(
            "{} of the state directory cannot be used ({error}); name a directory that you may write to with --state",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_the_owners_alone() {
        let state = tempfile::tempdir().unwrap();
        let inside = state.path().join("a/b");
        let first = public(&load_or_create(&inside).unwrap());
        assert_eq!(public(&load_or_create(&inside).unwrap()), first);
        assert_eq!(fs::read_dir(&inside).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&inside), mode(&inside.join(FILE))), (0o700, 0o600));
            fs::set_permissions(inside.join(FILE), fs::Permissions::from_mode(0o644)).unwrap();
            let complaint = load_or_create(&inside).unwrap_err();
            assert!(complaint.en.contains("chmod 600"), "{complaint}");
        }
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let state = tempfile::tempdir().unwrap();
        load_or_create(state.path()).unwrap();
        let file = state.path().join(FILE);
        let mut octets = fs::read(&file).unwrap();
        octets.truncate(20);
        fs::write(&file, &octets).unwrap();
        assert_eq!(load_or_create(state.path()).unwrap_err().exit, Exit::Integrity);
        assert_eq!(fs::read(&file).unwrap(), octets);
    }
}
