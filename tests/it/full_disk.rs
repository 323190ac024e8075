//! The agent's spool on a disk that is full: a small file system in a mount namespace of one thread.

use std::path::Path;

use daicho_agent::count::Count;
use daicho_agent::key;
use daicho_agent::spool::{MOST, Spool};
use daicho_common::batch::{self, Batch, Header, Opened};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;
use daicho_tests::netns;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Batches that are kept where three have room.
const BATCHES: u32 = 12;

/// A batch of some 200 KiB: its times do not pack well.
fn batch(number: u32) -> Batch {
    let at = Timestamp::from_micros(1_775_003_400_000_000);
    let vantage = Vantage { agent: "east".into(), interface: "e".into(), network: "n".into() };
    let mixed = |n: u32| (u64::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let seen = |n: u32| Observation {
        at: Timestamp::from_micros(i64::try_from(mixed(n * 31 + number)).unwrap()),
        vantage: vantage.clone().into(),
        method: Method::IcmpEcho,
        speaker: Speaker {
            ip: Some(u32::try_from(mixed(n) & 0xffff_ffff).unwrap().to_be_bytes().into()),
            mac: None,
        },
        fact: Fact::Answered(Reply::Echo),
    };
    let header = Header {
        agent: "east".into(),
        scan: format!("east@{number}"),
        sequence: 1,
        last: true,
        from: at,
        to: at,
        software: "test".into(),
    };
    let observations = (0..15_000).map(seen).collect();
    Batch { header, coverage: vec![], sent: vec![], observations }
}

fn small_disk(place: &Path) {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
    mount(Some("none"), place, Some("tmpfs"), MsFlags::empty(), Some("size=1m")).unwrap();
}

fn held(spool: &Spool) -> Vec<Opened> {
    let files = spool.files().unwrap();
    let read = |file: &std::path::PathBuf| batch::open(&std::fs::read(file).unwrap()).unwrap().0;
    files.iter().map(read).collect()
}

#[test]
fn a_full_disk_costs_the_oldest_observations_and_no_number() {
    if !netns::may() {
        println!("skipped: needs root");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let state = place.path().to_owned();
    let filled = std::thread::spawn(move || {
        small_disk(&state);
        let (key, spool) = (key::load_or_create(&state).unwrap(), Spool::of(&state, MOST));
        let count = Count::of(&state);
        let mut folded = 0;
        for number in 1..=BATCHES {
            let turn = count.turn(spool.marks().unwrap()).unwrap();
            let sealed = batch(number).seal_marked(&key, turn.mark()).unwrap();
            assert!(sealed.len() > 100 << 10, "{}", sealed.len());
            folded += spool.keep(turn.mark(), &sealed, &key).unwrap().folded;
            turn.take().unwrap();
        }
        let held = held(&spool);
        let numbers: Vec<u64> = held.iter().map(|it| it.mark.unwrap().number).collect();
        assert_eq!(numbers, (1..=u64::from(BATCHES)).collect::<Vec<_>>());
        let dropped = held.iter().filter(|it| it.mark.unwrap().dropped > 0).count();
        assert_eq!(dropped, usize::try_from(folded).unwrap(), "each that was folded says so");
        assert!(dropped >= 6, "{dropped}");
        assert_eq!(held.last().unwrap().batch, batch(BATCHES), "the newest is whole");
        // Not an octet is left, and a number is taken all the same.
        std::fs::write(state.join("filler"), vec![0; 2 << 20]).unwrap_err();
        count.turn(spool.marks().unwrap()).unwrap().take().unwrap();
        assert_eq!(count.turn([]).unwrap().mark().number, u64::from(BATCHES) + 2);
    });
    filled.join().unwrap();
}
