//! `register answers`: a list that a contractor filled in, previewed and taken over.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::super::{to_stdout, who};
use super::{Check, existing, kept};
use crate::clock;
use crate::day::Day;
use crate::ingest::{self, Content};
use crate::register::Register;
use crate::report::one_line;
use crate::report::set::vendor::returned::{Returned, Unusable, read};
use crate::store::{By, Store};
use crate::words::{Lang, Word};

#[derive(Debug, Args)]
pub(super) struct Answers {
    /// 事業者から戻ったファイル / The file that came back
    file: PathBuf,
    /// 取り込みます（省略時は違いの表示だけ） / Takes it over [default: only shows what differs]
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    author: super::Author,
    #[command(flatten)]
    shown: Check,
}

pub(super) fn run(options: &Answers) -> Result<(), Complaint> {
    let store = existing(&options.shown.places)?;
    let trouble = |error: crate::store::StoreError| error.complaint(store.path());
    let register = kept(&store)?;
    let now = store.ledger().map_err(trouble)?;
    let Content::Book { ledger, .. } = ingest::read_file_as(&options.file, &[])? else {
        return Err(unusable(options, &Unusable::NoColumns));
    };
    let today = Day::of(clock::now()).to_string().parse().ok();
    let today = today.ok_or_else(|| unusable(options, &Unusable::NoColumns))?;
    let returned = read(&ledger, (&register, &now), today);
    let returned = returned.map_err(|wrong| unusable(options, &wrong))?;
    let mut lines = preview(options.shown.lang, &returned);
    let lang = options.shown.lang;
    if options.apply {
        let (edits, records) = apply(&store, options, returned)?;
        lines.push(lang.fill(Word::AnswerApplied, &[&edits, &records]));
    } else {
        lines.push(lang.say(Word::AnswerPreview).to_owned());
    }
    to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

fn preview(lang: Lang, returned: &Returned) -> Vec<String> {
    let (answers, unknown) = (returned.answers.len(), returned.unknown.len());
    let mut lines =
        vec![lang.fill(Word::AnswerCounts, &[&one_line(&returned.by), &answers, &unknown])];
    for one in &returned.answers {
        let kept = if one.changes { "" } else { lang.say(Word::AnswerKeptOnly) };
        let (number, name) = (one_line(&one.asset_number), one_line(&one.name));
        let (before, after) = (one_line(&one.before), one_line(&one.after));
        let with: [&dyn std::fmt::Display; 6] =
            [&number, &name, &lang.say(one.question), &before, &after, &kept];
        lines.push(lang.fill(Word::AnswerLine, &with));
    }
    let unknown = returned.unknown.iter();
    lines.extend(unknown.map(|number| lang.fill(Word::AnswerUnknownRow, &[&one_line(number)])));
    lines
}

/// Takes the answers over; who answered stands in the reason of every change.
fn apply(
    store: &Store,
    options: &Answers,
    returned: Returned,
) -> Result<(usize, usize), Complaint> {
    let trouble = |error: crate::store::StoreError| error.complaint(store.path());
    let by = By::here(who(options.author.by.as_ref()), clock::now());
    let why = format!("{} {}", returned.by, options.author.why).trim_end().to_owned();
    let register: Register = returned.records.into_iter().collect();
    let taken = store.take_over(returned.wishes, register, (by, why));
    let (edits, touched) = taken.map_err(trouble)?;
    Ok((edits, touched.new + touched.replaced))
}

fn unusable(options: &Answers, wrong: &Unusable) -> Complaint {
    let file = options.file.display();
    let (ja, en) = match wrong {
        Unusable::NoContract(id) => (
            format!(
                "{file} の契約の識別子「{id}」は記録されていません。report vendor で作ったファイルか確かめてください"
            ),
            format!(
                "no contract {id:?} is kept, which {file} names: check that it was made by `report vendor`"
            ),
        ),
        Unusable::NoColumns => (
            format!(
                "{file} に回答の列がありません。report vendor で作った形のまま返してもらってください"
            ),
            format!("{file} has no columns of answers: ask for it as `report vendor` made it"),
        ),
        Unusable::Nobody => (
            format!("{file} に回答者がありません。会社名と氏名を入れてもらってください"),
            format!("{file} does not say who answered: ask for company and name"),
        ),
    };
    Complaint::new(Exit::Input, ja, en)
}
