//! Settings as programs say and read them: the forms of the pages, without a page. What is secret is said
//! apart from the rest, and never told.

use std::collections::BTreeMap;

use daicho_common::complaint::Complaint;
use serde_json::{Map, Value, json};

use super::edit::{self, Around, Done, What, typed_as};
use super::field::{Texts, is_secret};
use super::{general, schedule};
use crate::config::Config;
use crate::schedule::Schedule;
use crate::settings::{Flaw, Kind, Setting};
use crate::store::{By, KeptSecret, KeptSetting, Seen, Store, StoreError, TakenOut};
use crate::web::Site;

/// What stands in an address for the name of what there is one of.
pub(in crate::web) const SINGLE: &str = "-";

/// What is said of a setting.
pub(in crate::web) struct Said<'s> {
    pub(in crate::web) kind: Kind,
    /// Empty where there is one of its kind.
    pub(in crate::web) name: &'s str,
    /// Its members as files have them.
    pub(in crate::web) content: &'s Map<String, Value>,
    /// Its secrets by the names of their fields. What is left out stays as it is.
    pub(in crate::web) secrets: &'s Map<String, Value>,
    pub(in crate::web) why: &'s str,
}

/// Why nothing was kept.
pub(in crate::web) enum Refusal {
    Flaws(Vec<Flaw>),
    /// Another version holds meanwhile.
    Changed,
    Complaint(Complaint),
}

/// Whether there is one of this kind, without a name.
pub(in crate::web) const fn is_single(kind: Kind) -> bool {
    What::Setting(kind).is_single()
}

/// The newest version of each setting that was not taken out, by kind and name; of versions the latest
/// first.
pub(in crate::web) fn present(history: Vec<KeptSetting>) -> Vec<KeptSetting> {
    let mut newest = BTreeMap::new();
    for version in history {
        newest.entry((version.kind, version.name.clone())).or_insert(version);
    }
    newest.into_values().filter(|version| version.content.is_some()).collect()
}

/// What a version says, without what may be a secret: also where it was imported from a file.
pub(in crate::web) fn content(version: &KeptSetting) -> Option<Value> {
    let mut content: Value = serde_json::from_str(version.content.as_deref()?).ok()?;
    content.as_object_mut()?.retain(|name, _| !is_secret(name));
    Some(content)
}

/// A setting as programs are told; none if it was taken out.
pub(in crate::web) fn told(
    version: &KeptSetting,
    (secrets, file): (&[KeptSecret], &Config),
) -> Option<Value> {
    let KeptSetting { id, kind, name, at, by, why, .. } = version;
    let names = kind.secrets(name);
    let kept = secrets.iter().filter(|secret| names.contains(&secret.name));
    let kept = kept.map(|kept| json!({ "name": kept.name, "at": kept.at, "by": kept.by }));
    let fixed: Vec<&str> = match kind {
        Kind::General => general::fixed(file).into_iter().map(|(key, _)| key).collect(),
        Kind::Deny | Kind::Network | Kind::Credential | Kind::Notify => Vec::new(),
    };
    let in_file = match kind {
        Kind::General => !fixed.is_empty(),
        Kind::Network => file.decreed.networks.iter().any(|known| known.name == *name),
        Kind::Notify => file.notify.channels.iter().any(|known| known.name == *name),
        Kind::Deny | Kind::Credential => false,
    };
    Some(json!({
        "kind": kind.name(),
        "name": if is_single(*kind) { SINGLE } else { name },
        "content": content(version)?,
        "version": id,
        "at": at,
        "by": by,
        "why": why,
        "secrets": kept.collect::<Vec<_>>(),
        "in_file": in_file,
        "fixed": fixed,
    }))
}

/// The fields of a form for secrets of a kind.
const fn secret_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Credential => &["community", "auth_password", "privacy_password"],
        Kind::Notify => &["password", "key", "url"],
        Kind::General | Kind::Deny | Kind::Network => &[],
    }
}

/// The members of something of this name, if they name no other.
fn named(content: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, Flaw> {
    let mut members = content.clone();
    if members.get("name").is_some_and(|said| said.as_str() != Some(name)) {
        let (ja, en) = ("アドレスと同じ名前にしてください", "it has another name in the address");
        return Err(Flaw::new("name", ja, en));
    }
    members.insert("name".to_owned(), name.into());
    Ok(members)
}

/// Members that cannot be read.
fn unreadable(error: &serde_json::Error) -> Flaw {
    Flaw::new(
        "content",
        format!("内容を読み取れません（{error}）。項目の名前と型を確かめてください"),
        format!("it cannot be read ({error}): check the names and types of its members"),
    )
}

fn has_nul(text: &str) -> bool {
    text.contains("\\u0000") || text.contains('\0')
}

/// The setting that is said, whose secrets stand apart.
fn read(said: &Said<'_>) -> Result<Setting, Vec<Flaw>> {
    let known = secret_fields(said.kind);
    let mut flaws = Vec::new();
    for field in said.content.keys().filter(|name| known.contains(&name.as_str())) {
        let (ja, en) = ("secrets に書いてください", "say it in secrets");
        flaws.push(Flaw::new(field, ja, en));
    }
    for field in said.secrets.keys().filter(|name| !known.contains(&name.as_str())) {
        let (ja, en) = ("この種類の秘密にはありません", "this kind has no such secret");
        flaws.push(Flaw::new(field, ja, en));
    }
    let members = if is_single(said.kind) {
        said.content.clone()
    } else {
        named(said.content, said.name).unwrap_or_else(|flaw| {
            flaws.push(flaw);
            Map::new()
        })
    };
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let text = Value::Object(members).to_string();
    if has_nul(&text) || said.secrets.values().filter_map(Value::as_str).any(has_nul) {
        let (ja, en) = ("NUL は使えません", "it may hold no NUL");
        return Err(vec![Flaw::new("content", ja, en)]);
    }
    Setting::from_json(said.kind, &text).map_err(|error| vec![unreadable(&error)])
}

/// Members that the file says, and that are to be something else.
fn held_by_file(said: &Setting, (around, file): (&Around, &Config)) -> Vec<Flaw> {
    let Setting::General(general) = said else { return Vec::new() };
    let value = |general: &crate::settings::General| serde_json::to_value(general).ok();
    let (said, known) = (value(general), value(&around.settings.general));
    let of = |all: &Option<Value>, key: &str| all.as_ref().and_then(|all| all.get(key)).cloned();
    general::fixed(file)
        .into_iter()
        .filter(|(key, _)| of(&said, key) != of(&known, key))
        .map(|(key, _)| {
            let (ja, en) = (
                "collector.toml で指定されています。変えるにはファイルから消してください",
                "collector.toml says it: take it out of the file to change it",
            );
            Flaw::new(key, ja, en)
        })
        .collect()
}

/// Keeps a setting if `seen` is still the number of its newest version (0: it was never said).
pub(in crate::web) fn keep(
    site: &Site,
    said: &Said<'_>,
    (seen, by): (i64, By),
) -> Result<(), Refusal> {
    let around = read_around(site)?;
    let setting = read(said).map_err(Refusal::Flaws)?;
    let held = held_by_file(&setting, (&around, &site.config));
    if !held.is_empty() {
        return Err(Refusal::Flaws(held));
    }
    let mut typed = trimmed(typed_as(&setting, &site.config));
    let secrets = said.secrets.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    typed.extend(secrets.map(|(name, value)| (name.clone(), value.to_owned())));
    typed.insert("why".to_owned(), said.why.to_owned());
    let what = What::Setting(said.kind);
    let new = !what.is_single() && !around.has(what, said.name);
    match edit::keep((site, &around), (what, new, &typed), (Seen::Version(seen), by)) {
        Ok(Done::Kept(_)) => Ok(()),
        Ok(Done::Changed) => Err(Refusal::Changed),
        Ok(Done::Wrong(flaws)) => Err(Refusal::Flaws(flaws)),
        Err(complaint) => Err(Refusal::Complaint(complaint)),
    }
}

fn read_around(site: &Site) -> Result<Around, Refusal> {
    Around::read(site).map_err(|error| Refusal::Complaint(error.complaint(site.store.path())))
}

/// As a form is read.
fn trimmed(texts: Texts) -> Texts {
    texts.into_iter().map(|(name, text)| (name, text.trim().to_owned())).collect()
}

/// Takes a setting and its secrets out if `seen` is still the number of its newest version and no other
/// one needs it.
pub(in crate::web) fn remove(
    store: &Store,
    what: (Kind, String),
    seen: i64,
    because: (By, String),
) -> Result<TakenOut, StoreError> {
    store.take_out_setting(what, Seen::Version(seen), because)
}

/// Keeps the schedule of this name, in place of the one that was seen.
pub(in crate::web) fn keep_schedule(
    site: &Site,
    (name, content): (&str, &Map<String, Value>),
    (seen, by): (Seen, By),
) -> Result<(), Refusal> {
    let around = read_around(site)?;
    let mut members = named(content, name).map_err(|flaw| Refusal::Flaws(vec![flaw]))?;
    members.entry("zone").or_insert_with(|| around.zone.clone().into());
    let text = Value::Object(members).to_string();
    if has_nul(&text) {
        let (ja, en) = ("NUL は使えません", "it may hold no NUL");
        return Err(Refusal::Flaws(vec![Flaw::new("content", ja, en)]));
    }
    let said: Schedule =
        serde_json::from_str(&text).map_err(|error| Refusal::Flaws(vec![unreadable(&error)]))?;
    // As the command line has them.
    let rates = [
        ("packets_per_second", said.packets_per_second, 1_000_000),
        ("target_packets_per_second", said.target_packets_per_second, 1000),
    ];
    let beyond = |rate: Option<u32>, most| rate.is_some_and(|rate| !(1..=most).contains(&rate));
    if let Some((field, _, most)) = rates.into_iter().find(|(_, rate, most)| beyond(*rate, *most)) {
        let (ja, en) = (format!("1～{most} にしてください"), format!("write 1 to {most}"));
        return Err(Refusal::Flaws(vec![Flaw::new(field, ja, en)]));
    }
    let typed = trimmed(schedule::texts(&said));
    let meant = edit::scheduled((&around, Some(&said)), &typed).map_err(Refusal::Flaws)?;
    let kept = site.store.jobs().add_as(meant, seen, by);
    let kept = kept.map_err(|error| Refusal::Complaint(error.complaint(site.store.path())))?;
    kept.map(drop).ok_or(Refusal::Changed)
}
