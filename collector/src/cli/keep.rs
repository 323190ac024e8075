//! `import`, `export` and `trust`: the commands that use the database.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use daicho_common::batch::Opened;
use daicho_common::complaint::Complaint;

use super::{
    Export, ExportFormat, ExportTo, GlpiFormat, Import, Places, Stop, Trust, What, to_file,
    to_stdout, who,
};
use crate::clock;
use crate::config::Config;
use crate::ingest::{self, Content};
use crate::ledger::Ledger;
use crate::people::log::Deed;
use crate::report::{self, Shown, table::Table};
use crate::store::{Appended, By, Imported, NewBook, Place, Store, Trusted};
use crate::words::{Lang, Word, phrase};

impl Places {
    pub(super) fn config(&self) -> Result<Config, Complaint> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(db) = &self.db {
            config.database = db.into();
        }
        Ok(config)
    }
}

fn opened(path: &Place) -> Result<Store, Complaint> {
    Store::open(path).map_err(|error| error.complaint(path))
}

pub(super) fn import(options: &Import) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let profiles = if config.database.exists() {
        let store = opened(&config.database)?;
        store.profiles().map_err(|error| error.complaint(&config.database))?
    } else {
        Vec::new()
    };
    // Every file is read and checked before anything is written, or a database even made.
    let files: Vec<(&PathBuf, Content)> = options
        .files
        .iter()
        .map(|path| Ok((path, ingest::read_file_as(path, &profiles)?)))
        .collect::<Result<_, Complaint>>()?;
    let store = opened(&config.database)?;
    for (path, content) in files {
        let name = path.display().to_string();
        let lines = match content {
            Content::Batches(batches) => {
                let lines = import_batches(&store, options.lang, &name, batches)?;
                let by = By::here(who(options.by.as_ref()), clock::now());
                store
                    .note(Deed::BatchesImported, ingest::book_name(path), by)
                    .map_err(|error| error.complaint(store.path()))?;
                lines
            }
            Content::Book { ledger, octets } => {
                let book = NewBook {
                    name: ingest::book_name(path),
                    octets,
                    ledger,
                    at: clock::now(),
                    by: who(options.by.as_ref()),
                };
                import_book(&store, options.lang, book)?
            }
        };
        to_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    }
    Ok(())
}

fn import_batches(
    store: &Store,
    lang: Lang,
    name: &str,
    batches: Vec<Opened>,
) -> Result<Vec<String>, Complaint> {
    let appended =
        store.append(batches, clock::now()).map_err(|error| error.complaint(store.path()))?;
    let known = appended.iter().filter(|one| **one == Appended::AlreadyKnown).count();
    let observations: usize = appended
        .iter()
        .map(|one| match one {
            Appended::New { observations } => *observations,
            Appended::AlreadyKnown => 0,
        })
        .sum();
    Ok(vec![lang.fill(Word::ImportBatches, &[&name, &observations, &appended.len(), &known])])
}

fn import_book(store: &Store, lang: Lang, book: NewBook) -> Result<Vec<String>, Complaint> {
    let name = book.name.clone();
    let (rows, sheets) = (book.ledger.entries.len(), book.ledger.sheets.len());
    let mut lines = defects(lang, &book.ledger);
    let imported = store.import(book).map_err(|error| error.complaint(store.path()))?;
    let first = match imported {
        Imported::New => lang.fill(Word::ImportBookNew, &[&name, &rows, &sheets]),
        Imported::Replaced => lang.fill(Word::ImportBookReplaced, &[&name, &rows, &sheets]),
        Imported::AlreadyKnown => lang.fill(Word::ImportBookKnown, &[&name]),
    };
    lines.insert(0, first);
    Ok(lines)
}

/// What could not be read: the counts, then each by sheet, row and reason.
fn defects(lang: Lang, ledger: &Ledger) -> Vec<String> {
    if ledger.defects.is_empty() {
        return Vec::new();
    }
    let rejected = ledger.defects.iter().filter(|defect| defect.rejected).count();
    let cells = ledger.defects.len() - rejected;
    let mut lines = vec![lang.fill(Word::ImportRejected, &[&rejected, &cells])];
    for defect in &ledger.defects {
        let treatment = if defect.rejected { Word::DefectRejected } else { Word::DefectKept };
        let colon = lang.say(Word::CommonColon);
        lines.push(format!(
            "    {} [{}] {} {:?}{colon}{}",
            report::one_line(&phrase::place(lang, &defect.place)),
            lang.say(treatment),
            report::one_line(&defect.column),
            report::one_line(&defect.value),
            phrase::reason(lang, &defect.reason),
        ));
    }
    lines
}

pub(super) fn trust(options: &Trust) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let store = opened(&config.database)?;
    let by = (who(options.by.as_ref()), clock::now());
    let trusted = store
        .trust(options.agent.clone(), options.key, by)
        .map_err(|error| error.complaint(store.path()))?;
    let word = match trusted {
        Trusted::Pinned => Word::ImportTrusted,
        Trusted::AlreadyPinned => Word::ImportTrustedAlready,
    };
    let line = options.lang.fill(word, &[&options.agent, &options.key.fingerprint()]);
    to_stdout(|out| writeln!(out, "{line}"))
}

pub(super) fn stop(options: &Stop) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let by = (who(options.by.as_ref()), clock::now());
    let known = store.stop(options.agent.clone(), by).map_err(|error| error.complaint(path))?;
    let word = if known { Word::StopSaid } else { Word::StopSaidToUnknown };
    let line = options.lang.fill(word, &[&options.agent]);
    to_stdout(|out| writeln!(out, "{line}"))
}

/// Keeps in the audit log that something is about to be written out.
pub(super) fn note_export(store: &Store, about: String) -> Result<(), Complaint> {
    let by = By::here(who(None), clock::now());
    store.note(Deed::Exported, about, by).map_err(|error| error.complaint(store.path()))
}

pub(super) fn export(options: &Export) -> Result<(), Complaint> {
    match &options.to {
        None => {
            let what = options.what.to_possible_value();
            let what = what.as_ref().map(PossibleValue::get_name).unwrap_or_default();
            let from = From { places: &options.places, lang: options.lang };
            from.show(&format!("export --what {what}"), options.output.as_deref(), |out, shown| {
                write(out, options, shown)
            })
        }
        Some(ExportTo::Netbox(line)) => {
            let from = From { places: &line.into.places, lang: line.into.lang };
            from.show("export netbox", line.into.output.as_deref(), |out, shown| {
                report::takeout::netbox(out, shown, &line.site)
            })
        }
        Some(ExportTo::Glpi(line)) => {
            let from = From { places: &line.into.places, lang: line.into.lang };
            from.show("export glpi", line.into.output.as_deref(), |out, shown| match line.format {
                GlpiFormat::Zip => report::takeout::glpi(out, shown),
                GlpiFormat::Jsonl => report::takeout::glpi_lines(out, shown),
            })
        }
    }
}

/// From where something is written out, and in which language.
struct From<'a> {
    places: &'a Places,
    lang: Lang,
}

impl From<'_> {
    /// Writes what is known, which the audit log keeps under this name, to a file or to stdout.
    fn show(
        &self,
        name: &str,
        output: Option<&Path>,
        write: impl FnOnce(&mut dyn Write, &Shown<'_>) -> io::Result<()>,
    ) -> Result<(), Complaint> {
        let config = self.places.config()?;
        let path = &config.database;
        let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
        let ground = store.ground().map_err(|error| error.complaint(path))?;
        let effective = super::with_settings(&config, &store)?;
        let picture = ingest::criteria(&effective)?.picture(&ground.basis(clock::now()));
        let shown = Shown {
            picture: &picture,
            ledger: &ground.ledger,
            coverage: &ground.coverage,
            observations: (&ground.observations).into(),
            lang: self.lang,
            zone: &config.zone,
        };
        note_export(&store, name.to_owned())?;
        match output {
            Some(path) => to_file(path, |out| write(out, &shown)),
            None => to_stdout(|out| write(out, &shown)),
        }
    }
}

fn write(mut out: &mut dyn Write, options: &Export, shown: &Shown<'_>) -> io::Result<()> {
    match options.format {
        ExportFormat::Csv => report::csv::write(&mut out, &tables(options.what, shown)),
        ExportFormat::Xlsx => report::xlsx::write(&mut out, &tables(options.what, shown)),
        ExportFormat::Json => write_json(&mut out, options.what, shown),
        ExportFormat::Jsonl => write_lines(&mut out, options.what, shown),
    }
}

fn tables(what: What, shown: &Shown<'_>) -> Vec<Table> {
    match what {
        What::Devices => vec![report::table::devices(shown)],
        What::Ledger => report::table::ledger(shown),
        What::Matches => vec![report::table::matches(shown)],
        What::Findings => vec![report::table::findings(shown)],
        What::Observations => vec![report::table::observations(shown)],
    }
}

fn write_json(out: &mut impl Write, what: What, shown: &Shown<'_>) -> io::Result<()> {
    match what {
        What::Devices => report::json::write(out, &shown.picture.devices),
        What::Ledger => report::json::write(out, shown.ledger),
        What::Matches => report::json::write(out, &shown.picture.matches),
        What::Findings => report::json::write(out, &shown.picture.findings),
        What::Observations => {
            let named: Vec<_> = shown.observations.iter().map(report::json::Named::from).collect();
            report::json::write(out, &named)
        }
    }
}

fn write_lines(out: &mut impl Write, what: What, shown: &Shown<'_>) -> io::Result<()> {
    match what {
        What::Devices => report::json::write_lines(out, &shown.picture.devices),
        What::Ledger => report::json::write_lines(out, &shown.ledger.entries),
        What::Matches => report::json::write_lines(out, &shown.picture.matches),
        What::Findings => report::json::write_lines(out, &shown.picture.findings),
        What::Observations => {
            let named = shown.observations.iter().map(report::json::Named::from);
            report::json::write_lines(out, named)
        }
    }
}
