//! More than one way out of a network, or one that was not declared. Redundant routers that share an
//! address (VRRP, HSRP) are one.

use super::second::{Wanted, beyond};
use super::{Drafts, Known, Rule};
use crate::duty::Kind;

pub(super) fn find(known: &Known<'_>, drafts: &mut Drafts<'_>) {
    let wanted = Wanted { kind: Kind::Gateway, rule: Rule::SecondDefaultGateway };
    beyond(known, wanted, |network| &network.gateways, drafts);
}
