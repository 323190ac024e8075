use proptest::prelude::*;

use super::*;

fn identified(octets: &[u8]) -> Result<Option<(String, String, usize)>, Malformed> {
    let read = Identification::decode(octets)?;
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    Ok(read.map(|(it, rest)| (text(it.protocol), text(it.software), rest.len())))
}

#[test]
fn an_identification_string_comes_after_other_lines_and_with_or_without_cr() {
    for (octets, protocol, software, left) in [
        ("SSH-2.0-Muster_1.2 byoin\r\n\0\0", "2.0", "Muster_1.2 byoin", 2),
        ("SSH-1.99-Old-3\n", "1.99", "Old-3", 0),
        ("SSH-1.5-1.2.33\n", "1.5", "1.2.33", 0),
        ("** Keep out **\r\n\r\nSSHD says\nSSH-2.0-x\r\nmore", "2.0", "x", 4),
        ("SSH-2.0-\r\n", "2.0", "", 0),
    ] {
        let expected = Some((protocol.to_owned(), software.to_owned(), left));
        assert_eq!(identified(octets.as_bytes()), Ok(expected), "{octets}");
        for end in 0..octets.len() - left {
            assert_eq!(identified(&octets.as_bytes()[..end]), Ok(None), "{octets} cut at {end}");
        }
    }
    for octets in ["SSH-\r\n", "SSH-2.0\r\n", "SSH--x\r\n"] {
        assert!(identified(octets.as_bytes()).is_err(), "{octets}");
    }
}

#[test]
fn floods_of_lines_and_strings_without_end_are_refused() {
    assert!(identified(&vec![b'x'; MOST_PREAMBLE + 1]).is_err());
    assert!(identified(&b"\x1b[2J<script>\n".repeat(1000)).is_err());
    assert!(identified(&[b"SSH-2.0-".as_slice(), &[b'x'; MOST_IDENTIFICATION]].concat()).is_err());
    assert_eq!(identified(&vec![b'x'; MOST_PREAMBLE]), Ok(None));
}

#[test]
fn a_packet_of_four_gigabytes_or_with_more_padding_than_octets_is_malformed() {
    for octets in [&[0xff; 4][..], &[0, 0, 0, 0], &[0, 0, 0, 4, 3], &[0, 0, 0x88, 0xb9]] {
        assert!(message(octets).is_err(), "{octets:?}");
    }
    assert!(message(&[0, 0, 0, 12, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_err());
    let empty = message(&[0, 0, 0, 12, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(empty, Ok(Some((&[][..], &[][..]))));
}

#[test]
fn lists_of_names_that_claim_too_much_or_hold_control_characters_are_malformed() {
    let mut octets = vec![KEXINIT];
    octets.extend([7; 16]);
    for list in [&[0xff, 0xff, 0xff, 0xff][..], &[0, 0, 0, 3, b'a', 0x1b, b'c'], &[0, 0]] {
        assert!(KexInit::decode(&[octets.as_slice(), list].concat()).is_err(), "{list:?}");
    }
    assert!(KexInit::decode(&[]).is_err());
    assert!(KexInit::decode(&disconnect()).is_err());
}

#[test]
fn the_bits_of_an_rsa_key_are_those_of_its_modulus() {
    let key = |format: &str, modulus: &[u8]| {
        let mut blob = Vec::new();
        for part in [format.as_bytes(), &[1, 0, 1], modulus] {
            put_string(part, &mut blob);
        }
        HostKey { format: format.to_owned(), blob }
    };
    let modulus = [vec![0, 0x80], vec![1; 255]].concat();
    assert_eq!(key("ssh-rsa", &modulus).rsa_bits(), Some(2048));
    assert_eq!(key("ssh-rsa", &modulus[2..]).rsa_bits(), Some(2033));
    assert_eq!(key("ssh-rsa", &[0, 0]).rsa_bits(), None);
    assert_eq!(key("ssh-dss", &modulus).rsa_bits(), None);
    let cut = HostKey { blob: key("ssh-rsa", &modulus).blob[..20].to_vec(), ..key("ssh-rsa", &[]) };
    assert_eq!(cut.rsa_bits(), None);
}

#[test]
fn groups_and_requests_are_as_the_rfc_has_them() {
    assert_eq!(group_request(1024, 2048, 8192), [34, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 32, 0]);
    let mut group = vec![GEX_GROUP, 0, 0, 0, 3, 0, 0xff, 0xf1, 0, 0, 0, 1, 2];
    assert_eq!(group_octets(&group), Ok(2));
    group.pop();
    assert!(group_octets(&group).is_err());
    assert_eq!(disconnect(), [1, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0]);
}

proptest! {
    #[test]
    fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..400), number: u8) {
        let _ = (Identification::decode(&octets), message(&octets), group_octets(&octets));
        let _ = HostKey::decode(number, &octets).map(|key| key.rsa_bits());
        let numbered = [&[number][..], &octets].concat();
        let _ = HostKey::decode(number, &numbered).map(|key| key.rsa_bits());
        let _ = KexInit::decode(&[&[KEXINIT][..], &octets].concat());
    }

    #[test]
    fn values_survive(
        cookie: [u8; 16],
        kex in proptest::collection::vec("[!-+\\--~]{1,40}", 0..9),
        host_keys in proptest::collection::vec("[!-+\\--~]{1,40}", 0..9),
        other in proptest::collection::vec("[!-+\\--~]{1,40}", 0..9),
        guesses: bool,
        blob in proptest::collection::vec(any::<u8>(), 0..99),
        rest in proptest::collection::vec(any::<u8>(), 0..9),
    ) {
        let mut others = <[Names; 8]>::default();
        others[3] = other;
        let init = KexInit { cookie, kex, host_keys, others, guesses };
        let mut octets = Vec::new();
        init.encode(&mut octets);
        prop_assert_eq!(KexInit::decode(&octets), Ok((init, &[][..])));
        let packed = packet(&octets);
        prop_assert_eq!(packed.len() % BLOCK, 0);
        let followed = [packed.as_slice(), &rest].concat();
        prop_assert_eq!(message(&followed), Ok(Some((octets.as_slice(), rest.as_slice()))));
        for end in [0, 3, 4, packed.len() - 1] {
            prop_assert_eq!(message(&packed[..end]), Ok(None));
        }
        let mut key = Vec::new();
        put_string(b"ssh-ed25519", &mut key);
        put_string(&blob, &mut key);
        let key = HostKey { format: "ssh-ed25519".to_owned(), blob: key };
        prop_assert_eq!(HostKey::decode(KEX_REPLY, &key.encode(KEX_REPLY, &blob, &rest)), Ok(key));
    }

    #[test]
    fn identification_strings_survive(protocol in "[0-9.]{1,5}", software in "[ -~]{0,99}") {
        let value =
            Identification { protocol: protocol.into_bytes(), software: software.into_bytes() };
        let octets = value.encode();
        prop_assert_eq!(Identification::decode(&octets), Ok(Some((value, &[][..]))));
    }
}
