//! Secrets: whether every one that the configuration names is kept, can be opened, and is the owner's
//! alone. Nothing is said where none is named.

use std::collections::BTreeSet;

use super::{Checked, State, Teller};
use crate::config::Config;
use crate::notify::channel::Road;
use crate::oidc::ClientSecret;
use crate::settings::{Credential, effective};
use crate::store::Store;
use crate::vault::Vault;
use crate::words::Word;

pub(super) fn examine(config: &Config, sound: bool, teller: Teller<'_>) -> Vec<Checked> {
    let path = &config.database;
    if !sound || !path.exists() {
        return Vec::new();
    }
    let known = Store::open_existing(path).and_then(|store| Ok((store.settings()?.1, store)));
    let (settings, store) = match known {
        Ok(known) => known,
        Err(error) => return vec![teller.complain(Word::DoctorSecrets, &error.complaint(path))],
    };
    let config = effective::with(config, &settings);
    let channels = config.notify.channels.iter();
    let hidden = |road: &Road| match road {
        Road::Webhook(webhook) => webhook.hidden.clone(),
        Road::Smtp(_) | Road::Syslog(_) => None,
    };
    let mut named: BTreeSet<String> = settings.credentials.iter().map(Credential::secret).collect();
    for channel in channels {
        named.extend(channel.road.secret().map(str::to_owned));
        named.extend(hidden(&channel.road));
    }
    if let Some(ClientSecret::Kept(name)) = config.oidc.as_ref().and_then(|it| it.secret.as_ref()) {
        named.insert(name.clone());
    }
    if named.is_empty() {
        return Vec::new();
    }
    let opened = Vault::open(path)
        .and_then(|vault| named.iter().try_for_each(|name| vault.get(&store, name).map(drop)));
    let subject = Word::DoctorSecrets;
    vec![match opened {
        Ok(()) => {
            let said = teller.lang.say(Word::DoctorSecretsGood).to_owned();
            teller.say(subject, State::Good, said)
        }
        Err(complaint) => teller.complain(subject, &complaint),
    }]
}
