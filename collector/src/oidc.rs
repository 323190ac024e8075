//! Logging in through the hospital's own identity provider: OpenID Connect Core 1.0 §3.1, the
//! authorisation code flow (RFC 6749 §4.1) with PKCE (RFC 7636), state and nonce.
//!
//! Begin with [`flow`], what is remembered between the two halves of a login, then [`token`], what makes
//! an ID token good. Both are pure. [`provider`] is the edge: the provider's document, its keys and the
//! exchange of a code. Who a person is here is not decided by the provider: an administrator says which
//! account a subject may come with, and a subject of whom nobody said so gets nothing.

use std::path::PathBuf;

/// Signatures by ring, for `jsonwebtoken`.
mod crypto;
/// What is remembered between the two halves of a login.
pub mod flow;
/// The provider: its document, its keys, the exchange of a code.
pub mod provider;
/// What makes an ID token good.
pub mod token;

/// The provider and how it knows us, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The provider's issuer identifier, exactly as it calls itself.
    pub issuer: String,
    /// How the provider knows us.
    pub client_id: String,
    /// Where the client's secret is; nowhere for a public client.
    pub secret: Option<ClientSecret>,
    /// Where the provider sends people back to, as it was told at registration.
    pub redirect: String,
    /// What the button on the page says.
    pub label: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The file with the certificates (PEM) of who may vouch for the provider.
    pub certificates: PathBuf,
}

/// Where the client's secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientSecret {
    /// Among the secrets that are kept encrypted, under this name.
    Kept(String),
    /// In this file.
    File(PathBuf),
}

/// The path at which the provider sends people back.
pub const RETURN: &str = "/login/oidc/return";

#[cfg(test)]
pub(crate) mod tests;
