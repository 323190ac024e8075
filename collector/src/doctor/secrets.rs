//! Secrets: whether every one that the configuration names is kept, can be opened, and is the owner's
//! alone. Nothing is said where none is named.

use std::collections::BTreeSet;

use super::{Checked, State, Teller};
use crate::config::Config;
use crate::oidc::ClientSecret;
use crate::store::Store;
use crate::vault::Vault;
use crate::words::Word;

pub(super) fn examine(config: &Config, sound: bool, teller: Teller<'_>) -> Vec<Checked> {
    let channels = config.notify.channels.iter();
    let mut named: BTreeSet<&str> = channels.filter_map(|channel| channel.road.secret()).collect();
    if let Some(ClientSecret::Kept(name)) = config.oidc.as_ref().and_then(|it| it.secret.as_ref()) {
        named.insert(name);
    }
    if named.is_empty() || !sound {
        return Vec::new();
    }
    let path = &config.database;
    let opened = Vault::open(path).and_then(|vault| {
        let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
        named.iter().try_for_each(|name| vault.get(&store, name).map(drop))
    });
    let subject = Word::DoctorSecrets;
    vec![match opened {
        Ok(()) => {
            let said = teller.lang.say(Word::DoctorSecretsGood).to_owned();
            teller.say(subject, State::Good, said)
        }
        Err(complaint) => teller.complain(subject, &complaint),
    }]
}
