//! The part of the hospital that is a vendor's: the rows that its contracts cover, and the devices that
//! were matched with them. Nothing else is: not what stands behind another's contract, not what no row
//! accounts for, not what a contract covered that has ended.

use std::collections::BTreeSet;

use crate::day::Day;
use crate::finding::{Finding, Rule};
use crate::ledger::date::PartialDate;
use crate::ledger::{Entry, Ledger, Place};
use crate::reconcile::Match;
use crate::register::contract::{Asked, asked};
use crate::register::{Contract, Register};
use crate::resolve::DeviceId;

/// What is a vendor's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// Its contracts that hold.
    pub contracts: BTreeSet<String>,
    /// The rows that they cover.
    pub entries: BTreeSet<Place>,
    /// 管理番号 of these rows.
    pub asset_numbers: BTreeSet<String>,
    /// The devices that were matched with them.
    pub devices: BTreeSet<DeviceId>,
}

impl Portion {
    /// What is this party's on this day. Whom the hospital asks about a row is said by
    /// [`asked`]; only contracts that hold are asked about.
    pub fn of(
        party: &str,
        (register, ledger): (&Register, &Ledger),
        matches: &[Match],
        day: Day,
    ) -> Self {
        let Ok(day) = day.to_string().parse::<PartialDate>() else { return Self::default() };
        let holding: Vec<Contract> =
            register.contract.iter().filter(|one| one.holds_on(day)).cloned().collect();
        let holding =
            Register { contract: holding, party: register.party.clone(), ..Register::default() };
        let own = |entry: &&Entry| match asked(&holding, entry) {
            Asked::Nobody => false,
            Asked::One(contract, _) => contract.party == party,
            // Until a person says which, each of them is asked.
            Asked::Several(contracts) => contracts.iter().any(|one| one.party == party),
        };
        let entries: Vec<&Entry> = ledger.entries.iter().filter(own).collect();
        let places: BTreeSet<Place> = entries.iter().map(|entry| entry.place.clone()).collect();
        let of_it = |one: &&Match| one.entry.as_ref().is_some_and(|entry| places.contains(entry));
        let found = matches.iter().filter(of_it).flat_map(Match::devices).cloned();
        Self {
            devices: found.collect(),
            asset_numbers: (entries.iter().map(|entry| entry.asset_number.clone()))
                .filter(|number| !number.is_empty())
                .collect(),
            entries: places,
            contracts: (holding.contract.iter().filter(|one| one.party == party))
                .map(|one| one.id.clone())
                .collect(),
        }
    }

    /// Whether a finding is about nothing but what is the vendor's.
    pub fn has(&self, finding: &Finding) -> bool {
        let device = finding.device.as_ref();
        is_of_one(finding.rule)
            && (device.is_some() || !finding.entries.is_empty())
            && device.is_none_or(|device| self.devices.contains(device))
            && finding.entries.iter().all(|place| self.entries.contains(place))
    }
}

/// Whether what the rule says is about one device alone, and names no other.
const fn is_of_one(rule: Rule) -> bool {
    match rule {
        Rule::DuplicateInLedger
        | Rule::DuplicateAddress
        | Rule::DuplicateMac
        | Rule::SecondDefaultGateway
        | Rule::SecondDhcpServer
        | Rule::UnmanagedHub
        | Rule::MissedScan => false,
        Rule::UndocumentedDevice
        | Rule::FieldsDiffer
        | Rule::DeclaredNotSeen
        | Rule::RetiredButSeen
        | Rule::RemoteAccessUndeclared
        | Rule::RemoteAccessNotSeen
        | Rule::StoringPrinter
        | Rule::FirmwareNotRecorded
        | Rule::SupportEnded
        | Rule::ManagementExposed
        | Rule::ConsumerGear
        | Rule::RandomisedMac
        | Rule::MisplacedClass
        | Rule::FirmwareChanged
        | Rule::ExceptionDue => true,
    }
}
