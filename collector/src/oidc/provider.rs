//! The provider, over HTTP: its document (OpenID Connect Discovery 1.0 §4), its keys, and the exchange of
//! a code (RFC 6749 §4.1.3). What it answers is bounded in time and size, and redirects are not followed.
//! The document and the keys are remembered for an hour; a token whose key is not among them has the keys
//! read again, since providers change them.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::flow::{Begun, Pending};
use super::token::{Expected, Identity, Key, Refused, check};
use super::{ClientSecret, Settings};
use crate::vault::Secret;

/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer, in octets.
const ANSWER: u64 = 1 << 20;
/// How long its document is remembered.
const REMEMBERED: Duration = Duration::from_hours(1);
/// Most keys that are looked at.
const KEYS: usize = 100;

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The provider cannot be reached, or answers with an error of its own.
    #[error("the provider does not answer: {0}")]
    Away(String),
    /// What it answers is not what a provider says.
    #[error("the provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// It does not take the code: it was used before, or is another's.
    #[error("the provider does not take the code: {0}")]
    Code(String),
    /// The ID token is not good.
    #[error("the ID token is refused: {0}")]
    Token(#[from] Refused),
}

/// What the provider says of itself, as far as it matters.
#[derive(Clone, Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Wrong {
    error: String,
}

/// The document and keys as they were at a moment.
#[derive(Clone, Debug)]
struct Known {
    document: Document,
    keys: Vec<Key>,
    at: Timestamp,
}

/// The provider.
pub struct Provider {
    settings: Settings,
    secret: Option<Secret>,
    agent: Agent,
    known: Mutex<Option<Arc<Known>>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the secret.
        f.debug_struct("Provider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Provider {
    /// The provider of these settings. It is not asked anything yet: that it is away keeps no server from
    /// starting.
    ///
    /// # Errors
    /// A complaint if the secret or the certificates cannot be read. `kept` gives a secret that is kept
    /// under a name.
    pub fn new(
        settings: Settings,
        kept: impl FnOnce(&str) -> Result<Secret, Complaint>,
    ) -> Result<Self, Complaint> {
        let secret = match &settings.secret {
            Some(ClientSecret::Kept(name)) => Some(kept(name)?),
            Some(ClientSecret::File(path)) => {
                Some(Secret::new(read(path)?.trim_end_matches(['\r', '\n']).to_owned()))
            }
            None => None,
        };
        let roots = if settings.issuer.starts_with("https://") {
            certificates(&settings.certificates)?
        } else {
            Vec::new()
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self { settings, secret, agent, known: Mutex::default() })
    }

    /// As configured.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the browser is sent (OpenID Connect Core 1.0 §3.1.2.1).
    ///
    /// # Errors
    /// [`Failure`].
    pub fn question(&self, begun: &Begun, now: Timestamp) -> Result<String, Failure> {
        let known = self.known(now)?;
        let scope = [&["openid".to_owned()], self.settings.scopes.as_slice()].concat().join(" ");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect)
            .append_pair("scope", &scope)
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &begun.challenge)
            .append_pair("code_challenge_method", "S256");
        let at = &known.document.authorization_endpoint;
        let joint = if at.contains('?') { '&' } else { '?' };
        Ok(format!("{at}{joint}{}", query.finish()))
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn identity(
        &self,
        code: &str,
        pending: &Pending,
        now: Timestamp,
    ) -> Result<Identity, Failure> {
        let known = self.known(now)?;
        let token = self.exchange(&known.document, code, &pending.verifier)?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &pending.nonce,
            now,
        };
        match check(&token, &known.keys, expected) {
            Err(Refused::UnknownKey) => {
                let known = self.refresh(now)?;
                Ok(check(&token, &known.keys, expected)?)
            }
            checked => Ok(checked?),
        }
    }

    fn known(&self, now: Timestamp) -> Result<Arc<Known>, Failure> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept.filter(|known| now >= known.at && now < known.at.after(REMEMBERED)) {
            Some(known) => Ok(known),
            None => self.refresh(now),
        }
    }

    /// Reads document and keys anew.
    fn refresh(&self, now: Timestamp) -> Result<Arc<Known>, Failure> {
        let issuer = &self.settings.issuer;
        let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document: Document = self.get(&at)?;
        // Discovery §4.3: else another could speak in its name.
        if document.issuer != *issuer {
            return Err(Failure::Answer("its document names another issuer"));
        }
        let endpoints =
            [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
        if !endpoints.into_iter().all(|at| is_as_safe(issuer, at)) {
            return Err(Failure::Answer("an endpoint is not under https"));
        }
        let keys: Keys = self.get(&document.jwks_uri)?;
        // A key of a kind that is not known hides none of the others.
        let keys = keys.keys.into_iter().take(KEYS);
        let keys = keys.filter_map(|key| serde_json::from_value(key).ok()).collect();
        let known = Arc::new(Known { document, keys, at: now });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    fn get<T: DeserializeOwned>(&self, at: &str) -> Result<T, Failure> {
        let (status, text) = read_answer(self.agent.get(at).call())?;
        if status != 200 {
            return Err(Failure::Away(format!("{at}: {status}")));
        }
        serde_json::from_str(&text).map_err(|_| Failure::Answer("no JSON of the form that is due"))
    }

    fn exchange(&self, document: &Document, code: &str, verifier: &str) -> Result<String, Failure> {
        let methods = document.token_endpoint_auth_methods_supported.as_deref();
        // Where nothing is said, Basic is meant (Discovery §3).
        let basic = methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic"));
        let Settings { client_id, redirect, .. } = &self.settings;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect)
            .append_pair("code_verifier", verifier);
        let mut request = self.agent.post(&document.token_endpoint);
        match &self.secret {
            Some(secret) if basic => {
                request = request.header("authorization", basic_header(client_id, secret.expose()));
            }
            Some(secret) => {
                form.append_pair("client_id", client_id)
                    .append_pair("client_secret", secret.expose());
            }
            None => {
                form.append_pair("client_id", client_id);
            }
        }
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
        let (status, text) = read_answer(request.send(form.finish()))?;
        match status {
            200 => serde_json::from_str::<Tokens>(&text)
                .map(|tokens| tokens.id_token)
                .map_err(|_| Failure::Answer("no ID token")),
            400 | 401 => {
                let wrong = serde_json::from_str::<Wrong>(&text);
                Err(Failure::Code(wrong.map_or_else(|_| status.to_string(), |wrong| wrong.error)))
            }
            _ => Err(Failure::Away(format!("{}: {status}", document.token_endpoint))),
        }
    }
}

/// RFC 6749 §2.3.1: both parts are encoded as in a form before they are joined.
fn basic_header(id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

/// Whether an endpoint is at least as safe as the issuer: https, or on the same loopback.
fn is_as_safe(issuer: &str, endpoint: &str) -> bool {
    endpoint.starts_with("https://")
        || issuer.starts_with("http://") && endpoint.starts_with("http://127.0.0.1:")
}

fn read_answer(
    sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, String), Failure> {
    let away = |error: ureq::Error| Failure::Away(error.to_string());
    let mut response = sent.map_err(away)?;
    let status = response.status().as_u16();
    let text = response.body_mut().with_config().limit(ANSWER).read_to_string().map_err(away)?;
    Ok((status, text))
}

fn read(path: &Path) -> Result<String, Complaint> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Complaint> {
    let octets = read(path)?;
    let items = parse_pem(octets.as_bytes());
    let certificates: Vec<Certificate<'static>> = items
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(unreadable(path, &"PEM ×"));
    }
    Ok(certificates)
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Complaint {
    let file = path.display();
    Complaint::new(
        Exit::Config,
        format!(
            "設定の [oidc] にあるファイル {file} を使えません（{why}）。場所・権限・内容を確かめてください"
        ),
        format!(
            "the file {file}, which [oidc] in the configuration names, cannot be used ({why}): check its place, permissions and content"
        ),
    )
}
