//! Settings taken out, with their secrets.

use super::notify;
use crate::settings::Kind;
use crate::store::{By, Seen, Store, StoreError, TakenOut};

/// What the secrets of a setting are called in the vault.
pub(super) fn secrets(kind: Kind, name: &str) -> Vec<String> {
    match kind {
        Kind::Credential => vec![crate::settings::credential::secret(name)],
        Kind::Notify => notify::SECRETS.map(|(_, before)| format!("{before}{name}")).to_vec(),
        Kind::General | Kind::Deny | Kind::Network => Vec::new(),
    }
}

/// Takes a setting and its secrets out, if what was seen of it still holds and no other one needs it.
pub(super) fn take_out(
    store: &Store,
    (kind, name): (Kind, String),
    seen: Seen,
    because: (By, String),
) -> Result<TakenOut, StoreError> {
    let secrets = secrets(kind, &name);
    store.take_out_setting((kind, name), (secrets, seen), because)
}
