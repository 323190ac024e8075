//! Configuration, parsed twice: as written (`written`, the shape of the TOML) and as meant
//! ([`Declared`], every range checked). What a command line chooses of it is in [`scope`]. Nothing
//! downstream sees the file: the engine sees a [`crate::plan::Plan`].
//!
//! `config/agent.toml` is the manual: every key, its default, unit and range.

use std::fs;
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};
use serde::Deserialize;

use crate::plan::{DenyList, Network, Pace};
use crate::spool::{self, Spool};

use sighting::Ouis;

mod credentials;
mod meant;
/// What an order of a collector leaves of the configuration.
mod order;
/// What the configuration lets a collector add to it.
pub mod permission;
/// What live hosts are asked beside SNMP and DNS-SD.
pub mod questions;
/// Which networks a command line may choose, and what may be scanned at all.
pub mod scope;
/// Which makers' devices are only to be sighted.
pub mod sighting;
/// Which SNMP tables are read.
pub mod tables;
mod offset;
/// Secrets from files.
pub(crate) mod secret_file;
mod written;

/// The sample configuration with every key, which is the manual.
pub const SAMPLE: &str = include_str!("../../config/agent.toml");

/// TCP ports for liveness where a network names none: remote administration and pages, which
/// servers, PCs and appliances commonly answer or refuse.
pub const TCP_PORTS: [u16; 6] = [22, 80, 135, 443, 445, 3389];

/// How frames are sent and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// A packet socket of the system's own (Linux); elsewhere the same as `Pnet`.
    #[default]
    Native,
    /// The portable data-link library.
    Pnet,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// A configuration as meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Where it was read; `None` if no file was given.
    pub file: Option<PathBuf>,
    /// The agent's name, if one was given.
    pub agent: Option<String>,
    /// The state directory, if one was given.
    pub state: Option<PathBuf>,
    /// How frames are sent and read.
    pub backend: Backend,
    /// How the log is written.
    pub log_format: LogFormat,
    /// The file that stops a scan when it appears, if one was given.
    pub stop_file: Option<PathBuf>,
    /// The directory of further descriptions of SNMP tables, if one was given.
    pub snmp_tables: Option<PathBuf>,
    /// How far local time is ahead of UTC, in seconds.
    pub utc_offset: i32,
    /// Most octets of batches that are kept until they can be delivered.
    pub spool: u64,
    /// How fast.
    pub pace: Pace,
    /// What is never touched.
    pub deny: DenyList,
    /// What is only to be sighted beside the built-in list, and what of the list is not.
    pub sighting: Sighting,
    /// Files that hold secrets.
    pub secret_files: Vec<PathBuf>,
    /// What the collector may add.
    pub permission: permission::Permission,
    /// Declared networks; they do not overlap.
    pub networks: Vec<Declaration>,
}

/// Changes to the built-in list of [`sighting`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Added.
    pub add: Ouis,
    /// Removed.
    pub remove: Ouis,
}

/// A declared network, and whether it has a rate of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The network; its rate is that of [`Pace`] unless it has its own.
    pub network: Network,
    /// Whether the rate was written for this network, so that a faster command line does not lift
    /// it.
    pub own_rate: bool,
    /// Files that hold secrets of this network.
    pub secret_files: Vec<PathBuf>,
}

impl Default for Declared {
    /// No network, and the local time of Japan, which knows no summer time.
    fn default() -> Self {
        Self {
            file: None,
            agent: None,
            state: None,
            backend: Backend::default(),
            log_format: LogFormat::default(),
            stop_file: None,
            snmp_tables: None,
            utc_offset: 9 * 3600,
            spool: spool::MOST,
            pace: Pace::default(),
            deny: DenyList::default(),
            sighting: Sighting::default(),
            secret_files: Vec::new(),
            permission: permission::Permission::default(),
            networks: Vec::new(),
        }
    }
}

impl Declared {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`Exit::Config`] with the file, the line or key, and what to do.
    pub fn read(file: &Path) -> Result<Self, Complaint> {
        let octets = fs::read(file).map_err(|error| unreadable(file, &error.to_string()))?;
        let text =
            std::str::from_utf8(&octets).map_err(|_| unreadable(file, "the text is not UTF-8"))?;
        Self::parse(text, file)
    }

    /// The spool of this state directory, as large as it may be.
    pub fn spool(&self, state: &Path) -> Spool {
        Spool::of(state, self.spool)
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// [`Exit::Config`] with the file, the line or key, and what to do.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Complaint> {
        let written: written::File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            let why = error.message().replace('\n', " ");
            Complaint::new(
                Exit::Config,
                format!(
                    "設定ファイル {} の {line} 行目が読めません（{why}）。`daicho-agent config --print` の見本と見比べて直してください",
                    file.display()
                ),
                format!(
                    "line {line} of the configuration {} cannot be read ({why}); compare it with the sample of `daicho-agent config --print`",
                    file.display()
                ),
            )
        })?;
        meant::check(written, file)
    }
}

fn unreadable(file: &Path, why: &str) -> Complaint {
    Complaint::new(
        Exit::Config,
        format!(
            "設定ファイル {} が読めません（{why}）。パスと読み取り権限を確かめてください",
            file.display()
        ),
        format!(
            "the configuration {} cannot be read ({why}); check the path and the permission to read it",
            file.display()
        ),
    )
}

/// Number of the line, from 1, that holds the octet at `offset`.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
