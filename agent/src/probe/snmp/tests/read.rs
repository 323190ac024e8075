//! Which tables are read, of whom, and with how many packets.

use daicho_common::observation::table::TableRead;

use super::zoo::{BRIDGE, bridge, told};
use super::*;

fn with(credentials: &[Credential], tables: &str, harm: bool) -> Snmp {
    let terms = Terms { harm, ..terms(credentials, tables) };
    Snmp::new(TARGET, &terms, TIMEOUT, 2, 7)
}

fn public() -> Vec<Credential> {
    vec![Credential::V2c(Community::new("public"))]
}

fn reads(facts: &[Fact]) -> Vec<(&str, &str, u32, Outcome)> {
    facts
        .iter()
        .filter_map(|fact| if let Fact::TableRead(read) = fact { Some(read) } else { None })
        .flat_map(|read| {
            let TableRead { context, rows, outcome, .. } = read;
            read.tables().map(|table| (table, context.as_str(), *rows, *outcome))
        })
        .collect()
}

fn table(name: &str, entry: &str, more: &str) -> String {
    let columns = "columns = [{ id = 1, name = \"a\", kind = \"any\" }, { id = 2, name = \"b\", kind = \"text\" }]";
    format!(
        "[[table]]\nname = \"{name}\"\nsource = \"A-MIB\"\nentry = \"{entry}\"\n{columns}\n{more}\n"
    )
}

#[test]
fn a_forwarding_table_of_100_000_rows_takes_hardly_more_round_trips_than_its_octets_need() {
    let mut device = bridge(100_000);
    let tables = BRIDGE.replace("most = 500", "most = 200000");
    let (mut octets, mut trips) = (0, 0);
    let (facts, _) = run(&mut with(&public(), &tables, false), |asked| {
        let answer = device.answer(asked)?;
        assert!(answer.len() <= 1_472, "{}", answer.len());
        if parse(asked).1.varbinds()[0].oid.arcs().starts_with(&oid("1.3.6.1.2.1.17.4.3.1")) {
            (octets, trips) = (octets + answer.len(), trips + 1);
        }
        Some(answer)
    });
    assert_eq!(reads(&facts), [("dot1dTpFdbTable", "", 100_000, Outcome::Complete)]);
    let needed = octets.div_ceil(1_472);
    assert!(trips * 10 <= needed * 13, "{trips} of {needed}");
}

#[test]
fn tables_that_a_device_does_not_have_cost_one_packet_for_sixteen() {
    let tables: String =
        (1..=16).map(|n| table(&format!("t{n}"), &format!("1.3.6.1.4.1.9.{n}"), "")).collect();
    let mut device = switch();
    let (facts, sent) = run(&mut with(&public(), &tables, false), |it| device.answer(it));
    assert_eq!(sent, 5);
    assert!(reads(&facts).iter().all(|(.., rows, end)| (*rows, *end) == (0, Outcome::Complete)));
    assert_eq!(reads(&facts).len(), 16);
}

#[test]
fn tables_are_read_where_their_maker_need_and_harm_allow() {
    let tables = [
        table("ours", "1.3.6.1.4.1.278.1", "vendor = [\"1.3.6.1.4.1.278\"]\nscalars = true"),
        table("theirs", "1.3.6.1.4.1.278.2", "vendor = [\"1.3.6.1.4.1.27\"]"),
        table("behind", "1.3.6.1.4.1.278.3", "after = \"ours\""),
        table("empty", "1.3.6.1.4.1.278.4", ""),
        table("beyond", "1.3.6.1.4.1.278.5", "after = \"empty\""),
        table("costly", "1.3.6.1.4.1.278.6", "harm = \"slow\""),
    ]
    .concat();
    let mut device = switch();
    for group in [1, 2, 3, 5, 6] {
        let name = if group == 1 { "1.0".to_owned() } else { "1.4".to_owned() };
        device
            .objects
            .insert(oid(&format!("1.3.6.1.4.1.278.{group}.{name}")), Wire::Integer(group));
    }
    let fine = |name| (name, "", 1, Outcome::Complete);
    let (facts, _) = run(&mut with(&public(), &tables, false), |it| device.answer(it));
    let none = ("empty", "", 0, Outcome::Complete);
    assert_eq!(reads(&facts), [fine("ours"), fine("behind"), none]);
    let (rows, _) = told(&facts, "ours");
    assert_eq!((rows[0].index.len(), rows[0].number("a"), rows[0].text("b")), (0, Some(1), None));
    let (facts, _) = run(&mut with(&public(), &tables, true), |it| device.answer(it));
    assert_eq!(reads(&facts), [fine("ours"), fine("behind"), fine("costly"), none]);
}

#[test]
fn an_agent_that_does_not_say_whose_it_is_is_asked_for_the_makers_whose_trees_it_has() {
    let tables = [
        table("ours", "1.3.6.1.4.1.278.1", "vendor = [\"1.3.6.1.4.1.278\"]\nscalars = true"),
        table("theirs", "1.3.6.1.4.1.279.1", "vendor = [\"1.3.6.1.4.1.279\"]"),
    ]
    .concat();
    let whose = |object_id: &str| {
        let mut device = switch();
        device.objects.insert(oid("1.3.6.1.2.1.1.2.0"), pointer(object_id));
        device.objects.insert(oid("1.3.6.1.4.1.278.1.1.0"), Wire::Integer(5));
        device.objects.insert(oid("1.3.6.1.4.1.8072.1.1.0"), Wire::Integer(5));
        let (facts, packets) = run(&mut with(&public(), &tables, false), |it| device.answer(it));
        (reads(&facts).iter().map(|(name, ..)| (*name).to_owned()).collect::<Vec<_>>(), packets)
    };
    let (read, generic) = whose("1.3.6.1.4.1.8072.3.2.10");
    assert_eq!(read, ["ours"]);
    let (read, named) = whose("1.3.6.1.4.1.9.1.1");
    assert!(read.is_empty(), "whose number is another's has no table of ours");
    // Three for the trees, one for which of the tables there are, one for the table; whose number is
    // another's was asked once for what that maker's tree begins with.
    assert_eq!(generic + 1 - named, 5);
}

#[test]
fn a_device_with_no_table_of_its_maker_is_asked_for_what_its_makers_tree_begins_with() {
    let theirs = table("theirs", "1.3.6.1.4.1.279.1", "vendor = [\"1.3.6.1.4.1.279\"]");
    let mut device = switch();
    device.objects.insert(oid("1.3.6.1.2.1.1.2.0"), pointer("1.3.6.1.4.1.278.1"));
    for (name, text) in [("1.0", "XQ-48T"), ("2.0", "hunter2"), ("3.0", "V6.5")] {
        let value = Wire::OctetString(text.as_bytes().to_vec().into());
        device.objects.insert(oid(&format!("1.3.6.1.4.1.278.5.{name}")), value);
    }
    device.objects.insert(oid("1.3.6.1.4.1.279.5.1.0"), Wire::Integer(5));
    let (facts, _) = run(&mut with(&public(), &theirs, false), |it| device.answer(it));
    let (rows, _) = told(&facts, "enterprises");
    let texts: Vec<_> = rows.iter().filter_map(|row| row.text("value")).collect();
    assert_eq!(texts.iter().map(|text| text.as_str()).collect::<Vec<_>>(), ["XQ-48T", "V6.5"]);
    assert_eq!(rows[0].index, [278], "the tree itself");
}

#[test]
fn all_tables_that_a_device_lacks_are_one_fact_at_the_end() {
    let lacks =
        |number: u32| table(&format!("none-{number}"), &format!("1.3.6.1.4.1.278.{number}"), "");
    let tables: String = (1..=60).map(lacks).collect();
    let mut device = switch();
    let (facts, _) = run(&mut with(&public(), &tables, false), |it| device.answer(it));
    let ends = facts.iter().filter(|fact| matches!(fact, Fact::TableRead(_))).count();
    assert_eq!((ends, reads(&facts).len()), (1, 60));
}

#[test]
fn a_tree_below_a_products_own_number_is_read_there() {
    let below = "below = 8\nvendor = [\"1.3.6.1.4.1.278\"]\nscalars = true";
    let tables = table("own", "7", below) + &table("long", "7", &below.replace('8', "9"));
    let mut device = switch();
    device.objects.insert(oid("1.3.6.1.4.1.278.1.7.1.0"), Wire::Integer(5));
    let (facts, _) = run(&mut with(&public(), &tables, false), |it| device.answer(it));
    assert_eq!(reads(&facts), [("own", "", 1, Outcome::Complete)]);
}

/// A Cisco with the VLANs 1, 20 and 30, of which 30 is not in use.
fn catalyst() -> Device {
    let mut device = bridge(2);
    device.objects.insert(oid("1.3.6.1.2.1.1.2.0"), pointer("1.3.6.1.4.1.9.1.516"));
    for vlan in [1, 20, 30, 1002] {
        let name = format!("1.3.6.1.4.1.9.9.46.1.3.1.1.2.1.{vlan}");
        device.objects.insert(oid(&name), Wire::Integer(1));
    }
    device
}

fn vlan_tables() -> String {
    BRIDGE.replace("most = 500", "per_vlan = true")
        + &table("vtpVlanTable", "1.3.6.1.4.1.9.9.46.1.3.1.1", "")
}

#[test]
fn a_cisco_is_asked_in_the_context_of_each_of_its_vlans() {
    let (mut own, mut inner) = (catalyst(), bridge(5));
    inner.community = b"public@20";
    let (facts, _) = run(&mut with(&public(), &vlan_tables(), false), |asked| {
        own.answer(asked).or_else(|| inner.answer(asked))
    });
    let want = [
        ("dot1dTpFdbTable", "", 2, Outcome::Complete),
        ("vtpVlanTable", "", 4, Outcome::Complete),
        ("dot1dTpFdbTable", "20", 5, Outcome::Complete),
        ("dot1dTpFdbTable", "30", 0, Outcome::Silent),
    ];
    assert_eq!(reads(&facts), want);
}

#[test]
fn a_switch_of_another_maker_is_asked_in_its_own_context_only() {
    let mut device = catalyst();
    device.objects.insert(oid("1.3.6.1.2.1.1.2.0"), pointer("1.3.6.1.4.1.278.1"));
    let (facts, _) = run(&mut with(&public(), &vlan_tables(), false), |asked| {
        assert_eq!(parse(asked).0, b"public");
        device.answer(asked)
    });
    assert_eq!(reads(&facts).len(), 2);
}

#[test]
fn an_agent_of_the_first_version_is_read_without_getbulk() {
    let mut device = Device { quirk: Quirk::FirstVersion, ..bridge(30) };
    let credentials = [Credential::V1(Community::new("public"))];
    let absent = table("absent", "1.3.9", "");
    let mut snmp = with(&credentials, &(BRIDGE.to_owned() + &absent), false);
    let (facts, _) = run(&mut snmp, |asked| {
        assert_eq!(asked[4], 0, "version 1");
        let (_, pdu) = parse(asked);
        assert_ne!(pdu.pdu_type(), PduType::GetBulkRequest);
        let (status, objects) = device.respond(&pdu);
        Some(device::first_version(pdu.request_id(), status, objects))
    });
    assert_eq!(facts[..everything().len()], everything());
    let want =
        [("dot1dTpFdbTable", "", 30, Outcome::Complete), ("absent", "", 0, Outcome::Complete)];
    assert_eq!(reads(&facts), want);
}

#[test]
fn what_was_answered_last_is_tried_first_next_time() {
    let credentials = ["wrong", "public"].map(|secret| Credential::V2c(Community::new(secret)));
    let memory = Arc::new(Memory::of(Kept::anew(1), 20_000));
    let keyring = Arc::new(Keyring::new(&credentials, 1, Some(memory)));
    let terms = Terms { keyring, ..terms(&credentials, "") };
    for silent in [2, 0] {
        let (mut device, mut unanswered) = (switch(), 0);
        let (facts, _) = run(&mut Snmp::new(TARGET, &terms, TIMEOUT, 2, 7), |octets| {
            let answer = device.answer(octets);
            unanswered += i32::from(answer.is_none());
            answer
        });
        assert_eq!((facts, unanswered), (everything(), silent));
    }
}

#[test]
fn nothing_is_asked_for_twice_and_what_the_engine_needs_itself_still_comes_as_rows() {
    let keyring = Arc::new(Keyring::new(&public(), 1, None));
    let terms = Terms { keyring, catalog: Arc::new(Catalog::shipped().unwrap()), harm: true };
    let mut device = switch();
    let (mut asked, mut surveys) = (Vec::new(), 0);
    let (facts, sent) = run(&mut Snmp::new(TARGET, &terms, TIMEOUT, 2, 7), |octets| {
        let (_, pdu) = parse(octets);
        let names = pdu.varbinds().iter().map(|bind| bind.oid.arcs().to_vec());
        match pdu.pdu_type() {
            PduType::GetNextRequest => surveys += 1,
            _ => asked.extend(names),
        }
        device.answer(octets)
    });
    let many = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), many);
    assert!(!asked.iter().any(|name| name.starts_with(&oid("1.3.6.1.2.1.4.20"))));
    let brought: Vec<_> = reads(&facts).into_iter().filter(|(_, _, rows, _)| *rows > 0).collect();
    let whole = |table, rows| (table, "", rows, Outcome::Complete);
    let wanted = [whole("system", 1), whole("ifTable", 2), whole("ifXTable", 1)];
    assert_eq!(brought, [wanted.as_slice(), &[whole("ipAddressTable", 3)]].concat());
    assert_eq!(facts.iter().filter(|it| matches!(it, Fact::Interface { .. })).count(), 2);
    assert!(sent - surveys <= 6, "{sent} packets, {surveys} of them to see what there is");
}
