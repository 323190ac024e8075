//! What proves who somebody is: random secrets, and passwords as Argon2id keeps them. Of a secret only
//! its SHA-256 is kept: it is long and random, so that nothing is gained by a slow digest.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use crate::people::log::hex;
use crate::people::rules::Passwords;

/// The characters of codes that people may have to type: no i, l, o, u, which are read as others.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a code: 100 bits.
const CODE: usize = 20;

/// The system has no random numbers, or hashing failed for want of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no random numbers, or no memory to hash a password")]
pub struct Failed;

/// A digest under which a secret is kept.
pub type Kept = [u8; 32];

/// 256 random bits in hexadecimal digits, and what is kept of them.
///
/// # Errors
/// [`Failed`] if the system has no random numbers.
pub fn secret() -> Result<(String, Kept), Failed> {
    let mut octets = [0; 32];
    SystemRandom::new().fill(&mut octets).map_err(|_| Failed)?;
    let secret = hex(&octets);
    let kept = kept(&secret);
    Ok((secret, kept))
}

/// A random code that a person can type (`k3x7q-…`), and what is kept of it.
///
/// # Errors
/// [`Failed`] if the system has no random numbers.
pub fn code() -> Result<(String, Kept), Failed> {
    let mut octets = [0; CODE];
    SystemRandom::new().fill(&mut octets).map_err(|_| Failed)?;
    let chars = octets.iter().filter_map(|octet| ALPHABET.get(usize::from(octet & 31)));
    let chars: Vec<char> = chars.map(|octet| char::from(*octet)).collect();
    let parts: Vec<String> = chars.chunks(5).map(|part| part.iter().collect()).collect();
    let code = parts.join("-");
    let kept = of_code(&code);
    Ok((code, kept))
}

/// What is kept of a secret.
pub fn kept(secret: &str) -> Kept {
    Sha256::digest(secret.as_bytes()).into()
}

/// What is kept of a code, however it was typed.
pub fn of_code(code: &str) -> Kept {
    let code: String = code.chars().filter(|c| c.is_alphanumeric()).collect();
    kept(&code.to_lowercase())
}

/// The token that forms of a session carry. It follows from the session's secret, which it does not
/// give away.
pub fn form_token(session: &str) -> String {
    hex(&Sha256::digest([b"daicho form 1 ", session.as_bytes()].concat()))
}

/// Whether two texts are the same, in a time that does not say where they differ.
pub fn same(a: &str, b: &str) -> bool {
    // Digests of different texts differ from the first octet on as often as anywhere.
    kept(a) == kept(b)
}

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Hasher {
    argon: Argon2<'static>,
    /// Of a password that nobody has: for names that nobody has.
    nobody: String,
}

impl Hasher {
    /// A hasher with these parameters.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn new(rules: &Passwords) -> Result<Self, Failed> {
        let params = Params::new(rules.memory_kib, rules.passes, rules.lanes, None);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| Failed)?);
        let mut made = Self { argon, nobody: String::new() };
        made.nobody = made.hash(&secret()?.0)?;
        Ok(made)
    }

    /// The password as it is kept (a PHC string with parameters and salt).
    ///
    /// # Errors
    /// [`Failed`].
    pub fn hash(&self, password: &str) -> Result<String, Failed> {
        let mut salt = [0; 16];
        SystemRandom::new().fill(&mut salt).map_err(|_| Failed)?;
        let hash = self.argon.hash_password_with_salt(password.as_bytes(), &salt);
        Ok(hash.map_err(|_| Failed)?.to_string())
    }

    /// Whether it is the password that was kept. Where none was kept it takes as long to say no.
    pub fn verify(&self, password: &str, kept: Option<&str>) -> bool {
        let hash = PasswordHash::new(kept.unwrap_or(&self.nobody));
        let fits = hash.is_ok_and(|hash| {
            // The parameters are those of the kept one, whatever the rules say by now.
            self.argon.verify_password(password.as_bytes(), &hash).is_ok()
        });
        fits && kept.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::rules::Rules;

    fn hasher() -> Hasher {
        Hasher::new(&Rules::released().unwrap().password).unwrap()
    }

    #[test]
    fn a_password_is_kept_as_argon2id_with_its_own_salt_and_parameters() {
        let hasher = hasher();
        let (a, b) = (hasher.hash("correct horse").unwrap(), hasher.hash("correct horse").unwrap());
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert_ne!(a, b);
        assert!(
            hasher.verify("correct horse", Some(&a)) && hasher.verify("correct horse", Some(&b))
        );
        assert!(!hasher.verify("correct horsf", Some(&a)) && !hasher.verify("", Some(&a)));
        assert!(!hasher.verify("correct horse", None) && !hasher.verify("x", Some("no hash")));
    }

    #[test]
    fn a_password_of_earlier_parameters_still_fits() {
        let mut rules = Rules::released().unwrap().password;
        (rules.memory_kib, rules.passes) = (8192, 1);
        let earlier = Hasher::new(&rules).unwrap().hash("correct horse").unwrap();
        assert!(hasher().verify("correct horse", Some(&earlier)));
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let (typed, kept) = code().unwrap();
        assert_eq!(typed.len(), CODE + 3);
        assert_eq!(of_code(&typed.replace('-', " ").to_uppercase()), kept);
        assert_ne!(code().unwrap().0, typed);
        assert_ne!(secret().unwrap().1, secret().unwrap().1);
        let (session, _) = secret().unwrap();
        assert!(!form_token(&session).contains(&session) && form_token(&session).len() == 64);
    }
}
