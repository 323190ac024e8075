//! What makes an ID token good (OpenID Connect Core 1.0 §3.1.3.7): signed by a key of the provider, by an
//! algorithm that is no secret between two, issued by this provider for us, now, in answer to our nonce.

use daicho_common::time::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use super::crypto;

/// How far two clocks may differ, in seconds.
const LEEWAY: i64 = 60;
/// Longest subject, in octets (§2).
const SUBJECT: usize = 255;
/// Longest name that is taken over, in characters.
const CALLED: usize = 64;

/// A key of the provider (RFC 7517). What is not known of it is passed over.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Key {
    #[serde(default)]
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    #[serde(default)]
    crv: String,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// What an answer of the provider is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// How it knows us.
    pub client_id: &'a str,
    /// What was asked with.
    pub nonce: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Who came, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The subject: never given to another by this issuer.
    pub subject: String,
    /// What the provider calls the person; proves nothing.
    pub called: String,
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no signed token, or lacks a claim that it must have.
    #[error("it is no ID token")]
    Malformed,
    /// It is signed by an algorithm that proves nothing here.
    #[error("its algorithm is not allowed")]
    Algorithm,
    /// None of the known keys has its name.
    #[error("its key is not known")]
    UnknownKey,
    /// The signature does not fit.
    #[error("its signature does not fit")]
    Signature,
    /// Another provider issued it.
    #[error("another issuer issued it")]
    Issuer,
    /// It was issued for somebody else.
    #[error("it is for another audience")]
    Audience,
    /// It has expired.
    #[error("it has expired")]
    Expired,
    /// It is of the future.
    #[error("it is not valid yet")]
    Early,
    /// It answers another question than ours.
    #[error("its nonce is not ours")]
    Nonce,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    name: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
}

/// Who a token says has come, if it is good.
///
/// # Errors
/// [`Refused`]; [`Refused::UnknownKey`] may be a key that is new.
pub fn check(token: &str, keys: &[Key], expected: Expected<'_>) -> Result<Identity, Refused> {
    crypto::install();
    let header = decode_header(token).map_err(|_| algorithm_or_form(token))?;
    if !crypto::is_allowed(header.alg) {
        return Err(Refused::Algorithm);
    }
    let fitting: Vec<&Key> = keys.iter().filter(|key| key.is_for(header.alg)).collect();
    let key = match (&header.kid, fitting.as_slice()) {
        (Some(kid), keys) => keys.iter().find(|key| key.kid.as_ref() == Some(kid)).copied(),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let key = key.and_then(Key::decoding).ok_or(Refused::UnknownKey)?;
    // Claims are held against what was expected below, at a time that is handed in.
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded = decode::<Claims>(token, &key, &validation).map_err(|error| {
        if matches!(error.kind(), ErrorKind::InvalidSignature) {
            Refused::Signature
        } else if matches!(error.kind(), ErrorKind::InvalidAlgorithm) {
            Refused::Algorithm
        } else {
            Refused::Malformed
        }
    })?;
    judge(decoded.claims, expected)
}

/// A header that cannot be read: of an algorithm that the library does not even know, or no header.
fn algorithm_or_form(token: &str) -> Refused {
    if token.split('.').count() == 3 { Refused::Algorithm } else { Refused::Malformed }
}

fn judge(claims: Claims, expected: Expected<'_>) -> Result<Identity, Refused> {
    let now = expected.now.micros().div_euclid(1_000_000);
    let (for_us, several) = match &claims.aud {
        Audience::One(one) => (one == expected.client_id, false),
        Audience::Several(all) => (all.iter().any(|one| one == expected.client_id), all.len() > 1),
    };
    let authorised = match &claims.azp {
        Some(azp) => azp == expected.client_id,
        // §3.1.3.7, 4: of several audiences one is named.
        None => !several,
    };
    if claims.iss != expected.issuer {
        return Err(Refused::Issuer);
    }
    if !for_us || !authorised {
        return Err(Refused::Audience);
    }
    if now >= claims.exp.saturating_add(LEEWAY) {
        return Err(Refused::Expired);
    }
    let earliest = claims.iat.max(claims.nbf.unwrap_or(claims.iat));
    if now < earliest.saturating_sub(LEEWAY) {
        return Err(Refused::Early);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Refused::Nonce);
    }
    if claims.sub.is_empty()
        || claims.sub.len() > SUBJECT
        || claims.sub.chars().any(char::is_control)
    {
        return Err(Refused::Malformed);
    }
    let called =
        [claims.name, claims.preferred_username, claims.email].into_iter().flatten().next();
    let called = called.unwrap_or_default();
    let called = called.chars().filter(|c| !c.is_control()).take(CALLED).collect();
    Ok(Identity { subject: claims.sub, called })
}

impl Key {
    /// Whether it may verify this algorithm.
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let kind = if algorithm == Algorithm::ES256 {
            ("EC", "P-256")
        } else if algorithm == Algorithm::ES384 {
            ("EC", "P-384")
        } else {
            ("RSA", "")
        };
        let named = self.alg.as_ref().is_none_or(|alg| *alg == format!("{algorithm:?}"));
        let signs = self.usage.as_ref().is_none_or(|usage| usage == "sig");
        named && signs && (self.kty.as_str(), self.crv.as_str()) == kind
    }

    fn decoding(&self) -> Option<DecodingKey> {
        if self.kty == "RSA" {
            DecodingKey::from_rsa_components(self.n.as_ref()?, self.e.as_ref()?).ok()
        } else {
            DecodingKey::from_ec_components(self.x.as_ref()?, self.y.as_ref()?).ok()
        }
    }
}
