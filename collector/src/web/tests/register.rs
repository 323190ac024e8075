//! The forms of the register: made, changed, told what was wrong; nobody signs here.

use super::*;
use crate::register::{Kind, Record};

const PARTY: &str = "kind=party&new=yes&name=%E6%9E%B6%E7%A9%BA%E8%B2%A9%E5%A3%B2&roles=seller\
                     &roles=direct_contractor&contacts.0.name=%E7%AA%93%E5%8F%A3&contacts.0.reach=03";

fn records(running: &Running) -> Vec<Record> {
    running.site.store.register().unwrap().records()
}

#[test]
fn a_record_is_made_and_changed_by_its_form_and_the_author_is_kept() {
    let running = running();
    let answer = running.submit("/register/edit", "", PARTY);
    assert_eq!(
        (answer.status, answer.head.contains("/register#party")),
        (303, true),
        "{}",
        answer.body
    );
    let made = records(&running);
    let Record::Party(party) = &made[0] else { panic!("{made:?}") };
    assert_eq!((party.id.as_str(), party.roles.len(), party.contacts.len()), ("party-1", 2, 1));
    let contract = "kind=contract&new=yes&id=ct&name=CT&party=party-1&from=R8.4.1&remote_maintenance=yes\
                    &covers.0.by=location&covers.0.text=3%E9%9A%8E&asset_numbers=A-1%0D%0AA-2";
    assert_eq!(running.submit("/register/edit", "", contract).status, 303);
    let form = running.get("/register/edit?kind=contract&id=ct").body;
    for part in [
        "value=\"2026-04-01\"",
        "value=\"party-1\" selected",
        "A-1\nA-2",
        "安全管理責任者が決まっていません",
    ] {
        assert!(form.contains(part), "{part}\n{form}");
    }
    let changed = contract.replace("new=yes&", "").replace("name=CT", "name=CT2");
    assert_eq!(running.submit("/register/edit", "", &changed).status, 303);
    let history = running.site.store.register_history(Some("ct")).unwrap();
    assert_eq!((history.len(), history[1].by.as_str()), (2, "佐藤 (sato)"));
    assert!(running.get("/register").body.contains("CT2"));
    let rows = running.site.store.log_rows(u64::MAX, 1).unwrap();
    assert_eq!((rows[0].deed.as_str(), rows[0].address.as_str()), ("register_kept", "127.0.0.1"));
}

#[test]
fn what_was_wrong_stands_beside_its_field_and_what_was_typed_is_not_lost() {
    let running = running();
    let form = "kind=byod&new=yes&owner=%E6%9E%B6%E7%A9%BA&macs=zz&from=someday";
    let answer = running.submit("/register/edit", "", form);
    assert_eq!(answer.status, 422);
    for part in [
        "id=\"macs-wrong\"",
        "aria-describedby=\"from-wrong\"",
        "id=\"purpose-wrong\"",
        "value=\"架空\"",
        "value=\"someday\"",
    ] {
        assert!(answer.body.contains(part), "{part}\n{}", answer.body);
    }
    assert!(records(&running).is_empty());
    assert_eq!(running.submit("/register/edit", "", PARTY).status, 303);
    let twice = format!("{PARTY}&id=party-1");
    let answer = running.submit("/register/edit", "", &twice);
    assert!(answer.status == 422 && answer.body.contains("id=\"id-wrong\""), "{}", answer.body);
    for lost in ["kind=king", "kind=stocktaking", "kind=party&id=none"] {
        assert_eq!(running.get(&format!("/register/edit?{lost}")).status, 404, "{lost}");
    }
}

#[test]
fn every_kind_has_a_form_in_both_languages_that_makes_no_request_elsewhere() {
    let running = running();
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Stocktaking) {
        for lang in ["ja", "en"] {
            let page = running.get(&format!("/register/edit?kind={}&lang={lang}", kind.name()));
            assert_eq!(page.status, 200, "{kind:?}");
            assert!(!page.body.contains("http") && !page.body.contains("<script"), "{kind:?}");
        }
    }
}

#[test]
fn nobody_signs_a_round_of_stock_taking_by_writing_it_into_the_register() {
    let running = running();
    let round = "[[stocktaking]]\nid = \"2026-1\"\nscope = \"x\"\ndue = \"2026\"\n";
    let signed =
        format!("{round}signatures = [{{ role = \"clerk\", name = \"x\", on = \"2026\" }}]");
    let keep = |text: &str| {
        let form = format!("action=keep&record={}", page::encoded(text));
        running.submit("/register", "", &form).status
    };
    assert_eq!(keep(&signed), 403);
    assert_eq!(keep(round), 303);
    let register = crate::register::Register::parse(&signed).unwrap();
    let by = By::here("x".into(), clock::now());
    running.site.store.keep_register(register, by, String::new()).unwrap();
    assert_eq!(keep(round), 403, "a signature is not taken out either");
    let gone = "action=remove&kind=stocktaking&id=2026-1";
    assert_eq!(running.submit("/register", "", gone).status, 403);
}
