//! What people say of rounds: begin one, what they found, close it, sign it off.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{facts, missing, page_of, rests};
use crate::ledger::Entry;
use crate::register::Stocktaking;
use crate::register::contract::{By as Field, Covers};
use crate::register::stocktaking::Role;
use crate::stocktaking::{Check, Line, Outcome, closing, is_closed, line};
use crate::store::StoreError;
use crate::web::Site;
use crate::web::decide::{REASON, back};
use crate::web::fields::Fields;
use crate::web::page::{Reader, encoded, message, said, unavailable};
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
pub(super) struct Typed {
    pub(super) scope: String,
    pub(super) covers: String,
    pub(super) from: String,
    pub(super) due: String,
    pub(super) scope_wrong: &'static str,
    pub(super) from_wrong: &'static str,
    pub(super) due_wrong: &'static str,
}

impl Typed {
    pub(super) const fn is_good(&self) -> bool {
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
        Err(error) => return broken(&site, &reader, &error),
    };
    match new(reader.lang, &snapshot, &form) {
        Err(typed) => page_of(&site, &reader, *typed).await,
        Ok(round) => {
            let (link, by) = (format!("/stocktaking/{}", encoded(&round.id)), reader.by());
            match site.write(move |store| store.begin_round(round, by)).await {
                Ok(()) => back(&link),
                Err(error) => broken(&site, &reader, &error),
            }
        }
    }
}

/// The round that a form describes, or the form with what is wrong in it.
fn new(lang: Lang, snapshot: &Snapshot, form: &Fields) -> Result<Stocktaking, Box<Typed>> {
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
    let outcome = Outcome::of(form.of("outcome")).filter(|outcome| outcome.is_of_person());
    let note = form.of("note").trim().to_owned();
    let rows: HashSet<String> = form_urlencoded::parse(&body)
        .filter(|(name, _)| name == "row")
        .map(|(_, value)| value.into_owned())
        .collect();
    let fits = !rows.is_empty() && rows.len() <= ROWS && note.chars().count() <= REASON;
    let Some(outcome) = outcome.filter(|_| fits) else {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::StocktakingNothing);
    };
    let (snapshot, round) = match found(&site, &reader, &id).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let by = reader.by();
    let new = |line: &Line<'_>| Check {
        round: id.clone(),
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
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::StocktakingNothing);
    }
    let kept = site.write(move |store| store.check_rows(id, checks, by)).await;
    kept.map_or_else(
        |error| broken(&site, &reader, &error),
        |_| back(own(&form, &round.id).as_str()),
    )
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

async fn found(
    site: &Arc<Site>,
    reader: &Reader,
    id: &str,
) -> Result<(Arc<Snapshot>, Stocktaking), Response> {
    let snapshot = site.view(reader).await.map_err(|error| broken(site, reader, &error))?;
    let rounds = &snapshot.ground.register.stocktaking;
    let round = rounds.iter().find(|round| round.id == id).cloned();
    round.map(|round| (snapshot, round)).ok_or_else(|| missing(reader))
}

/// The clerk signs that this is what was counted. The rows are kept as they are then, with what each
/// rests on.
pub(in crate::web) async fn close(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    let (snapshot, round) = match found(&site, &reader, &id).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    if is_closed(&round) {
        let closed = StoreError::Round(crate::store::BadRound::Closed(id));
        return broken(&site, &reader, &closed);
    }
    let by = reader.by();
    let lines = all(&snapshot, &round);
    let shown = (site.config.language, &site.config.zone);
    let evidence = |line: &Line<'_>| rests(shown, line).join(" / ");
    let checks = closing(&round, &lines, (&by.who, by.at), evidence);
    let page = format!("/stocktaking/{}", encoded(&id));
    let done = site.write(move |store| store.close_round(id, checks, by)).await;
    done.map_or_else(|error| broken(&site, &reader, &error), |()| back(&page))
}

/// An approver signs off what the clerk counted, in the role whose turn it is.
pub(in crate::web) async fn sign(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    let round = match found(&site, &reader, &id).await {
        Ok((_, round)) => round,
        Err(response) => return response,
    };
    // What the clerk has not closed nobody signs off; the store says so.
    let role = round.next().filter(|role| *role != Role::Clerk).unwrap_or(Role::Planner);
    let (by, page) = (reader.by(), format!("/stocktaking/{}", encoded(&id)));
    let done = site.write(move |store| store.sign_round(id, role, by)).await;
    done.map_or_else(|error| broken(&site, &reader, &error), |()| back(&page))
}

/// Says what cannot be done, or that nothing can.
pub(super) fn broken(site: &Site, reader: &Reader, error: &StoreError) -> Response {
    if matches!(error, StoreError::Round(_)) {
        let complaint = error.complaint(site.store.path());
        return said(reader, StatusCode::CONFLICT, &complaint);
    }
    unavailable(reader, error, "a round of stock-taking could not be read or kept")
}
