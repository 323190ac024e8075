//! 9: what changed between two signed snapshots, and what people said in between: who, when and why.

use daicho_common::time::Timestamp;

use super::{Name, Told, joined};
use crate::report::paper::{Paper, Part, Table};
use crate::snapshot::Digest;
use crate::snapshot::diff::{Difference, How, Kind};
use crate::words::{Lang, Word, phrase};

/// A snapshot without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its number.
    pub id: i64,
    /// When it was taken.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// Its digest.
    pub digest: Digest,
    /// The fingerprint of the key that signed it.
    pub key: String,
}

/// What a person said or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What kind of word it was.
    pub kind: Word,
    /// About what.
    pub about: String,
    /// Why.
    pub why: String,
}

/// Two snapshots, what they differ in, and what was said between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// The earlier.
    pub earlier: Signed,
    /// The later.
    pub later: Signed,
    /// What they differ in.
    pub differences: Vec<Difference>,
    /// What was said, in order.
    pub said: Vec<Said>,
}

pub(super) fn make(told: &Told<'_>, between: &Between) -> Paper {
    let mut paper = told.paper(Name::Changes);
    for (label, one) in [(Word::PaperEarlier, &between.earlier), (Word::PaperLater, &between.later)]
    {
        let at = told.minute(one.at);
        let by = match (one.why.as_str(), told.lang()) {
            ("", _) => one.by.clone(),
            (why, Lang::Ja) => format!("{}（{why}）", one.by),
            (why, Lang::En) => format!("{} ({why})", one.by),
        };
        let with: [&dyn std::fmt::Display; 5] = [&one.id, &at, &by, &one.digest.short(), &one.key];
        paper.head(told.say(label), &told.lang().fill(Word::PaperSignedBy, &with));
    }
    paper.parts.push(Part::Table(differences(told, between)));
    paper.parts.push(Part::Table(said(told, between)));
    paper.boxes = vec![told.say(Word::PaperApprover).to_owned()];
    paper
}

fn differences(told: &Told<'_>, between: &Between) -> Table {
    let mut table = Table::new(
        told.say(Word::PaperDifferences),
        told.all([
            Word::PaperKind,
            Word::FindingsAbout,
            Word::FieldName,
            Word::CommonItem,
            Word::PaperBefore,
            Word::PaperAfter,
        ]),
        told.say(Word::PaperNoDifference),
    );
    let lang = told.lang();
    for one in &between.differences {
        let name = value(lang, if one.kind == Kind::Finding { "rule" } else { "name" }, &one.name);
        let (field, before, after) = match &one.how {
            How::Came => (told.say(Word::ChangesAdded).to_owned(), String::new(), String::new()),
            How::Went => (told.say(Word::ChangesRemoved).to_owned(), String::new(), String::new()),
            How::Field(field, before, after) => (
                label(lang, field).map_or_else(|| field.clone(), str::to_owned),
                value(lang, field, before),
                value(lang, field, after),
            ),
        };
        let key = known_by(lang, &one.about);
        table.push([lang.say(kind(one.kind)), &key, &name, &field, &before, &after]);
    }
    table
}

/// What a row is known by, as people read it: `asset_number=me-1` is 管理番号 me-1.
fn known_by(lang: Lang, key: &str) -> String {
    let named = key.split_once('=').and_then(|(field, value)| Some((label(lang, field)?, value)));
    named.map_or_else(|| key.to_owned(), |(field, value)| format!("{field} {value}"))
}

const fn kind(kind: Kind) -> Word {
    match kind {
        Kind::Book => Word::ReportLedgerFile,
        Kind::Row => Word::CommonEntry,
        Kind::Device => Word::CommonDevice,
        Kind::Finding => Word::FindingsTitle,
        Kind::Record => Word::PaperRecord,
        Kind::Coverage => Word::CoverageTitle,
    }
}

/// The heading of a field of a snapshot.
fn label(lang: Lang, field: &str) -> Option<&'static str> {
    Some(lang.say(match field {
        "asset_number" => Word::FieldAssetNumber,
        "name" => Word::FieldName,
        "host_name" => Word::FieldHostName,
        "kind" => Word::FieldKind,
        "vendor" => Word::FieldVendor,
        "model" => Word::FieldModel,
        "serial" => Word::FieldSerial,
        "location" => Word::FieldLocation,
        "version" => Word::FieldVersion,
        "os" => Word::FieldOs,
        "maintainer" => Word::FieldMaintainer,
        "user" => Word::FieldUser,
        "owner" => Word::FieldOwner,
        "disclosure" => Word::FieldDisclosure,
        "ip" => Word::FieldIp,
        "mac" => Word::FieldMac,
        "state" => Word::FieldState,
        "remote_maintenance" => Word::FieldRemoteMaintenance,
        "verdict" => Word::CommonVerdict,
        "scope" => Word::ScopeTitle,
        "network" => Word::CommonNetwork,
        "port" => Word::WiringAttached,
        "rule" => Word::FindingsRule,
        "severity" => Word::FindingsSeverity,
        "disposition" => Word::FindingsDisposition,
        "due" => Word::FindingsDue,
        "by" => Word::FindingsBy,
        "why" => Word::CommonWhy,
        "place" => Word::ReportRow,
        "content" => Word::CommonValue,
        "asked" => Word::CoverageAsked,
        "answered" => Word::CoverageAnswered,
        _ => return None,
    }))
}

/// A value of a snapshot as people read it.
fn value(lang: Lang, field: &str, value: &str) -> String {
    let quoted = serde_json::Value::from(value);
    let word = match field {
        "verdict" => {
            phrase::VERDICTS.iter().find(|(key, ..)| *key == value).map(|(_, label, _)| *label)
        }
        "kind" => {
            phrase::CLASSES.iter().find(|(_, key, _)| *key == value).map(|(.., label)| *label)
        }
        "scope" => serde_json::from_value(quoted).ok().map(phrase::scope),
        "state" => serde_json::from_value(quoted).ok().map(phrase::state),
        "rule" => serde_json::from_value(quoted).ok().map(phrase::rule),
        "disposition" => serde_json::from_value(quoted).ok().map(phrase::disposition),
        "remote_maintenance" if value == "yes" => Some(Word::CommonYes),
        "remote_maintenance" if value == "no" => Some(Word::CommonNo),
        _ => None,
    };
    word.map_or_else(|| value.to_owned(), |word| lang.say(word).to_owned())
}

fn said(told: &Told<'_>, between: &Between) -> Table {
    let words =
        [Word::CommonTime, Word::FindingsBy, Word::PaperKind, Word::FindingsAbout, Word::CommonWhy];
    let mut table =
        Table::new(told.say(Word::PaperSaid), told.all(words), told.say(Word::PaperNothing));
    for one in &between.said {
        let at = told.minute(one.at);
        let about = joined([known_by(told.lang(), &one.about)]);
        table.push([at.as_str(), &one.by, told.say(one.kind), &about, &one.why]);
    }
    table
}
