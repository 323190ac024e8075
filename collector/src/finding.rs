//! What a person should look at: one rule a file, each with its evidence.
//!
//! A rule is a function from [`Facts`] to findings and decides nothing about how much they matter:
//! that is data, `config/findings.toml`.

use std::collections::HashMap;

use daicho_common::observation::ObservationId;
use daicho_common::text::Short;
use daicho_common::time::Timestamp;
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::decision::{Scope, Standing};
use crate::duty::Duty;
use crate::ledger::key::EntryKey;
use crate::ledger::{Entry, Ledger, Place};
use crate::parallel;
use crate::policy::{Policy, Severity};
use crate::reconcile::{self, Match};
use crate::register::Register;
use crate::resolve::{Contested, Device, DeviceId};
use crate::schedule::Missed;
use crate::scope::Scoped;
use crate::topology::Topology;

mod answer;
mod consumer_gear;
mod declared_not_seen;
mod digest;
mod draft;
mod duplicate_address;
mod duplicate_in_ledger;
mod duplicate_mac;
mod exception_due;
mod fields_differ;
mod firmware_changed;
mod firmware_not_recorded;
mod management_exposed;
mod misplaced_class;
mod missed_scan;
mod randomised_mac;
mod remote_access_not_seen;
mod remote_access_undeclared;
mod retired_but_seen;
mod second;
mod second_default_gateway;
mod second_dhcp_server;
mod storing_printer;
mod support_ended;
mod two_sides;
mod undocumented_device;
mod unmanaged_hub;
mod ways_in;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use digest::Digest;
use draft::{Draft, Drafts};

/// The rules, by the name of their file in this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// 未登録機器: a device that no entry of the ledger accounts for.
    UndocumentedDevice,
    /// 相違: book and wire differ in a field.
    FieldsDiffer,
    /// 台帳のみ・未検出.
    DeclaredNotSeen,
    /// 廃棄済が稼働.
    RetiredButSeen,
    /// 台帳内重複: the same 管理番号, address or MAC address stands in several rows.
    DuplicateInLedger,
    /// IP重複: one address was answered for by several devices.
    DuplicateAddress,
    /// MAC重複: one MAC address is heard on several ports that cannot be one device's.
    DuplicateMac,
    /// More than one way out of a network, or one that was not declared.
    SecondDefaultGateway,
    /// More than one DHCP server in a network, or one that was not declared.
    SecondDhcpServer,
    /// A way in from afar on a device of which the book says that there is none.
    RemoteAccessUndeclared,
    /// The book declares remote maintenance, and no way in was seen.
    RemoteAccessNotSeen,
    /// A printer that keeps documents is not in the book, or out of scope.
    StoringPrinter,
    /// A network device in scope without a version in the book.
    FirmwareNotRecorded,
    /// The maker's support of its system has ended.
    SupportEnded,
    /// A management page or telnet on a device at the edge: seen, never tried.
    ManagementExposed,
    /// A router made for homes, or a NAS, in a medical network.
    ConsumerGear,
    /// A hub without management, inferred.
    UnmanagedHub,
    /// A randomised MAC address in a wired medical network.
    RandomisedMac,
    /// A device in a network where its class does not belong.
    MisplacedClass,
    /// Another model or version was seen than the one that its MDS/SDS speaks of.
    FirmwareChanged,
    /// What cannot be patched is to be looked at again, or does not stand apart as declared.
    ExceptionDue,
    /// A scan that was to run has not come about since.
    MissedScan,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 22] = [
        Self::UndocumentedDevice,
        Self::FieldsDiffer,
        Self::DeclaredNotSeen,
        Self::RetiredButSeen,
        Self::DuplicateInLedger,
        Self::DuplicateAddress,
        Self::DuplicateMac,
        Self::SecondDefaultGateway,
        Self::SecondDhcpServer,
        Self::RemoteAccessUndeclared,
        Self::RemoteAccessNotSeen,
        Self::StoringPrinter,
        Self::FirmwareNotRecorded,
        Self::SupportEnded,
        Self::ManagementExposed,
        Self::ConsumerGear,
        Self::UnmanagedHub,
        Self::RandomisedMac,
        Self::MisplacedClass,
        Self::FirmwareChanged,
        Self::ExceptionDue,
        Self::MissedScan,
    ];
}

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Rule and subject, the same for as long as there is something to tell of it.
    pub id: String,
    /// The rule that made it.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// The rows it is about.
    pub entries: Box<[Place]>,
    /// Values for the page to show, in this order; empty where nothing is known. The page has the
    /// words.
    ///
    /// | rule | values |
    /// |---|---|
    /// | undocumented device | addresses, MAC addresses, name, maker, model (several: by `, `); if only
    /// its address or only its MAC address is known, also those that it may be, and how many they are |
    /// | fields differ | the field as in [`crate::ledger::Field`], declared, observed; again for each |
    /// | declared not seen | declared address, network looked at; again for each |
    /// | retired but seen | addresses, MAC addresses, name, maker, model |
    /// | duplicate in ledger | what is the same (`asset_number`, `ip`, `mac`, `device`), its value |
    /// | duplicate address | address, network, MAC addresses |
    /// | duplicate MAC | MAC address, then switch and port for each port |
    /// | second default gateway, second DHCP server | network, then addresses and names of each |
    /// | remote access (both) | what it is called, then the ways in |
    /// | storing printer | addresses, MAC addresses, name, maker, model |
    /// | firmware not recorded | what it is called, the version seen |
    /// | support ended | what it is called, system, last day |
    /// | management exposed | what it is called, then the services |
    /// | consumer gear, randomised MAC, misplaced class | addresses, MAC addresses, name, maker, model, network |
    /// | firmware changed | what it is called, form's name, what it speaks of, what was seen |
    /// | exception due | what it is called, `review` or `network`, the day or the network seen |
    /// | missed scan | schedule (empty: wanted once), agent, why (`not_taken`, `refused`, `failed`), how often in a row |
    /// | unmanaged hub | switch, port, how many devices |
    pub detail: Box<[Short]>,
    /// The observations it rests on, ascending; empty only for rules about the book alone, and for
    /// silence, which rests on the coverages that the match names.
    pub evidence: Box<[ObservationId]>,
    /// A digest of what it says, without what changes by itself (a lease, a time). An answer holds as
    /// long as this stays the same.
    pub facts: Digest,
    /// What was last said about it, if anything was.
    pub answer: Option<Box<Answer>>,
}

impl Finding {
    /// Takes the answer that stands now.
    pub(crate) fn answer_by(&mut self, standing: &Standing<'_>) {
        self.answer = Answer::of(standing.answers(&self.id), self.facts).map(Box::new);
    }

    /// Whether somebody still has to do something about it.
    pub fn is_open(&self) -> bool {
        self.answer.as_ref().is_none_or(|answer| !answer.settles())
    }
}

/// What the rules look at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// All devices.
    pub devices: &'a [Device],
    /// How they hang together.
    pub topology: &'a Topology,
    /// The matches of these devices and this ledger.
    pub matches: &'a [Match],
    /// Whether the checklist covers each match.
    pub scopes: &'a [Scoped],
    /// What devices do for whole networks.
    pub duties: &'a [Duty],
    /// The book.
    pub ledger: &'a Ledger,
    /// What each row is known by, in their order.
    pub keys: &'a [EntryKey],
    /// What stands beside the book.
    pub register: &'a Register,
    /// Scans that have not come about since they last did.
    pub missed: &'a [Missed],
    /// Address conflicts.
    pub contested: &'a [Contested],
    /// What people said.
    pub standing: &'a Standing<'a>,
    /// What the hospital decided in advance.
    pub policy: &'a Policy,
    /// The moment that the findings are of.
    pub as_of: Timestamp,
}

/// A match with what it is about.
struct Matched<'a> {
    found: &'a Match,
    entry: Option<&'a Entry>,
    /// What the row is known by, as part of an id; empty if there is no row.
    key: &'a str,
    device: Option<&'a Device>,
    /// The judgement on its scope.
    scope: Option<Scope>,
}

/// The facts by key, made once for all rules.
struct Known<'a> {
    facts: Facts<'a>,
    devices: HashMap<&'a DeviceId, &'a Device, RandomState>,
    matches: Vec<Matched<'a>>,
    /// What the register declares of remote maintenance, by 管理番号.
    remote: HashMap<&'a str, bool, RandomState>,
}

impl<'a> Known<'a> {
    fn of(facts: Facts<'a>) -> Self {
        let devices: HashMap<_, _, RandomState> =
            facts.devices.iter().map(|device| (&device.id, device)).collect();
        let rows = reconcile::rows(facts.matches, facts.ledger);
        let mut scopes = facts.scopes.iter().map(|scoped| scoped.scope);
        let one = |(found, row): (&'a Match, Option<usize>)| Matched {
            found,
            entry: row.and_then(|row| facts.ledger.entries.get(row)),
            key: row.and_then(|row| facts.keys.get(row)).map_or("", |key| key.0.as_str()),
            device: found.device.as_ref().and_then(|id| devices.get(id)).copied(),
            scope: scopes.next(),
        };
        let matches = facts.matches.iter().zip(rows).map(one).collect();
        let mut remote: HashMap<&str, bool, RandomState> = HashMap::default();
        for declared in &facts.register.remote {
            *remote.entry(declared.asset_number.as_str()).or_default() |= declared.done;
        }
        Self { facts, devices, matches, remote }
    }

    /// What the networks are for in which the device was seen, as policy writes it.
    fn purposes(&self, device: &Device) -> Vec<String> {
        let networks = device.addresses.iter().map(|address| address.network.as_str());
        let purposes = networks.filter_map(|name| self.facts.policy.purpose(name));
        let mut words: Vec<String> = purposes.map(word).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Whether remote maintenance is declared: by the register, else by the row; `None` if neither says.
    fn remote(&self, entry: &Entry) -> Option<bool> {
        self.remote.get(entry.asset_number.as_str()).copied().or(entry.remote_maintenance)
    }
}

/// A class, field or purpose as data writes it.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> String {
    let mut texts: Vec<String> = values.map(|value| value.to_string()).collect();
    texts.dedup();
    texts.join(", ")
}

/// The device in the values that [`Finding::detail`] promises.
fn portrait(device: &Device) -> Vec<String> {
    let text = |text: &Option<crate::evidence::SourcedText>| {
        text.as_ref().map(|text| text.value.to_string()).unwrap_or_default()
    };
    vec![
        joined(device.addresses.iter().map(|address| address.ip)),
        joined(device.macs.iter().map(|mac| mac.value)),
        device.names.first().map(|name| name.value.to_string()).unwrap_or_default(),
        text(&device.vendor),
        text(&device.model),
    ]
}

/// What the device is, as policy writes it.
fn class_word(device: &Device) -> Option<String> {
    device.class.as_ref().map(|class| word(class.value))
}

/// The observations that show that the device is there.
fn presence(device: &Device) -> Vec<ObservationId> {
    let macs = device.macs.iter().flat_map(|mac| &mac.sources);
    let addresses = device.addresses.iter().flat_map(|address| &address.sources);
    let mut ids: Vec<ObservationId> = macs.chain(addresses).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The rules.
const RULES: [fn(&Known<'_>, &mut Drafts<'_>); 22] = [
    undocumented_device::find,
    fields_differ::find,
    declared_not_seen::find,
    retired_but_seen::find,
    duplicate_in_ledger::find,
    duplicate_address::find,
    duplicate_mac::find,
    second_default_gateway::find,
    second_dhcp_server::find,
    remote_access_undeclared::find,
    remote_access_not_seen::find,
    storing_printer::find,
    firmware_not_recorded::find,
    support_ended::find,
    management_exposed::find,
    consumer_gear::find,
    unmanaged_hub::find,
    randomised_mac::find,
    misplaced_class::find,
    firmware_changed::find,
    exception_due::find,
    missed_scan::find,
];

/// Everything that a person should look at, worst first, then by id.
pub fn find(facts: Facts<'_>) -> Vec<Finding> {
    let known = Known::of(facts);
    let found = parallel::map(&RULES, |rule| {
        let mut drafts = Drafts::of(&facts);
        rule(&known, &mut drafts);
        drafts.into_findings()
    });
    let mut findings = together(found);
    findings.sort_unstable_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    findings
}

/// All of these, in any order. Most are of one rule, so that the others come to them.
fn together(mut found: Vec<Vec<Finding>>) -> Vec<Finding> {
    found.sort_by_key(|some| std::cmp::Reverse(some.len()));
    let more = found.iter().skip(1).map(Vec::len).sum();
    let mut found = found.into_iter();
    let mut all = found.next().unwrap_or_default();
    all.reserve_exact(more);
    found.for_each(|mut some| all.append(&mut some));
    all.shrink_to_fit();
    all
}
