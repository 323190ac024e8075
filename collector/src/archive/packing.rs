//! Facts on their way into an archive.

use zstd::bulk::Decompressor;

use super::{Archive, BLOCK, Block, Broken, lines};
use crate::parallel;

/// Blocks that are packed at a time, for each thread.
const AT_ONCE: usize = 32;

/// Puts facts into an archive, which is of no use unless it is brought to its [`Packing::end`].
#[derive(Debug)]
pub struct Packing<'a> {
    archive: &'a mut Archive,
    /// Texts that fill no block yet.
    waiting: Vec<String>,
}

impl<'a> Packing<'a> {
    /// Into this archive, whose last block is opened again if it has room.
    pub(super) fn of(archive: &'a mut Archive) -> Self {
        let mut waiting = Vec::new();
        if !(archive.facts as usize).is_multiple_of(BLOCK)
            && let Ok(mut by) = Decompressor::new()
            && let Some(block) = archive.blocks.pop()
        {
            let texts = block.texts(&mut by);
            waiting.extend(lines(&texts).map(|line| String::from_utf8_lossy(line).into_owned()));
        }
        Self { archive, waiting }
    }

    /// Puts in a fact as JSON, under a key that is larger than all before it.
    ///
    /// # Errors
    /// If this or one before it is no [`Content`].
    pub fn add(&mut self, key: i64, text: String) -> Result<(), Broken> {
        let follows = self.archive.last_key().is_some_and(|last| last.checked_add(1) == Some(key));
        if !follows {
            self.archive.runs.push((key, self.archive.facts));
        }
        self.archive.facts = self.archive.facts.checked_add(1).ok_or(Broken)?;
        self.waiting.push(text);
        if self.waiting.len() < BLOCK * AT_ONCE * parallel::hands() { Ok(()) } else { self.pack() }
    }

    /// The end of it.
    ///
    /// # Errors
    /// If a text is no [`Content`].
    pub fn end(mut self) -> Result<(), Broken> {
        self.pack()
    }

    fn pack(&mut self) -> Result<(), Broken> {
        let parts: Vec<&[String]> = self.waiting.chunks(BLOCK).collect();
        let blocks = parallel::map(&parts, |texts| Block::pack(texts));
        for block in blocks {
            self.archive.blocks.push(block?);
        }
        self.waiting.clear();
        Ok(())
    }
}
