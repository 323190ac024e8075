//! Where sealed batches go: to a file, to a collector, or to both. It blocks, so it runs on a
//! thread of its own.

use std::path::{Path, PathBuf};
use std::{fs, io};

use daicho_common::batch::Batch;
use daicho_common::complaint::{Complaint, Exit};
use ring::signature::Ed25519KeyPair;

use crate::spool::Spool;

/// A collector over HTTP.
pub mod collector;
/// Whether files can be made in a folder.
pub(crate) mod folder;
/// A file that is whole or not there.
pub mod output;

pub use collector::Collector;
pub use output::Output;

/// The destinations of one scan.
pub struct Export {
    key: Ed25519KeyPair,
    output: Option<Output>,
    collector: Option<Collector>,
    spool: Spool,
    /// Why the collector got nothing more, and how many batches are kept for it.
    undelivered: Option<(Complaint, u32)>,
    /// Whether a collector that failed is tried again.
    persistent: bool,
}

impl Export {
    /// Batches are signed with `key`; what `collector` does not take is kept in the spool of
    /// `state`.
    pub fn new(
        key: Ed25519KeyPair,
        output: Option<Output>,
        collector: Option<Collector>,
        state: &Path,
    ) -> Self {
        Self {
            key,
            output,
            collector,
            spool: Spool::of(state),
            undelivered: None,
            persistent: false,
        }
    }

    /// The same for a session without an end: a collector that failed is tried again by
    /// [`Export::retry`] and at the end, and gets what was kept for it, oldest first.
    #[must_use]
    pub fn persistent(self) -> Self {
        Self { persistent: true, ..self }
    }

    /// Whether what a collector does not take can be kept without privileges: better known before
    /// the first packet than after the last.
    ///
    /// # Errors
    /// [`Exit::Privilege`] if not.
    pub fn check(&self) -> Result<(), Complaint> {
        if self.collector.is_some() { folder::check(self.spool.directory()) } else { Ok(()) }
    }

    /// Seals a batch and brings it where it belongs.
    ///
    /// # Errors
    /// If it can be neither written nor delivered nor kept.
    pub fn take(&mut self, batch: &Batch) -> Result<(), Complaint> {
        let sealed = batch.seal(&self.key).map_err(|damage| {
            Complaint::new(
                Exit::Other,
                format!(
                    "観測データをまとめられません（{damage}）。ネットワークを分けて走査してください"
                ),
                format!(
                    "the observations cannot be packed ({damage}); scan fewer networks at once"
                ),
            )
        })?;
        if let Some(output) = &mut self.output {
            output.write(&sealed)?;
        }
        let Some(collector) = &self.collector else { return Ok(()) };
        // Kept before it is delivered, so that nothing is lost however this process ends.
        let kept = self.spool.keep(&batch.header, &sealed);
        // Once it failed, the rest is not tried either: the batches stay together.
        if self.undelivered.is_none() {
            match collector.deliver(&sealed) {
                Ok(_) => {
                    // A copy that stays behind is delivered again, and is already known then.
                    let _ = kept.map(fs::remove_file);
                    return Ok(());
                }
                Err(complaint) => self.undelivered = Some((complaint, 0)),
            }
        }
        let Some((why, count)) = &mut self.undelivered else { return Ok(()) };
        *count += 1;
        kept.map(drop).map_err(|error| lost(self.spool.directory(), &error, why))
    }

    /// Tries again to deliver what is kept, if the session is persistent and the collector failed.
    /// To be called now and then: that no batch comes is no reason to keep the earlier ones.
    ///
    /// # Errors
    /// If what is kept cannot be read.
    pub fn retry(&mut self) -> Result<(), Complaint> {
        if self.persistent && self.undelivered.is_some() { self.catch_up() } else { Ok(()) }
    }

    /// Delivers what is kept, oldest first, as far as the collector takes it.
    fn catch_up(&mut self) -> Result<(), Complaint> {
        let Some(collector) = &self.collector else { return Ok(()) };
        let place = self.spool.directory();
        let unreadable = |error: io::Error| kept_unreadable(place, &error);
        let files = self.spool.files().map_err(unreadable)?;
        for (left, file) in (1..=u32::try_from(files.len()).unwrap_or(u32::MAX)).rev().zip(files) {
            let sealed = fs::read(&file).map_err(unreadable)?;
            if let Err(why) = collector.deliver(&sealed) {
                self.undelivered = Some((why, left));
                return Ok(());
            }
            fs::remove_file(&file).map_err(unreadable)?;
        }
        self.undelivered = None;
        Ok(())
    }

    /// Gives the file its name. Returns it, if there is one.
    ///
    /// # Errors
    /// If the file cannot be finished, or batches are kept for want of the collector: the complaint
    /// says where they are and how to send them.
    pub fn finish(mut self) -> Result<Option<PathBuf>, Complaint> {
        self.retry()?;
        let written = self.output.map(Output::finish).transpose()?;
        let (Some(collector), Some((why, kept))) = (&self.collector, self.undelivered) else {
            return Ok(written);
        };
        let place = self.spool.directory().display();
        let url = collector.url();
        Err(Complaint::new(
            why.exit,
            format!(
                "{}。結果（{kept} 個）は {place} に保存しました。あとで `daicho-agent send --to {url}` で送ってください",
                why.ja
            ),
            format!(
                "{}; the result ({kept} batches) is kept in {place}: send it later by `daicho-agent send --to {url}`",
                why.en
            ),
        ))
    }
}

fn kept_unreadable(place: &Path, error: &io::Error) -> Complaint {
    let place = place.display();
    Complaint::new(
        Exit::Other,
        format!(
            "未送信データ {place} が読めません（{error}）。ディレクトリの権限を確かめてください"
        ),
        format!("what is kept in {place} cannot be read ({error}); check its permission"),
    )
}

fn lost(place: &Path, error: &io::Error, why: &Complaint) -> Complaint {
    let place = place.display();
    Complaint::new(
        why.exit,
        format!(
            "{}。{place} にも保存できませんでした（{error}）。空きを作って走査し直してください",
            why.ja
        ),
        format!("{}; nor could it be kept in {place} ({error}): make room and scan again", why.en),
    )
}
