//! The reports, as files to load. They are made of the picture that the pages show.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use daicho_common::complaint::{Complaint, Exit};
use serde::Deserialize;

use super::Site;
use super::page::{Frame, Reader, encoded, message, said, show, unavailable};
use super::snapshot::Snapshot;
use crate::book::Encoding;
use crate::people::act::Act;
use crate::report::Shown;
use crate::report::gather::{self, Format};
use crate::report::set::checklist::Checklist;
use crate::report::set::{Name, Told, Wanted, make};
use crate::words::{Lang, Word};

/// What a file is asked to be of.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    pub(super) contract: Option<String>,
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) encoding: Option<String>,
    /// `yes`: characters that the encoding does not have may become 〓.
    pub(super) lossy: Option<String>,
    pub(super) edition: Option<String>,
}

/// A line of the page.
struct Line {
    number: usize,
    title: &'static str,
    note: &'static str,
    /// What it is of, and the files of it: label and address; several for what is one a contract.
    files: Vec<(String, Vec<(&'static str, String)>)>,
    /// Why there is nothing to load.
    nothing: &'static str,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
}

pub(super) async fn page(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let pairs = site.store.snapshots().unwrap_or_default();
    let mut pairs: Vec<i64> = pairs.iter().rev().map(|taken| taken.id).collect();
    pairs.truncate(10);
    show(&site, &reader, ("reports", Word::ReportsTitle), |snapshot, frame| {
        let lines = Name::ALL.iter().enumerate().filter(|(_, name)| reader.may_load(**name));
        let lines =
            lines.map(|(number, name)| line(frame.lang, snapshot, (number + 1, *name), &pairs));
        Ok(Page { lines: lines.collect(), frame })
    })
    .await
}

impl Reader {
    /// Whether this report is the reader's to load: those about the whole site are not a vendor's.
    pub(super) fn may_load(&self, name: Name) -> bool {
        name == Name::Vendor || self.may(Act::Survey)
    }
}

fn line(lang: Lang, snapshot: &Snapshot, (number, name): (usize, Name), pairs: &[i64]) -> Line {
    let files = |query: &str| {
        let mut files = Vec::new();
        let mut add = |label: &'static str, ending: &str, more: &str| {
            let text = name.text();
            let all = [query, more, "lang="].concat() + lang.code();
            files.push((label, format!("/reports/{text}.{ending}?{all}")));
        };
        add("Excel", "xlsx", "");
        add("PDF", "pdf", "");
        add("CSV (UTF-8)", "csv", "");
        add("CSV (CP932)", "csv", "encoding=cp932&");
        if name == Name::Network {
            add("SVG", "svg", "");
        }
        files
    };
    let (files, nothing) = match name {
        Name::Vendor => {
            let contracts = snapshot.ground.register.contract.iter();
            let one = |contract: &crate::register::Contract| {
                (contract.name.clone(), files(&format!("contract={}&", encoded(&contract.id))))
            };
            (contracts.map(one).collect(), Word::ReportsNoContracts)
        }
        Name::Changes => {
            let two = |pair: &[i64]| match pair {
                [later, earlier] => Some((
                    format!("{earlier} → {later}"),
                    files(&format!("from={earlier}&to={later}&")),
                )),
                [] | [_] | [_, _, ..] => None,
            };
            (pairs.windows(2).filter_map(two).collect(), Word::ReportsFewSnapshots)
        }
        Name::Devices
        | Name::Undocumented
        | Name::Verdicts
        | Name::Remote
        | Name::Disclosures
        | Name::Unpatchable
        | Name::Network
        | Name::Checklist => (vec![(String::new(), files(""))], Word::PaperNothing),
    };
    Line {
        number,
        title: lang.say(name.title()),
        note: lang.say(note(name)),
        files,
        nothing: lang.say(nothing),
    }
}

const fn note(name: Name) -> Word {
    match name {
        Name::Devices => Word::PaperNoteDevices,
        Name::Undocumented => Word::PaperNoteUndocumented,
        Name::Verdicts => Word::PaperNoteVerdicts,
        Name::Remote => Word::PaperNoteRemote,
        Name::Vendor => Word::PaperNoteVendor,
        Name::Disclosures => Word::PaperNoteDisclosures,
        Name::Unpatchable => Word::PaperNoteUnpatchable,
        Name::Network => Word::PaperNoteNetwork,
        Name::Changes => Word::PaperNoteChanges,
        Name::Checklist => Word::PaperNoteChecklist,
    }
}

/// Which report in which format a file's name asks for.
pub(super) fn parsed(file: &str) -> Option<(Name, Format)> {
    let (name, ending) = file.rsplit_once('.')?;
    let name = Name::ALL.iter().find(|known| known.text() == name)?;
    let formats = [Format::Xlsx, Format::Pdf, Format::Csv, Format::Svg];
    let format = formats.into_iter().find(|format| format.names().0 == ending)?;
    (format != Format::Svg || *name == Name::Network).then_some((*name, format))
}

pub(super) async fn file(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some((name, format)) = parsed(&file) else {
        return message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    };
    if !reader.may_load(name) {
        return message(&reader, StatusCode::FORBIDDEN, Word::FailureForbidden);
    }
    let snapshot = match site.view(&reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return unavailable(&reader, &error, "a report could not be made"),
    };
    let lang = reader.lang;
    let work = move || octets(&site, &snapshot, (name, format, lang), &asked);
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok((octets, lost))) if lost.is_empty() => sent(octets, lang.say(name.title()), format),
        Ok(Ok((_, lost))) => {
            super::file::warned(&reader, "/reports", &query.unwrap_or_default(), lost)
        }
        Ok(Err(complaint)) if reader.is_program() => {
            said(&reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint)
        }
        Ok(Err(complaint)) => refused(lang, &complaint),
        Err(error) => {
            tracing::error!(%error, "a report could not be made");
            message(&reader, StatusCode::INTERNAL_SERVER_ERROR, Word::FailurePage)
        }
    }
}

/// The report, and the characters that its encoding does not have.
fn octets(
    site: &Site,
    snapshot: &Snapshot,
    (name, format, lang): (Name, Format, Lang),
    asked: &Asked,
) -> Result<(Vec<u8>, Vec<char>), Complaint> {
    let ground = &snapshot.ground;
    let day = snapshot.today();
    let stamp = gather::stamp(ground, &snapshot.picture, &site.criteria(), day);
    let effective = site.effective().map_err(|error| error.complaint(site.store.path()))?;
    let usual = effective.settings.general.checklist.as_deref();
    let checklist = Checklist::released(asked.edition.as_deref().or(usual))
        .or_else(|| Checklist::released(None))
        .unwrap_or_default();
    let between = if name == Name::Changes {
        Some(gather::between(&site.store, ground, (asked.from, asked.to))?)
    } else {
        None
    };
    let told = Told {
        shown: Shown {
            picture: &snapshot.picture,
            ledger: &ground.ledger,
            coverage: &ground.coverage,
            observations: (&ground.observations).into(),
            lang,
            zone: &site.config.zone,
        },
        register: &ground.register,
        checks: &ground.checks,
        snapshot: &stamp,
        day,
        checklist: &checklist,
    };
    let wanted = Wanted { contract: asked.contract.as_deref(), between: between.as_ref() };
    let paper = make(name, &told, wanted).map_err(|missing| gather::cannot(name, &missing))?;
    let font = if format == Format::Pdf { Some(gather::font(&site.config)?) } else { None };
    let cp932 = asked.encoding.as_deref() == Some("cp932");
    let encoding = if cp932 { Encoding::Cp932 } else { Encoding::Utf8Bom };
    let mut out = Vec::new();
    let lost =
        gather::write(&mut out, &paper, (format, encoding), font.as_ref()).map_err(|error| {
            Complaint::new(
                Exit::Other,
                format!("この形式では書き出せません（{error}）。ほかの形式を選んでください"),
                format!("it cannot be written in this format ({error}): choose another one"),
            )
        })?;
    let accepted = asked.lossy.as_deref() == Some("yes");
    Ok((out, if accepted { Vec::new() } else { lost }))
}

fn sent(octets: Vec<u8>, title: &str, format: Format) -> Response {
    let (ending, kind) = format.names();
    let mut name = String::from("attachment; filename*=UTF-8''");
    let _ = write!(name, "{}.{ending}", encoded(title));
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], octets)
        .into_response()
}

/// One sentence as text: the reader asked for a file and gets to know why there is none.
fn refused(lang: Lang, complaint: &Complaint) -> Response {
    let text = match lang {
        Lang::Ja => &complaint.ja,
        Lang::En => &complaint.en,
    };
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (StatusCode::UNPROCESSABLE_ENTITY, headers, format!("{text}\n")).into_response()
}
