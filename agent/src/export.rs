//! Where sealed batches go: to a file, to a collector, or to both. It blocks, so it runs on a
//! thread of its own.

use std::path::{Path, PathBuf};
use std::{fs, io};

use daicho_common::batch::{self, Batch, Damage, Mark};
use daicho_common::complaint::{Complaint, Exit};
use ring::signature::Ed25519KeyPair;

use crate::count::{Count, Turn};
use crate::spool::{Kept, Spool};

/// A collector over HTTP.
pub mod collector;
/// Whether files can be made in a folder.
pub(crate) mod folder;
/// A file that is whole or not there.
pub mod output;

pub use collector::{Collector, Receipt};
pub use output::Output;

/// The destinations of one scan.
pub struct Export {
    key: Ed25519KeyPair,
    output: Option<Output>,
    collector: Option<Collector>,
    spool: Spool,
    count: Count,
    /// Why the collector got nothing more, and how many batches are kept for it.
    undelivered: Option<(Complaint, u32)>,
    /// Whether a collector that failed is tried again.
    persistent: bool,
}

impl Export {
    /// Batches are signed with `key` and numbered by the count of `state`; what `collector` does not
    /// take is kept in `spool`.
    pub fn new(
        key: Ed25519KeyPair,
        output: Option<Output>,
        collector: Option<Collector>,
        (state, spool): (&Path, Spool),
    ) -> Self {
        Self {
            key,
            output,
            collector,
            spool,
            count: Count::of(state),
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

    /// Seals a batch, with its number, and brings it where it belongs.
    ///
    /// # Errors
    /// If it can be neither written nor delivered nor kept.
    pub fn take(&mut self, batch: &Batch) -> Result<(), Complaint> {
        let marks = self.spool.marks().unwrap_or_default();
        let turn = self.count.turn(marks).map_err(|error| uncounted(&error))?;
        let mark = turn.mark();
        let sealed = batch.seal_marked(&self.key, mark).map_err(unsealed)?;
        if let Some(output) = &mut self.output {
            output.write(&sealed)?;
        }
        let Some(collector) = &self.collector else {
            return turn.take().map_err(|error| uncounted(&error));
        };
        // Kept before it is delivered, so that nothing is lost however this process ends; and the
        // number is taken before the only copy may go away.
        let kept = self.spool.keep(mark, &sealed, &self.key);
        let counted = turn.take();
        if let Ok(Kept { folded: folded @ 1.., .. }) = &kept {
            tracing::warn!(
                batches = folded,
                "the oldest unsent batches were folded for want of room"
            );
        }
        // Once it failed, the rest is not tried either: the batches stay together.
        if self.undelivered.is_none() && counted.is_ok() {
            match collector.deliver(&sealed) {
                Ok(receipt) => {
                    told(receipt, mark);
                    // A copy that stays behind is delivered again, and is already known then.
                    let _ = kept.map(|kept| fs::remove_file(kept.file));
                    return Ok(());
                }
                Err(complaint) => self.undelivered = Some((complaint, 0)),
            }
        }
        let (why, count) = self.undelivered.get_or_insert_with(|| {
            let error = counted.err().unwrap_or_else(|| io::ErrorKind::Other.into());
            (uncounted(&error), 0)
        });
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
        self.undelivered = drain(&self.spool, &self.count, collector)?.undelivered;
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

/// What became of what was kept.
#[derive(Debug, Default)]
pub struct Drained {
    /// How many batches the collector took.
    pub taken: u32,
    /// Of these, how many it had already.
    pub known: u32,
    /// Files that hold none of our batches, and where they are now.
    pub damaged: Vec<PathBuf>,
    /// Batches that the collector refuses though it lets this agent in (made under another name or
    /// key), where they are now, and what it said.
    pub refused: Vec<(PathBuf, Complaint)>,
    /// Why it went no further, and how many are left.
    pub undelivered: Option<(Complaint, u32)>,
}

/// Delivers what a spool keeps, oldest first, as far as the collector takes it. What is no batch is
/// put out of the way, so that it keeps nothing back.
///
/// # Errors
/// If what is kept cannot be read or removed.
pub fn drain(spool: &Spool, count: &Count, collector: &Collector) -> Result<Drained, Complaint> {
    let unreadable = |error: io::Error| kept_unreadable(spool.directory(), &error);
    let mut drained = Drained::default();
    let files = spool.files().map_err(unreadable)?;
    if files.is_empty() {
        return Ok(drained);
    }
    // The numbers of what is kept are taken before a file may go away.
    let marks = spool.marks().map_err(unreadable)?;
    count.turn(marks).and_then(Turn::settle).map_err(|error| uncounted(&error))?;
    for (left, file) in (1..=u32::try_from(files.len()).unwrap_or(u32::MAX)).rev().zip(files) {
        let sealed = match fs::read(&file) {
            // Another program of this agent has delivered it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read.map_err(unreadable)?,
        };
        let Ok((checked, _)) = batch::check(&sealed) else {
            drained.damaged.push(spool.set_aside(&file).map_err(unreadable)?);
            continue;
        };
        match collector.deliver(&sealed) {
            Ok(receipt) => {
                checked.mark.into_iter().for_each(|mark| told(receipt, mark));
                drained.known += u32::from(receipt == Receipt::AlreadyKnown);
                drained.taken += 1;
            }
            // One batch that is refused must not keep all later ones back.
            Err(why) if why.exit == Exit::Integrity && collector.hello().is_ok() => {
                let aside = spool.set_aside(&file).map_err(unreadable)?;
                tracing::warn!(file = %aside.display(), en = why.en, "a batch was refused");
                drained.refused.push((aside, why));
                continue;
            }
            Err(why) => {
                drained.undelivered = Some((why, left));
                return Ok(drained);
            }
        }
        fs::remove_file(&file).map_err(unreadable)?;
    }
    Ok(drained)
}

fn told(receipt: Receipt, mark: Mark) {
    if receipt == Receipt::SetAside {
        tracing::warn!(number = mark.number, "the collector keeps a batch that it cannot read");
    }
}

fn unsealed(damage: Damage) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!("観測データをまとめられません（{damage}）。ネットワークを分けて走査してください"),
        format!("the observations cannot be packed ({damage}); scan fewer networks at once"),
    )
}

fn uncounted(error: &io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!(
            "観測データの通し番号を保存できません（{error}）。--state のディレクトリの権限と空き容量を確かめてください"
        ),
        format!(
            "the number of the batch cannot be kept ({error}); check the permission of the --state directory and the free space"
        ),
    )
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
