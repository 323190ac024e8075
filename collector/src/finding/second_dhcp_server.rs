//! More than one DHCP server in a network, or one that was not declared.

use super::second::{Wanted, beyond};
use super::{Drafts, Known, Rule};
use crate::duty::Kind;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let wanted = Wanted { kind: Kind::Dhcp, rule: Rule::SecondDhcpServer };
    beyond(known, wanted, |network| &network.dhcp_servers, drafts);
}
