//! A device with its rows of the ledger as one folded text, and as the words by which it is filtered.

use std::borrow::Cow;
use std::net::IpAddr;

use super::facet::By;
use super::fold::fold;
use crate::decision::Scope;
use crate::evidence::Sourced;
use crate::fingerprint::Class;
use crate::ledger::Entry;
use crate::reconcile::Match;
use crate::resolve::Device;
use crate::scope::Scoped;

/// What the ledger and the checklist say of a device.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The match.
    pub matched: &'a Match,
    /// Whether the checklist covers it.
    pub scoped: Option<&'a Scoped>,
    /// The row, where there is one.
    pub entry: Option<&'a Entry>,
}

/// What is known of a device.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The device.
    pub device: &'a Device,
    /// Its matches.
    pub rows: Vec<Row<'a>>,
    /// Findings about it that wait for somebody.
    pub open: usize,
}

impl<'a> Told<'a> {
    /// The rows of the ledger.
    pub fn entries(&self) -> impl Iterator<Item = &'a Entry> {
        self.rows.iter().filter_map(|row| row.entry)
    }
}

/// Where it stands: as the ledger says, else as the device says itself.
pub fn place<'a>(told: &Told<'a>) -> &'a str {
    let declared = told.entries().map(|entry| entry.location.trim()).find(|text| !text.is_empty());
    let own = || told.device.location.as_ref().map(|location| location.value.trim());
    declared.or_else(own).unwrap_or_default()
}

/// What the index takes from a device.
#[derive(Clone, Debug, Default)]
pub(super) struct Line<'a> {
    /// Folded, its parts divided by line feeds.
    pub(super) text: String,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) words: Vec<(By, Cow<'a, str>)>,
}

impl<'a> Line<'a> {
    pub(super) fn of(told: &Told<'a>) -> Self {
        let device = told.device;
        let mut addresses: Vec<IpAddr> = device.addresses.iter().map(|one| one.ip).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Self { text: text(told, &addresses), words: words(told), addresses }
    }
}

/// Everything that names the device, there or in the book.
fn text(told: &Told<'_>, addresses: &[IpAddr]) -> String {
    let device = told.device;
    let mut text = String::with_capacity(256);
    let mut add = |part: &str| {
        if !part.is_empty() {
            text.push_str(&fold(&part.replace('\n', " ")));
            text.push('\n');
        }
    };
    for ip in addresses {
        add(&ip.to_string());
    }
    for mac in &device.macs {
        let written = mac.value.to_string();
        add(&written);
        add(&written.replace(':', ""));
    }
    device.names.iter().for_each(|name| add(&name.value));
    let texts = [
        &device.vendor,
        &device.model,
        &device.serial,
        &device.version,
        &device.os,
        &device.location,
    ];
    for said in texts.into_iter().flatten() {
        add(&said.value);
    }
    // People read maker and model as one.
    if let (Some(vendor), Some(model)) = (&device.vendor, &device.model) {
        add(&format!("{} {}", vendor.value, model.value));
    }
    add(&device.id.0);
    for attached in &device.attached {
        add(&attached.value.switch_name);
    }
    for entry in told.entries() {
        let cells = [
            &entry.asset_number,
            &entry.name,
            &entry.host_name,
            &entry.vendor,
            &entry.model,
            &entry.serial,
            &entry.location,
            &entry.user,
            &entry.maintainer,
        ];
        for cell in cells {
            add(cell);
        }
    }
    text
}

fn words<'a>(told: &Told<'a>) -> Vec<(By, Cow<'a, str>)> {
    let device = told.device;
    let mut words: Vec<(By, Cow<'a, str>)> = Vec::with_capacity(8);
    for row in &told.rows {
        words.push((By::Verdict, row.matched.verdict.name().into()));
        words.extend(row.scoped.map(|scoped| (By::Scope, scope(scoped.scope).into())));
    }
    words.push((By::Class, class(device.class.as_ref())));
    for address in &device.addresses {
        words.push((By::Network, address.network.as_str().into()));
    }
    words.extend(device.vendor.as_ref().map(|vendor| (By::Vendor, vendor.value.as_str().into())));
    let place = place(told);
    if !place.is_empty() {
        words.push((By::Place, place.into()));
    }
    words
}

/// A scope as it is written.
pub(super) const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Inside => "inside",
        Scope::Outside => "outside",
        Scope::Undecided => "undecided",
    }
}

/// A class as it is written.
pub(super) fn class<'a>(class: Option<&Sourced<Class>>) -> Cow<'a, str> {
    let class = class.map_or(Class::Unknown, |class| class.value);
    match serde_json::to_value(class) {
        Ok(serde_json::Value::String(word)) => word.into(),
        _ => "unknown".into(),
    }
}
