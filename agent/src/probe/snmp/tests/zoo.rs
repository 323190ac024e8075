//! The misbehaving zoo: each ends in facts and an honest outcome.

use daicho_common::observation::table::{Cell, Row, TableRead};

use super::*;

/// A forwarding table.
pub(super) const BRIDGE: &str = r#"
[[table]]
name = "dot1dTpFdbTable"
source = "BRIDGE-MIB, RFC 4188"
entry = "1.3.6.1.2.1.17.4.3.1"
most = 500
columns = [
  { id = 2, name = "dot1dTpFdbPort", kind = "any" },
  { id = 3, name = "dot1dTpFdbStatus", kind = "text" },
]
"#;

/// The objects of row `number` of that table.
pub(super) fn station(number: u32) -> [(Vec<u32>, Wire); 2] {
    let [a, b, c, d] = number.to_be_bytes().map(u32::from);
    let name = |column| [oid("1.3.6.1.2.1.17.4.3.1"), vec![column, 0, 26, a, b, c, d]].concat();
    [(name(2), Wire::Integer(7)), (name(3), Wire::Integer(3))]
}

pub(super) fn bridge(stations: u32) -> Device {
    let mut device = switch();
    device.objects.extend((0..stations).flat_map(station));
    device
}

/// The rows that these facts tell of a table, and how reading it ended.
pub(super) fn told(facts: &[Fact], table: &str) -> (Vec<Row>, Vec<TableRead>) {
    let (mut rows, mut reads) = (Vec::new(), Vec::new());
    for fact in facts {
        match fact {
            Fact::Rows(some) if some.table == table => {
                assert!(some.rows.len() <= row::MOST);
                rows.extend(some.rows.clone());
            }
            Fact::TableRead(read) if read.tables().any(|name| name == table) => {
                reads.push(read.clone());
            }
            _ => {}
        }
    }
    (rows, reads)
}

pub(super) fn tabular(tables: &str, tries: u8) -> Snmp {
    let credentials = [Credential::V2c(Community::new("public"))];
    Snmp::new(TARGET, &terms(&credentials, tables), TIMEOUT, tries, 7)
}

/// Runs the interview to its end with answers that take their time. Returns the facts, the packets
/// sent, and how long it took.
fn live(
    snmp: &mut Snmp,
    mut answer: impl FnMut(&[u8]) -> Option<(Duration, Vec<u8>)>,
) -> (Vec<Fact>, usize, Duration) {
    let (mut now, mut sent) = (Tick::ZERO, 0);
    let mut coming: Vec<(Tick, Vec<u8>)> = Vec::new();
    while !snmp.is_finished() {
        while let Some(ask) = snmp.poll_transmit(now) {
            sent += 1;
            coming.extend(answer(&ask.octets).map(|(late, octets)| (now.after(late), octets)));
        }
        let first = coming.iter().map(|(at, _)| *at).min();
        let Some(next) = first.into_iter().chain(snmp.poll_timeout()).min() else { break };
        now = next;
        let (due, later) = coming.into_iter().partition(|(at, _)| *at <= now);
        coming = later;
        for (_, octets) in Vec::from_iter::<Vec<(Tick, Vec<u8>)>>(due) {
            snmp.handle_datagram(TARGET, &octets, now);
        }
    }
    let facts = std::iter::from_fn(|| snmp.poll_fact()).collect();
    (facts, sent, now.since(Tick::ZERO))
}

fn outcome(facts: &[Fact]) -> (usize, Outcome) {
    let (rows, reads) = told(facts, "dot1dTpFdbTable");
    let [read] = reads.as_slice() else { panic!("{reads:?}") };
    assert_eq!(usize::try_from(read.rows).unwrap(), rows.len());
    assert!(rows.is_sorted_by_key(|row| row.index.clone()));
    (rows.len(), read.outcome)
}

#[test]
fn a_table_with_more_rows_than_are_taken_is_partial() {
    let mut device = bridge(900);
    let (facts, _) = run(&mut tabular(BRIDGE, 2), |octets| device.answer(octets));
    assert_eq!(outcome(&facts), (500, Outcome::Partial));
    assert_eq!(facts[..everything().len()], everything());
}

#[test]
fn a_table_whose_identifiers_do_not_grow_is_partial_up_to_there() {
    let mut device = bridge(90);
    let (facts, sent) = run(&mut tabular(BRIDGE, 2), |octets| {
        let (_, pdu) = parse(octets);
        let ((status, at), mut objects) = device.respond(&pdu);
        if pdu.pdu_type() == PduType::GetBulkRequest && objects.len() > 22 {
            objects[20] = objects[2].clone();
        }
        Some(response(b"public", pdu.request_id(), (status, at), objects))
    });
    let (rows, outcome) = outcome(&facts);
    assert_eq!(outcome, Outcome::Partial);
    assert!((10..90).contains(&rows), "{rows}");
    assert!(sent < 12, "{sent}");
}

#[test]
fn wrong_types_and_counters_as_strings_are_passed_on_as_they_came() {
    let mut device = bridge(3);
    let [(port, _), (status, _)] = station(1);
    device.objects.insert(port, octets(b"7"));
    device.objects.insert(status, octets(b"3"));
    let [(port, _), (status, _)] = station(2);
    device.objects.insert(port, Wire::Counter64(u64::MAX));
    device.objects.insert(status, Wire::IpAddress([10, 0, 0, 1]));
    let (facts, _) = run(&mut tabular(BRIDGE, 2), |octets| device.answer(octets));
    assert_eq!(outcome(&facts), (3, Outcome::Complete));
    let (rows, _) = told(&facts, "dot1dTpFdbTable");
    let cells: Vec<_> = rows.iter().flat_map(|row| row.cells.values().cloned()).collect();
    let want = [
        Cell::Integer(7),
        Cell::Integer(3),
        Cell::from_octets(b"7"),
        Cell::Text("3".into()),
        Cell::Unsigned(u64::MAX),
        Cell::Address([10, 0, 0, 1].into()),
    ];
    assert_eq!(cells, want);
}

#[test]
fn a_table_that_changes_while_it_is_walked_is_told_in_order_and_ends() {
    let mut device = bridge(300);
    let mut turn = 0;
    let (facts, _) = run(&mut tabular(BRIDGE, 2), |octets| {
        turn += 1;
        for number in [turn * 7, turn * 11] {
            for (name, _) in station(number) {
                device.objects.remove(&name);
            }
        }
        device.objects.extend(station(1_000 + turn));
        device.answer(octets)
    });
    let (rows, outcome) = outcome(&facts);
    assert_eq!(outcome, Outcome::Complete);
    assert!((250..=320).contains(&rows), "{rows}");
}

#[test]
fn a_description_in_shift_jis_or_with_nuls_is_made_readable() {
    for (said, read) in
        [(&b"\x89\xef\x8b\x63\x8e\xba\0\0"[..], "会議室"), (b"MFP\0 3F\x1b[2J", "MFP")]
    {
        let mut device = switch();
        device.objects.insert(oid("1.3.6.1.2.1.1.1.0"), octets(said));
        let (facts, _) = run_against(&mut device);
        let Some(Fact::System { description, .. }) = facts.first() else { panic!("{facts:?}") };
        assert!(description.as_str().starts_with(read), "{description:?}");
        assert!(!description.as_str().chars().any(char::is_control), "{description:?}");
    }
}

#[test]
fn an_agent_that_answers_one_request_in_three_is_read_in_full() {
    let (mut device, mut count) = (bridge(300), 0);
    let (facts, _, _) = live(&mut tabular(BRIDGE, 3), |octets| {
        count += 1;
        (count % 3 == 0).then(|| device.answer(octets)).flatten().map(|it| (Duration::ZERO, it))
    });
    assert_eq!(facts[..everything().len()], everything());
    assert_eq!(outcome(&facts), (300, Outcome::Complete));
}

#[test]
fn an_agent_that_answers_one_request_in_three_is_said_to_be_half_read_if_it_is_asked_twice_only() {
    let (mut device, mut count) = (bridge(300), 0);
    let (facts, sent, _) = live(&mut tabular(BRIDGE, 2), |octets| {
        count += 1;
        (count % 3 == 1).then(|| device.answer(octets)).flatten().map(|it| (Duration::ZERO, it))
    });
    assert_eq!(facts[0], system(), "the first answer");
    let (_, reads) = told(&facts, "dot1dTpFdbTable");
    assert!(reads.iter().all(|read| read.outcome != Outcome::Complete), "{reads:?}");
    let silent = |fact: &Fact| {
        matches!(fact, Fact::Asked { outcome: Outcome::Silent | Outcome::Partial, .. })
    };
    assert!(facts.iter().any(silent), "{facts:?}");
    assert!(sent < 12, "{sent}");
}

#[test]
fn an_agent_that_takes_three_seconds_a_reply_is_read_in_full_and_asked_once_each() {
    let mut device = bridge(300);
    let late = Duration::from_secs(3);
    let (facts, sent, took) =
        live(&mut tabular(BRIDGE, 2), |octets| device.answer(octets).map(|it| (late, it)));
    assert_eq!(facts[..everything().len()], everything());
    assert_eq!(outcome(&facts), (300, Outcome::Complete));
    let answered = u32::try_from(sent - 1).unwrap();
    assert_eq!(took, late * answered, "only the first question was asked twice");
}

#[test]
fn an_agent_that_crashes_when_asked_for_more_than_ten_repetitions_leaves_what_it_said_before() {
    let (mut device, mut dead) = (bridge(300), false);
    let (facts, sent, _) = live(&mut tabular(BRIDGE, 2), |octets| {
        dead |= parse(octets).1.get_bulk_fields().is_some_and(|(_, most)| most > 10);
        if dead { None } else { device.answer(octets).map(|it| (Duration::ZERO, it)) }
    });
    assert_eq!(facts[0], system());
    assert!(facts.contains(&asked(Question::SnmpInterfaces, Outcome::Complete)), "{facts:?}");
    assert!(sent < 12, "{sent}");
    let silent = |fact: &Fact| match fact {
        Fact::Asked { outcome, .. } | Fact::TableRead(TableRead { outcome, .. }) => {
            matches!(outcome, Outcome::Silent | Outcome::Partial)
        }
        _ => false,
    };
    assert!(facts.iter().any(silent), "{facts:?}");
}

#[test]
fn an_agent_that_crashed_when_asked_for_more_than_ten_repetitions_is_read_in_full_the_next_day() {
    let credentials = [Credential::V2c(Community::new("public"))];
    let scan = |kept: Kept, day| {
        let memory = Arc::new(Memory::of(kept, day));
        let keyring = Arc::new(Keyring::new(&credentials, 1, Some(Arc::clone(&memory))));
        let terms = Terms { keyring, ..terms(&credentials, BRIDGE) };
        let (mut device, mut dead) = (bridge(300), false);
        let (facts, _, _) = live(&mut Snmp::new(TARGET, &terms, TIMEOUT, 2, 7), |octets| {
            dead |= parse(octets).1.get_bulk_fields().is_some_and(|(_, most)| most > 10);
            if dead { None } else { device.answer(octets).map(|it| (Duration::ZERO, it)) }
        });
        (facts, dead, memory.kept(None).unwrap())
    };
    let (_, dead, kept) = scan(Kept::anew(1), 20_000);
    assert!(dead, "nobody could know");
    let (facts, dead, _) = scan(kept, 20_001);
    assert!(!dead);
    assert_eq!(facts[..everything().len()], everything());
    assert_eq!(outcome(&facts), (300, Outcome::Complete));
}

#[test]
fn replies_of_64_kilobytes_are_read_and_make_the_questions_smaller() {
    let mut device = bridge(40);
    for number in 0..40 {
        let [_, (status, _)] = station(number);
        device.objects.insert(status, octets(&[b'x'; 1_900]));
    }
    let [_, (status, _)] = station(39);
    device.objects.insert(status, octets(&vec![b'x'; 60_000]));
    let (mut longest, mut last) = (0, 0);
    let (facts, _) = run(&mut tabular(BRIDGE, 2), |octets| {
        let answer = device.answer(octets)?;
        longest = longest.max(answer.len());
        last = parse(octets).1.get_bulk_fields().map_or(last, |(_, most)| most);
        Some(answer)
    });
    assert!(longest > 60_000, "{longest}");
    assert_eq!(last, 1);
    assert_eq!(outcome(&facts), (40, Outcome::Partial), "one cell was too long");
}

#[test]
fn what_a_device_cannot_do_it_is_not_asked_again() {
    let other = BRIDGE.replace("dot1dTpFdb", "again");
    let mut device = Device { quirk: Quirk::NoBulk, ..bridge(20) };
    let (facts, _) = run(&mut tabular(&(BRIDGE.to_owned() + &other), 2), |it| device.answer(it));
    assert_eq!(outcome(&facts), (20, Outcome::Complete));
    let bulk = device.asked.iter().filter(|it| **it == PduType::GetBulkRequest).count();
    assert_eq!(bulk, 4, "10, 5, 2, 1 in the first table of all");
}
