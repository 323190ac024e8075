use daicho_common::observation::table::{self, Cell};
use daicho_common::observation::{Fact, Method};

use super::*;
use crate::decision::{Decided, Decision, Disposition};
use crate::ledger::State;
use crate::reconcile::tests::row;
use crate::reconcile::{Private, reconcile};
use crate::register::Register;
use crate::resolve::case::{Case, look};

mod judged;

const A: &str = "00:1a:2b:00:00:0a";
const B: &str = "00:1a:2b:00:00:0b";

fn findings(case: &Case, rows: Vec<Entry>) -> Vec<Finding> {
    answered(case, rows, &[])
}

fn answered(case: &Case, rows: Vec<Entry>, said: &[Decided]) -> Vec<Finding> {
    let resolution = case.resolve();
    let ledger = Ledger { entries: rows, ..Ledger::default() };
    let coverage = [look(Method::Arp, "10.0.0.0/24", &["10.0.0.1"])];
    let policy = Policy::default();
    let topology = Topology::default();
    let by = (&policy.absence, &Private::default());
    let matches = reconcile(&resolution.devices, &ledger, &coverage, by);
    find(Facts {
        devices: &resolution.devices,
        topology: &topology,
        scopes: &[],
        duties: &[],
        matches: &matches,
        ledger: &ledger,
        keys: &ledger.keys(),
        register: &Register::default(),
        missed: &[],
        contested: &resolution.contested,
        standing: &Standing::of(said),
        policy: &policy,
        as_of: Timestamp::from_micros(0),
    })
}

fn rules(findings: &[Finding]) -> Vec<Rule> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn an_unknown_device_is_told_with_its_address_and_its_evidence() {
    let case = Case::new().arp("10.0.0.1", A).system("10.0.0.1", "box");
    let found = findings(&case, Vec::new());
    assert_eq!(rules(&found), [Rule::UndocumentedDevice]);
    assert_eq!(found[0].id, "undocumented_device:mac-001a2b00000a");
    assert_eq!(*found[0].detail, ["10.0.0.1", A, "box", "", ""]);
    assert!(found[0].evidence.contains(&case.seen[0].id()));
}

#[test]
fn an_unknown_firewall_comes_before_other_findings() {
    let case = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).describes(
        "10.0.0.2",
        "fw",
        "1.3.6.1.4.1.12356.101",
        "FortiGate-60F v7.0.12",
    );
    let found = findings(&case, Vec::new());
    assert_eq!(found[0].device.as_ref().unwrap().0, "mac-001a2b00000b");
    assert_eq!((found[0].severity, found[1].severity), (Severity::High, Severity::Warning));
}

#[test]
fn a_difference_is_told_with_both_sides() {
    let found = findings(&Case::new().arp("10.0.0.1", A), vec![row(5, "", "10.0.0.9", A)]);
    assert_eq!(rules(&found), [Rule::FieldsDiffer]);
    assert_eq!(*found[0].detail, ["ip", "10.0.0.9", "10.0.0.1"]);
    assert_eq!(
        (found[0].id.as_str(), found[0].severity),
        ("fields_differ:asset_number=n-5", Severity::Warning)
    );
    assert!(!found[0].evidence.is_empty());
}

#[test]
fn a_missing_device_is_told_with_the_look_that_missed_it() {
    let found = findings(&Case::new(), vec![row(5, "", "10.0.0.9", "")]);
    assert_eq!(rules(&found), [Rule::DeclaredNotSeen]);
    assert_eq!(*found[0].detail, ["10.0.0.9", "ward"]);
}

#[test]
fn a_retired_device_that_is_seen_is_told() {
    let retired = Entry { state: State::Retired, ..row(5, "", "", A) };
    let found = findings(&Case::new().arp("10.0.0.1", A), vec![retired]);
    assert_eq!(rules(&found), [Rule::RetiredButSeen]);
}

#[test]
fn two_devices_at_one_address_are_told() {
    let case = Case::new().arp("10.0.0.1", A).arp("10.0.0.1", B);
    let found = findings(&case, vec![row(2, "", "", A), row(3, "", "", B)]);
    assert_eq!(rules(&found), [Rule::DuplicateAddress]);
    assert_eq!(*found[0].detail, ["10.0.0.1", "ward", &format!("{A}, {B}")]);
    assert_eq!(found[0].evidence.len(), 2);
}

#[test]
fn an_address_in_two_rows_is_told_once() {
    let rows = vec![row(2, "", "10.0.0.1", ""), row(3, "", "10.0.0.1", "")];
    let found = findings(&Case::new().arp("10.0.0.1", A), rows);
    assert_eq!(rules(&found), [Rule::DuplicateInLedger]);
    assert_eq!((found[0].detail.join(" "), found[0].entries.len()), ("ip 10.0.0.1".to_owned(), 2));
}

#[test]
fn one_thing_kept_in_two_books_or_a_retired_row_is_no_duplicate() {
    let mut other = row(9, "", "10.0.0.1", "");
    other.place.book = "ip.xlsx".into();
    other.asset_number = "N-2".to_owned();
    let case = Case::new().arp("10.0.0.1", A);
    assert_eq!(rules(&findings(&case, vec![row(2, "", "10.0.0.1", ""), other])), []);
    let retired = Entry { state: State::Retired, ..row(3, "", "10.0.0.1", "") };
    assert_eq!(rules(&findings(&case, vec![row(2, "", "10.0.0.1", ""), retired])), []);
}

#[test]
fn a_device_of_which_one_side_was_seen_is_told_with_those_that_it_may_be() {
    let heard = |last: u32| table::Row {
        index: vec![0, 26, 43, 0, 1, last],
        cells: [("dot1dTpFdbPort".to_owned(), Cell::Integer(3))].into(),
    };
    let switch = |heard: Vec<table::Row>| {
        let rows =
            table::Rows { table: "dot1dTpFdbTable".into(), context: String::new(), rows: heard };
        let case = Case::new().arp("10.0.0.1", A).tells("10.0.0.1", Fact::Rows(Box::new(rows)));
        case.network("medical").echo("10.9.0.7")
    };
    let detail = |case: &Case, id: &str, rows| {
        let found = findings(case, rows);
        let found = found.iter().find(|f| f.id == format!("undocumented_device:{id}"));
        found.map(|found| found.detail.clone())
    };
    let one = switch(vec![heard(7)]);
    let echo = detail(&one, "ip-medical-10.9.0.7", vec![]).unwrap();
    assert_eq!(*echo, ["10.9.0.7", "", "", "", "", "00:1a:2b:00:01:07", "1"]);
    let mac = detail(&one, "mac-001a2b000107", vec![]).unwrap();
    assert_eq!(mac[5..], ["10.9.0.7", "1"]);
    // Who is seen from both sides is nobody else, and a row that ties both leaves nothing to tell.
    assert_eq!(detail(&one, "mac-001a2b00000a", vec![]).unwrap().len(), 5);
    let tied = vec![row(2, "", "10.9.0.7", "00:1a:2b:00:01:07")];
    assert_eq!(detail(&one, "ip-medical-10.9.0.7", tied.clone()), None);
    assert_eq!(detail(&one, "mac-001a2b000107", tied), None);
    // Of many only the number is told.
    let many = switch((1..=9).map(heard).collect());
    assert_eq!(detail(&many, "ip-medical-10.9.0.7", vec![]).unwrap()[5..], ["", "9"]);
}

fn answer(found: &Finding, disposition: Disposition) -> Decided {
    let what = Decision::Answer {
        finding: found.id.clone(),
        facts: found.facts.to_string(),
        disposition: Some(disposition),
        owner: "情報係".to_owned(),
        due: None,
    };
    let (by, why) = ("佐藤".to_owned(), "納入業者の機器".to_owned());
    Decided { id: 1, at: Timestamp::from_micros(1), by, why, what }
}

#[test]
fn what_was_approved_stays_settled_at_another_address_and_opens_again_when_it_turns_out_to_be_a_nas()
 {
    let before = Case::new().arp("10.0.0.1", A);
    let said = [answer(&findings(&before, vec![])[0], Disposition::Approved)];
    let moved = answered(&Case::new().arp("10.0.0.77", A), vec![], &said);
    assert!(!moved[0].is_open() && moved[0].answer.as_ref().unwrap().holds);
    let nas = Case::new().arp("10.0.0.1", A).describes(
        "10.0.0.1",
        "nas",
        "1.3.6.1.4.1.6574.1",
        "Linux DS 4.4",
    );
    let found = answered(&nas, vec![], &said);
    assert!(found[0].is_open() && !found[0].answer.as_ref().unwrap().holds, "{found:?}");
}

#[test]
fn asking_the_vendor_does_not_settle_a_finding() {
    let case = Case::new().arp("10.0.0.1", A);
    let said = [answer(&findings(&case, vec![])[0], Disposition::VendorAsked)];
    let found = answered(&case, vec![], &said);
    assert!(found[0].is_open());
    assert_eq!(found[0].answer.as_ref().unwrap().owner, "情報係");
}

#[test]
fn every_rule_has_its_severity_and_every_word_there_is_a_class_a_field_or_a_purpose() {
    let severities = crate::policy::Severities::default();
    let mut rules: Vec<String> = Rule::ALL.iter().map(word).collect();
    rules.sort_unstable();
    assert_eq!(severities.rules().map(|(rule, _)| rule).collect::<Vec<_>>(), rules);
    for (rule, weighing) in severities.rules() {
        assert_eq!(weighing.raised.is_some(), !weighing.raised_for.is_empty(), "{rule}");
        for said in &weighing.raised_for {
            let said = serde_json::Value::String(said.clone());
            let class = serde_json::from_value::<crate::fingerprint::Class>(said.clone()).is_ok();
            let field = serde_json::from_value::<crate::ledger::Field>(said.clone()).is_ok();
            let purpose = serde_json::from_value::<crate::policy::Purpose>(said.clone()).is_ok();
            assert!(class || field || purpose, "{rule}: {said}");
        }
    }
}
