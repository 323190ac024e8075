//! Secrets at rest: passwords and keys that this program has to show others, encrypted with AES-256-GCM
//! (NIST SP 800-38D) under a key that is not in the database. So a copy of the database gives nothing
//! away, and neither does a page, a log or an answer: a [`Secret`] does not show itself.
//!
//! The key is beside the database, for its owner alone; or it is handed in by systemd
//! (`LoadCredential=daicho-secret-key:…`), and then nothing is kept beside it. Which key a secret was
//! sealed with stands beside it, so that replacing the key can break off anywhere and go on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use crate::private;
use crate::store::{By, Sealed, Store};

/// Octets of a key.
const KEY: usize = 32;
/// What is said before the name of a secret, so that what is sealed for one cannot stand for another.
const DOMAIN: &str = "daicho secret 1 ";
/// The name of the key among the credentials that systemd hands in.
const CREDENTIAL: &str = "daicho-secret-key";

/// A secret in the clear. It does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// This text as a secret.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for whom it is shown to.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key.
struct Key {
    id: [u8; 8],
    key: LessSafeKey,
}

impl Key {
    fn of(octets: &[u8], file: &Path) -> Result<Self, Complaint> {
        let unbound = UnboundKey::new(&AES_256_GCM, octets).map_err(|_| damaged(file))?;
        let digest = Sha256::digest([b"daicho secret key ", octets].concat());
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        Ok(Self { id, key: LessSafeKey::new(unbound) })
    }

    fn read(file: &Path) -> Result<Option<Self>, Complaint> {
        match fs::read(file) {
            Ok(octets) => {
                private::check(file, ("秘密の鍵", "the key of secrets"))
                    .map_err(|error| unusable(file, &error))??;
                Self::of(&octets, file).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(file, &error)),
        }
    }

    fn seal(&self, name: &str, secret: &Secret) -> Result<Sealed, Complaint> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| no_chance())?;
        let mut octets = secret.0.as_bytes().to_vec();
        let about = Aad::from(format!("{DOMAIN}{name}"));
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), about, &mut octets)
            .map_err(|_| no_chance())?;
        Ok(Sealed { key: self.id, nonce, octets })
    }

    fn open(&self, name: &str, sealed: &Sealed) -> Option<Secret> {
        let mut octets = sealed.octets.clone();
        let about = Aad::from(format!("{DOMAIN}{name}"));
        let nonce = Nonce::assume_unique_for_key(sealed.nonce);
        let open = self.key.open_in_place(nonce, about, &mut octets).ok()?;
        String::from_utf8(open.to_vec()).ok().map(Secret)
    }
}

/// Where the key of a database is.
pub fn key_file(database: &Path) -> PathBuf {
    beside(database, "secret-key")
}

fn next_file(database: &Path) -> PathBuf {
    beside(database, "secret-key-next")
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Seals and opens the secrets of a database.
pub struct Vault {
    keys: Vec<Key>,
    file: PathBuf,
    next: PathBuf,
    /// Whether the key was handed in and cannot be replaced from here.
    handed_in: bool,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.file.display())
    }
}

impl Vault {
    /// The vault of this database, with the key that systemd hands in if it does.
    ///
    /// # Errors
    /// As [`Vault::of`].
    pub fn open(database: &Path) -> Result<Self, Complaint> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self::of(database, credentials.as_deref())
    }

    /// The vault of this database. `credentials` is the folder of what systemd handed in, if it did.
    /// Nothing is made.
    ///
    /// # Errors
    /// [`Exit::Privilege`] if a key cannot be read, or others can read it; [`Exit::Integrity`] if it is
    /// no key.
    pub fn of(database: &Path, credentials: Option<&Path>) -> Result<Self, Complaint> {
        let handed_in = credentials.map(|folder| folder.join(CREDENTIAL)).filter(|it| it.exists());
        let file = handed_in.clone().unwrap_or_else(|| key_file(database));
        let next = next_file(database);
        let mut keys = Vec::new();
        for file in [&file, &next] {
            keys.extend(Key::read(file)?);
        }
        Ok(Self { keys, file, next, handed_in: handed_in.is_some() })
    }

    /// A secret, encrypted; the key is made if there is none.
    ///
    /// # Errors
    /// [`Exit::Privilege`] if no key can be made.
    pub fn seal(&mut self, name: &str, secret: &Secret) -> Result<Sealed, Complaint> {
        if self.keys.is_empty() {
            let octets = random()?;
            private::write_once(&self.file, &octets)
                .map_err(|error| unusable(&self.file, &error))?;
            self.keys.extend(Key::read(&self.file)?);
        }
        self.keys.first().ok_or_else(no_chance)?.seal(name, secret)
    }

    /// Keeps a secret, encrypted as by [`Self::seal`].
    ///
    /// # Errors
    /// [`Exit::Privilege`] if no key can be made; what the store says.
    pub fn set(
        &mut self,
        (store, by): (&Store, By),
        name: &str,
        secret: &Secret,
    ) -> Result<(), Complaint> {
        let sealed = self.seal(name, secret)?;
        store.set_secret(name.to_owned(), sealed, by).map_err(|e| e.complaint(store.path()))
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// [`Exit::Config`] if there is none, [`Exit::Integrity`] if the key does not fit; what the store
    /// says.
    pub fn get(&self, store: &Store, name: &str) -> Result<Secret, Complaint> {
        let sealed = store.secret(name).map_err(|error| error.complaint(store.path()))?;
        let sealed = sealed.ok_or_else(|| absent(name))?;
        self.unsealed(name, &sealed).ok_or_else(|| self.unfit(name))
    }

    fn unsealed(&self, name: &str, sealed: &Sealed) -> Option<Secret> {
        let key = self.keys.iter().find(|key| key.id == sealed.key)?;
        key.open(name, sealed)
    }

    /// Replaces the key: a new one is made, everything is sealed with it in one transaction, and it takes
    /// the place of the former. Whatever breaks off is taken up by the next try. Returns how many secrets
    /// there are.
    ///
    /// # Errors
    /// [`Exit::Privilege`] if the key was handed in or a file cannot be written; [`Exit::Integrity`] if a
    /// secret cannot be opened.
    pub fn rekey(&mut self, store: &Store, by: By) -> Result<usize, Complaint> {
        if self.handed_in {
            return Err(handed_in(&self.file));
        }
        if !self.next.exists() {
            private::write_once(&self.next, &random()?).map_err(|e| unusable(&self.next, &e))?;
        }
        let fresh = Key::read(&self.next)?.ok_or_else(no_chance)?;
        let fresh_id = fresh.id;
        if !self.keys.iter().any(|key| key.id == fresh_id) {
            self.keys.push(fresh);
        }
        let of_store = |error: crate::store::StoreError| error.complaint(store.path());
        let mut sealed = Vec::new();
        for (name, old) in store.sealed_secrets().map_err(of_store)? {
            let secret = self.unsealed(&name, &old).ok_or_else(|| self.unfit(&name))?;
            let key = self.keys.iter().find(|key| key.id == fresh_id).ok_or_else(no_chance)?;
            sealed.push((name.clone(), key.seal(&name, &secret)?));
        }
        let count = sealed.len();
        store.reseal_secrets(sealed, by).map_err(of_store)?;
        fs::rename(&self.next, &self.file).map_err(|error| unusable(&self.file, &error))?;
        self.keys = Key::read(&self.file)?.into_iter().collect();
        Ok(count)
    }

    fn unfit(&self, name: &str) -> Complaint {
        let file = self.file.display();
        Complaint::new(
            Exit::Integrity,
            format!(
                "秘密「{name}」を鍵 {file} で開けません。鍵の控えを戻すか、`daicho-collector secret set {name}` で登録し直してください"
            ),
            format!(
                "the secret {name} cannot be opened with the key {file}: put the copy of the key back, or set it again with `daicho-collector secret set {name}`"
            ),
        )
    }
}

fn random() -> Result<[u8; KEY], Complaint> {
    let mut octets = [0; KEY];
    SystemRandom::new().fill(&mut octets).map_err(|_| no_chance())?;
    Ok(octets)
}

fn absent(name: &str) -> Complaint {
    Complaint::new(
        Exit::Config,
        format!(
            "秘密「{name}」は登録されていません。`daicho-collector secret set {name}` で登録してください"
        ),
        format!("there is no secret {name}: set it with `daicho-collector secret set {name}`"),
    )
}

fn no_chance() -> Complaint {
    Complaint::new(
        Exit::Other,
        "乱数が得られないため、暗号化できません。再度実行してください",
        "nothing can be encrypted for want of random numbers: try again",
    )
}

fn damaged(file: &Path) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Integrity,
        format!(
            "秘密の鍵 {file} が壊れています（32 オクテットではありません）。控えから戻してください"
        ),
        format!("the key of secrets {file} is damaged (not 32 octets): put its copy back"),
    )
}

fn unusable(file: &Path, error: &io::Error) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "秘密の鍵 {file} を作れないか読めません（{error}）。フォルダーの権限を確かめてください"
        ),
        format!(
            "the key of secrets {file} cannot be made or read ({error}): check the permissions of its folder"
        ),
    )
}

fn handed_in(file: &Path) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "鍵 {file} は systemd から渡されたもので、ここでは交換できません。LoadCredential の鍵を入れ替え、秘密を secret set で登録し直してください"
        ),
        format!(
            "the key {file} was handed in by systemd and cannot be replaced here: replace the key of LoadCredential and set the secrets again with `secret set`"
        ),
    )
}

#[cfg(test)]
mod tests;
