//! What spanning trees, neighbours, access points and the agents' own links add to the tables.

use daicho_common::observation::Method;
use daicho_common::observation::heard::{Capability, LinkNeighbour};

use super::*;

fn device<'p>(picture: &'p Picture, text: &str) -> &'p Device {
    picture.devices.iter().find(|d| d.macs.iter().any(|m| m.value == mac(text))).unwrap()
}

/// Two switches with eight ports each that say nothing of each other.
fn apart() -> Case {
    ports(ports(switch(switch(Case::new(), 1, "up"), 2, "down"), 1, 8), 2, 8)
}

/// The switch's port faces port `far` of switch `other`, in this state.
fn faces(case: Case, number: u8, (port, state): (u32, i32), (other, far): (u8, u16)) -> Case {
    let mut bridge = vec![0x80, 0];
    bridge.extend(mac(&format!("00:1a:eb:00:00:{other:02x}")).octets());
    let cells = vec![
        ("dot1dStpPortState", Cell::Integer(state)),
        ("dot1dStpPortDesignatedBridge", Cell::from_octets(&bridge)),
        ("dot1dStpPortDesignatedPort", Cell::from_octets(&(0x8000 | far).to_be_bytes())),
    ];
    told(case, number, "dot1dStpPortTable", vec![row(vec![port], cells)])
}

/// The switch numbers its ports as its interfaces.
fn numbered(case: Case, number: u8) -> Case {
    let one = |port| row(vec![port], vec![("dot1dBasePortIfIndex", Cell::Unsigned(port.into()))]);
    told(case, number, "dot1dBasePortTable", (1..=8).map(one).collect())
}

#[test]
fn a_spanning_tree_shows_the_cable_of_switches_that_say_nothing_to_each_other() {
    let case = faces(numbered(apart(), 1), 2, (1, 5), (1, 8));
    let found = picture(&case.seen).topology.links;
    let [link] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((link.said, link.confidence), (Said::SpanningTree, Confidence::Likely));
    let mut ends = [&link.near, &link.far].map(|end| (end.name.as_str(), end.port.as_str()));
    ends.sort_unstable();
    assert_eq!(ends, [("down", "p1"), ("up", "p8")]);
    // Where neighbours say it themselves, the tree adds a source and no link.
    let case = faces(beside(numbered(apart(), 1), 2, 1, (1, "p8")), 2, (1, 5), (1, 8));
    let found = picture(&case.seen).topology.links;
    assert_eq!((found.len(), found[0].said, found[0].sources.len()), (1, Said::One, 2));
}

#[test]
fn a_spanning_tree_that_knows_another_bridge_speaks_against_a_neighbours_word() {
    let case = ports(switch(numbered(apart(), 1), 3, "third"), 3, 8);
    let case = faces(beside(case, 2, 1, (3, "p5")), 2, (1, 5), (1, 8));
    let found = picture(&case.seen).topology.links;
    let [link] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((link.against.len(), link.confidence), (1, Confidence::Possible));
}

#[test]
fn a_cable_in_reserve_is_a_link_that_frames_do_not_take() {
    let case = beside(beside(two(), 1, 7, (2, "p2")), 2, 2, (1, "p7"));
    // Nobody's frames came in at either end: it is not in use, whatever the tree says.
    let idle = picture(&case.seen).topology.links;
    assert_eq!(idle.iter().filter(|link| link.active).count(), 1, "{idle:?}");
    let case = hears(case, 2, &[(B, 2)]);
    let open = picture(&case.seen).topology.links;
    assert_eq!(open.iter().filter(|link| link.active).count(), 2, "{open:?}");
    let blocked = picture(&faces(case, 2, (2, 2), (1, 7)).seen);
    let active: Vec<_> = blocked.topology.links.iter().filter(|link| link.active).collect();
    assert_eq!((blocked.topology.links.len(), active.len()), (2, 1));
    assert_eq!(active[0].near.port, "p8");
    assert_eq!(device(&blocked, A).attached[0].value.port, "p3");
}

#[test]
fn a_neighbour_that_is_out_of_date_gives_way_to_what_both_ends_say() {
    // The second was on p5 until today, where nobody took the entry back.
    let links = picture(&beside(two(), 2, 5, (1, "p8")).seen).topology.links;
    let sure = |link: &&Link| link.confidence == Confidence::Likely;
    let kept: Vec<_> = links.iter().filter(sure).collect();
    assert_eq!((links.len(), kept.len(), kept[0].said), (2, 1, Said::Both), "{links:?}");
    let doubted = links.iter().find(|link| !sure(link)).unwrap();
    assert!(!doubted.against.is_empty() && !doubted.active);
}

fn announces(port: &str, lifetime: u16) -> Fact {
    Fact::LinkNeighbour(Box::new(LinkNeighbour {
        chassis: "00:1a:eb:00:00:02".into(),
        mac: Some(mac("00:1a:eb:00:00:02")),
        port: port.into(),
        ttl_secs: lifetime,
        name: "down".into(),
        capabilities: vec![Capability::Bridge],
        ..LinkNeighbour::default()
    }))
}

#[test]
fn an_agent_hangs_on_the_port_that_announces_itself_to_it() {
    let heard = |case: Case, port: &str, lifetime| {
        let case = case.hears("00:1a:eb:00:00:02", Method::Lldp, announces(port, lifetime));
        picture(&case.seen)
    };
    let of = |picture: &Picture| {
        let links = picture.topology.links.iter().filter(|link| link.said == Said::Heard);
        links.cloned().collect::<Vec<_>>()
    };
    let found = heard(two(), "p3", 120);
    let [link] = <[Link; 1]>::try_from(of(&found)).unwrap();
    assert_eq!((link.near.name.as_str(), link.near.port.as_str()), ("down", "p3"));
    // The only station on that port is the agent's own computer.
    let own = device(&found, A);
    assert_eq!((link.far.name.as_str(), &link.far.device), ("a1", &Some(own.id.clone())));
    assert!(link.sources.iter().all(|source| own.attached[0].sources.contains(source)));
    // With two on the port nobody can say which.
    let found = heard(hears(two(), 2, &[(A, 3), (B, 3)]), "p3", 120);
    assert_eq!(of(&found)[0].far.device, None);
    assert_eq!(of(&heard(two(), "p3", 0)), [], "it took it back");
    let case = two().hears("00:1a:eb:00:00:02", Method::Lldp, announces("p4", 120));
    let both = of(&heard(case, "p3", 120));
    assert_eq!(both.len(), 2);
    assert!(both.iter().all(|link| link.confidence == Confidence::Possible), "{both:?}");
}

#[test]
fn a_switch_that_was_only_heard_since_it_was_read_keeps_the_names_of_its_ports() {
    let case = two().day(1).hears("00:1a:eb:00:00:02", Method::Lldp, announces("p3", 120));
    let found = picture(&case.seen);
    let at: Vec<_> = device(&found, A).attached.iter().map(|at| at.value.port.as_str()).collect();
    assert_eq!(at, ["p3"]);
    let cable = found.topology.links.iter().find(|link| link.said == Said::Both).unwrap();
    assert_eq!((cable.near.port.as_str(), cable.far.port.as_str()), ("p8", "p1"));
}

/// On its port the switch hears a telephone with this name and serial number.
fn telephone(case: Case, port: u32, station: &str) -> Case {
    let cells = vec![
        ("lldpRemChassisIdSubtype", Cell::Integer(5)),
        ("lldpRemChassisId", Cell::from_octets(&[1, 192, 0, 2, 1])),
        ("lldpRemPortIdSubtype", Cell::Integer(3)),
        ("lldpRemPortId", Cell::from_octets(&mac(station).octets())),
        ("lldpRemSysName", Cell::Text("内線 214".into())),
        ("lldpRemSysCapEnabled", Cell::from_octets(&[0x24, 0])),
    ];
    let case = told(case, 2, "lldpRemTable", vec![row(vec![0, port, 9], cells)]);
    let cells = vec![
        ("lldpXMedRemSerialNum", Cell::Text("S-0042".into())),
        ("lldpXMedRemModelName", Cell::Text("T-40".into())),
    ];
    told(case, 2, "lldpXMedRemInventoryTable", vec![row(vec![0, port, 9], cells)])
}

#[test]
fn a_telephone_is_described_by_its_switch_where_it_says_nothing_itself() {
    let found = picture(&telephone(hears(two(), 2, &[(B, 4)]), 4, B).seen);
    let telephone = device(&found, B);
    let said = |field: &Option<crate::evidence::SourcedText>| {
        field.as_ref().map(|field| (field.value.clone(), field.grade)).unwrap()
    };
    assert_eq!(said(&telephone.serial), ("S-0042".into(), Grade::Inferred));
    assert_eq!(said(&telephone.model), ("T-40".into(), Grade::Inferred));
    assert_eq!(telephone.names[0].value, "内線 214");
    assert_eq!(telephone.class.as_ref().unwrap().value, Class::Phone);
}

#[test]
fn what_a_switch_says_of_a_neighbour_never_goes_before_what_that_says_and_makes_nobody() {
    let known = hears(two().arp("10.0.0.7", B).system("10.0.0.7", "nurse-214"), 2, &[(B, 4)]);
    let devices = picture(&known.seen).devices.len();
    let found = picture(&telephone(known, 4, B).seen);
    let names: Vec<&str> = device(&found, B).names.iter().map(|n| n.value.as_str()).collect();
    assert_eq!(names, ["nurse-214", "内線 214"]);
    assert_eq!(found.devices.len(), devices);
    // Nobody has this address: the entry alone makes no device.
    let found = picture(&telephone(two(), 4, C).seen);
    assert!(found.devices.iter().all(|d| d.macs.iter().all(|m| m.value != mac(C))));
}

#[test]
fn a_wireless_client_hangs_where_its_access_point_does() {
    let (point, radio) = ("00:0b:86:00:00:01", mac("00:0b:86:00:00:10"));
    // The controller is on the upper switch's p2, where the client's frames come out.
    let case = hears(switch(two(), 3, "controller"), 2, &[(point, 6), (B, 1)]);
    let case = hears(case, 1, &[(point, 8), (B, 2)]);
    let octets = |text: &str| mac(text).octets().map(u32::from).to_vec();
    let client = vec![("bsnMobileStationAPMacAddr", Cell::from_octets(&radio.octets()))];
    let case = told(case, 3, "bsnMobileStationTable", vec![row(octets(B), client)]);
    let wired = vec![("bsnAPEthernetMacAddress", Cell::from_octets(&mac(point).octets()))];
    let index = radio.octets().map(u32::from).to_vec();
    let found = picture(&told(case, 3, "bsnAPTable", vec![row(index, wired)]).seen);
    let attached = &device(&found, B).attached[0].value;
    assert_eq!((attached.switch_name.as_str(), attached.port.as_str()), ("down", "p6"));
    assert_eq!(attached.through, Some(Through::AccessPoint));
}

#[test]
fn who_logged_in_on_a_port_hangs_there_unless_a_forwarding_table_knows_better() {
    let logged_in = |case: Case, port| {
        let last = vec![("dot1xAuthLastEapolFrameSource", Cell::from_octets(&mac(B).octets()))];
        let case = told(case, 2, "dot1xAuthStatsTable", vec![row(vec![port], last)]);
        let found = picture(&case.arp("10.0.0.7", B).seen);
        device(&found, B).attached.iter().map(|one| one.value.port.clone()).collect::<Vec<_>>()
    };
    assert_eq!(logged_in(two(), 5), ["p5"]);
    assert_eq!(logged_in(hears(two(), 2, &[(B, 4)]), 5), ["p4"]);
    assert!(logged_in(two(), 1).is_empty(), "that port leads to a switch");
}

#[test]
fn who_spoke_last_on_a_port_that_lets_somebody_in_is_there_and_not_where_he_was_before() {
    let spoke = |case: Case, port: u32| {
        let last = vec![("dot1xAuthLastEapolFrameSource", Cell::from_octets(&mac(B).octets()))];
        told(case, 2, "dot1xAuthStatsTable", vec![row(vec![port], last)])
    };
    let at = |states: &[(u32, i32)]| {
        let cells = |state| vec![("dot1xAuthPaeState", Cell::Integer(state))];
        let states = states.iter().map(|(port, state)| row(vec![*port], cells(*state)));
        let case = told(spoke(spoke(two(), 5), 6), 2, "dot1xAuthConfigTable", states.collect());
        let found = picture(&case.arp("10.0.0.7", B).seen);
        device(&found, B).attached.iter().map(|one| one.value.port.clone()).collect::<Vec<_>>()
    };
    // authenticated(5); connecting(3), as on a port from which the cable was pulled.
    assert_eq!(at(&[(5, 3), (6, 5)]), ["p6"]);
    assert_eq!(at(&[(5, 3), (6, 3)]), [] as [String; 0], "which of them is not known");
}

#[test]
fn who_was_let_in_or_got_an_address_on_a_port_hangs_there_and_who_is_let_in_goes_before() {
    let session = |case: Case, port| {
        let client = vec![("cafSessionClientMacAddress", Cell::from_octets(&mac(B).octets()))];
        told(case, 2, "cafSessionTable", vec![row(vec![port, 1, 65], client)])
    };
    let lease = |case: Case, port: i32| {
        let index = [vec![20], mac(B).octets().map(u32::from).to_vec()].concat();
        let on = vec![("cdsBindingsInterface", Cell::Integer(port))];
        told(case, 2, "cdsBindingsTable", vec![row(index, on)])
    };
    let at = |case: Case| {
        let found = picture(&case.arp("10.0.0.7", B).seen);
        let places = device(&found, B).attached.iter();
        places.map(|one| (one.value.port.clone(), one.value.vlan)).collect::<Vec<_>>()
    };
    assert_eq!(at(session(two(), 5)), [("p5".to_owned(), None)]);
    assert_eq!(at(lease(two(), 6)), [("p6".to_owned(), Some(20))]);
    assert_eq!(at(lease(session(two(), 5), 6)), [("p5".to_owned(), None)], "it moved since");
    assert!(at(lease(two(), 1)).is_empty(), "that port leads to a switch");
    // Where the forwarding table of the last switch broke off, the lease says where.
    let cut = hears(two(), 1, &[(A, 8), (B, 8)]);
    assert_eq!(at(lease(cut, 6)), [("p6".to_owned(), Some(20))]);
}

#[test]
fn a_vlan_is_shown_by_the_name_that_its_switch_gives_it() {
    let name = vec![("dot1qVlanStaticName", Cell::Text("医療系".into()))];
    let case = told(two(), 2, "dot1qVlanStaticTable", vec![row(vec![20], name)]);
    let index = [vec![20], mac(B).octets().map(u32::from).to_vec()].concat();
    let heard = vec![("dot1qTpFdbPort", Cell::Integer(4))];
    let found = picture(&told(case, 2, "dot1qTpFdbTable", vec![row(index, heard)]).seen);
    let attached = &device(&found, B).attached[0].value;
    assert_eq!((attached.vlan, attached.vlan_name.as_str()), (Some(20), "医療系"));
}

#[test]
fn a_neighbour_is_gone_once_the_table_of_neighbours_was_read_and_is_empty() {
    let empty = |case: Case, number: u8, outcome: Outcome| {
        let (table, also) = ("cdpCacheTable".into(), vec!["lldpRemTable".into()]);
        let read = TableRead { table, also, context: String::new(), rows: 0, outcome };
        case.tells(&format!("10.0.0.{number}"), Fact::TableRead(read))
    };
    let said = |case: Case| {
        let links = picture(&case.seen).topology.links;
        links.into_iter().map(|link| link.said).collect::<Vec<_>>()
    };
    assert_eq!(said(empty(two(), 1, Outcome::Complete)), [Said::Both], "in the same reading");
    let partial = empty(two().day(1), 1, Outcome::Partial);
    assert_eq!(said(partial), [Said::Both], "who knows");
    let one = || empty(two().day(1), 1, Outcome::Complete);
    assert_eq!(said(one()), [Said::One]);
    assert_eq!(said(empty(one(), 2, Outcome::Complete)), []);
    let back = beside(one().day(2), 1, 8, (2, "p1"));
    assert_eq!(said(back), [Said::Both]);
}

#[test]
fn a_place_that_the_switch_did_not_show_since_is_told_as_of_the_day_it_did() {
    let read_again = |heard: &[(&str, i32)]| hears(two().day(1), 2, heard);
    let as_of = |case: Case| device(&picture(&case.seen), A).attached[0].value.clone();
    let slept = as_of(read_again(&[(B, 4)]));
    assert_eq!(slept.port, "p3");
    let of = |outdated: Option<daicho_common::time::Timestamp>| {
        outdated.map(|at| at.micros() / 86_400_000_000)
    };
    let day = two().seen[0].at.micros() / 86_400_000_000;
    assert_eq!(of(slept.as_of), Some(day));
    assert_eq!(as_of(read_again(&[(A, 3)])).as_of, None, "the latest reading shows it");
    assert_eq!(as_of(two()).as_of, None);
}
