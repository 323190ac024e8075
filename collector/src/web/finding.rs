//! One finding: what it says and means, what it rests on, what was answered, and the form to answer it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::page::{FindingRow, Frame, Reader, show};
use crate::decision::{Decision, Disposition};
use crate::words::{Word, phrase};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    id: String,
}

/// Something that was said about the finding.
struct Said {
    at: String,
    by: String,
    what: String,
    owner: String,
    due: String,
    why: String,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct Page {
    frame: Frame,
    note: &'static str,
    findings: Vec<FindingRow>,
    history: Vec<Said>,
    dispositions: Vec<(&'static str, &'static str)>,
}

/// What may be answered: the word in forms, and its label.
pub(super) fn dispositions(frame: &Frame) -> Vec<(&'static str, &'static str)> {
    let lang = frame.lang;
    let all = [
        ("registered", Disposition::Registered),
        ("vendor_asked", Disposition::VendorAsked),
        ("approved", Disposition::Approved),
        ("removed", Disposition::Removed),
        ("investigating", Disposition::Investigating),
    ]
    .map(|(key, disposition)| (key, lang.say(phrase::disposition(disposition))));
    // That something may stay as it is is said by who decides.
    all.into_iter().filter(|(key, _)| *key != "approved" || frame.decides()).collect()
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("findings", Word::FindingsTitle), |snapshot, mut frame| {
        let (lang, zone) = (frame.lang, &site.config.zone);
        let finding = snapshot.finding(&wanted.id).ok_or(Word::NotFoundFinding)?;
        lang.say(phrase::rule(finding.rule)).clone_into(&mut frame.title);
        let history = snapshot.ground.decisions.iter().filter_map(|decided| {
            let Decision::Answer { finding: about, disposition, owner, due, .. } = &decided.what
            else {
                return None;
            };
            (*about == finding.id).then(|| Said {
                at: zone.show(decided.at),
                by: decided.by.clone(),
                what: lang
                    .say(disposition.map_or(Word::FindingsAssigned, phrase::disposition))
                    .to_owned(),
                owner: owner.clone(),
                due: due.map(|due| due.to_string()).unwrap_or_default(),
                why: decided.why.clone(),
            })
        });
        Ok(Page {
            note: lang.say(phrase::rule_note(finding.rule)),
            history: history.collect(),
            findings: vec![FindingRow::of(snapshot, (lang, zone), finding)],
            dispositions: dispositions(&frame),
            frame,
        })
    })
    .await
}
