//! On what rows look: which text of which fact.

use std::borrow::Cow;

use daicho_common::observation::heard::Capability;
use daicho_common::observation::{Fact, Method};
use serde::Serialize;

/// On what a row looks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// sysObjectID in dotted decimal.
    ObjectId,
    /// sysDescr.
    Description,
    /// The DNS-SD service type.
    Service,
    /// The value of a DNS-SD TXT key.
    Txt {
        /// Only of this service type, if stated.
        service: Option<String>,
        /// The key; its case does not matter (RFC 6763 §6.4).
        key: String,
    },
    /// DHCP option 55, in decimal with commas, in the order sent.
    DhcpOptions,
    /// DHCP option 60.
    DhcpVendor,
    /// SSDP's SERVER.
    SsdpServer,
    /// SSDP's NT or ST.
    SsdpTarget,
    /// CDP's platform.
    NeighbourPlatform,
    /// LLDP's system description, CDP's software version.
    NeighbourDescription,
    /// What a neighbour says it does, in ascending order with commas: `bridge,router`.
    NeighbourCapabilities,
    /// `active` or `standby`, of VRRP and HSRP.
    VirtualRouter,
    /// `default` for an IPv6 router that can be a default router, else `none` (RFC 4861 §4.2).
    RouterAdvertisement,
    /// A field of what a service said of itself; of a field that comes more than once each value.
    Said {
        /// Only over this protocol, if stated.
        method: Option<Method>,
        /// The field.
        key: String,
    },
    /// The name of the maker to whom the IEEE assigned the MAC address.
    MacMaker,
    /// The first label of a name that the host has.
    HostName,
    /// The TCP ports that are known to be open, in ascending order, with commas before, between and
    /// behind them: `,80,443,`.
    OpenPorts,
    /// LLDP-MED's inventory, which needs no row.
    NeighbourInventory,
    /// Tables read over SNMP, by the rules of [`crate::inventory`].
    Table,
    /// A model name that something else claimed, by the habits of its maker.
    ModelName,
}

impl Place {
    /// Whether its texts stand in single facts; those of the others are made of a whole device.
    pub(super) const fn is_of_a_fact(&self) -> bool {
        !matches!(self, Self::MacMaker | Self::HostName | Self::OpenPorts)
    }

    /// The texts of a fact, learned by this method, that this looks at. Of a TXT key that comes
    /// twice the first counts (RFC 6763 §6.4).
    pub(super) fn texts<'f>(&'f self, method: Option<Method>, fact: &'f Fact) -> Vec<Cow<'f, str>> {
        if let (Self::Said { method: wanted, key }, Fact::Said(said)) = (self, fact) {
            if wanted.is_some() && *wanted != method {
                return Vec::new();
            }
            return said.all(key).map(Cow::Borrowed).collect();
        }
        let one = self.said(fact).map(Cow::Borrowed);
        one.or_else(|| self.made(fact).map(Cow::Owned)).into_iter().collect()
    }

    /// A text that lists or numbers are written as.
    fn made(&self, fact: &Fact) -> Option<String> {
        match (self, fact) {
            (Self::DhcpOptions, Fact::Dhcp(dhcp)) => {
                let codes: Vec<_> = dhcp.requested_options.iter().map(u16::to_string).collect();
                Some(codes.join(","))
            }
            (Self::NeighbourCapabilities, Fact::LinkNeighbour(neighbour)) => {
                let names: Vec<_> = neighbour.capabilities.iter().copied().map(word).collect();
                Some(names.join(","))
            }
            _ => None,
        }
    }

    /// A text that is in the fact.
    fn said<'f>(&self, fact: &'f Fact) -> Option<&'f str> {
        match (self, fact) {
            (Self::ObjectId, Fact::System { object_id, .. }) => Some(object_id),
            (Self::Description, Fact::System { description, .. }) => Some(description.as_str()),
            (Self::Service, Fact::Service { service, .. }) => Some(service.as_str()),
            (Self::DhcpVendor, Fact::Dhcp(dhcp)) => Some(dhcp.vendor_class.as_str()),
            // What is taken back is no longer said.
            (Self::SsdpServer, Fact::Ssdp(ssdp)) if !ssdp.gone => Some(ssdp.server.as_str()),
            (Self::SsdpTarget, Fact::Ssdp(ssdp)) if !ssdp.gone => Some(ssdp.target.as_str()),
            (Self::NeighbourPlatform, Fact::LinkNeighbour(it)) => Some(it.platform.as_str()),
            (Self::NeighbourDescription, Fact::LinkNeighbour(it)) => Some(it.description.as_str()),
            (Self::VirtualRouter, Fact::VirtualRouter(router)) => {
                Some(if router.active { "active" } else { "standby" })
            }
            (Self::RouterAdvertisement, Fact::RouterAdvertisement(said)) => {
                Some(if said.lifetime_secs > 0 { "default" } else { "none" })
            }
            (Self::Txt { service: of, key }, Fact::Service { service, txt, .. })
                if of.as_ref().is_none_or(|of| of == service.as_str()) =>
            {
                let found = txt.iter().find(|(k, _)| k.as_str().eq_ignore_ascii_case(key));
                found.map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }
}

/// A capability as rows write it.
const fn word(capability: Capability) -> &'static str {
    match capability {
        Capability::Other => "other",
        Capability::Repeater => "repeater",
        Capability::Bridge => "bridge",
        Capability::AccessPoint => "access_point",
        Capability::Router => "router",
        Capability::Telephone => "telephone",
        Capability::CableModem => "cable_modem",
        Capability::Station => "station",
    }
}
