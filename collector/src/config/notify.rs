//! `[[notify]]`: receivers as meant.

use std::collections::BTreeSet;

use daicho_common::complaint::{Complaint, Exit};

use crate::notify::channel::{
    Channel, Choice, Damping, Road, Security, Smtp, Syslog, Transport, Webhook,
};
use crate::notify::event::Kind;
use crate::notify::watch::Limits;
use crate::policy::Severity;
use crate::schedule::Window;
use crate::words::Lang;

mod written;

pub use written::{Named, Receiver, Url, Way, WrittenSecurity, WrittenTransport};

/// Most receivers.
const CHANNELS: usize = 20;
/// Most addresses of one receiver.
const ADDRESSES: usize = 20;
/// Longest name, in characters.
const NAME: usize = 40;

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

/// A key that is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The key.
    pub key: String,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Bad {
    fn of(key: &str, ja: &str, en: &str) -> Self {
        Self { key: key.to_owned(), ja: ja.to_owned(), en: en.to_owned() }
    }

    fn complaint(self, file: &str, name: &str) -> Complaint {
        let Self { key, ja, en } = self;
        Complaint::new(
            Exit::Config,
            format!("設定ファイル {file} の [[notify]] {name:?} の {key} が正しくありません。{ja}"),
            format!("{key} of [[notify]] {name:?} in the configuration {file} is wrong: {en}"),
        )
    }
}

/// The number, if it is in its range.
///
/// # Errors
/// What to write instead.
pub fn within(key: &str, value: u32, (least, most): (u32, u32)) -> Result<u32, Bad> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let (ja, en) = (
        format!("{value} ではなく {least}～{most} にしてください"),
        format!("write {least} to {most} and not {value}"),
    );
    Err(Bad::of(key, &ja, &en))
}

/// The ranges of the numbers of what is watched.
pub const SILENT_HOURS: (u32, u32) = (1, 720);
/// In days.
pub const CERTIFICATE_DAYS: (u32, u32) = (1, 60);
/// In days.
pub const BACKUP_DAYS: (u32, u32) = (1, 366);

/// The beginning of links, without a slash at its end.
///
/// # Errors
/// What to write instead.
pub fn links(url: &str) -> Result<String, Bad> {
    let is_url = url.is_empty() || url.starts_with("https://") || url.starts_with("http://");
    if !is_url || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let ja = "https:// か http:// で始まる URL にしてください";
        return Err(Bad::of("public_url", ja, "write a URL that begins with https:// or http://"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// The receivers as meant.
pub(super) fn meant(
    written: Vec<Receiver>,
    (limits, url): (WrittenLimits, Option<String>),
    (lang, file): (Lang, &str),
) -> Result<Notify, Complaint> {
    let wrong = |bad: Bad| bad.complaint(file, "");
    if written.len() > CHANNELS {
        let bad = Bad::of("[[notify]]", "20 個までにしてください", "write at most 20");
        return Err(wrong(bad));
    }
    let mut names = BTreeSet::new();
    let mut channels = Vec::new();
    for one in written {
        let bad = |bad: Bad| bad.complaint(file, &one.name);
        if !names.insert(one.name.clone()) {
            return Err(bad(name()));
        }
        channels.push(channel(&one, lang).map_err(bad)?);
    }
    let usual = Limits::default();
    let number = |key, value: Option<u32>, usual, range| {
        within(key, value.unwrap_or(usual), range).map_err(wrong)
    };
    let limits = Limits {
        silent_hours: number(
            "silent_agent_hours",
            limits.silent_hours,
            usual.silent_hours,
            SILENT_HOURS,
        )?,
        certificate_days: number(
            "certificate_days",
            limits.certificate_days,
            usual.certificate_days,
            CERTIFICATE_DAYS,
        )?,
        backup_days: number("backup_days", limits.backup_days, usual.backup_days, BACKUP_DAYS)?,
    };
    let url = links(&url.unwrap_or_default()).map_err(wrong)?;
    Ok(Notify { channels, limits, url })
}

fn name() -> Bad {
    let ja = "英数字と - _ . で40文字まで、重複なしにしてください";
    Bad::of("name", ja, "letters, digits, - _ . up to 40, each once")
}

/// Whether it may be the name of a receiver or a secret.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=NAME).contains(&name.len()) && name.chars().all(fits)
}

/// A receiver as meant; `lang` is its language unless it says another.
///
/// # Errors
/// The first key that is wrong.
pub fn channel(one: &Receiver, lang: Lang) -> Result<Channel, Bad> {
    if !is_name(&one.name) {
        return Err(name());
    }
    let kinds = match &one.events {
        None => Kind::ALL.to_vec(),
        Some(names) => names
            .iter()
            .map(|name| Kind::ALL.into_iter().find(|kind| kind.name() == name))
            .collect::<Option<Vec<Kind>>>()
            .filter(|kinds| !kinds.is_empty())
            .ok_or_else(|| {
                let known = Kind::ALL.map(Kind::name).join(", ");
                Bad::of(
                    "events",
                    &format!("{known} から選んでください"),
                    &format!("choose from {known}"),
                )
            })?,
    };
    let window = |text: &String| {
        text.parse::<Window>().map_err(|_| {
            let ja = format!("{text:?} ではなく 22:00-07:00 のように書いてください");
            Bad::of("quiet", &ja, &format!("write it like 22:00-07:00 and not {text:?}"))
        })
    };
    let road = match one.kind {
        Way::Smtp => Road::Smtp(smtp(one)?),
        Way::Webhook => Road::Webhook(webhook(one)?),
        Way::Syslog => Road::Syslog(syslog(one)?),
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
            gather_minutes: within("gather_minutes", one.gather_minutes.unwrap_or(15), (1, 1440))?,
            quiet: one.quiet.iter().map(window).collect::<Result<_, _>>()?,
            urgent: one.urgent,
        },
        lang: one.language.unwrap_or(lang),
        road,
    })
}

/// A key that this kind of receiver does not have must not be taken for one that works.
fn only(keys: &[(&str, bool)]) -> Result<(), Bad> {
    match keys.iter().find(|(_, written)| *written) {
        None => Ok(()),
        Some((key, _)) => Err(Bad::of(
            key,
            "この kind では使えないので消してください",
            "this kind has no such key, so take it out",
        )),
    }
}

fn server(one: &Receiver) -> Result<String, Bad> {
    let server = one.server.clone().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    if server.is_empty() || !server.chars().all(fits) {
        return Err(Bad::of(
            "server",
            "サーバーの名前か IP アドレスを書いてください",
            "write the name or address of the server",
        ));
    }
    Ok(server)
}

fn secret(key: &str, named: &Named) -> Result<String, Bad> {
    if let Some(name) = named.name() {
        return Ok(name.to_owned());
    }
    Err(Bad::of(
        key,
        "{ secret = \"名前\" } の名前は英数字と - _ . で書いてください",
        "write { secret = \"name\" }, the name in letters, digits, - _ .",
    ))
}

fn smtp(one: &Receiver) -> Result<Smtp, Bad> {
    only(&[
        ("url", one.url.is_some()),
        ("key", one.key.is_some()),
        ("transport", one.transport.is_some()),
        ("facility", one.facility.is_some()),
    ])?;
    let mailbox = |key: &str, text: &str| {
        text.parse::<lettre::message::Mailbox>().map(|_| text.to_owned()).map_err(|_| {
            let ja = format!("{text:?} をメールアドレスとして読めません");
            Bad::of(key, &ja, &format!("{text:?} is no address of mail"))
        })
    };
    let to = one.to.clone().unwrap_or_default();
    if !(1..=ADDRESSES).contains(&to.len()) {
        return Err(Bad::of("to", "宛先を 1～20 件書いてください", "write 1 to 20 addresses"));
    }
    let user = one.user.clone().filter(|user| !user.is_empty());
    let login = match (user, &one.password) {
        (None, None) => None,
        (Some(user), Some(named)) => Some((user, secret("password", named)?)),
        (Some(_), None) | (None, Some(_)) => {
            let ja = "user と password は両方書くか、両方消してください";
            return Err(Bad::of("user", ja, "write both user and password, or neither"));
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
        return Err(Bad::of(
            "security",
            ja,
            "none would send user and password in the clear: write starttls or tls",
        ));
    }
    Ok(Smtp {
        server: server(one)?,
        port: one.port.unwrap_or(port),
        security,
        login,
        from: mailbox("from", one.from.as_deref().unwrap_or_default())?,
        to: to.iter().map(|text| mailbox("to", text)).collect::<Result<_, _>>()?,
        ca_file: one.ca_file.clone(),
    })
}

fn no_mail(one: &Receiver) -> [(&'static str, bool); 5] {
    [
        ("security", one.security.is_some()),
        ("user", one.user.is_some()),
        ("password", one.password.is_some()),
        ("from", one.from.is_some()),
        ("to", one.to.is_some()),
    ]
}

fn webhook(one: &Receiver) -> Result<Webhook, Bad> {
    only(&no_mail(one))?;
    only(&[
        ("server", one.server.is_some()),
        ("port", one.port.is_some()),
        ("transport", one.transport.is_some()),
        ("facility", one.facility.is_some()),
    ])?;
    let key = one.key.as_ref().map(|named| secret("key", named)).transpose()?;
    let url = match &one.url {
        Some(Url::Hidden { secret, host }) if is_name(secret) => {
            let (url, hidden) = (format!("{host}/…"), Some(secret.clone()));
            return Ok(Webhook { url, hidden, key, ca_file: one.ca_file.clone() });
        }
        Some(Url::Plain(url)) => url.clone(),
        Some(Url::Hidden { .. }) | None => String::new(),
    };
    is_hook(&url)?;
    Ok(Webhook { url, hidden: None, key, ca_file: one.ca_file.clone() })
}

/// Whether messages may be sent there.
///
/// # Errors
/// What to write instead.
pub fn is_hook(url: &str) -> Result<(), Bad> {
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
        return Err(Bad::of(
            "url",
            ja,
            "write a URL that begins with https:// (http:// to this computer only)",
        ));
    }
    Ok(())
}

fn syslog(one: &Receiver) -> Result<Syslog, Bad> {
    only(&no_mail(one))?;
    only(&[("url", one.url.is_some()), ("key", one.key.is_some())])?;
    let (transport, port) = match one.transport.unwrap_or_default() {
        WrittenTransport::Udp => (Transport::Udp, 514),
        WrittenTransport::Tcp => (Transport::Tcp, 601),
        WrittenTransport::Tls => (Transport::Tls, 6514),
    };
    if transport == Transport::Tls && one.ca_file.is_none() {
        return Err(Bad::of(
            "ca_file",
            "tls では相手の証明書を確かめる CA のファイル (PEM) を書いてください",
            "with tls, name the file (PEM) of the CA that vouches for the server",
        ));
    }
    Ok(Syslog {
        server: server(one)?,
        port: one.port.unwrap_or(port),
        transport,
        facility: u8::try_from(within("facility", one.facility.unwrap_or(16).into(), (0, 23))?)
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
