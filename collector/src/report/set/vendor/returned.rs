//! What a contractor filled in, held against what is known: which records and cells it would change. Nothing
//! is taken over by itself: a person looks at the preview first, and who answered is kept.

use crate::ledger::date::{PartialDate, dates};
use crate::ledger::edit::{Named, Wish};
use crate::ledger::{Entry, Field, Ledger};
use crate::register::contract::Step;
use crate::register::disclosure::Form;
use crate::register::{Contract, Disclosure, Escalation, Record, Register, Remote};
use crate::words::{Lang, Word};

/// Why a workbook is no answer to one of our lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// No head line names a contract, or there is no such contract: its name, if one stands there.
    NoContract(String),
    /// The columns for answers are missing.
    NoColumns,
    /// Nobody is named who answered.
    Nobody,
}

/// An answer that says something else than what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 管理番号.
    pub asset_number: String,
    /// What the row calls the thing.
    pub name: String,
    /// The question.
    pub question: Word,
    /// What was known; empty if nothing.
    pub before: String,
    /// What was answered.
    pub after: String,
    /// Whether taking it over changes a record or a cell; else it is kept as the contractor's word.
    pub changes: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The contract.
    pub contract: String,
    /// Who answered.
    pub by: String,
    /// Answers that differ.
    pub answers: Vec<Answer>,
    /// Rows of the answer that stand in no row of the ledger: their 管理番号.
    pub unknown: Vec<String>,
    /// Records to keep when it is taken over.
    pub records: Vec<Record>,
    /// Changes of the ledger to make then.
    pub wishes: Vec<Wish>,
}

/// Reads what was returned. `answer` is the workbook as a ledger, `now` the ledger as it is.
///
/// # Errors
/// [`Unusable`].
pub fn read(
    answer: &Ledger,
    (register, now): (&Register, &Ledger),
    today: PartialDate,
) -> Result<Returned, Unusable> {
    let id = head(answer, Word::PaperContractId);
    let contract = register.contract(&id).ok_or(Unusable::NoContract(id))?;
    let by = head(answer, Word::AnswerBy);
    if by.is_empty() {
        return Err(Unusable::Nobody);
    }
    let columns = columns(answer).ok_or(Unusable::NoColumns)?;
    let on = dates(&head(answer, Word::AnswerOn)).first().copied().unwrap_or(today);
    // Everything that was said, so that the record is whole when the same list comes a second time.
    let mut all = Vec::new();
    let mut returned = Returned {
        contract: contract.id.clone(),
        by: by.clone(),
        answers: Vec::new(),
        unknown: Vec::new(),
        records: Vec::new(),
        wishes: Vec::new(),
    };
    for row in &answer.entries {
        let number = &row.asset_number;
        let entry =
            now.entries.iter().find(|entry| !number.is_empty() && entry.asset_number == *number);
        let Some(entry) = entry else {
            // The notes below the table fill one cell alone.
            if row.cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1 {
                returned.unknown.push(number.clone());
            }
            continue;
        };
        let said = columns.map(|column| row.cells.get(column).map_or("", |cell| cell.trim()));
        let given = super::ANSWERS.iter().zip(said).filter(|(_, said)| !said.is_empty());
        all.extend(given.map(|(question, said)| {
            format!("{} {}: {said}", entry.asset_number, Lang::Ja.say(*question))
        }));
        // A version is written where the hospital has a column for it; else it stays the contractor's word.
        let sheet = now.sheets.get(entry.sheet);
        let has_version = sheet.is_some_and(|sheet| {
            sheet.columns.iter().any(|column| column.field == Some(Field::Version))
        });
        returned.row((register, contract), (entry, has_version), said);
    }
    let answer = all.join("\n");
    let step = Step {
        party: contract.party.clone(),
        asked_on: on,
        answered_on: Some(on),
        answer: format!("{by}\n{answer}"),
    };
    returned.records.push(Record::Escalation(Escalation {
        id: format!("answer-{}-{on}", contract.id),
        contract: contract.id.clone(),
        question: Lang::Ja.say(Word::PaperVendor).to_owned(),
        steps: vec![step],
    }));
    Ok(returned)
}

/// The text of a head line, by its label in either language.
fn head(answer: &Ledger, label: Word) -> String {
    let labels = [Lang::Ja, Lang::En].map(|lang| lang.say(label));
    let rows = answer.sheets.iter().flat_map(|sheet| &sheet.title_rows);
    let found = rows.filter(|row| row.first().is_some_and(|first| labels.contains(&first.trim())));
    found.filter_map(|row| row.get(1)).map(|text| text.trim().to_owned()).next().unwrap_or_default()
}

/// Where the answers stand.
fn columns(answer: &Ledger) -> Option<[usize; 6]> {
    let sheet = answer.sheets.iter().find(|sheet| !sheet.columns.is_empty())?;
    let mut found = [0; 6];
    for (place, word) in found.iter_mut().zip(super::ANSWERS) {
        let headings = [Lang::Ja, Lang::En].map(|lang| lang.say(word));
        let at = |column: &crate::ledger::Column| headings.contains(&column.heading.trim());
        *place = sheet.columns.iter().position(at)?;
    }
    Some(found)
}

/// Yes or no as people write it.
fn yes(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "有" | "あり" | "○" | "はい" | "可" | "yes" | "y" => Some(true),
        "無" | "なし" | "×" | "いいえ" | "否" | "不可" | "no" | "n" => Some(false),
        _ => None,
    }
}

impl Returned {
    fn row(
        &mut self,
        (register, contract): (&Register, &Contract),
        (entry, has_version): (&Entry, bool),
        [exists, version, remote, form, patches, note]: [&str; 6],
    ) {
        let kept = |question: Word, after: &str| answer_of(entry, question, ("", after), false);
        for (question, after) in
            [(Word::AnswerExists, exists), (Word::AnswerPatches, patches), (Word::AnswerNote, note)]
        {
            if !after.is_empty() {
                self.answers.push(kept(question, after));
            }
        }
        if !version.is_empty() && version != entry.version {
            let said = (entry.version.as_str(), version);
            self.answers.push(answer_of(entry, Word::AnswerVersion, said, has_version));
            self.wishes.extend(has_version.then(|| Wish::Set {
                place: entry.place.clone(),
                column: Named::Field(Field::Version),
                value: version.to_owned(),
            }));
        }
        self.remote((register, contract), entry, remote);
        self.form((register, contract), entry, form);
    }

    fn remote(&mut self, (register, contract): (&Register, &Contract), entry: &Entry, said: &str) {
        if said.is_empty() {
            return;
        }
        let known = register.remote.iter().find(|remote| remote.asset_number == entry.asset_number);
        let before = known.map(|remote| remote.done).or(entry.remote_maintenance);
        let shown = before
            .map_or("", |done| Lang::Ja.say(if done { Word::CommonYes } else { Word::CommonNo }));
        match yes(said) {
            Some(done) if before != Some(done) || known.is_none() => {
                self.answers.push(answer_of(entry, Word::AnswerRemote, (shown, said), true));
                let fresh = || Remote {
                    id: format!("answer-{}-{}", contract.id, entry.asset_number),
                    asset_number: entry.asset_number.clone(),
                    done,
                    way: None,
                    through: String::new(),
                    party: contract.party.clone(),
                    contract: if contract.remote_maintenance {
                        contract.id.clone()
                    } else {
                        String::new()
                    },
                    source_restricted: None,
                    evidence: String::new(),
                };
                let mut record = known.cloned().unwrap_or_else(fresh);
                record.done = done;
                record.evidence.clone_from(&self.by);
                self.records.push(Record::Remote(record));
            }
            Some(_) => {}
            None => self.answers.push(answer_of(entry, Word::AnswerRemote, (shown, said), false)),
        }
    }

    fn form(&mut self, (register, contract): (&Register, &Contract), entry: &Entry, said: &str) {
        if said.is_empty() {
            return;
        }
        let known = register.disclosure.iter().find(|form| form.is_for(entry));
        let before = known.and_then(|form| form.received_on);
        let shown = before.map(|day| day.to_string()).unwrap_or_default();
        let Some(day) = dates(said).first().copied() else {
            self.answers.push(answer_of(entry, Word::AnswerForm, (&shown, said), false));
            return;
        };
        if before == Some(day) {
            return;
        }
        self.answers.push(answer_of(entry, Word::AnswerForm, (&shown, said), true));
        let fresh = || Disclosure {
            id: format!("answer-{}-{}", contract.id, entry.asset_number),
            form: if said.to_lowercase().contains("sds") { Form::Sds } else { Form::Mds },
            party: contract.party.clone(),
            product: entry.model.clone(),
            version: entry.version.clone(),
            asset_numbers: vec![entry.asset_number.clone()],
            contract: contract.id.clone(),
            received_on: None,
        };
        let mut record = known.cloned().unwrap_or_else(fresh);
        record.received_on = Some(day);
        self.records.push(Record::Disclosure(record));
    }
}

fn answer_of(
    entry: &Entry,
    question: Word,
    (before, after): (&str, &str),
    changes: bool,
) -> Answer {
    Answer {
        asset_number: entry.asset_number.clone(),
        name: crate::report::table::entry_name(entry),
        question,
        before: before.to_owned(),
        after: after.to_owned(),
        changes,
    }
}
