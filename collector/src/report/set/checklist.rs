//! 10: what supports and what contradicts each item of the checklist. The items are data, one file an
//! edition; はい or いいえ is never answered here: the boxes for it are empty.

use serde::Deserialize;

use super::{Name, Told, joined};
use crate::decision::Scope;
use crate::finding::{Finding, Rule};
use crate::fingerprint::Class;
use crate::register::disclosure::{Seen, Standing};
use crate::report::gap;
use crate::report::paper::{Paper, Part, Table};
use crate::words::{Lang, Word, phrase};

/// The editions that are released, the newest first.
const RELEASED: [&str; 2] = [
    include_str!("../../../../config/checklist/r7.toml"),
    include_str!("../../../../config/checklist/r6.toml"),
];

/// What is held against an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Evidence {
    Ledger,
    RemoteMaintenance,
    Disclosure,
    Patches,
    AccessLogs,
    Services,
    Sources,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    number: String,
    /// Its number in earlier editions; empty if it had none.
    #[serde(default)]
    earlier: String,
    evidence: Evidence,
    ja: String,
    en: String,
}

/// The items of an edition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// The edition's label.
    pub edition: String,
    item: Vec<Item>,
}

impl Checklist {
    /// The items of an edition that is released; the newest if none is named. `None` if there is no such
    /// edition.
    pub fn released(edition: Option<&str>) -> Option<Self> {
        let mut all = RELEASED.iter().filter_map(|text| toml::from_str::<Self>(text).ok());
        all.find(|one| edition.is_none_or(|wanted| one.edition == wanted))
    }

    /// The labels of the editions that are released.
    pub fn editions() -> Vec<String> {
        let all = RELEASED.iter().filter_map(|text| toml::from_str::<Self>(text).ok());
        all.map(|one| one.edition).collect()
    }
}

/// What speaks for a yes, against it, and what is not known.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// For it.
    pub with: Vec<String>,
    /// Against it.
    pub against: Vec<String>,
    /// Not known.
    pub open: Vec<String>,
}

/// An item with what is held against it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its number, with the one that it had before where that is another.
    pub number: String,
    /// What it is about, in our words.
    pub subject: String,
    /// What is held against it.
    pub sides: Sides,
}

/// Each item of the edition that was told, with what is held against it; never an answer.
pub fn held(told: &Told<'_>) -> Vec<Held> {
    let held = |item: &Item| Held {
        number: if item.earlier.is_empty() {
            item.number.clone()
        } else {
            told.lang().fill(Word::PaperItemNumber, &[&item.number, &item.earlier])
        },
        subject: match told.lang() {
            Lang::Ja => item.ja.clone(),
            Lang::En => item.en.clone(),
        },
        sides: sides(told, item.evidence),
    };
    told.checklist.item.iter().map(held).collect()
}

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Checklist);
    let mut table = Table::new(
        "",
        told.all([
            Word::PaperItem,
            Word::PaperSubject,
            Word::PaperWith,
            Word::PaperAgainst,
            Word::PaperOpen,
        ]),
        told.say(Word::PaperNothing),
    )
    .answers(told.all([Word::PaperAnswer, Word::PaperChecked, Word::PaperTarget]));
    for Held { number, subject, sides } in held(told) {
        let [with, against, open] = [sides.with, sides.against, sides.open].map(joined);
        table.push([&number, &subject, &with, &against, &open]);
    }
    paper.parts.push(Part::Table(table));
    paper.notes.push(told.say(Word::PaperNeverAnswered).to_owned());
    paper.notes.push(told.say(Word::PaperOwnWords).to_owned());
    paper.boxes = [Word::PaperClerk, Word::PaperPlanner, Word::PaperSafetyManager]
        .map(|word| told.say(word).to_owned())
        .to_vec();
    paper
}

fn sides(told: &Told<'_>, evidence: Evidence) -> Sides {
    match evidence {
        Evidence::Ledger => ledger(told),
        Evidence::RemoteMaintenance => remote(told),
        Evidence::Disclosure => disclosure(told),
        Evidence::Patches => patches(told),
        Evidence::AccessLogs => access_logs(told),
        Evidence::Services => {
            let against = found(told, &[Rule::ManagementExposed, Rule::RemoteAccessUndeclared]);
            let open = vec![told.say(Word::PaperServicesOpen).to_owned()];
            Sides { against, open, ..Sides::default() }
        }
        Evidence::Sources => sources(told),
    }
}

/// How many findings of each rule there are, and how many of them wait for somebody; none where there
/// are none.
fn found(told: &Told<'_>, rules: &[Rule]) -> Vec<String> {
    let of = |rule: &Rule| {
        let all = told.shown.picture.findings.iter().filter(|finding| finding.rule == *rule);
        let (count, open) = all.fold((0_usize, 0_usize), |(count, open), finding| {
            (count + 1, open + usize::from(Finding::is_open(finding)))
        });
        let rule = told.say(phrase::rule(*rule));
        (count > 0).then(|| told.lang().fill(Word::PaperFound, &[&rule, &count, &open]))
    };
    rules.iter().filter_map(of).collect()
}

fn count(told: &Told<'_>, label: Word, count: usize) -> Option<String> {
    (count > 0).then(|| told.lang().fill(Word::PaperCounts, &[&told.say(label), &count]))
}

fn ledger(told: &Told<'_>) -> Sides {
    let verdicts = crate::report::counts(told.shown.picture);
    let of = |key: &str| {
        let found = verdicts.iter().find(|(known, ..)| *known == key);
        found.and_then(|(_, label, _, many)| count(told, *label, *many))
    };
    let rows = told.shown.ledger.entries.len();
    let signed = told.register.stocktaking.iter().filter(|round| round.next().is_none()).count();
    let missed: u128 = gap::reaches(told.shown.coverage).values().map(gap::Reach::missed).sum();
    let missed = (missed > 0).then(|| told.lang().fill(Word::PaperMissed, &[&missed]));
    let rules = [
        Rule::UndocumentedDevice,
        Rule::FieldsDiffer,
        Rule::DeclaredNotSeen,
        Rule::RetiredButSeen,
        Rule::DuplicateInLedger,
    ];
    Sides {
        with: [
            count(told, Word::PaperRows, rows),
            of("agreed"),
            count(told, Word::PaperRoundsSigned, signed),
        ]
        .into_iter()
        .flatten()
        .collect(),
        against: found(told, &rules),
        open: [of("cannot_tell"), missed].into_iter().flatten().collect(),
    }
}

fn remote(told: &Told<'_>) -> Sides {
    let remotes = &told.register.remote;
    let (yes, no) =
        (remotes.iter().filter(|r| r.done).count(), remotes.iter().filter(|r| !r.done).count());
    let said = |entry: &&crate::ledger::Entry| {
        entry.remote_maintenance.is_some()
            || remotes.iter().any(|r| r.asset_number == entry.asset_number)
    };
    let silent = told.shown.ledger.entries.iter().filter(|entry| !said(entry)).count();
    let with = [count(told, Word::RegisterRemote, yes), count(told, Word::RegisterNoRemote, no)];
    Sides {
        with: with.into_iter().flatten().collect(),
        against: found(told, &[Rule::RemoteAccessUndeclared, Rule::RemoteAccessNotSeen]),
        open: count(told, Word::RegisterRemoteUnknown, silent).into_iter().collect(),
    }
}

fn disclosure(told: &Told<'_>) -> Sides {
    let forms = &told.register.disclosure;
    let holds = |form: &&crate::register::Disclosure| {
        form.standing(told.register, Seen::default()) == Standing::Holds
    };
    let held = forms.iter().filter(holds).count();
    let mut against: Vec<String> =
        count(told, Word::PaperFormsOpen, forms.len() - held).into_iter().collect();
    against.extend(found(told, &[Rule::FirmwareChanged]));
    let without =
        told.shown.ledger.entries.iter().filter(|entry| {
            !entry.model.is_empty() && !forms.iter().any(|form| form.is_for(entry))
        });
    Sides {
        with: count(told, Word::PaperFormsHeld, held).into_iter().collect(),
        against,
        open: count(told, Word::PaperRowsWithoutForm, without.count()).into_iter().collect(),
    }
}

fn patches(told: &Told<'_>) -> Sides {
    let versions =
        told.shown.ledger.entries.iter().filter(|entry| !entry.version.is_empty()).count();
    let exceptions = told.register.exception.len();
    let with = [
        count(told, Word::PaperRowsWithVersion, versions),
        count(told, Word::PaperExceptions, exceptions),
    ];
    Sides {
        with: with.into_iter().flatten().collect(),
        against: found(told, &[Rule::SupportEnded, Rule::FirmwareNotRecorded, Rule::ExceptionDue]),
        open: vec![told.say(Word::PaperPatchesOpen).to_owned()],
    }
}

fn access_logs(told: &Told<'_>) -> Sides {
    let keepers = &told.register.keeper;
    let whole = keepers.iter().filter(|one| !one.kept_by.is_empty() && !one.analysed_by.is_empty());
    let whole = whole.count();
    let devices = told.devices();
    let servers = told.rows().filter(|(entry, matched, scoped)| {
        let device = matched.device.as_ref().and_then(|id| devices.get(id));
        let server = device
            .and_then(|device| device.class.as_ref())
            .is_some_and(|class| class.value == Class::Server);
        let named = keepers.iter().any(|one| one.asset_number == entry.asset_number);
        server && scoped.scope != Scope::Outside && !named
    });
    Sides {
        with: count(told, Word::PaperLogsKept, whole).into_iter().collect(),
        against: [
            count(told, Word::PaperLogsHalf, keepers.len() - whole),
            count(told, Word::PaperServersWithoutLog, servers.count()),
        ]
        .into_iter()
        .flatten()
        .collect(),
        open: Vec::new(),
    }
}

fn sources(told: &Told<'_>) -> Sides {
    let of = |said: Option<bool>| {
        let done = told.register.remote.iter().filter(|remote| remote.done);
        done.filter(|remote| remote.source_restricted == said).count()
    };
    let mut against: Vec<String> =
        count(told, Word::PaperUnrestricted, of(Some(false))).into_iter().collect();
    against.extend(found(told, &[Rule::ManagementExposed]));
    Sides {
        with: count(told, Word::PaperRestricted, of(Some(true))).into_iter().collect(),
        against,
        open: count(told, Word::PaperRestrictionUnknown, of(None)).into_iter().collect(),
    }
}
