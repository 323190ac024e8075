//! With what SNMP agents are asked: communities, and users of the third version.

use std::fmt;

/// An SNMP community: a secret, so it never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Community(Vec<u8>);

impl Community {
    /// Takes the secret.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// The secret, for the packet.
    pub fn secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Community(…)")
    }
}

/// A password of an SNMP user, at least 8 octets (RFC 3414 §11.2); it never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Vec<u8>);

impl Password {
    /// Takes the secret.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// The secret, to make keys of.
    pub fn secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How messages are authenticated (RFC 3414 §6 and §7, RFC 7860).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// HMAC-MD5-96; weak.
    Md5,
    /// HMAC-SHA-96.
    Sha1,
    /// HMAC-SHA-224-128.
    Sha224,
    /// HMAC-SHA-256-192.
    Sha256,
    /// HMAC-SHA-384-256.
    Sha384,
    /// HMAC-SHA-512-384.
    Sha512,
}

/// How messages are encrypted (RFC 3414 §8, RFC 3826). Where the digest is shorter than the key, two
/// ways of making it longer are met in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// DES-CBC; weak.
    Des,
    /// 3DES-EDE, as a draft of Reeder has it; weak.
    TripleDes,
    /// AES-128-CFB.
    Aes128,
    /// AES-192-CFB, the key made longer as a draft of Blumenthal has it.
    Aes192,
    /// AES-192-CFB, the key made longer as Cisco does.
    Aes192Cisco,
    /// AES-256-CFB, the key made longer as a draft of Blumenthal has it.
    Aes256,
    /// AES-256-CFB, the key made longer as Cisco does.
    Aes256Cisco,
}

/// A user of SNMP v3 (RFC 3414).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name, 1–32 octets.
    pub name: String,
    /// `None` for noAuthNoPriv.
    pub auth: Option<(Auth, Password)>,
    /// `None` for authNoPriv; never without `auth`.
    pub privacy: Option<(Privacy, Password)>,
    /// Contexts besides the device's own in which tables that have one for each VLAN are read.
    pub contexts: Vec<String>,
}

/// What an SNMP agent is asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A community in messages of the first version (RFC 1157).
    V1(Community),
    /// A community in messages of version 2c (RFC 1901).
    V2c(Community),
    /// A user in messages of the third version.
    V3(User),
}

impl Credential {
    /// What makes it easy to overhear or to break, as it is called; `None` if nothing does.
    pub const fn weakness(&self) -> Option<&'static str> {
        match self {
            Self::V1(_) => Some("SNMP v1"),
            Self::V2c(_) => Some("SNMP v2c"),
            Self::V3(User { auth: None, .. }) => Some("SNMP v3 noAuthNoPriv"),
            Self::V3(User { auth: Some((Auth::Md5, _)), .. }) => Some("MD5"),
            Self::V3(User { privacy: Some((Privacy::Des, _)), .. }) => Some("DES"),
            Self::V3(User { privacy: Some((Privacy::TripleDes, _)), .. }) => Some("3DES"),
            Self::V3(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(auth: Option<Auth>, privacy: Option<Privacy>) -> Credential {
        let secret = || Password::new("s3cret-s3cret");
        Credential::V3(User {
            name: "watch".into(),
            auth: auth.map(|auth| (auth, secret())),
            privacy: privacy.map(|privacy| (privacy, secret())),
            contexts: Vec::new(),
        })
    }

    #[test]
    fn secrets_never_print() {
        let all = [
            user(Some(Auth::Sha256), Some(Privacy::Aes128)),
            Credential::V1(Community::new("s3cret")),
            Credential::V2c(Community::new("s3cret")),
        ];
        assert!(!format!("{all:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_weak_is_named() {
        let weak = |credential: Credential| credential.weakness();
        assert_eq!(weak(Credential::V2c(Community::new("c"))), Some("SNMP v2c"));
        assert_eq!(weak(user(None, None)), Some("SNMP v3 noAuthNoPriv"));
        assert_eq!(weak(user(Some(Auth::Md5), Some(Privacy::Aes256))), Some("MD5"));
        assert_eq!(weak(user(Some(Auth::Sha512), Some(Privacy::TripleDes))), Some("3DES"));
        assert_eq!(weak(user(Some(Auth::Sha256), Some(Privacy::Aes128))), None);
    }
}
