//! Who is told, of what, by which road: `[[notify]]` as meant. Secrets are named, never written.

use std::path::PathBuf;

use super::event::{Event, Kind};
use crate::people::portion::Portion;
use crate::policy::Severity;
use crate::schedule::Window;
use crate::words::Lang;

/// A receiver of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name; no two have one.
    pub name: String,
    /// Of what it is told.
    pub choice: Choice,
    /// When.
    pub damping: Damping,
    /// In which language.
    pub lang: Lang,
    /// How it is reached.
    pub road: Road,
}

/// Of what a receiver is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Findings from this severity on; other events whatever theirs.
    pub severity: Severity,
    /// These kinds.
    pub kinds: Vec<Kind>,
    /// Only what is this party's, of the register.
    pub party: Option<String>,
    /// Without names and addresses: how many, of what kind.
    pub brief: bool,
}

impl Choice {
    /// Whether the receiver is to be told; `portion` is that of its party, if it has one.
    pub fn has(&self, event: &Event<'_>, portion: Option<&Portion>) -> bool {
        let permitted = match (&self.party, portion) {
            (None, _) => true,
            (Some(_), Some(portion)) => event.is_of(portion),
            // What is a party's is not known: then nothing is.
            (Some(_), None) => false,
        };
        let matters = event.kind != Kind::Finding || event.severity >= self.severity;
        permitted && matters && self.kinds.contains(&event.kind)
    }
}

/// When a receiver is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damping {
    /// After a message the next one comes so many minutes later at the earliest, 1 to 1440, and tells
    /// all that came up meanwhile.
    pub gather_minutes: u32,
    /// Within these spans nothing is sent.
    pub quiet: Vec<Window>,
    /// But what matters so much is sent all the same.
    pub urgent: Option<Severity>,
}

/// How a receiver is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Road {
    /// By mail.
    Smtp(Smtp),
    /// By an HTTPS request.
    Webhook(Webhook),
    /// By syslog.
    Syslog(Syslog),
}

impl Road {
    /// Its name in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Smtp(_) => "smtp",
            Self::Webhook(_) => "webhook",
            Self::Syslog(_) => "syslog",
        }
    }

    /// Where it leads, as people read it.
    pub fn target(&self) -> String {
        match self {
            Self::Smtp(smtp) => smtp.to.join(", "),
            Self::Webhook(webhook) => webhook.shown(),
            Self::Syslog(syslog) => format!("{}:{}", syslog.server, syslog.port),
        }
    }

    /// The secret that it needs, by name.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Smtp(smtp) => smtp.login.as_ref().map(|(_, secret)| secret.as_str()),
            Self::Webhook(webhook) => webhook.key.as_deref(),
            Self::Syslog(_) => None,
        }
    }
}

/// A mail server, and who writes to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Its name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub security: Security,
    /// The user, and the name of the secret that is the password.
    pub login: Option<(String, String)>,
    /// Who writes (RFC 5322 mailbox).
    pub from: String,
    /// To whom, 1 to 20.
    pub to: Vec<String>,
    /// PEM certificates of the CA in whose place the system's are taken.
    pub ca_file: Option<PathBuf>,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS once greeted (RFC 3207), or nothing is sent.
    StartTls,
    /// TLS from the start (RFC 8314 §3.3).
    Tls,
    /// In the clear.
    Plain,
}

/// A web server that takes messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where; `https`, or `http` on this computer. Of one that is hidden, its beginning only.
    pub url: String,
    /// The name of the secret that is the URL, where it is one.
    pub hidden: Option<String>,
    /// The name of the secret with which messages are signed.
    pub key: Option<String>,
    /// PEM certificates of the CA in whose place the system's are taken.
    pub ca_file: Option<PathBuf>,
}

impl Webhook {
    /// The URL without its path, in which services keep what lets messages in.
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", self.url.as_str()));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        format!("{scheme}://{host}/…")
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({:?}, key {:?})", self.shown(), self.key)
    }
}

/// A syslog server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Its name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How messages travel.
    pub transport: Transport,
    /// The facility, 0 to 23 (RFC 5424 §6.2.1).
    pub facility: u8,
    /// PEM certificates of the CA, for TLS.
    pub ca_file: Option<PathBuf>,
}

/// How syslog messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A datagram a message (RFC 5426).
    Udp,
    /// Octets counted (RFC 6587 §3.4.1).
    Tcp,
    /// The same inside TLS (RFC 5425).
    Tls,
}
