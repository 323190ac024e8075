//! No order goes out without the deny list that holds.

use daicho_common::job::{Asking, Order, Permits, Work};

use super::*;
use crate::schedule::{Run, Why};
use crate::settings::{Deny, Setting};
use crate::store::{By, JobState, NewJob, Seen};

#[test]
fn an_agent_that_cannot_read_what_is_denied_gets_no_order_and_its_job_says_why() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let by = || By::here("管理者".into(), crate::clock::now());
    let deny = |nets: &[&str]| {
        let nets = nets.iter().map(|text| (*text).to_owned()).collect();
        let deny = Setting::Deny(Deny { nets, ..Deny::default() });
        let because = (by(), String::new());
        running.store().keep_settings(vec![deny.into()], Seen::Any, because).unwrap();
    };
    let want = || {
        let (order, run) = (Order::default(), Run::at_once(crate::clock::now()));
        let new = NewJob { agent: "3F".into(), order, run };
        running.store().jobs().want(new, by()).unwrap();
    };
    let job = || running.store().jobs().list().unwrap().remove(0);
    deny(&["10.20.0.7"]);
    want();
    // As versions asked that knew of no deny list.
    let mut stream = running.as_agent(&agent);
    ask_for_work(&mut stream, br#"{"software":"daicho-agent 0.0.9","wait":60,"networks":[]}"#);
    while job().state != JobState::Refused {
        std::thread::yield_now();
    }
    let said = job().said.unwrap();
    assert!(said.ja.contains("除外リスト") && said.en.contains("daicho-agent 0.0.9"), "{said:?}");
    assert_eq!(running.store().ground().unwrap().missed[0].why, Why::Refused);
    // Where nothing is denied it is given work, on the question that it asked.
    deny(&[]);
    want();
    let work: Work = serde_json::from_str(&answer(&mut stream).unwrap().body).unwrap();
    assert_eq!(work.order.unwrap().deny, Deny::default());
    deny(&["10.20.0.7"]);
    want();
    let asking = Asking {
        software: "daicho-agent 0.1.0".into(),
        wait: 60,
        networks: Vec::new(),
        permits: Permits { packets_per_second: 100, ..Permits::default() },
        lock: None,
    };
    ask_for_work(&mut stream, &serde_json::to_vec(&asking).unwrap());
    let work: Work = serde_json::from_str(&answer(&mut stream).unwrap().body).unwrap();
    assert_eq!(work.order.unwrap().deny.nets, ["10.20.0.7"]);
}
