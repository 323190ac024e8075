use daicho_common::observation::heard;
use daicho_common::observation::said::Said;
use daicho_common::text::Text;

use super::combine::{Candidate, Combined, combine, combine_classes, confidence, strength};
use super::*;
use crate::evidence::{Grade, Sources};

fn system(object_id: &str, description: &str) -> Fact {
    Fact::System {
        description: Text::from(description),
        object_id: object_id.to_owned(),
        name: Text::default(),
        location: Text::default(),
        contact: Text::default(),
    }
}

#[test]
fn every_row_shipped_proves_its_examples() {
    let rows = Rows::parse(SHIPPED).unwrap();
    assert!(rows.len() >= 160, "{} rows", rows.len());
    assert_eq!(Rows::builtin().unwrap().len(), rows.len());
}

#[test]
fn every_class_but_unknown_can_be_told_by_a_row() {
    let rows = Rows::parse(SHIPPED).unwrap();
    let told: Vec<Class> = rows.groups.iter().flat_map(Group::classes).collect();
    for (class, name, _) in crate::words::phrase::CLASSES {
        assert!(told.contains(&class) || class == Class::Unknown, "{name}");
    }
}

#[test]
fn a_prefix_of_an_object_id_ends_at_a_label() {
    let rows = Rows::builtin().unwrap();
    assert_eq!(rows.read(&system("1.3.6.1.4.1.367.1.1", ""))[0].vendor.as_deref(), Some("RICOH"));
    assert_eq!(rows.read(&system("1.3.6.1.4.1.3670.1", "")), []);
}

#[test]
fn a_network_card_inside_another_device_says_nothing_of_it() {
    let rows = Rows::builtin().unwrap();
    assert_eq!(rows.read(&system("1.3.6.1.4.1.1240.2.3", "SX-500")), []);
    // net-snmp's number tells the system and nothing of the device.
    let linux = Reading { os: Some("Linux".to_owned()), weight: 8, ..Reading::default() };
    assert_eq!(rows.read(&system("1.3.6.1.4.1.8072.3.2.10", "")), [linux]);
}

#[test]
fn a_description_gives_model_and_version() {
    let rows = Rows::builtin().unwrap();
    let read = rows.read(&system("1.3.6.1.4.1.12356.101.1.1", "FortiGate-60F v7.0.12,build0523"));
    let read = read.iter().find(|reading| reading.model.is_some()).unwrap();
    assert_eq!(read.model.as_deref(), Some("FortiGate-60F"));
    assert_eq!(read.version.as_deref(), Some("7.0.12"));
}

#[test]
fn a_txt_key_is_found_in_any_case_and_only_in_its_service() {
    let rows = Rows::parse(&[(
        "t.toml",
        "[[row]]\non = 'txt'\nservice = '_ipp._tcp'\nkey = 'TY'\nregex = '^(?P<model>.+)$'\n\
         weight = 5\nexample = [{ said = 'A', model = 'A' }]\n",
    )])
    .unwrap();
    let service = |service: &str| Fact::Service {
        service: service.into(),
        instance: "x".into(),
        host: Text::default(),
        port: 631,
        txt: vec![("ty".into(), "MP 1".into())],
    };
    assert_eq!(rows.read(&service("_ipp._tcp"))[0].model.as_deref(), Some("MP 1"));
    assert_eq!(rows.read(&service("_ipps._tcp")), []);
}

#[test]
fn a_row_that_does_not_prove_itself_is_refused_with_its_place() {
    let row = |rest: &str| {
        let text = format!("[[row]]\non = 'description'\nprefix = 'A'\nweight = 5\n{rest}");
        Rows::parse(&[("bad.toml", &text)]).unwrap_err().to_string()
    };
    assert!(row("class = 'pc'\n").starts_with("bad.toml, row 1: a row needs an example"));
    assert!(row("class = 'pc'\nexample = [{ said = 'B' }]").contains("does not match"));
    assert!(row("example = [{ said = 'A' }]").contains("nothing is claimed"));
    assert!(row("class = 'pc'\nexample = [{ said = 'A', model = 'x' }]").contains("it says"));
    assert!(row("class = 'pc'\ncontains = 'A'\nexample = []").contains("only one"));
    assert!(row("colour = 'red'").starts_with("bad.toml, row 0"));
}

#[test]
fn words_of_a_hosts_own_name_in_a_systems_description_say_nothing() {
    let rows = Rows::builtin().unwrap();
    let class = |said| {
        let read = rows.read(&system("1.3.6.1.4.1.8072.3.2.10", said));
        read.iter().find_map(|reading| reading.class)
    };
    assert_eq!(class("Sample packet broker"), Some(Class::Other));
    for host in ["vpn", "proxy", "gateway", "ntp-1", "switch", "firewall", "router", "printer"] {
        let said = format!("Linux {host} 9.9.9 #1 SMP aarch64");
        let read = rows.read(&system("1.3.6.1.4.1.8072.3.2.10", &said));
        assert!(read.iter().all(|reading| reading.class.is_none()), "{said}: {read:?}");
    }
}

fn said(value: Class, grade: Grade, weight: u8) -> Candidate<'static, Class> {
    static NOTHING: Sources = Sources::new();
    Candidate { value, grade, weight, sources: &NOTHING }
}

#[test]
fn the_better_grade_wins_over_any_weight() {
    let claims = [said(Class::Printer, Grade::Announced, 100), said(Class::Pc, Grade::Queried, 1)];
    let Combined::Agreed(best) = combine(&claims, Class::eq) else { panic!() };
    assert_eq!((best.value, best.grade), (Class::Pc, Grade::Queried));
}

#[test]
fn equals_that_contradict_each_other_cancel_out() {
    let claims = [said(Class::Printer, Grade::Queried, 9), said(Class::Pc, Grade::Queried, 9)];
    assert!(matches!(combine(&claims, Class::eq), Combined::Contradiction { .. }));
}

#[test]
fn lists_and_capabilities_are_read_as_rows_write_them() {
    let rows = Rows::parse(&[(
        "t.toml",
        "[[row]]\non = 'dhcp_options'\nregex = '^1,3,6$'\nclass = 'pc'\nweight = 5\n\
         example = [{ said = '1,3,6' }]\n\
         [[row]]\non = 'neighbour_capabilities'\nregex = '^bridge,access_point$'\n\
         class = 'wireless'\nweight = 5\nexample = [{ said = 'bridge,access_point' }]\n",
    )])
    .unwrap();
    let dhcp = |codes: &[u16]| {
        let requested_options = codes.to_vec();
        Fact::Dhcp(Box::new(heard::Dhcp { requested_options, ..heard::Dhcp::default() }))
    };
    assert_eq!(rows.read(&dhcp(&[1, 3, 6]))[0].class, Some(Class::Pc));
    assert_eq!(rows.read(&dhcp(&[1, 3, 6, 15])), []);
    let capabilities = vec![heard::Capability::Bridge, heard::Capability::AccessPoint];
    let neighbour = heard::LinkNeighbour { capabilities, ..heard::LinkNeighbour::default() };
    let read = rows.read(&Fact::LinkNeighbour(Box::new(neighbour)));
    assert_eq!(read[0].class, Some(Class::Wireless));
}

#[test]
fn a_service_that_is_taken_back_says_nothing() {
    let rows = Rows::builtin().unwrap();
    let ssdp = |gone| {
        Fact::Ssdp(Box::new(heard::Ssdp {
            target: "urn:schemas-upnp-org:device:Printer:1".into(),
            name: Text::default(),
            server: "Synology/DSM/10.20.0.9".into(),
            location: Text::default(),
            gone,
        }))
    };
    let synology = |reading: &Reading| reading.vendor.as_deref() == Some("Synology");
    assert!(rows.read(&ssdp(false)).iter().any(synology));
    assert_eq!(rows.read(&ssdp(true)), []);
}

#[test]
fn a_habit_of_dhcp_weighs_less_than_any_words() {
    let rows = Rows::builtin().unwrap();
    let codes = [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252];
    let windows = heard::Dhcp {
        vendor_class: "MSFT 5.0".into(),
        requested_options: codes.to_vec(),
        ..heard::Dhcp::default()
    };
    let weights: Vec<_> =
        rows.read(&Fact::Dhcp(Box::new(windows))).iter().map(|read| read.weight).collect();
    assert_eq!(weights, [15, 10]);
}

fn service(key: &str, value: &str) -> Fact {
    let mut said = Said::at(80);
    said.add(key, value.into());
    Fact::Said(Box::new(said))
}

#[test]
fn what_a_service_said_is_read_by_its_protocol_and_its_field() {
    let rows = Rows::parse(&[(
        "t.toml",
        "[[row]]\non = 'said'\nmethod = 'http'\nkey = 'server'\nprefix = 'Sample'\nclass = 'nas'\n\
         weight = 5\nexample = [{ said = 'Sample/9' }]\n\
         [[row]]\non = 'said'\nkey = 'serial'\nregex = '^(?P<serial>.+)$'\nweight = 5\n\
         example = [{ said = 'A9', serial = 'A9' }]\n",
    )])
    .unwrap();
    let server = service("server", "Sample/9");
    assert_eq!(rows.matches(Some(Method::Http), &server).len(), 1);
    assert_eq!(rows.matches(Some(Method::Ftp), &server).len(), 0);
    assert_eq!(rows.matches(Some(Method::Http), &service("title", "Sample/9")).len(), 0);
    let serial = service("serial", "B7");
    let read = rows.matches(Some(Method::Upnp), &serial);
    assert_eq!(read[0].reading.serial.as_deref(), Some("B7"));
    assert_eq!(**read[0].place, Place::Said { method: None, key: "serial".to_owned() });
}

#[test]
fn software_says_who_made_it_and_nothing_of_the_device() {
    let rows = Rows::builtin().unwrap();
    let read = rows.matches(Some(Method::Http), &service("server", "Apache/9.9.99 (Debian)"));
    assert!(read.iter().all(|it| it.reading.vendor.is_none() && it.reading.class.is_none()));
    assert!(read.iter().any(|it| it.reading.os.as_deref() == Some("Debian")));
    let software = |it: &Match<'_>| it.reading.software.clone().and_then(|it| it.vendor);
    assert!(read.iter().any(|it| software(it).as_deref() == Some("Apache")));
}

#[test]
fn a_row_whose_table_is_not_there_is_refused() {
    let text = "[[row]]\non = 'description'\nregex = 'A(?P<os_version>9)'\nos = 'X'\n\
                os_table = 'nowhere'\nweight = 5\nexample = [{ said = 'A9' }]\n";
    assert!(Rows::parse(&[("t.toml", text)]).unwrap_err().to_string().contains("os_table"));
}

#[test]
fn rows_added_after_reading_are_read_too() {
    let row = |letter: char| {
        format!(
            "[[row]]\non = 'description'\nprefix = '{letter}'\nclass = 'pc'\nweight = 5\n\
             example = [{{ said = '{letter}' }}]\n"
        )
    };
    let many: String = ('A'..='J').map(row).collect();
    let mut rows = Rows::parse(&[("t.toml", &many)]).unwrap();
    assert_eq!(rows.read(&system("", "J")).len(), 1);
    assert_eq!(rows.read(&system("", "K")).len(), 0);
    rows.add("u.toml", &row('K')).unwrap();
    assert_eq!(rows.read(&system("", "K")).len(), 1);
}

fn class_of(claims: &[Candidate<'_, Class>]) -> Option<Class> {
    match combine_classes(claims) {
        Combined::Agreed(class) => Some(class.value),
        Combined::Nothing | Combined::Contradiction { .. } => None,
    }
}

#[test]
fn a_finer_name_takes_the_place_of_its_coarser_one() {
    let queried = |class, weight| said(class, Grade::Queried, weight);
    assert_eq!(class_of(&[queried(Class::Server, 60), queried(Class::Bmc, 40)]), Some(Class::Bmc));
    assert_eq!(class_of(&[queried(Class::Mfp, 9), queried(Class::Printer, 9)]), Some(Class::Mfp));
    assert_eq!(class_of(&[queried(Class::Modality, 9)]), Some(Class::Modality));
    assert_eq!(class_of(&[queried(Class::Medical, 9)]), Some(Class::Medical));
}

#[test]
fn a_finer_name_needs_weight_and_grade_of_its_own() {
    let printer = said(Class::Printer, Grade::Queried, 60);
    let light = [printer.clone(), said(Class::Mfp, Grade::Queried, 20)];
    assert_eq!(class_of(&light), Some(Class::Printer));
    let announced = [printer, said(Class::Mfp, Grade::Announced, 90)];
    assert_eq!(class_of(&announced), Some(Class::Printer));
}

#[test]
fn two_finer_names_at_odds_leave_the_coarser_one() {
    let bmc = said(Class::Bmc, Grade::Queried, 9);
    let host = said(Class::Hypervisor, Grade::Queried, 9);
    assert_eq!(class_of(&[bmc.clone(), host]), Some(Class::Server));
    assert_eq!(class_of(&[bmc, said(Class::Camera, Grade::Queried, 9)]), None);
}

#[test]
fn a_contradiction_lessens_how_sure_a_value_is() {
    let best = strength(Grade::Queried, 60);
    assert_eq!(confidence(best, false, None), 60);
    assert_eq!(confidence(best, true, None), 70);
    assert_eq!(confidence(best, true, Some(40)), 50);
    assert!(strength(Grade::Announced, 60) < best);
    assert_eq!(confidence(strength(Grade::Inferred, 1), false, Some(100)), 1);
}
