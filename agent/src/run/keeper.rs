//! Keeps how far a scan has got, so that `scan --resume` can go on there, however it ended.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};
use ring::digest::{SHA256, digest};

use crate::engine::checkpoint::Checkpoint;
use crate::export::folder;
use crate::plan::Plan;

/// The file of one scan.
#[derive(Clone, Debug)]
pub struct Keeper {
    path: PathBuf,
}

impl Keeper {
    /// The file that the user named.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The file in the state directory for scans of these networks by this agent.
    pub fn of(plan: &Plan, state: &Path) -> Self {
        let networks: Vec<_> = plan.networks.iter().map(|it| it.cidr.to_string()).collect();
        let digest = digest(&SHA256, format!("{}\n{}", plan.agent, networks.join("\n")).as_bytes());
        let octets = digest.as_ref().iter().take(8);
        let name = octets.fold(0_u64, |name, octet| name << 8 | u64::from(*octet));
        Self { path: state.join(format!("scan-{name:016x}.resume")) }
    }

    /// Whether it can be written without privileges.
    ///
    /// # Errors
    /// [`Exit::Privilege`] if not.
    pub(super) fn check(&self) -> Result<(), Complaint> {
        folder::check(&self.path)
    }

    /// How far the interrupted scan had got.
    ///
    /// # Errors
    /// [`Exit::Input`] if there is no such file, or it is damaged.
    pub fn read(&self) -> Result<Checkpoint, Complaint> {
        let why = match fs::read(&self.path) {
            Ok(octets) => match serde_json::from_slice(&octets) {
                Ok(checkpoint) => return Ok(checkpoint),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        let path = self.path.display();
        Err(Complaint::new(
            Exit::Input,
            format!(
                "中断した走査の記録 {path} が読めません（{why}）。--resume を付けずに走査してください"
            ),
            format!(
                "the record {path} of an interrupted scan cannot be read ({why}); scan without --resume"
            ),
        ))
    }

    /// Writes it, whole or not at all. A scan goes on without, and says so in the log.
    pub(super) fn keep(&self, checkpoint: &Checkpoint) {
        if let Err(error) = self.write(checkpoint) {
            tracing::warn!(file = %self.path.display(), %error, "an interruption could not be resumed");
        }
    }

    fn write(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let part = self.path.with_extension("resume-part");
        let mut file = File::create(&part)?;
        file.write_all(&serde_json::to_vec(checkpoint)?)?;
        file.sync_all()?;
        fs::rename(part, &self.path)
    }

    /// The scan is complete: there is nothing to go on with.
    pub(super) fn clear(&self) {
        let _ = fs::remove_file(&self.path);
    }
}
