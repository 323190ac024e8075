//! `compare` and `devices`: from files to stdout, with no server and no database.

use std::collections::BTreeMap;
use std::path::PathBuf;

use daicho_common::batch::{AgentKey, Opened};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::coverage::Coverage;
use daicho_common::observation::Observation;

use super::{Compare, CompareFormat, Devices, to_stdout};
use crate::config::Config;
use crate::ingest;
use crate::ledger::Ledger;
use crate::picture::Basis;
use crate::report::{self, Shown};

/// What files hold, taken together.
#[derive(Default)]
struct Taken {
    digests: Vec<[u8; 32]>,
    keys: BTreeMap<String, AgentKey>,
    observations: Vec<Observation>,
    coverage: Vec<Coverage>,
}

impl Taken {
    fn read(files: &[PathBuf]) -> Result<Self, Complaint> {
        let mut taken = Self::default();
        for path in files {
            for opened in ingest::read_batches(path)? {
                taken.add(opened)?;
            }
        }
        Ok(taken)
    }

    /// The rules of the store, without one: a batch counts once, and an agent has one key.
    fn add(&mut self, opened: Opened) -> Result<(), Complaint> {
        if self.digests.contains(&opened.digest) {
            return Ok(());
        }
        self.digests.push(opened.digest);
        let agent = &opened.batch.header.agent;
        let pinned = *self.keys.entry(agent.clone()).or_insert(opened.key);
        if pinned != opened.key {
            return Err(two_keys(agent, pinned, opened.key));
        }
        self.observations.extend(opened.batch.observations);
        self.coverage.extend(opened.batch.coverage);
        Ok(())
    }
}

pub(super) fn compare(options: &Compare) -> Result<(), Complaint> {
    let config = Config::load(options.config.as_deref())?;
    let criteria = ingest::criteria(&config)?;
    let ledger = books(&options.ledger)?;
    let taken = Taken::read(&options.files)?;
    let basis = Basis::seen(&taken.observations, &taken.coverage, &ledger);
    let picture = criteria.picture(&basis);
    let shown = Shown {
        picture: &picture,
        ledger: &ledger,
        coverage: &taken.coverage,
        observations: (&taken.observations).into(),
        lang: options.lang,
        zone: &config.zone,
    };
    to_stdout(|out| match options.format {
        CompareFormat::Text => report::text::write(out, &shown),
        CompareFormat::Json => report::json::write(out, &picture),
        CompareFormat::Csv => report::csv::write(out, &[report::table::matches(&shown)]),
    })
}

fn books(paths: &[PathBuf]) -> Result<Ledger, Complaint> {
    let mut books = Ledger::default();
    for path in paths {
        books.append(ingest::read_book(path)?);
    }
    crate::ledger::join::join(&mut books);
    Ok(books)
}

pub(super) fn devices(options: &Devices) -> Result<(), Complaint> {
    let config = Config::load(options.config.as_deref())?;
    let criteria = ingest::criteria(&config)?;
    let taken = Taken::read(&options.files)?;
    let ledger = Ledger::default();
    let basis = Basis::seen(&taken.observations, &taken.coverage, &ledger);
    let picture = criteria.picture(&basis);
    let shown = Shown {
        picture: &picture,
        ledger: &ledger,
        coverage: &taken.coverage,
        observations: (&taken.observations).into(),
        lang: options.lang,
        zone: &config.zone,
    };
    to_stdout(|out| {
        if options.jsonl {
            let briefs = picture.devices.iter().flat_map(report::json::Brief::all);
            return report::json::write_lines(out, briefs);
        }
        report::text::columns(out, &report::table::devices(&shown))
    })
}

fn two_keys(agent: &str, first: AgentKey, second: AgentKey) -> Complaint {
    let (first, second) = (first.fingerprint(), second.fingerprint());
    Complaint::new(
        Exit::Integrity,
        format!(
            "エージェント {agent} の調査結果が、異なる鍵 {first} と {second} で署名されています。どちらが正しいか確かめ、正しいファイルだけを指定してください"
        ),
        format!(
            "the files of agent {agent} are signed with different keys, {first} and {second}: find out which is right and give only its files"
        ),
    )
}
