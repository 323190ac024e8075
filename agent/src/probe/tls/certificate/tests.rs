use super::*;

const EC: &[u8] = include_bytes!("../fixtures/ec.der");
const OLD: &[u8] = include_bytes!("../fixtures/old.der");

#[test]
fn a_certificate_cut_anywhere_or_changed_still_has_its_digest_and_panics_never() {
    for whole in [EC, OLD] {
        assert!(fields(whole).len() > 8);
        for end in 0..whole.len() {
            assert_eq!(fields(&whole[..end]).len(), 1);
        }
        for at in 0..whole.len() {
            let mut changed = whole.to_vec();
            changed[at] ^= 0x55;
            assert!(fields(&changed).iter().all(|(_, value)| value.as_str().len() < 8192));
        }
    }
}

#[test]
fn megabytes_are_not_parsed() {
    let long = [EC, &vec![0; 10 << 20]].concat();
    let fields = fields(&long);
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].0, "sha256");
}

#[test]
fn what_would_end_a_value_is_marked() {
    for (value, written) in [
        ("例, 病院", "例\\, 病院"),
        ("#1 <a>+\"b\";\\", "\\#1 \\<a\\>\\+\\\"b\\\"\\;\\\\"),
        ("", ""),
        (" a ", "\\ a\\ "),
    ] {
        assert_eq!(escaped(value), written);
    }
}

/// A certificate of somebody with a name of so many octets.
fn of_a_name(octets: usize) -> Vec<u8> {
    const PART: &str = "<script>\u{1b}[2J";
    let mut params = rcgen::CertificateParams::default();
    let name = PART.repeat(octets / PART.len());
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

#[test]
fn a_certificate_with_a_name_of_ten_megabytes_keeps_its_digest_and_little_else() {
    let huge = fields(&of_a_name(10 << 20));
    assert_eq!(huge.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["sha256"]);
    let long = fields(&of_a_name(10 << 10));
    assert!(long.len() > 5);
    let told: usize = long.iter().map(|(_, value)| value.as_str().len()).sum();
    assert!(told < 4096, "{told}");
    let drives = |(_, value): &(_, Text)| value.as_str().contains('\u{1b}');
    assert!(!long.iter().any(drives));
}
