use daicho_common::text::Text;
use daicho_common::wire::dns::{Data, Pair, Record};
use proptest::prelude::*;

use super::*;

const TARGET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 20, 0, 9));
const FROM: SocketAddr = SocketAddr::new(TARGET, PORT);
const TIMEOUT: Duration = Duration::from_secs(1);

fn name(text: &str) -> Name {
    Name::dotted(text).unwrap()
}

/// The name of an instance, which may have dots in it.
fn instance(label: &str, service: &str) -> Name {
    let service = name(service);
    Name::new(std::iter::once(label.as_bytes()).chain(service.labels().iter().map(Vec::as_slice)))
        .unwrap()
}

fn pointer(owner: Name, target: Name) -> Record {
    Record::new(owner, Data::Ptr(target))
}

fn location(instance: &Name, host: &str, port: u16) -> Record {
    let data = Data::Srv { priority: 0, weight: 0, port, target: name(host) };
    Record::new(instance.clone(), data)
}

fn text(instance: &Name, pairs: &[(&str, &[u8])]) -> Record {
    let pairs = pairs.iter().map(|(key, value)| Pair::new(key.as_bytes(), Some(value)).unwrap());
    Record::new(instance.clone(), Data::Txt(pairs.collect()))
}

/// A responder in memory: its records, and what it sends along unasked.
struct Responder {
    records: Vec<Record>,
    /// Whether SRV, TXT and address records come along with a pointer.
    generous: bool,
    asked: Vec<Question>,
}

impl Responder {
    /// A multifunction printer with two services.
    fn printer() -> Self {
        let ipp = instance("複合機 3F. 東", "_ipp._tcp.local");
        let http = instance("web", "_http._tcp.local");
        Self {
            records: vec![
                pointer(Name::services(), name("_ipp._tcp.local")),
                pointer(Name::services(), name("_http._tcp.local")),
                pointer(name("_ipp._tcp.local"), ipp.clone()),
                pointer(name("_http._tcp.local"), http.clone()),
                location(&ipp, "MFP-3F.local", 631),
                text(
                    &ipp,
                    &[("ty", b"RICOH"), ("TY", b"second"), ("note", b"\x89\xef\x8b\x63\x8e\xba")],
                ),
                location(&http, "MFP-3F.local", 80),
                text(&http, &[]),
                Record::new(name("MFP-3F.local"), Data::A(Ipv4Addr::new(10, 20, 0, 9))),
                pointer(Name::reverse(TARGET), name("MFP-3F.local")),
            ],
            generous: true,
            asked: Vec::new(),
        }
    }

    fn answer(&mut self, octets: &[u8]) -> Option<Message> {
        let asked = Message::decode(octets).unwrap();
        let [question] = asked.questions.as_slice() else { panic!("one question to a message") };
        self.asked.push(question.clone());
        let fits = |record: &&Record| {
            let kind = match record.data {
                Data::A(_) => Kind::A,
                Data::Aaaa(_) => Kind::Aaaa,
                Data::Ptr(_) => Kind::Ptr,
                Data::Srv { .. } => Kind::Srv,
                Data::Txt(_) => Kind::Txt,
            };
            record.name.matches(&question.name) && kind == question.kind
        };
        let answers: Vec<Record> = self.records.iter().filter(fits).cloned().collect();
        let along = |record: &&Record| {
            answers.iter().any(|answer| match &answer.data {
                Data::Ptr(target) => *target == record.name && !matches!(record.data, Data::Ptr(_)),
                Data::Srv { target, .. } => *target == record.name,
                Data::A(_) | Data::Aaaa(_) | Data::Txt(_) => false,
            })
        };
        let records = self.records.iter().filter(|_| self.generous);
        let additional = records.filter(along).cloned().collect();
        (!answers.is_empty()).then(|| Message::answer(&asked, answers, additional))
    }
}

/// What the printer tells when all goes well.
fn services() -> Vec<Fact> {
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(Text, Text)> {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    };
    vec![
        Fact::Service {
            service: "_http._tcp".into(),
            instance: "web".into(),
            host: "MFP-3F.local".into(),
            port: 80,
            txt: vec![],
        },
        Fact::Service {
            service: "_ipp._tcp".into(),
            instance: "複合機 3F. 東".into(),
            host: "MFP-3F.local".into(),
            port: 631,
            txt: pairs(&[("note", "会議室"), ("ty", "RICOH")]),
        },
        Fact::HostName { name: "MFP-3F.local".into() },
    ]
}

fn ended(outcome: Outcome) -> Fact {
    Fact::Asked { question: Topic::MdnsServices, outcome }
}

fn everything() -> Vec<Fact> {
    let mut facts = services();
    facts.push(ended(Outcome::Complete));
    facts
}

fn interview() -> Mdns {
    Mdns::new(TARGET, TIMEOUT, 2, 100)
}

/// Runs the interview to its end; `answer` gets each packet. Returns facts and packets sent.
fn run(mdns: &mut Mdns, mut answer: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> (Vec<Fact>, usize) {
    let (mut now, mut sent) = (Tick::ZERO, 0);
    while !mdns.is_finished() {
        while let Some(ask) = mdns.poll_transmit(now) {
            sent += 1;
            assert_eq!((ask.port, ask.kind, ask.outlet), (PORT, PacketKind::Mdns, Outlet::Mdns));
            assert!(mdns.poll_transmit(now).is_none(), "two questions in flight");
            match answer(&ask.octets) {
                Some(reply) => assert!(mdns.handle_datagram(FROM, &reply, now)),
                None => break,
            }
        }
        now = mdns.poll_timeout().unwrap_or(now);
    }
    assert!(mdns.poll_transmit(now).is_none());
    (std::iter::from_fn(|| mdns.poll_fact()).collect(), sent)
}

fn run_against(responder: &mut Responder) -> (Vec<Fact>, usize) {
    run(&mut interview(), |octets| responder.answer(octets).map(|message| message.encode()))
}

#[test]
fn a_printer_is_interviewed_in_full() {
    let mut printer = Responder::printer();
    let (facts, sent) = run_against(&mut printer);
    assert_eq!(facts, everything());
    assert_eq!(sent, 4, "types, two browses, the name: {:?}", printer.asked);
    assert!(printer.asked.iter().all(|question| question.unicast));
}

#[test]
fn what_did_not_come_along_is_asked_for() {
    let mut printer = Responder { generous: false, ..Responder::printer() };
    let (facts, sent) = run_against(&mut printer);
    assert_eq!(facts, everything());
    assert_eq!(sent, 8, "{:?}", printer.asked);
    let kinds: Vec<Kind> = printer.asked.iter().map(|question| question.kind).collect();
    assert_eq!(kinds[3..7], [Kind::Srv, Kind::Srv, Kind::Txt, Kind::Txt]);
}

#[test]
fn a_service_without_a_location_is_told_with_an_empty_host() {
    let mut printer = Responder::printer();
    printer.records.retain(|record| !matches!(record.data, Data::Srv { port: 80, .. }));
    let (facts, _) = run_against(&mut printer);
    let Some(Fact::Service { host, port, .. }) = facts.first() else { panic!("{facts:?}") };
    assert_eq!((host, *port), (&Text::default(), 0));
    assert_eq!(facts.last(), Some(&ended(Outcome::Partial)));
}

#[test]
fn a_silent_host_is_asked_once_a_try_and_no_more() {
    assert_eq!(run(&mut interview(), |_| None), (vec![ended(Outcome::Silent)], 2));
}

#[test]
fn a_host_without_a_reverse_record_has_still_answered_in_full() {
    let mut printer = Responder::printer();
    printer.records.truncate(9);
    assert_eq!(run_against(&mut printer).0, services_and(&[], Outcome::Complete));
}

/// The services, and how it ended, without the host name unless it is listed.
fn services_and(names: &[&str], outcome: Outcome) -> Vec<Fact> {
    let mut facts = services();
    facts.truncate(2);
    facts.extend(names.iter().map(|name| Fact::HostName { name: (*name).into() }));
    facts.push(ended(outcome));
    facts
}

#[test]
fn a_host_that_falls_silent_is_left_in_peace() {
    let mut printer = Responder { generous: false, ..Responder::printer() };
    let mut count = 0;
    let (facts, sent) = run(&mut interview(), |octets| {
        count += 1;
        if count <= 3 { printer.answer(octets).map(|message| message.encode()) } else { None }
    });
    assert_eq!(facts.last(), Some(&ended(Outcome::Partial)));
    assert_eq!(facts.len(), 3, "both services, without location: {facts:?}");
    assert_eq!(sent, 3 + 2 * 2);
}

#[test]
fn an_unreachable_port_ends_the_interview() {
    let mut mdns = interview();
    mdns.poll_transmit(Tick::ZERO).unwrap();
    mdns.handle_unreachable(Tick::ZERO);
    assert!(mdns.is_finished() && mdns.poll_transmit(Tick::ZERO).is_none());
    assert_eq!(mdns.poll_fact(), Some(ended(Outcome::Refused)));
    assert_eq!(mdns.poll_fact(), None);
}

#[test]
fn answers_from_elsewhere_or_to_other_questions_change_nothing() {
    let mut mdns = interview();
    let asked = mdns.poll_transmit(Tick::ZERO).unwrap();
    let reply = Responder::printer().answer(&asked.octets).unwrap();
    let before = format!("{mdns:?}");
    let mut refused = |from: SocketAddr, message: &Message| {
        assert!(!mdns.handle_datagram(from, &message.encode(), Tick::ZERO), "{message:?}");
        assert_eq!(format!("{mdns:?}"), before);
    };
    refused(SocketAddr::new([10, 20, 0, 8].into(), PORT), &reply);
    refused(SocketAddr::new(TARGET, 53), &reply);
    refused(FROM, &Message { id: 99, ..reply.clone() });
    refused(FROM, &Message { response: false, ..reply.clone() });
    let other = question(name("_ssh._tcp.local"), Kind::Ptr);
    let about_other = Message { questions: vec![other], answers: vec![], ..reply.clone() };
    refused(FROM, &about_other);
    assert!(mdns.handle_datagram(
        FROM,
        &Message { id: 0, questions: vec![], ..reply }.encode(),
        Tick::ZERO
    ));
}

#[test]
fn a_truncated_answer_is_said_to_be_partial() {
    let mut printer = Responder::printer();
    let (facts, _) = run(&mut interview(), |octets| {
        let answer = printer.answer(octets)?;
        Some(Message { truncated: true, ..answer }.encode())
    });
    assert_eq!(facts.last(), Some(&ended(Outcome::Partial)));
}

#[test]
fn a_host_with_endless_services_is_bounded() {
    let mut printer = Responder::printer();
    let mut count = 0u32;
    let (facts, sent) = run(&mut interview(), |octets| {
        let asked = Message::decode(octets).unwrap();
        let about = asked.questions[0].name.clone();
        let answers = (0..20).map(|_| {
            count += 1;
            let service = format!("_s{count}._tcp.local");
            if about.matches(&Name::services()) || count.is_multiple_of(2) {
                pointer(Name::services(), name(&service))
            } else {
                pointer(about.clone(), instance(&count.to_string(), &about.text().to_string()))
            }
        });
        let answers = answers.collect();
        printer.asked.extend(asked.questions.clone());
        Some(Message::answer(&asked, answers, vec![]).encode())
    });
    assert_eq!(facts.last(), Some(&ended(Outcome::Partial)));
    let count = facts.iter().filter(|fact| matches!(fact, Fact::Service { .. })).count();
    assert_eq!(count, heard::MAX_INSTANCES);
    assert_eq!(sent, 1 + heard::MAX_TYPES + 2 * heard::MAX_INSTANCES + 1);
}

#[test]
fn pointers_that_go_round_in_circles_end() {
    let service = name("_ipp._tcp.local");
    let mut circle = Responder {
        records: vec![
            pointer(Name::services(), service.clone()),
            pointer(Name::services(), Name::services()),
            pointer(service.clone(), service.clone()),
            pointer(service.clone(), instance("a", "_ipp._tcp.local")),
            pointer(instance("a", "_ipp._tcp.local"), service),
            pointer(Name::reverse(TARGET), Name::reverse(TARGET)),
        ],
        generous: true,
        asked: Vec::new(),
    };
    let (facts, sent) = run_against(&mut circle);
    // One instance, of which nothing more is to be had.
    assert_eq!((facts.len(), sent), (2, 6), "{facts:?}");
    assert_eq!(facts.last(), Some(&ended(Outcome::Partial)));
}

fn any_record() -> impl Strategy<Value = Record> {
    let names = vec![
        Name::services(),
        name("_ipp._tcp.local"),
        name("_http._tcp.local"),
        instance("a", "_ipp._tcp.local"),
        instance("b", "_IPP._tcp.local"),
        name("mfp.local"),
        Name::reverse(TARGET),
        Name::default(),
    ];
    let any_name = prop::sample::select(names);
    let data = prop_oneof![
        any_name.clone().prop_map(Data::Ptr),
        (any_name.clone(), any::<u16>()).prop_map(|(target, port)| Data::Srv {
            priority: 0,
            weight: 0,
            port,
            target
        }),
        Just(Data::Txt(vec![])),
        Just(Data::A(Ipv4Addr::new(10, 20, 0, 9))),
    ];
    (any_name, data).prop_map(|(name, data)| Record::new(name, data))
}

proptest! {
    #[test]
    fn random_octets_change_nothing(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut mdns = interview();
        mdns.poll_transmit(Tick::ZERO).unwrap();
        let before = format!("{mdns:?}");
        prop_assert!(!mdns.handle_datagram(FROM, &octets, Tick::ZERO));
        prop_assert_eq!(format!("{mdns:?}"), before);
    }

    #[test]
    fn whatever_a_responder_answers_the_interview_ends(
        answers in prop::collection::vec(prop::collection::vec(any_record(), 0..12), 0..20),
    ) {
        let mut answers = answers.into_iter();
        let mut mdns = interview();
        let (facts, _) = run(&mut mdns, |octets| {
            let asked = Message::decode(octets).unwrap();
            Some(Message::answer(&asked, answers.next()?, vec![]).encode())
        });
        let ends = facts.iter().filter(|fact| matches!(fact, Fact::Asked { .. })).count();
        prop_assert_eq!(ends, 1);
    }
}
