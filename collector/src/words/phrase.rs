//! Domain values as words and sentences. Nothing is decided here: one value, one text.

use std::net::IpAddr;

use daicho_common::coverage::Why;
use daicho_common::observation::{Fact, Observation, Outcome, Question, Reply};

use super::{Lang, Word};

use crate::clock::Zone;
use crate::evidence::Grade;
use crate::fingerprint::Class;
use crate::inventory::storage::{Keeps, Reason as StorageReason};
use crate::ledger::{Field, Place, Reason, State};
use crate::policy::Severity;
use crate::reconcile::{Doubt, Looked, MatchedBy, Verdict};
use crate::resolve::{IdentifierKind, JoinReason, Oddity};
pub use finding::{corrected, detail, disposition, rule, rule_note, scope};
pub use register::flaw;
pub use wire::{method, packet};

/// What changes in a ledger.
pub mod changes;
/// Findings, their rules and answers.
pub mod finding;
mod heard;
/// People and what they did.
pub mod people;
mod register;
/// Stock-taking.
pub mod stocktaking;
/// Methods and packets.
mod wire;
/// Why fields say what they say.
pub mod why;
/// Where things hang, in words.
pub mod wiring;

/// The verdict's label (DOMAIN §5).
pub const fn verdict(verdict: &Verdict) -> Word {
    match verdict {
        Verdict::Agreed => Word::VerdictAgreed,
        Verdict::Differs { .. } => Word::VerdictDiffers,
        Verdict::Undocumented => Word::VerdictUndocumented,
        Verdict::NotSeen { .. } => Word::VerdictNotSeen,
        Verdict::ByodCandidate => Word::VerdictByodCandidate,
        Verdict::PermittedByod { .. } => Word::VerdictPermittedByod,
        Verdict::PossiblyLost { .. } => Word::VerdictPossiblyLost,
        Verdict::NotConnected => Word::VerdictNotConnected,
        Verdict::RetiredButSeen => Word::VerdictRetiredButSeen,
        Verdict::CannotTell { .. } => Word::VerdictCannotTell,
    }
}

/// The verdict's name in files and addresses, as serde writes it.
pub const fn verdict_key(verdict: &Verdict) -> &'static str {
    verdict.name()
}

/// Every verdict in the order in which they are told: name in addresses, label, explanation.
pub const VERDICTS: [(&str, Word, Word); 10] = [
    ("undocumented", Word::VerdictUndocumented, Word::VerdictNoteUndocumented),
    ("retired_but_seen", Word::VerdictRetiredButSeen, Word::VerdictNoteRetiredButSeen),
    ("differs", Word::VerdictDiffers, Word::VerdictNoteDiffers),
    ("not_seen", Word::VerdictNotSeen, Word::VerdictNoteNotSeen),
    ("possibly_lost", Word::VerdictPossiblyLost, Word::VerdictNotePossiblyLost),
    ("cannot_tell", Word::VerdictCannotTell, Word::VerdictNoteCannotTell),
    ("byod_candidate", Word::VerdictByodCandidate, Word::VerdictNoteByodCandidate),
    ("permitted_byod", Word::VerdictPermittedByod, Word::VerdictNotePermittedByod),
    ("not_connected", Word::VerdictNotConnected, Word::VerdictNoteNotConnected),
    ("agreed", Word::VerdictAgreed, Word::VerdictNoteAgreed),
];

/// Verdicts of devices that no row accounts for, by their names.
pub const WITHOUT_ENTRY: [&str; 3] = ["undocumented", "byod_candidate", "permitted_byod"];

/// Every class, its name in addresses and its label.
pub const CLASSES: [(Class, &str, Word); 28] = [
    (Class::Server, "server", Word::ClassServer),
    (Class::Hypervisor, "hypervisor", Word::ClassHypervisor),
    (Class::Bmc, "bmc", Word::ClassBmc),
    (Class::Pc, "pc", Word::ClassPc),
    (Class::ThinClient, "thin_client", Word::ClassThinClient),
    (Class::EligibilityTerminal, "eligibility_terminal", Word::ClassEligibilityTerminal),
    (Class::Mobile, "mobile", Word::ClassMobile),
    (Class::Printer, "printer", Word::ClassPrinter),
    (Class::Mfp, "mfp", Word::ClassMfp),
    (Class::Scanner, "scanner", Word::ClassScanner),
    (Class::Firewall, "firewall", Word::ClassFirewall),
    (Class::Router, "router", Word::ClassRouter),
    (Class::Switch, "switch", Word::ClassSwitch),
    (Class::Hub, "hub", Word::ClassHub),
    (Class::Wireless, "wireless", Word::ClassWireless),
    (Class::Nas, "nas", Word::ClassNas),
    (Class::Ups, "ups", Word::ClassUps),
    (Class::Pdu, "pdu", Word::ClassPdu),
    (Class::Phone, "phone", Word::ClassPhone),
    (Class::Camera, "camera", Word::ClassCamera),
    (Class::Modality, "modality", Word::ClassModality),
    (Class::Bedside, "bedside", Word::ClassBedside),
    (Class::Laboratory, "laboratory", Word::ClassLaboratory),
    (Class::NurseCall, "nurse_call", Word::ClassNurseCall),
    (Class::Medical, "medical", Word::ClassMedical),
    (Class::Ot, "ot", Word::ClassOt),
    (Class::Other, "other", Word::ClassOther),
    (Class::Unknown, "unknown", Word::ClassUnknown),
];

/// The class's label.
pub fn class(class: Class) -> Word {
    CLASSES.iter().find(|(known, ..)| *known == class).map_or(Word::ClassUnknown, |row| row.2)
}

/// The class's name in addresses and files, as serde writes it.
pub fn class_key(class: Class) -> &'static str {
    CLASSES.iter().find(|(known, ..)| *known == class).map_or("unknown", |row| row.1)
}

/// Whether a printer keeps documents.
pub const fn keeps(keeps: Keeps) -> Word {
    match keeps {
        Keeps::Yes => Word::DeviceKeepsYes,
        Keeps::No => Word::DeviceKeepsNo,
        Keeps::Unknown => Word::DeviceKeepsUnknown,
    }
}

/// Why that is so.
pub fn storage_reason(lang: Lang, reason: &StorageReason) -> &str {
    match lang {
        Lang::Ja => &reason.ja,
        Lang::En => &reason.en,
    }
}

/// How a claim is bound to its subject.
pub const fn grade(grade: Grade) -> Word {
    match grade {
        Grade::Inferred => Word::GradeInferred,
        Grade::Announced => Word::GradeAnnounced,
        Grade::Reported => Word::GradeReported,
        Grade::Queried => Word::GradeQueried,
        Grade::Asserted => Word::GradeAsserted,
    }
}

/// What a column means.
pub const fn field(field: Field) -> Word {
    match field {
        Field::AssetNumber => Word::FieldAssetNumber,
        Field::Name => Word::FieldName,
        Field::HostName => Word::FieldHostName,
        Field::Kind => Word::FieldKind,
        Field::Ip => Word::FieldIp,
        Field::Mac => Word::FieldMac,
        Field::Vendor => Word::FieldVendor,
        Field::Model => Word::FieldModel,
        Field::Serial => Word::FieldSerial,
        Field::Location => Word::FieldLocation,
        Field::User => Word::FieldUser,
        Field::Owner => Word::FieldOwner,
        Field::Os => Word::FieldOs,
        Field::Version => Word::FieldVersion,
        Field::Maintainer => Word::FieldMaintainer,
        Field::SupportEnd => Word::FieldSupportEnd,
        Field::RemoteMaintenance => Word::FieldRemoteMaintenance,
        Field::Disclosure => Word::FieldDisclosure,
        Field::State => Word::FieldState,
        Field::Purchased => Word::FieldPurchased,
        Field::Connected => Word::FieldConnected,
        Field::Remarks => Word::FieldRemarks,
    }
}

/// Why an address was not asked.
pub const fn why(why: Why) -> Word {
    match why {
        Why::Denied => Word::WhyDenied,
        Why::Policy => Word::WhyPolicy,
        Why::NoPrivilege => Word::WhyNoPrivilege,
        Why::NotOnLink => Word::WhyNotOnLink,
        Why::TaggedOnly => Word::WhyTaggedOnly,
        Why::SenderTaken => Word::WhySenderTaken,
        Why::Unreachable => Word::WhyUnreachable,
        Why::SendFailed => Word::WhySendFailed,
        Why::NoCredential => Word::WhyNoCredential,
        Why::Interrupted => Word::WhyInterrupted,
        Why::Budget => Word::WhyBudget,
        Why::Window => Word::WhyWindow,
        Why::NotRead => Word::WhyNotRead,
        Why::Own => Word::WhyOwn,
        Why::NotNeeded => Word::WhyNotNeeded,
        Why::BackedOff => Word::WhyBackedOff,
        Why::Lost => Word::WhyLost,
        Why::NoSignOfLife => Word::WhyNoSignOfLife,
        Why::ForbiddenPort => Word::WhyForbiddenPort,
    }
}

/// How much a finding matters.
pub const fn severity(severity: Severity) -> Word {
    match severity {
        Severity::Notice => Word::SeverityNotice,
        Severity::Warning => Word::SeverityWarning,
        Severity::High => Word::SeverityHigh,
    }
}

/// Whether a thing is in use, as declared.
pub const fn state(state: State) -> Word {
    match state {
        State::InUse => Word::StateInUse,
        State::Spare => Word::StateSpare,
        State::Stopped => Word::StateStopped,
        State::Retired => Word::StateRetired,
    }
}

/// What is odd about a device, as a sentence.
pub const fn oddity(oddity: &Oddity) -> Word {
    match oddity {
        Oddity::ProxyArp => Word::OddityProxyArp,
        Oddity::RandomisedMac => Word::OddityRandomisedMac,
        Oddity::VirtualRouter => Word::OddityVirtualRouter,
    }
}

/// The keys by which an entry was matched.
pub fn matched_by(lang: Lang, keys: &[MatchedBy]) -> String {
    let keys: Vec<&str> = keys
        .iter()
        .map(|key| match key {
            MatchedBy::Mac => Word::MatchedByMac,
            MatchedBy::Serial => Word::MatchedBySerial,
            MatchedBy::Ip => Word::MatchedByIp,
            MatchedBy::HostName => Word::MatchedByHostName,
        })
        .map(|word| lang.say(word))
        .collect();
    keys.join(lang.say(Word::CommonListJoin))
}

/// Why nothing can be said of an entry.
pub fn doubt(lang: Lang, doubt: &Doubt) -> String {
    match doubt {
        Doubt::NotCovered => lang.say(Word::DoubtNotCovered).to_owned(),
        Doubt::Inconclusive => lang.say(Word::DoubtInconclusive).to_owned(),
        Doubt::NotAsked(reason) => lang.fill(Word::DoubtNotAsked, &[&lang.say(why(*reason))]),
        Doubt::NothingToLookFor => lang.say(Word::DoubtNothingToLookFor).to_owned(),
        Doubt::AddressUnknown => lang.say(Word::DoubtAddressUnknown).to_owned(),
        Doubt::Ambiguous(devices) => {
            let ids: Vec<&str> = devices.iter().map(|id| id.0.as_str()).collect();
            lang.fill(Word::DoubtAmbiguous, &[&ids.join(lang.say(Word::CommonListJoin))])
        }
        Doubt::Missed { so_far, over_days, misses, days } => {
            lang.fill(Word::DoubtMissed, &[so_far, over_days, misses, days])
        }
        Doubt::OtherDeviceAtAddress(device) => lang.fill(Word::DoubtOtherDevice, &[&device.0]),
    }
}

/// A look that did not see a declared address.
pub fn looked(lang: Lang, zone: &Zone, looked: &Looked) -> String {
    let (from, to) = looked.time();
    let how = lang.say(method(looked.method()));
    lang.fill(Word::ReportLooked, &[&looked.address(), &how, &zone.show(from), &zone.show(to)])
}

/// Why evidence is held to be of one device.
pub fn join(lang: Lang, reason: &JoinReason) -> String {
    match reason {
        JoinReason::MacHadAddress { mac, ip } => lang.fill(Word::JoinMacHadAddress, &[mac, ip]),
        JoinReason::OwnInterface { mac, asked } => lang.fill(Word::JoinOwnInterface, &[mac, asked]),
        JoinReason::OwnAddress { ip, asked } => lang.fill(Word::JoinOwnAddress, &[ip, asked]),
        JoinReason::Person(pinned) => {
            lang.fill(Word::JoinPerson, &[&pinned.decision, &pinned.by, &pinned.why])
        }
        JoinReason::SameIdentifier { kind, value } => {
            let word = match kind {
                IdentifierKind::Card => Word::JoinSameCard,
                IdentifierKind::Serial => Word::JoinSameSerial,
                IdentifierKind::Uuid => Word::JoinSameUuid,
                IdentifierKind::Guid => Word::JoinSameGuid,
                IdentifierKind::HostKey => Word::JoinSameHostKey,
                IdentifierKind::Certificate => Word::JoinSameCertificate,
            };
            lang.fill(word, &[value])
        }
    }
}

/// Where a row stands.
pub fn place(lang: Lang, place: &Place) -> String {
    let book = if place.sheet.is_empty() {
        place.book.to_string()
    } else {
        format!("{} {}", place.book, place.sheet)
    };
    lang.fill(Word::CommonPlace, &[&book, &place.row])
}

/// The label of the field that serde calls this; the name itself if there is none.
pub(super) fn field_named(lang: Lang, name: &str) -> String {
    let known = serde_json::from_value::<Field>(name.into());
    known.map_or_else(|_| name.to_owned(), |known| lang.say(field(known)).to_owned())
}

/// What is wrong with a cell or row.
pub fn reason(lang: Lang, reason: &Reason) -> String {
    let word = match reason {
        Reason::NamesNothing => Word::DefectNamesNothing,
        Reason::NotAnAddress => Word::DefectNotAnAddress,
        Reason::NotAMac => Word::DefectNotAMac,
        Reason::FormulaError => Word::DefectFormulaError,
        Reason::DuplicateNumber { first } => {
            return lang.fill(Word::DefectDuplicateNumber, &[&place(lang, first)]);
        }
        Reason::Undecodable => Word::DefectUndecodable,
        Reason::TooLong => Word::DefectTooLong,
        Reason::NotADate => Word::DefectNotADate,
        Reason::NoHeader => Word::DefectNoHeader,
    };
    lang.say(word).to_owned()
}

/// What was said, as a sentence without its speaker.
pub fn fact(lang: Lang, fact: &Fact) -> String {
    let dash = "-";
    match fact {
        Fact::Arp { ip, mac } => lang.fill(Word::FactArp, &[ip, mac]),
        Fact::Neighbour { ip, mac } => lang.fill(Word::FactNeighbour, &[ip, mac]),
        Fact::Answered(reply) => answered(lang, *reply),
        Fact::System { description, object_id, name, location, contact: _ } => {
            lang.fill(Word::FactSystem, &[name, description, location, object_id])
        }
        Fact::Interface { index, name, description, alias: _, kind: _, mac, up } => {
            let name = if name.is_empty() { description } else { name };
            let mac = mac.map_or_else(|| dash.to_owned(), |mac| mac.to_string());
            let up = lang.say(if *up { Word::FactInterfaceUp } else { Word::FactInterfaceDown });
            lang.fill(Word::FactInterface, &[index, name, &mac, &up])
        }
        Fact::InterfaceAddress { index, ip, prefix } => {
            let ip = prefix.map_or_else(|| ip.to_string(), |prefix| format!("{ip}/{prefix}"));
            lang.fill(Word::FactInterfaceAddress, &[&ip, index])
        }
        Fact::Service { service, instance, host, port, txt: _ } => {
            lang.fill(Word::FactService, &[service, instance, host, port])
        }
        Fact::HostName { name } => lang.fill(Word::FactHostName, &[name]),
        Fact::LinkNeighbour(it) => heard::neighbour(lang, it),
        Fact::Dhcp(it) => heard::dhcp(lang, it),
        Fact::SpanningTree(it) => {
            lang.fill(Word::FactSpanningTree, &[&it.bridge.mac, &it.root.mac])
        }
        Fact::VirtualRouter(it) => {
            lang.fill(Word::FactVirtualRouter, &[&it.group, &heard::list(&it.addresses)])
        }
        Fact::RouterAdvertisement(it) => heard::router(lang, it),
        Fact::NetbiosName { name, suffix, group: _ } => {
            lang.fill(Word::FactNetbiosName, &[name, &format!("{suffix:02X}")])
        }
        Fact::Browser(it) => lang.fill(Word::FactBrowser, &[&it.name, &it.comment]),
        Fact::Ssdp(it) => lang.fill(Word::FactSsdp, &[&it.target, &it.server]),
        Fact::GroupMember { group } => lang.fill(Word::FactGroupMember, &[group]),
        Fact::GroupQuerier => lang.say(Word::FactGroupQuerier).to_owned(),
        Fact::VlanTag { vlan } => lang.fill(Word::FactVlanTag, &[vlan]),
        Fact::Rows(it) => lang.fill(Word::FactRows, &[&it.table, &it.rows.len()]),
        Fact::TableRead(it) => {
            let tables = it.tables().collect::<Vec<_>>().join(lang.say(Word::CommonListJoin));
            lang.fill(Word::FactTableRead, &[&tables, &it.rows, &lang.say(outcome(it.outcome))])
        }
        Fact::Said(it) => lang.fill(Word::FactSaid, &[&it.port, &heard::fields(&it.fields)]),
        Fact::Pointer { ip, name } => lang.fill(Word::FactPointer, &[ip, name]),
        Fact::Asked { question: Question::Service { port }, outcome: ended } => {
            lang.fill(Word::FactServiceAsked, &[port, &lang.say(outcome(*ended))])
        }
        Fact::Asked { question: asked, outcome: ended } => {
            lang.fill(Word::FactAsked, &[&lang.say(question(*asked)), &lang.say(outcome(*ended))])
        }
    }
}

fn answered(lang: Lang, reply: Reply) -> String {
    match reply {
        Reply::Echo => lang.say(Word::FactEcho).to_owned(),
        Reply::Timestamp => lang.say(Word::FactTimestamp).to_owned(),
        Reply::TcpOpen(port) => lang.fill(Word::FactTcpOpen, &[&port]),
        Reply::TcpRefused(port) => lang.fill(Word::FactTcpRefused, &[&port]),
        Reply::UdpUnreachable(port) => lang.fill(Word::FactUdpUnreachable, &[&port]),
    }
}

const fn question(question: Question) -> Word {
    match question {
        Question::SnmpSystem => Word::QuestionSnmpSystem,
        Question::SnmpInterfaces => Word::QuestionSnmpInterfaces,
        Question::SnmpAddresses => Word::QuestionSnmpAddresses,
        Question::MdnsServices => Word::QuestionMdnsServices,
        Question::Service { .. } => Word::QuestionService,
    }
}

const fn outcome(outcome: Outcome) -> Word {
    match outcome {
        Outcome::Complete => Word::OutcomeComplete,
        Outcome::Partial => Word::OutcomePartial,
        Outcome::Refused => Word::OutcomeRefused,
        Outcome::Silent => Word::OutcomeSilent,
        Outcome::Malformed => Word::OutcomeMalformed,
    }
}

/// Who spoke: the addresses that the wire showed.
pub fn speaker(ip: Option<IpAddr>, mac: Option<daicho_common::addr::Mac>) -> String {
    match (ip, mac) {
        (Some(ip), Some(mac)) => format!("{ip} ({mac})"),
        (Some(ip), None) => ip.to_string(),
        (None, Some(mac)) => mac.to_string(),
        (None, None) => "-".to_owned(),
    }
}

/// A whole observation as one sentence.
pub fn observation(lang: Lang, zone: &Zone, observation: &Observation) -> String {
    lang.fill(
        Word::ObservationSaidBy,
        &[
            &observation.vantage.agent,
            &zone.show(observation.at),
            &lang.say(method(observation.method)),
            &format!(
                "{} {}",
                speaker(observation.speaker.ip, observation.speaker.mac),
                fact(lang, &observation.fact)
            ),
        ],
    )
}
