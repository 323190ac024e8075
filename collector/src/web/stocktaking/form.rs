//! What people say of rounds: begin one, what they found, close it, sign it off.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{facts, page_of, rests};
use crate::ledger::Entry;
use crate::register::Stocktaking;
use crate::register::contract::{By as Field, Covers};
use crate::register::stocktaking::Role;
use crate::stocktaking::{Check, Line, Outcome, closing, is_closed, line};
use crate::store::StoreError;
use crate::web::Site;
use crate::web::api::problem::Problem;
use crate::web::decide::{REASON, back};
use crate::web::fields::Fields;
use crate::web::page::{Reader, encoded};
use crate::web::register::date;
use crate::web::snapshot::Snapshot;
use crate::words::{Lang, Word};

/// Longest description of what is counted, in characters.
const SCOPE: usize = 200;
/// Most values of a column that the choice of rows offers.
pub(in crate::web) const CHOICES: usize = 200;
/// Most rows of one form.
const ROWS: usize = 1000;

/// How a column reads an entry.
type Reads = fn(&Entry) -> &str;

/// Columns by which the rows of a round are chosen.
pub(in crate::web) const FIELDS: [(&str, Word, Reads); 3] = [
    ("location", Word::FieldLocation, |entry| &entry.location),
    ("kind", Word::FieldKind, |entry| &entry.kind),
    ("maintainer", Word::FieldMaintainer, |entry| &entry.maintainer),
];

/// A form as it was typed, with what was wrong beside each field.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Typed {
    pub(in crate::web) scope: String,
    pub(in crate::web) covers: String,
    pub(in crate::web) from: String,
    pub(in crate::web) due: String,
    pub(in crate::web) scope_wrong: &'static str,
    pub(in crate::web) from_wrong: &'static str,
    pub(in crate::web) due_wrong: &'static str,
}

impl Typed {
    pub(in crate::web) const fn is_good(&self) -> bool {
        self.scope_wrong.is_empty() && self.from_wrong.is_empty() && self.due_wrong.is_empty()
    }
}

/// Begins a round.
pub(in crate::web) async fn begin(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let form = Fields::read(&body);
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return Problem::from(error).tell(&reader),
    };
    match new(reader.lang, &snapshot, &form) {
        Err(typed) => page_of(&site, &reader, *typed).await,
        Ok(round) => match start(&site, &reader, round).await {
            Ok(id) => back(&format!("/stocktaking/{}", encoded(&id))),
            Err(problem) => problem.tell(&reader),
        },
    }
}

/// Begins this round, and returns its name.
pub(in crate::web) async fn start(
    site: &Arc<Site>,
    reader: &Reader,
    round: Stocktaking,
) -> Result<String, Problem> {
    let (id, by) = (round.id.clone(), reader.by());
    let begun = site.write(move |store| store.begin_round(round, by)).await;
    begun.map(|()| id).map_err(|error| trouble(site, error))
}

/// The round that a form describes, or the form with what is wrong in it.
pub(in crate::web) fn new(
    lang: Lang,
    snapshot: &Snapshot,
    form: &Fields,
) -> Result<Stocktaking, Box<Typed>> {
    let text = |name: &str| form.of(name).trim().to_owned();
    let mut typed = Typed {
        scope: text("scope"),
        covers: text("covers"),
        from: text("from"),
        due: text("due"),
        ..Typed::default()
    };
    let date = |text: &str| date(text).ok_or(());
    if typed.scope.is_empty() || typed.scope.chars().count() > SCOPE {
        typed.scope_wrong = lang.say(Word::StocktakingWrongScope);
    }
    let from = if typed.from.is_empty() { Ok(None) } else { date(&typed.from).map(Some) };
    if from.is_err() {
        typed.from_wrong = lang.say(Word::FormWrongDate);
    }
    let due = date(&typed.due);
    if due.is_err() {
        typed.due_wrong = lang.say(Word::FormWrongDate);
    }
    let (Ok(from), Ok(due), true) = (from, due, typed.is_good()) else {
        return Err(Box::new(typed));
    };
    if from.is_some_and(|from| due.last_day() < from.first_day()) {
        typed.due_wrong = lang.say(Word::FlawEndsBeforeBegin);
        return Err(Box::new(typed));
    }
    let covers = covers(&typed.covers).into_iter().collect();
    let id = free_name(snapshot);
    Ok(Stocktaking { id, scope: typed.scope, covers, from, due, signatures: Vec::new() })
}

fn covers(text: &str) -> Option<Covers> {
    let (by, text) = text.split_once('=')?;
    let by = match by {
        "location" => Field::Location,
        "kind" => Field::Kind,
        "maintainer" => Field::Maintainer,
        _ => return None,
    };
    Some(Covers { by, text: text.to_owned() })
}

/// The year and the next number of it.
fn free_name(snapshot: &Snapshot) -> String {
    let (year, _, _) = snapshot.today().parts();
    let taken = |id: &String| snapshot.ground.register.stocktaking.iter().any(|one| one.id == *id);
    let mut names = (1_u32..).map(|number| format!("{year}-{number}"));
    names.find(|id| !taken(id)).unwrap_or_default()
}

/// Keeps what was found of rows.
pub(in crate::web) async fn check(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let form = Fields::read(&body);
    let rows: HashSet<String> = form_urlencoded::parse(&body)
        .filter(|(name, _)| name == "row")
        .map(|(_, value)| value.into_owned())
        .collect();
    match count(&site, &reader, &id, (&form, &rows)).await {
        Ok(_) => back(own(&form, &id).as_str()),
        Err(problem) => problem.tell(&reader),
    }
}

/// Keeps what was found of these rows, by what they are known by; returns of how many.
pub(in crate::web) async fn count(
    site: &Arc<Site>,
    reader: &Reader,
    id: &str,
    (form, rows): (&Fields, &HashSet<String>),
) -> Result<usize, Problem> {
    let nothing = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::StocktakingNothing);
    let outcome = Outcome::of(form.of("outcome")).filter(|outcome| outcome.is_of_person());
    let note = form.of("note").trim().to_owned();
    let fits = !rows.is_empty() && rows.len() <= ROWS && note.chars().count() <= REASON;
    let outcome = outcome.filter(|_| fits).ok_or_else(|| nothing.clone())?;
    let (snapshot, round) = found(site, reader, id).await?;
    let by = reader.by();
    let new = |line: &Line<'_>| Check {
        round: id.to_owned(),
        key: line.key.clone(),
        label: line.label.clone(),
        outcome,
        note: note.clone(),
        at: by.at,
        by: by.who.clone(),
    };
    let lines = all(&snapshot, &round);
    let meant = lines.iter().filter(|line| rows.contains(line.key.0.as_str()));
    let checks: Vec<Check> = meant.map(new).collect();
    if checks.is_empty() {
        return Err(nothing);
    }
    let kept = site.write({
        let id = id.to_owned();
        move |store| store.check_rows(id, checks, by)
    });
    kept.await.map_err(|error| trouble(site, error))
}

/// Where to go back to: the page of the round, with what was chosen there.
fn own(form: &Fields, id: &str) -> String {
    let page = format!("/stocktaking/{}", encoded(id));
    let back = form.of("back");
    let is_of_round =
        back.strip_prefix(&page).is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
    if is_of_round { back.to_owned() } else { page }
}

/// Every row of a round.
fn all<'s>(snapshot: &'s Snapshot, round: &Stocktaking) -> Vec<Line<'s>> {
    let facts = facts(snapshot);
    let rows = snapshot.counted(round);
    rows.iter().filter_map(|at| line(*at, &facts, |entry| snapshot.about(entry))).collect()
}

pub(in crate::web) async fn found(
    site: &Arc<Site>,
    reader: &Reader,
    id: &str,
) -> Result<(Arc<Snapshot>, Stocktaking), Problem> {
    let snapshot = site.view(reader).await?;
    let rounds = &snapshot.ground.register.stocktaking;
    let round = rounds.iter().find(|round| round.id == id).cloned();
    let missing = || Problem::new(StatusCode::NOT_FOUND, Word::NotFoundPage);
    round.map(|round| (snapshot, round)).ok_or_else(missing)
}

pub(in crate::web) async fn close(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    match end(&site, &reader, &id).await {
        Ok(()) => back(&format!("/stocktaking/{}", encoded(&id))),
        Err(problem) => problem.tell(&reader),
    }
}

/// The clerk signs that this is what was counted. The rows are kept as they are then, with what each
/// rests on.
pub(in crate::web) async fn end(
    site: &Arc<Site>,
    reader: &Reader,
    id: &str,
) -> Result<(), Problem> {
    let (snapshot, round) = found(site, reader, id).await?;
    if is_closed(&round) {
        let closed = StoreError::Round(crate::store::BadRound::Closed(id.to_owned()));
        return Err(trouble(site, closed));
    }
    let by = reader.by();
    let lines = all(&snapshot, &round);
    let shown = (site.config.language, &site.config.zone);
    let evidence = |line: &Line<'_>| rests(shown, line).join(" / ");
    let checks = closing(&round, &lines, (&by.who, by.at), evidence);
    let done = site.write({
        let id = id.to_owned();
        move |store| store.close_round(id, checks, by)
    });
    done.await.map_err(|error| trouble(site, error))
}

pub(in crate::web) async fn sign(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    match sign_off(&site, &reader, &id).await {
        Ok(()) => back(&format!("/stocktaking/{}", encoded(&id))),
        Err(problem) => problem.tell(&reader),
    }
}

/// An approver signs off what the clerk counted, in the role whose turn it is.
pub(in crate::web) async fn sign_off(
    site: &Arc<Site>,
    reader: &Reader,
    id: &str,
) -> Result<(), Problem> {
    let (_, round) = found(site, reader, id).await?;
    // What the clerk has not closed nobody signs off; the store says so.
    let role = round.next().filter(|role| *role != Role::Clerk).unwrap_or(Role::Planner);
    let by = reader.by();
    let done = site.write({
        let id = id.to_owned();
        move |store| store.sign_round(id, role, by)
    });
    done.await.map_err(|error| trouble(site, error))
}

/// What cannot be done, or that nothing can.
fn trouble(site: &Site, error: StoreError) -> Problem {
    if matches!(error, StoreError::Round(_)) {
        let complaint = error.complaint(site.store.path());
        return Problem::said(StatusCode::CONFLICT, complaint);
    }
    error.into()
}
