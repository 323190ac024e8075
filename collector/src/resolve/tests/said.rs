//! What a device is and is called, by what was said of it.

use super::*;

#[test]
fn what_a_device_is_comes_from_the_best_graded_claim() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .describes("10.0.0.1", "fw", "1.3.6.1.4.1.12356.101", "FortiGate-60F v7.0.12,build0523")
        .service("10.0.0.1", "_ipp._tcp", "fw.local");
    let device = device(&case, ID_A);
    assert_eq!(device.class.unwrap().value, crate::fingerprint::Class::Firewall);
    assert_eq!(device.vendor.unwrap().value, "Fortinet");
    assert_eq!(device.version.unwrap().value, "7.0.12");
}

#[test]
fn the_same_thing_seen_daily_rests_on_its_first_and_latest_sighting() {
    let mut case = Case::new();
    for day in 0..30 {
        case = case.day(day).arp("10.0.0.1", A);
    }
    let device = device(&case, ID_A);
    let mut ends = vec![case.seen[0].id(), case.seen[29].id()];
    ends.sort_unstable();
    assert_eq!(device.macs[0].sources.to_vec(), ends);
    assert_eq!((device.first_seen, device.last_seen), (case.seen[0].at, case.seen[29].at));
}

#[test]
fn an_announced_address_is_graded_as_announced_until_it_is_asked_for() {
    let heard = Case::new().announces(A, "10.0.0.1", A).announces(A, "fe80::1", A);
    let grade = |case: &Case| device(case, ID_A).macs[0].grade;
    assert_eq!(grade(&heard), Grade::Announced);
    assert_eq!(ips(&device(&heard, ID_A)), [ip("10.0.0.1"), ip("fe80::1")]);
    let asked = heard.arp("10.0.0.1", A);
    assert_eq!(grade(&asked), Grade::Queried);
    let late = Case::new().arp("10.0.0.1", A).announces(A, "10.0.0.1", A);
    assert_eq!(grade(&late), Grade::Queried);
    assert_eq!(grade(&Case::new().neighbour("fe80::1", A)), Grade::Queried);
}

#[test]
fn what_one_says_unasked_of_anothers_mac_makes_no_device_but_its_sender() {
    for address in ["10.0.0.1", "fe80::1"] {
        let case = Case::new().announces(A, address, B);
        assert_eq!(case.ids(), [ID_A]);
        assert_eq!(ips(&device(&case, ID_A)), [] as [IpAddr; 0]);
    }
    let case = Case::new().arp("10.0.0.1", A).announces(C, "10.0.0.1", B).system("10.0.0.1", "a");
    assert_eq!(names(&device(&case, ID_A)), ["a"], "hearsay takes no address away");
    assert_eq!(case.resolve().contested, []);
}

#[test]
fn who_takes_an_address_over_says_so_and_speaks_for_it_from_then_on() {
    // Every host on the link sends to the new owner after a gratuitous ARP packet (RFC 5227 §3).
    let case = Case::new()
        .arp("10.0.0.1", A)
        .system("10.0.0.1", "first")
        .day(3)
        .announces(B, "10.0.0.1", B)
        .system("10.0.0.1", "second");
    assert_eq!(names(&device(&case, ID_A)), ["first"]);
    assert_eq!(names(&device(&case, ID_B)), ["second"]);
    let rivals = Case::new().arp("10.0.0.1", A).announces(B, "10.0.0.1", B).resolve().contested;
    assert_eq!(rivals[0].macs, [mac(A), mac(B)], "within a minute it is a conflict");
}

fn dhcp(vendor_class: &str, requested_options: &[u16]) -> Fact {
    Fact::Dhcp(Box::new(heard::Dhcp {
        message: 1,
        client: Some(mac(A)),
        vendor_class: vendor_class.into(),
        requested_options: requested_options.to_vec(),
        ..heard::Dhcp::default()
    }))
}

#[test]
fn what_a_device_is_may_be_concluded_from_what_it_only_says() {
    let phone = dhcp("Cisco Systems, Inc. IP Phone CP-7962G", &[1, 66, 6, 3, 15, 150, 35]);
    let case = Case::new().hears(A, Method::Dhcp, phone);
    let class = device(&case, ID_A).class.unwrap();
    assert_eq!((class.value, class.grade), (Class::Phone, Grade::Announced));
    assert_eq!(class.sources, [case.seen[0].id()]);
    assert_eq!(device(&case, ID_A).model.unwrap().value, "CP-7962G");

    let router = heard::VirtualRouter { group: 1, priority: 100, active: true, addresses: vec![] };
    let case = Case::new().hears(A, Method::Vrrp, Fact::VirtualRouter(router));
    assert_eq!(device(&case, ID_A).class.unwrap().value, Class::Router);
    let switch = heard::LinkNeighbour {
        capabilities: vec![Capability::Bridge, Capability::Router],
        ..heard::LinkNeighbour::default()
    };
    let case = case.hears(A, Method::Lldp, Fact::LinkNeighbour(Box::new(switch)));
    assert_eq!(device(&case, ID_A).class.unwrap().value, Class::Switch, "the better evidence");
}

#[test]
fn what_was_answered_outweighs_what_a_habit_of_dhcp_suggests() {
    let windows = dhcp("MSFT 5.0", &[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252]);
    let case = Case::new().hears(A, Method::Dhcp, windows);
    assert_eq!(device(&case, ID_A).class.unwrap().value, Class::Pc);
    let case = case.arp("10.0.0.1", A).describes("10.0.0.1", "ups", "1.3.6.1.4.1.318.1", "");
    assert_eq!(device(&case, ID_A).class.unwrap().value, Class::Ups);
}

fn pointer(address: &str, name: &str) -> Fact {
    Fact::Pointer { ip: ip(address), name: name.into() }
}

#[test]
fn a_name_server_names_who_has_the_address_at_that_time_and_makes_nobody() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .tells("10.9.0.53", pointer("10.0.0.1", "ct-1.example"))
        .tells("10.9.0.53", pointer("10.0.0.77", "long-gone.example"))
        .day(3)
        .arp("10.0.0.1", B)
        .tells("10.9.0.53", pointer("10.0.0.1", "pc-9.example"));
    assert_eq!(case.ids(), [ID_A, ID_B], "neither the server nor who is gone");
    let (a, b) = (device(&case, ID_A), device(&case, ID_B));
    assert_eq!((names(&a), names(&b)), (vec!["ct-1.example"], vec!["pc-9.example"]));
    assert_eq!(a.names[0].grade, Grade::Reported);
    assert_eq!(ips(&a), [ip("10.0.0.1")]);
}

#[test]
fn what_a_device_calls_itself_comes_before_what_a_name_server_calls_it() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .tells("10.9.0.53", pointer("10.0.0.1", "old-name.example"))
        .system("10.0.0.1", "srv");
    assert_eq!(names(&device(&case, ID_A)), ["srv", "old-name.example"]);
}

#[test]
fn what_services_say_names_the_host_its_system_and_its_serial_number() {
    let case = Case::new()
        .arp("10.20.0.7", A)
        .serves("10.20.0.7", Method::Smb, &[("host", "NURSE-07"), ("os_build", "6.1.7601")])
        .serves("10.20.0.7", Method::Upnp, &[("serial", "Z99-0001"), ("manufacturer", "Sample")])
        .serves("10.20.0.7", Method::Wsd, &[("computer", "NURSE-07/Workgroup:WARD3")]);
    let device = device(&case, ID_A);
    assert_eq!(names(&device), ["NURSE-07"]);
    assert_eq!(device.names[0].grade, Grade::Queried);
    assert_eq!(device.serial.unwrap().value, "Z99-0001");
    assert_eq!(device.os.unwrap().value, "Windows 7 / Server 2008 R2");
    assert_eq!(device.support_end.unwrap().value, "2020-01-14");
    let smb = device.services.iter().find(|service| service.value.kind.as_str() == "smb").unwrap();
    assert_eq!(smb.value.instance.as_str(), "host: NURSE-07, os_build: 6.1.7601");
}

#[test]
fn a_serial_number_that_says_nothing_is_none() {
    let upnp = [("serial", "00000000"), ("manufacturer", "Sample")];
    let case = Case::new().arp("10.20.0.7", A).serves("10.20.0.7", Method::Upnp, &upnp);
    assert!(device(&case, ID_A).serial.is_none());
}

#[test]
fn the_maker_of_the_card_describes_only_where_nothing_was_said() {
    let nurse_call = "00:0b:aa:00:00:01";
    let alone = Case::new().arp("10.20.0.7", nurse_call);
    let class = device(&alone, "mac-000baa000001").class.unwrap();
    assert_eq!((class.value, class.grade), (Class::NurseCall, Grade::Inferred));
    let said = alone.describes("10.20.0.7", "sw", "", "Sample Managed Switch, 24 ports");
    let class = device(&said, "mac-000baa000001").class.unwrap();
    assert_eq!((class.value, class.grade), (Class::Switch, Grade::Queried));
}

#[test]
fn both_sides_of_a_contradiction_are_kept_with_the_field() {
    let case = Case::new()
        .arp("10.20.0.7", A)
        .serves("10.20.0.7", Method::Ssh, &[("banner", "ROSSSH")])
        .serves("10.20.0.7", Method::Tls, &[("subject", "CN=HPE9,O=HIKVISION")]);
    let device = device(&case, ID_A);
    let why = device.why.iter().find(|why| why.field == why::Claimed::Vendor).unwrap();
    assert_eq!((why.value.as_str(), &*why.ground.said), ("MikroTik", "ROSSSH"));
    let against = why.against.as_ref().unwrap();
    assert_eq!(against.value, "Hikvision");
    assert!(why.confidence < 60, "{}", why.confidence);
}

#[test]
fn two_devices_with_the_same_ssh_host_key_stay_two() {
    let said = [("banner", "OpenSSH_9.2p1 Debian-9"), ("hostkey_ssh-ed25519", "SHA256:clone")];
    let case = Case::new()
        .arp("10.20.0.7", A)
        .arp("10.20.0.8", B)
        .serves("10.20.0.7", Method::Ssh, &said)
        .serves("10.20.0.8", Method::Ssh, &said);
    for (id, ip) in [(ID_A, "10.20.0.7"), (ID_B, "10.20.0.8")] {
        let device = device(&case, id);
        let addresses: Vec<_> = device.addresses.iter().map(|it| it.ip.to_string()).collect();
        assert_eq!(addresses, [ip]);
        assert_eq!(device.macs.len(), 1);
        assert_eq!(device.os.unwrap().value, "Debian 12");
        assert_eq!(device.programs.first().unwrap().value.product, "OpenSSH");
    }
}

#[test]
fn a_program_whose_maker_one_reading_knows_and_another_does_not_is_one() {
    let said = [("title", "Orthanc Explorer"), ("favicon_mmh3", "-478834633")];
    let case = Case::new().arp("10.20.0.7", A).serves("10.20.0.7", Method::Http, &said);
    let programs = device(&case, ID_A).programs;
    let [program] = programs.as_slice() else { panic!("{programs:?}") };
    assert_eq!(program.value.product, "Orthanc");
    assert_eq!(program.value.vendor.as_deref(), Some("Orthanc"));
}

#[test]
fn a_printer_whose_service_stores_jobs_keeps_documents() {
    use crate::inventory::storage::Keeps;
    let stores = ("job-storage-disposition-supported", "print-and-store,store-only");
    let model = ("printer-make-and-model", "Sample MFP 99");
    let case = |fields: &[(&str, &str)]| {
        Case::new().arp("10.20.0.7", A).serves("10.20.0.7", Method::Ipp, fields)
    };
    let keeps = |case: &Case| device(case, ID_A).storage.map(|it| it.value.keeps);
    assert_eq!(keeps(&case(&[model, stores])), Some(Keeps::Yes));
    assert_ne!(keeps(&case(&[model])), Some(Keeps::Yes));
    assert_eq!(keeps(&case(&[stores])), None, "nothing says that it is a printer");
}

#[test]
fn a_multifunction_printer_of_a_series_that_has_a_disk_keeps_documents_and_of_others_nothing_follows()
 {
    use crate::inventory::storage::Keeps;
    let storage = |model: &str| {
        let case = Case::new().arp("10.20.0.7", A);
        let case = case.serves("10.20.0.7", Method::Ipp, &[("printer-make-and-model", model)]);
        device(&case, ID_A).storage.map(|it| (it.value.keeps, it.value.reasons[0].en.clone()))
    };
    let (keeps, why) = storage("RICOH MP C3003").unwrap();
    assert_eq!(keeps, Keeps::Yes);
    assert!(why.contains("MP C3003"), "{why}");
    assert_eq!(storage("RICOH MP C2003").map(|it| it.0), Some(Keeps::Unknown));
}
