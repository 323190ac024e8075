use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Name {
    Name::dotted(text).unwrap()
}

fn ptr(owner: &str, target: &str) -> Record {
    Record::new(name(owner), Data::Ptr(name(target)))
}

#[test]
fn the_question_for_services_has_these_octets() {
    let question = Question { name: Name::services(), kind: Kind::Ptr, unicast: true };
    let octets = Message::question(0x1234, question).encode();
    let mut want = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    want.extend(b"\x09_services\x07_dns-sd\x04_udp\x05local\x00");
    want.extend([0, 12, 0x80, 1]);
    assert_eq!(octets, want);
}

#[test]
fn an_answer_made_by_hand_reads_as_it_should() {
    let mut octets = vec![0, 7, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 1];
    octets.extend(b"\x04_ipp\x04_tcp\x05local\x00"); // at 12; "local" at 22
    octets.extend([0, 12, 0, 1, 0, 0, 0, 120, 0, 8]);
    octets.extend(b"\x05A.\xe5\xb8\xb3\xc0\x0c"); // "A.帳" under _ipp._tcp.local, at 38
    octets.extend([0xc0, 39, 0, 16, 0x80, 1, 0, 0, 0x11, 0x94, 0, 13]);
    octets.extend(b"\x04a=\xff\x00\x01b\x02=x\x02c=");
    octets.extend(b"\x03mfp\xc0\x16");
    octets.extend([0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 10, 0, 0, 9]);
    let message = Message::decode(&octets).unwrap();
    assert_eq!((message.id, message.response, message.truncated), (7, true, false));
    let [pointer, text] = message.answers.as_slice() else { panic!("{message:?}") };
    let Data::Ptr(instance) = &pointer.data else { panic!("{pointer:?}") };
    assert_eq!(instance.text().as_str(), "A.帳._ipp._tcp.local");
    assert_eq!(instance.child_of(&name("_IPP._tcp.local")), Some("A.帳".as_bytes()));
    assert_eq!(&text.name, instance);
    let pairs = vec![
        Pair::new(b"a", Some(&[0xff, 0])).unwrap(),
        Pair::new(b"b", None).unwrap(),
        Pair::new(b"c", Some(b"")).unwrap(),
    ];
    assert_eq!(text.data, Data::Txt(pairs));
    assert_eq!((text.flush, text.ttl), (true, 4500));
    let [address] = message.additional.as_slice() else { panic!("{message:?}") };
    assert_eq!(address.name, name("mfp.local"));
    assert_eq!(address.data, Data::A(Ipv4Addr::new(10, 0, 0, 9)));
}

#[test]
fn names_say_what_they_are() {
    assert_eq!(Name::reverse([10, 20, 0, 7].into()), name("7.0.20.10.in-addr.arpa"));
    let six = Name::reverse("fe80::1:2a".parse().unwrap());
    assert_eq!(
        six,
        name("a.2.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa")
    );
    assert_eq!(name("_ipp._tcp.local.").service_type().unwrap().as_str(), "_ipp._tcp");
    for other in ["_ipp._tcp", "ipp._tcp.local", "_ipp._sctp.local", "_._tcp.local", "local"] {
        assert_eq!(name(other).service_type(), None, "{other}");
    }
    assert!(name("MFP.Local").matches(&name("mfp.local")));
    assert_eq!(name("MFP.Local").folded(), name("mfp.local"));
    assert_ne!(Name::new(["a.b"]), Name::new(["a", "b"]));
}

#[test]
fn names_and_pairs_over_their_limits_cannot_be_made() {
    assert_eq!(Name::new([""]), None);
    assert_eq!(Name::dotted("a..b"), None);
    assert_eq!(Name::new([[b'x'; 64]]), None);
    assert!(Name::new([[b'x'; 63]]).is_some());
    assert_eq!(Name::new([[b'x'; 62]; 5]), None);
    assert_eq!(Pair::new(b"", Some(b"x")), None);
    assert_eq!(Pair::new(b"a=b", None), None);
    assert_eq!(Pair::new(&[b'k'; 128], Some(&[b'v'; 127])), None);
    assert!(Pair::new(&[b'k'; 128], Some(&[b'v'; 126])).is_some());
}

#[test]
fn a_name_that_points_at_itself_or_ahead_is_refused() {
    for pointer in [12u8, 13, 14, 200] {
        let mut octets = vec![0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, pointer];
        octets.extend([0, 12, 0, 1]);
        assert_eq!(
            Message::decode(&octets),
            Err(Malformed::Inconsistent { field: "DNS message" }),
            "{pointer}"
        );
    }
}

#[test]
fn counts_that_the_message_is_too_short_for_are_refused_before_they_are_believed() {
    let mut octets =
        Message::question(1, Question { name: Name::services(), kind: Kind::Ptr, unicast: false })
            .encode();
    octets[4..12].fill(0xff);
    assert_eq!(Message::decode(&octets), Err(Malformed::Inconsistent { field: "section counts" }));
}

#[test]
fn truncated_and_oversized_messages_are_refused() {
    let asked =
        Message::question(1, Question { name: Name::services(), kind: Kind::Ptr, unicast: false });
    let answer = Message::answer(
        &asked,
        vec![ptr("_services._dns-sd._udp.local", "_ipp._tcp.local")],
        Vec::new(),
    );
    let octets = answer.encode();
    assert_eq!(Message::decode(&octets), Ok(answer));
    for end in 0..octets.len() {
        assert!(Message::decode(&octets[..end]).is_err(), "{end}");
    }
    assert!(matches!(
        Message::decode(&vec![0; MAX_OCTETS + 1]),
        Err(Malformed::Unsupported { field: "message length", .. })
    ));
}

#[test]
fn records_of_other_kinds_and_classes_are_left_out() {
    let mut octets = vec![0, 0, 0x84, 0, 0, 0, 0, 3, 0, 0, 0, 0];
    octets.extend(b"\x01a\x00\x00\x0d\x00\x01\x00\x00\x00\x00\x00\x04\x01x\x01y"); // HINFO
    octets.extend(b"\xc0\x0c\xfd\xe8\x00\x01\x00\x00\x00\x00\x00\x02??"); // 65000, private
    octets.extend(b"\xc0\x0c\x00\x01\x00\x03\x00\x00\x00\x00\x00\x04\x0a\x00\x00\x01"); // CHAOS A
    let message = Message::decode(&octets).unwrap();
    assert_eq!(message.answers, []);
}

fn any_name() -> impl Strategy<Value = Name> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=20), 0..=5)
        .prop_map(|labels| Name::new(labels).unwrap())
}

fn any_pair() -> impl Strategy<Value = Pair> {
    let key = prop::collection::vec(any::<u8>(), 1..9);
    let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    (key, value).prop_filter_map("no = in keys", |(key, value)| Pair::new(&key, value.as_deref()))
}

fn any_data() -> impl Strategy<Value = Data> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|a| Data::A(a.into())),
        any::<[u8; 16]>().prop_map(|a| Data::Aaaa(a.into())),
        any_name().prop_map(Data::Ptr),
        (any::<(u16, u16, u16)>(), any_name()).prop_map(|((priority, weight, port), target)| {
            Data::Srv { priority, weight, port, target }
        }),
        prop::collection::vec(any_pair(), 0..5).prop_map(Data::Txt),
    ]
}

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let record = (any_name(), any::<u32>(), any::<bool>(), any_data())
        .prop_map(|(name, ttl, flush, data)| Record { name, ttl, flush, data });
    prop::collection::vec(record, 0..5)
}

fn any_question() -> impl Strategy<Value = Question> {
    let kind = prop_oneof![
        Just(Kind::A),
        Just(Kind::Ptr),
        Just(Kind::Txt),
        Just(Kind::Aaaa),
        Just(Kind::Srv),
        Just(Kind::Any),
        Just(Kind::Other(6)),
    ];
    (any_name(), kind, any::<bool>()).prop_map(|(name, kind, unicast)| Question {
        name,
        kind,
        unicast,
    })
}

proptest! {
    #[test]
    fn what_was_encoded_decodes_to_itself(
        (id, response, truncated) in any::<(u16, bool, bool)>(),
        questions in prop::collection::vec(any_question(), 0..3),
        answers in any_records(),
        additional in any_records(),
    ) {
        let recursion_desired = id.is_multiple_of(2);
        let message =
            Message { id, response, truncated, recursion_desired, questions, answers, additional };
        prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::decode(&octets);
    }

    #[test]
    fn altered_answers_do_no_harm(
        records in any_records(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut octets = Message { answers: records, ..Message::default() }.encode();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        if let Ok(message) = Message::decode(&octets) {
            let again = Message::decode(&message.encode());
            prop_assert_eq!(again, Ok(message));
        }
    }
}
