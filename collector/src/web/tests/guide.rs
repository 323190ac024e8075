//! The guide from nothing to the first verdicts: each step is done once the facts say so.

use super::*;
use crate::store::NewBook;

/// Which of the six steps are done.
fn done(running: &Running) -> Vec<bool> {
    let page = running.get("/guide").body;
    let steps = page.split("<ol class=\"steps\">").nth(1).unwrap().split("<li").skip(1);
    steps.map(|step| step.starts_with(" class=\"is-done\"")).collect()
}

#[test]
fn each_step_is_done_once_the_facts_say_so_and_then_nothing_leads_here_any_more() {
    let running = running();
    assert_eq!(done(&running), [true, false, false, false, false, false]);
    assert!(running.get("/").body.contains("href=\"/guide\""));
    let operator = Visitor::new(&running.site, Role::Operator, None);
    assert!(!running.get_as(&operator, "/", "").body.contains("href=\"/guide\""));
    let book = "管理番号,機器名,IPアドレス\nA-1,PC,10.20.0.1\n";
    let new = NewBook {
        name: "台帳.csv".into(),
        octets: book.as_bytes().to_vec(),
        ledger: crate::book::read("台帳.csv", book.as_bytes()).unwrap(),
        at: clock::now(),
        by: "田中".into(),
    };
    running.site.store.import(new).unwrap();
    assert_eq!(done(&running), [true, false, true, false, false, false]);
    assert_eq!(running.post(KIND, &sealed(&key(), "east", 0)).status, 200);
    assert_eq!(done(&running), [true; 6]);
    assert!(!running.get("/").body.contains("href=\"/guide\""));
}

#[test]
fn the_guide_declares_a_network_and_issues_a_line_that_lets_its_agent_in() {
    let running = running();
    let typed = |cidr: &str| format!("agent=east&network=3F&purpose=medical&cidr={cidr}");
    let wrong = running.submit("/guide/network", "", &typed("10.0.0.0%2F8"));
    assert!(wrong.status == 422 && wrong.body.contains("id=\"cidr-wrong\""), "{}", wrong.body);
    assert!(wrong.body.contains("value=\"3F\""), "what was typed is not lost");
    assert_eq!(running.submit("/guide/network", "", &typed("10.20.0.0%2F24")).status, 303);
    assert_eq!(done(&running), [true, true, false, false, false, false]);
    let again = running.submit("/guide/network", "", &typed("10.20.0.0%2F24"));
    assert!(again.body.contains("id=\"name-wrong\""), "{}", again.body);
    let issued = running.submit("/guide/code", "", "agent=east");
    assert_eq!(issued.status, 200, "{}", issued.body);
    let line = "sudo daicho-agent --config /etc/daicho/agent.toml permit 10.20.0.0/24 &#38;&#38; ";
    assert!(issued.body.contains(line), "{}", issued.body);
    let code = issued.body.split("--code ").nth(1).unwrap().split_whitespace().next().unwrap();
    let code: daicho_common::enrolment::Code = code.parse().unwrap();
    let store = &running.site.store;
    let invited = store.admissions().invited(code.kept(), clock::now()).unwrap();
    assert_eq!(invited, crate::store::Enrolled::In("east".into()));
    let log = store.log_rows(u64::MAX, 1).unwrap();
    assert_eq!((log[0].deed.as_str(), log[0].address.as_str()), ("agent_invited", "127.0.0.1"));
    assert_eq!(running.submit("/guide/code", "", "agent=").status, 422);
}
