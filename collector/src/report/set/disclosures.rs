//! 6: MDS/SDS 管理表. Every slot with whether it holds; a form expires by event and never by age.
//! Models under contract for which there is no slot stand below.

use std::collections::BTreeMap;

use super::{Name, Told, joined};
use crate::ledger::{Entry, Place};
use crate::register::contract::{Asked, asked};
use crate::register::disclosure::{Form, Seen, Standing};
use crate::report::paper::{Paper, Part, Table};
use crate::words::Word;

pub(super) fn make<'a>(told: &Told<'a>) -> Paper {
    let mut paper = told.paper(Name::Disclosures);
    let mut table = Table::new(
        "",
        told.all([
            Word::PaperForm,
            Word::PaperProduct,
            Word::FieldVersion,
            Word::PaperVersionNow,
            Word::PaperGiver,
            Word::RegisterContract,
            Word::PaperForDevices,
            Word::PaperReceived,
            Word::FindingsState,
        ]),
        told.say(Word::PaperNoForms),
    );
    let mut missing = 0;
    let seen = seen(told);
    let version = |entry: &'a Entry| seen.get(&entry.place).copied().unwrap_or(&entry.version);
    for form in &told.register.disclosure {
        let rows: Vec<_> =
            told.shown.ledger.entries.iter().filter(|entry| form.is_for(entry)).collect();
        let versions: std::collections::BTreeSet<&str> =
            rows.iter().map(|entry| version(entry)).collect();
        let standings = rows.iter().map(|entry| {
            form.standing(told.register, Seen { model: &entry.model, version: version(entry) })
        });
        let bare = form.standing(told.register, Seen::default());
        let standing = standings.filter(|one| *one != Standing::Holds).min_by_key(|one| *one as u8);
        let standing = standing.unwrap_or(bare);
        missing += usize::from(standing != Standing::Holds);
        let kind = match form.form {
            Form::Mds => "MDS",
            Form::Sds => "SDS",
        };
        let devices = if form.asset_numbers.is_empty() {
            told.lang().fill(Word::PaperAllOfModel, &[&rows.len()])
        } else {
            joined(&form.asset_numbers)
        };
        let received = form.received_on.map(|day| day.to_string()).unwrap_or_default();
        table.push([
            kind,
            &form.product,
            &form.version,
            &joined(versions),
            told.party(&form.party),
            told.contract(&form.contract),
            &devices,
            &received,
            told.say(word(standing)),
        ]);
    }
    let counts = told.lang().fill(Word::PaperFormCount, &[&table.rows.len(), &missing]);
    paper.head(told.say(Word::CommonCount), &counts);
    paper.parts.push(Part::Table(table));
    paper.parts.push(Part::Table(without(told)));
    paper
}

/// The versions that were seen last, by row.
fn seen<'a>(told: &Told<'a>) -> BTreeMap<&'a Place, &'a str> {
    let devices = told.devices();
    let of = |found: &'a crate::reconcile::Match| {
        let device = found.device.as_ref().and_then(|id| devices.get(id))?;
        Some((found.entry.as_ref()?, device.version.as_ref()?.value.as_str()))
    };
    told.shown.picture.matches.iter().filter_map(of).collect()
}

pub(super) const fn word(standing: Standing) -> Word {
    match standing {
        Standing::Holds => Word::PaperHolds,
        Standing::Missing => Word::PaperNotReceived,
        Standing::ContractRenewed => Word::PaperContractRenewed,
        Standing::ModelChanged => Word::PaperModelChanged,
        Standing::VersionChanged => Word::PaperVersionChanged,
    }
}

/// Models under a contract without any slot.
fn without(told: &Told<'_>) -> Table {
    let words = [Word::RegisterContract, Word::PaperParty, Word::FieldModel, Word::CommonCount];
    let mut table =
        Table::new(told.say(Word::PaperWithoutForm), told.all(words), told.say(Word::PaperNothing));
    let mut models: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for entry in &told.shown.ledger.entries {
        let has = told.register.disclosure.iter().any(|form| form.is_for(entry));
        if let (Asked::One(contract, party), false) = (asked(told.register, entry), has) {
            *models.entry((&contract.name, &party.name, &entry.model)).or_default() += 1;
        }
    }
    for ((contract, party, model), count) in models {
        table.push([contract, party, model, &count.to_string()]);
    }
    table
}
