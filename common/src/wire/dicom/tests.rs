use proptest::prelude::*;

use super::*;

fn asked() -> Association {
    Association {
        called: title("ARCHIVE"),
        calling: title("DAICHO"),
        contexts: vec![Context {
            id: 1,
            result: 0,
            abstract_syntax: VERIFICATION.to_vec(),
            transfer_syntaxes: vec![IMPLICIT.to_vec()],
        }],
        max_pdu: Some(16_384),
        class_uid: b"2.25.7".to_vec(),
        version: b"DAICHO".to_vec(),
    }
}

#[test]
fn a_request_is_written_as_the_standard_says() {
    let octets = Unit::Request(asked()).encode();
    assert_eq!(octets[..6], [1, 0, 0, 0, 0, u8::try_from(octets.len() - 6).unwrap()]);
    assert_eq!(octets[6..10], [0, 1, 0, 0]);
    assert_eq!(&octets[10..42], b"ARCHIVE         DAICHO          ");
    let context =
        b"\x20\0\0\x2e\x01\0\0\0\x30\0\0\x111.2.840.10008.1.1\x40\0\0\x111.2.840.10008.1.2";
    assert_eq!(&octets[99..99 + context.len()], context);
    assert!(
        octets.ends_with(b"\x50\0\0\x1c\x51\0\0\x04\0\0\x40\0\x52\0\0\x062.25.7\x55\0\0\x06DAICHO")
    );
}

#[test]
fn an_echo_is_written_in_implicit_little_endian() {
    let head = b"\0\0\0\0\x04\0\0\0\x38\0\0\0\0\0\x02\0\x12\0\0\x001.2.840.10008.1.1\0";
    let rest =
        b"\0\0\0\x01\x02\0\0\0\x30\0\0\0\x10\x01\x02\0\0\0\x05\0\0\0\0\x08\x02\0\0\0\x01\x01";
    assert_eq!(Echo::Request { id: 5 }.encode(), [&head[..], rest].concat());
    let foreign = [8, 0, 0, 0, 0, 0, 0, 0];
    assert!(Echo::decode(&foreign).is_err());
    assert!(Echo::decode(&[]).is_err());
}

#[test]
fn cut_units_are_awaited_and_endless_or_foreign_ones_refused() {
    let octets = Unit::Accept(asked()).encode();
    for end in 0..octets.len() {
        assert_eq!(whole(&octets[..end]), Ok(None));
        assert!(Unit::decode(&octets[..end]).is_err());
    }
    let two = [octets.as_slice(), b"\x06"].concat();
    assert_eq!(whole(&two), Ok(Some((octets.as_slice(), &b"\x06"[..]))));
    assert!(whole(&[2, 0, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(whole(b"HTTP/1.1 400").is_err());
    assert!(whole(&[0]).is_err());
}

#[test]
fn items_and_fragments_that_are_longer_than_what_holds_them_are_malformed() {
    let mut octets = Unit::Accept(asked()).encode();
    let at = octets.len() - 7;
    octets[at] = 0xff;
    assert!(Unit::decode(&octets).is_err());
    for length in [0u32, 1, 0xffff_ffff] {
        let value = [length.to_be_bytes().as_slice(), &[1, 3]].concat();
        let octets = [&[4, 0, 0, 0, 0, 6], value.as_slice()].concat();
        assert!(Unit::decode(&octets).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_units_survive(
        octets in proptest::collection::vec(any::<u8>(), 0..300), id: u16, status: u16,
        three in any::<[u8; 3]>(), most in any::<Option<u32>>()
    ) {
        let _ = (whole(&octets).is_ok(), Unit::decode(&octets).is_ok(), Echo::decode(&octets).is_ok());
        let [a, b, c] = three;
        let mut association = asked();
        association.max_pdu = most;
        association.version.clone_from(&octets);
        let fragment = Fragment { context: a, control: b, octets: octets.clone() };
        let mut answered = association.clone();
        answered.contexts[0] = Context { id: b, result: c, ..association.contexts[0].clone() };
        for unit in [
            Unit::Request(association), Unit::Accept(answered),
            Unit::Reject { result: a, source: b, reason: c },
            Unit::Data(vec![fragment.clone(), fragment]), Unit::Release, Unit::Released,
            Unit::Abort { source: a, reason: b },
        ] {
            prop_assert_eq!(Unit::decode(&unit.encode()), Ok(unit));
        }
        for echo in [Echo::Request { id }, Echo::Response { id, status }] {
            prop_assert_eq!(Echo::decode(&echo.encode()), Ok(echo));
        }
        // Whatever kind a unit says it is of.
        for kind in 1..8 {
            let length = u8::try_from(octets.len().min(255)).unwrap();
            let _ = Unit::decode(&[&[kind, 0, 0, 0, 0, length], octets.as_slice()].concat()).is_ok();
        }
    }
}
