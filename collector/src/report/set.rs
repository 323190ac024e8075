//! The reports, one a file: each is a function from what is known to a [`Paper`] and decides nothing of
//! its form. Begin with [`Name`] and [`Told`].

use std::collections::BTreeMap;

use crate::day::Day;
use crate::finding::Rule;
use crate::ledger::date::PartialDate;
use crate::ledger::{Entry, Place};
use crate::reconcile::Match;
use crate::register::Register;
use crate::report::paper::{Paper, Table};
use crate::report::{Shown, gap};
use crate::resolve::{Device, DeviceId};
use crate::scope::Scoped;
use crate::snapshot::Digest;
use crate::stocktaking::Check;
use crate::words::{Lang, Word, phrase};

/// 9: what two snapshots differ in.
pub mod changes;
/// 10: what supports and contradicts each item of the checklist.
pub mod checklist;
/// 1: the devices of the ledger, for stock-taking.
mod devices;
/// 6: MDS/SDS.
mod disclosures;
/// 8: how the network hangs together.
mod network;
/// 4: remote maintenance.
mod remote;
/// 2: devices that no row accounts for.
mod undocumented;
/// 7: what cannot be patched.
mod unpatchable;
/// 5: the devices of a contract, for its direct contractor.
pub mod vendor;
/// 3: discovered versus declared.
mod verdicts;

#[cfg(test)]
mod tests;

use checklist::Checklist;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $title:ident;)+) => {
        /// The reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
        pub enum Name {
            $($(#[$doc])* $name,)+
        }

        impl Name {
            /// Every report, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in commands and addresses.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Its title.
            pub const fn title(self) -> Word {
                match self {
                    $(Self::$name => Word::$title,)+
                }
            }
        }
    };
}

names! {
    /// 機器台帳（棚卸の記録と署名欄つき） / the ledger, for stock-taking
    Devices, "devices", PaperDevices;
    /// 未登録機器一覧 / undocumented devices
    Undocumented, "undocumented", PaperUndocumented;
    /// 突合結果 / discovered versus declared
    Verdicts, "verdicts", PaperVerdicts;
    /// リモート保守機器一覧 / remote maintenance
    Remote, "remote", PaperRemote;
    /// 事業者別機器一覧（--contract が必要） / the devices of a contract; needs --contract
    Vendor, "vendor", PaperVendor;
    /// MDS/SDS 管理表 / MDS and SDS forms
    Disclosures, "disclosures", PaperDisclosures;
    /// パッチ適用困難機器一覧 / what cannot be patched
    Unpatchable, "unpatchable", PaperUnpatchable;
    /// ネットワーク構成図 / how the network hangs together
    Network, "network", PaperNetwork;
    /// スナップショット間の変更（--from と --to が必要） / what two snapshots differ in; needs --from and --to
    Changes, "changes", PaperChanges;
    /// チェックリストの項目ごとの裏付け / evidence for the checklist's items
    Checklist, "checklist", PaperChecklist;
}

/// What reports are made of.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The picture, the book, and who reads.
    pub shown: Shown<'a>,
    /// What stands beside the book.
    pub register: &'a Register,
    /// What was said of rows in rounds of stock-taking.
    pub checks: &'a [Check],
    /// The snapshot that it all is.
    pub snapshot: &'a Stamp,
    /// The day that it is of.
    pub day: Day,
    /// The edition of the checklist.
    pub checklist: &'a Checklist,
}

/// What every report says of the snapshot that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its digest, which is its name.
    pub digest: Digest,
    /// The edition of the rules that judged.
    pub edition: String,
    /// A digest of all rules, in hexadecimal digits.
    pub rules: String,
}

/// Why a report cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The contract of a report for a vendor was not named, or there is none of this name.
    Contract(String),
    /// Two snapshots were not named.
    Snapshots,
}

/// What only some reports want to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The contract, by its name.
    pub contract: Option<&'a str>,
    /// Two snapshots and what was said between them.
    pub between: Option<&'a changes::Between>,
}

/// Makes a report.
///
/// # Errors
/// [`Missing`].
pub fn make(name: Name, told: &Told<'_>, wanted: Wanted<'_>) -> Result<Paper, Missing> {
    Ok(match name {
        Name::Devices => devices::make(told),
        Name::Undocumented => undocumented::make(told),
        Name::Verdicts => verdicts::make(told),
        Name::Remote => remote::make(told),
        Name::Vendor => vendor::make(told, wanted.contract.unwrap_or_default())?,
        Name::Disclosures => disclosures::make(told),
        Name::Unpatchable => unpatchable::make(told),
        Name::Network => network::make(told),
        Name::Changes => changes::make(told, wanted.between.ok_or(Missing::Snapshots)?),
        Name::Checklist => checklist::make(told),
    })
}

impl<'a> Told<'a> {
    const fn lang(&self) -> Lang {
        self.shown.lang
    }

    fn say(&self, word: Word) -> &'static str {
        self.shown.lang.say(word)
    }

    /// The texts of words.
    fn all<const N: usize>(&self, words: [Word; N]) -> [&'static str; N] {
        words.map(|word| self.shown.lang.say(word))
    }

    /// A paper with what every report bears: day, snapshot, coverage, rules.
    fn paper(&self, name: Name) -> Paper {
        let lang = self.lang();
        let digest = &self.snapshot.digest;
        let title = self.say(name.title());
        let mut paper = Paper {
            lang: lang.code(),
            title: title.to_owned(),
            foot: lang.fill(Word::PaperFoot, &[&title, &self.day, &digest.short()]),
            signing: self.say(Word::PaperSigning).to_owned(),
            day: self.day.parts(),
            ..Paper::default()
        };
        let snapshot = lang.fill(Word::PaperSnapshotLine, &[&digest.short(), &digest.hex()]);
        let stamp = self.snapshot;
        let rules = lang
            .fill(Word::PaperRulesLine, &[&stamp.edition, &self.checklist.edition, &stamp.rules]);
        paper.head(self.say(Word::PaperDay), &self.day.to_string());
        paper.head(self.say(Word::PaperSnapshot), &snapshot);
        paper.head(self.say(Word::PaperRules), &rules);
        paper.head(self.say(Word::PaperCoverage), &self.coverage());
        paper
    }

    /// How much was looked at, in one sentence. Without it nothing that is missing means anything.
    fn coverage(&self) -> String {
        let reaches = gap::reaches(self.shown.coverage);
        if reaches.is_empty() {
            return self.say(Word::PaperNoCoverage).to_owned();
        }
        let sum = |of: &dyn Fn(&gap::Reach) -> u128| reaches.values().map(of).sum::<u128>();
        let (asked, answered) = (sum(&|r| r.asked.len()), sum(&|r| r.answered.len()));
        let missed = sum(&gap::Reach::missed);
        let last = self.shown.coverage.iter().map(|one| one.to).max();
        let last = last.map(|at| self.shown.zone.show(at)).unwrap_or_default();
        let counts: [&dyn std::fmt::Display; 5] =
            [&reaches.len(), &asked, &answered, &missed, &last];
        self.lang().fill(Word::PaperCoverageLine, &counts)
    }

    fn scoped(&self) -> impl Iterator<Item = (&'a Match, &'a Scoped)> {
        self.shown.picture.matches.iter().zip(&self.shown.picture.scopes)
    }

    /// Each row of the book with its match, in the order of the book.
    fn rows(&self) -> impl Iterator<Item = (&'a Entry, &'a Match, &'a Scoped)> {
        let entries: BTreeMap<&Place, &Entry> = crate::report::by_place(self.shown.ledger);
        self.scoped().filter_map(move |(found, scoped)| {
            Some((*entries.get(found.entry.as_ref()?)?, found, scoped))
        })
    }

    fn devices(&self) -> BTreeMap<&'a DeviceId, &'a Device> {
        crate::report::by_id(self.shown.picture)
    }

    /// The row of this 管理番号.
    fn entry(&self, asset_number: &str) -> Option<&'a Entry> {
        let mut entries = self.shown.ledger.entries.iter();
        entries.find(|entry| !asset_number.is_empty() && entry.asset_number == asset_number)
    }

    /// The name of a party, else what it is called in the register.
    fn party(&self, id: &'a str) -> &'a str {
        self.register.party(id).map_or(id, |party| party.name.as_str())
    }

    /// The name of a contract, else what it is called in the register.
    fn contract(&self, id: &'a str) -> &'a str {
        self.register.contract(id).map_or(id, |contract| contract.name.as_str())
    }

    fn yes(&self, said: Option<bool>) -> &'static str {
        self.say(match said {
            Some(true) => Word::CommonYes,
            Some(false) => Word::CommonNo,
            None => Word::CommonUnknown,
        })
    }
}

impl Told<'_> {
    /// A moment to the minute, as a report needs it.
    fn minute(&self, at: daicho_common::time::Timestamp) -> String {
        self.shown.zone.show(at).chars().take("2026-04-01 09:30".len()).collect()
    }

    /// The findings of a rule: what each is about, what was seen, and what was answered.
    fn findings_of(&self, rule: Rule, (title, seen): (Word, Word)) -> Table {
        let words = [Word::FindingsAbout, seen, Word::FindingsState];
        let mut table = Table::new(self.say(title), self.all(words), self.say(Word::PaperNothing));
        let devices = self.devices();
        let findings = self.shown.picture.findings.iter();
        for finding in findings.filter(|finding| finding.rule == rule) {
            let device = finding.device.as_ref().and_then(|id| devices.get(id));
            let answer = finding.answer.as_ref().and_then(|answer| answer.disposition);
            table.push([
                device.map(|device| device.called()).unwrap_or_default(),
                joined(phrase::detail(self.lang(), finding)),
                self.say(answer.map_or(Word::FindingsUnanswered, phrase::disposition)).to_owned(),
            ]);
        }
        table
    }
}

/// A day as ledgers write it.
fn written(day: Day) -> Option<PartialDate> {
    day.to_string().parse().ok()
}

/// Several values in one cell.
fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}
