//! What stands beside the ledger: every record by kind, changed and taken out by people, with who and why.
//! Each kind has a form ([`edit`]); who knows the file that `register import` reads
//! (`config/register/sample.toml`) may write a record as it stands there. What contradicts itself or names
//! what is not there is told beside it. Rounds of stock-taking have pages of their own, and nobody signs
//! one here.

use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::decide::{Form, REASON, back, broken};
use super::page::{Frame, Pager, Reader, encoded, message, show};
use super::snapshot::Snapshot;
use crate::register::{Kind, Record, Register};
use crate::store::Before;
use crate::words::{Lang, Word, phrase};

mod edit;
mod kinds;
mod shown;
mod typed;

pub(super) use edit::{form, keep};
pub(super) use typed::date;

/// A record of every kind.
static SAMPLE: LazyLock<Register> = LazyLock::new(|| {
    // A test parses it.
    Register::parse(include_str!("../../../config/register/sample.toml")).unwrap_or_default()
});

/// Records of a kind that are shown where all kinds are.
const FIRST: usize = 30;
/// Longest record, in characters.
const LONGEST: usize = 20_000;

struct Row {
    id: String,
    /// Where it is changed.
    link: String,
    called: String,
    /// The record as it is written, where there is no form but this.
    text: Option<String>,
    flaws: Vec<String>,
}

struct Group {
    kind: &'static str,
    label: &'static str,
    /// Those that are shown.
    rows: Vec<Row>,
    /// What is not shown, where not all is; it leads to the pages of this kind alone.
    more: String,
    /// Where one is added.
    add: String,
    /// A record of the kind as an example.
    sample: String,
}

#[derive(Template)]
#[template(path = "register.html")]
struct Page {
    frame: Frame,
    /// Every kind: label, how many there are, where they are, and whether they alone are shown.
    tabs: Vec<(&'static str, usize, String, bool)>,
    groups: Vec<Group>,
    pager: Pager,
}

/// Of what kind, and which part of them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    kind: String,
    page: Option<String>,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("register", Word::RegisterPage), |snapshot, frame| {
        Ok(list(snapshot, frame, site.config.page_rows, &wanted))
    })
    .await
}

fn list(snapshot: &Snapshot, frame: Frame, page_rows: usize, wanted: &Wanted) -> Page {
    let chosen: Option<Kind> = wanted.kind.parse().ok();
    let register = &snapshot.ground.register;
    let counts = Kind::ALL.iter().map(|kind| (*kind, register.count(*kind)));
    let counts: Vec<(Kind, usize)> = counts.collect();
    // One kind alone is turned page by page; of all together each shows its beginning.
    let total = chosen.map_or(0, |kind| register.count(kind));
    let link = format!("/register?kind={}&page=", chosen.map_or("", Kind::name));
    let pager = Pager::new(total, page_rows, wanted.page.as_deref(), link);
    let part = if chosen.is_some() { (pager.skip, pager.take) } else { (0, FIRST) };
    let shown = counts.iter().filter(|(kind, _)| chosen.is_none_or(|chosen| chosen == *kind));
    Page {
        groups: shown.map(|(kind, _)| group(snapshot, frame.lang, *kind, part)).collect(),
        tabs: (counts.iter())
            .map(|(kind, count)| {
                let link = match (chosen, *count <= FIRST) {
                    (None, true) => format!("#{}", kind.name()),
                    _ => format!("/register?kind={}", kind.name()),
                };
                (frame.lang.say(label(*kind)), *count, link, chosen == Some(*kind))
            })
            .collect(),
        pager,
        frame,
    }
}

fn group(snapshot: &Snapshot, lang: Lang, kind: Kind, (skip, take): (usize, usize)) -> Group {
    let register = &snapshot.ground.register;
    let (flaws, total) = (snapshot.flaws(), register.count(kind));
    let of_kind = register.some(kind, (skip, take)).into_iter();
    let left = total.saturating_sub(FIRST);
    let row = |record: Record| Row {
        id: record.id().to_owned(),
        link: if kind == Kind::Stocktaking {
            format!("/stocktaking/{}", encoded(record.id()))
        } else {
            format!("/register/edit?kind={}&id={}", kind.name(), encoded(record.id()))
        },
        called: called(&record),
        flaws: (flaws.iter())
            .filter(|flaw| flaw.kind == kind && flaw.id == record.id())
            .map(|flaw| phrase::flaw(lang, &flaw.wrong))
            .collect(),
        text: (kind == Kind::Stocktaking).then(|| written(record)),
    };
    let sample = SAMPLE.records().into_iter().find(|one| one.kind() == kind);
    Group {
        kind: kind.name(),
        label: lang.say(label(kind)),
        more: if take == FIRST && left > 0 {
            lang.fill(Word::CommonMore, &[&left])
        } else {
            String::new()
        },
        rows: of_kind.map(row).collect(),
        add: if kind == Kind::Stocktaking {
            "/stocktaking".to_owned()
        } else {
            format!("/register/edit?kind={}", kind.name())
        },
        sample: sample.map(written).unwrap_or_default(),
    }
}

/// A record as TOML, in a file of its own.
fn written(record: Record) -> String {
    [record].into_iter().collect::<Register>().to_toml().unwrap_or_default()
}

/// What people call a record by, besides its id.
fn called(record: &Record) -> String {
    match record {
        Record::Party(party) => party.name.clone(),
        Record::Contract(contract) => contract.name.clone(),
        Record::Escalation(one) => one.question.clone(),
        Record::Remote(remote) => format!("{} {}", remote.asset_number, remote.through),
        Record::Disclosure(form) => format!("{} {}", form.product, form.version),
        Record::Keeper(keeper) => keeper.asset_number.clone(),
        Record::Exception(exception) => format!("{} {}", exception.asset_number, exception.reason),
        Record::Service(service) => service.name.clone(),
        Record::Byod(byod) => format!("{} {}", byod.owner, byod.device),
        Record::Stocktaking(round) => format!("{} {}", round.scope, round.due),
    }
}

const fn label(kind: Kind) -> Word {
    match kind {
        Kind::Party => Word::RegisterKindParty,
        Kind::Contract => Word::RegisterKindContract,
        Kind::Escalation => Word::RegisterKindEscalation,
        Kind::Remote => Word::RegisterKindRemote,
        Kind::Disclosure => Word::RegisterKindDisclosure,
        Kind::Keeper => Word::RegisterKindKeeper,
        Kind::Exception => Word::RegisterKindException,
        Kind::Service => Word::RegisterKindService,
        Kind::Byod => Word::RegisterKindByod,
        Kind::Stocktaking => Word::RegisterKindStocktaking,
    }
}

/// Keeps a record, or takes one out.
pub(super) async fn say(State(site): State<Arc<Site>>, reader: Reader, body: Bytes) -> Response {
    let form = Form::read(&body);
    let refused = |word| message(&reader, StatusCode::UNPROCESSABLE_ENTITY, word);
    let Some(wish) = Wish::of(&form) else { return refused(Word::FailureRecord) };
    let why = form.of("why").to_owned();
    if why.chars().count() > REASON {
        return refused(Word::FailureForm);
    }
    match change(&site, &reader, wish, (why, Before::Any)).await {
        Ok(_) => back(form.back()),
        Err((status, word)) => message(&reader, status, word),
    }
}

/// Keeps a record, or takes one out, if it is still as it was before. Returns whether anything was changed.
pub(super) async fn change(
    site: &Arc<Site>,
    reader: &Reader,
    wish: Wish,
    (why, before): (String, Before),
) -> Result<bool, (StatusCode, Word)> {
    let by = reader.by();
    let kept = site.write(move |store| {
        if wish.is_about_signatures(&store.register()?) {
            return Ok(Err((StatusCode::FORBIDDEN, Word::FailureSignature)));
        }
        let touched = match wish {
            Wish::Keep(register) => store.keep_register_as(*register, before, by, why)?,
            Wish::Remove(kind, id) => store.remove_record_as((kind, id), before, by, why)?,
        };
        Ok(touched.ok_or((StatusCode::PRECONDITION_FAILED, Word::ApiChanged)))
    });
    kept.await.map_err(|error| broken(&error))?
}

/// What is wanted of a record.
pub(super) enum Wish {
    Keep(Box<Register>),
    Remove(Kind, String),
}

impl Wish {
    /// Whether it would sign a round of stock-taking, or change or take out one that was signed: that is
    /// not for who keeps the register.
    fn is_about_signatures(&self, kept: &Register) -> bool {
        let signed = |id: &str| {
            kept.stocktaking.iter().any(|one| one.id == id && !one.signatures.is_empty())
        };
        match self {
            Self::Keep(new) => {
                let mut rounds = new.stocktaking.iter();
                rounds.any(|round| !round.signatures.is_empty() || signed(&round.id))
            }
            Self::Remove(kind, id) => *kind == Kind::Stocktaking && signed(id),
        }
    }

    fn of(form: &Form) -> Option<Self> {
        match form.of("action") {
            "keep" => {
                let text = form.of("record");
                let register = Register::parse(text).ok()?;
                let records = register.records();
                let named = records.iter().all(|record| !record.id().is_empty());
                let fits = text.chars().count() <= LONGEST && records.len() == 1 && named;
                fits.then(|| Self::Keep(Box::new(register)))
            }
            "remove" => Some(Self::Remove(form.of("kind").parse().ok()?, form.of("id").to_owned())),
            _ => None,
        }
    }
}
