//! What a person should look at, an inbox: worst and oldest first, filtered by how far it has come, by
//! rule, by who sees to it and until when; answered one by one or many at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::decide::word;
use super::file::{self, Asked, Kind};
use super::finding::dispositions;
use super::page::{FindingRow, Frame, Pager, Reader, encoded, message, show, unavailable};
use super::snapshot::Snapshot;
use crate::finding::Rule;
use crate::policy::Severity;
use crate::report;
use crate::report::table;
use crate::roster::inbox::{self, Due, Sort};
use crate::words::{Lang, Word, phrase};

/// Names that the filter of owners offers.
const OFFERED: usize = 60;
/// What stands in addresses for findings that nobody sees to.
const NOBODY: &str = "-";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    page: Option<String>,
    q: String,
    state: String,
    severity: String,
    rule: String,
    owner: String,
    due: String,
    sort: String,
}

/// A choice of a list: its word, its label, whether it is chosen.
type Choice = (String, String, bool);

struct Filter {
    name: &'static str,
    label: &'static str,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "findings.html")]
struct Page {
    frame: Frame,
    total: usize,
    words: String,
    query: String,
    /// Label, how many, address, whether it is shown.
    tabs: Vec<(&'static str, usize, String, bool)>,
    filters: Vec<Filter>,
    findings: Vec<FindingRow>,
    dispositions: Vec<(&'static str, &'static str)>,
    pager: Pager,
}

/// A word as serde writes it.
fn key(value: impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Wanted {
    /// As the index reads it. What is unknown there asks for all.
    fn asked(&self) -> inbox::Wanted {
        inbox::Wanted {
            words: self.q.trim().to_owned(),
            state: match self.state.as_str() {
                "settled" => inbox::State::Settled,
                "all" => inbox::State::All,
                _ => inbox::State::Open,
            },
            severity: word(&self.severity),
            rule: word(&self.rule),
            owner: match self.owner.as_str() {
                "" => None,
                NOBODY => Some(String::new()),
                name => Some(name.to_owned()),
            },
            due: match self.due.as_str() {
                "over" => Due::Over,
                "soon" => Due::Soon,
                "unsaid" => Due::Unsaid,
                _ => Due::Any,
            },
            sort: match self.sort.as_str() {
                "age" => Sort::Age,
                "newest" => Sort::Newest,
                "due" => Sort::Due,
                _ => Sort::Severity,
            },
        }
    }

    /// As it stands in addresses.
    fn text(&self) -> String {
        let fields = [
            ("q", &self.q),
            ("state", &self.state),
            ("severity", &self.severity),
            ("rule", &self.rule),
            ("owner", &self.owner),
            ("due", &self.due),
            ("sort", &self.sort),
        ];
        let said = fields.iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
    }

    fn filters(&self, snapshot: &Snapshot, lang: Lang) -> Vec<Filter> {
        let choice = |value: &str, label: Word, chosen: &str| {
            (value.to_owned(), lang.say(label).to_owned(), value == chosen)
        };
        let state = if self.state.is_empty() { "open" } else { self.state.as_str() };
        let states = [
            ("open", Word::FindingsOpen),
            ("settled", Word::FindingsSettled),
            ("all", Word::CommonAll),
        ];
        let dues = [
            ("", Word::CommonAll),
            ("over", Word::FindingsOverdue),
            ("soon", Word::FindingsSoon),
            ("unsaid", Word::FindingsDueUnsaid),
        ];
        let sorts = [
            ("", Word::FindingsBySeverity),
            ("age", Word::FindingsOldest),
            ("newest", Word::FindingsNewest),
            ("due", Word::FindingsByDue),
        ];
        let severities = [Severity::High, Severity::Warning, Severity::Notice]
            .map(|one| choice(&key(one), phrase::severity(one), &self.severity));
        let rules = Rule::ALL.map(|one| choice(&key(one), phrase::rule(one), &self.rule));
        let all = || choice("", Word::CommonAll, "-");
        let mut owners = vec![all(), choice(NOBODY, Word::FindingsNobody, &self.owner)];
        for (name, count) in snapshot.inbox().owners().iter().take(OFFERED) {
            owners.push((name.clone(), format!("{name} ({count})"), *name == self.owner));
        }
        let filter = |name, label, choices| Filter { name, label: lang.say(label), choices };
        vec![
            filter(
                "state",
                Word::FindingsState,
                states.map(|(value, label)| choice(value, label, state)).into(),
            ),
            filter(
                "severity",
                Word::FindingsSeverity,
                std::iter::once(all()).chain(severities).collect(),
            ),
            filter("rule", Word::FindingsRule, std::iter::once(all()).chain(rules).collect()),
            filter("owner", Word::FindingsOwner, owners),
            filter(
                "due",
                Word::FindingsDue,
                dues.map(|(value, label)| choice(value, label, &self.due)).into(),
            ),
            filter(
                "sort",
                Word::FindingsSort,
                sorts.map(|(value, label)| choice(value, label, &self.sort)).into(),
            ),
        ]
    }
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("findings", Word::FindingsTitle), |snapshot, frame| {
        let all = &snapshot.picture.findings;
        let found = find(snapshot, &wanted);
        let query = wanted.text();
        let link = format!("/findings?{query}&page=");
        let pager = Pager::new(found.len(), site.config.page_rows, wanted.page.as_deref(), link);
        let told = (frame.lang, &site.config.zone);
        let shown = found.iter().skip(pager.skip).take(pager.take);
        let shown = shown.filter_map(|number| all.get(*number as usize));
        Ok(Page {
            total: found.len(),
            words: wanted.q.clone(),
            tabs: tabs(snapshot, frame.lang, &query),
            filters: wanted.filters(snapshot, frame.lang),
            findings: shown.map(|finding| FindingRow::of(snapshot, told, finding)).collect(),
            dispositions: dispositions(&frame),
            query,
            pager,
            frame,
        })
    })
    .await
}

pub(super) fn find(snapshot: &Snapshot, wanted: &Wanted) -> Arc<Vec<u32>> {
    snapshot.inbox().find(&wanted.asked(), &snapshot.picture.findings, snapshot.today())
}

/// What is asked for most often.
fn tabs(snapshot: &Snapshot, lang: Lang, query: &str) -> Vec<(&'static str, usize, String, bool)> {
    let needs = snapshot.needs();
    [
        (Word::FindingsOpen, needs.open, ""),
        (Word::FindingsGrave, needs.grave, "severity=high&owner=-"),
        (Word::FindingsOverdue, needs.overdue, "due=over&sort=due"),
        (Word::FindingsSoon, needs.soon, "due=soon&sort=due"),
    ]
    .map(|(label, count, of)| {
        let link = if of.is_empty() { "/findings".to_owned() } else { format!("/findings?{of}") };
        (lang.say(label), count, link, query == of)
    })
    .to_vec()
}

/// The findings that are seen, all pages of them, as a file.
pub(super) async fn file(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let Some(kind) = Kind::of(&name, "findings", &query) else {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    };
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return unavailable(&reader, &error, "a file could not be made"),
    };
    let lang = reader.lang;
    let work = move || {
        let zone = &site.config.zone;
        let shown = report::Shown {
            picture: &snapshot.picture,
            ledger: &snapshot.ground.ledger,
            coverage: &snapshot.ground.coverage,
            observations: (&snapshot.ground.observations).into(),
            lang,
            zone,
        };
        let headings = table::finding_headings(&shown);
        let found = find(&snapshot, &wanted);
        let rows = found.iter().filter_map(|number| {
            let finding = snapshot.picture.findings.get(*number as usize)?;
            Some(table::finding(&shown, finding))
        });
        file::made(kind, (lang.say(Word::FindingsTitle), &headings), rows)
    };
    let asked = Asked { kind, name: "findings", back: "/findings", query: &query };
    file::answer(&reader, asked, tokio::task::spawn_blocking(work).await)
}
