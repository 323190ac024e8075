//! `[[notify]]`: receivers as written, and as meant.

use std::collections::BTreeSet;
use std::path::PathBuf;

use daicho_common::complaint::{Complaint, Exit};
use serde::Deserialize;

use crate::notify::channel::{
    Channel, Choice, Damping, Road, Security, Smtp, Syslog, Transport, Webhook,
};
use crate::notify::event::Kind;
use crate::notify::watch::Limits;
use crate::policy::Severity;
use crate::schedule::Window;
use crate::words::Lang;

/// Most receivers.
const CHANNELS: usize = 20;
/// Most addresses of one receiver.
const ADDRESSES: usize = 20;
/// Longest name, in characters.
const NAME: usize = 40;

/// Which way a receiver is reached.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    Smtp,
    Webhook,
    Syslog,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenSecurity {
    #[default]
    Starttls,
    Tls,
    None,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenTransport {
    #[default]
    Udp,
    Tcp,
    Tls,
}

/// `{ secret = "name" }`: a secret is named, never written.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Named {
    /// Its name.
    Secret { secret: String },
    /// Something else, perhaps the secret itself: nothing of it is kept, so that no complaint shows it.
    Other(serde::de::IgnoredAny),
}

/// `[[notify]]` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    name: String,
    kind: Way,
    severity: Option<Severity>,
    events: Option<Vec<String>>,
    language: Option<Lang>,
    party: Option<String>,
    #[serde(default)]
    brief: bool,
    gather_minutes: Option<u32>,
    #[serde(default)]
    quiet: Vec<String>,
    urgent: Option<Severity>,
    server: Option<String>,
    port: Option<u16>,
    security: Option<WrittenSecurity>,
    user: Option<String>,
    password: Option<Named>,
    from: Option<String>,
    to: Option<Vec<String>>,
    url: Option<String>,
    key: Option<Named>,
    transport: Option<WrittenTransport>,
    facility: Option<u8>,
    ca_file: Option<PathBuf>,
}

/// The numbers of what is watched, as written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WrittenLimits {
    pub(super) silent_hours: Option<u32>,
    pub(super) certificate_days: Option<u32>,
    pub(super) backup_days: Option<u32>,
}

/// The receivers, and from when on something is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// The receivers, in the order written.
    pub channels: Vec<Channel>,
    /// From when on.
    pub limits: Limits,
    /// The beginning of links in messages, without a slash at its end; empty: there are none.
    pub url: String,
}

/// What is wrong, with the name of the receiver and the key.
struct Wrong<'a> {
    file: &'a str,
    name: &'a str,
}

impl Wrong<'_> {
    fn key(&self, key: &str, ja: &str, en: &str) -> Complaint {
        let Self { file, name } = self;
        Complaint::new(
            Exit::Config,
            format!("設定ファイル {file} の [[notify]] {name:?} の {key} が正しくありません。{ja}"),
            format!("{key} of [[notify]] {name:?} in the configuration {file} is wrong: {en}"),
        )
    }

    fn within(&self, key: &str, value: u32, (least, most): (u32, u32)) -> Result<u32, Complaint> {
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        let (ja, en) = (
            format!("{value} ではなく {least}～{most} にしてください"),
            format!("write {least} to {most} and not {value}"),
        );
        Err(self.key(key, &ja, &en))
    }
}

/// The receivers as meant.
pub(super) fn meant(
    written: Vec<Written>,
    (limits, url): (WrittenLimits, Option<String>),
    (lang, file): (Lang, &str),
) -> Result<Notify, Complaint> {
    let all = Wrong { file, name: "" };
    if written.len() > CHANNELS {
        return Err(all.key("[[notify]]", "20 個までにしてください", "write at most 20"));
    }
    let mut names = BTreeSet::new();
    let mut channels = Vec::new();
    for one in written {
        let wrong = Wrong { file, name: &one.name };
        if !is_name(&one.name) || !names.insert(one.name.clone()) {
            let ja = "英数字と - _ . で40文字まで、重複なしにしてください";
            return Err(wrong.key("name", ja, "letters, digits, - _ . up to 40, each once"));
        }
        channels.push(channel(&one, &wrong, lang)?);
    }
    let usual = Limits::default();
    let limits = Limits {
        silent_hours: all.within(
            "silent_agent_hours",
            limits.silent_hours.unwrap_or(usual.silent_hours),
            (1, 720),
        )?,
        certificate_days: all.within(
            "certificate_days",
            limits.certificate_days.unwrap_or(usual.certificate_days),
            (1, 60),
        )?,
        backup_days: all.within(
            "backup_days",
            limits.backup_days.unwrap_or(usual.backup_days),
            (1, 366),
        )?,
    };
    let url = url.unwrap_or_default();
    let is_url = url.is_empty() || url.starts_with("https://") || url.starts_with("http://");
    if !is_url || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let ja = "https:// か http:// で始まる URL にしてください";
        return Err(all.key("public_url", ja, "write a URL that begins with https:// or http://"));
    }
    Ok(Notify { channels, limits, url: url.trim_end_matches('/').to_owned() })
}

/// Whether it may be the name of a receiver or a secret.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=NAME).contains(&name.len()) && name.chars().all(fits)
}

fn channel(one: &Written, wrong: &Wrong<'_>, lang: Lang) -> Result<Channel, Complaint> {
    let kinds = match &one.events {
        None => Kind::ALL.to_vec(),
        Some(names) => names
            .iter()
            .map(|name| Kind::ALL.into_iter().find(|kind| kind.name() == name))
            .collect::<Option<Vec<Kind>>>()
            .filter(|kinds| !kinds.is_empty())
            .ok_or_else(|| {
                let known = Kind::ALL.map(Kind::name).join(", ");
                wrong.key(
                    "events",
                    &format!("{known} から選んでください"),
                    &format!("choose from {known}"),
                )
            })?,
    };
    let window = |text: &String| {
        text.parse::<Window>().map_err(|_| {
            let ja = format!("{text:?} ではなく 22:00-07:00 のように書いてください");
            wrong.key("quiet", &ja, &format!("write it like 22:00-07:00 and not {text:?}"))
        })
    };
    let road = match one.kind {
        Way::Smtp => Road::Smtp(smtp(one, wrong)?),
        Way::Webhook => Road::Webhook(webhook(one, wrong)?),
        Way::Syslog => Road::Syslog(syslog(one, wrong)?),
    };
    Ok(Channel {
        name: one.name.clone(),
        choice: Choice {
            severity: one.severity.unwrap_or(Severity::Warning),
            kinds,
            party: one.party.clone().filter(|party| !party.is_empty()),
            brief: one.brief,
        },
        damping: Damping {
            gather_minutes: wrong.within(
                "gather_minutes",
                one.gather_minutes.unwrap_or(15),
                (1, 1440),
            )?,
            quiet: one.quiet.iter().map(window).collect::<Result<_, _>>()?,
            urgent: one.urgent,
        },
        lang: one.language.unwrap_or(lang),
        road,
    })
}

/// A key that this kind of receiver does not have must not be taken for one that works.
fn only(wrong: &Wrong<'_>, keys: &[(&str, bool)]) -> Result<(), Complaint> {
    match keys.iter().find(|(_, written)| *written) {
        None => Ok(()),
        Some((key, _)) => Err(wrong.key(
            key,
            "この kind では使えないので消してください",
            "this kind has no such key, so take it out",
        )),
    }
}

fn server(one: &Written, wrong: &Wrong<'_>) -> Result<String, Complaint> {
    let server = one.server.clone().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    if server.is_empty() || !server.chars().all(fits) {
        return Err(wrong.key(
            "server",
            "サーバーの名前か IP アドレスを書いてください",
            "write the name or address of the server",
        ));
    }
    Ok(server)
}

impl Named {
    /// The name, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Secret { secret } if is_name(secret) => Some(secret),
            Self::Secret { .. } | Self::Other(_) => None,
        }
    }
}

fn secret(wrong: &Wrong<'_>, key: &str, named: &Named) -> Result<String, Complaint> {
    if let Some(name) = named.name() {
        return Ok(name.to_owned());
    }
    Err(wrong.key(
        key,
        "{ secret = \"名前\" } の名前は英数字と - _ . で書いてください",
        "write { secret = \"name\" }, the name in letters, digits, - _ .",
    ))
}

fn smtp(one: &Written, wrong: &Wrong<'_>) -> Result<Smtp, Complaint> {
    only(
        wrong,
        &[
            ("url", one.url.is_some()),
            ("key", one.key.is_some()),
            ("transport", one.transport.is_some()),
            ("facility", one.facility.is_some()),
        ],
    )?;
    let mailbox = |key: &str, text: &str| {
        text.parse::<lettre::message::Mailbox>().map(|_| text.to_owned()).map_err(|_| {
            let ja = format!("{text:?} をメールアドレスとして読めません");
            wrong.key(key, &ja, &format!("{text:?} is no address of mail"))
        })
    };
    let to = one.to.clone().unwrap_or_default();
    if !(1..=ADDRESSES).contains(&to.len()) {
        return Err(wrong.key("to", "宛先を 1～20 件書いてください", "write 1 to 20 addresses"));
    }
    let user = one.user.clone().filter(|user| !user.is_empty());
    let login = match (user, &one.password) {
        (None, None) => None,
        (Some(user), Some(named)) => Some((user, secret(wrong, "password", named)?)),
        (Some(_), None) | (None, Some(_)) => {
            let ja = "user と password は両方書くか、両方消してください";
            return Err(wrong.key("user", ja, "write both user and password, or neither"));
        }
    };
    let (security, port) = match one.security.unwrap_or_default() {
        WrittenSecurity::Starttls => (Security::StartTls, 587),
        WrittenSecurity::Tls => (Security::Tls, 465),
        WrittenSecurity::None => (Security::Plain, 25),
    };
    if security == Security::Plain && login.is_some() {
        let ja =
            "none では user と password が暗号化されずに流れます。starttls か tls にしてください";
        return Err(wrong.key(
            "security",
            ja,
            "none would send user and password in the clear: write starttls or tls",
        ));
    }
    Ok(Smtp {
        server: server(one, wrong)?,
        port: one.port.unwrap_or(port),
        security,
        login,
        from: mailbox("from", one.from.as_deref().unwrap_or_default())?,
        to: to.iter().map(|text| mailbox("to", text)).collect::<Result<_, _>>()?,
        ca_file: one.ca_file.clone(),
    })
}

fn no_mail(one: &Written) -> [(&'static str, bool); 5] {
    [
        ("security", one.security.is_some()),
        ("user", one.user.is_some()),
        ("password", one.password.is_some()),
        ("from", one.from.is_some()),
        ("to", one.to.is_some()),
    ]
}

fn webhook(one: &Written, wrong: &Wrong<'_>) -> Result<Webhook, Complaint> {
    only(wrong, &no_mail(one))?;
    only(
        wrong,
        &[
            ("server", one.server.is_some()),
            ("port", one.port.is_some()),
            ("transport", one.transport.is_some()),
            ("facility", one.facility.is_some()),
        ],
    )?;
    let url = one.url.clone().unwrap_or_default();
    let host = |scheme: &str| {
        let rest = url.strip_prefix(scheme)?;
        rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))
    };
    let name = |host: &str| host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned();
    let local = host("http://")
        .map(name)
        .is_some_and(|name| matches!(name.as_str(), "localhost" | "127.0.0.1" | "[::1]"));
    let plain = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    if !plain || host("https://").is_none() && !local {
        let ja = "https:// で始まる URL を書いてください（http:// はこのコンピュータ宛てだけ）";
        return Err(wrong.key(
            "url",
            ja,
            "write a URL that begins with https:// (http:// to this computer only)",
        ));
    }
    let key = one.key.as_ref().map(|named| secret(wrong, "key", named)).transpose()?;
    Ok(Webhook { url, key, ca_file: one.ca_file.clone() })
}

fn syslog(one: &Written, wrong: &Wrong<'_>) -> Result<Syslog, Complaint> {
    only(wrong, &no_mail(one))?;
    only(wrong, &[("url", one.url.is_some()), ("key", one.key.is_some())])?;
    let (transport, port) = match one.transport.unwrap_or_default() {
        WrittenTransport::Udp => (Transport::Udp, 514),
        WrittenTransport::Tcp => (Transport::Tcp, 601),
        WrittenTransport::Tls => (Transport::Tls, 6514),
    };
    if transport == Transport::Tls && one.ca_file.is_none() {
        return Err(wrong.key(
            "ca_file",
            "tls では相手の証明書を確かめる CA のファイル (PEM) を書いてください",
            "with tls, name the file (PEM) of the CA that vouches for the server",
        ));
    }
    Ok(Syslog {
        server: server(one, wrong)?,
        port: one.port.unwrap_or(port),
        transport,
        facility: u8::try_from(wrong.within(
            "facility",
            one.facility.unwrap_or(16).into(),
            (0, 23),
        )?)
        .unwrap_or(16),
        ca_file: one.ca_file.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn parse(text: &str) -> Result<Notify, Complaint> {
        Config::parse(text, "c.toml").map(|config| config.notify)
    }

    /// The example of the sample configuration, as if it were not commented out.
    fn sample() -> String {
        let sample = include_str!("../../../config/collector.toml");
        let from = sample.find("#[[notify]]").unwrap();
        let is_key = |rest: &&str| {
            rest.starts_with("[[notify]]")
                || rest.split_once(" = ").is_some_and(|(key, _)| is_name(key))
        };
        let lines = sample[from..].lines().filter_map(|line| line.strip_prefix('#'));
        lines.filter(is_key).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_receivers_of_the_sample_are_a_mail_a_web_and_a_syslog_server() {
        let notify = parse(&sample()).unwrap();
        let roads: Vec<&str> = notify.channels.iter().map(|one| one.road.name()).collect();
        assert_eq!(roads, ["smtp", "webhook", "syslog"]);
        let secrets: Vec<Option<&str>> =
            notify.channels.iter().map(|one| one.road.secret()).collect();
        assert_eq!(secrets, [Some("smtp-password"), Some("hook-key"), None]);
        assert_eq!(notify.channels[0].choice.kinds, Kind::ALL);
        assert_eq!(notify.channels[0].damping.urgent, Some(Severity::High));
    }

    #[test]
    fn what_is_wrong_with_a_receiver_is_named_and_no_secret_is_taken_from_the_file() {
        let mail = "[[notify]]\nname = \"m\"\nkind = \"smtp\"\nserver = \"mx\"\nfrom = \"a@b.jp\"\nto = [\"c@d.jp\"]\n";
        let hook = "[[notify]]\nname = \"h\"\nkind = \"webhook\"\n";
        assert!(parse(mail).is_ok());
        for (text, key) in [
            (mail.repeat(2), "name"),
            (format!("{mail}user = \"u\"\n"), "user"),
            (format!("{mail}user = \"u\"\npassword = {{ secret = \"p\" }}\nsecurity = \"none\"\n"), "security"),
            (format!("{mail}quiet = [\"night\"]\n"), "quiet"),
            (format!("{mail}events = [\"fire\"]\n"), "events"),
            (format!("{mail}gather_minutes = 0\n"), "gather_minutes"),
            (format!("{mail}url = \"https://x\"\n"), "url"),
            (mail.replace("c@d.jp", "c\\r\\nBcc: x@y.jp"), "to"),
            (format!("{hook}url = \"http://hooks.example/x\"\n"), "url"),
            (format!("{hook}url = \"http://localhost@evil.example/x\"\n"), "url"),
            ("silent_agent_hours = 0\n".to_owned(), "silent_agent_hours"),
            ("public_url = \"daicho\"\n".to_owned(), "public_url"),
            ("[[notify]]\nname = \"s\"\nkind = \"syslog\"\nserver = \"s\"\ntransport = \"tls\"\n".to_owned(), "ca_file"),
        ] {
            let complaint = parse(&text).unwrap_err();
            assert_eq!(complaint.exit, Exit::Config);
            assert!(complaint.en.contains(key), "{key}: {complaint}");
        }
        let plain = parse(&format!("{mail}user = \"u\"\npassword = \"hunter2\"\n")).unwrap_err();
        assert!(!plain.to_string().contains("hunter2"), "{plain}");
        let hook =
            parse(&format!("{hook}url = \"https://hooks.example/T0/secret-path\"\n")).unwrap();
        assert!(!format!("{hook:?}").contains("secret-path"));
    }
}
