//! The form of a receiver of notifications.

use super::edit::Around;
use super::field::{Form, Section, Shape, Texts, called, lines, number, some, text, word};
use crate::config::{self, Named, Receiver, Url, Way, WrittenSecurity, WrittenTransport};
use crate::notify::event::Kind;
use crate::policy::Severity;
use crate::settings::{Flaw, Setting};
use crate::words::{Lang, Word, phrase};

pub(super) fn texts(receiver: &Receiver) -> Texts {
    let mut texts = Texts::new();
    let mut put = |name: &str, value: String| _ = texts.insert(name.to_owned(), value);
    let number = |value: Option<u32>| value.map(|n| n.to_string()).unwrap_or_default();
    put("name", receiver.name.clone());
    put("kind", called(&receiver.kind));
    put("severity", receiver.severity.as_ref().map(called).unwrap_or_default());
    let all = || Kind::ALL.map(|kind| kind.name().to_owned()).to_vec();
    put("events", receiver.events.clone().unwrap_or_else(all).join("\n"));
    put("language", receiver.language.as_ref().map(called).unwrap_or_default());
    put("party", receiver.party.clone().unwrap_or_default());
    put("brief", if receiver.brief { "yes".to_owned() } else { String::new() });
    put("gather_minutes", number(receiver.gather_minutes));
    put("quiet", receiver.quiet.join("\n"));
    put("urgent", receiver.urgent.as_ref().map(called).unwrap_or_default());
    put("server", receiver.server.clone().unwrap_or_default());
    put("port", number(receiver.port.map(u32::from)));
    put("security", receiver.security.as_ref().map(called).unwrap_or_default());
    put("user", receiver.user.clone().unwrap_or_default());
    put("from", receiver.from.clone().unwrap_or_default());
    put("to", receiver.to.clone().unwrap_or_default().join("\n"));
    put("transport", receiver.transport.as_ref().map(called).unwrap_or_default());
    put("facility", number(receiver.facility.map(u32::from)));
    let ca = receiver.ca_file.as_ref().map(|path| path.display().to_string());
    put("ca_file", ca.unwrap_or_default());
    texts
}

/// A receiver for which nothing was said yet.
pub(super) fn fresh() -> Texts {
    let all = Kind::ALL.map(|kind| kind.name().to_owned()).join("\n");
    [("kind", "smtp"), ("severity", "warning"), ("urgent", "high"), ("events", all.as_str())]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A receiver, and the secrets that are to be kept, by their names.
type Typed = (Receiver, Vec<(String, String)>);

/// The beginning of a URL that is kept as a secret.
fn known_host(receiver: &Receiver) -> Option<String> {
    match &receiver.url {
        Some(Url::Hidden { host, .. }) => Some(host.clone()),
        Some(Url::Plain(_)) | None => None,
    }
}

/// What was typed, with its secrets.
pub(super) fn read(texts: &Texts, known: Option<&Receiver>) -> Result<Typed, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let kind = word(texts, "kind").unwrap_or(Way::Smtp);
    let name = text(texts, "name").to_owned();
    let mut secrets = Vec::new();
    let mut named = |field: &str, before: &str, stays: bool| {
        let secret = format!("{before}{name}");
        match some(texts, field) {
            Some(typed) => secrets.push((secret.clone(), typed)),
            None if stays => {}
            None => return None,
        }
        Some(secret)
    };
    let (mail, hook, log) = (kind == Way::Smtp, kind == Way::Webhook, kind == Way::Syslog);
    let user = some(texts, "user").filter(|_| mail);
    let password = user.as_ref().and_then(|_| {
        let stays = known.is_some_and(|it| it.password.is_some());
        named("password", "notify.", stays).map(|secret| Named::Secret { secret })
    });
    let key = hook.then(|| named("key", "notify.", known.is_some_and(|it| it.key.is_some())));
    let key = key.flatten().map(|secret| Named::Secret { secret });
    let host = known.and_then(known_host);
    let mut url = None;
    if hook {
        let typed = some(texts, "url");
        if let Some(bad) = typed.as_ref().and_then(|typed| config::is_hook(typed).err()) {
            flaws.push(bad.into());
        }
        let host = typed.as_deref().and_then(Url::beginning).or(host);
        url = host.and_then(|host| {
            named("url", Url::SECRET, true).map(|secret| Url::Hidden { secret, host })
        });
    }
    let receiver = Receiver {
        kind,
        severity: word(texts, "severity"),
        events: Some(lines(texts, "events")).filter(|events| events.len() < Kind::ALL.len()),
        language: word(texts, "language"),
        party: some(texts, "party"),
        brief: text(texts, "brief") == "yes",
        gather_minutes: number(texts, "gather_minutes", &mut flaws),
        quiet: lines(texts, "quiet"),
        urgent: word(texts, "urgent"),
        server: some(texts, "server").filter(|_| mail || log),
        port: number(texts, "port", &mut flaws).filter(|_| mail || log),
        security: word::<WrittenSecurity>(texts, "security").filter(|_| mail),
        user,
        password,
        from: some(texts, "from").filter(|_| mail),
        to: mail.then(|| mailboxes(text(texts, "to"))),
        url,
        key,
        transport: word::<WrittenTransport>(texts, "transport").filter(|_| log),
        facility: number(texts, "facility", &mut flaws).filter(|_| log),
        ca_file: some(texts, "ca_file").map(Into::into),
        name: name.clone(),
    };
    flaws.extend(Setting::Notify(receiver.clone()).flaws());
    if flaws.is_empty() { Ok((receiver, secrets)) } else { Err(flaws) }
}

/// A mailbox a line: a comma may stand in a name.
fn mailboxes(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

pub(super) fn sections(form: &Form<'_>, around: &Around, new: bool) -> Vec<Section> {
    let mut sections = vec![told(form, around, new)];
    sections.extend(roads(form, new));
    sections
}

/// Of what a receiver is told, and when.
fn told(form: &Form<'_>, around: &Around, new: bool) -> Section {
    let name = if new { Shape::Text } else { Shape::Fixed };
    let none = |word: Word| std::iter::once((String::new(), form.say(word)));
    let severities = || {
        [Severity::Notice, Severity::Warning, Severity::High]
            .map(|it| (called(&it), form.say(phrase::severity(it))))
    };
    let ways = [
        (Way::Smtp, Word::SettingMail),
        (Way::Webhook, Word::SettingWebhook),
        (Way::Syslog, Word::SettingSyslog),
    ];
    let ways = ways.map(|(way, word)| (called(&way), form.say(word)));
    let events = Kind::ALL.map(|kind| (kind.name().to_owned(), form.say(event(kind))));
    let parties = around.parties.iter().cloned();
    let langs = [("ja".to_owned(), "日本語".to_owned()), ("en".to_owned(), "English".to_owned())];
    Section {
        legend: "",
        only: "",
        inputs: vec![
            form.example("name", (Word::SettingName, "mail"), name).required(),
            form.one("kind", Word::SettingWay, ways),
            form.many("events", Word::SettingEvents, events),
            form.one("severity", Word::SettingSeverity, severities()),
            form.example("quiet", (Word::SettingQuiet, "22:00-07:00"), Shape::Lines),
            form.one("urgent", Word::SettingUrgent, none(Word::SettingNone).chain(severities())),
            form.hinted("gather_minutes", (Word::SettingGather, "1～1440"), Shape::Text),
            form.one("language", Word::SettingsLanguage, none(Word::SettingUsual).chain(langs)),
            form.one("party", Word::SettingParty, none(Word::SettingNone).chain(parties)),
            form.tick("brief", Word::SettingBrief),
        ],
    }
}

/// How it is reached.
fn roads(form: &Form<'_>, new: bool) -> [Section; 5] {
    let plain = |all: &[&str]| {
        all.iter().map(|one| ((*one).to_owned(), (*one).to_owned())).collect::<Vec<_>>()
    };
    let kept = || form.say(if new { Word::SettingNeverShown } else { Word::SettingStays });
    let own = || form.say(Word::SettingUsual);
    [
        Section {
            legend: form.lang.say(Word::SettingServer),
            only: "smtp syslog",
            inputs: vec![
                form.example("server", (Word::SettingServer, "mail.example.jp"), Shape::Text),
                form.hinted("port", (Word::SettingPort, own()), Shape::Text),
            ],
        },
        Section {
            legend: form.lang.say(Word::SettingMail),
            only: "smtp",
            inputs: vec![
                form.one("security", Word::SettingSecurity, plain(&["starttls", "tls", "none"])),
                form.input("from", Word::SettingFrom, Shape::Text),
                form.hinted("to", (Word::SettingTo, form.say(Word::SettingEachLine)), Shape::Lines),
                form.input("user", Word::SettingUser, Shape::Text),
                form.hinted("password", (Word::LoginPassword, kept()), Shape::Secret),
            ],
        },
        Section {
            legend: form.lang.say(Word::SettingWebhook),
            only: "webhook",
            inputs: vec![
                form.hinted("url", (Word::SettingUrl, kept()), Shape::Secret),
                form.hinted("key", (Word::SettingKey, kept()), Shape::Secret),
            ],
        },
        Section {
            legend: form.lang.say(Word::SettingSyslog),
            only: "syslog",
            inputs: vec![
                form.one("transport", Word::SettingTransport, plain(&["udp", "tcp", "tls"])),
                form.hinted("facility", (Word::SettingFacility, "0～23"), Shape::Text),
            ],
        },
        Section {
            legend: "TLS",
            only: "",
            inputs: vec![form.hinted("ca_file", (Word::SettingCa, own()), Shape::Text)],
        },
    ]
}

/// What a kind of event is called.
pub(super) const fn event(kind: Kind) -> Word {
    match kind {
        Kind::Finding => Word::NavFindings,
        Kind::MissedScan => Word::StartMissed,
        Kind::SilentAgent => Word::NotifySilent,
        Kind::Overdue => Word::NotifyOverdue,
        Kind::Certificate => Word::NotifyCertificate,
        Kind::Backup => Word::NotifyBackupFailed,
        Kind::Delivery => Word::NotifyGivenUp,
        Kind::Trial => Word::NotifyTrial,
    }
}

/// The language of a receiver, as shown.
pub(super) const fn tongue(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => "日本語",
        Lang::En => "English",
    }
}
