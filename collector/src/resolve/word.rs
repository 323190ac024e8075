//! What a device says by which it may be known again: serial numbers, UUIDs, keys and names.
//!
//! None of these is believed by itself (DESIGN, "Identity"): images are cloned, makers leave serial
//! numbers as they were, names are given twice. What joins, and when, is in `alike`; whose a shared
//! card is at what time, in `part`.

use std::borrow::Cow;

use daicho_common::addr::Mac;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method};

use super::device::IdentifierKind;
use crate::evidence::Claim;
use crate::fingerprint::spelling;
use crate::inventory::{Rules, says_nothing};

/// What kind of identifier; the order is of how hard it is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The MAC address that the device says is its card's (NetBIOS node status, RFC 1002 §4.2.18).
    Unit,
    /// The maker's serial number: ENTITY-MIB and makers' MIBs, `UPnP`, WS-Discovery, eSCL, LLDP-MED.
    Serial,
    /// A UUID of the device: `UPnP` UDN, printer-uuid (PWG 5100.13), a WS-Discovery address.
    Uuid,
    /// The GUID of an SMB server ([MS-SMB2] §2.2.4).
    Guid,
    /// An SSH server's key (RFC 4253 §7).
    HostKey,
    /// A certificate that the device signed itself.
    Certificate,
    /// sysName.
    SystemName,
    /// The host's name in Windows, `NetBIOS`, DHCP and mDNS.
    HostName,
}

/// An identifier, shortened to what tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) hash: u64,
}

/// Names that systems have before anybody names them; they tell nothing.
const UNNAMED: [&str; 8] =
    ["localhost", "iphone", "ipad", "android", "(none)", "linux", "debian", "switch"];

impl Kind {
    /// Whether it is a name, which describes and does not join.
    pub(super) const fn is_name(self) -> bool {
        matches!(self, Self::SystemName | Self::HostName)
    }

    /// What it is called where a join is explained; names join nothing.
    pub(super) const fn identifier(self) -> Option<IdentifierKind> {
        match self {
            Self::Unit => Some(IdentifierKind::Card),
            Self::Serial => Some(IdentifierKind::Serial),
            Self::Uuid => Some(IdentifierKind::Uuid),
            Self::Guid => Some(IdentifierKind::Guid),
            Self::HostKey => Some(IdentifierKind::HostKey),
            Self::Certificate => Some(IdentifierKind::Certificate),
            Self::SystemName | Self::HostName => None,
        }
    }

    /// Whether it is of the hardware: another system leaves it as it is.
    pub(super) const fn is_hardware(self) -> bool {
        matches!(self, Self::Unit | Self::Serial | Self::Uuid)
    }
}

impl Word {
    /// FNV-1a of 64 bits over the text: who makes two texts meet gains no more than by saying the
    /// same text.
    fn new(kind: Kind, text: &str) -> Self {
        let step = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        Self { kind, hash: text.bytes().fold(0xcbf2_9ce4_8422_2325, step) }
    }

    /// The word of the card itself.
    pub(super) fn unit(mac: Mac) -> Self {
        Self::new(Kind::Unit, &mac.to_string())
    }
}

/// An identifier as it was said.
pub(super) type Spoken<'a> = (Kind, Cow<'a, str>);

/// The identifiers in a claim; a service says what it says by one protocol.
pub(super) fn spoken<'a>(claim: &Claim<'a>) -> Vec<Spoken<'a>> {
    let first = claim.sightings.first();
    first.map(|sighting| said(sighting.observation.method, claim.fact)).unwrap_or_default()
}

/// The identifiers in a fact that was learned by this method.
pub(super) fn said(method: Method, fact: &Fact) -> Vec<Spoken<'_>> {
    let mut words: Vec<Spoken<'_>> = Vec::new();
    match fact {
        Fact::System { name, .. } => words.push((Kind::SystemName, name.as_str().into())),
        Fact::HostName { name } | Fact::NetbiosName { name, suffix: 0, group: false } => {
            words.push((Kind::HostName, name.as_str().into()));
        }
        Fact::Dhcp(dhcp) if !dhcp.from_server && dhcp.relay.is_none() => {
            let name = if dhcp.host_name.is_empty() { &dhcp.fqdn } else { &dhcp.host_name };
            words.push((Kind::HostName, name.as_str().into()));
        }
        Fact::Ssdp(ssdp) => words.push((Kind::Uuid, uuid(ssdp.name.as_str()).into())),
        Fact::LinkNeighbour(neighbour) => {
            words.push((Kind::SystemName, neighbour.name.as_str().into()));
            let serial = neighbour.inventory.as_ref().map(|it| it.serial.as_str());
            words.extend(serial.map(|serial| (Kind::Serial, serial.into())));
        }
        Fact::Rows(rows) => {
            let serial = Rules::builtin().serial(rows);
            words.extend(serial.map(|serial| (Kind::Serial, serial.into())));
        }
        Fact::Said(said) => words.extend(of_service(method, said)),
        Fact::NetbiosName { .. }
        | Fact::Dhcp(_)
        | Fact::Arp { .. }
        | Fact::Neighbour { .. }
        | Fact::Answered(_)
        | Fact::Interface { .. }
        | Fact::InterfaceAddress { .. }
        | Fact::Service { .. }
        | Fact::SpanningTree(_)
        | Fact::VirtualRouter(_)
        | Fact::RouterAdvertisement(_)
        | Fact::Browser(_)
        | Fact::GroupMember { .. }
        | Fact::GroupQuerier
        | Fact::VlanTag { .. }
        | Fact::TableRead(_)
        | Fact::Pointer { .. }
        | Fact::Asked { .. } => {}
    }
    words.retain(|(kind, text)| tells(*kind, text));
    words
}

/// Which fields of what a service says are identifiers, in the words of its protocol
/// (`agent::probe`).
const FIELDS: [(Method, Kind, &str); 13] = [
    (Method::Smb, Kind::HostName, "host"),
    (Method::Smb, Kind::Guid, "guid"),
    (Method::Rdp, Kind::HostName, "host"),
    (Method::NodeStatus, Kind::HostName, "name_00"),
    (Method::NodeStatus, Kind::Unit, "unit_id"),
    (Method::Upnp, Kind::Serial, "serial"),
    (Method::Upnp, Kind::Uuid, "udn"),
    (Method::Escl, Kind::Serial, "serial"),
    (Method::Escl, Kind::Uuid, "uuid"),
    (Method::Wsd, Kind::Serial, "serial"),
    (Method::Wsd, Kind::Uuid, "address"),
    (Method::Ipp, Kind::Uuid, "printer-uuid"),
    (Method::Tls, Kind::Certificate, "sha256"),
];

fn of_service(method: Method, said: &Said) -> Vec<Spoken<'_>> {
    if method == Method::Ssh {
        return host_keys(said);
    }
    // A certificate that somebody else signed may be of many.
    if method == Method::Tls && said.get("self_signed").is_none() {
        return Vec::new();
    }
    let fields = FIELDS.iter().filter(|(of, ..)| *of == method);
    let found = fields.filter_map(|(_, kind, field)| {
        let text = said.get(field)?;
        let text = if *kind == Kind::Uuid { uuid(text) } else { text };
        Some((*kind, Cow::Borrowed(text)))
    });
    found.collect()
}

fn host_keys(said: &Said) -> Vec<Spoken<'_>> {
    let keys = said.fields.iter().filter(|(name, _)| name.as_str().starts_with("hostkey_"));
    keys.map(|(_, key)| (Kind::HostKey, Cow::Borrowed(key.as_str()))).collect()
}

/// What stands between `uuid:` and `::` of a USN or a URN.
fn uuid(said: &str) -> &str {
    let from = said.find("uuid:").map_or(0, |at| at + "uuid:".len());
    let rest = said.get(from..).unwrap_or_default();
    rest.split("::").next().unwrap_or_default()
}

/// Whether an identifier can tell one device from another at all.
fn tells(kind: Kind, text: &str) -> bool {
    if says_nothing(text) {
        return false;
    }
    let signs = || text.chars().filter(|sign| sign.is_alphanumeric());
    match kind {
        Kind::Unit => text.parse::<Mac>().is_ok_and(Mac::names_a_device),
        Kind::Serial => {
            let few = if signs().all(|sign| sign.is_ascii_digit()) { 8 } else { 6 };
            signs().count() >= few && !is_left(text)
        }
        Kind::Uuid | Kind::Guid => signs().count() >= 32 && signs().any(|sign| sign != '0'),
        Kind::HostKey | Kind::Certificate => signs().count() >= 16,
        Kind::SystemName | Kind::HostName if text.is_ascii() => {
            let label = label(text);
            !label.is_empty() && !UNNAMED.iter().any(|name| name.eq_ignore_ascii_case(label))
        }
        Kind::SystemName | Kind::HostName => {
            let name = folded(kind, text);
            !name.is_empty() && !UNNAMED.contains(&name.as_str())
        }
    }
}

/// Whether a serial number looks as its maker's form left it: digits that count up, or a number with
/// six zeros before it.
fn is_left(serial: &str) -> bool {
    ["123456", "012345", "000000", "xxxxxx"]
        .iter()
        .any(|left| serial.to_ascii_lowercase().contains(left))
}

/// The first label of a name in ASCII, as far as `NetBIOS` names go (RFC 1001 §14.1).
fn label(name: &str) -> &str {
    let label = name.split('.').next().unwrap_or_default();
    label.get(..15).unwrap_or(label)
}

/// The text by which two spellings are the same.
fn folded(kind: Kind, text: &str) -> String {
    match kind {
        // The first label, as far as NetBIOS names go (RFC 1001 §14.1).
        Kind::SystemName | Kind::HostName => {
            let label = text.split('.').next().unwrap_or_default();
            label.chars().take(15).collect::<String>().to_lowercase()
        }
        Kind::Unit => text.parse::<Mac>().map(|mac| mac.to_string()).unwrap_or_default(),
        Kind::Serial | Kind::Uuid | Kind::Guid | Kind::HostKey | Kind::Certificate => {
            spelling::fold(text)
        }
    }
}

/// The word of what was said.
pub(super) fn word((kind, text): &Spoken<'_>) -> Word {
    let mut room = [0; 128];
    let text: &str = if kind.is_name() && text.is_ascii() { label(text) } else { text };
    // A name holds no spaces, or they are part of it.
    let plain = *kind != Kind::Unit && !(kind.is_name() && text.contains(char::is_whitespace));
    match spelling::fold_into(text, &mut room).filter(|_| plain) {
        Some(folded) => Word::new(*kind, folded),
        None => Word::new(*kind, &folded(*kind, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_that_of_the_folded_text_however_it_is_made() {
        for text in
            ["PC-07.hospital.local", "NOTE 12", "ＰＣ-07", "A-VERY-LONG-NAME-OF-A-PC", "", "."]
        {
            for kind in [Kind::SystemName, Kind::HostName, Kind::Serial, Kind::Guid] {
                let spoken = (kind, Cow::Borrowed(text));
                assert_eq!(word(&spoken), Word::new(kind, &folded(kind, text)), "{kind:?} {text}");
            }
        }
        let long = "aB".repeat(200);
        let spoken = (Kind::Certificate, Cow::Borrowed(long.as_str()));
        assert_eq!(word(&spoken), Word::new(Kind::Certificate, &long.to_lowercase()));
    }
}
