//! 3: 突合結果. Discovered versus declared: counts, what was not looked at, then every row and every device
//! that no row accounts for, with what the verdict rests on.

use super::{Name, Told, joined};
use crate::report::paper::{Paper, Part, Table};
use crate::report::table::entry_name;
use crate::report::{class, counts, gap, ips, macs, maker_and_model, remarks};
use crate::words::{Word, phrase};

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Verdicts);
    paper.parts.push(Part::Table(summary(told)));
    paper.parts.push(Part::Table(looked(told)));
    paper.parts.push(Part::Table(matches(told)));
    paper.notes.push(told.say(Word::CoverageNote).to_owned());
    paper
}

fn summary(told: &Told<'_>) -> Table {
    let words = [Word::CommonVerdict, Word::CommonCount, Word::PaperMeaning];
    let mut table = Table::new(told.say(Word::PaperSummary), told.all(words), "");
    for (_, label, note, count) in counts(told.shown.picture) {
        table.push([told.say(label), &count.to_string(), told.say(note)]);
    }
    table
}

/// How far each network was looked at, and why not further.
pub(super) fn looked(told: &Told<'_>) -> Table {
    let mut table = Table::new(
        told.say(Word::CoverageTitle),
        told.all([
            Word::CommonNetwork,
            Word::CoverageCidr,
            Word::CoverageAsked,
            Word::CoverageAnswered,
            Word::CoverageNotAsked,
        ]),
        told.say(Word::CoverageNone),
    );
    for ((network, range), reach) in gap::reaches(told.shown.coverage) {
        let why = reach.gaps.iter().map(|(why, addresses)| {
            let many = told.lang().fill(Word::StartAddresses, &[&addresses.len()]);
            format!("{many} {}", told.say(phrase::why(*why)))
        });
        let mut gaps = joined(why);
        if gaps.is_empty() {
            told.say(Word::CoverageEverythingAsked).clone_into(&mut gaps);
        }
        let (asked, answered) = (reach.asked.len().to_string(), reach.answered.len().to_string());
        table.push([&network, &range.to_string(), &asked, &answered, &gaps]);
    }
    table
}

fn matches(told: &Told<'_>) -> Table {
    let mut table = Table::new(
        told.say(Word::ReportMatches),
        told.all([
            Word::CommonVerdict,
            Word::FieldAssetNumber,
            Word::FieldName,
            Word::CommonDeclared,
            Word::CommonObserved,
            Word::FieldMac,
            Word::CommonClass,
            Word::DevicesModel,
            Word::ReportMatchedBy,
            Word::CommonWhy,
            Word::CommonEntry,
        ]),
        told.say(Word::PaperNothing),
    );
    let (entries, devices) = (crate::report::by_place(told.shown.ledger), told.devices());
    let lang = told.lang();
    for found in &told.shown.picture.matches {
        let entry = found.entry.as_ref().and_then(|place| entries.get(place)).copied();
        let device = found.device.as_ref().and_then(|id| devices.get(id)).copied();
        let seen =
            |of: &dyn Fn(&crate::resolve::Device) -> String| device.map(of).unwrap_or_default();
        let called = entry.map(entry_name).filter(|name| !name.is_empty());
        table.push([
            told.say(phrase::verdict(&found.verdict)),
            entry.map_or("", |entry| entry.asset_number.as_str()),
            &called.unwrap_or_else(|| seen(&crate::report::name)),
            &entry.map(|entry| joined(&entry.ips)).unwrap_or_default(),
            &seen(&|device| joined(ips(device))),
            &seen(&|device| joined(macs(device))),
            &seen(&|device| class(lang, device).to_owned()),
            &seen(&maker_and_model),
            &if found.by.is_empty() { String::new() } else { phrase::matched_by(lang, &found.by) },
            &joined(remarks(lang, told.shown.zone, &found.verdict)),
            &found.entry.as_ref().map(|place| phrase::place(lang, place)).unwrap_or_default(),
        ]);
    }
    table
}
