//! With what SNMP agents are asked. Only names and ways stand here; communities and passwords are kept in
//! the vault, written once and never shown.

use daicho_common::handed::{Snmp, User};
use serde::{Deserialize, Serialize};

use super::{Flaw, bad_name, is_name};

/// Longest community, in octets.
const COMMUNITY: usize = 255;
/// Shortest password, in octets (RFC 3414 §11.2).
const PASSWORD: usize = 8;
/// Longest name of a user or context, in octets (RFC 3414 §5).
const USER: usize = 32;
/// Most contexts.
const CONTEXTS: usize = 64;
/// How users are authenticated, in the words of `agent.toml`, the strongest first.
pub const AUTHS: [&str; 6] = ["sha256", "sha512", "sha384", "sha224", "sha1", "md5"];
/// How messages are encrypted, likewise.
pub const PRIVACIES: [&str; 7] =
    ["aes128", "aes256", "aes192", "aes256-cisco", "aes192-cisco", "3des", "des"];

/// A version of SNMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// By communities, for old devices.
    V1,
    /// By communities.
    V2c,
    /// By users.
    V3,
}

impl Version {
    /// Every version, the best first.
    pub const ALL: [Self; 3] = [Self::V3, Self::V2c, Self::V1];

    /// Its name in files and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2c => "v2c",
            Self::V3 => "v3",
        }
    }
}

/// With what SNMP agents are asked, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Its name.
    pub name: String,
    /// Of which version.
    pub version: Version,
    /// The user of the third version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// How the user is authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// How messages are encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Contexts for the tables of VLANs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<String>,
}

/// What of it is a secret, as the vault keeps it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The community.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub community: String,
    /// The password of authentication.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub auth_password: String,
    /// The password of encryption.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub privacy_password: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Credential {
    /// Under which name the vault keeps its secrets.
    pub fn secret(&self) -> String {
        secret(&self.name)
    }

    /// What is wrong with it.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if !is_name(&self.name) {
            flaws.push(bad_name());
        }
        let fits = |text: &String| (1..=USER).contains(&text.len());
        let is_v3 = self.version == Version::V3;
        if is_v3 && !fits(&self.user) {
            flaws.push(Flaw::new(
                "user",
                "1～32 オクテットで入れてください",
                "write 1 to 32 octets",
            ));
        }
        let unknown = |word: &Option<String>, known: &[&str]| {
            word.as_ref().is_some_and(|word| !known.contains(&word.as_str()))
        };
        if unknown(&self.auth, &AUTHS) {
            let known = AUTHS.join(", ");
            let ja = format!("{known} から選んでください");
            flaws.push(Flaw::new("auth", ja, format!("choose from {known}")));
        }
        if unknown(&self.privacy, &PRIVACIES) {
            let known = PRIVACIES.join(", ");
            let ja = format!("{known} から選んでください");
            flaws.push(Flaw::new("privacy", ja, format!("choose from {known}")));
        }
        if self.privacy.is_some() && self.auth.is_none() {
            flaws.push(Flaw::new(
                "privacy",
                "暗号化には認証も要ります。認証の方式も選んでください",
                "privacy needs authentication: choose that too",
            ));
        }
        if self.contexts.len() > CONTEXTS || !self.contexts.iter().all(fits) {
            flaws.push(Flaw::new(
                "contexts",
                format!("1～32 オクテットの名前を {CONTEXTS} 個まで入れてください"),
                format!("write at most {CONTEXTS} names of 1 to 32 octets"),
            ));
        }
        flaws
    }

    /// What is wrong with its secrets. Nothing of them is said.
    pub fn flaws_of(&self, secrets: &Secrets) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if self.version != Version::V3 {
            if !(1..=COMMUNITY).contains(&secrets.community.len()) {
                flaws.push(Flaw::new(
                    "community",
                    format!("1～{COMMUNITY} オクテットで入れてください"),
                    format!("write 1 to {COMMUNITY} octets"),
                ));
            }
            return flaws;
        }
        for (field, way, password) in [
            ("auth_password", &self.auth, &secrets.auth_password),
            ("privacy_password", &self.privacy, &secrets.privacy_password),
        ] {
            if way.is_some() && password.len() < PASSWORD {
                flaws.push(Flaw::new(
                    field,
                    format!("{PASSWORD} オクテット以上で入れてください"),
                    format!("write at least {PASSWORD} octets"),
                ));
            }
        }
        flaws
    }

    /// Its secrets as the vault keeps them: what a page wrote or, as `secret set` takes it, the community
    /// or the password alone.
    pub fn read(&self, kept: &str) -> Secrets {
        serde_json::from_str(kept).unwrap_or_else(|_| match self.version {
            Version::V1 | Version::V2c => {
                Secrets { community: kept.to_owned(), ..Secrets::default() }
            }
            Version::V3 => Secrets {
                auth_password: kept.to_owned(),
                privacy_password: kept.to_owned(),
                ..Secrets::default()
            },
        })
    }

    /// Adds it to what an agent is handed.
    pub fn hand(&self, secrets: Secrets, to: &mut Snmp) {
        match self.version {
            Version::V1 => to.v1_communities.push(secrets.community),
            Version::V2c => to.communities.push(secrets.community),
            Version::V3 => to.users.push(User {
                name: self.user.clone(),
                auth_password: self.auth.as_ref().map(|_| secrets.auth_password),
                auth: self.auth.clone(),
                privacy_password: self.privacy.as_ref().map(|_| secrets.privacy_password),
                privacy: self.privacy.clone(),
                contexts: self.contexts.clone(),
            }),
        }
    }
}

/// Under which name the vault keeps the secrets of a credential.
pub fn secret(name: &str) -> String {
    format!("snmp.{name}")
}
