//! What administrators say on pages instead of in a file: networks, what is never sent to, credentials,
//! receivers of notifications, and a few numbers.
//!
//! The file wins. What `collector.toml` says other than the default holds, and pages show it without a
//! form; everything else is said here. Settings are rows of the store: each version is kept with who, when
//! and why, and every change is a row of the audit log. Nothing here is a secret: those stand in
//! [`crate::vault`], and a setting only names them.
//!
//! Begin with [`Settings`]; [`effective`] is what holds of file and settings together, [`orders`] what of
//! them an agent is told.

use std::fmt;
use std::str::FromStr;

use daicho_common::complaint::{Complaint, Exit};
use serde::{Deserialize, Serialize};

use crate::config::{self, Receiver, Url};
use crate::words::Lang;

/// With what SNMP agents are asked.
pub mod credential;
/// What is never sent to.
pub mod deny;
/// What holds of the file and the settings together.
pub mod effective;
/// A few numbers.
pub mod general;
/// Networks.
pub mod network;
/// What agents are told.
pub mod orders;

pub use credential::Credential;
pub use daicho_common::job::Deny;
pub use general::General;
pub use network::Network;

/// Longest name of a receiver or credential that is made on a page, in characters: secrets are named
/// after it.
pub const NAME: usize = 24;

/// The kinds of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Numbers; there is one of it.
    General,
    /// What is never sent to; there is one of it.
    Deny,
    /// A network.
    Network,
    /// With what SNMP agents are asked.
    Credential,
    /// A receiver of notifications.
    Notify,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::General, Self::Deny, Self::Network, Self::Credential, Self::Notify];

    /// Its name in the store, in files and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Deny => "deny",
            Self::Network => "network",
            Self::Credential => "credential",
            Self::Notify => "notify",
        }
    }

    /// What the secrets of a setting of this kind and name are called in the vault, whether they are set or
    /// not.
    pub fn secrets(self, name: &str) -> Vec<String> {
        match self {
            Self::Credential => vec![credential::secret(name)],
            Self::Notify => {
                ["notify.", Url::SECRET].map(|before| format!("{before}{name}")).to_vec()
            }
            Self::General | Self::Deny | Self::Network => Vec::new(),
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// A field that is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The field, by its key in files.
    pub field: String,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Flaw {
    /// Of this field.
    pub fn new(field: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field: field.to_owned(), ja: ja.into(), en: en.into() }
    }

    /// In this language.
    pub fn say(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

impl From<config::Bad> for Flaw {
    fn from(config::Bad { key, ja, en }: config::Bad) -> Self {
        Self { field: key, ja, en }
    }
}

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Numbers.
    General(General),
    /// What is never sent to.
    Deny(Deny),
    /// A network.
    Network(Network),
    /// With what SNMP agents are asked.
    Credential(Credential),
    /// A receiver of notifications.
    Notify(Receiver),
}

impl Setting {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::General(_) => Kind::General,
            Self::Deny(_) => Kind::Deny,
            Self::Network(_) => Kind::Network,
            Self::Credential(_) => Kind::Credential,
            Self::Notify(_) => Kind::Notify,
        }
    }

    /// Its name; empty where there is one of its kind.
    pub fn name(&self) -> &str {
        match self {
            Self::General(_) | Self::Deny(_) => "",
            Self::Network(network) => &network.name,
            Self::Credential(credential) => &credential.name,
            Self::Notify(receiver) => &receiver.name,
        }
    }

    /// As it is kept.
    ///
    /// # Errors
    /// What the serialiser says.
    pub fn to_json(&self) -> serde_json::Result<String> {
        match self {
            Self::General(it) => serde_json::to_string(it),
            Self::Deny(it) => serde_json::to_string(it),
            Self::Network(it) => serde_json::to_string(it),
            Self::Credential(it) => serde_json::to_string(it),
            Self::Notify(it) => serde_json::to_string(it),
        }
    }

    /// From what is kept.
    ///
    /// # Errors
    /// What the reader says.
    pub fn from_json(kind: Kind, text: &str) -> serde_json::Result<Self> {
        Ok(match kind {
            Kind::General => Self::General(serde_json::from_str(text)?),
            Kind::Deny => Self::Deny(serde_json::from_str(text)?),
            Kind::Network => Self::Network(serde_json::from_str(text)?),
            Kind::Credential => Self::Credential(serde_json::from_str(text)?),
            Kind::Notify => Self::Notify(serde_json::from_str(text)?),
        })
    }

    /// What is wrong with it, by itself.
    pub fn flaws(&self) -> Vec<Flaw> {
        match self {
            Self::General(general) => general.flaws(),
            Self::Deny(deny) => deny::flaws(deny),
            Self::Network(network) => network.flaws(),
            Self::Credential(credential) => credential.flaws(),
            Self::Notify(receiver) => receiver_flaws(receiver),
        }
    }
}

fn receiver_flaws(receiver: &Receiver) -> Vec<Flaw> {
    if !is_name(&receiver.name) {
        return vec![bad_name()];
    }
    config::channel(receiver, Lang::default()).err().map(Flaw::from).into_iter().collect()
}

/// Whether it may be the name of something that is made on a page and has secrets.
fn is_name(name: &str) -> bool {
    config::is_name(name) && name.len() <= NAME
}

fn bad_name() -> Flaw {
    Flaw::new(
        "name",
        format!("英数字と - _ . で {NAME} 文字までにしてください"),
        format!("write letters, digits, - _ . and at most {NAME} of them"),
    )
}

/// All settings, each kind in order of name. As TOML it is what `settings export` writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Numbers.
    #[serde(default, skip_serializing_if = "General::is_empty")]
    pub general: General,
    /// What is never sent to.
    #[serde(default, skip_serializing_if = "Deny::is_empty")]
    pub deny: Deny,
    /// Networks.
    #[serde(default, rename = "network", skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// With what SNMP agents are asked.
    #[serde(default, rename = "credential", skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Credential>,
    /// Receivers of notifications.
    #[serde(default, rename = "notify", skip_serializing_if = "Vec::is_empty")]
    pub receivers: Vec<Receiver>,
}

impl FromIterator<Setting> for Settings {
    fn from_iter<I: IntoIterator<Item = Setting>>(all: I) -> Self {
        let mut settings = Self::default();
        for one in all {
            match one {
                Setting::General(general) => settings.general = general,
                Setting::Deny(deny) => settings.deny = deny,
                Setting::Network(network) => settings.networks.push(network),
                Setting::Credential(credential) => settings.credentials.push(credential),
                Setting::Notify(receiver) => settings.receivers.push(receiver),
            }
        }
        settings
    }
}

/// A setting that is wrong, with its kind and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub flaw: Flaw,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, flaw } = self;
        write!(f, "{} {name:?} {}: {}", kind.name(), flaw.field, flaw.en)
    }
}

impl Wrong {
    /// As users read it, of the file of this name.
    pub fn complaint(&self, file: &str) -> Complaint {
        let Self { kind, name, flaw: Flaw { field, ja, en } } = self;
        let kind = kind.name();
        Complaint::new(
            Exit::Config,
            format!("{file} の [{kind}] {name:?} の {field} が正しくありません。{ja}"),
            format!("{field} of [{kind}] {name:?} in {file} is wrong: {en}"),
        )
    }
}

impl Settings {
    /// Each of them.
    pub fn all(&self) -> Vec<Setting> {
        let mut all = Vec::new();
        if !self.general.is_empty() {
            all.push(Setting::General(self.general.clone()));
        }
        if !self.deny.is_empty() {
            all.push(Setting::Deny(self.deny.clone()));
        }
        all.extend(self.networks.iter().cloned().map(Setting::Network));
        all.extend(self.credentials.iter().cloned().map(Setting::Credential));
        all.extend(self.receivers.iter().cloned().map(Setting::Notify));
        all
    }

    /// As TOML.
    ///
    /// # Errors
    /// What the serialiser says.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// From TOML; `file` is what complaints call it.
    ///
    /// # Errors
    /// A complaint that names the line. Whether it means something is not looked at.
    pub fn read(text: &str, file: &str) -> Result<Self, Complaint> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                1 + text.bytes().take(span.start).filter(|octet| *octet == b'\n').count()
            });
            let what = error.message().lines().next().unwrap_or_default().to_owned();
            Complaint::new(
                Exit::Config,
                format!("{file} の {line} 行目が正しくありません（{what}）。settings export の出力を参照してください"),
                format!("line {line} of {file} is wrong ({what}): see what `settings export` prints"),
            )
        })
    }

    /// From TOML, checked; `file` is what complaints call it.
    ///
    /// # Errors
    /// A complaint about the first thing that is wrong.
    pub fn parse(text: &str, file: &str) -> Result<Self, Complaint> {
        let settings = Self::read(text, file)?;
        match settings.wrongs().first() {
            None => Ok(settings),
            Some(wrong) => Err(wrong.complaint(file)),
        }
    }

    /// Everything that is wrong, of each by itself and of all together.
    pub fn wrongs(&self) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for setting in self.all() {
            let (kind, name) = (setting.kind(), setting.name().to_owned());
            let mut flaws = setting.flaws();
            if !names.insert((kind, name.clone())) {
                flaws.push(Flaw::new(
                    "name",
                    "同じ名前が2つあります",
                    "there are two of this name",
                ));
            }
            if let Setting::Network(network) = &setting {
                flaws.extend(self.flaws_of(network));
            }
            wrongs.extend(flaws.into_iter().map(|flaw| Wrong { kind, name: name.clone(), flaw }));
        }
        wrongs
    }

    /// What is wrong with a network beside the others.
    pub fn flaws_of(&self, network: &Network) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        for name in &network.credentials {
            if !self.credentials.iter().any(|known| known.name == *name) {
                flaws.push(Flaw::new(
                    "credentials",
                    format!("認証情報「{name}」は登録されていません"),
                    format!("there are no credentials {name}"),
                ));
            }
        }
        let other = |one: &&Network| one.name != network.name && one.overlaps(network);
        if let Some(other) = self.networks.iter().find(other) {
            let (name, cidr) = (&other.name, &other.cidr);
            flaws.push(Flaw::new(
                "cidr",
                format!("「{name}」（{cidr}）と重なります。重ならない範囲にしてください"),
                format!("it overlaps {name} ({cidr}): give it addresses of its own"),
            ));
        }
        flaws
    }

    /// The same without one.
    #[must_use]
    pub fn without(&self, kind: Kind, name: &str) -> Self {
        self.all().into_iter().filter(|it| it.kind() != kind || it.name() != name).collect()
    }

    /// Whether another setting names this one.
    pub fn needs(&self, kind: Kind, name: &str) -> bool {
        let named = |network: &Network| network.credentials.iter().any(|one| one == name);
        kind == Kind::Credential && self.networks.iter().any(named)
    }

    /// The one of this kind and name.
    pub fn find(&self, kind: Kind, name: &str) -> Option<Setting> {
        self.all().into_iter().find(|it| it.kind() == kind && it.name() == name)
    }
}

#[cfg(test)]
mod tests;
