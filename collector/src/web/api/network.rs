//! What is about the network as a whole: how it hangs together, how far it was looked at, what was sent
//! into it, and the map.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use daicho_common::address_set::AddressSet;
use daicho_common::coverage::Why;
use serde_json::{Value, json};

use super::call::Call;
use super::list::{part, value};
use super::operation::{Field, Gives, Operation, Shape, may};
use super::{Answer, SURVEY, TAKE_ALL};
use crate::map::{Fold, Kind, Node, To};
use crate::people::token::Area::Network;
use crate::policy::Network as Decreed;
use crate::web::Site;
use crate::web::doors::Doors;
use crate::web::map::Asked;
use crate::web::page::Reader;
use crate::web::{links, map};

/// How a map is asked for.
const MAP: [Field; 4] = [
    may(
        "view",
        Shape::Word(&["physical", "network"]),
        "配線か、ネットワークか / Cabling, or networks",
    ),
    may("at", Shape::Text(512), "この機器の先だけ / Below this device alone"),
    may("open", Shape::Text(64), "開く折りたたみ / A fold that is open"),
    may("more", Shape::Word(&["1"]), "上限を増やす / More is drawn"),
];

static LINKS: Operation = Operation::get(
    "/api/v1/links",
    (Network, SURVEY),
    ("/links", "機器どうしの接続 / Links between devices"),
    Gives::List("Link"),
);
static TOPOLOGY: Operation = Operation::get(
    "/api/v1/topology",
    (Network, SURVEY),
    (
        "/links",
        "接続・ハブ・矛盾・スタック・配下のすべて / Links, ports with several devices, contradictions, stacks, what hangs on what",
    ),
    Gives::Json("Topology"),
);
static COVERAGE: Operation = Operation::get(
    "/api/v1/coverage",
    (Network, SURVEY),
    ("/coverage", "調査範囲。始まりの順 / What was asked, in order of its start"),
    Gives::List("Coverage"),
);
static NETWORKS: Operation = Operation::get(
    "/api/v1/networks",
    (Network, SURVEY),
    ("/settings", "ネットワークと、調べた範囲 / Networks, and how far each was looked at"),
    Gives::List("Network"),
);
static SENT: Operation = Operation::get(
    "/api/v1/sent",
    (Network, SURVEY),
    ("/coverage", "送ったパケットの数 / What was sent, by network and kind"),
    Gives::List("Sent"),
);
static DRAWN: Operation = Operation::get(
    "/api/v1/map",
    (Network, SURVEY),
    ("/map", "構成図の内容 / The map as trees of boxes"),
    Gives::Json("Map"),
)
.asking(&MAP);
static SVG: Operation = Operation::get(
    "/api/v1/map.svg",
    (Network, TAKE_ALL),
    ("/map.svg", "構成図（SVG） / The map as SVG"),
    Gives::File(&["image/svg+xml"]),
)
.asking(&[
    MAP[0],
    MAP[1],
    MAP[2],
    MAP[3],
    may("sheet", Shape::Word(&["a3", "a4"]), "用紙 / Sheets of paper"),
]);
static CSV: Operation = Operation::get(
    "/api/v1/links.csv",
    (Network, TAKE_ALL),
    ("/links.csv", "接続の CSV / Links as CSV"),
    Gives::File(&["text/csv"]),
);

pub(super) fn doors(doors: Doors) -> Doors {
    doors
        .program(&LINKS, list_links)
        .program(&TOPOLOGY, topology)
        .program(&COVERAGE, coverage)
        .program(&NETWORKS, networks)
        .program(&SENT, sent)
        .program(&DRAWN, drawn)
        .program(&SVG, svg)
        .program(&CSV, csv)
}

async fn list_links(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let links: Vec<_> = snapshot.picture.topology.links.iter().collect();
    let key = |link: &&crate::topology::Link| {
        let end =
            |end: &crate::topology::End| format!("{:?} {} {}", end.device, end.name, end.port);
        Some(format!("{} {}", end(&link.near), end(&link.far)))
    };
    part(&call, (&links, snapshot.revision), key, value)
}

async fn topology(State(site): State<Arc<Site>>, reader: Reader, _: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    Ok(Json(&snapshot.picture.topology).into_response())
}

async fn coverage(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let rows: Vec<_> = snapshot.ground.coverage.iter().enumerate().collect();
    let key = |(number, _): &(usize, _)| Some(number.to_string());
    part(&call, (&rows, snapshot.revision), key, |(_, one)| value(one))
}

/// What the hospital says that a network is for, as policy writes it.
fn purpose(decreed: &[Decreed], name: &str) -> Option<Value> {
    value(&decreed.iter().find(|one| one.name == name)?.purpose)
}

async fn networks(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let agents = site.write(|store| store.admissions().list()).await?;
    let mut rows: Vec<(String, Value)> = Vec::new();
    for ((name, cidr), reach) in snapshot.reaches() {
        let declared: Vec<Value> = (agents.iter())
            .flat_map(|agent| agent.networks.iter().map(move |one| (agent, one)))
            .filter(|(_, one)| one.name == *name)
            .filter_map(|(agent, one)| {
                let mut told = value(one)?;
                told.as_object_mut()?.insert("agent".into(), agent.name.clone().into());
                Some(told)
            })
            .collect();
        let gap = |(why, addresses): (&Why, &AddressSet)| json!({ "why": why, "addresses": addresses.len().to_string() });
        let told = json!({
            "name": name,
            "cidr": cidr,
            "purpose": purpose(&site.config.decreed.networks, name),
            "declared": declared,
            // Of IPv6 they may be more than a number of JSON can hold.
            "asked": reach.asked.len().to_string(),
            "answered": reach.answered.len().to_string(),
            "not_asked": reach.gaps.iter().map(gap).collect::<Vec<_>>(),
        });
        rows.push((format!("{name} {cidr}"), told));
    }
    let revision = snapshot.revision;
    part(&call, (&rows, revision), |(key, _)| Some(key.clone()), |(_, told)| Some(told.clone()))
}

async fn sent(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let rows: Vec<_> = snapshot.sent().iter().collect();
    let key = |((network, kind), _): &(&(String, _), _)| Some(format!("{network} {kind:?}"));
    part(&call, (&rows, snapshot.revision), key, |((network, kind), sum)| {
        let mut told = value(sum)?;
        let members = told.as_object_mut()?;
        members.insert("network".into(), network.clone().into());
        members.insert("kind".into(), value(kind)?);
        Some(told)
    })
}

/// A box, and what hangs on it.
fn told(node: &Node) -> Value {
    let kind = match node.kind {
        Kind::Network => "network",
        Kind::Device => "device",
        Kind::Inferred => "inferred",
        Kind::SpokenOf => "spoken_of",
        Kind::Group => "group",
        Kind::Range => "range",
        Kind::Outside => "outside",
    };
    let (device, range) = match &node.to {
        To::Device(id) => (Some(id.0.as_str()), None),
        To::Below(id) => (Some(id.as_str()), None),
        To::Range(network) => (None, Some(network.as_str())),
        To::Nothing => (None, None),
    };
    let fold = |fold: &Fold| json!({ "key": fold.key, "open": fold.open, "devices": fold.devices });
    let edge = &node.edge;
    json!({
        "kind": kind,
        "lines": node.lines,
        "notes": node.notes,
        "undocumented": node.undocumented,
        "device": device,
        "network": range,
        "fold": node.fold.as_ref().map(fold),
        "edge": { "text": edge.text, "note": edge.note, "dashed": edge.dashed,
            "doubtful": edge.doubtful },
        "children": node.children.iter().map(told).collect::<Vec<_>>(),
    })
}

async fn drawn(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    let snapshot = site.view(&reader).await?;
    let asked = Asked::read(&call.query());
    let map = tokio::task::block_in_place(|| asked.map(&snapshot, reader.lang));
    let roots: Vec<Value> = map.roots.iter().map(told).collect();
    Ok(Json(json!({ "roots": roots, "cut": map.cut })).into_response())
}

async fn svg(State(site): State<Arc<Site>>, reader: Reader, call: Call) -> Answer {
    Ok(map::saved(&site, &reader, &call.query()).await)
}

async fn csv(State(site): State<Arc<Site>>, reader: Reader, _: Call) -> Answer {
    Ok(links::csv(State(site), reader).await)
}
