//! 4: リモート保守機器一覧. What the register and the ledger declare, whoever sold the device, beside
//! the ways in that were seen. 接続元制限 is told as yes, no or unknown; nothing is ever tried.

use super::{Name, Told, joined};
use crate::finding::Rule;
use crate::ledger::Entry;
use crate::register::{Remote, device::Way};
use crate::report::paper::{Paper, Part, Table};
use crate::report::table::entry_name;
use crate::words::{Word, phrase};

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Remote);
    let mut table = Table::new(
        "",
        told.all([
            Word::FieldAssetNumber,
            Word::FieldName,
            Word::FieldLocation,
            Word::FieldRemoteMaintenance,
            Word::PaperWay,
            Word::PaperThrough,
            Word::PaperParty,
            Word::RegisterContract,
            Word::PaperSourceRestricted,
            Word::CommonEvidence,
            Word::CommonObserved,
        ]),
        told.say(Word::PaperNoRemote),
    );
    for remote in &told.register.remote {
        let entry = told.entry(&remote.asset_number);
        table.push(declared(told, remote, entry));
    }
    let known =
        |entry: &&Entry| told.register.remote.iter().any(|r| r.asset_number == entry.asset_number);
    for entry in told.shown.ledger.entries.iter().filter(|entry| !known(entry)) {
        if entry.remote_maintenance == Some(true) {
            let seen = seen(told, entry);
            let (name, yes) = (entry_name(entry), told.yes(Some(true)));
            let unknown = told.say(Word::CommonUnknown);
            let row = [
                entry.asset_number.as_str(),
                &name,
                &entry.location,
                yes,
                unknown,
                "",
                &entry.maintainer,
                "",
                unknown,
                told.say(Word::PaperByLedger),
                &seen,
            ];
            table.push(row);
        }
    }
    paper.parts.push(Part::Table(table));
    // Ways in on devices of which the book says that there are none, or says nothing.
    let words = (Word::RuleRemoteAccessUndeclared, Word::CommonObserved);
    paper.parts.push(Part::Table(told.findings_of(Rule::RemoteAccessUndeclared, words)));
    paper.notes.push(told.say(Word::PaperNeverTried).to_owned());
    paper
}

fn declared(told: &Told<'_>, remote: &Remote, entry: Option<&Entry>) -> [String; 11] {
    let way = remote.way.map_or(Word::CommonUnknown, |way| match way {
        Way::VpnDevice => Word::PaperVpnDevice,
        Way::Line => Word::PaperLine,
        Way::Tool => Word::PaperTool,
    });
    let way = if remote.done { told.say(way) } else { "" };
    let restricted = if remote.done { told.yes(remote.source_restricted) } else { "" };
    [
        remote.asset_number.clone(),
        entry.map(entry_name).unwrap_or_default(),
        entry.map(|entry| entry.location.clone()).unwrap_or_default(),
        told.yes(Some(remote.done)).to_owned(),
        way.to_owned(),
        remote.through.clone(),
        told.register.party(&remote.party).map_or(&remote.party, |party| &party.name).clone(),
        told.register.contract(&remote.contract).map_or(&remote.contract, |c| &c.name).clone(),
        restricted.to_owned(),
        remote.evidence.clone(),
        entry.map(|entry| seen(told, entry)).unwrap_or_default(),
    ]
}

/// What the findings about a row's remote maintenance say.
fn seen(told: &Told<'_>, entry: &Entry) -> String {
    let about = told.shown.picture.findings.iter().filter(|finding| {
        matches!(finding.rule, Rule::RemoteAccessUndeclared | Rule::RemoteAccessNotSeen)
            && finding.entries.contains(&entry.place)
    });
    joined(about.flat_map(|finding| {
        let rule = told.say(phrase::rule(finding.rule)).to_owned();
        std::iter::once(rule).chain(phrase::detail(told.lang(), finding))
    }))
}
