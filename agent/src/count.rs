//! Which of the agent's batches is next: a number that is never given to two batches, however a
//! program ends.
//!
//! The count is one small file of two slots that are written in turn and in place, so that a full disk
//! does not stop it and a power cut leaves the other slot. A number is taken for good only after its
//! batch was kept; until then the next program takes the same one, so that an accident leaves no gap.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use daicho_common::batch::Mark;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// Name of the file in the state directory.
const FILE: &str = "count";
/// Octets of a slot: what a disk writes whole.
const SLOT: usize = 512;
/// Octets of a slot that mean something: stream, number, and the beginning of their SHA-256.
const MEANT: usize = 24;

/// The count of a state directory.
#[derive(Clone, Debug)]
pub struct Count {
    path: PathBuf,
}

/// A number that is being given to a batch; no other program gets one meanwhile.
#[derive(Debug)]
pub struct Turn {
    /// Locked until this is dropped.
    file: File,
    stream: u64,
    taken: u64,
    number: u64,
}

impl Count {
    /// The count of this state directory, which is there already.
    pub fn of(state: &Path) -> Self {
        Self { path: state.join(FILE) }
    }

    /// The next number: one more than the last that was taken, and than `kept`, the marks of batches
    /// that are still here. Waits while another program has its turn. What is no count begins anew,
    /// under another name.
    ///
    /// # Errors
    /// As the system said.
    pub fn turn(&self, kept: impl IntoIterator<Item = Mark>) -> io::Result<Turn> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        file.lock()?;
        let mut octets = Vec::new();
        Read::by_ref(&mut file).take(2 * SLOT as u64).read_to_end(&mut octets)?;
        let slots = octets.chunks(SLOT).filter_map(read).max_by_key(|(_, number)| *number);
        let (stream, taken) = match slots {
            Some(slot) => slot,
            None => (begin(&mut file)?, 0),
        };
        let kept = kept.into_iter().filter(|mark| mark.stream == stream).map(|mark| mark.number);
        let highest = kept.max().unwrap_or_default().max(taken);
        Ok(Turn { file, stream, taken, number: highest.saturating_add(1) })
    }
}

impl Turn {
    /// The mark of the batch.
    pub const fn mark(&self) -> Mark {
        Mark { stream: self.stream, number: self.number, dropped: 0 }
    }

    /// Takes the number for good.
    ///
    /// # Errors
    /// As the system said. The number stays free then: its batch must not leave this computer in a
    /// way after which it is no longer kept here.
    pub fn take(mut self) -> io::Result<()> {
        write(&mut self.file, (self.stream, self.number))
    }

    /// Takes all numbers below this one for good, which are those of batches that are kept.
    ///
    /// # Errors
    /// As the system said.
    pub fn settle(mut self) -> io::Result<()> {
        let last = self.number.saturating_sub(1);
        if last > self.taken { write(&mut self.file, (self.stream, last)) } else { Ok(()) }
    }
}

/// Begins a count with both slots in their place.
fn begin(file: &mut File) -> io::Result<u64> {
    let mut name = [0; 8];
    SystemRandom::new().fill(&mut name).map_err(|_| io::Error::other("no random numbers"))?;
    let stream = u64::from_be_bytes(name);
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&vec![0; 2 * SLOT])?;
    write(file, (stream, 0))?;
    Ok(stream)
}

fn write(file: &mut File, (stream, number): (u64, u64)) -> io::Result<()> {
    let place = if number % 2 == 0 { 0 } else { SLOT as u64 };
    file.seek(SeekFrom::Start(place))?;
    file.write_all(&slot(stream, number))?;
    file.sync_all()
}

fn slot(stream: u64, number: u64) -> Vec<u8> {
    let mut octets: Vec<u8> = [stream.to_be_bytes(), number.to_be_bytes()].concat();
    let check = digest(&SHA256, &octets);
    octets.extend(check.as_ref().iter().take(MEANT - 16));
    octets.resize(SLOT, 0);
    octets
}

fn read(octets: &[u8]) -> Option<(u64, u64)> {
    let value = |at: usize| Some(u64::from_be_bytes(octets.get(at..at + 8)?.try_into().ok()?));
    let (stream, number) = (value(0)?, value(8)?);
    (octets.get(..MEANT) == slot(stream, number).get(..MEANT)).then_some((stream, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(count: &Count) -> Mark {
        let turn = count.turn([]).unwrap();
        let mark = turn.mark();
        turn.take().unwrap();
        mark
    }

    #[test]
    fn numbers_go_up_by_one_and_one_that_was_not_taken_is_given_again() {
        let state = tempfile::tempdir().unwrap();
        let count = Count::of(state.path());
        let first = next(&count);
        assert_eq!(first.number, 1);
        drop(count.turn([]).unwrap());
        let second = next(&count);
        assert_eq!((second.stream, second.number), (first.stream, 2));
    }

    #[test]
    fn what_is_kept_counts_although_the_program_died_before_it_took_the_number() {
        let state = tempfile::tempdir().unwrap();
        let count = Count::of(state.path());
        let first = next(&count);
        let kept = Mark { number: 9, ..first };
        let other = Mark { stream: first.stream ^ 1, number: 99, dropped: 0 };
        count.turn([kept, other]).unwrap().settle().unwrap();
        assert_eq!(next(&count).number, 10);
    }

    #[test]
    fn a_torn_slot_costs_no_number_and_a_lost_file_begins_another_count() {
        let state = tempfile::tempdir().unwrap();
        let count = Count::of(state.path());
        let marks = [next(&count), next(&count), next(&count)];
        let mut octets = std::fs::read(&count.path).unwrap();
        octets[SLOT + 3] ^= 1;
        std::fs::write(&count.path, &octets).unwrap();
        let again = next(&count);
        assert_eq!(again, marks[2], "slot 1 held number 3, slot 0 still says 2");
        for damaged in [&b""[..], b"x", &[0; 2 * SLOT]] {
            std::fs::write(&count.path, damaged).unwrap();
            let anew = next(&count);
            assert_eq!(anew.number, 1);
            assert_ne!(anew.stream, marks[0].stream);
        }
    }

    #[test]
    fn two_programs_at_once_never_get_the_same_number() {
        let state = tempfile::tempdir().unwrap();
        let count = Count::of(state.path());
        let numbers = std::thread::scope(|scope| {
            let one = || (0..20).map(|_| next(&count).number).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().flat_map(|it| it.join().unwrap()).collect::<Vec<_>>()
        });
        let mut sorted = numbers;
        sorted.sort_unstable();
        assert_eq!(sorted, (1..=80).collect::<Vec<_>>());
    }
}
