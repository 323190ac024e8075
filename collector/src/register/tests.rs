use super::check::{Flaw, Wrong, check};
use super::contract::{Asked, asked};
use super::device::{remotely_maintained, services_of};
use super::disclosure::{Form, Seen, Standing};
use super::party::contact_table;
use super::sheet::sheet;
use super::stocktaking::{Role, Signature};
use super::*;
use crate::ledger::{Entry, Ledger};

const WRITTEN: &str = include_str!("../../../config/register/sample.toml");

fn register() -> Register {
    Register::parse(WRITTEN).unwrap()
}

fn row(number: &str, model: &str, maintainer: &str) -> Entry {
    Entry {
        asset_number: number.into(),
        model: model.into(),
        maintainer: maintainer.into(),
        ..Entry::default()
    }
}

fn ledger() -> Ledger {
    let mut entries = vec![
        row("ME-0001", "CT-900", "架空医療機器"),
        row("PC-0101", "KX-1", "架空システム"),
        row("PC-0102", "KX-1", "架空システム"),
        row("SV-0001", "SRV-7", "架空システム"),
        row("NW-0001", "VPN-30", ""),
        row("", "別の型", ""),
    ];
    entries[1].remote_maintenance = Some(false);
    Ledger { entries, ..Ledger::default() }
}

fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

fn flaws(register: &Register) -> Vec<(Kind, Wrong)> {
    check(register, Some(&ledger())).into_iter().map(|flaw| (flaw.kind, flaw.wrong)).collect()
}

#[test]
fn the_released_sample_is_without_flaw_and_comes_back_from_toml_and_json() {
    let register = register();
    assert_eq!(check(&register, Some(&ledger())), []);
    assert_eq!(Register::parse(&register.to_toml().unwrap()), Ok(register.clone()));
    let json = serde_json::to_string(&register).unwrap();
    assert_eq!(Register::parse(&json), Ok(register.clone()));
    let records = register.records();
    for kind in Kind::ALL {
        assert!(records.iter().any(|record| record.kind() == *kind), "no {}", kind.name());
        assert_eq!(kind.name().parse(), Ok(*kind));
    }
    for record in &records {
        let json = record.to_json().unwrap();
        assert_eq!(&Record::from_json(record.kind(), &json).unwrap(), record);
    }
    assert_eq!(records.into_iter().collect::<Register>(), register);
}

#[test]
fn an_unknown_key_word_or_kind_is_refused_by_its_name() {
    for text in
        ["[[partei]]\nid = \"x\"", "[[party]]\nid = \"x\"\nname = \"x\"\nroles = [\"king\"]"]
    {
        let Err(BadRegister::Syntax(why)) = Register::parse(text) else { panic!("{text}") };
        assert!(why.contains("partei") || why.contains("king"), "{why}");
    }
    assert_eq!("x".parse::<Kind>(), Err(BadRegister::NoSuchKind("x".into())));
}

#[test]
fn q1_each_contract_has_a_safety_manager_on_the_vendors_side() {
    let mut register = register();
    let of = |register: &Register, id: &str| {
        let contract = register.contract(id).unwrap();
        contract.safety_manager(register).map(|person| person.name.clone())
    };
    assert_eq!(of(&register, "emr").as_deref(), Some("架空 花子"));
    assert_eq!(of(&register, "ct").as_deref(), Some("架空 次郎"), "its own outweighs the party's");
    register.contract[1].safety_manager = None;
    register.party[1].safety_manager = None;
    assert!(flaws(&register).contains(&(Kind::Contract, Wrong::NoSafetyManager)));
}

#[test]
fn q6_and_q9_the_direct_contractor_is_asked_whoever_stands_behind_it() {
    let register = register();
    let Asked::One(contract, party) = asked(&register, &row("ME-0001", "CT-900", "")) else {
        panic!()
    };
    assert_eq!((contract.id.as_str(), party.id.as_str()), ("ct", "seller"));
    assert_eq!(contract.behind, ["maker"]);
    let by_rule = row("PC-9999", "", "架空ｼｽﾃﾑ");
    assert!(matches!(asked(&register, &by_rule), Asked::One(contract, _) if contract.id == "emr"));
    assert_eq!(asked(&register, &row("X-1", "", "誰か")), Asked::Nobody);
    let mut two = register.clone();
    let mut other = two.contract[1].clone();
    other.id = "emr2".into();
    two.contract.push(other);
    assert!(matches!(asked(&two, &by_rule), Asked::Several(of) if of.len() == 2));
    two.contract[2].asset_numbers = vec!["PC-9999".into()];
    assert!(matches!(asked(&two, &by_rule), Asked::One(contract, _) if contract.id == "emr2"));
}

#[test]
fn q7_and_q8_remote_maintenance_is_told_whoever_sold_the_device() {
    let mut register = register();
    let told: Vec<&str> = remotely_maintained(&register).into_iter().collect();
    assert_eq!(told, ["ME-0001", "SV-0001"]);
    assert_eq!(register.remote[1].contract, "", "without a contract it is told all the same");
    register.remote[0].contract = "emr".into();
    register.contract[1].remote_maintenance = false;
    register.remote[1].way = None;
    let found = flaws(&register);
    assert!(found.contains(&(Kind::Remote, Wrong::NotForRemoteMaintenance("emr".into()))));
    assert!(found.contains(&(Kind::Remote, Wrong::NoWay)));
}

#[test]
fn q10_and_q19_a_service_that_no_scan_finds_is_kept_and_its_operator_answers_for_the_clients() {
    let register = register();
    let services = services_of(&register, "PC-0101");
    assert_eq!(services.len(), 1);
    assert!(services[0].medical_information);
    assert_eq!(register.party(&services[0].party).unwrap().name, "架空クラウド");
    assert!(services_of(&register, "PC-0102").is_empty());
}

#[test]
fn q11_a_form_expires_by_event_and_never_by_age() {
    let mut register = register();
    let standing = |register: &Register, model, version| {
        register.disclosure[0].standing(register, Seen { model, version })
    };
    assert_eq!(standing(&register, "ＣＴ－９００", "2.1"), Standing::Holds);
    assert_eq!(standing(&register, "", ""), Standing::Holds);
    register.disclosure[0].received_on = Some(date("2021-04-02"));
    register.contract[0].from = date("2021-04-01");
    assert_eq!(standing(&register, "CT-900", "2.1"), Standing::Holds, "years do not count");
    assert_eq!(standing(&register, "CT-950", "2.1"), Standing::ModelChanged);
    assert_eq!(standing(&register, "CT-900", "Ver.2.1"), Standing::Holds);
    assert_eq!(standing(&register, "CT-900", "2.2"), Standing::VersionChanged);
    register.contract[0].from = date("2026-04-01");
    assert_eq!(standing(&register, "CT-900", "2.1"), Standing::ContractRenewed);
    register.disclosure[0].received_on = None;
    assert_eq!(standing(&register, "CT-900", "2.1"), Standing::Missing);
}

#[test]
fn q12_and_q13_a_servers_log_has_one_who_keeps_it_and_one_who_analyses_it() {
    let mut register = register();
    let keeper = &register.keeper[0];
    assert_eq!((keeper.asset_number.as_str(), keeper.days), ("SV-0001", Some(365)));
    register.keeper[0].analysed_by = " ".into();
    assert_eq!(flaws(&register), [(Kind::Keeper, Wrong::NobodyForTheLog)]);
}

#[test]
fn q14_what_cannot_be_patched_has_a_measure_and_a_day_of_review() {
    let mut register = register();
    let exception = &register.exception[0];
    assert!(!exception.is_due(date("2026-09-30")) && exception.is_due(date("2026-10-01")));
    register.exception[0].network.clear();
    assert_eq!(flaws(&register), [(Kind::Exception, Wrong::NoNetwork)]);
    register.exception[0].measures.clear();
    assert_eq!(flaws(&register), [(Kind::Exception, Wrong::NoMeasure)]);
}

#[test]
fn q16_whether_the_source_is_restricted_is_yes_no_or_not_known_with_evidence() {
    let register = register();
    let said: Vec<(Option<bool>, bool)> = (register.remote.iter())
        .map(|remote| (remote.source_restricted, remote.evidence.is_empty()))
        .collect();
    assert_eq!(said, [(Some(true), false), (None, true), (None, true)]);
}

#[test]
fn q17_and_q18_contacts_at_an_incident_are_a_table_in_the_order_of_calling() {
    let register = register();
    let table: Vec<(&str, &str)> = contact_table(&register)
        .into_iter()
        .map(|(party, contact)| (party.id.as_str(), contact.name.as_str()))
        .collect();
    assert_eq!(table, [("seller", "当直窓口"), ("seller", "営業所"), ("system", "保守センター")]);
}

#[test]
fn q20_the_form_comes_from_the_maker_or_from_who_provides_the_service() {
    let mut register = register();
    assert_eq!(register.disclosure[0].form, Form::Mds);
    register.disclosure[0].party = "system".into();
    assert_eq!(flaws(&register), [(Kind::Disclosure, Wrong::WrongGiver("system".into()))]);
}

#[test]
fn q20_and_q21_there_is_one_sheet_a_contract_filled_in_from_the_ledger() {
    let (register, ledger) = (register(), ledger());
    let ct = sheet(&register, register.contract("ct").unwrap(), &ledger);
    assert_eq!(ct.party.unwrap().id, "seller");
    assert_eq!(ct.behind[0].id, "maker");
    assert_eq!(ct.lines.len(), 1);
    assert_eq!(ct.lines[0].remotely_maintained, Some(true));
    assert_eq!(ct.lines[0].forms, [(Form::Mds, Standing::Holds)]);
    let emr = sheet(&register, register.contract("emr").unwrap(), &ledger);
    let told: Vec<(&str, Option<bool>)> = (emr.lines.iter())
        .map(|line| (line.entry.asset_number.as_str(), line.remotely_maintained))
        .collect();
    assert_eq!(
        told,
        [("PC-0101", Some(false)), ("PC-0102", None), ("SV-0001", Some(true))],
        "the register's word, else the ledger's, else none"
    );
}

#[test]
fn q21_those_behind_are_asked_by_the_direct_contractor_and_the_chain_tells_who_is_awaited() {
    let mut register = register();
    let chain = &register.escalation[0];
    assert_eq!(chain.waits_for().unwrap().party, "maker");
    assert!(!chain.is_answered());
    register.escalation[0].steps[1].answered_on = Some(date("2026-05-20"));
    register.escalation[0].steps[0].answered_on = Some(date("2026-05-22"));
    assert!(register.escalation[0].waits_for().is_none() && register.escalation[0].is_answered());
    assert_eq!(check(&register, None), []);
    register.escalation[0].steps.remove(0);
    assert_eq!(
        check(&register, None),
        [Flaw {
            kind: Kind::Escalation,
            id: "ct-log".into(),
            wrong: Wrong::NotTheDirectContractor("maker".into())
        }]
    );
    let step = &mut register.escalation[0].steps[0];
    (step.party, step.answered_on) = ("seller".into(), Some(date("2026-05-01")));
    assert_eq!(flaws(&register), [(Kind::Escalation, Wrong::AnsweredBeforeAsked("seller".into()))]);
}

#[test]
fn a_round_of_stock_taking_is_signed_in_the_order_of_the_roles() {
    let mut register = register();
    let round = &mut register.stocktaking[0];
    assert_eq!(round.next(), Some(Role::Planner));
    assert!(!round.is_overdue(date("2026-09-30")) && round.is_overdue(date("2026-10-01")));
    let sign =
        |role, on| Signature { role, name: "誰か".into(), on: date(on), of: String::new() };
    round.signatures.push(sign(Role::Planner, "2026-09-10"));
    round.signatures.push(sign(Role::SafetyManager, "2026-09-12"));
    assert_eq!((round.next(), round.is_overdue(date("2027-01-01"))), (None, false));
    assert_eq!(flaws(&register), []);
    register.stocktaking[0].signatures.remove(1);
    assert_eq!(flaws(&register), [(Kind::Stocktaking, Wrong::SignedOutOfOrder)]);
    register.stocktaking[0].signatures = vec![sign(Role::Planner, "2026-09-10")];
    assert_eq!(flaws(&register), [(Kind::Stocktaking, Wrong::SignedOutOfOrder)]);
}

#[test]
fn a_permitted_private_device_is_permitted_for_its_time_only() {
    let register = register();
    let byod = &register.byod[0];
    assert!(byod.is_permitted(date("2026-04-01")) && byod.is_permitted(date("2027-03-31")));
    assert!(!byod.is_permitted(date("2027-04-01")) && !byod.is_permitted(date("2026-03-31")));
}

#[test]
fn what_names_nothing_that_is_there_is_told_record_by_record() {
    let mut register = register();
    register.contract[0].party = "nobody".into();
    register.contract[0].asset_numbers.push("ME-9999".into());
    register.remote[1].contract = "none".into();
    let twice = register.party[2].clone();
    register.party.push(twice);
    register.byod[0].id.clear();
    register.byod[0].until = Some(date("2025"));
    let told = flaws(&register);
    for wanted in [
        (Kind::Contract, Wrong::NoSuchParty("nobody".into())),
        (Kind::Contract, Wrong::NoSuchRow("ME-9999".into())),
        (Kind::Remote, Wrong::NoSuchContract("none".into())),
        (Kind::Party, Wrong::NameTwice),
        (Kind::Byod, Wrong::NoName),
        (Kind::Byod, Wrong::EndsBeforeBegin),
    ] {
        assert!(told.contains(&wanted), "{wanted:?} {told:?}");
    }
    assert!(!check(&register, None).iter().any(|f| matches!(f.wrong, Wrong::NoSuchRow(_))));
}
