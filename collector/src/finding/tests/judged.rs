//! Rules that need the whole picture: policy, scope, wiring, duties.

use daicho_common::observation::Method;
use daicho_common::observation::heard;

use super::*;
use crate::decision::{Corrected, Decided, Decision, Key, Scope, Subject};
use crate::fingerprint::Rows;
use crate::picture::{Basis, Rulings, derive};
use crate::policy::{Network, Purpose};
use crate::resolve::case::mac;

static FINGERPRINTS: std::sync::LazyLock<Rows> =
    std::sync::LazyLock::new(|| Rows::builtin().unwrap());
const FORTINET: (&str, &str) = ("1.3.6.1.4.1.12356.101.1.1", "FortiGate-60F v7.0.12,build0523");

fn network(name: &str, purpose: Purpose) -> Network {
    let name = name.to_owned();
    Network { name, purpose, wired: true, gateways: vec![], dhcp_servers: vec![] }
}

fn told(case: &Case, rows: Vec<Entry>, networks: Vec<Network>) -> Vec<Finding> {
    let ledger = Ledger { entries: rows, ..Ledger::default() };
    let rulings =
        Rulings { policy: Policy { networks, ..Policy::default() }, ..Rulings::default() };
    let basis = Basis::seen(&case.seen, &[], &ledger);
    derive(&basis, (&FINGERPRINTS, &rulings)).findings.into_vec()
}

fn told_with(
    case: &Case,
    rows: Vec<Entry>,
    (networks, said): (Vec<Network>, Vec<Decision>),
) -> Vec<Finding> {
    let ledger = Ledger { entries: rows, ..Ledger::default() };
    let rulings =
        Rulings { policy: Policy { networks, ..Policy::default() }, ..Rulings::default() };
    let at = Timestamp::from_micros(5);
    let one =
        |(id, what)| Decided { id, at, by: "佐藤".into(), why: "現物を確認".into(), what };
    let decisions: Vec<Decided> = (1..).zip(said).map(one).collect();
    let basis = Basis { decisions: &decisions, ..Basis::seen(&case.seen, &[], &ledger) };
    derive(&basis, (&FINGERPRINTS, &rulings)).findings.into_vec()
}

fn told_beside(case: &Case, rows: Vec<Entry>, register: &str) -> Vec<Finding> {
    let ledger = Ledger { entries: rows, ..Ledger::default() };
    let register = Register::parse(register).unwrap();
    let basis = Basis { register: &register, ..Basis::seen(&case.seen, &[], &ledger) };
    derive(&basis, (&FINGERPRINTS, &Rulings::default())).findings.into_vec()
}

fn by(findings: Vec<Finding>, rule: Rule) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.rule == rule).collect()
}

fn firewall(case: Case, address: &str, mac: &str) -> Case {
    case.arp(address, mac).describes(address, "fw", FORTINET.0, FORTINET.1)
}

#[test]
fn a_second_firewall_in_a_network_is_a_second_way_out_and_redundant_routers_are_one() {
    let one = firewall(Case::new().network("ward"), "10.0.0.1", A);
    assert_eq!(by(told(&one, vec![], vec![]), Rule::SecondDefaultGateway), []);
    let two = firewall(one, "10.0.0.2", B);
    let ward = || vec![network("ward", Purpose::Medical)];
    let found = by(told(&two, vec![], ward()), Rule::SecondDefaultGateway);
    assert_eq!((found.len(), found[0].severity), (1, Severity::High));
    assert_eq!(*found[0].detail, ["ward", "10.0.0.1 fw", "10.0.0.2 fw"]);
    assert!(!found[0].evidence.is_empty());
    let pair = heard::VirtualRouter {
        group: 7,
        priority: 100,
        active: true,
        addresses: vec!["10.0.0.3".parse().unwrap()],
    };
    let pair = Fact::VirtualRouter(pair);
    let shared = two.hears(A, Method::Vrrp, pair.clone()).hears(B, Method::Vrrp, pair);
    assert_eq!(by(told(&shared, vec![], ward()), Rule::SecondDefaultGateway), []);
}

#[test]
fn where_the_router_is_declared_only_the_other_one_is_told() {
    let case = firewall(firewall(Case::new().network("ward"), "10.0.0.1", A), "10.0.0.2", B);
    let ward =
        Network { gateways: vec!["10.0.0.1".parse().unwrap()], ..network("ward", Purpose::Office) };
    let found = by(told(&case, vec![], vec![ward]), Rule::SecondDefaultGateway);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].device.as_ref().unwrap().0, "mac-001a2b00000b");
}

fn offer(server: &str, relay: Option<&str>) -> Fact {
    Fact::Dhcp(Box::new(heard::Dhcp {
        message: 2,
        from_server: true,
        server: Some(server.parse().unwrap()),
        relay: relay.map(|relay| relay.parse().unwrap()),
        ..heard::Dhcp::default()
    }))
}

#[test]
fn a_second_dhcp_server_is_told_and_what_a_relay_passes_on_is_not() {
    let one = Case::new().hears(A, Method::Dhcp, offer("10.0.0.2", None));
    let relayed = one.hears(A, Method::Dhcp, offer("10.9.0.2", Some("10.0.0.1")));
    assert_eq!(by(told(&relayed, vec![], vec![]), Rule::SecondDhcpServer), []);
    let two = relayed.hears(B, Method::Dhcp, offer("192.168.1.1", None));
    let found = by(told(&two, vec![], vec![]), Rule::SecondDhcpServer);
    assert_eq!(*found[0].detail, ["ward", "10.0.0.2", "192.168.1.1"]);
    assert_eq!(found[0].evidence.len(), 2);
}

#[test]
fn remote_access_is_held_against_a_book_that_says_none_and_one_that_says_some() {
    let remote = |said| Entry { remote_maintenance: said, ..row(5, "", "", A) };
    let rdp = Case::new()
        .arp("10.0.0.1", A)
        .tells("10.0.0.1", Fact::Answered(daicho_common::observation::Reply::TcpOpen(3389)));
    let found = by(told(&rdp, vec![remote(Some(false))], vec![]), Rule::RemoteAccessUndeclared);
    assert_eq!((found.len(), found[0].detail[1].as_str()), (1, "RDP"));
    assert_eq!(by(told(&rdp, vec![remote(None)], vec![]), Rule::RemoteAccessUndeclared), []);
    assert_eq!(by(told(&rdp, vec![remote(Some(true))], vec![]), Rule::RemoteAccessNotSeen), []);
    let web = Case::new()
        .arp("10.0.0.1", A)
        .tells("10.0.0.1", Fact::Answered(daicho_common::observation::Reply::TcpOpen(80)));
    let found = by(told(&web, vec![remote(Some(true))], vec![]), Rule::RemoteAccessNotSeen);
    assert_eq!(found.len(), 1);
    // Of a device that was not asked nothing is missing.
    let quiet = Case::new().arp("10.0.0.1", A);
    assert_eq!(by(told(&quiet, vec![remote(Some(true))], vec![]), Rule::RemoteAccessNotSeen), []);
    let overheard = quiet.hears(
        A,
        Method::TcpHeard,
        Fact::Answered(daicho_common::observation::Reply::TcpOpen(80)),
    );
    let found = by(told(&overheard, vec![remote(Some(true))], vec![]), Rule::RemoteAccessNotSeen);
    assert_eq!(found, []);
}

#[test]
fn a_printer_with_a_disk_that_the_book_does_not_have_is_told_and_one_in_the_book_is_not() {
    let rows = table::Rows {
        table: "hrStorageTable".into(),
        context: String::new(),
        rows: vec![table::Row {
            index: vec![1],
            cells: [
                ("hrStorageType".to_owned(), Cell::ObjectId("1.3.6.1.2.1.25.2.1.4".into())),
                ("hrStorageDescr".to_owned(), Cell::Text("Fixed Disk".into())),
            ]
            .into(),
        }],
    };
    let case = Case::new()
        .arp("10.0.0.1", A)
        .describes("10.0.0.1", "mfp", "1.3.6.1.4.1.367.1.1", "RICOH IM C3010 1.05")
        .tells("10.0.0.1", Fact::Rows(Box::new(rows)));
    let ward = || vec![network("ward", Purpose::Medical)];
    let found = by(told(&case, vec![], ward()), Rule::StoringPrinter);
    assert_eq!((found.len(), found[0].severity), (1, Severity::High));
    assert_eq!(by(told(&case, vec![row(5, "", "", A)], ward()), Rule::StoringPrinter), []);
    let subject = Subject::Device(Key::Mac(mac(A)));
    let said = vec![Decision::Scope { subject, scope: Scope::Outside }];
    let left_out = told_with(&case, vec![row(5, "", "", A)], (ward(), said));
    let found = by(left_out, Rule::StoringPrinter);
    assert_eq!((found.len(), found[0].entries.len()), (1, 1), "in the book, but out of scope");
}

#[test]
fn a_firewall_in_scope_without_a_version_in_the_book_is_told_with_the_version_seen() {
    let case = firewall(Case::new().network("ward"), "10.0.0.1", A);
    let ward = || vec![network("ward", Purpose::Medical)];
    let found = by(told(&case, vec![row(5, "", "", A)], ward()), Rule::FirmwareNotRecorded);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
    assert!(found[0].detail[1].starts_with("7.0.12"), "{:?}", found[0].detail);
    let recorded = Entry { version: "v7.0.12".to_owned(), ..row(5, "", "", A) };
    assert_eq!(by(told(&case, vec![recorded], ward()), Rule::FirmwareNotRecorded), []);
}

#[test]
fn a_system_out_of_support_is_told_from_the_day_after_on() {
    let case = Case::new().arp("10.0.0.1", A).serves(
        "10.0.0.1",
        Method::Smb,
        &[("os_build", "6.1.7601"), ("host", "PC-7")],
    );
    let ledger = Ledger::default();
    let at = |as_of: i64| {
        let basis = Basis {
            as_of: Timestamp::from_micros(as_of * 1_000_000),
            ..Basis::seen(&case.seen, &[], &ledger)
        };
        by(
            derive(&basis, (&FINGERPRINTS, &Rulings::default())).findings.into_vec(),
            Rule::SupportEnded,
        )
    };
    // 2020-01-14 23:59:59 and a second later, in Japan.
    assert_eq!(at(1_579_013_999), []);
    let found = at(1_579_014_000);
    assert_eq!(found.len(), 1, "{:?}", told(&case, vec![], vec![]));
    assert_eq!(found[0].detail[2], "2020-01-14");
}

#[test]
fn telnet_or_a_management_page_on_a_firewall_is_told_and_on_a_printer_is_not() {
    let open = Fact::Answered(daicho_common::observation::Reply::TcpOpen(23));
    let case = firewall(Case::new(), "10.0.0.1", A).tells("10.0.0.1", open.clone());
    let found = by(told(&case, vec![], vec![]), Rule::ManagementExposed);
    assert_eq!(*found[0].detail, ["fw", "tcp/23"]);
    let page = Fact::Answered(daicho_common::observation::Reply::TcpOpen(443));
    let page = firewall(Case::new(), "10.0.0.1", A).tells("10.0.0.1", page);
    let found = by(told(&page, vec![], vec![]), Rule::ManagementExposed);
    assert_eq!(*found[0].detail, ["fw", "tcp/443"]);
    let printer = Case::new()
        .arp("10.0.0.1", A)
        .describes("10.0.0.1", "p", "1.3.6.1.4.1.367.1.1", "RICOH SP 6430 1.0")
        .tells("10.0.0.1", open);
    assert_eq!(by(told(&printer, vec![], vec![]), Rule::ManagementExposed), []);
}

#[test]
fn a_nas_in_a_medical_network_is_told_and_one_in_an_office_is_not() {
    let nas = Case::new().arp("10.0.0.1", A).describes(
        "10.0.0.1",
        "nas",
        "1.3.6.1.4.1.6574.1",
        "Linux DS 4.4",
    );
    let is_told =
        |purpose| by(told(&nas, vec![], vec![network("ward", purpose)]), Rule::ConsumerGear);
    assert_eq!(is_told(Purpose::Medical).len(), 1);
    assert_eq!(is_told(Purpose::Office), []);
}

#[test]
fn a_router_made_for_homes_in_a_medical_network_is_told_and_one_made_for_offices_is_not() {
    let case = Case::new().network("ward").arp("10.0.0.1", A);
    let is_told = |vendor: &str, model: &str| {
        let correct = |field, value: &str| Decision::Correct {
            device: Key::Mac(mac(A)),
            field,
            value: value.into(),
        };
        let said = vec![
            correct(Corrected::Class, "router"),
            correct(Corrected::Vendor, vendor),
            correct(Corrected::Model, model),
        ];
        let ward = vec![network("ward", Purpose::Medical)];
        by(told_with(&case, vec![], (ward, said)), Rule::ConsumerGear).len()
    };
    assert_eq!(is_told("Buffalo", "WSR-2533DHPL"), 1);
    assert_eq!(is_told("Yamaha", "RTX1220"), 0);
}

#[test]
fn a_random_address_is_told_where_everything_hangs_on_a_cable() {
    let case = Case::new().arp("10.0.0.1", "da:11:22:33:44:55");
    let is_told = |wired| {
        let ward = Network { wired, ..network("ward", Purpose::Medical) };
        by(told(&case, vec![], vec![ward]), Rule::RandomisedMac).len()
    };
    assert_eq!((is_told(true), is_told(false)), (1, 0));
}

#[test]
fn a_firewall_seen_among_guests_is_in_place_and_a_nas_is_not() {
    let guests = || vec![network("ward", Purpose::Guest)];
    let nas = Case::new().arp("10.0.0.1", A).describes(
        "10.0.0.1",
        "nas",
        "1.3.6.1.4.1.6574.1",
        "Linux DS 4.4",
    );
    let found = by(told(&nas, vec![], guests()), Rule::MisplacedClass);
    assert_eq!((found.len(), found[0].severity), (1, Severity::High));
    let fw = firewall(Case::new(), "10.0.0.1", A);
    assert_eq!(by(told(&fw, vec![], guests()), Rule::MisplacedClass), []);
}

#[test]
fn a_hub_that_must_be_there_is_told_with_its_port() {
    let heard = |last: u32| table::Row {
        index: vec![0, 11, 93, 0, last, 10],
        cells: [("dot1dTpFdbPort".to_owned(), Cell::Integer(3))].into(),
    };
    let rows = table::Rows {
        table: "dot1dTpFdbTable".into(),
        context: String::new(),
        rows: (1..=4).map(heard).collect(),
    };
    let case = Case::new().arp("10.0.0.1", A).system("10.0.0.1", "sw-3f");
    let case = (1..=8).fold(case, |case, index| {
        let port = Fact::Interface {
            index,
            name: format!("p{index}").as_str().into(),
            description: "".into(),
            alias: "".into(),
            kind: 6,
            mac: None,
            up: true,
        };
        case.tells("10.0.0.1", port)
    });
    let case = case.tells("10.0.0.1", Fact::Rows(Box::new(rows)));
    let found = by(told(&case, vec![], vec![]), Rule::UnmanagedHub);
    assert_eq!(found.len(), 1, "{:?}", told(&case, vec![], vec![]));
    assert_eq!((found[0].detail[0].as_str(), found[0].detail[2].as_str()), ("sw-3f", "4"));
}

#[test]
fn q11_a_form_holds_until_another_version_is_seen_than_the_one_it_speaks_of() {
    let case = firewall(Case::new(), "10.0.0.1", A);
    let form = |version: &str| {
        format!(
            "[[disclosure]]\nid = \"fw-mds\"\nform = \"mds\"\nparty = \"x\"\nproduct = \"\"\nversion = \"{version}\"\nasset_numbers = [\"N-5\"]\nreceived_on = \"2026-04-01\"\n"
        )
    };
    let seen = told(&case, vec![row(5, "", "", A)], vec![]);
    assert_eq!(by(seen, Rule::FirmwareChanged), []);
    let told_of = |version: &str| {
        by(told_beside(&case, vec![row(5, "", "", A)], &form(version)), Rule::FirmwareChanged)
    };
    let found = told_of("6.4.9");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].detail[2], "6.4.9");
    assert!(!found[0].evidence.is_empty());
    assert_eq!(told_of(&found[0].detail[3]), []);
}

#[test]
fn q14_what_cannot_be_patched_is_told_when_its_review_is_due_or_it_stands_elsewhere() {
    let case = Case::new().network("office").arp("10.0.0.1", A);
    let exception = |network: &str, day: &str| {
        format!(
            "[[exception]]\nid = \"ct\"\nasset_number = \"N-5\"\nreason = \"x\"\nmeasures = [\"separation\"]\nnetwork = \"{network}\"\ndecided_by = \"x\"\nreview_on = \"{day}\"\n"
        )
    };
    let told_of = |network: &str, day: &str| {
        let rows = vec![row(5, "", "", A)];
        let found = by(told_beside(&case, rows, &exception(network, day)), Rule::ExceptionDue);
        found.into_iter().map(|finding| finding.detail[1].clone()).collect::<Vec<_>>()
    };
    assert_eq!(told_of("office", "2099-04-01"), Vec::<String>::new());
    assert_eq!(told_of("isolated", "2099-04-01"), ["network"]);
    assert_eq!(told_of("office", "1950-04-01"), ["review"]);
}

#[test]
fn q7_the_register_says_whether_there_is_remote_maintenance_before_the_row_does() {
    let open = Fact::Answered(daicho_common::observation::Reply::TcpOpen(3389));
    let case = Case::new().arp("10.0.0.1", A).tells("10.0.0.1", open);
    let remote =
        |done: bool| format!("[[remote]]\nid = \"r\"\nasset_number = \"N-5\"\ndone = {done}\n");
    let told_of = |done: bool| {
        let row = Entry { remote_maintenance: Some(!done), ..row(5, "", "", A) };
        by(told_beside(&case, vec![row], &remote(done)), Rule::RemoteAccessUndeclared).len()
    };
    assert_eq!((told_of(true), told_of(false)), (0, 1));
}

#[test]
fn a_scan_that_did_not_come_about_is_told_once_and_another_one_missed_is_no_news() {
    use crate::schedule::{Missed, Why};
    let missed = |times, why| Missed {
        schedule: "夜間".into(),
        agent: "3F".into(),
        due: Timestamp::from_micros(0),
        why,
        times,
    };
    let told = |missed: &[Missed]| {
        let ledger = Ledger::default();
        let basis = Basis { missed, ..Basis::seen(&[], &[], &ledger) };
        derive(&basis, (&FINGERPRINTS, &Rulings::default())).findings.into_vec().remove(0)
    };
    let first = told(&[missed(1, Why::NotTaken)]);
    assert_eq!((first.rule, first.id.as_str()), (Rule::MissedScan, "missed_scan:3F:夜間"));
    assert_eq!(*first.detail, ["夜間", "3F", "not_taken", "1"]);
    assert_eq!(told(&[missed(2, Why::NotTaken)]).facts, first.facts);
    assert_ne!(told(&[missed(2, Why::Refused)]).facts, first.facts, "another matter");
    for lang in [crate::words::Lang::Ja, crate::words::Lang::En] {
        let said = crate::words::phrase::detail(lang, &first).join("\n");
        assert!(said.contains("夜間") && said.contains("3F"), "{said}");
    }
}
