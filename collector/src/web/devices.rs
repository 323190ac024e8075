//! The list of devices: searched, filtered, a page at a time.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::Site;
use super::page::{Frame, Pager, Reader, Tag, device_link, encoded, show};
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::fingerprint::Class;
use crate::report;
use crate::resolve::Device;
use crate::words::{Lang, Word, phrase};

/// Most addresses of one device that the list shows.
const MOST_LINES: usize = 3;

/// What the reader asked for; anything unknown finds nothing and breaks nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    network: String,
    page: Option<String>,
}

struct Row {
    link: String,
    name: String,
    declared: String,
    class: &'static str,
    tags: Vec<Tag>,
    ips: Vec<String>,
    macs: Vec<String>,
    model: String,
    last_seen: String,
}

/// A choice of a filter: value, label, whether it is chosen.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices {
    frame: Frame,
    wanted: Wanted,
    verdicts: Vec<Choice>,
    classes: Vec<Choice>,
    networks: Vec<Choice>,
    found: String,
    rows: Vec<Row>,
    pager: Pager,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let rows = site.config.page_rows;
    show(&site, &reader, ("devices", Word::DevicesTitle), |snapshot, frame| {
        Ok(devices(snapshot, frame, (&site.config.zone, rows), wanted))
    })
    .await
}

fn devices(
    snapshot: &Snapshot,
    frame: Frame,
    (zone, page_rows): (&Zone, usize),
    wanted: Wanted,
) -> Devices {
    let lang = frame.lang;
    let needle = wanted.q.trim().to_lowercase();
    let fits = |device: &&Device| {
        (wanted.verdict.is_empty()
            || snapshot
                .matches(&device.id)
                .any(|matched| phrase::verdict_key(&matched.verdict) == wanted.verdict))
            && (wanted.class.is_empty() || phrase::class_key(class_of(device)) == wanted.class)
            && (wanted.network.is_empty()
                || device.addresses.iter().any(|address| address.network == wanted.network))
            && (needle.is_empty() || holds(snapshot, device, &needle))
    };
    let mut found: Vec<&Device> = snapshot.picture.devices.iter().filter(fits).collect();
    found.sort_by_cached_key(|device| (rank(snapshot, device), first_address(device)));
    let link = format!(
        "/devices?q={}&verdict={}&class={}&network={}&page=",
        encoded(&wanted.q),
        encoded(&wanted.verdict),
        encoded(&wanted.class),
        encoded(&wanted.network)
    );
    let pager = Pager::new(found.len(), page_rows, wanted.page.as_deref(), link);
    let shown = found.iter().skip(pager.skip).take(pager.take);
    Devices {
        rows: shown.map(|device| row(snapshot, (lang, zone), device)).collect(),
        found: lang.fill(Word::DevicesFound, &[&found.len()]),
        verdicts: choices(
            lang,
            phrase::VERDICTS.map(|(key, label, _)| (key, label)),
            &wanted.verdict,
        ),
        classes: choices(lang, phrase::CLASSES.map(|(_, key, label)| (key, label)), &wanted.class),
        networks: networks(snapshot, &wanted.network),
        pager,
        wanted,
        frame,
    }
}

/// What needs somebody's answer stands first: the rank of the device's gravest verdict.
fn rank(snapshot: &Snapshot, device: &Device) -> usize {
    let of = |key| phrase::VERDICTS.iter().position(|(known, _, _)| *known == key);
    let ranks =
        snapshot.matches(&device.id).map(|matched| of(phrase::verdict_key(&matched.verdict)));
    ranks.flatten().min().unwrap_or(phrase::VERDICTS.len())
}

fn first_address(device: &Device) -> Option<IpAddr> {
    device.addresses.iter().map(|address| address.ip).min()
}

/// What the ledger calls the device, if it has a row there.
fn declared_name(snapshot: &Snapshot, device: &Device) -> String {
    let places = snapshot.matches(&device.id).filter_map(|matched| matched.entry.as_ref());
    let mut names = places.filter_map(|place| snapshot.entry(place)).map(|entry| &entry.name);
    names.find(|name| !name.is_empty()).cloned().unwrap_or_default()
}

fn class_of(device: &Device) -> Class {
    device.class.as_ref().map_or(Class::Unknown, |class| class.value)
}

fn choices<const N: usize>(lang: Lang, all: [(&str, Word); N], chosen: &str) -> Vec<Choice> {
    all.iter()
        .map(|(key, label)| ((*key).to_owned(), lang.say(*label).to_owned(), *key == chosen))
        .collect()
}

fn networks(snapshot: &Snapshot, chosen: &str) -> Vec<Choice> {
    let mut names: Vec<&str> = (snapshot.picture.devices.iter())
        .flat_map(|device| &device.addresses)
        .map(|address| address.network.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| ((*name).to_owned(), (*name).to_owned(), *name == chosen)).collect()
}

/// Whether anything that names the device holds the text, whatever the case.
fn holds(snapshot: &Snapshot, device: &Device, needle: &str) -> bool {
    let mut texts = report::ips(device);
    texts.extend(report::macs(device));
    texts.extend(device.names.iter().map(|name| name.value.clone()));
    texts.push(report::maker_and_model(device));
    texts.extend(device.serial.iter().map(|serial| serial.value.clone()));
    texts.push(device.id.0.clone());
    texts.push(declared_name(snapshot, device));
    texts.iter().any(|text| text.to_lowercase().contains(needle))
}

/// A switch has an address a port: the list shows some, the device's page all.
fn few(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("+{more}"));
    }
    lines
}

fn row(snapshot: &Snapshot, (lang, zone): (Lang, &Zone), device: &Device) -> Row {
    let tags = snapshot.matches(&device.id).map(|matched| Tag::verdict(lang, &matched.verdict));
    Row {
        link: device_link(&device.id),
        name: report::name(device),
        declared: declared_name(snapshot, device),
        class: report::class(lang, device),
        tags: tags.collect(),
        ips: few(report::ips(device)),
        macs: few(report::macs(device)),
        model: report::maker_and_model(device),
        last_seen: zone.show(device.last_seen),
    }
}
