use daicho_common::address_set::AddressSet;
use daicho_common::batch::{Batch, Header, Opened};
use daicho_common::coverage::{Coverage, PacketKind, Sent, Why};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;

use super::*;

fn key() -> Ed25519KeyPair {
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap()
}

fn mark(number: u64) -> Mark {
    Mark { stream: 5, number, dropped: 0 }
}

/// A batch of some size that does not pack well.
fn batch(number: u64, observations: u32) -> Batch {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let vantage = Vantage { agent: "a".into(), interface: "e".into(), network: "n".into() };
    let address = |n: u32| std::net::IpAddr::from((0x0a00_0000 + n * 7).to_be_bytes());
    let seen = |n: u32| Observation {
        at: Timestamp::from_micros(at.micros() + i64::from(n).pow(3)),
        vantage: vantage.clone().into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some(address(n.wrapping_mul(2_654_435_761) >> 12)), mac: None },
        fact: Fact::Answered(Reply::Echo),
    };
    let addresses: AddressSet = (1..9).map(address).collect();
    Batch {
        header: Header {
            agent: "a".to_owned(),
            scan: format!("a@{number}"),
            sequence: 1,
            last: true,
            from: at,
            to: at,
            software: "test".to_owned(),
        },
        coverage: vec![Coverage {
            vantage: vantage.clone(),
            method: Method::Arp,
            cidr: "10.0.0.0/24".parse().unwrap(),
            from: at,
            to: at,
            tries: 2,
            asked: addresses.clone(),
            answered: addresses,
            not_asked: vec![],
        }],
        sent: vec![Sent {
            network: "n".into(),
            target: address(1),
            kind: PacketKind::ArpRequest,
            packets: 1,
            octets: 42,
            first: at,
            last: at,
        }],
        observations: (0..observations).map(seen).collect(),
    }
}

fn read(file: &Path) -> Opened {
    batch::open(&fs::read(file).unwrap()).unwrap().0
}

#[test]
fn what_is_kept_comes_out_oldest_first_and_nothing_half_written_does() {
    let state = tempfile::tempdir().unwrap();
    let (spool, key) = (Spool::of(state.path(), MOST), key());
    assert_eq!(spool.files().unwrap(), Vec::<PathBuf>::new());
    for number in [2, 11, 3] {
        let sealed = batch(number, 1).seal_marked(&key, mark(number)).unwrap();
        assert_eq!(spool.keep(mark(number), &sealed, &key).unwrap().folded, 0);
    }
    fs::write(spool.directory().join("x.part"), b"half").unwrap();
    let marks: Vec<_> = spool.marks().unwrap();
    assert_eq!(marks, [mark(2), mark(3), mark(11)]);
    let held = spool.files().unwrap().iter().map(|file| read(file).mark).collect::<Vec<_>>();
    assert_eq!(held, marks.into_iter().map(Some).collect::<Vec<_>>());
}

#[test]
fn a_full_spool_folds_the_oldest_and_says_how_much_was_lost() {
    let state = tempfile::tempdir().unwrap();
    let key = key();
    let sealed = |number| batch(number, 2000).seal_marked(&key, mark(number)).unwrap();
    let room = cost(sealed(1).len()) * 5 / 2;
    let spool = Spool::of(state.path(), room);
    let folded: Vec<_> =
        (1..=4).map(|n| spool.keep(mark(n), &sealed(n), &key).unwrap().folded).collect();
    assert_eq!(folded, [0, 0, 1, 1]);
    assert!(spool.used().unwrap() <= room);
    let held: Vec<_> = spool.files().unwrap().iter().map(|file| read(file)).collect();
    let dropped: Vec<_> = held.iter().map(|it| it.mark.unwrap().dropped).collect();
    assert_eq!(dropped, [2000, 2000, 0, 0]);
    let oldest = &held[0].batch;
    assert_eq!((oldest.observations.len(), oldest.sent.len()), (0, 1), "what was sent stays");
    let coverage = &oldest.coverage[0];
    assert!(coverage.asked.is_empty() && coverage.answered.is_empty());
    assert_eq!((coverage.not_asked[0].why, coverage.not_asked[0].addresses.len()), (Why::Lost, 8));
    assert_eq!(held[3].batch, batch(4, 2000), "the newest is whole");
}

#[test]
fn a_spool_in_which_nothing_is_left_to_fold_takes_nothing_more() {
    let state = tempfile::tempdir().unwrap();
    let (spool, key) = (Spool::of(state.path(), BLOCK), key());
    let small = batch(1, 1).seal_marked(&key, mark(1)).unwrap();
    spool.keep(mark(1), &small, &key).unwrap();
    let refused = spool.keep(mark(2), &small, &key).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
    assert_eq!(spool.files().unwrap().len(), 1);
}

#[test]
fn a_batch_of_another_key_is_not_folded() {
    let key = key();
    let sealed = batch(1, 100).seal_marked(&key, mark(1)).unwrap();
    assert!(fold::fold(&sealed, &self::key()).is_none());
    assert!(fold::fold(&batch(1, 100).seal(&key).unwrap(), &key).is_none(), "without a mark");
    let once = fold::fold(&sealed, &key).unwrap();
    let twice = fold::fold(&once, &key).unwrap();
    let (opened, _) = batch::open(&twice).unwrap();
    assert_eq!((opened.mark.unwrap().dropped, opened.batch.sent.len()), (101, 0));
    assert!(fold::fold(&twice, &key).is_none(), "there is nothing left to take out");
}
