//! Settings taken out, with their secrets.

use super::notify;
use crate::settings::Kind;
use crate::store::{By, Store, StoreError};

/// What the secrets of a setting are called in the vault.
pub(super) fn secrets(kind: Kind, name: &str) -> Vec<String> {
    match kind {
        Kind::Credential => vec![crate::settings::credential::secret(name)],
        Kind::Notify => notify::SECRETS.map(|(_, before)| format!("{before}{name}")).to_vec(),
        Kind::General | Kind::Deny | Kind::Network => Vec::new(),
    }
}

/// Takes a setting and its secrets out; `false` if another one needs it.
pub(super) fn take_out(
    store: &Store,
    (kind, name): (Kind, String),
    (by, why): (By, String),
) -> Result<bool, StoreError> {
    let (_, settings) = store.settings()?;
    if kind == Kind::Credential && settings.networks.iter().any(|it| it.credentials.contains(&name))
    {
        return Ok(false);
    }
    store.remove_setting(kind, name.clone(), (by.clone(), why))?;
    for secret in secrets(kind, &name) {
        store.remove_secret(secret, by.clone())?;
    }
    Ok(true)
}
