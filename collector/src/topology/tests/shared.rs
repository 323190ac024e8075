//! VLANs of databases, ports with several VLANs, and what a table that broke off leaves open.

use super::*;

fn device<'p>(picture: &'p Picture, text: &str) -> &'p Device {
    picture.devices.iter().find(|d| d.macs.iter().any(|m| m.value == mac(text))).unwrap()
}

/// Switch 2 says that these ports have these VLANs of their own.
fn own_vlans(case: Case, of: &[(u32, i32)]) -> Case {
    let one =
        |(port, vlan): &(u32, i32)| row(vec![*port], vec![("dot1qPvid", Cell::Integer(*vlan))]);
    told(case, 2, "dot1qPortVlanTable", of.iter().map(one).collect())
}

/// Switch 2 heard these stations in these databases on these ports.
fn filtered(case: Case, heard: &[(u32, &str, i32)]) -> Case {
    let one = |(id, station, port): &(u32, &str, i32)| {
        let index = [vec![*id], mac(station).octets().map(u32::from).to_vec()].concat();
        row(index, vec![("dot1qTpFdbPort", Cell::Integer(*port))])
    };
    told(case, 2, "dot1qTpFdbTable", heard.iter().map(one).collect())
}

/// A station that ends in this number.
fn station(number: u32) -> String {
    format!("00:0b:5d:00:{number:02x}:07")
}

fn vlan_of(case: &Case, text: &str) -> Option<u16> {
    device(&picture(&case.seen), text).attached[0].value.vlan
}

#[test]
fn a_database_is_a_vlans_only_where_ports_show_it() {
    let one_switch = || ports(switch(Case::new(), 2, "down"), 2, 8);
    let four: Vec<String> = (1..=4).map(station).collect();
    let on = |ids: [u32; 4]| {
        let heard: Vec<(u32, &str, i32)> = (1..)
            .zip(ids.iter().zip(&four))
            .map(|(port, (id, station))| (*id, station.as_str(), port))
            .collect();
        let case = own_vlans(one_switch(), &[(1, 10), (2, 10), (3, 20), (4, 20)]);
        (case, heard)
    };
    // Numbered apart from the VLANs: what two ports agree on is known, and nothing else.
    let (case, mut heard) = on([2, 2, 3, 3]);
    heard.push((7, A, 5));
    let case = filtered(case, &heard);
    assert_eq!(vlan_of(&case, &four[0]), Some(10));
    assert_eq!(vlan_of(&case, &four[3]), Some(20));
    assert_eq!(vlan_of(&case, A), None, "VLAN 7 is the number of a database");
    // Numbered as the VLANs: then the others are too.
    let (case, mut heard) = on([10, 10, 20, 20]);
    heard.push((40, A, 5));
    assert_eq!(vlan_of(&filtered(case, &heard), A), Some(40));
    // All VLANs learn into one database: it is nobody's.
    let (case, heard) = on([1, 1, 1, 1]);
    assert_eq!(vlan_of(&filtered(case, &heard), &four[0]), None);
    // Nothing is known of any port.
    let (_, heard) = on([2, 2, 3, 3]);
    assert_eq!(vlan_of(&filtered(one_switch(), &heard), &four[0]), None);
    // It lists its VLANs, and the databases have their numbers; or numbers that came of counting.
    let listed = |id: u32, vlans: &[u32]| {
        let none =
            |vlan: &u32| row(vec![*vlan], vec![("dot1qVlanStaticRowStatus", Cell::Integer(1))]);
        let rows = vlans.iter().map(none).collect();
        let case = told(one_switch(), 2, "dot1qVlanStaticTable", rows);
        vlan_of(&filtered(case, &[(id, A, 5)]), A)
    };
    assert_eq!(listed(20, &[1, 20]), Some(20));
    assert_eq!(listed(2, &[1, 2, 3]), None);
    assert_eq!(listed(20, &[1, 30]), None);
}

#[test]
fn frames_of_several_vlans_on_one_port_are_one_device_and_no_telephones() {
    let one_switch = || ports(switch(Case::new(), 2, "down"), 2, 8);
    let shared = |heard: &[(u32, &str, i32)]| {
        let ids: std::collections::BTreeSet<u32> = heard.iter().map(|(id, ..)| *id).collect();
        let map =
            |id: &u32| row(vec![0, *id], vec![("dot1qVlanFdbId", Cell::Unsigned(u64::from(*id)))]);
        let case = own_vlans(one_switch(), &[(3, 10)]);
        let case = told(case, 2, "dot1qVlanCurrentTable", ids.iter().map(map).collect());
        let found = picture(&filtered(case, heard).seen);
        let through = device(&found, A).attached[0].value.through.clone();
        (found.topology.shared[0].cause, found.topology.shared[0].reasons.clone(), through)
    };
    // A computer behind something that tags in one VLAN: a telephone.
    let (cause, reasons, _) = shared(&[(10, A, 3), (40, B, 3)]);
    assert_eq!((cause, reasons), (Cause::Telephones, vec![Reason::DifferentVlans]));
    // Two VLANs besides the port's own.
    let (cause, reasons, through) = shared(&[(10, A, 3), (20, B, 3), (30, C, 3)]);
    assert_eq!((cause, through), (Cause::Trunk, Some(Through::Trunk)));
    assert_eq!(reasons, [Reason::SeveralVlans { vlans: 2 }]);
    // A router on a stick: one address in both, another beside it.
    let (cause, ..) = shared(&[(10, A, 3), (20, B, 3), (30, B, 3)]);
    assert_eq!(cause, Cause::Trunk);
}

/// On its port the second switch has a telephone with this address.
fn telephone(case: Case, port: u32, station: &str) -> Case {
    let cells = vec![
        ("lldpRemChassisIdSubtype", Cell::Integer(5)),
        ("lldpRemChassisId", Cell::from_octets(&[1, 192, 0, 2, 1])),
        ("lldpRemPortIdSubtype", Cell::Integer(3)),
        ("lldpRemPortId", Cell::from_octets(&mac(station).octets())),
        ("lldpRemSysCapEnabled", Cell::from_octets(&[0x24, 0])),
    ];
    told(case, 2, "lldpRemTable", vec![row(vec![0, port, 9], cells)])
}

#[test]
fn a_telephone_that_says_where_it_is_hangs_there_though_the_forwarding_table_broke_off() {
    let places = |case: Case| {
        let found = picture(&case.seen);
        let of = device(&found, B).attached.iter().map(|one| {
            (one.value.switch_name.clone(), one.value.port.clone(), one.value.through.clone())
        });
        of.collect::<Vec<_>>()
    };
    // Only the upper switch shows it: somewhere behind the lower one.
    let cut = || hears(two(), 1, &[(A, 8), (B, 8)]);
    let beyond = Some(Through::Beyond("mac-001aeb000002".into()));
    assert_eq!(places(cut()), [("up".into(), "p8".into(), beyond)]);
    assert_eq!(places(telephone(cut(), 4, B)), [("down".into(), "p4".into(), None)]);
    // A row of its own switch goes before it, but of two that contradict each other it says which.
    let sure = hears(cut(), 2, &[(A, 3), (B, 6)]);
    assert_eq!(places(telephone(sure, 4, B))[0].1, "p6");
    let contrary = || hears(hears(two(), 1, &[(A, 8), (B, 5)]), 2, &[(A, 3), (B, 4)]);
    assert_eq!(places(contrary()), []);
    assert_eq!(places(telephone(contrary(), 4, B)), [("down".into(), "p4".into(), None)]);
}

#[test]
fn a_switch_behind_one_whose_table_broke_off_is_not_linked_past_it() {
    let own = |number: u8| format!("00:1a:eb:00:00:{number:02x}");
    // The third says nothing to its neighbours and hangs on the second, whose table broke off.
    let case = |second: &[(&str, i32)]| {
        let case = ports(switch(two(), 3, "third"), 3, 8);
        let case = hears(case, 1, &[(A, 8), (&own(2), 8), (&own(3), 8)]);
        hears(hears(case, 2, second), 3, &[(&own(1), 1), (&own(2), 1), (C, 2)])
    };
    let to_third = |case: &Case| {
        let links = picture(&case.seen).topology.links;
        let to = |link: &&Link| [&link.near, &link.far].iter().any(|end| end.name == "third");
        let link = links.iter().find(to).unwrap().clone();
        let other = if link.near.name == "third" { link.far } else { link.near };
        (other.name, other.port, link.confidence)
    };
    let cut = case(&[(A, 3), (&own(1), 1)]);
    assert_eq!(to_third(&cut), ("down".into(), String::new(), Confidence::Possible));
    let whole = case(&[(A, 3), (&own(1), 1), (&own(3), 6)]);
    assert_eq!(to_third(&whole), ("down".into(), "p6".into(), Confidence::Likely));
}

#[test]
fn stations_show_the_port_of_a_switch_behind_one_whose_table_broke_off() {
    let own = |number: u8| format!("00:1a:eb:00:00:{number:02x}");
    let to_third = |second: &[(&str, i32)], third: &[(&str, i32)]| {
        let case = ports(switch(two(), 3, "third"), 3, 8);
        let case = hears(case, 1, &[(A, 8), (&own(2), 8), (&own(3), 8)]);
        let (upper, lower) = (own(1), own(2));
        let case = hears(case, 2, &[&[(A, 3), (upper.as_str(), 1)], second].concat());
        let above = [(upper.as_str(), 1), (lower.as_str(), 1)];
        let case = hears(case, 3, &[&above, third].concat());
        let links = picture(&case.seen).topology.links;
        let to = |link: &&Link| [&link.near, &link.far].iter().any(|end| end.name == "third");
        let link = links.iter().find(to).unwrap();
        let other = if link.near.name == "third" { &link.far } else { &link.near };
        (other.name.clone(), other.port.clone(), link.confidence)
    };
    let likely = ("down".to_owned(), "p6".to_owned(), Confidence::Likely);
    assert_eq!(to_third(&[(C, 6), (D, 6)], &[(C, 2), (D, 4)]), likely);
    let possible = ("down".to_owned(), String::new(), Confidence::Possible);
    // One port of the third could lead to the second itself.
    assert_eq!(to_third(&[(C, 6), (D, 6)], &[(C, 2), (D, 2)]), possible);
    assert_eq!(to_third(&[(C, 6), (D, 7)], &[(C, 2), (D, 4)]), possible, "no port has most");
    assert_eq!(to_third(&[(C, 1), (D, 1)], &[(C, 2), (D, 4)]), possible, "that leads elsewhere");
    assert_eq!(to_third(&[(C, 6), (D, 6)], &[(C, 1), (D, 1)]), possible, "heard from above");
}

/// The switch says what its port with this number is called.
fn called(case: Case, index: u32, name: &str) -> Case {
    let (description, alias) = ("".into(), "".into());
    let fact = Fact::Interface {
        index,
        name: name.into(),
        description,
        alias,
        kind: 6,
        mac: None,
        up: true,
    };
    case.tells("10.0.0.2", fact)
}

/// On which ports the second switch has the station.
fn at(picture: &Picture, text: &str) -> Vec<String> {
    device(picture, text).attached.iter().map(|one| one.value.port.clone()).collect()
}

#[test]
fn an_interface_number_that_was_given_on_to_another_port_is_read_as_it_is_now() {
    // After a restart p4 has the number that p3 had; the rows of the day before stay with p3.
    let case = hears(two(), 2, &[(B, 3), (C, 4)]);
    let case = called(called(called(case.day(1), 3, "p4"), 4, "p5"), 9, "p3");
    let case = hears(case, 2, &[(A, 3)]);
    let found = picture(&case.seen);
    assert_eq!(at(&found, A), ["p4"]);
    assert_eq!(at(&found, B), ["p3"], "heard before the restart only");
    assert_eq!(at(&found, C), ["p4"], "heard before the restart only");
    let again = picture(&case.seen.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(again, found);
}

#[test]
fn stations_of_two_ports_that_had_one_number_in_turn_are_no_hub() {
    let case = |now: &str| {
        let case = hears(two(), 2, &[(B, 3), (A, 4)]);
        let case = called(called(case.day(1), 3, now), 1, "p1");
        hears(hears(case, 2, &[(C, 3)]).day(2), 2, &[(C, 3)])
    };
    let found = picture(&case("p7").seen);
    assert_eq!((at(&found, C), at(&found, B)), (vec!["p7".to_owned()], vec![]), "p3 is no more");
    let found = picture(&case("p3").seen);
    assert_eq!((at(&found, C), at(&found, B)), (vec!["p3".to_owned()], vec!["p3".to_owned()]));
}

#[test]
fn two_stations_on_a_port_at_half_duplex_are_a_hub_and_one_is_none() {
    let of = |status: i32, heard: &[(&str, i32)]| {
        let rows = vec![row(vec![3], vec![("dot3StatsDuplexStatus", Cell::Integer(status))])];
        let case = told(ports(switch(Case::new(), 1, "up"), 1, 8), 1, "dot3StatsTable", rows);
        let shared = picture(&hears(case, 1, heard).seen).topology.shared;
        shared.into_iter().map(|one| (one.confidence, one.reasons)).collect::<Vec<_>>()
    };
    let together = Reason::Together { stations: 2 };
    let pair = [(A, 3), (B, 3)];
    assert_eq!(of(2, &pair), [(Confidence::Likely, vec![together, Reason::HalfDuplex])]);
    assert_eq!(of(3, &pair), [(Confidence::Possible, vec![together])]);
    assert_eq!(of(1, &pair), [(Confidence::Possible, vec![together])]);
    assert_eq!(of(2, &[(A, 3), (B, 4)]), []);
}

#[test]
fn what_takes_power_from_its_port_is_no_hub() {
    let of = |groups: [u32; 2], status: i32| {
        let fed = |(group, port): (u32, u32)| {
            row(vec![group, port], vec![("pethPsePortDetectionStatus", Cell::Integer(status))])
        };
        let case = ports(switch(Case::new(), 1, "up"), 1, 8);
        let rows = [3, 4].into_iter().zip(groups).map(|(port, group)| fed((group, port)));
        let case = told(case, 1, "pethPsePortTable", rows.collect());
        let found = picture(&hears(case, 1, &[(A, 3), (B, 3), (C, 3)]).seen);
        let through = device(&found, A).attached[0].value.through.clone();
        let shared = found.topology.shared[0].clone();
        (shared.cause, shared.confidence, shared.reasons, through)
    };
    let together = Reason::Together { stations: 3 };
    let powered = vec![together, Reason::PoweredOverEthernet];
    let behind = Some(Through::Powered);
    assert_eq!(of([1, 1], 3), (Cause::Powered, Confidence::Possible, powered, behind));
    let hub = (Cause::Hub, Confidence::Likely, vec![together], Some(Through::Hub));
    assert_eq!(of([1, 1], 2), hub, "it looks for somebody to feed");
    assert_eq!(of([1, 2], 3), hub, "which port that is, only the maker of the stack knows");
}

#[test]
fn a_visitor_beside_old_gear_at_half_duplex_is_no_hub() {
    let of = |later: &[&[(&str, i32)]]| {
        let rows = vec![row(vec![3], vec![("dot3StatsDuplexStatus", Cell::Integer(2))])];
        let case = told(ports(switch(Case::new(), 1, "up"), 1, 8), 1, "dot3StatsTable", rows);
        let first = hears(case, 1, &[(A, 3), (B, 3)]);
        let case =
            (1..).zip(later).fold(first, |case, (day, heard)| hears(case.day(day), 1, heard));
        let shared = picture(&case.seen).topology.shared;
        shared.into_iter().map(|one| (one.confidence, one.reasons)).collect::<Vec<_>>()
    };
    let together = Reason::Together { stations: 2 };
    let hub = (Confidence::Likely, vec![together, Reason::HalfDuplex]);
    assert_eq!(of(&[&[(A, 3)]]), [hub], "one of them was asleep on one day of two");
    let visitor = (Confidence::Possible, vec![together]);
    assert_eq!(of(&[&[(A, 3)], &[(A, 3)]]), [visitor], "together on one day of three");
    let again = Reason::Again { readings: 2 };
    let hub = (Confidence::Likely, vec![together, again, Reason::HalfDuplex]);
    assert_eq!(of(&[&[(A, 3), (B, 3)], &[(A, 3)]]), [hub]);
}

#[test]
fn a_neighbour_of_the_class_of_telephones_is_one_though_it_calls_itself_a_bridge() {
    let case = ports(switch(Case::new(), 2, "down"), 2, 8);
    let case = hears(case, 2, &[(A, 3), (B, 3)]);
    let cells = vec![
        ("lldpRemChassisIdSubtype", Cell::Integer(4)),
        ("lldpRemChassisId", Cell::from_octets(&mac(B).octets())),
        ("lldpRemSysCapEnabled", Cell::from_octets(&[0x20, 0])),
    ];
    let case = told(case, 2, "lldpRemTable", vec![row(vec![0, 3, 9], cells)]);
    let class = vec![("lldpXMedRemDeviceClass", Cell::Integer(3))];
    let case = told(case, 2, "lldpXMedRemCapabilitiesTable", vec![row(vec![0, 3, 9], class)]);
    let found = picture(&case.seen);
    assert_eq!(found.topology.links, [], "no switch");
    let at = device(&found, A).attached[0].value.clone();
    assert_eq!((at.port.as_str(), at.through), ("p3", Some(Through::Telephone)));
}
