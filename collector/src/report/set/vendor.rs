//! 5: 事業者別機器一覧, the enclosure to 事業者確認用: one a contract, prefilled as far as the hospital knows,
//! with columns for the direct contractor to fill in. What comes back is read by [`returned`].

use super::{Missing, Name, Told, joined};
use crate::register::disclosure::{Form, Standing};
use crate::register::sheet::{Line, sheet};
use crate::report::paper::{Paper, Part, Table};
use crate::report::table::entry_name;
use crate::words::{Word, phrase};

/// What a contractor filled in.
pub mod returned;

/// The columns that the contractor fills in.
pub(super) const ANSWERS: [Word; 6] = [
    Word::AnswerExists,
    Word::AnswerVersion,
    Word::AnswerRemote,
    Word::AnswerForm,
    Word::AnswerPatches,
    Word::AnswerNote,
];

pub(super) fn make(told: &Told<'_>, id: &str) -> Result<Paper, Missing> {
    let missing = || Missing::Contract(id.to_owned());
    let contract = told.register.contract(id).ok_or_else(missing)?;
    let sheet = sheet(told.register, contract, told.shown.ledger);
    let mut paper = told.paper(Name::Vendor);
    let party = sheet.party.map_or(contract.party.as_str(), |party| &party.name);
    let manager = sheet.safety_manager.map(|one| format!("{} {}", one.name, one.reach));
    paper.head(told.say(Word::RegisterDirectContractor), party);
    paper.head(told.say(Word::RegisterContract), &contract.name);
    paper.head(told.say(Word::PaperContractId), &contract.id);
    let behind: Vec<&str> = sheet.behind.iter().map(|party| party.name.as_str()).collect();
    paper.head(told.say(Word::RegisterBehind), &behind.join(told.say(Word::CommonListJoin)));
    paper.head(told.say(Word::RegisterSafetyManager), &manager.unwrap_or_default());
    paper.ask(told.say(Word::AnswerBy));
    paper.ask(told.say(Word::AnswerOn));
    let mut table = Table::new(
        "",
        told.all([
            Word::FieldAssetNumber,
            Word::FieldName,
            Word::FieldModel,
            Word::FieldSerial,
            Word::FieldLocation,
            Word::FieldIp,
            Word::FieldVersion,
            Word::FieldRemoteMaintenance,
            Word::FieldDisclosure,
            Word::FieldState,
        ]),
        told.say(Word::PaperNoDevices),
    )
    .answers(told.all(ANSWERS));
    for line in &sheet.lines {
        let entry = line.entry;
        table.push([
            entry.asset_number.as_str(),
            &entry_name(entry),
            &entry.model,
            &entry.serial,
            &entry.location,
            &joined(&entry.ips),
            &entry.version,
            told.yes(line.remotely_maintained),
            &forms(told, line),
            told.say(phrase::state(entry.state)),
        ]);
    }
    let rows = told.lang().fill(Word::CommonDevicesCount, &[&table.rows.len()]);
    paper.head(told.say(Word::CommonCount), &rows);
    paper.parts.push(Part::Table(table));
    paper.notes.push(told.say(Word::AnswerHow).to_owned());
    Ok(paper)
}

fn forms(told: &Told<'_>, line: &Line<'_>) -> String {
    let said = |(form, standing): &(Form, Standing)| {
        let form = match form {
            Form::Mds => "MDS",
            Form::Sds => "SDS",
        };
        format!("{form} {}", told.say(super::disclosures::word(*standing)))
    };
    joined(line.forms.iter().map(said))
}
