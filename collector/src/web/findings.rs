//! What a person should look at, worst first: filtered by state, severity and rule, and answered one by
//! one or many at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::finding::dispositions;
use super::page::{FindingRow, Frame, Pager, Reader, encoded, show};
use crate::finding::{Finding, Rule};
use crate::policy::Severity;
use crate::words::{Lang, Word, phrase};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    page: Option<String>,
    state: String,
    severity: String,
    rule: String,
}

/// A choice of a list: its word, its label, whether it is chosen.
type Choice = (String, &'static str, bool);

#[derive(Template)]
#[template(path = "findings.html")]
struct Page {
    frame: Frame,
    total: usize,
    states: Vec<Choice>,
    severities: Vec<Choice>,
    rules: Vec<Choice>,
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
    fn fits(&self, finding: &Finding) -> bool {
        let state = match self.state.as_str() {
            "settled" => !finding.is_open(),
            "all" => true,
            _ => finding.is_open(),
        };
        state
            && (self.severity.is_empty() || key(finding.severity) == self.severity)
            && (self.rule.is_empty() || key(finding.rule) == self.rule)
    }

    fn states(&self, lang: Lang) -> Vec<Choice> {
        let chosen = if self.state.is_empty() { "open" } else { self.state.as_str() };
        let choices = [
            ("open", Word::FindingsOpen),
            ("settled", Word::FindingsSettled),
            ("all", Word::CommonAll),
        ];
        choices.map(|(key, label)| (key.to_owned(), lang.say(label), key == chosen)).to_vec()
    }

    fn severities(&self, lang: Lang) -> Vec<Choice> {
        [Severity::High, Severity::Warning, Severity::Notice]
            .map(|one| (key(one), lang.say(phrase::severity(one)), key(one) == self.severity))
            .to_vec()
    }

    fn rules(&self, lang: Lang) -> Vec<Choice> {
        Rule::ALL.map(|one| (key(one), lang.say(phrase::rule(one)), key(one) == self.rule)).to_vec()
    }
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    show(&site, &reader, ("findings", Word::FindingsTitle), |snapshot, frame| {
        let all = &snapshot.picture.findings;
        let fitting: Vec<&Finding> = all.iter().filter(|finding| wanted.fits(finding)).collect();
        let link = format!(
            "/findings?state={}&severity={}&rule={}&page=",
            encoded(&wanted.state),
            encoded(&wanted.severity),
            encoded(&wanted.rule)
        );
        let pager = Pager::new(fitting.len(), site.config.page_rows, wanted.page.as_deref(), link);
        let told = (frame.lang, &site.config.zone);
        let shown = fitting.iter().skip(pager.skip).take(pager.take);
        let findings = shown.map(|finding| FindingRow::of(snapshot, told, finding)).collect();
        Ok(Page {
            total: fitting.len(),
            states: wanted.states(frame.lang),
            severities: wanted.severities(frame.lang),
            rules: wanted.rules(frame.lang),
            findings,
            dispositions: dispositions(&frame),
            pager,
            frame,
        })
    })
    .await
}
