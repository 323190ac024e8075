use ring::rand::SystemRandom;

use super::*;
use crate::observation::{Fact, Method, Reply, Speaker, Vantage};

fn key() -> Ed25519KeyPair {
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap()
}

fn batch() -> Batch {
    let vantage =
        Vantage { agent: "east".into(), interface: "eth0".into(), network: "病棟3F".into() };
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    Batch {
        header: Header {
            agent: "east".into(),
            scan: "east-1700000000".into(),
            sequence: 1,
            last: true,
            from: at,
            to: at,
            software: "daicho-agent 0.1.0".into(),
        },
        coverage: vec![Coverage {
            vantage: vantage.clone(),
            method: Method::IcmpEcho,
            cidr: "10.20.0.0/24".parse().unwrap(),
            from: at,
            to: at,
            tries: 2,
            asked: ["10.20.0.1".parse().unwrap()].into_iter().collect(),
            answered: crate::address_set::AddressSet::new(),
            not_asked: vec![],
        }],
        sent: vec![],
        observations: vec![Observation {
            at,
            vantage: vantage.into(),
            method: Method::IcmpEcho,
            speaker: Speaker { ip: Some("10.20.0.7".parse().unwrap()), mac: None },
            fact: Fact::Answered(Reply::Echo),
        }],
    }
}

#[test]
fn a_sealed_batch_opens_to_what_was_sealed() {
    let key = key();
    let sealed = batch().seal(&key).unwrap();
    let (opened, rest) = open(&sealed).unwrap();
    assert_eq!(opened.batch, batch());
    assert_eq!(opened.key.octets().as_slice(), key.public_key().as_ref());
    assert!(rest.is_empty());
    assert_eq!(open_all(&[sealed.clone(), sealed].concat()).unwrap().len(), 2);
}

#[test]
fn every_truncation_is_named_and_nothing_is_returned() {
    let sealed = batch().seal(&key()).unwrap();
    for end in 0..sealed.len() {
        let damage = open(&sealed[..end]).unwrap_err();
        assert!(matches!(damage, Damage::Truncated { .. }), "{end}: {damage}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let sealed = batch().seal(&key()).unwrap();
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 0x10;
        assert!(open(&altered).is_err(), "octet {at}");
    }
}

#[test]
fn a_file_of_another_kind_is_not_a_batch() {
    assert_eq!(open(b"PK\x03\x04 a workbook").unwrap_err(), Damage::NotABatch);
    assert_eq!(open(b"x").unwrap_err(), Damage::NotABatch);
}

const MARK: Mark = Mark { stream: 0x0123_4567_89ab_cdef, number: 7, dropped: 0 };

#[test]
fn a_mark_is_signed_with_the_batch_and_read_without_unpacking_it() {
    let key = key();
    let sealed = batch().seal_marked(&key, MARK).unwrap();
    let (checked, rest) = check(&sealed).unwrap();
    assert_eq!((checked.mark, rest.len()), (Some(MARK), 0));
    let opened = checked.unpack().unwrap();
    assert_eq!((opened.batch, opened.mark), (batch(), Some(MARK)));
    let plain = batch().seal(&key).unwrap();
    assert_eq!(open(&plain).unwrap().0.mark, None, "batches without a mark are read as before");
    assert_eq!(open_all(&[plain, sealed.clone()].concat()).unwrap().len(), 2);
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 0x01;
        assert!(check(&altered).is_err(), "octet {at}");
        let damage = check(&sealed[..at]).unwrap_err();
        assert!(matches!(damage, Damage::Truncated { .. }), "{at}: {damage}");
    }
}

#[test]
fn an_envelope_of_a_later_version_is_not_taken_for_one_of_ours() {
    let mut sealed = batch().seal(&key()).unwrap();
    sealed[7] = 3;
    assert_eq!(open(&sealed).unwrap_err(), Damage::NotABatch);
}
