//! `[[notify]]` as it is written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::is_name;
use crate::policy::Severity;
use crate::words::Lang;

/// Which way a receiver is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By mail.
    Smtp,
    /// By an HTTPS request.
    Webhook,
    /// By syslog.
    Syslog,
}

/// How a mail server is spoken to, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrittenSecurity {
    /// TLS once greeted.
    #[default]
    Starttls,
    /// TLS from the start.
    Tls,
    /// In the clear.
    None,
}

/// How syslog messages travel, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrittenTransport {
    /// A datagram a message.
    #[default]
    Udp,
    /// A stream.
    Tcp,
    /// The same inside TLS.
    Tls,
}

/// `{ secret = "name" }`: a secret is named, never written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Named {
    /// Its name.
    Secret {
        /// The name.
        secret: String,
    },
    /// Something else, perhaps the secret itself: nothing of it is kept, so that no complaint shows it.
    #[serde(skip_serializing)]
    Other(serde::de::IgnoredAny),
}

impl Named {
    /// The name, if it is one.
    pub(in crate::config) fn name(&self) -> Option<&str> {
        match self {
            Self::Secret { secret } if is_name(secret) => Some(secret),
            Self::Secret { .. } | Self::Other(_) => None,
        }
    }
}

/// A URL: services keep in its path what lets messages in, so it may be a secret itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Url {
    /// As it is.
    Plain(String),
    /// Kept as a secret.
    Hidden {
        /// The secret's name.
        secret: String,
        /// Its beginning, `https://host`, for people.
        host: String,
    },
}

impl Url {
    /// What stands before a receiver's name in the name of the secret that holds its URL.
    pub const SECRET: &str = "notify.url.";

    /// `https://host` of a URL, which is what people are shown of it.
    pub fn beginning(url: &str) -> Option<String> {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        Some(format!("{scheme}://{host}"))
    }
}

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Url(…)")
    }
}

/// `[[notify]]` as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config/collector.toml says what each key is")]
pub struct Receiver {
    pub name: String,
    pub kind: Way,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub brief: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gather_minutes: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiet: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<WrittenSecurity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<WrittenTransport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Receiver {
    /// Takes a URL out that stands here as it is: returns the name of the secret that it is to become, and
    /// the URL. What is no URL stays, for somebody to complain of.
    pub fn hide(&mut self) -> Option<(String, String)> {
        let Some(Url::Plain(url)) = &self.url else { return None };
        let (url, host) = (url.clone(), Url::beginning(url)?);
        let secret = format!("{}{}", Url::SECRET, self.name);
        self.url = Some(Url::Hidden { secret: secret.clone(), host });
        Some((secret, url))
    }
}
