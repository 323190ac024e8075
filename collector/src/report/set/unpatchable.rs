//! 7: パッチ適用困難機器一覧. Each with reason, what is done instead, when it is looked at again, and where it
//! was really seen; below, what runs on a system whose support has ended and has no such record.

use super::{Name, Told, joined, written};
use crate::finding::Rule;
use crate::register::device::{Exception, Measure};
use crate::report::paper::{Paper, Part, Table};
use crate::report::table::entry_name;
use crate::words::Word;

/// What the table of ended support is called, and what it tells.
const ENDED: (Word, Word) = (Word::PaperSupportEnded, Word::FindingsDetail);

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Unpatchable);
    let mut table = Table::new(
        "",
        told.all([
            Word::FieldAssetNumber,
            Word::FieldName,
            Word::FieldModel,
            Word::FieldLocation,
            Word::PaperReason,
            Word::PaperMeasures,
            Word::CommonNetwork,
            Word::PaperSeenIn,
            Word::PaperDecidedBy,
            Word::PaperReview,
            Word::FindingsState,
        ]),
        told.say(Word::PaperNoExceptions),
    );
    let devices = told.devices();
    for exception in &told.register.exception {
        let entry = told.entry(&exception.asset_number);
        let place = entry.map(|entry| &entry.place);
        let found = told
            .shown
            .picture
            .matches
            .iter()
            .find(|m| place.is_some() && m.entry.as_ref() == place);
        let seen = found
            .into_iter()
            .flat_map(crate::reconcile::Match::devices)
            .filter_map(|id| devices.get(id));
        let seen: std::collections::BTreeSet<&str> =
            seen.flat_map(|device| &device.addresses).map(|at| at.network.as_str()).collect();
        let measures = measures(told, exception);
        let due = written(told.day).is_some_and(|today| exception.is_due(today));
        let apart = exception.network.is_empty()
            || seen.is_empty()
            || seen.iter().all(|network| *network == exception.network);
        let state = joined([
            if due { told.say(Word::PaperReviewDue) } else { told.say(Word::PaperInTime) },
            if apart { "" } else { told.say(Word::PaperNotApart) },
        ]);
        table.push([
            exception.asset_number.as_str(),
            &entry.map(entry_name).unwrap_or_default(),
            entry.map_or("", |entry| entry.model.as_str()),
            entry.map_or("", |entry| entry.location.as_str()),
            &exception.reason,
            &measures,
            &exception.network,
            &joined(seen),
            &exception.decided_by,
            &exception.review_on.to_string(),
            &state,
        ]);
    }
    paper.parts.push(Part::Table(table));
    paper.parts.push(Part::Table(told.findings_of(Rule::SupportEnded, ENDED)));
    paper
}

fn measures(told: &Told<'_>, exception: &Exception) -> String {
    let measures = joined(exception.measures.iter().map(|measure| told.say(word(*measure))));
    joined([&measures, &exception.note])
}

const fn word(measure: Measure) -> Word {
    match measure {
        Measure::Monitoring => Word::PaperMonitoring,
        Measure::Separation => Word::PaperSeparation,
        Measure::UsbRules => Word::PaperUsbRules,
        Measure::Other => Word::PaperOtherMeasure,
    }
}
