//! Rounds of stock-taking (棚卸): begun by who keeps the ledger, counted row by row, closed by the clerk and
//! signed off by approvers. What the network showed is told with its evidence; what it cannot tell, people
//! confirm by hand. What a form says and what is refused is in [`form`].

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::api::problem::Problem;
use super::page::{Evidence, Frame, Pager, Reader, Tag, device_link, encoded, render, show};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::people::act::Act;
use crate::register::Stocktaking;
use crate::register::stocktaking::{ORDER, Role};
use crate::report;
use crate::stocktaking::{At, Facts, Line, Outcome, counts, is_closed, line};
use crate::words::{Lang, Word, phrase};

mod form;

pub(super) use form::{CHOICES, FIELDS, begin, check, close, sign};
pub(super) use form::{count, end, found, new, sign_off, start};

/// A round in the list.
struct Round {
    id: String,
    link: String,
    scope: String,
    due: String,
    overdue: bool,
    counts: Vec<(Tag, usize)>,
    state: String,
}

/// A choice of rows: value, label, whether it is chosen.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "stocktaking.html")]
struct List {
    frame: Frame,
    rounds: Vec<Round>,
    scopes: Vec<Choice>,
    typed: form::Typed,
}

/// A row of a round.
struct Row {
    key: String,
    label: String,
    location: String,
    tag: Tag,
    device: Option<(String, String)>,
    /// What it rests on.
    told: Vec<String>,
    evidence: Evidence,
}

/// The place of a signature.
struct Place {
    role: &'static str,
    /// Who signed, when, and the digest of what.
    signed: Option<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "stocktaking_round.html")]
struct Page {
    frame: Frame,
    round: Round,
    closed: bool,
    states: Vec<(Tag, usize, String, bool)>,
    all: (String, bool),
    rows: Vec<Row>,
    /// Where what was found goes.
    action: String,
    places: Vec<Place>,
    /// Whether the reader may close it, and in what role the reader may sign it off.
    may_close: bool,
    may_sign: Option<&'static str>,
    open: usize,
    pager: Pager,
}

/// What rounds are held against.
pub(super) fn facts(snapshot: &Snapshot) -> Facts<'_> {
    Facts {
        ledger: &snapshot.ground.ledger,
        keys: snapshot.keys(),
        matches: &snapshot.picture.matches,
        devices: &snapshot.picture.devices,
        checks: &snapshot.ground.checks,
    }
}

/// The list.
pub(super) async fn list(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    page_of(&site, &reader, form::Typed::default()).await
}

async fn page_of(site: &Arc<Site>, reader: &Reader, typed: form::Typed) -> Response {
    let status = if typed.is_good() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let snapshot = match site.view(reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return Problem::from(error).tell(reader),
    };
    let lang = reader.lang;
    let rounds = snapshot.ground.register.stocktaking.iter().rev();
    let rounds = rounds.map(|round| shown(lang, &snapshot, round, &snapshot.counted(round)));
    let page = List {
        rounds: rounds.collect(),
        scopes: scopes(lang, &snapshot, &typed.covers),
        typed,
        frame: reader.frame(Word::StocktakingTitle, "stocktaking"),
    };
    render(&page, status)
}

/// What of the ledger a round may be of: all, or the rows of which a column says the same.
fn scopes(lang: Lang, snapshot: &Snapshot, chosen: &str) -> Vec<Choice> {
    let mut scopes =
        vec![(String::new(), lang.say(Word::StocktakingAll).to_owned(), chosen.is_empty())];
    for ((name, label, _), values) in form::FIELDS.iter().zip(snapshot.values()) {
        scopes.extend(values.iter().map(|(text, count)| {
            let value = format!("{name}={text}");
            let label = format!("{}: {text} ({count})", lang.say(*label));
            let chosen = value == chosen;
            (value, label, chosen)
        }));
    }
    scopes
}

fn shown(lang: Lang, snapshot: &Snapshot, round: &Stocktaking, rows: &[At]) -> Round {
    let today = snapshot.today().to_string().parse();
    let state = match round.next() {
        None => lang.say(Word::PaperSigned).to_owned(),
        Some(role) => lang.fill(Word::PaperWaitsFor, &[&lang.say(word(role))]),
    };
    Round {
        id: round.id.clone(),
        link: format!("/stocktaking/{}", encoded(&round.id)),
        scope: round.scope.clone(),
        due: round.due.to_string(),
        overdue: today.is_ok_and(|today| round.is_overdue(today)),
        counts: counts(rows.iter().map(|at| at.outcome))
            .into_iter()
            .map(|(of, count)| (tag(lang, of), count))
            .collect(),
        state,
    }
}

/// In what role somebody signs.
const fn word(role: Role) -> Word {
    match role {
        Role::Clerk => Word::PaperClerk,
        Role::Planner => Word::PaperPlanner,
        Role::SafetyManager => Word::PaperSafetyManager,
    }
}

fn tag(lang: Lang, outcome: Outcome) -> Tag {
    // Colour and sign are those of the verdicts that say the same of a row.
    let key = match outcome {
        Outcome::Unchecked => "cannot_tell",
        Outcome::NotSeen => "not_seen",
        Outcome::Missing => "undocumented",
        Outcome::Seen | Outcome::Found => "agreed",
    };
    Tag::named(lang, key, phrase::stocktaking::outcome(outcome))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    state: String,
    page: Option<String>,
}

/// A round, row by row.
pub(super) async fn round(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let (zone, rows) = (&site.config.zone, site.config.page_rows);
    let signs = reader.may(Act::SignOff);
    show(&site, &reader, ("stocktaking", Word::StocktakingTitle), |snapshot, frame| {
        let rounds = &snapshot.ground.register.stocktaking;
        let round = rounds.iter().find(|round| round.id == id).ok_or(Word::NotFoundPage)?;
        Ok(whole(snapshot, frame, (round, signs), (zone, rows), &wanted))
    })
    .await
}

fn whole(
    snapshot: &Snapshot,
    frame: Frame,
    (round, signs): (&Stocktaking, bool),
    (zone, page_rows): (&Zone, usize),
    wanted: &Wanted,
) -> Page {
    let lang = frame.lang;
    let all = snapshot.counted(round);
    let head = shown(lang, snapshot, round, &all);
    let link = |state: &str| format!("{}?state={state}", head.link);
    let sums = counts(all.iter().map(|at| at.outcome));
    let states =
        sums.map(|(of, count)| (tag(lang, of), count, link(of.name()), wanted.state == of.name()));
    let fits = |at: &&At| wanted.state.is_empty() || at.outcome.name() == wanted.state;
    let mut found: Vec<&At> = all.iter().filter(fits).collect();
    // What somebody has to look at stands first.
    found.sort_by_key(|at| at.outcome);
    let next = format!("{}&page=", link(&encoded(&wanted.state)));
    let pager = Pager::new(found.len(), page_rows, wanted.page.as_deref(), next);
    let shown = found.iter().skip(pager.skip).take(pager.take);
    let facts = facts(snapshot);
    let rows = shown.filter_map(|at| line(**at, &facts, |entry| snapshot.about(entry)));
    let closed = is_closed(round);
    let open = all.iter().filter(|at| matches!(at.outcome, Outcome::Unchecked | Outcome::NotSeen));
    Page {
        closed,
        states: states.into(),
        all: (lang.fill(Word::CommonRowsCount, &[&all.len()]), wanted.state.is_empty()),
        rows: rows.map(|line| row(snapshot, (lang, zone), &line)).collect(),
        action: head.link.clone(),
        places: places(lang, round),
        may_close: frame.enters() && !closed,
        may_sign: round
            .next()
            .filter(|role| signs && *role != Role::Clerk)
            .map(|role| lang.say(word(role))),
        open: open.count(),
        round: head,
        pager,
        frame,
    }
}

fn places(lang: Lang, round: &Stocktaking) -> Vec<Place> {
    let signed = |role: Role| {
        let found = round.signatures.iter().find(|one| one.role == role)?;
        let of = found.of.chars().take(12).collect();
        Some((found.name.clone(), found.on.to_string(), of))
    };
    ORDER.map(|role| Place { role: lang.say(word(role)), signed: signed(role) }).into()
}

fn row(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), line: &Line<'_>) -> Row {
    let sources = line.device.filter(|_| line.outcome == Outcome::Seen).map(report::sources);
    Row {
        key: line.key.0.clone(),
        label: line.label.clone(),
        location: line.entry.map(|entry| entry.location.clone()).unwrap_or_default(),
        tag: tag(lang, line.outcome),
        device: line.device.map(|device| (device_link(&device.id), device.called())),
        told: told((lang, zone), line),
        evidence: Evidence::of(snapshot, (lang, zone), &sources.unwrap_or_default()),
    }
}

/// What an outcome rests on, in words.
fn told((lang, zone): (Lang, &Zone), line: &Line<'_>) -> Vec<String> {
    if let Some(check) = line.check {
        let (by, at) = (&check.by, zone.show(check.at));
        let mut told = vec![lang.fill(Word::StocktakingSaid, &[by, &at])];
        told.extend(Some(check.note.clone()).filter(|note| !note.is_empty()));
        return told;
    }
    rests((lang, zone), line)
}

/// What the network told of a row.
fn rests((lang, zone): (Lang, &Zone), line: &Line<'_>) -> Vec<String> {
    let seen = line.device.map(|device| {
        let at = zone.show(device.last_seen);
        lang.fill(Word::StocktakingLastSeen, &[&at])
    });
    let mut told: Vec<String> = seen.into_iter().collect();
    if line.outcome != Outcome::Seen {
        told.extend(
            line.verdict.map(|verdict| report::remarks(lang, zone, verdict)).unwrap_or_default(),
        );
    }
    told
}
