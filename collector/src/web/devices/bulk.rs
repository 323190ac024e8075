//! Many devices at once: what was chosen, what is to be done with it, a page that says what that will be,
//! and only then the deed: all of it or nothing.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::find;
use super::view::View;
use crate::day::Day;
use crate::decision::{Decision, Disposition, Scope, Subject};
use crate::finding::{Finding, Rule};
use crate::people::act::Act;
use crate::people::log::{Deed, hex};
use crate::resolve::{Device, DeviceId};
use crate::store::NewDecision;
use crate::web::Site;
use crate::web::decide::{Form, REASON, back, broken, word};
use crate::web::finding::dispositions;
use crate::web::page::{Frame, Reader, message, render};
use crate::web::scope;
use crate::web::snapshot::Snapshot;
use crate::words::{Word, phrase};

/// Most devices at once.
const DEVICES: usize = 5_000;
/// Most decisions at once.
const DECISIONS: usize = 10_000;
/// Devices that the page names; of the others it says how many they are.
const NAMED: usize = 50;

/// What is done with the devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Their open findings are answered.
    Answer,
    /// Whether the checklist covers them is decided.
    Scope,
    /// Somebody is asked to enter them in the ledger.
    Request,
}

impl Kind {
    fn of(form: &Form) -> Option<Self> {
        match form.of("kind") {
            "answer" => Some(Self::Answer),
            "scope" => Some(Self::Scope),
            "request" => Some(Self::Request),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Scope => "scope",
            Self::Request => "request",
        }
    }

    const fn title(self) -> Word {
        match self {
            Self::Answer => Word::BulkAnswer,
            Self::Scope => Word::BulkScope,
            Self::Request => Word::BulkRequest,
        }
    }
}

/// What a decision will be about: the finding with its facts, or the device or row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
enum About {
    Finding(String, String),
    Scope(Subject),
}

/// The devices and what will be said of them.
struct Plan<'a> {
    devices: Vec<&'a Device>,
    about: Vec<About>,
    /// Devices of which there is nothing to say.
    nothing: usize,
}

#[derive(Template)]
#[template(path = "devices_bulk.html")]
struct Page {
    frame: Frame,
    kind: &'static str,
    summary: String,
    nothing: String,
    named: Vec<(String, String)>,
    more: String,
    devices: Vec<String>,
    all: bool,
    query: String,
    digest: String,
    possible: bool,
    dispositions: Vec<(&'static str, &'static str)>,
    scopes: Vec<(&'static str, &'static str)>,
    owner: String,
    due: String,
    why: String,
    wrong: String,
}

pub(in crate::web) async fn say(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let form = Form::read(&body);
    match deal(&site, &reader, &form).await {
        Ok(response) => response,
        Err((status, word)) => message(&reader, status, word),
    }
}

async fn deal(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<Response, (StatusCode, Word)> {
    let (kind, snapshot) = asked(site, reader, form).await?;
    let view = View::read(form.of("query"));
    let plan = plan(&snapshot, (form, &view), kind)
        .map_err(|word| (StatusCode::UNPROCESSABLE_ENTITY, word))?;
    let page = |wrong: Option<Word>| {
        let page = Page::of((reader, form), (&plan, &view), kind, wrong);
        let bad = wrong.is_some();
        render(&page, if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
    };
    if form.of("confirm").is_empty() {
        return Ok(page(None));
    }
    match keep(site, (reader, form), kind, &plan).await? {
        Ok(kept) => Ok(back(&format!("/devices?{}&done={kept}", view.text()))),
        Err(word) => Ok(page(Some(word))),
    }
}

/// What kind of deed a form asks for, if the reader may do it, and the picture that it is held against.
async fn asked(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<(Kind, Arc<Snapshot>), (StatusCode, Word)> {
    const REFUSED: (StatusCode, Word) = (StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    let kind = Kind::of(form).ok_or(REFUSED)?;
    let decides = kind == Kind::Scope || form.of("disposition") == "approved";
    if decides && !reader.may(Act::Decide) {
        let about = format!("POST /devices/bulk {}", Act::Decide.name());
        site.note(Deed::Forbidden, about, reader.by()).await.map_err(|error| broken(&error))?;
        return Err((StatusCode::FORBIDDEN, Word::FailureForbidden));
    }
    Ok((kind, site.view(reader).await.map_err(|error| broken(&error))?))
}

/// What would be said of how many devices, and by what it is confirmed; or, once it was, how many
/// decisions were kept.
#[derive(serde::Serialize)]
pub(in crate::web) struct Planned {
    devices: usize,
    decisions: usize,
    /// Devices of which there is nothing to say.
    nothing: usize,
    /// What `confirm` has to be, so that it is done.
    confirm: String,
    /// How many decisions were kept; none as long as it is not confirmed.
    kept: Option<usize>,
}

/// The same for programs: what would be done, or, if that is confirmed, what was done.
pub(in crate::web) async fn for_program(
    site: &Arc<Site>,
    reader: &Reader,
    form: &Form,
) -> Result<Planned, (StatusCode, Word)> {
    let (kind, snapshot) = asked(site, reader, form).await?;
    let refused = |word| (StatusCode::UNPROCESSABLE_ENTITY, word);
    let view = View::read(form.of("query"));
    let plan = plan(&snapshot, (form, &view), kind).map_err(refused)?;
    let kept = if form.of("confirm").is_empty() {
        None
    } else {
        let kept = keep(site, (reader, form), kind, &plan).await?;
        let changed = |word| (StatusCode::CONFLICT, word);
        let is_changed = |word: &Word| *word == Word::BulkChanged;
        Some(kept.map_err(|word| if is_changed(&word) { changed(word) } else { refused(word) })?)
    };
    let (devices, decisions) = (plan.devices.len(), plan.about.len());
    Ok(Planned { devices, decisions, nothing: plan.nothing, confirm: plan.digest(), kept })
}

/// Keeps what was confirmed, all or nothing, and returns how many decisions that were; a word if it is not
/// what was shown, or says too little.
async fn keep(
    site: &Arc<Site>,
    (reader, form): (&Reader, &Form),
    kind: Kind,
    plan: &Plan<'_>,
) -> Result<Result<usize, Word>, (StatusCode, Word)> {
    if form.of("confirm") != plan.digest() {
        return Ok(Err(Word::BulkChanged));
    }
    let what = match decisions(form, kind, plan) {
        Ok(what) => what,
        Err(word) => return Ok(Err(word)),
    };
    let by = reader.by();
    let why = match kind {
        Kind::Request => {
            let asked = reader.lang.say(Word::BulkRequested);
            format!("{asked} {}", form.of("why")).trim_end().to_owned()
        }
        Kind::Answer | Kind::Scope => form.of("why").to_owned(),
    };
    let new = |what| NewDecision { by: by.clone(), why: why.clone(), what };
    let new: Vec<NewDecision> = what.into_iter().map(new).collect();
    let kept = site.write(move |store| store.decide(new)).await.map_err(|error| broken(&error))?;
    Ok(Ok(kept.len()))
}

/// What was chosen, and what can be said of it.
fn plan<'a>(
    snapshot: &'a Snapshot,
    (form, view): (&Form, &View),
    kind: Kind,
) -> Result<Plan<'a>, Word> {
    let devices: Vec<&Device> = if form.of("all") == "yes" {
        let found = find(snapshot, view);
        let rows = found.rows.iter();
        rows.filter_map(|row| snapshot.picture.devices.get(*row as usize)).collect()
    } else {
        let ids = form.devices().iter();
        ids.filter_map(|id| snapshot.device(&DeviceId(id.as_str().into()))).collect()
    };
    if devices.is_empty() {
        return Err(Word::BulkNone);
    }
    let mut about = Vec::new();
    let mut nothing = 0;
    for device in &devices {
        let before = about.len();
        match kind {
            Kind::Scope => {
                let matches = snapshot.matches(&device.id);
                about.extend(matches.filter_map(|matched| {
                    let key = matched.entry.as_ref().and_then(|place| snapshot.key_of(place));
                    scope::subject(key, device).map(About::Scope)
                }));
            }
            Kind::Answer | Kind::Request => {
                let wanted = |finding: &&Finding| {
                    finding.is_open()
                        && (kind == Kind::Answer || finding.rule == Rule::UndocumentedDevice)
                };
                let findings = snapshot.findings_about(&device.id).filter(wanted);
                about.extend(
                    findings.map(|one| About::Finding(one.id.clone(), one.facts.to_string())),
                );
            }
        }
        nothing += usize::from(about.len() == before);
    }
    if devices.len() > DEVICES || about.len() > DECISIONS {
        return Err(Word::BulkTooMany);
    }
    Ok(Plan { devices, about, nothing })
}

impl Plan<'_> {
    /// What is confirmed: another text once there is another thing to say.
    fn digest(&self) -> String {
        let said = serde_json::to_vec(&self.about).unwrap_or_default();
        hex(&Sha256::digest(said))
    }
}

/// The decisions that the form asks for; a word if it lacks something.
fn decisions(form: &Form, kind: Kind, plan: &Plan<'_>) -> Result<Vec<Decision>, Word> {
    if form.of("why").chars().count() > REASON {
        return Err(Word::FailureForm);
    }
    let scope: Option<Scope> = word(form.of("scope"));
    let disposition: Option<Disposition> = match form.of("disposition") {
        "" => None,
        said => Some(word(said).ok_or(Word::FailureForm)?),
    };
    let due: Option<Day> = match form.of("due") {
        "" => None,
        day => Some(day.parse().map_err(|_| Word::FailureForm)?),
    };
    let owner = form.of("owner");
    match kind {
        Kind::Scope if scope.is_none() => return Err(Word::BulkNoScope),
        Kind::Request if owner.is_empty() => return Err(Word::BulkNoOwner),
        Kind::Answer if disposition.is_none() && owner.is_empty() && due.is_none() => {
            return Err(Word::BulkNoAnswer);
        }
        // Approval has to say why it may stay (DOMAIN §5).
        Kind::Answer if disposition == Some(Disposition::Approved) && form.of("why").is_empty() => {
            return Err(Word::BulkNoReason);
        }
        Kind::Scope | Kind::Request | Kind::Answer => {}
    }
    let disposition = disposition.filter(|_| kind == Kind::Answer);
    let one = |about: &About| match about {
        About::Scope(subject) => {
            Decision::Scope { subject: subject.clone(), scope: scope.unwrap_or(Scope::Undecided) }
        }
        About::Finding(finding, facts) => Decision::Answer {
            finding: finding.clone(),
            facts: facts.clone(),
            disposition,
            owner: owner.to_owned(),
            due,
        },
    };
    Ok(plan.about.iter().map(one).collect())
}

impl Page {
    fn of(
        (reader, form): (&Reader, &Form),
        (plan, view): (&Plan<'_>, &View),
        kind: Kind,
        wrong: Option<Word>,
    ) -> Self {
        let lang = reader.lang;
        let frame = reader.frame(kind.title(), "devices");
        let left = plan.devices.len().saturating_sub(NAMED);
        let all = form.of("all") == "yes";
        let named = |device: &&Device| (device.called(), crate::web::page::device_link(&device.id));
        let text = |name: &str| form.of(name).to_owned();
        let scopes = [
            ("inside", Scope::Inside),
            ("outside", Scope::Outside),
            ("undecided", Scope::Undecided),
        ];
        let unsaid = if plan.nothing == 0 {
            String::new()
        } else {
            lang.fill(Word::BulkNothing, &[&plan.nothing])
        };
        Self {
            kind: kind.name(),
            summary: lang.fill(Word::BulkSummary, &[&plan.devices.len(), &plan.about.len()]),
            nothing: unsaid,
            named: plan.devices.iter().take(NAMED).map(named).collect(),
            more: if left == 0 { String::new() } else { lang.fill(Word::CommonMore, &[&left]) },
            devices: if all {
                Vec::new()
            } else {
                plan.devices.iter().map(|device| device.id.0.to_string()).collect()
            },
            all,
            query: view.text(),
            digest: plan.digest(),
            possible: !plan.about.is_empty(),
            dispositions: dispositions(&frame),
            scopes: scopes.map(|(key, scope)| (key, lang.say(phrase::scope(scope)))).to_vec(),
            owner: text("owner"),
            due: text("due"),
            why: text("why"),
            wrong: wrong.map(|word| lang.say(word).to_owned()).unwrap_or_default(),
            frame,
        }
    }
}
