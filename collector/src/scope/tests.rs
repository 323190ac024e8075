//! Each line of the Q&A that speaks of scope is a test of its own (DOMAIN §1).

use std::sync::LazyLock;

use daicho_common::observation::table::{self, Cell};
use daicho_common::observation::{Fact, Method};

use super::*;
use crate::fingerprint::Rows;
use crate::ledger::Ledger;
use crate::policy::{Network, Purpose};
use crate::reconcile::tests::row;
use crate::resolve::case::{Case as Seen, look};

static FINGERPRINTS: LazyLock<Rows> = LazyLock::new(|| Rows::builtin().unwrap());
const A: &str = "00:1a:2b:00:00:0a";
const B: &str = "00:1a:2b:00:00:0b";

fn policy() -> Policy {
    let network = |name: &str, purpose| Network {
        name: name.to_owned(),
        purpose,
        wired: false,
        gateways: vec![],
        dhcp_servers: vec![],
    };
    let networks = vec![network("medical", Purpose::Medical), network("guest", Purpose::Guest)];
    Policy { networks, ..Policy::default() }
}

fn judged(seen: &Seen, rows: Vec<Entry>, said: &[Decided]) -> Vec<Scoped> {
    let claims = crate::evidence::weigh(&seen.seen);
    let mut resolved = crate::resolve::resolve(&claims, &FINGERPRINTS);
    let topology = crate::topology::find(&claims, &resolved.speakers, &mut resolved.devices);
    let ledger = Ledger { entries: rows, ..Ledger::default() };
    let policy = policy();
    let coverage = [look(Method::Arp, "10.0.0.0/24", &[])];
    let devices = &resolved.devices;
    let standing = Standing::of(said);
    let private = crate::reconcile::Private::default();
    let by = (&policy.absence, &private);
    let matches = crate::reconcile::reconcile(devices, &ledger, &coverage, by);
    let keys = ledger.keys();
    let facts = Facts {
        devices,
        topology: &topology,
        ledger: &ledger,
        keys: &keys,
        matches: &matches,
        standing: &standing,
        policy: &policy,
    };
    judge(facts, &Rules::released().unwrap())
}

fn named(name: &str, kind: &str, mac: &str) -> Entry {
    Entry { name: name.to_owned(), kind: kind.to_owned(), ..row(2, "", "", mac) }
}

fn only(seen: &Seen, rows: Vec<Entry>) -> (Scope, String) {
    let mut all = judged(seen, rows, &[]);
    assert_eq!(all.len(), 1, "{all:?}");
    let one = all.remove(0);
    (one.scope, one.reason.rule.clone())
}

/// A printer in this network whose Host Resources list this storage.
fn printer(network: &str, storage: &str) -> Seen {
    let cells = [
        ("hrStorageType".to_owned(), Cell::ObjectId(format!("1.3.6.1.2.1.25.2.1.{storage}"))),
        ("hrStorageDescr".to_owned(), Cell::Text("Fixed Disk".into())),
    ];
    let row = table::Row { index: vec![1], cells: cells.into() };
    let rows =
        table::Rows { table: "hrStorageTable".into(), context: String::new(), rows: vec![row] };
    Seen::new()
        .network(network)
        .arp("10.0.0.1", A)
        .describes("10.0.0.1", "MFP", "1.3.6.1.4.1.367.1.1", "RICOH IM C3010 1.05")
        .tells("10.0.0.1", Fact::Rows(Box::new(rows)))
}

#[test]
fn q2_a_pc_of_the_electronic_chart_is_in_scope_and_a_pc_of_which_nothing_is_known_is_for_a_person()
{
    let none = Seen::new();
    assert_eq!(only(&none, vec![named("電子カルテ端末 3F", "PC", "")]).0, Scope::Inside);
    assert_eq!(
        only(&none, vec![named("事務PC", "PC", "")]),
        (Scope::Undecided, "otherwise".into())
    );
}

#[test]
fn q2_what_a_person_decided_stands_and_the_proposal_is_still_shown() {
    let key = crate::ledger::key::EntryKey("asset_number=n-2".into());
    let what = Decision::Scope { subject: Subject::Entry(key), scope: Scope::Outside };
    let at = daicho_common::time::Timestamp::from_micros(5);
    let said = Decided { id: 9, at, by: "佐藤".into(), why: "研修用".into(), what };
    let all = judged(&Seen::new(), vec![named("電子カルテ端末 研修室", "PC", "")], &[said]);
    assert_eq!((all[0].scope, all[0].proposed), (Scope::Outside, Scope::Inside));
    assert_eq!(all[0].decided.as_ref().unwrap().why, "研修用");
}

#[test]
fn q4_an_attendance_system_is_out_of_scope() {
    let (scope, rule) = only(&Seen::new(), vec![named("勤怠管理端末", "PC", "")]);
    assert_eq!((scope, rule.as_str()), (Scope::Outside, "staff_systems"));
}

#[test]
fn q5_a_multifunction_printer_with_a_disk_on_the_medical_network_is_in_scope_with_its_evidence() {
    let all = judged(&printer("medical", "4"), vec![], &[]);
    assert_eq!((all[0].scope, all[0].reason.answer.as_str()), (Scope::Inside, "Q-5"));
    assert!(!all[0].evidence.is_empty());
    assert_eq!(only(&printer("office", "4"), vec![]).0, Scope::Undecided);
}

#[test]
fn q5_a_switch_is_in_scope_when_something_in_scope_hangs_on_it_and_else_not() {
    let heard = |mac: &str| {
        let octets = mac.parse::<daicho_common::addr::Mac>().unwrap().octets();
        let index = octets.map(u32::from).to_vec();
        let cells = [("dot1dTpFdbPort".to_owned(), Cell::Integer(3))].into();
        let rows = table::Rows {
            table: "dot1dTpFdbTable".into(),
            context: String::new(),
            rows: vec![table::Row { index, cells }],
        };
        Seen::new()
            .network("office")
            .arp("10.0.0.1", A)
            .describes(
                "10.0.0.1",
                "sw",
                "1.3.6.1.4.1.9.1.1208",
                "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E7",
            )
            .tells("10.0.0.1", Fact::Rows(Box::new(rows)))
    };
    let chart = || named("電子カルテ端末", "PC", B);
    let switch = |all: Vec<Scoped>| all.last().map(|s| (s.scope, s.reason.rule.clone())).unwrap();
    let carries = judged(&heard(B), vec![chart()], &[]);
    assert_eq!(switch(carries), (Scope::Inside, "network_that_carries".into()));
    let not = judged(&heard(B), vec![named("勤怠管理端末", "PC", B)], &[]);
    assert_eq!(switch(not), (Scope::Outside, "network_that_carries_nothing".into()));
}

#[test]
fn q5_a_hub_of_which_nothing_is_known_but_that_it_is_one_is_for_a_person() {
    assert_eq!(only(&Seen::new(), vec![named("8ポートHUB", "HUB", "")]).1, "network_unknown");
}

#[test]
fn q15_a_terminal_of_online_eligibility_verification_is_in_scope() {
    let (scope, rule) = only(&Seen::new(), vec![named("オンライン資格確認端末", "PC", "")]);
    assert_eq!((scope, rule.as_str()), (Scope::Inside, "eligibility_by_name"));
}

#[test]
fn rules_without_an_end_or_with_a_name_twice_are_refused() {
    let rule = |id: &str, more: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nanswer = \"Q-2\"\nscope = \"inside\"\nja = \"は\"\nen = \"is\"\n{more}"
        )
    };
    let edition = "edition = \"x\"\n";
    let open = format!("{edition}{}", rule("a", "words = [\"x\"]\n"));
    assert_eq!(Rules::parse(&open), Err(BadRules::Open("a".into())));
    let twice = format!("{edition}{}{}", rule("a", ""), rule("a", ""));
    assert_eq!(Rules::parse(&twice), Err(BadRules::Twice("a".into())));
    assert!(matches!(Rules::parse("edition = 3"), Err(BadRules::Syntax(_))));
}
