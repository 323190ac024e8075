//! Credentials of SNMP on their way from a collector to the one agent that needs them for a job.
//!
//! The road between the two is mutual TLS already. Inside it they are sealed once more, so that they are
//! in the clear nowhere between the collector's vault and the process that scans: not in a log of either
//! side, not in a proxy that ends TLS, not in what is kept of a job. For every question for work the agent
//! makes an X25519 key (RFC 7748), signed by the key of its batches, which a person pinned by a code; the
//! collector makes one too, derives a key by HKDF (RFC 5869) with SHA-256 and seals with AES-256-GCM (NIST
//! SP 800-38D). Both keys are used once, so what was recorded cannot be opened later.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::SecureRandom;
use ring::signature::{self, ED25519, Ed25519KeyPair};
use serde::{Deserialize, Serialize};

use crate::batch::AgentKey;

/// Octets of a public key of X25519.
const KEY: usize = 32;
/// Octets of a signature (RFC 8032).
const PROOF: usize = 64;
/// What is derived with, so that the key can be no other's.
const SALT: &[u8] = b"daicho credentials 1";

/// What SNMP agents are asked with, as `[network.snmp]` of `agent.toml` writes it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snmp {
    /// Communities of SNMP v2c, in the order of trying.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub communities: Vec<String>,
    /// Communities of SNMP v1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub v1_communities: Vec<String>,
    /// Users of SNMP v3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
}

impl fmt::Debug for Snmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snmp(…)")
    }
}

/// A user of SNMP v3, as `[[network.snmp.user]]` of `agent.toml` writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its name.
    pub name: String,
    /// How it is authenticated, in the words of `agent.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// With which password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_password: Option<String>,
    /// How messages are encrypted, in the words of `agent.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// With which password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_password: Option<String>,
    /// Contexts for the tables of VLANs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({:?} …)", self.name)
    }
}

/// What is handed over: credentials by the name of the network in which they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handed {
    /// A network's name, and what is asked with in it.
    #[serde(default)]
    pub snmp: Vec<(String, Snmp)>,
}

/// The public half of a key that is used once, signed by the agent's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The X25519 public key, in hexadecimal digits.
    pub key: String,
    /// The signature of the agent's key over it, in hexadecimal digits.
    pub proof: String,
}

/// What only who made the [`Lock`] can open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The collector's X25519 public key, in hexadecimal digits.
    pub key: String,
    /// Ciphertext and tag, in hexadecimal digits.
    pub octets: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// The system has no random numbers.
    #[error("there are no random numbers")]
    NoRandom,
    /// The lock was not made by the agent that is known.
    #[error("the lock is not signed by the agent's key")]
    NotTheAgents,
    /// It was sealed for another, for another job, or altered.
    #[error("it does not open")]
    DoesNotFit,
}

/// The half of a [`Lock`] that stays with the agent. It opens once.
pub struct Slot {
    own: EphemeralPrivateKey,
    public: [u8; KEY],
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot(…)")
    }
}

fn pair(random: &dyn SecureRandom) -> Result<(EphemeralPrivateKey, [u8; KEY]), Shut> {
    let own = EphemeralPrivateKey::generate(&X25519, random).map_err(|_| Shut::NoRandom)?;
    let public = own.compute_public_key().map_err(|_| Shut::NoRandom)?;
    let public = public.as_ref().try_into().map_err(|_| Shut::NoRandom)?;
    Ok((own, public))
}

/// What the agent's key signs.
fn claim(agent: &str, key: &[u8; KEY]) -> Vec<u8> {
    [b"daicho credentials lock 1\n", agent.as_bytes(), b"\n", key.as_slice()].concat()
}

/// The key that both sides derive, for this agent and this job and no other.
fn derived(
    own: EphemeralPrivateKey,
    (theirs, agents, collectors): (&[u8; KEY], &[u8; KEY], &[u8; KEY]),
    (agent, job): (&str, u64),
) -> Result<LessSafeKey, Shut> {
    let theirs = UnparsedPublicKey::new(&X25519, theirs);
    agree_ephemeral(own, &theirs, |shared| {
        let job = job.to_be_bytes();
        let about: [&[u8]; 4] = [agents, collectors, &job, agent.as_bytes()];
        let derived = Salt::new(HKDF_SHA256, SALT).extract(shared);
        derived.expand(&about, &AES_256_GCM).map(UnboundKey::from).ok()
    })
    .ok()
    .flatten()
    .map(LessSafeKey::new)
    .ok_or(Shut::DoesNotFit)
}

/// The key is derived anew each time, so that one nonce is as good as another.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

impl Slot {
    /// A new one.
    ///
    /// # Errors
    /// [`Shut::NoRandom`].
    pub fn new(random: &dyn SecureRandom) -> Result<Self, Shut> {
        pair(random).map(|(own, public)| Self { own, public })
    }

    /// The lock that it opens, signed by the key of this agent's batches.
    pub fn lock(&self, agent: &str, key: &Ed25519KeyPair) -> Lock {
        Lock { key: hex(&self.public), proof: hex(key.sign(&claim(agent, &self.public)).as_ref()) }
    }

    /// Opens what was sealed for this agent and job.
    ///
    /// # Errors
    /// [`Shut::DoesNotFit`].
    pub fn open(self, (agent, job): (&str, u64), sealed: &Sealed) -> Result<Handed, Shut> {
        let theirs: [u8; KEY] = octets(&sealed.key).ok_or(Shut::DoesNotFit)?;
        let mut text = unhex(&sealed.octets).ok_or(Shut::DoesNotFit)?;
        let key = derived(self.own, (&theirs, &self.public, &theirs), (agent, job))?;
        let open =
            key.open_in_place(nonce(), Aad::empty(), &mut text).map_err(|_| Shut::DoesNotFit)?;
        serde_json::from_slice(open).map_err(|_| Shut::DoesNotFit)
    }
}

impl Lock {
    /// Seals credentials for the agent of this name, whose key is known, and for this job.
    ///
    /// # Errors
    /// See [`Shut`].
    pub fn seal(
        &self,
        (agent, known, job): (&str, AgentKey, u64),
        handed: &Handed,
        random: &dyn SecureRandom,
    ) -> Result<Sealed, Shut> {
        let theirs: [u8; KEY] = octets(&self.key).ok_or(Shut::NotTheAgents)?;
        let proof: [u8; PROOF] = octets(&self.proof).ok_or(Shut::NotTheAgents)?;
        signature::UnparsedPublicKey::new(&ED25519, known.octets())
            .verify(&claim(agent, &theirs), &proof)
            .map_err(|_| Shut::NotTheAgents)?;
        let (own, public) = pair(random)?;
        let key = derived(own, (&theirs, &theirs, &public), (agent, job))?;
        let mut text = serde_json::to_vec(handed).map_err(|_| Shut::DoesNotFit)?;
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut text)
            .map_err(|_| Shut::DoesNotFit)?;
        Ok(Sealed { key: hex(&public), octets: hex(&text) })
    }
}

fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|it| u8::try_from(it).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let octet = |two: &[u8]| two.iter().fold(0, |octet, digit| octet << 4 | digit);
    Some(digits.chunks(2).map(octet).collect())
}

fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::KeyPair;

    use super::*;

    fn key() -> (Ed25519KeyPair, AgentKey) {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
        let public = AgentKey::new(pair.public_key().as_ref().try_into().unwrap());
        (pair, public)
    }

    fn handed() -> Handed {
        let user = User {
            name: "daicho".into(),
            auth: Some("sha256".into()),
            auth_password: Some("geheim-1".into()),
            privacy: None,
            privacy_password: None,
            contexts: vec!["vlan-20".into()],
        };
        let snmp = Snmp {
            communities: vec!["geheim-2".into()],
            v1_communities: Vec::new(),
            users: vec![user],
        };
        Handed { snmp: vec![("病棟".into(), snmp)] }
    }

    #[test]
    fn only_the_agent_that_made_the_lock_opens_it_and_only_for_its_job() {
        let random = SystemRandom::new();
        let (pair, known) = key();
        let seal = |slot: &Slot| {
            let lock = slot.lock("3F", &pair);
            lock.seal(("3F", known, 7), &handed(), &random).unwrap()
        };
        let slot = Slot::new(&random).unwrap();
        let sealed = seal(&slot);
        assert_eq!(slot.open(("3F", 7), &sealed), Ok(handed()));
        let fresh = || Slot::new(&random).unwrap();
        let slot = fresh();
        let sealed = seal(&slot);
        assert_eq!(fresh().open(("3F", 7), &sealed), Err(Shut::DoesNotFit), "another key");
        assert_eq!(slot.open(("3F", 8), &sealed), Err(Shut::DoesNotFit), "another job");
        let slot = fresh();
        let mut sealed = seal(&slot);
        sealed.octets.replace_range(0..1, if sealed.octets.starts_with('0') { "1" } else { "0" });
        assert_eq!(slot.open(("3F", 7), &sealed), Err(Shut::DoesNotFit), "altered");
    }

    #[test]
    fn nothing_is_sealed_for_a_key_that_the_agent_did_not_sign() {
        let random = SystemRandom::new();
        let ((pair, known), (other, _)) = (key(), key());
        let slot = Slot::new(&random).unwrap();
        for lock in [slot.lock("3F", &other), slot.lock("4F", &pair)] {
            let sealed = lock.seal(("3F", known, 7), &handed(), &random);
            assert_eq!(sealed, Err(Shut::NotTheAgents));
        }
        let lock = Lock { key: "zz".into(), ..slot.lock("3F", &pair) };
        assert_eq!(lock.seal(("3F", known, 7), &handed(), &random), Err(Shut::NotTheAgents));
    }

    #[test]
    fn no_secret_shows_itself() {
        assert!(!format!("{:?}", handed()).contains("geheim"), "{:?}", handed());
        let sealed = Sealed { key: "00".into(), octets: "ff".into() };
        assert_eq!(format!("{sealed:?}"), "Sealed(…)");
        for hostile in ["", "0", "zz", "ff\u{3042}", &"0".repeat(65)] {
            assert_eq!(octets::<32>(hostile), None);
        }
    }
}
