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
