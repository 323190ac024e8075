//! Long tables, endless ones, and such as do not go on.

use super::*;

#[test]
fn a_long_table_is_read_with_few_packets() {
    let mut device = switch();
    for index in 3..=1000 {
        for (column, value) in [(2, octets(b"port")), (3, Wire::Integer(6)), (8, Wire::Integer(1))]
        {
            device.objects.insert(oid(&format!("1.3.6.1.2.1.2.2.1.{column}.{index}")), value);
        }
        let [high, low] = u16::try_from(index).unwrap().to_be_bytes();
        let mac = [0, 0x1a, 0x2b, 0, high, low];
        device.objects.insert(oid(&format!("1.3.6.1.2.1.2.2.1.6.{index}")), octets(&mac));
    }
    let (facts, sent) = run_against(&mut device);
    let count = facts.iter().filter(|fact| matches!(fact, Fact::Interface { .. })).count();
    assert_eq!(count, 1000);
    assert_eq!(outcomes(&facts)[1], (Question::SnmpInterfaces, Outcome::Complete));
    assert!(sent <= 66, "answers fill packets of 1,472 octets: {sent}");
}

#[test]
fn an_endless_table_is_cut_and_said_to_be_partial() {
    let mut device = Device { quirk: Quirk::Endless, ..switch() };
    let (facts, sent) = run_against(&mut device);
    let count = facts.iter().filter(|fact| matches!(fact, Fact::Interface { .. })).count();
    assert_eq!(count, walk::MAX_ROWS);
    assert_eq!(outcomes(&facts)[1], (Question::SnmpInterfaces, Outcome::Partial));
    assert!(sent < 500, "{sent}");
}

#[test]
fn a_table_given_out_one_object_at_a_time_ends_by_the_count_of_questions() {
    let mut device = Device { quirk: Quirk::Endless, ..switch() };
    let mut snmp = interview(&["public"]);
    let (facts, sent) = run(&mut snmp, |octets| {
        let (_, pdu) = parse(octets);
        let objects = if pdu.pdu_type() == PduType::GetBulkRequest {
            device.next(&[pdu.varbinds()[0].oid.arcs().to_vec()], 1)
        } else {
            device.respond(&pdu).1
        };
        Some(response(b"public", pdu.request_id(), (0, 0), objects))
    });
    assert_eq!(outcomes(&facts)[1], (Question::SnmpInterfaces, Outcome::Partial));
    assert!(sent < walk::MAX_ROWS + walk::MAX_QUESTIONS + 100, "{sent}");
}

#[test]
fn identifiers_that_do_not_grow_break_the_walk_off() {
    let mut device = Device { quirk: Quirk::Stuck, ..switch() };
    let (facts, sent) = run_against(&mut device);
    assert_eq!(
        outcomes(&facts),
        [
            (Question::SnmpSystem, Outcome::Complete),
            (Question::SnmpInterfaces, Outcome::Partial),
            (Question::SnmpAddresses, Outcome::Malformed),
        ]
    );
    assert!(sent < 8, "{sent}");
}
