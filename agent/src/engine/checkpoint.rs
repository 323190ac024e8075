//! What a scan has asked to the end, so that another can go on where it was interrupted.
//!
//! It holds nothing that was learned: only of which addresses the coverage is settled. While the
//! scan runs those are the silent ones, for what the others said is not yet written anywhere; the
//! others count once the result has arrived.

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::Coverage;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// How far an interrupted scan had got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// By network.
    pub networks: Vec<Settled>,
    /// Packets sent, which count towards the budget.
    pub sent: u64,
}

/// How far it had got in one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// The network.
    pub cidr: IpNet,
    /// The VLAN in which it was looked at by tagged frames, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// Addresses that are not asked again by any method.
    pub addresses: AddressSet,
    /// The coverage of just these addresses, by every method.
    pub coverage: Vec<Coverage>,
}
