//! What is concluded of a device from its names and its open ports, and what is heard of its talk with others.

use daicho_common::observation::Reply;

use super::*;
use crate::resolve::why::Claimed;

fn open(port: u16) -> Fact {
    Fact::Answered(Reply::TcpOpen(port))
}

fn hl7(port: u16, application: &str) -> Fact {
    let mut said = daicho_common::observation::said::Said::at(port);
    said.add("application", application.into());
    Fact::Said(Box::new(said))
}

fn class(case: &Case) -> Option<(Class, Grade)> {
    device(case, ID_A).class.map(|class| (class.value, class.grade))
}

#[test]
fn a_name_of_a_makers_form_suggests_what_has_it() {
    let named = |name: &str| {
        Case::new().arp("10.0.0.1", A).tells("10.0.0.1", Fact::HostName { name: name.into() })
    };
    let printer = device(&named("BRN001A2B00000A.local"), ID_A);
    assert_eq!(
        (printer.class.unwrap().value, printer.vendor.unwrap().value),
        (Class::Printer, "Brother".into())
    );
    assert_eq!(class(&named("desktop-a1b2c3d")), Some((Class::Pc, Grade::Inferred)));
    assert_eq!(
        class(&named("SEP001A2B00000A.ward.example")),
        Some((Class::Phone, Grade::Inferred))
    );
    for name in
        ["pc-07", "DESKTOP-A1B2C3", "BRN-3F", "printer", "esx-hosts-list", "NASREEN", "SEPTEMBER"]
    {
        assert_eq!(class(&named(name)), None, "{name}");
    }
}

#[test]
fn a_name_gives_way_to_anything_that_was_said() {
    let case = Case::new().arp("10.0.0.1", A).describes(
        "10.0.0.1",
        "DESKTOP-A1B2C3D",
        "1.3.6.1.4.1.12356.101.1.1",
        "FortiGate-60F v7.0.12",
    );
    assert_eq!(class(&case), Some((Class::Firewall, Grade::Queried)));
}

#[test]
fn open_ports_are_looked_at_together() {
    let ports = |ports: &[u16]| {
        ports
            .iter()
            .fold(Case::new().arp("10.0.0.1", A), |case, port| case.tells("10.0.0.1", open(*port)))
    };
    assert_eq!(class(&ports(&[22, 5432])), Some((Class::Server, Grade::Inferred)));
    assert_eq!(class(&ports(&[9100, 515])), Some((Class::Printer, Grade::Inferred)));
    assert_eq!(device(&ports(&[3389, 445]), ID_A).os.unwrap().value, "Windows");
    for none in [&[22, 80, 443][..], &[445], &[3389], &[15432], &[631]] {
        assert_eq!(class(&ports(none)), None, "{none:?}");
        assert!(device(&ports(none), ID_A).os.is_none(), "{none:?}");
    }
    let both = device(&ports(&[515, 9100]), ID_A);
    let why = both.why.iter().find(|why| why.field == Claimed::Class).unwrap();
    assert_eq!((&*why.ground.said, why.ground.sources.len()), (",515,9100,", 2));
    assert!(why.confidence < 34, "{}", why.confidence);
}

#[test]
fn who_is_heard_accepting_connections_is_there_with_its_ports() {
    let case = Case::new().hears(A, Method::TcpHeard, open(8210));
    let device = device(&case, ID_A);
    assert_eq!(device.macs[0].grade, Grade::Announced);
    let [service] = device.services.as_slice() else { panic!("{:?}", device.services) };
    assert_eq!((service.value.kind.as_str(), service.grade), ("tcp/8210", Grade::Announced));
    assert_eq!(device.class.unwrap().value, Class::Server, "ORCA's CLAIM");
}

#[test]
fn who_speaks_hl7_has_that_service_and_is_nothing_by_that_alone() {
    let listener = device(&Case::new().hears(A, Method::Hl7, hl7(2575, "X-ENGINE")), ID_A);
    let [service] = listener.services.as_slice() else { panic!("{:?}", listener.services) };
    assert_eq!((service.value.kind.as_str(), service.value.port), ("hl7", 2575));
    assert_eq!(service.value.instance.as_str(), "application: X-ENGINE");
    assert!(listener.class.is_none());
    let analyser = device(&Case::new().hears(A, Method::Hl7, hl7(0, "cobas 9999")), ID_A);
    assert_eq!(analyser.class.unwrap().value, Class::Laboratory);
}

#[test]
fn what_is_heard_every_day_makes_no_answer_old() {
    let page = [("server", "Synology/DSM/10.0.0.1")];
    let mut case = Case::new().arp("10.0.0.1", A).serves("10.0.0.1", Method::Http, &page);
    let before = device(&case, ID_A).programs;
    let kinds = |case: &Case| device(case, ID_A).why.len();
    let whys = kinds(&case);
    for day in 1..9 {
        case = case.day(day).hears(A, Method::Hl7, hl7(2575, "X-ENGINE"));
    }
    assert_eq!((device(&case, ID_A).programs, kinds(&case)), (before, whys));
    assert!(whys > 0);
}
