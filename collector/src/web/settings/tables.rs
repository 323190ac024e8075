//! The tables of the page of settings: agents, credentials, receivers, and what was changed.

use super::{LATEST, Told, edit, notify, program};
use crate::clock::{self, Zone};
use crate::config::Config;
use crate::notify::channel::{Channel, Road};
use crate::notify::event::Kind as Event;
use crate::store::{Agent, KeptSetting, NoticeState};
use crate::words::{Lang, Word};

pub(super) struct AgentRow {
    pub(super) name: String,
    pub(super) software: String,
    pub(super) seen: String,
    pub(super) certificate: String,
    pub(super) warns: bool,
    pub(super) enrolled: bool,
    pub(super) permits: String,
}

pub(super) struct CredentialRow {
    pub(super) name: String,
    pub(super) version: &'static str,
    pub(super) networks: String,
    pub(super) kept: String,
}

pub(super) struct ReceiverRow {
    pub(super) name: String,
    pub(super) way: String,
    pub(super) target: String,
    pub(super) events: String,
    pub(super) lang: &'static str,
    pub(super) quiet: String,
    pub(super) state: String,
    pub(super) by: &'static str,
    pub(super) edits: bool,
}

pub(super) struct ChangeRow {
    pub(super) at: String,
    pub(super) by: String,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) why: String,
}

pub(super) fn agent_row(agent: &Agent, (lang, zone): (Lang, &Zone)) -> AgentRow {
    let (certificate, warns) = match (agent.revoked_at, agent.until) {
        (Some(at), _) => (lang.fill(Word::AgentsRevokedAt, &[&zone.show(at)]), true),
        (None, Some(until)) => {
            let over = until <= clock::now();
            let word = if over { Word::AgentsExpiredAt } else { Word::AgentsHoldsUntil };
            (lang.fill(word, &[&zone.show(until)]), over)
        }
        (None, None) => (lang.say(Word::AgentsNotEnrolled).to_owned(), false),
    };
    let seen = agent.seen_at.or(agent.first_seen).map(|at| zone.show(at));
    let permits = &agent.permits.may_declare;
    AgentRow {
        name: agent.name.clone(),
        software: agent.software.clone(),
        seen: seen.unwrap_or_else(|| lang.say(Word::AgentsNever).to_owned()),
        certificate,
        warns,
        enrolled: agent.until.is_some() && agent.revoked_at.is_none(),
        permits: if permits.is_empty() {
            lang.say(Word::SettingPermitsNone).to_owned()
        } else {
            permits.join(", ")
        },
    }
}

pub(super) fn credentials(told: &Told, lang: Lang, zone: &Zone) -> Vec<CredentialRow> {
    let settings = &told.effective.settings;
    let row = |one: &crate::settings::Credential| {
        let used = settings.networks.iter().filter(|it| it.credentials.contains(&one.name));
        let networks: Vec<&str> = used.map(|network| network.name.as_str()).collect();
        let kept = told.secrets.iter().find(|secret| secret.name == one.secret());
        CredentialRow {
            name: one.name.clone(),
            version: one.version.name(),
            networks: networks.join(", "),
            kept: kept.map_or_else(
                || lang.say(Word::SettingSecretMissing).to_owned(),
                |kept| lang.fill(Word::SettingSecretKept, &[&zone.show(kept.at), &kept.by]),
            ),
        }
    };
    settings.credentials.iter().map(row).collect()
}

pub(super) fn receivers(told: &Told, file: &Config, lang: Lang) -> Vec<ReceiverRow> {
    let row = |channel: &Channel| {
        let own = file.notify.channels.iter().any(|known| known.name == channel.name);
        let way = match &channel.road {
            Road::Smtp(_) => Word::SettingMail,
            Road::Webhook(_) => Word::SettingWebhook,
            Road::Syslog(_) => Word::SettingSyslog,
        };
        let events = if channel.choice.kinds.len() == Event::ALL.len() {
            lang.say(Word::SettingAllEvents).to_owned()
        } else {
            let names = channel.choice.kinds.iter().map(|kind| lang.say(notify::event(*kind)));
            names.collect::<Vec<_>>().join("・")
        };
        let source = told.effective.settings.receivers.iter().find(|it| it.name == channel.name);
        let latest = told.notices.iter().find(|one| one.channel == channel.name);
        let state = latest.map_or(Word::NotifyNever, |latest| match latest.state {
            NoticeState::Waiting => Word::NotifyWaiting,
            NoticeState::Sent => Word::NotifySent,
            NoticeState::Failed => Word::NotifyFailed,
        });
        let at = latest.map(|latest| file.zone.show(latest.made_at)).unwrap_or_default();
        let said = latest.map(|latest| crate::report::one_line(&latest.said)).unwrap_or_default();
        ReceiverRow {
            name: channel.name.clone(),
            way: lang.say(way).to_owned(),
            target: channel.road.target(),
            events,
            lang: notify::tongue(channel.lang),
            quiet: source.map(|source| source.quiet.join(", ")).unwrap_or_default(),
            state: format!("{} {at} {said}", lang.say(state)).trim().to_owned(),
            by: if own { "collector.toml" } else { "" },
            edits: !own,
        }
    };
    told.effective.config.notify.channels.iter().map(row).collect()
}

/// The latest changes, each with what stood there before.
pub(super) fn latest(history: &[KeptSetting], lang: Lang, zone: &Zone) -> Vec<ChangeRow> {
    let row = |(at, one): (usize, &KeptSetting)| {
        let same = |it: &&KeptSetting| it.kind == one.kind && it.name == one.name;
        let before = history.iter().skip(at + 1).find(same);
        let shown = |version: Option<&KeptSetting>| {
            version.and_then(program::content).map_or_else(|| "-".to_owned(), |it| it.to_string())
        };
        ChangeRow {
            at: zone.show(one.at),
            by: one.by.clone(),
            kind: lang.say(edit::What::Setting(one.kind).title()),
            name: one.name.clone(),
            before: shown(before),
            after: shown(Some(one)),
            why: one.why.clone(),
        }
    };
    history.iter().take(LATEST).enumerate().map(row).collect()
}
