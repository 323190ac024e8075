//! The blocks that a thread opened last. A page shows a few observations of each of its rows, and those of
//! neighbours lie in the same blocks: each is unpacked once, and its lines are found once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use memchr::memchr_iter;
use zstd::bulk::Decompressor;

use super::Block;

/// Octets of texts that a thread holds, unless one block alone has more.
const MOST: usize = 4 << 20;

thread_local! {
    static OPENED: RefCell<Opened> = RefCell::default();
}

/// Some blocks, the one that was asked for last in front.
#[derive(Default)]
struct Opened {
    by: Option<Decompressor<'static>>,
    blocks: VecDeque<Open>,
    octets: usize,
}

struct Open {
    /// What it was unpacked from. As long as this is held, nothing else lies there.
    packed: Arc<[u8]>,
    texts: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl Open {
    fn new(block: &Block, by: &mut Decompressor<'_>) -> Self {
        let texts = block.texts(by);
        let ends = memchr_iter(b'\n', &texts).collect();
        Self { packed: Arc::clone(&block.octets), texts, ends }
    }

    fn line(&self, place: usize) -> Option<&[u8]> {
        let before = place.checked_sub(1).map(|before| self.ends.get(before));
        let from = before.map_or(Some(0), |end| Some(end? + 1))?;
        self.texts.get(from..*self.ends.get(place)?)
    }
}

impl Opened {
    fn open(&mut self, block: &Block) -> Option<&Open> {
        let held = self.blocks.iter().position(|one| Arc::ptr_eq(&one.packed, &block.octets));
        let open = if let Some(at) = held {
            self.blocks.remove(at)?
        } else {
            if self.by.is_none() {
                self.by = Decompressor::new().ok();
            }
            let open = Open::new(block, self.by.as_mut()?);
            self.octets += open.texts.len();
            open
        };
        self.blocks.push_front(open);
        while self.octets > MOST && self.blocks.len() > 1 {
            self.octets -= self.blocks.pop_back().map_or(0, |last| last.texts.len());
        }
        self.blocks.front()
    }
}

/// What `read` makes of the fact at this place of a block.
pub(super) fn line<R>(
    block: &Block,
    place: usize,
    read: impl FnOnce(&[u8]) -> Option<R>,
) -> Option<R> {
    OPENED.with_borrow_mut(|opened| read(opened.open(block)?.line(place)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(texts: &[&str]) -> Block {
        let lines: Vec<u8> =
            texts.iter().flat_map(|text| [text, "\n"].concat().into_bytes()).collect();
        let octets = zstd::bulk::compress(&lines, 1).unwrap();
        Block { octets: octets.into(), length: lines.len() }
    }

    #[test]
    fn a_line_is_that_of_its_place_and_there_is_none_behind_the_last() {
        let block = block(&["{\"a\":1}", "{}", "{\"b\":2}"]);
        let line = |place| line(&block, place, |line| String::from_utf8(line.to_vec()).ok());
        let lines: Vec<Option<String>> = (0..4).map(line).collect();
        let expected = ["{\"a\":1}", "{}", "{\"b\":2}"].map(|text| Some(text.to_owned()));
        assert_eq!(lines[..3], expected);
        assert_eq!(lines[3], None);
    }

    #[test]
    fn a_thread_holds_what_it_opened_last_and_no_more_than_its_share() {
        let large = "x".repeat(MOST / 3);
        let blocks: Vec<Block> = (0..5).map(|_| block(&[&large])).collect();
        let mut opened = Opened::default();
        for at in [0, 1, 2, 0, 3, 4] {
            assert_eq!(opened.open(&blocks[at]).unwrap().line(0).unwrap().len(), large.len());
        }
        let held =
            |block: &Block| opened.blocks.iter().any(|one| Arc::ptr_eq(&one.packed, &block.octets));
        let held: Vec<bool> = blocks.iter().map(held).collect();
        assert_eq!(held, [false, false, false, true, true]);
        assert_eq!(opened.octets, 2 * (large.len() + 1));
        assert!(opened.octets <= MOST);
        let huge = block(&[&"y".repeat(MOST + 1)]);
        assert_eq!(opened.open(&huge).unwrap().line(0).unwrap().len(), MOST + 1);
        assert_eq!(opened.blocks.len(), 1, "one that is larger than the share is held alone");
    }
}
