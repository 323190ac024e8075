//! What comes out of resolving: devices, each field with its sources.

use std::net::IpAddr;
use std::sync::Arc;

use daicho_common::addr::Mac;
use daicho_common::text::Short;
use daicho_common::time::Timestamp;
use serde::Serialize;

use crate::decision::Key;
use crate::evidence::{self, Sourced, SourcedText, Sources};
use crate::fingerprint::{Class, Software};
use crate::inventory::parts::Part;
use crate::inventory::storage::Storage;
use crate::resolve::why::Why;

/// Names a device for as long as its strongest key lasts: `mac-001a2b3c4d5e` for a device with a
/// burned-in address (the smallest of them), else `ip-<network>-<address>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DeviceId(pub Short);

/// An address where a device was, for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The declared network in which it was seen.
    pub network: Short,
    /// First seen there.
    pub first_seen: Timestamp,
    /// Last seen there.
    pub last_seen: Timestamp,
    /// The observations that show it, ascending.
    pub sources: Sources,
}

/// A service that the device announced or that accepted a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Service {
    /// DNS-SD type (`_ipp._tcp`), a protocol (`http`), or `tcp/443` where only the port is known.
    pub kind: Short,
    /// Port; 0 if unknown.
    pub port: u16,
    /// The instance's name, or what it said of itself; empty if nothing.
    pub instance: Short,
}

/// Why two sets of evidence are held to be one device: shown to the auditor as one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Join {
    /// What they share or what ties them.
    pub reason: JoinReason,
    /// The observations that show it, ascending; none where a person said it.
    pub sources: Sources,
}

/// The rules that join.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinReason {
    /// The burned-in MAC address answered for this IP address while it spoke.
    MacHadAddress {
        /// The MAC address.
        mac: Mac,
        /// The IP address it answered for.
        ip: IpAddr,
    },
    /// The device itself listed this MAC address among its interfaces (ifPhysAddress).
    OwnInterface {
        /// The MAC address listed.
        mac: Mac,
        /// The address that answered the query.
        asked: IpAddr,
    },
    /// The device itself listed this IP address among its own (IP-MIB).
    OwnAddress {
        /// The IP address listed.
        ip: IpAddr,
        /// The address that answered the query.
        asked: IpAddr,
    },
    /// The same identifier was said under each of its MAC addresses or addresses, and nothing shows that
    /// it was cloned.
    SameIdentifier {
        /// What kind.
        kind: IdentifierKind,
        /// The identifier, as it was said.
        value: Short,
    },
    /// A person said so; no observation shows it. Kept apart, because there are few of them and several
    /// reasons for every device.
    Person(Box<Pinned>),
}

/// A person's word that something is one device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pinned {
    /// The number of the decision.
    pub decision: u64,
    /// Who decided.
    pub by: String,
    /// Why, in their words.
    pub why: String,
}

/// Identifiers that a device carries from one network card or address to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// The MAC address that it told of its card.
    Card,
    /// The maker's serial number.
    Serial,
    /// A UUID of the device.
    Uuid,
    /// The GUID of its SMB server.
    Guid,
    /// The key of its SSH server.
    HostKey,
    /// A certificate that it signed itself.
    Certificate,
}

/// Something noticed while resolving that a person should know; none of them merges anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// One MAC address answers for many addresses: a proxy, not one device (RFC 1027).
    ProxyArp,
    /// The only MAC address seen is locally administered, probably randomised.
    RandomisedMac,
    /// The address seen is shared by redundant routers.
    VirtualRouter,
}

/// A resolved device. Every field says where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its name here.
    pub id: DeviceId,
    /// MAC addresses, ascending by value, burned-in ones and others.
    pub macs: Vec<Sourced<Mac>>,
    /// Addresses, ascending by (network, ip).
    pub addresses: Vec<Address>,
    /// Names it gives itself or was given, best first: sysName, mDNS host.
    pub names: Vec<SourcedText>,
    /// What it is.
    pub class: Option<Sourced<Class>>,
    /// Maker.
    pub vendor: Option<SourcedText>,
    /// Model.
    pub model: Option<SourcedText>,
    /// Serial number.
    pub serial: Option<SourcedText>,
    /// Version of firmware; of a computer without a known system, of that.
    pub version: Option<SourcedText>,
    /// Operating system with its version, as far as it tells.
    pub os: Option<SourcedText>,
    /// The last day, `YYYY-MM-DD`, on which the maker supports that system.
    pub support_end: Option<SourcedText>,
    /// The software that answers for it on the network, ascending.
    pub programs: Vec<Sourced<Software>>,
    /// Why the fields above say what they say.
    pub why: Vec<Why>,
    /// sysDescr or the like, as said.
    pub description: Option<SourcedText>,
    /// sysLocation or the like.
    pub location: Option<SourcedText>,
    /// Services, ascending; devices that offer the same share it.
    pub services: Vec<Sourced<Arc<Service>>>,
    /// Whether a printer keeps documents; nothing is said of other devices.
    pub storage: Option<Box<Sourced<Storage>>>,
    /// Chassis, members of a stack and modules with serial numbers, ascending by index.
    pub parts: Vec<Sourced<Part>>,
    /// Names of installed software, ascending.
    pub software: Vec<SourcedText>,
    /// Pages printed over its life.
    pub pages: Option<Box<Sourced<u64>>>,
    /// Why its evidence is held to be of one device.
    pub joins: Vec<Join>,
    /// What is odd about it.
    pub oddities: Vec<Sourced<Oddity>>,
    /// Where it hangs on the network, one for each of its MAC addresses that has a place, ascending.
    /// Empty as it is resolved; `topology` fills it in.
    pub attached: Vec<Sourced<Attached>>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
}

impl Device {
    /// What it is called where only one word fits: its best name, else its first address, else its
    /// first MAC address, else its id.
    pub fn called(&self) -> String {
        let name = self.names.first().map(|name| name.value.to_string());
        let ip = || self.addresses.first().map(|address| address.ip.to_string());
        let mac = || self.macs.first().map(|mac| mac.value.to_string());
        name.filter(|name| !name.is_empty())
            .or_else(ip)
            .or_else(mac)
            .unwrap_or_else(|| self.id.0.to_string())
    }

    /// Takes no more memory than it needs: its fields share the lists of what they rest on, and its longer
    /// texts are those that `shared` gives for them, so that devices of one model have one copy.
    pub(super) fn settle(&mut self, mut shared: impl FnMut(&str) -> Short) {
        for text in self.texts().filter(|text| text.len() > Short::INLINE) {
            *text = shared(text);
        }
        self.macs.shrink_to_fit();
        self.addresses.shrink_to_fit();
        self.names.shrink_to_fit();
        self.programs.shrink_to_fit();
        self.why.shrink_to_fit();
        self.services.shrink_to_fit();
        self.parts.shrink_to_fit();
        self.software.shrink_to_fit();
        self.joins.shrink_to_fit();
        self.oddities.shrink_to_fit();
        evidence::share(self.sources());
    }

    /// The texts that other devices may say too, and those that say a field again.
    fn texts(&mut self) -> impl Iterator<Item = &mut Short> {
        let Self { vendor, model, serial, version, os, support_end, description, location, .. } =
            self;
        let fields = [vendor, model, serial, version, os, support_end, description, location];
        let fields = fields.into_iter().flatten().map(|it| &mut it.value);
        let programs = self.programs.iter_mut().map(|it| &mut it.value);
        let programs = programs.flat_map(|it| [Some(&mut it.product), it.vendor.as_mut()]);
        let why = self.why.iter_mut().flat_map(|why| {
            let against = why.against.as_mut().map(|against| &mut against.value);
            [Some(&mut why.value), against]
        });
        let networks = self.addresses.iter_mut().map(|it| &mut it.network);
        let software = self.software.iter_mut().map(|it| &mut it.value);
        let fields = fields.chain(programs.flatten()).chain(why.flatten());
        fields.chain(networks).chain(software)
    }

    /// Every list of what a field rests on, but for where it hangs.
    fn sources(&mut self) -> Vec<&mut Sources> {
        fn of<'d, T: 'd>(
            fields: impl IntoIterator<Item = &'d mut Sourced<T>>,
        ) -> impl Iterator<Item = &'d mut Sources> {
            fields.into_iter().map(|it| &mut it.sources)
        }
        let Self { vendor, model, serial, version, os, names, software, .. } = self;
        let Self { support_end, description, location, macs, addresses, class, .. } = self;
        let Self { programs, why, services, storage, parts, pages, joins, oddities, .. } = self;
        let texts = [vendor, model, serial, version, os, support_end, description, location];
        let mut all: Vec<&mut Sources> = of(texts.into_iter().flatten()).collect();
        all.extend(of(names).chain(of(software)).chain(of(macs)).chain(of(class)));
        all.extend(addresses.iter_mut().map(|it| &mut it.sources));
        all.extend(joins.iter_mut().map(|it| &mut it.sources));
        all.extend(
            of(programs).chain(of(services)).chain(of(storage.as_deref_mut())).chain(of(parts)),
        );
        all.extend(of(pages.as_deref_mut()).chain(of(oddities)));
        for why in why {
            all.push(&mut why.ground.sources);
            all.extend(why.against.iter_mut().map(|it| &mut it.ground.sources));
        }
        all
    }

    /// What decisions may name it by: its MAC addresses, its serial number, and its addresses where no
    /// MAC address is known.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.macs.iter().map(|mac| Key::Mac(mac.value)).collect();
        if keys.is_empty() {
            let address =
                |at: &Address| Key::Address { network: at.network.to_string(), ip: at.ip };
            keys.extend(self.addresses.iter().map(address));
        }
        keys.extend(self.serial.iter().map(|serial| Key::Serial(serial.value.to_string())));
        keys
    }
}

/// A port of a switch on which a device hangs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Attached {
    /// The MAC address that was heard there.
    pub mac: Mac,
    /// The switch.
    pub switch: DeviceId,
    /// The switch's name, else an address of it; empty if neither is known.
    pub switch_name: String,
    /// The port, as the switch calls it.
    pub port: String,
    /// What somebody wrote about the port (ifAlias); empty if nothing.
    pub alias: String,
    /// The VLAN, 1–4094, where the switch tells.
    pub vlan: Option<u16>,
    /// What the switch calls the VLAN; empty if it has no name.
    pub vlan_name: String,
    /// What stands between the port and the device.
    pub through: Option<Through>,
    /// When the port last showed the device, if its switch was read since and did not; none if the
    /// latest reading shows it.
    pub as_of: Option<Timestamp>,
}

/// What stands between a switch's port and a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// This network device, whose own tables do not show the device: they could not be read, or the
    /// row had aged out. The port is where it was last seen on the way.
    Beyond(String),
    /// A hub or switch without management, inferred from what is heard on the port.
    Hub,
    /// A telephone with a socket for a computer.
    Telephone,
    /// A wireless access point.
    AccessPoint,
    /// The host of a virtual machine.
    Host,
    /// A device whose port carries several VLANs: a host of virtual machines, a router, an access
    /// point.
    Trunk,
    /// A device that the switch powers (Power over Ethernet).
    Powered,
    /// A switch that nothing is known of: more stations are heard than hang on a hub.
    UnknownSwitch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_of_each_of_a_hundred_thousand_devices_stays_small() {
        assert!(size_of::<Device>() <= 672, "{}", size_of::<Device>());
        let each = [size_of::<SourcedText>(), size_of::<Join>(), size_of::<Sourced<Mac>>()];
        assert_eq!(each, [40, 56, 24]);
        let (address, service) = (size_of::<Address>(), size_of::<Sourced<Arc<Service>>>());
        assert_eq!((address, service, size_of::<Why>()), (72, 32, 80));
    }
}
