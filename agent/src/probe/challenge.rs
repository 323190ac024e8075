//! What an NTLM challenge says of the server, as fields: the same whether SMB or RDP brought it.
//!
//! Nonce, flags and time are left out: they change with every look.

use daicho_common::observation::said::Said;
use daicho_common::wire::ntlm::{Challenge, attribute};

/// The attributes that are told, and as which fields.
const FIELDS: [(u16, &str); 5] = [
    (attribute::NB_COMPUTER, "host"),
    (attribute::NB_DOMAIN, "domain"),
    (attribute::DNS_COMPUTER, "dns_host"),
    (attribute::DNS_DOMAIN, "dns_domain"),
    (attribute::DNS_TREE, "dns_tree"),
];

/// Adds `host`, `domain`, `dns_host`, `dns_domain`, `dns_tree` and `os_build` as far as they are there. A
/// server that has no attributes has its target's name as `domain`.
pub(super) fn describe(challenge: &Challenge, said: &mut Said) {
    for (id, field) in FIELDS {
        if let Some(value) = challenge.attribute(id) {
            said.add(field, value);
        }
    }
    if challenge.pairs.is_empty() {
        said.add("domain", challenge.target_name());
    }
    if let Some(build) = challenge.build() {
        said.add("os_build", build);
    }
}
