//! Findings in words: their rules, what they say, what was answered.

use std::fmt::Display;

use super::{Lang, Word, field_named};
use crate::decision::{Corrected, Disposition, Scope};
use crate::finding::{Finding, Rule};

/// The rule that made a finding.
pub const fn rule(rule: Rule) -> Word {
    match rule {
        Rule::UndocumentedDevice => Word::RuleUndocumentedDevice,
        Rule::FieldsDiffer => Word::RuleFieldsDiffer,
        Rule::DeclaredNotSeen => Word::RuleDeclaredNotSeen,
        Rule::RetiredButSeen => Word::RuleRetiredButSeen,
        Rule::DuplicateInLedger => Word::RuleDuplicateInLedger,
        Rule::DuplicateAddress => Word::RuleDuplicateAddress,
        Rule::DuplicateMac => Word::RuleDuplicateMac,
        Rule::SecondDefaultGateway => Word::RuleSecondDefaultGateway,
        Rule::SecondDhcpServer => Word::RuleSecondDhcpServer,
        Rule::RemoteAccessUndeclared => Word::RuleRemoteAccessUndeclared,
        Rule::RemoteAccessNotSeen => Word::RuleRemoteAccessNotSeen,
        Rule::StoringPrinter => Word::RuleStoringPrinter,
        Rule::FirmwareNotRecorded => Word::RuleFirmwareNotRecorded,
        Rule::SupportEnded => Word::RuleSupportEnded,
        Rule::ManagementExposed => Word::RuleManagementExposed,
        Rule::ConsumerGear => Word::RuleConsumerGear,
        Rule::UnmanagedHub => Word::RuleUnmanagedHub,
        Rule::RandomisedMac => Word::RuleRandomisedMac,
        Rule::MisplacedClass => Word::RuleMisplacedClass,
        Rule::FirmwareChanged => Word::RuleFirmwareChanged,
        Rule::ExceptionDue => Word::RuleExceptionDue,
        Rule::MissedScan => Word::RuleMissedScan,
    }
}

/// What a rule's findings mean and what to do about them, in one sentence.
pub const fn rule_note(rule: Rule) -> Word {
    match rule {
        Rule::UndocumentedDevice => Word::RuleNoteUndocumentedDevice,
        Rule::FieldsDiffer => Word::RuleNoteFieldsDiffer,
        Rule::DeclaredNotSeen => Word::RuleNoteDeclaredNotSeen,
        Rule::RetiredButSeen => Word::RuleNoteRetiredButSeen,
        Rule::DuplicateInLedger => Word::RuleNoteDuplicateInLedger,
        Rule::DuplicateAddress => Word::RuleNoteDuplicateAddress,
        Rule::DuplicateMac => Word::RuleNoteDuplicateMac,
        Rule::SecondDefaultGateway => Word::RuleNoteSecondDefaultGateway,
        Rule::SecondDhcpServer => Word::RuleNoteSecondDhcpServer,
        Rule::RemoteAccessUndeclared => Word::RuleNoteRemoteAccessUndeclared,
        Rule::RemoteAccessNotSeen => Word::RuleNoteRemoteAccessNotSeen,
        Rule::StoringPrinter => Word::RuleNoteStoringPrinter,
        Rule::FirmwareNotRecorded => Word::RuleNoteFirmwareNotRecorded,
        Rule::SupportEnded => Word::RuleNoteSupportEnded,
        Rule::ManagementExposed => Word::RuleNoteManagementExposed,
        Rule::ConsumerGear => Word::RuleNoteConsumerGear,
        Rule::UnmanagedHub => Word::RuleNoteUnmanagedHub,
        Rule::RandomisedMac => Word::RuleNoteRandomisedMac,
        Rule::MisplacedClass => Word::RuleNoteMisplacedClass,
        Rule::FirmwareChanged => Word::RuleNoteFirmwareChanged,
        Rule::ExceptionDue => Word::RuleNoteExceptionDue,
        Rule::MissedScan => Word::RuleNoteMissedScan,
    }
}

/// What was done about a finding (DOMAIN §5).
pub const fn disposition(disposition: Disposition) -> Word {
    match disposition {
        Disposition::Registered => Word::DispositionRegistered,
        Disposition::VendorAsked => Word::DispositionVendorAsked,
        Disposition::Approved => Word::DispositionApproved,
        Disposition::Removed => Word::DispositionRemoved,
        Disposition::Investigating => Word::DispositionInvestigating,
    }
}

/// A field that a person may correct.
pub const fn corrected(field: Corrected) -> Word {
    match field {
        Corrected::Name => Word::DevicesName,
        Corrected::Class => Word::CommonClass,
        Corrected::Vendor => Word::FieldVendor,
        Corrected::Model => Word::FieldModel,
        Corrected::Serial => Word::FieldSerial,
        Corrected::Version => Word::FieldVersion,
        Corrected::Os => Word::FieldOs,
        Corrected::Location => Word::FieldLocation,
        Corrected::Storage => Word::DeviceStorage,
    }
}

/// Whether the checklist covers something.
pub const fn scope(scope: Scope) -> Word {
    match scope {
        Scope::Inside => Word::ScopeInside,
        Scope::Outside => Word::ScopeOutside,
        Scope::Undecided => Word::ScopeUndecided,
    }
}

/// What a finding says, a line each; see [`Finding::detail`] and the rules for the order.
pub fn detail(lang: Lang, finding: &Finding) -> Vec<String> {
    let told: Vec<String> = finding.detail.iter().map(ToString::to_string).collect();
    let lines: Vec<String> = match finding.rule {
        Rule::FieldsDiffer => (told.chunks(3))
            .map(|chunk| match chunk {
                [name, declared, observed] => lang
                    .fill(Word::ReportDiffersIn, &[&field_named(lang, name), declared, observed]),
                other => other.join(" "),
            })
            .collect(),
        Rule::DeclaredNotSeen => told.chunks(2).map(|chunk| chunk.join(" ")).collect(),
        Rule::DuplicateInLedger => match told.as_slice() {
            [name, value] => {
                vec![field_named(lang, name) + lang.say(Word::CommonColon) + value]
            }
            other => other.to_vec(),
        },
        Rule::UndocumentedDevice => match told.as_slice() {
            [portrait @ .., some, count] if told.len() == 7 => {
                let mut lines = portrait.to_vec();
                lines.push(other_side(lang, portrait, (some, count)));
                lines
            }
            portrait => portrait.to_vec(),
        },
        Rule::MissedScan => missed(lang, &told),
        Rule::FirmwareNotRecorded
        | Rule::SupportEnded
        | Rule::FirmwareChanged
        | Rule::ExceptionDue
        | Rule::UnmanagedHub => sentence(lang, finding.rule, &told),
        Rule::RetiredButSeen
        | Rule::DuplicateAddress
        | Rule::DuplicateMac
        | Rule::SecondDefaultGateway
        | Rule::SecondDhcpServer
        | Rule::RemoteAccessUndeclared
        | Rule::RemoteAccessNotSeen
        | Rule::StoringPrinter
        | Rule::ManagementExposed
        | Rule::ConsumerGear
        | Rule::RandomisedMac
        | Rule::MisplacedClass => told,
    };
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// Which scan did not come about, and why.
fn missed(lang: Lang, detail: &[String]) -> Vec<String> {
    let [schedule, agent, why, times] = detail else { return detail.to_vec() };
    let once = lang.say(Word::ScansOnce).to_owned();
    let name = if schedule.is_empty() { &once } else { schedule };
    let word = match why.as_str() {
        "not_taken" => Word::ReportScanNotTaken,
        "refused" => Word::ReportScanRefused,
        _ => Word::ReportScanFailed,
    };
    vec![lang.fill(word, &[name, agent, times])]
}

/// The values of some rules: what it is called, and the others in a sentence.
fn sentence(lang: Lang, rule: Rule, detail: &[String]) -> Vec<String> {
    let (name, values) = match detail {
        [name, values @ ..] if rule != Rule::UnmanagedHub => (Some(name.clone()), values),
        values => (None, values),
    };
    let word = match (rule, values.first().map(String::as_str)) {
        (Rule::FirmwareNotRecorded, Some(_)) => Word::ReportVersionSeen,
        (Rule::SupportEnded, Some(_)) => Word::ReportSupportEnded,
        (Rule::FirmwareChanged, Some(_)) => Word::ReportFormSpeaksOf,
        (Rule::ExceptionDue, Some("review")) => Word::ReportReviewDue,
        (Rule::ExceptionDue, Some(_)) => Word::ReportSeenElsewhere,
        (Rule::UnmanagedHub, Some(_)) => Word::ReportHubBehind,
        _ => return detail.to_vec(),
    };
    let values =
        if rule == Rule::ExceptionDue { values.get(1..).unwrap_or_default() } else { values };
    let values: Vec<&dyn Display> = values.iter().map(|value| value as &dyn Display).collect();
    name.into_iter().chain([lang.fill(word, &values)]).collect()
}

/// That a device of which one side was seen may be one of which the other was.
fn other_side(lang: Lang, portrait: &[String], (some, count): (&str, &str)) -> String {
    let by_mac = portrait.first().is_some_and(String::is_empty);
    let word = match (by_mac, some.is_empty()) {
        (false, false) => Word::ReportMayBeMac,
        (false, true) => Word::ReportMayBeMacs,
        (true, false) => Word::ReportMayBeAddress,
        (true, true) => Word::ReportMayBeAddresses,
    };
    lang.fill(word, &[if some.is_empty() { &count } else { &some }])
}
