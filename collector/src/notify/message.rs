//! Events in words, and messages made of them: bounded, on single lines, without anything that could
//! drive a terminal or a mail's header.

use daicho_common::text::Text;
use daicho_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::{Event, Kind, What};
use crate::finding::Finding;
use crate::policy::Severity;
use crate::words::{Lang, Word, phrase};

/// Events that a message tells in full; of more it says how many they are.
pub const MOST: usize = 50;
/// Lines about one event.
const LINES: usize = 8;
/// Characters of one line.
const LINE: usize = 300;

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Names the event without saying anything of it.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// What happened, in a few words.
    pub title: String,
    /// The particulars.
    pub lines: Vec<String>,
    /// The page about it.
    pub link: Option<String>,
}

/// What is sent at once to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Names the message.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The language.
    pub lang: Lang,
    /// At most [`MOST`], worst first.
    pub notices: Vec<Notice>,
    /// How many more there are.
    pub more: usize,
}

/// How events are put into words for a receiver.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    /// The language.
    pub lang: Lang,
    /// Whether names and addresses are left out.
    pub brief: bool,
    /// The beginning of links, without a slash at its end; empty: none.
    pub url: &'a str,
    /// How times are shown.
    pub show: &'a dyn Fn(Timestamp) -> String,
}

/// A message that tells these events, worst first.
pub fn message(events: &[&Event<'_>], how: Wording<'_>, now: Timestamp) -> Message {
    let notices: Vec<Notice> = events.iter().take(MOST).map(|event| notice(event, how)).collect();
    let keys: Vec<&str> = events.iter().map(|event| event.key.as_str()).collect();
    let id = digest(&format!("{} {}", now.micros(), keys.join("\n")));
    let more = events.len().saturating_sub(notices.len());
    Message { id, made_at: now, lang: how.lang, notices, more }
}

/// A message that says nothing but that it arrived.
pub fn trial(channel: &str, how: Wording<'_>, now: Timestamp) -> Message {
    let notice = Notice {
        id: digest(channel),
        kind: Kind::Trial,
        severity: Severity::Notice,
        title: how.lang.say(Word::NotifyTrial).to_owned(),
        lines: vec![line(&how.lang.fill(Word::NotifyTrialLine, &[&channel, &(how.show)(now)]))],
        link: None,
    };
    let id = digest(&format!("{} {channel}", now.micros()));
    Message { id, made_at: now, lang: how.lang, notices: vec![notice], more: 0 }
}

/// An event in words.
fn notice(event: &Event<'_>, how: Wording<'_>) -> Notice {
    let Wording { lang, brief, url, .. } = how;
    let finding = match &event.what {
        What::Finding(finding) | What::Overdue(finding, _) | What::MissedScan(finding) => {
            Some(*finding)
        }
        What::SilentAgent(..)
        | What::Certificate(..)
        | What::BackupFailed(_)
        | What::BackupOld(_)
        | What::Aside(..)
        | What::GivenUp(..) => None,
    };
    let lines = if brief { Vec::new() } else { lines(event, how) };
    let link = finding.filter(|_| !url.is_empty() && !brief).map(|finding| {
        let id: String = form_urlencoded::byte_serialize(finding.id.as_bytes()).collect();
        format!("{url}/finding?id={id}")
    });
    Notice {
        id: digest(&event.key),
        kind: event.kind,
        severity: event.severity,
        title: title(lang, event).to_owned(),
        lines: lines.iter().take(LINES).map(|text| line(text)).collect(),
        link,
    }
}

fn title(lang: Lang, event: &Event<'_>) -> &'static str {
    lang.say(match event.what {
        What::Finding(finding) | What::MissedScan(finding) => phrase::rule(finding.rule),
        What::Overdue(..) => Word::NotifyOverdue,
        What::SilentAgent(..) => Word::NotifySilent,
        What::Certificate(..) => Word::NotifyCertificate,
        What::BackupFailed(_) => Word::NotifyBackupFailed,
        What::BackupOld(_) => Word::NotifyBackupOld,
        What::Aside(..) => Word::NotifyAside,
        What::GivenUp(..) => Word::NotifyGivenUp,
    })
}

fn lines(event: &Event<'_>, how: Wording<'_>) -> Vec<String> {
    let Wording { lang, show, .. } = how;
    let said = |word: Word, with: &[&dyn std::fmt::Display]| vec![lang.fill(word, with)];
    match event.what {
        What::Finding(finding) | What::MissedScan(finding) => phrase::detail(lang, finding),
        What::Overdue(finding, due) => overdue(lang, finding, &due.to_string()),
        What::SilentAgent(agent, at) => said(Word::NotifySilentLine, &[&agent, &show(at)]),
        What::Certificate(agent, at) => said(Word::NotifyCertificateLine, &[&agent, &show(at)]),
        What::BackupFailed(why) => said(Word::NotifyBackupFailedLine, &[&why]),
        What::BackupOld(at) => said(Word::NotifyBackupOldLine, &[&show(at)]),
        What::Aside(agent, file) => said(Word::NotifyAsideLine, &[&agent, &file]),
        What::GivenUp(channel, why) => said(Word::NotifyGivenUpLine, &[&channel, &why]),
    }
}

fn overdue(lang: Lang, finding: &Finding, due: &str) -> Vec<String> {
    let owner = finding.answer.as_ref().map(|answer| answer.owner.as_str()).unwrap_or_default();
    let owner = if owner.is_empty() { lang.say(Word::NotifyNobody) } else { owner };
    let rule = lang.say(phrase::rule(finding.rule));
    let mut lines = vec![lang.fill(Word::NotifyOverdueLine, &[&rule, &due, &owner])];
    lines.extend(phrase::detail(lang, finding));
    lines
}

impl Message {
    /// How many events it tells of.
    pub fn events(&self) -> usize {
        self.notices.len().saturating_add(self.more)
    }

    /// Its heading.
    pub fn subject(&self) -> String {
        let lang = self.lang;
        let Some(first) = self.notices.first() else { return String::new() };
        let severity = lang.say(phrase::severity(first.severity));
        if first.kind == Kind::Trial {
            return lang.fill(Word::NotifySubjectTrial, &[&first.title]);
        }
        match self.events() {
            1 => lang.fill(Word::NotifySubjectOne, &[&severity, &first.title]),
            count => lang.fill(Word::NotifySubjectMany, &[&severity, &first.title, &count]),
        }
    }

    /// Its text.
    pub fn text(&self) -> String {
        let lang = self.lang;
        let mut text = String::new();
        for notice in &self.notices {
            text.push_str(&notice.text(lang));
            text.push('\n');
        }
        if self.more > 0 {
            text.push_str(&lang.fill(Word::NotifyMore, &[&self.more]));
            text.push('\n');
        }
        text
    }
}

impl Notice {
    /// Severity and title, then a line each.
    pub fn text(&self, lang: Lang) -> String {
        let mut text = format!("[{}] {}\n", lang.say(phrase::severity(self.severity)), self.title);
        for line in self.lines.iter().chain(&self.link) {
            text.push_str("    ");
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// All on one line.
    pub fn line(&self) -> String {
        let mut parts = vec![self.title.as_str()];
        parts.extend(self.lines.iter().map(String::as_str));
        parts.extend(self.link.as_deref());
        format!("{} [{}]", parts.join(" | "), self.id)
    }
}

/// On one line, harmless, and not too long.
fn line(text: &str) -> String {
    let clean = Text::clean(text);
    let clean = clean.as_str();
    match clean.char_indices().nth(LINE) {
        None => clean.to_owned(),
        Some((at, _)) => format!("{}…", clean.get(..at).unwrap_or_default()),
    }
}

/// The first 64 bits of the SHA-256 of a text, in hexadecimal digits.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    crate::people::log::hex(digest.get(..8).unwrap_or_default())
}
