//! What was asked, of whom, from where, and what was left out and why; and what was sent.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daicho_common::coverage::{Coverage, PacketKind, Sent};
use daicho_common::time::Timestamp;
use foldhash::fast::RandomState;

use super::Site;
use super::page::{Frame, Reader, show};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::words::{Lang, Word, phrase};

/// Longest list of addresses shown, in characters; the rest is in the export.
const MAX_LIST: usize = 2000;

struct LeftOut {
    why: &'static str,
    count: u128,
    addresses: String,
}

struct Row {
    network: String,
    cidr: String,
    method: &'static str,
    conclusive: bool,
    asked: u128,
    answered: u128,
    left_out: Vec<LeftOut>,
    tries: u8,
    from: String,
    to: String,
    agent: String,
    interface: String,
}

struct SentRow {
    network: String,
    kind: &'static str,
    targets: usize,
    packets: u64,
    octets: u64,
    first: String,
    last: String,
}

#[derive(Template)]
#[template(path = "coverage.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    sent: Vec<SentRow>,
}

pub(super) async fn page(State(site): State<Arc<Site>>, reader: Reader) -> Response {
    show(&site, &reader, ("coverage", Word::CoverageTitle), |snapshot, frame| {
        let told = (frame.lang, &site.config.zone);
        Ok(Page { rows: rows(snapshot, told), sent: sent(snapshot.sent(), told), frame })
    })
    .await
}

/// The latest coverage of each network by each method from each agent.
fn rows(snapshot: &Snapshot, (lang, zone): (Lang, &Zone)) -> Vec<Row> {
    let mut latest: BTreeMap<_, &Coverage> = BTreeMap::new();
    for one in &snapshot.ground.coverage {
        let key = (&one.vantage.network, one.cidr, one.method, &one.vantage.agent);
        let kept = latest.entry(key).or_insert(one);
        if one.to > kept.to {
            *kept = one;
        }
    }
    let row = |one: &Coverage| Row {
        network: one.vantage.network.clone(),
        cidr: one.cidr.to_string(),
        method: lang.say(phrase::method(one.method)),
        conclusive: one.method.silence_is_conclusive(),
        asked: one.asked.len(),
        answered: one.answered.len(),
        left_out: one.not_asked.iter().map(|left_out| left_out_row(lang, left_out)).collect(),
        tries: one.tries,
        from: zone.show(one.from),
        to: zone.show(one.to),
        agent: one.vantage.agent.clone(),
        interface: one.vantage.interface.clone(),
    };
    latest.into_values().map(row).collect()
}

fn left_out_row(lang: Lang, left_out: &daicho_common::coverage::NotAsked) -> LeftOut {
    let mut addresses = left_out.addresses.to_string();
    if let Some((end, _)) = addresses.char_indices().nth(MAX_LIST) {
        addresses.truncate(end);
        addresses.push('…');
    }
    LeftOut { why: lang.say(phrase::why(left_out.why)), count: left_out.addresses.len(), addresses }
}

/// What was sent into a network by packets of one kind.
#[derive(Debug, serde::Serialize)]
pub(super) struct Sum {
    targets: usize,
    packets: u64,
    octets: u64,
    first: Timestamp,
    last: Timestamp,
}

/// What was sent, by network and kind of packet.
pub(super) type Sums = BTreeMap<(String, PacketKind), Sum>;

/// Adds up what was sent.
pub(super) fn sums(all: &[Sent]) -> Sums {
    let mut targets: HashSet<(&str, PacketKind, IpAddr), RandomState> = HashSet::default();
    let mut sums: BTreeMap<(&str, PacketKind), Sum> = BTreeMap::new();
    for one in all {
        let sum = sums.entry((&one.network, one.kind)).or_insert_with(|| Sum {
            targets: 0,
            packets: 0,
            octets: 0,
            first: one.first,
            last: one.last,
        });
        sum.targets += usize::from(targets.insert((&one.network, one.kind, one.target)));
        sum.packets = sum.packets.saturating_add(one.packets);
        sum.octets = sum.octets.saturating_add(one.octets);
        sum.first = sum.first.min(one.first);
        sum.last = sum.last.max(one.last);
    }
    sums.into_iter().map(|((network, kind), sum)| ((network.to_owned(), kind), sum)).collect()
}

fn sent(sums: &Sums, (lang, zone): (Lang, &Zone)) -> Vec<SentRow> {
    let row = |((network, kind), sum): (&(String, PacketKind), &Sum)| SentRow {
        network: network.clone(),
        kind: lang.say(phrase::packet(*kind)),
        targets: sum.targets,
        packets: sum.packets,
        octets: sum.octets,
        first: zone.show(sum.first),
        last: zone.show(sum.last),
    };
    sums.iter().map(row).collect()
}
