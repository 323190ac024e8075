//! A year of a hospital's networks as values: what agents saw week by week, and whose it was, to hold
//! against what the collector makes of it.
//!
//! [`Year::of`] makes one from a seed. A [`Body`] is one real device: network cards that come, go and
//! change hands, and what it says of itself when it is asked. Every happening that makes devices hard
//! to tell apart lays its own bodies, one a file; [`round`] lets the weeks pass. [`judge`] scores.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;

use daicho_common::addr::Mac;
use daicho_common::observation::Observation;
use serde::Serialize;

mod ground;
/// What was made of it, against the truth.
pub mod judge;
mod making;
mod round;
mod tell;

mod analyser;
mod bridge;
mod clones;
mod dock;
mod ordinary;
mod pair;
mod phone;
mod private;
mod proxy;
mod replaced;
mod stack;
mod virtual_machine;
mod virtual_router;

use making::Making;

/// Weeks of the year; every network is looked at once in each.
pub const WEEKS: u32 = 52;

/// What makes a device hard to tell from others, or to know again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// A computer whose address is leased and changes hands.
    LeasedPc,
    /// A device with an address of its own.
    Fixed,
    /// A computer that was carried to another floor.
    Moved,
    /// A computer that was named anew, or whose system was installed anew.
    Renamed,
    /// A computer that took over the address and the name of the one before it.
    Successor,
    /// A computer or device whose network card was replaced.
    ReplacedNic,
    /// A device with two network cards in two networks.
    TwoNics,
    /// A laptop that is put into whichever dock is free; the MAC address is the dock's.
    Docked,
    /// A telephone with a computer behind it, or that computer.
    PhoneAndPc,
    /// A private telephone whose MAC address is made up, and made up anew.
    RandomMac,
    /// One half of a pair with an address that floats between both.
    HaPair,
    /// A router that shares an address with another, or what they share.
    VirtualRouter,
    /// Several switches as one.
    Stack,
    /// A computer from an image: its identifiers are those of the others.
    ClonedImage,
    /// A device whose serial number says nothing, or is that of others.
    ClonedSerial,
    /// A device with the MAC address of another, as their maker gave both.
    ClonedMac,
    /// A device behind a wireless bridge that has one MAC address for all, or the bridge.
    Bridged,
    /// A virtual machine that migrates.
    VirtualMachine,
    /// A router that answers ARP for others, or one of these.
    ProxyArp,
}

/// A network card, with where and when it is.
#[derive(Clone, Debug)]
struct Nic {
    mac: Mac,
    /// Whether no other device ever has this MAC address, and it is burned in.
    own: bool,
    network: usize,
    /// Its address; `None`: leased.
    fixed: Option<IpAddr>,
    /// The weeks in which it is plugged in.
    weeks: Range<u32>,
    /// The day of the week on which it is seen, 0–6.
    day: u32,
    /// Whether somebody else answers ARP for it.
    behind: Option<Mac>,
}

/// Something that a device says when it is asked.
#[derive(Clone, Debug)]
struct Saying {
    what: What,
    /// Whether no other device says the same identifier.
    own: bool,
    weeks: Range<u32>,
}

/// Who says what, in terms of what is asked.
#[derive(Clone, Debug)]
enum What {
    /// SNMP's system group: sysName and sysDescr.
    System(String, String),
    /// The serial number of the chassis (ENTITY-MIB).
    Entity(String),
    /// Interfaces with these MAC addresses (IF-MIB).
    Interfaces(Vec<Mac>),
    /// SMB: the host's name and the server's GUID.
    Smb(String, String),
    /// NetBIOS node status: the name; the unit is the card that was asked.
    NodeStatus(String),
    /// The key of an SSH server, as its fingerprint.
    Ssh(String),
    /// A certificate that it signed itself, as its fingerprint.
    Tls(String),
    /// A `UPnP` description: model, serial number and UUID.
    Upnp(String, String, String),
    /// IPP: model and printer-uuid.
    Ipp(String, String),
    /// A name by mDNS.
    Mdns(String),
    /// A DHCP request with a host name.
    Dhcp(String),
}

/// One real device.
#[derive(Clone, Debug)]
struct Body {
    happening: Happening,
    nics: Vec<Nic>,
    says: Vec<Saying>,
    /// In how many of a thousand weeks it is switched on.
    awake: u64,
}

/// One real device at one address with one MAC address: what is to be put together.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The device.
    pub body: usize,
    /// The declared network.
    pub network: String,
    /// The address.
    pub ip: IpAddr,
    /// The MAC address that it had there.
    pub mac: Mac,
    /// What was said or seen there that is the device's own and nobody else's. Two identities that no
    /// chain of these connects cannot be known to be one device.
    pub tokens: BTreeSet<String>,
}

/// How much happens.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// From which everything is made.
    pub seed: u64,
    /// About how many devices there are.
    pub devices: usize,
}

/// What agents saw in a year, and whose it was.
#[derive(Clone, Debug, Default)]
pub struct Year {
    /// What was seen, in order of time.
    pub seen: Vec<Observation>,
    /// The identity that each observation is of; `None` where it says as much of one device as of
    /// another, as when a bridge answers for what is behind it.
    pub of: Vec<Option<usize>>,
    /// The identities.
    pub identities: Vec<Identity>,
    /// The happening of each device.
    pub bodies: Vec<Happening>,
}

/// Lays so many devices to which something happens.
type Lay = fn(&mut Making, usize);

/// How many of a thousand devices each happening has, and who lays them.
const SHARES: [(usize, Lay); 19] = [
    (350, ordinary::leased),
    (190, ordinary::fixed),
    (40, ordinary::moved),
    (30, ordinary::renamed),
    (20, replaced::successors),
    (25, replaced::cards),
    (35, analyser::lay),
    (60, dock::lay),
    (60, phone::lay),
    (60, private::lay),
    (10, pair::lay),
    (6, virtual_router::lay),
    (10, stack::lay),
    (30, clones::images),
    (20, clones::serials),
    (4, clones::cards),
    (12, bridge::lay),
    (44, virtual_machine::lay),
    (10, proxy::lay),
];

impl Year {
    /// The year of this seed.
    pub fn of(plan: Plan) -> Self {
        let mut made = Making::new(plan);
        for (share, lay) in SHARES {
            lay(&mut made, (plan.devices * share).div_ceil(1000));
        }
        round::pass(made)
    }
}

#[cfg(test)]
mod tests;
