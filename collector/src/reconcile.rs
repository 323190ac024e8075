//! Devices held against entries, inside coverage.
//!
//! In steps, each in its room: `index` has rows and devices by their keys; `claim` finds for each
//! entry the device that it means, strongest key first; `verdict` says what that comes to, and
//! `compare` in which fields book and wire differ. What a verdict means is in [`Verdict`]; silence counts only inside a [`Coverage`] ([`Looked`]).

use std::net::IpAddr;

use daicho_common::coverage::{Coverage, Why};
use daicho_common::observation::{Method, ObservationId};
use daicho_common::time::Timestamp;
use serde::Serialize;

use crate::ledger::{Field, Ledger, Place};
use crate::parallel;
use crate::policy::Absence;
use crate::resolve::{Device, DeviceId};

mod answering;
mod claim;
mod compare;
mod index;
mod place;
mod private;
mod silence;
mod verdict;

#[cfg(test)]
pub(crate) mod tests;

use claim::Claim;
use index::{Index, Row};
pub use private::Private;
use silence::Looks;

/// A look that could have seen the address and did not. Made only from a [`Coverage`]: without one
/// there is no "declared, not seen".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Looked {
    network: String,
    method: Method,
    address: IpAddr,
    from: Timestamp,
    to: Timestamp,
}

impl Verdict {
    /// Every verdict by its name, what needs somebody first.
    pub const NAMES: [&str; 10] = [
        "undocumented",
        "retired_but_seen",
        "differs",
        "not_seen",
        "possibly_lost",
        "cannot_tell",
        "byod_candidate",
        "permitted_byod",
        "not_connected",
        "agreed",
    ];

    /// Its name in files and addresses, as serde writes it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Differs { .. } => "differs",
            Self::Undocumented => "undocumented",
            Self::NotSeen { .. } => "not_seen",
            Self::ByodCandidate => "byod_candidate",
            Self::PermittedByod { .. } => "permitted_byod",
            Self::PossiblyLost { .. } => "possibly_lost",
            Self::NotConnected => "not_connected",
            Self::RetiredButSeen => "retired_but_seen",
            Self::CannotTell { .. } => "cannot_tell",
        }
    }

    /// Its place in [`Self::NAMES`].
    pub fn rank(&self) -> usize {
        Self::NAMES.iter().position(|name| *name == self.name()).unwrap_or(Self::NAMES.len())
    }

    /// Whether a device was found that no row accounts for and that nobody permitted.
    pub const fn is_undocumented(&self) -> bool {
        matches!(self, Self::Undocumented | Self::ByodCandidate)
    }
}

impl Match {
    /// Every device of the match, the one that fits best first.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.device.iter().chain(&self.also)
    }
}

impl Looked {
    /// The look, if this coverage shows that nobody had `address`.
    pub fn at(coverage: &Coverage, address: IpAddr) -> Option<Self> {
        coverage.shows_absence(address).then(|| Self {
            network: coverage.vantage.network.clone(),
            method: coverage.method,
            address,
            from: coverage.from,
            to: coverage.to,
        })
    }

    /// The declared network that was looked at.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// How.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The declared address that stayed silent.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// When the look began and ended.
    pub fn time(&self) -> (Timestamp, Timestamp) {
        (self.from, self.to)
    }
}

/// Why nothing can be said of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// No scan covered a network that holds the declared address.
    NotCovered,
    /// The address was covered only by methods to whose silence a host firewall may be the reason.
    Inconclusive,
    /// The scan left the address out, for this reason.
    NotAsked(Why),
    /// The row declares neither address nor MAC address, so there is nowhere to look.
    NothingToLookFor,
    /// The row has a MAC address but no fixed address (DHCP), and not every network was covered.
    AddressUnknown,
    /// The declared keys point at several devices.
    Ambiguous(Vec<DeviceId>),
    /// The declared address answered, but nothing tells whether it is this device.
    OtherDeviceAtAddress(DeviceId),
    /// It was missed, but not yet often or long enough for a thing of its kind.
    Missed {
        /// Scans that missed it so far.
        so_far: u32,
        /// Days between the first of them and the last.
        over_days: u32,
        /// How many scans have to.
        misses: u32,
        /// Over how many days.
        days: u32,
    },
}

/// A field in which book and wire differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which field.
    pub field: Field,
    /// As declared.
    pub declared: String,
    /// As observed.
    pub observed: String,
    /// The observations behind it, ascending.
    pub sources: Vec<ObservationId>,
}

/// What became of an entry, or of a device (DOMAIN §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// 一致.
    Agreed,
    /// 相違.
    Differs {
        /// In what, at least one.
        differences: Vec<Difference>,
    },
    /// 未登録機器.
    Undocumented,
    /// BYOD候補: in no row, and by its class or its randomised MAC address a private device.
    ByodCandidate,
    /// 承認済BYOD: in no row, and a person permitted it.
    PermittedByod {
        /// The number of the decision; none where the register has it.
        decision: Option<u64>,
    },
    /// 台帳のみ・未検出: the address was really covered.
    NotSeen {
        /// The looks that did not see it, latest last; at least one.
        looked: Vec<Looked>,
    },
    /// 滅失候補: not seen for so long that it may be lost.
    PossiblyLost {
        /// The looks that did not see it, latest last; at least one.
        looked: Vec<Looked>,
        /// Days between the first of them and the last.
        days: u32,
    },
    /// 未接続: offline by declaration, and not seen.
    NotConnected,
    /// 廃棄済が稼働: declared retired, but seen.
    RetiredButSeen,
    /// 確認不能.
    CannotTell {
        /// Why.
        doubts: Vec<Doubt>,
    },
}

/// A key by which an entry was matched to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// MAC address.
    Mac,
    /// Serial number.
    Serial,
    /// IP address, with nothing that contradicts.
    Ip,
    /// Host name, with nothing that contradicts.
    HostName,
}

/// An entry, a device, or both, and the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Match {
    /// The entry's place in the book, if there is an entry.
    pub entry: Option<Place>,
    /// The device, if there is one; of several the one that fits best.
    pub device: Option<DeviceId>,
    /// Other devices that the entry accounts for, ascending: those with another of its MAC addresses,
    /// and an address of its own at which something answered whose MAC address nobody could see.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<DeviceId>,
    /// By which keys they were matched, best first; empty if only one side is there.
    pub by: Vec<MatchedBy>,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The row of each match by its place in the book's order. Matches of rows come in that order, as
/// [`reconcile`] makes them.
pub fn rows(matches: &[Match], ledger: &Ledger) -> Vec<Option<usize>> {
    let mut rows = ledger.entries.iter().enumerate();
    let row = |found: &Match| {
        let place = found.entry.as_ref()?;
        rows.find(|(_, entry)| entry.place == *place).map(|(number, _)| number)
    };
    matches.iter().map(row).collect()
}

/// Holds devices against entries.
///
/// The result has one match for each entry, in the book's order, then one for each device that no
/// entry accounts for, by id. An entry that declares several MAC addresses (wired, wireless) accounts
/// for every device that has one of them, and one whose MAC address was seen without an address for
/// what answered at its own address (`answering`); the match names the one that fits best, then the
/// others.
pub fn reconcile(
    devices: &[Device],
    ledger: &Ledger,
    coverage: &[Coverage],
    (absence, private): (&Absence, &Private<'_>),
) -> Vec<Match> {
    let looks = Looks::new(coverage);
    let (seen, rows) = (index::seen(devices, &looks), index::rows(ledger));
    let index = Index::new(&seen);
    let claims = claim::claims(&index, &rows);
    let accounted = claim::taken(&index, &claims);
    let unaccounted = seen.iter().filter(|device| !accounted.has(device));
    let mut unaccounted: Vec<&Device> = unaccounted.map(|device| &**device).collect();
    unaccounted.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let rows: Vec<(Row<'_>, Claim<'_, '_>)> = rows.into_iter().zip(claims).collect();
    let one = |(row, claim): &(Row<'_>, Claim<'_, '_>)| {
        verdict::of(row, claim, (ledger, &index, &looks), absence)
    };
    let mut matches: Vec<Match> = parallel::each(&rows, one);
    matches.extend(unaccounted.into_iter().map(|device| Match {
        entry: None,
        device: Some(device.id.clone()),
        also: Vec::new(),
        by: Vec::new(),
        verdict: verdict::without_entry(device, private),
    }));
    matches
}
