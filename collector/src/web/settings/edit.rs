//! The forms of settings: one page for all kinds, which works without scripts. What was wrong stands
//! beside its field, and what was typed is not lost, but for secrets.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_common::complaint::Complaint;
use serde::Deserialize;

use super::field::{Form, Section, Shape, Texts, text, texts};
use super::{credential, general, network, notify, schedule};
use crate::config::Config;
use crate::schedule::Schedule;
use crate::settings::{Flaw, Kind, Setting, Settings};
use crate::store::{Agent, By, KeptSchedule, NewSetting, Seen, Store, StoreError};
use crate::vault::{Secret, Vault};
use crate::web::Site;
use crate::web::decide::{REASON, back};
use crate::web::page::{Frame, Reader, message, render, said, unavailable};
use crate::words::{Lang, Word};

/// What has a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Setting(Kind),
    Schedule,
}

impl What {
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == "schedule" {
            return Some(Self::Schedule);
        }
        name.parse().ok().map(Self::Setting)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Setting(kind) => kind.name(),
            Self::Schedule => "schedule",
        }
    }

    pub(super) const fn title(self) -> Word {
        match self {
            Self::Setting(Kind::General) => Word::SettingGeneral,
            Self::Setting(Kind::Deny) => Word::SettingDeny,
            Self::Setting(Kind::Network) => Word::CommonNetwork,
            Self::Setting(Kind::Credential) => Word::SettingsCredentials,
            Self::Setting(Kind::Notify) => Word::SettingReceiver,
            Self::Schedule => Word::PlanSchedule,
        }
    }

    /// Whether there is one of it, without a name.
    pub(super) const fn is_single(self) -> bool {
        matches!(self, Self::Setting(Kind::General | Kind::Deny))
    }

    /// Where one is shown once it is kept.
    pub(super) fn place(self) -> String {
        match self {
            Self::Schedule => "/scans#schedules".to_owned(),
            Self::Setting(kind) => format!("/settings#{}", kind.name()),
        }
    }
}

/// What stands around what is typed.
pub(super) struct Around {
    pub(super) settings: Settings,
    pub(super) agents: Vec<Agent>,
    pub(super) schedules: Vec<Schedule>,
    /// Parties of the register: id and name.
    pub(super) parties: Vec<(String, String)>,
    pub(super) zone: String,
}

impl Around {
    pub(super) fn read(site: &Site) -> Result<Self, StoreError> {
        let store = &site.store;
        Ok(Self {
            settings: site.effective()?.settings.clone(),
            agents: store.admissions().list()?,
            schedules: store.jobs().schedules()?.into_iter().map(|kept| kept.schedule).collect(),
            parties: store.register()?.party.into_iter().map(|it| (it.id, it.name)).collect(),
            zone: site.config.zone.name().to_owned(),
        })
    }

    /// What a form begins with; none if there is none of this name.
    fn texts(&self, (what, name): (What, &str), file: &Config) -> Option<Texts> {
        let kind = match what {
            What::Schedule => {
                let known = self.schedules.iter().find(|known| known.name == name);
                return known.map(schedule::texts);
            }
            What::Setting(kind) => kind,
        };
        let setting = match kind {
            Kind::General => Setting::General(self.settings.general.clone()),
            Kind::Deny => Setting::Deny(self.settings.deny.clone()),
            Kind::Network | Kind::Credential | Kind::Notify => self.settings.find(kind, name)?,
        };
        Some(typed_as(&setting, file))
    }

    pub(super) fn has(&self, what: What, name: &str) -> bool {
        match what {
            What::Schedule => self.schedules.iter().any(|known| known.name == name),
            What::Setting(kind) => self.settings.find(kind, name).is_some(),
        }
    }
}

/// A setting as its form has it, without secrets.
pub(super) fn typed_as(setting: &Setting, file: &Config) -> Texts {
    match setting {
        Setting::General(general) => general::texts(general, file),
        Setting::Deny(deny) => general::denied(deny),
        Setting::Network(network) => network::texts(network),
        Setting::Credential(credential) => credential::texts(credential),
        Setting::Notify(receiver) => notify::texts(receiver),
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Wanted {
    pub(super) kind: String,
    /// The one to change; none: a new one.
    #[serde(default)]
    pub(super) name: String,
    /// What the form is filled with, where another page leads to it.
    #[serde(default)]
    cidr: String,
    #[serde(default)]
    agent: String,
}

/// A form being shown.
struct Draft<'d> {
    what: What,
    new: bool,
    seen: i64,
    texts: &'d Texts,
    flaws: &'d [Flaw],
    wrong: Option<Word>,
}

#[derive(Template)]
#[template(path = "settings_edit.html")]
struct Page {
    frame: Frame,
    kind: &'static str,
    label: &'static str,
    place: String,
    new: bool,
    name: String,
    seen: i64,
    /// Whether it can be taken out.
    removable: bool,
    note: &'static str,
    wrong: &'static str,
    sections: Vec<Section>,
    why: String,
    why_wrong: bool,
}

fn page(site: &Site, reader: &Reader, around: &Around, draft: &Draft<'_>) -> Response {
    let Draft { what, new, texts, flaws, .. } = *draft;
    let lang = reader.lang;
    let form = Form { lang, texts, flaws };
    let sections = match what {
        What::Setting(Kind::General) => general::sections(&form, &site.config),
        What::Setting(Kind::Deny) => general::deny_sections(&form),
        What::Setting(Kind::Network) => network::sections(&form, around, new),
        What::Setting(Kind::Credential) => credential::sections(&form, new),
        What::Setting(Kind::Notify) => notify::sections(&form, around, new),
        What::Schedule => schedule::sections(&form, around, new),
    };
    let note = match what {
        What::Setting(Kind::General | Kind::Notify) | What::Schedule => Word::SettingAtOnce,
        What::Setting(Kind::Deny) => Word::SettingDenyNote,
        What::Setting(Kind::Network) => Word::SettingNetworkNote,
        What::Setting(Kind::Credential) => Word::SettingCredentialNote,
    };
    let why_wrong = flaws.iter().any(|flaw| flaw.field == "why");
    let wrong = draft.wrong.or_else(|| (!flaws.is_empty()).then_some(Word::FormWrongSome));
    let page = Page {
        kind: what.name(),
        label: lang.say(what.title()),
        place: what.place(),
        name: text(texts, "name").to_owned(),
        seen: draft.seen,
        removable: !new && !what.is_single(),
        note: lang.say(note),
        wrong: wrong.map_or("", |word| lang.say(word)),
        sections,
        why: text(texts, "why").to_owned(),
        why_wrong,
        new,
        frame: reader.frame(what.title(), "settings"),
    };
    render(&page, if wrong.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY })
}

/// The number of the newest version of a setting or schedule; 0 if it was never said.
pub(super) fn newest(store: &Store, what: What, name: &str) -> Result<i64, StoreError> {
    match what {
        What::Setting(kind) => {
            let versions = store.setting_history(Some((kind, name)))?;
            Ok(versions.first().map_or(0, |version| version.id))
        }
        What::Schedule => {
            let kept = store.jobs().schedules()?;
            Ok(kept.iter().find(|kept| kept.schedule.name == name).map_or(0, KeptSchedule::version))
        }
    }
}

pub(in crate::web) async fn form(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Query(wanted): Query<Wanted>,
) -> Response {
    let missing = || message(&reader, StatusCode::NOT_FOUND, Word::NotFoundPage);
    let Some(what) = What::named(&wanted.kind) else { return missing() };
    // First the number: what changes before the rest is read is then refused, and not overwritten.
    let seen = newest(&site.store, what, &wanted.name);
    let (seen, around) = match seen.and_then(|seen| Ok((seen, Around::read(&site)?))) {
        Ok(read) => read,
        Err(error) => return unavailable(&reader, &error, "the settings could not be read"),
    };
    let new = wanted.name.is_empty() && !what.is_single();
    let typed = if new {
        let mut fresh =
            if what == What::Setting(Kind::Notify) { notify::fresh() } else { Texts::new() };
        let own = [("cidr", &wanted.cidr), ("agent", &wanted.agent)];
        fresh.extend(own.map(|(name, value)| (name.to_owned(), value.clone())));
        if what == What::Setting(Kind::Network) {
            fresh.insert("policy".to_owned(), "gentle".to_owned());
        }
        fresh
    } else {
        let Some(texts) = around.texts((what, &wanted.name), &site.config) else {
            return missing();
        };
        texts
    };
    let draft = Draft { what, new, seen, texts: &typed, flaws: &[], wrong: None };
    page(&site, &reader, &around, &draft)
}

/// What a form means.
enum Meant {
    Setting(Setting, Vec<(String, String)>),
    Schedule(Schedule),
}

/// A schedule that was typed, of an agent that may come in; `known` has what is not typed.
pub(super) fn scheduled(
    (around, known): (&Around, Option<&Schedule>),
    typed: &Texts,
) -> Result<Schedule, Vec<Flaw>> {
    let schedule = schedule::read(typed, (known, &around.zone))?;
    let enrolled = |agent: &Agent| agent.name == schedule.agent && agent.until.is_some();
    if around.agents.iter().any(enrolled) {
        return Ok(schedule);
    }
    let (ja, en) = ("登録済みのエージェントを選んでください", "choose an enrolled agent");
    Err(vec![Flaw::new("agent", ja, en)])
}

/// A network that was typed, beside the others.
fn declared(around: &Around, typed: &Texts) -> Result<crate::settings::Network, Vec<Flaw>> {
    let network = network::read(typed)?;
    let flaws = around.settings.flaws_of(&network);
    if flaws.is_empty() { Ok(network) } else { Err(flaws) }
}

/// What was typed, checked by itself and beside the rest.
fn meant(
    site: &Site,
    around: &Around,
    (what, new, typed): (What, bool, &Texts),
) -> Result<Meant, Vec<Flaw>> {
    let name = text(typed, "name");
    let file = &site.config;
    let (meant, taken) = match what {
        What::Schedule => {
            let known = around.schedules.iter().find(|known| known.name == name);
            (Meant::Schedule(scheduled((around, known), typed)?), false)
        }
        What::Setting(Kind::General) => {
            let general = general::read(typed, (&around.settings.general, file))?;
            (Meant::Setting(Setting::General(general), Vec::new()), false)
        }
        What::Setting(Kind::Deny) => {
            let deny = general::read_denied(typed)?;
            (Meant::Setting(Setting::Deny(deny), Vec::new()), false)
        }
        What::Setting(Kind::Network) => {
            let network = declared(around, typed)?;
            let taken = file.decreed.networks.iter().any(|known| known.name == network.name);
            (Meant::Setting(Setting::Network(network), Vec::new()), taken)
        }
        What::Setting(Kind::Credential) => {
            let kept = |one: &crate::settings::Credential| {
                let vault = Vault::open(site.store.path()).ok();
                let kept = vault.and_then(|vault| vault.get(&site.store, &one.secret()).ok());
                kept.filter(|_| !new).map(|kept| one.read(kept.expose())).unwrap_or_default()
            };
            let (credential, secrets) = credential::read(typed, kept)?;
            let secrets = serde_json::to_string(&secrets).unwrap_or_default();
            let secrets = vec![(credential.secret(), secrets)];
            (Meant::Setting(Setting::Credential(credential), secrets), false)
        }
        What::Setting(Kind::Notify) => {
            let known = around.settings.receivers.iter().find(|known| known.name == name);
            let (receiver, secrets) = notify::read(typed, known.filter(|_| !new))?;
            let taken = file.notify.channels.iter().any(|known| known.name == receiver.name);
            (Meant::Setting(Setting::Notify(receiver), secrets), taken)
        }
    };
    let name = match &meant {
        Meant::Setting(setting, _) => setting.name(),
        Meant::Schedule(schedule) => &schedule.name,
    };
    if new && around.has(what, name) {
        let (ja, en) = ("その名前はもう使われています", "that name is taken");
        return Err(vec![Flaw::new("name", ja, en)]);
    }
    if taken {
        let (ja, en) = (
            "その名前は collector.toml にあり、そちらが優先されます。別の名前にするか、ファイルから消してください",
            "collector.toml has one of that name, which holds: choose another, or take it out of the file",
        );
        return Err(vec![Flaw::new("name", ja, en)]);
    }
    if text(typed, "why").chars().count() > REASON {
        return Err(vec![Flaw::new("why", "", "")]);
    }
    Ok(meant)
}

/// What became of a form.
pub(super) enum Done {
    Kept(String),
    /// Somebody else changed it meanwhile.
    Changed,
    Wrong(Vec<Flaw>),
}

/// Keeps what was typed, if what it was made of still holds.
pub(super) fn keep(
    (site, around): (&Site, &Around),
    (what, new, typed): (What, bool, &Texts),
    (seen, by): (Seen, By),
) -> Result<Done, Complaint> {
    let trouble = |error: StoreError| error.complaint(site.store.path());
    let (setting, secrets) = match meant(site, around, (what, new, typed)) {
        Err(flaws) => return Ok(Done::Wrong(flaws)),
        Ok(Meant::Schedule(schedule)) => {
            let kept = site.store.jobs().add_as(schedule, seen, by).map_err(trouble)?;
            return Ok(kept.map_or(Done::Changed, |_| Done::Kept(what.place())));
        }
        Ok(Meant::Setting(setting, secrets)) => (setting, secrets),
    };
    let mut new = NewSetting::from(setting);
    let mut vault = Vault::open(site.store.path())?;
    for (name, secret) in secrets {
        let sealed = vault.seal(&name, &Secret::new(secret))?;
        new.secrets.push((name, sealed));
    }
    let why = text(typed, "why").to_owned();
    let kept = site.store.keep_settings(vec![new], seen, (by, why)).map_err(trouble)?;
    Ok(kept.map_or(Done::Changed, |_| Done::Kept(what.place())))
}

pub(in crate::web) async fn say(
    State(site): State<Arc<Site>>,
    reader: Reader,
    body: Bytes,
) -> Response {
    let typed = texts(&body);
    let Some(what) = What::named(text(&typed, "kind_of")) else {
        return message(&reader, StatusCode::UNPROCESSABLE_ENTITY, Word::FailureForm);
    };
    let new = text(&typed, "new") == "yes";
    let around = match Around::read(&site) {
        Ok(around) => around,
        Err(error) => return unavailable(&reader, &error, "the settings could not be read"),
    };
    let by = reader.by();
    let seen: Option<i64> = text(&typed, "seen").parse().ok();
    let of = if new { Seen::Nothing } else { seen.map_or(Seen::Any, Seen::Version) };
    let done =
        tokio::task::block_in_place(|| keep((&site, &around), (what, new, &typed), (of, by)));
    let seen = seen.unwrap_or_default();
    let draft = Draft { what, new, seen, texts: &typed, flaws: &[], wrong: None };
    match done {
        Ok(Done::Kept(place)) => {
            let back_to = text(&typed, "back");
            back(if crate::web::fields::is_own_path(back_to) { back_to } else { &place })
        }
        Ok(Done::Wrong(flaws)) => page(&site, &reader, &around, &Draft { flaws: &flaws, ..draft }),
        Ok(Done::Changed) => {
            let wrong = Some(Word::SettingChangedMeanwhile);
            page(&site, &reader, &around, &Draft { wrong, ..draft })
        }
        Err(complaint) => said(&reader, StatusCode::UNPROCESSABLE_ENTITY, &complaint),
    }
}

/// A language's own side of a complaint.
pub(super) fn sentence(complaint: Complaint, lang: Lang) -> String {
    match lang {
        Lang::Ja => complaint.ja,
        Lang::En => complaint.en,
    }
}
