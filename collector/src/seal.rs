//! Who vouches for a snapshot: an Ed25519 key of the collector (RFC 8032; PKCS #8, RFC 8410), made at first
//! use beside the database and readable by its owner only. What is signed is the snapshot's content with
//! who took it, when and why, as canonical JSON.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::private;
use crate::snapshot::{Content, digest, hex};
use crate::store::Taken;

/// Where the key of a database is.
pub fn key_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".snapshot-key");
    name.into()
}

/// What is signed of a snapshot: its content as it is kept, with who, when and why.
fn message(content: &str, (at, by, why): (Timestamp, &str, &str)) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let (by, why) = (text(by), text(why));
    format!(r#"{{"at":{},"by":{by},"content":{content},"why":{why}}}"#, at.micros())
}

/// A snapshot, signed by the key of this database; the key is made if there is none.
///
/// # Errors
/// [`Exit::Privilege`] if the key cannot be made or read, or others can read it; [`Exit::Integrity`] if
/// the file is no key.
pub fn seal(
    database: &Path,
    content: &Content,
    (at, by, why): (Timestamp, &str, &str),
) -> Result<Taken, Complaint> {
    let pair = load_or_create(&key_file(database))?;
    let json = content.to_json().map_err(|error| {
        Complaint::new(
            Exit::Other,
            format!("スナップショットを書き出せません（{error}）。再度実行してください"),
            format!("the snapshot cannot be written ({error}): try again"),
        )
    })?;
    let signature = pair.sign(message(&json, (at, by, why)).as_bytes()).as_ref().to_vec();
    let key = public(&pair);
    let (by, why, digest) = (by.to_owned(), why.to_owned(), digest(&json));
    Ok(Taken { id: 0, at, by, why, digest, content: json, key, signature })
}

/// The public key of this database; the key is made if there is none.
///
/// # Errors
/// As [`seal`].
pub fn public_key(database: &Path) -> Result<[u8; 32], Complaint> {
    Ok(public(&load_or_create(&key_file(database))?))
}

fn public(pair: &Ed25519KeyPair) -> [u8; 32] {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(pair.public_key().as_ref()) {
        *to = *from;
    }
    key
}

/// Whether a snapshot is as it was signed: digest, signature, and who, when and why.
pub fn is_sound(taken: &Taken) -> bool {
    let said = message(&taken.content, (taken.at, &taken.by, &taken.why));
    digest(&taken.content) == taken.digest
        && UnparsedPublicKey::new(&ED25519, taken.key)
            .verify(said.as_bytes(), &taken.signature)
            .is_ok()
}

/// The content of a snapshot that is as it was signed.
///
/// # Errors
/// [`Exit::Integrity`] if it was altered.
pub fn opened(taken: &Taken) -> Result<Content, Complaint> {
    let altered = || {
        let id = taken.id;
        Complaint::new(
            Exit::Integrity,
            format!("スナップショット {id} は署名と合いません。データベースの控えと比べてください"),
            format!(
                "the snapshot {id} does not fit its signature: compare the database with its copy"
            ),
        )
    };
    if !is_sound(taken) {
        return Err(altered());
    }
    serde_json::from_str(&taken.content).map_err(|_| altered())
}

/// The fingerprint by which people compare keys: the digest of the public key, short.
pub fn fingerprint(key: &[u8; 32]) -> String {
    digest(&hex(key)).hex().chars().take(16).collect()
}

fn load_or_create(file: &Path) -> Result<Ed25519KeyPair, Complaint> {
    if !file.exists() {
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| io::Error::other("no random numbers"))
            .and_then(|key| private::write_once(file, key.as_ref()))
            .map_err(|error| unusable(file, &error))?;
    }
    let of_others = private::check(file, ("署名鍵", "the signing key"));
    of_others.map_err(|error| unusable(file, &error))??;
    let octets = fs::read(file).map_err(|error| unusable(file, &error))?;
    Ed25519KeyPair::from_pkcs8(&octets).map_err(|_| {
        let file = file.display();
        Complaint::new(
            Exit::Integrity,
            format!("署名鍵 {file} が壊れています。控えから戻すか、別の場所へ移して作り直してください"),
            format!("the signing key {file} is damaged: restore it from a copy, or move it away and let a new one be made"),
        )
    })
}

fn unusable(file: &Path, error: &io::Error) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "署名鍵 {file} を作れないか読めません（{error}）。フォルダーの権限を確かめてください"
        ),
        format!(
            "the signing key {file} cannot be made or read ({error}): check the permissions of its folder"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Digest;

    fn taken(folder: &Path) -> Taken {
        let at = Timestamp::from_micros(1_775_003_400_000_000);
        let content = Content { day: "2026-04-01".into(), ..Content::default() };
        seal(&folder.join("daicho.db"), &content, (at, "田中", "棚卸\"前\"")).unwrap()
    }

    #[test]
    fn a_snapshot_is_sound_until_content_author_time_or_reason_is_altered() {
        let folder = tempfile::tempdir().unwrap();
        let whole = taken(folder.path());
        assert!(is_sound(&whole));
        assert_eq!(opened(&whole).unwrap().day, "2026-04-01");
        let content = whole.content.replace("2026-04-01", "2026-04-02");
        for altered in [
            Taken { digest: digest(&content), content, ..whole.clone() },
            Taken { by: "佐藤".into(), ..whole.clone() },
            Taken { why: String::new(), ..whole.clone() },
            Taken { at: Timestamp::from_micros(0), ..whole.clone() },
            Taken { digest: Digest::default(), ..whole.clone() },
        ] {
            assert!(!is_sound(&altered));
            assert_eq!(opened(&altered).unwrap_err().exit, Exit::Integrity);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_refused_when_others_can_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let first = taken(folder.path());
        assert_eq!(taken(folder.path()).key, first.key);
        let file = key_file(&folder.path().join("daicho.db"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = load_or_create(&file).unwrap_err();
        assert_eq!(refused.exit, Exit::Privilege);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
