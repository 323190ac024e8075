//! What holds of the file and the settings together. The file wins where it says something other than the
//! default; of networks and receivers, by name.

use super::Settings;
use crate::config::{Config, Notify, channel};
use crate::notify::channel::Channel;
use crate::notify::watch::Limits;

/// What holds, and as of which version of the settings.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The number of the latest change of the settings.
    pub version: i64,
    /// The settings.
    pub settings: Settings,
    /// The configuration with them.
    pub config: Config,
}

impl Effective {
    /// Of this file and these settings.
    pub fn of(file: &Config, (version, settings): (i64, Settings)) -> Self {
        Self { version, config: with(file, &settings), settings }
    }
}

/// The configuration with the settings in it.
pub fn with(file: &Config, settings: &Settings) -> Config {
    let mut config = file.clone();
    let said = |name: &str| file.decreed.networks.iter().any(|known| known.name == name);
    let networks = settings.networks.iter().filter(|network| !said(&network.name));
    config.decreed.networks.extend(networks.filter_map(super::Network::decreed));
    config.notify = notify(file, settings);
    config.retention_days =
        file.retention_days.or_else(|| settings.general.retention_days.filter(|days| *days != 0));
    config
}

fn notify(file: &Config, settings: &Settings) -> Notify {
    let (own, usual) = (&file.notify, Limits::default());
    let said = |name: &str| own.channels.iter().any(|known| known.name == name);
    let receivers = settings.receivers.iter().filter(|one| !said(&one.name));
    // They were checked before they were kept.
    let added = receivers.filter_map(|one| channel(one, file.language).ok());
    let channels: Vec<Channel> = own.channels.iter().cloned().chain(added).collect();
    let general = &settings.general;
    let number = |own: u32, usual: u32, said: Option<u32>| {
        if own == usual { said.unwrap_or(usual) } else { own }
    };
    let limits = Limits {
        silent_hours: number(
            own.limits.silent_hours,
            usual.silent_hours,
            general.silent_agent_hours,
        ),
        certificate_days: number(
            own.limits.certificate_days,
            usual.certificate_days,
            general.certificate_days,
        ),
        backup_days: number(own.limits.backup_days, usual.backup_days, general.backup_days),
    };
    let url = match (&own.url, &general.public_url) {
        (own, Some(said)) if own.is_empty() => said.trim_end_matches('/').to_owned(),
        (own, _) => own.clone(),
    };
    Notify { channels, limits, url }
}
