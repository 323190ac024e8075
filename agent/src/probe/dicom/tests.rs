use super::*;
use crate::probe::rehearsal::{Held, rehearse};

fn accept(result: u8, version: &[u8]) -> Vec<u8> {
    let context = Context {
        id: 1,
        result,
        abstract_syntax: Vec::new(),
        transfer_syntaxes: vec![IMPLICIT.to_vec()],
    };
    let accepted = Association {
        called: dicom::title("ARCHIVE"),
        calling: dicom::title("DAICHO"),
        contexts: vec![context],
        max_pdu: Some(28_672),
        class_uid: b"1.2.3.4.5\0".to_vec(),
        version: version.to_vec(),
    };
    Unit::Accept(accepted).encode()
}

/// The answer to C-ECHO, in fragments of so many octets.
fn echoed(id: u16, status: u16, size: usize) -> Vec<u8> {
    let octets = Echo::Response { id, status }.encode();
    let pieces: Vec<&[u8]> = octets.chunks(size).collect();
    let fragments = pieces.iter().enumerate().map(|(n, piece)| {
        let control = if n + 1 == pieces.len() { 3 } else { 1 };
        Fragment { context: 1, control, octets: piece.to_vec() }
    });
    Unit::Data(fragments.collect()).encode()
}

fn held(answers: &[&[u8]], end: Cut) -> Held {
    rehearse(|| Dicom::new(11_112, "ARCHIVE", "DAICHO"), answers, end)
}

#[test]
fn an_archive_that_answers_is_greeted_and_left() {
    let released = Unit::Released.encode();
    let answers = [accept(0, b"MADE_UP_12 "), echoed(1, 0, 30), released];
    let held = held(&[&answers[0], &answers[1], &answers[2]], Cut::Silent);
    assert_eq!(held.outcome, Outcome::Complete);
    let said = held.said();
    assert_eq!(said.port, 11_112);
    for (name, value) in [
        ("result", "accepted"),
        ("called_ae", "ARCHIVE"),
        ("implementation_class_uid", "1.2.3.4.5"),
        ("implementation_version", "MADE_UP_12"),
        ("max_pdu", "28672"),
        ("echo", "0000"),
    ] {
        assert_eq!(said.get(name), Some(value), "{name}");
    }
    let [request, echo, release] = held.asked.as_slice() else { panic!("{:?}", held.asked) };
    let Ok(Unit::Request(asked)) = Unit::decode(request) else { panic!() };
    assert_eq!(asked.called, *b"ARCHIVE         ");
    assert_eq!(asked.contexts.len(), 1, "nothing but verification can be done");
    assert_eq!(asked.contexts[0].abstract_syntax, VERIFICATION);
    let Ok(Unit::Data(data)) = Unit::decode(echo) else { panic!() };
    assert_eq!(Echo::decode(&data[0].octets), Ok(Echo::Request { id: 1 }));
    assert_eq!(Unit::decode(release), Ok(Unit::Release));
}

#[test]
fn who_does_not_know_us_is_told_and_left_in_peace() {
    let rejected = held(&[&Unit::Reject { result: 1, source: 1, reason: 7 }.encode()], Cut::Silent);
    assert_eq!((rejected.outcome, rejected.asked.len()), (Outcome::Refused, 1));
    assert_eq!(rejected.said().get("result"), Some("rejected: 1/7"));
    let aborted = held(&[&Unit::Abort { source: 2, reason: 1 }.encode()], Cut::Silent);
    assert_eq!(aborted.said().get("result"), Some("aborted: 2/1"));
    let no_verification = held(&[&accept(3, b"X"), &Unit::Released.encode()], Cut::Silent);
    assert_eq!((no_verification.outcome, no_verification.asked.len()), (Outcome::Partial, 2));
    assert_eq!(Unit::decode(&no_verification.asked[1]), Ok(Unit::Release));
    assert_eq!(no_verification.said().get("echo"), None);
}

#[test]
fn a_failed_echo_is_told_by_its_status_and_hanging_up_is_leave_enough() {
    let held = held(&[&accept(0, b"X"), &echoed(1, 0x0122, 999)], Cut::Closed);
    assert_eq!(held.outcome, Outcome::Complete);
    assert_eq!(held.said().get("echo"), Some("0122"));
}

#[test]
fn answers_to_something_else_and_breaks_leave_what_was_said() {
    let outcome = |answer: &[u8], end| held(&[&accept(0, b"X"), answer], end).outcome;
    assert_eq!(outcome(&echoed(2, 0, 999), Cut::Silent), Outcome::Partial);
    assert_eq!(
        outcome(&Unit::Abort { source: 0, reason: 0 }.encode(), Cut::Silent),
        Outcome::Partial
    );
    assert_eq!(outcome(&Unit::Released.encode(), Cut::Silent), Outcome::Partial);
    assert_eq!(outcome(b"", Cut::Silent), Outcome::Partial);
    let endless = Fragment { context: 1, control: 1, octets: vec![0; 60_000] };
    let endless = Unit::Data(vec![endless]).encode();
    assert_eq!(outcome(&endless, Cut::Silent), Outcome::Partial);
}

#[test]
fn other_protocols_silence_and_closed_doors_are_told_apart() {
    assert_eq!(held(&[b"SSH-2.0-x\r\n"], Cut::Closed).outcome, Outcome::Malformed);
    assert_eq!(held(&[&[2, 0, 0xff, 0xff, 0xff, 0xff]], Cut::Silent).outcome, Outcome::Malformed);
    assert_eq!(held(&[&Unit::Released.encode()], Cut::Silent).outcome, Outcome::Malformed);
    assert_eq!(held(&[], Cut::Silent).outcome, Outcome::Silent);
    assert_eq!(held(&[], Cut::Closed).outcome, Outcome::Refused);
    assert_eq!(held(&[], Cut::Flooded).outcome, Outcome::Malformed);
    assert_eq!(held(&[], Cut::Silent).facts, []);
}

#[test]
fn a_version_of_many_octets_with_escapes_is_made_safe() {
    let long = [b"\x1b[2J<script>".as_slice(), &vec![b'x'; 50_000]].concat();
    let said = held(&[&accept(3, &long)], Cut::Silent).said();
    let version = said.get("implementation_version").unwrap();
    assert!(version.chars().count() <= 1024 && !version.contains('\x1b'));
}
