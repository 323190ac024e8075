use super::*;

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn token() -> Vec<u8> {
    let pairs = [
        (2, "WARD"),
        (1, "NURSE-07"),
        (4, "ward.example"),
        (3, "nurse-07.ward.example"),
        (5, "example"),
    ];
    let challenge = Challenge {
        flags: 0xe28a_8215,
        nonce: [7; 8],
        target: wide("WARD"),
        pairs: pairs.map(|(id, text)| (id, wide(text))).into(),
        version: (10, 0, 19045),
    };
    spnego::response(&challenge.encode())
}

fn negotiated(id: u64, dialect: u16) -> Vec<u8> {
    let guid = *b"\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
    let body = smb2::Body::Negotiated { security_mode: 3, dialect, guid, token: vec![0x60; 74] };
    nbss::frame(&smb2::Answer { id, status: smb2::SUCCESS, body }.encode())
}

fn challenged(status: u32, token: Vec<u8>) -> Vec<u8> {
    let body = smb2::Body::SessionSetup { token };
    nbss::frame(&smb2::Answer { id: 2, status, body }.encode())
}

fn set_up_1() -> Vec<u8> {
    let body = smb1::Body::SessionSetup {
        token: token(),
        native_os: "Windows 5.1".into(),
        native_lan_manager: "Windows 2000 LAN Manager".into(),
    };
    nbss::frame(&smb1::Answer { status: smb2::MORE_PROCESSING_REQUIRED, body }.encode())
}

fn negotiated_1(server: smb1::Server) -> Vec<u8> {
    let capabilities = match server {
        smb1::Server::Guid(_) => smb1::EXTENDED_SECURITY,
        smb1::Server::Names { .. } => 0x44,
    };
    let body = smb1::Body::Negotiated { security_mode: 7, capabilities, server };
    nbss::frame(&smb1::Answer { status: 0, body }.encode())
}

/// Feeds each answer in pieces of so many octets. Returns how many things were said, how it ended, and
/// what was learned.
fn held(answers: &[Vec<u8>], piece: usize) -> (Vec<Vec<u8>>, Next, Option<Said>) {
    let mut smb = Smb::new(0x1234_5678_9abc_def0, PORT);
    let Next::Say(first) = smb.begin() else { panic!() };
    let mut asked = vec![first];
    let mut last = Next::Wait;
    for answer in answers {
        for octets in answer.chunks(piece) {
            last = smb.hear(octets);
            if let Next::Say(question) = &last {
                asked.push(question.clone());
            }
        }
    }
    let said = smb.poll_fact().map(|(method, fact)| {
        assert_eq!(method, Method::Smb);
        let Fact::Said(said) = fact else { panic!("{fact:?}") };
        *said
    });
    assert_eq!(smb.poll_fact(), None);
    (asked, last, said)
}

#[test]
fn a_windows_host_says_its_names_and_its_build_however_the_octets_are_cut() {
    let answers = [
        negotiated(0, smb2::WILDCARD),
        negotiated(1, 0x0311),
        challenged(smb2::MORE_PROCESSING_REQUIRED, token()),
    ];
    let whole = held(&answers, usize::MAX);
    let (asked, last, said) = &whole;
    assert_eq!((asked.len(), last), (3, &Next::End(Outcome::Complete)));
    let fields: Vec<_> =
        said.as_ref().unwrap().fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("dialect", "3.1.1"),
            ("signing", "required"),
            ("guid", "00112233-4455-6677-8899-aabbccddeeff"),
            ("host", "NURSE-07"),
            ("domain", "WARD"),
            ("dns_host", "nurse-07.ward.example"),
            ("dns_domain", "ward.example"),
            ("dns_tree", "example"),
            ("os_build", "10.0.19045"),
        ]
    );
    for piece in 1..300 {
        assert_eq!(held(&answers, piece), whole, "{piece}");
    }
}

#[test]
fn nothing_that_is_said_carries_the_message_by_which_somebody_logs_in() {
    let answers = [
        negotiated(0, smb2::WILDCARD),
        negotiated(1, 0x0302),
        challenged(smb2::MORE_PROCESSING_REQUIRED, token()),
        challenged(smb2::SUCCESS, Vec::new()),
    ];
    let (asked, ..) = held(&answers[..3], usize::MAX);
    for question in asked {
        for window in question.windows(12) {
            let message = window.starts_with(ntlm::SIGNATURE).then(|| window[8]);
            assert!(message.is_none_or(|kind| kind == 1));
        }
    }
}

#[test]
fn a_server_that_chooses_2_0_2_at_once_is_asked_for_its_challenge() {
    let answers = [negotiated(0, 0x0202), challenged(smb2::MORE_PROCESSING_REQUIRED, token())];
    let (asked, last, said) = held(&answers, 7);
    assert_eq!((asked.len(), last), (2, Next::End(Outcome::Complete)));
    assert_eq!(said.unwrap().get("dialect"), Some("2.0.2"));
}

#[test]
fn a_server_of_smb_1_also_says_its_system_by_name() {
    let answers = [negotiated_1(smb1::Server::Guid([9; 16])), set_up_1()];
    for piece in [1, 3, 64, usize::MAX] {
        let (asked, last, said) = held(&answers, piece);
        assert_eq!((asked.len(), last), (2, Next::End(Outcome::Complete)));
        let said = said.unwrap();
        assert_eq!(said.get("dialect"), Some("1.0"));
        assert_eq!(said.get("signing"), Some("enabled"));
        assert_eq!(said.get("native_os"), Some("Windows 5.1"));
        assert_eq!(said.get("native_lan_manager"), Some("Windows 2000 LAN Manager"));
        assert_eq!(said.get("host"), Some("NURSE-07"));
    }
}

#[test]
fn a_server_without_extended_security_is_asked_no_more_than_to_negotiate() {
    let names = smb1::Server::Names { domain: "WARD3F".into(), name: "NAS-02".into() };
    let (asked, last, said) = held(&[negotiated_1(names)], usize::MAX);
    assert_eq!((asked.len(), last), (1, Next::End(Outcome::Complete)));
    let said = said.unwrap();
    assert_eq!((said.get("host"), said.get("domain")), (Some("NAS-02"), Some("WARD3F")));
}

#[test]
fn a_refused_challenge_leaves_what_was_negotiated() {
    let body = smb2::Body::Other { command: 1 };
    let refused = nbss::frame(&smb2::Answer { id: 2, status: 0xc000_0022, body }.encode());
    let (_, last, said) = held(&[negotiated(0, 0x0202), refused], usize::MAX);
    assert_eq!(last, Next::End(Outcome::Partial));
    assert_eq!(said.unwrap().get("dialect"), Some("2.0.2"));
}

#[test]
fn an_interim_answer_is_no_answer_yet() {
    let body = smb2::Body::Other { command: 1 };
    let pending = nbss::frame(&smb2::Answer { id: 2, status: smb2::PENDING, body }.encode());
    let last = challenged(smb2::MORE_PROCESSING_REQUIRED, token());
    let (_, last, _) = held(&[negotiated(0, 0x0202), pending, last], usize::MAX);
    assert_eq!(last, Next::End(Outcome::Complete));
}

#[test]
fn what_is_no_smb_makes_no_sense_and_what_is_cut_says_what_it_was() {
    for other in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"\0\0\0\x04\xfeSMB", b"\0\xff\xff\xff"] {
        let (_, last, said) = held(&[other.to_vec()], usize::MAX);
        assert_eq!((last, said), (Next::End(Outcome::Malformed), None));
    }
    for (cut, outcome) in [
        (Cut::Closed, Outcome::Refused),
        (Cut::Silent, Outcome::Silent),
        (Cut::Flooded, Outcome::Malformed),
    ] {
        let mut smb = Smb::new(1, PORT);
        let _ = smb.begin();
        assert_eq!(smb.cut(cut), outcome);
    }
}

#[test]
fn a_server_that_negotiates_without_end_is_left() {
    let again = negotiated(0, smb2::WILDCARD);
    let (asked, last, _) = held(&[again.clone(), again], usize::MAX);
    // The second time it is taken for what it says.
    assert_eq!(asked.len(), 3);
    assert!(matches!(last, Next::Say(_)));
    let again = negotiated(0, smb2::WILDCARD);
    let (asked, last, _) = held(&[again.clone(), again.clone(), again], usize::MAX);
    assert_eq!((asked.len(), last), (3, Next::End(Outcome::Partial)));
}
