//! The first page: what was found, what is to be answered, and what was not looked at.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Site;
use super::guide::Progress;
use super::page::{FindingRow, Frame, Reader, Tag, show};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::people::act::Act;
use crate::report::{self, gap::reaches};
use crate::words::{Word, phrase};

/// Findings shown on the first page.
const FIRST: usize = 8;

struct Count {
    tag: Tag,
    note: &'static str,
    matches: usize,
    link: String,
}

struct Network {
    name: String,
    cidr: String,
    asked: u128,
    answered: u128,
    missed: u128,
    why: Vec<(&'static str, u128)>,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Page {
    frame: Frame,
    summary: String,
    counts: Vec<Count>,
    findings: Vec<FindingRow>,
    all_findings: String,
    networks: Vec<Network>,
    last_scan: Option<String>,
    has_data: bool,
    has_ledger: bool,
    /// Whether the guide from nothing to the first verdicts has something left for the reader to do.
    guide: bool,
}

pub(super) async fn page(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    let administers = reader.may(Act::Administer);
    let agents = if administers { site.store.admissions().list().ok() } else { None };
    show(&site, &reader, ("start", Word::StartTitle), |snapshot, frame| {
        let guide = agents.is_some_and(|agents| !Progress::of(snapshot, &agents).is_done());
        Ok(Page { guide, ..start(snapshot, frame, &site.config.zone) })
    })
    .await
}

fn start(snapshot: &Snapshot, frame: Frame, zone: &Zone) -> Page {
    let lang = frame.lang;
    let picture = &snapshot.picture;
    let counts = report::counts(picture).into_iter().map(|(key, label, note, count)| Count {
        tag: Tag::named(lang, key, label),
        note: lang.say(note),
        matches: count,
        link: match key {
            key if phrase::WITHOUT_ENTRY.contains(&key) => format!("/devices?verdict={key}"),
            _ => format!("/ledger?verdict={key}"),
        },
    });
    let open = || picture.findings.iter().filter(|finding| finding.is_open());
    let findings = open().take(FIRST);
    let findings = findings.map(|finding| FindingRow::of(snapshot, (lang, zone), finding));
    let (devices, rows) = (picture.devices.len(), snapshot.ground.ledger.entries.len());
    Page {
        summary: lang.fill(Word::StartSummary, &[&devices, &rows]),
        counts: counts.collect(),
        findings: findings.collect(),
        all_findings: lang.fill(Word::StartAllFindings, &[&open().count()]),
        networks: networks(snapshot, &frame),
        last_scan: snapshot.ground.scans.first().map(|scan| {
            let time = format!("{} – {}", zone.show(scan.from), zone.show(scan.to));
            lang.fill(Word::StartScanLine, &[&time, &scan.agent, &scan.software])
        }),
        has_data: !snapshot.ground.scans.is_empty(),
        has_ledger: rows > 0,
        guide: false,
        frame,
    }
}

fn networks(snapshot: &Snapshot, frame: &Frame) -> Vec<Network> {
    let reaches = reaches(&snapshot.ground.coverage);
    let network = |((name, cidr), reach): ((String, ipnet::IpNet), report::gap::Reach)| Network {
        name,
        cidr: cidr.to_string(),
        asked: reach.asked.len(),
        answered: reach.answered.len(),
        missed: reach.missed(),
        why: (reach.gaps.iter())
            .map(|(why, addresses)| (frame.lang.say(phrase::why(*why)), addresses.len()))
            .collect(),
    };
    reaches.into_iter().map(network).collect()
}
