//! The forms of the numbers and of what is never sent to.

use super::field::{Form, Section, Shape, Texts, lines, number, some};
use crate::config::Config;
use crate::notify::watch::Limits;
use crate::report::set::checklist::Checklist;
use crate::settings::{Deny, Flaw, General, deny};
use crate::words::Word;

pub(super) fn texts(general: &General, file: &Config) -> Texts {
    let mut texts = Texts::new();
    let said = fixed(file);
    let number = |value: Option<u32>| value.map(|n| n.to_string()).unwrap_or_default();
    for (name, own) in [
        ("retention_days", number(general.retention_days)),
        ("silent_agent_hours", number(general.silent_agent_hours)),
        ("certificate_days", number(general.certificate_days)),
        ("backup_days", number(general.backup_days)),
        ("public_url", general.public_url.clone().unwrap_or_default()),
        ("checklist", general.checklist.clone().unwrap_or_default()),
    ] {
        let fixed = said.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        texts.insert(name.to_owned(), fixed.unwrap_or(own));
    }
    texts
}

/// What the file says other than the default: that holds.
pub(super) fn fixed(file: &Config) -> Vec<(&'static str, String)> {
    let (own, usual) = (file.notify.limits, Limits::default());
    let mut fixed = Vec::new();
    if let Some(days) = file.retention_days {
        fixed.push(("retention_days", days.to_string()));
    }
    for (key, own, usual) in [
        ("silent_agent_hours", own.silent_hours, usual.silent_hours),
        ("certificate_days", own.certificate_days, usual.certificate_days),
        ("backup_days", own.backup_days, usual.backup_days),
    ] {
        if own != usual {
            fixed.push((key, own.to_string()));
        }
    }
    if !file.notify.url.is_empty() {
        fixed.push(("public_url", file.notify.url.clone()));
    }
    fixed
}

/// What was typed; what the file fixes stays as it was said.
pub(super) fn read(
    texts: &Texts,
    (known, file): (&General, &Config),
) -> Result<General, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut general = General {
        retention_days: number(texts, "retention_days", &mut flaws),
        silent_agent_hours: number(texts, "silent_agent_hours", &mut flaws),
        certificate_days: number(texts, "certificate_days", &mut flaws),
        backup_days: number(texts, "backup_days", &mut flaws),
        public_url: some(texts, "public_url"),
        checklist: some(texts, "checklist"),
    };
    for (key, _) in fixed(file) {
        match key {
            "retention_days" => general.retention_days = known.retention_days,
            "silent_agent_hours" => general.silent_agent_hours = known.silent_agent_hours,
            "certificate_days" => general.certificate_days = known.certificate_days,
            "backup_days" => general.backup_days = known.backup_days,
            _ => general.public_url.clone_from(&known.public_url),
        }
    }
    flaws.extend(general.flaws());
    if flaws.is_empty() { Ok(general) } else { Err(flaws) }
}

pub(super) fn sections(form: &Form<'_>, file: &Config) -> Vec<Section> {
    let said = fixed(file);
    let field = |name: &'static str, label: Word, hint: &str| {
        let is_fixed = said.iter().any(|(key, _)| *key == name);
        let (hint, shape) = if is_fixed {
            (form.say(Word::SettingByFile), Shape::Fixed)
        } else {
            (hint.to_owned(), Shape::Text)
        };
        form.hinted(name, (label, hint), shape)
    };
    let usual = Limits::default();
    let is = |number: u32, range: &str| form.lang.fill(Word::SettingUsually, &[&number, &range]);
    let newest = (String::new(), form.say(Word::SettingNewest));
    let editions = Checklist::editions().into_iter().map(|it| (it.clone(), it));
    vec![Section {
        legend: "",
        only: "",
        inputs: vec![
            field("retention_days", Word::SettingRetention, &form.say(Word::SettingRetentionHint)),
            field("silent_agent_hours", Word::SettingSilent, &is(usual.silent_hours, "1-720")),
            field(
                "certificate_days",
                Word::SettingCertificate,
                &is(usual.certificate_days, "1-60"),
            ),
            field("backup_days", Word::SettingBackup, &is(usual.backup_days, "1-366")),
            field("public_url", Word::SettingLinks, ""),
            form.one("checklist", Word::SettingsEditions, std::iter::once(newest).chain(editions)),
        ],
    }]
}

pub(super) fn denied(deny: &Deny) -> Texts {
    [("nets", &deny.nets), ("macs", &deny.macs), ("ouis", &deny.ouis)]
        .map(|(name, all)| (name.to_owned(), all.join("\n")))
        .into()
}

pub(super) fn read_denied(texts: &Texts) -> Result<Deny, Vec<Flaw>> {
    let [nets, macs, ouis] = ["nets", "macs", "ouis"].map(|name| lines(texts, name));
    let deny = Deny { nets, macs, ouis };
    let flaws = deny::flaws(&deny);
    if flaws.is_empty() { Ok(deny) } else { Err(flaws) }
}

pub(super) fn deny_sections(form: &Form<'_>) -> Vec<Section> {
    vec![Section {
        legend: "",
        only: "",
        inputs: vec![
            form.example("nets", (Word::SettingNets, "10.30.0.0/24"), Shape::Lines),
            form.example("macs", (Word::SettingMacs, "00:1a:2b:3c:4d:5e"), Shape::Lines),
            form.example("ouis", (Word::SettingOuis, "00:1a:2b"), Shape::Lines),
        ],
    }]
}
