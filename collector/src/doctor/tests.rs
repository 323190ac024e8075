use std::io::{Read, Write};
use std::net::TcpListener;

use daicho_common::batch::AgentKey;
use daicho_common::time::Timestamp;

use super::*;
use crate::settings::{Deny, Setting};
use crate::store::{By, Delivered, NewCertificate, NewInvitation, Saying, Seen, Store};

const DAY: i64 = 24 * 3600 * 1_000_000;

fn config(folder: &tempfile::TempDir) -> Config {
    let mut config = Config::parse("listen = \"127.0.0.1:0\"", "test").unwrap();
    config.database = folder.path().join("daicho.db").into();
    config
}

fn of(all: &[Checked], subject: Word) -> &Checked {
    let subject = Lang::En.say(subject);
    all.iter().find(|one| one.subject == subject).unwrap()
}

#[test]
fn a_new_site_is_told_what_it_lacks_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let all = examine(&config(&folder), Lang::En);
    assert_eq!(of(&all, Word::DoctorDatabase).state, State::Doubtful);
    assert_eq!(of(&all, Word::DoctorConfiguration).state, State::Good);
    assert!(all.iter().all(|one| one.state < State::Bad), "{all:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_site_without_agents_and_ledger_is_doubtful() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    drop(Store::open(&config.database).unwrap());
    let all = examine(&config, Lang::En);
    assert_eq!(of(&all, Word::DoctorDatabase).state, State::Good);
    assert_eq!(of(&all, Word::DoctorAgents).state, State::Doubtful);
    assert_eq!(of(&all, Word::DoctorLedger).state, State::Doubtful);
}

#[test]
fn a_file_that_is_no_database_is_bad_and_is_not_read_further() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    std::fs::write(&config.database, "notes, not a database, and long enough for a header")
        .unwrap();
    let all = examine(&config, Lang::En);
    assert_eq!(of(&all, Word::DoctorDatabase).state, State::Bad);
    assert!(all.iter().all(|one| one.subject != Lang::En.say(Word::DoctorAgents)), "{all:?}");
}

#[test]
fn a_configuration_that_names_an_absent_file_is_bad_in_the_readers_language() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.knowledge.mac_makers = Some(folder.path().join("absent.txt"));
    let all = examine(&config, Lang::Ja);
    let first = all.first().unwrap();
    assert_eq!(first.state, State::Bad);
    assert!(first.said.contains("absent.txt") && !first.said.is_ascii(), "{first:?}");
}

#[test]
fn a_port_that_another_program_has_is_told_from_a_collector_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    for (answer, state) in [("ok 7\n", State::Good), ("hello\n", State::Bad)] {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = config(&folder);
        config.listen = other.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = other.accept().unwrap();
            let mut asked = [0; 256];
            let _ = stream.read(&mut asked).unwrap();
            write!(stream, "HTTP/1.0 200 OK\r\n\r\n{answer}").unwrap();
        });
        let all = examine(&config, Lang::En);
        assert_eq!(of(&all, Word::DoctorDoor).state, state, "{all:?}");
        served.join().unwrap();
    }
}

#[test]
fn a_full_disk_is_told_before_it_is_full() {
    assert_eq!(disk::judge_room(0).0, State::Bad);
    assert_eq!(disk::judge_room(1 << 30).0, State::Doubtful);
    assert_eq!(disk::judge_room(1 << 40).0, State::Good);
}

#[test]
fn agents_that_are_silent_or_ahead_of_time_are_told() {
    let now = Timestamp::from_micros(100 * DAY);
    let at = |closed: i64, received: i64| Delivered {
        agent: "east".to_owned(),
        closed: Timestamp::from_micros(closed),
        received: Timestamp::from_micros(received),
    };
    assert_eq!(feed::judge(&at(99 * DAY, 99 * DAY), now).0, State::Good);
    assert_eq!(feed::judge(&at(90 * DAY, 90 * DAY), now).0, State::Doubtful);
    assert_eq!(feed::judge(&at(100 * DAY, 99 * DAY), now).0, State::Bad);
    assert_eq!(feed::judge(&at(10 * DAY, 99 * DAY), now).0, State::Good);
}

#[test]
fn an_agent_that_gets_no_orders_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let store = Store::open(&config.database).unwrap();
    let now = crate::clock::now();
    let until = now.after(std::time::Duration::from_hours(1));
    let invited = NewInvitation { agent: "3F".into(), code: [1; 32], until };
    store.admissions().invite(invited, ("a".into(), now)).unwrap();
    let certificate = NewCertificate { digest: [2; 32], issued_at: now, until };
    store.admissions().enrol([1; 32], AgentKey::new([3; 32]), certificate).unwrap();
    let said = Saying { software: "daicho-agent 0.0.9".into(), ..Saying::default() };
    store.admissions().saw(("3F".into(), now), Some(said)).unwrap();
    let told = || {
        let all = examine(&config, Lang::En);
        all.into_iter().filter(|one| one.said.contains("daicho-agent 0.0.9")).collect::<Vec<_>>()
    };
    assert_eq!(told(), [], "nothing is denied");
    let deny = Setting::Deny(Deny { nets: vec!["10.20.0.7".into()], ..Deny::default() });
    let because = (By::here("a".into(), now), String::new());
    store.keep_settings(vec![deny.into()], Seen::Any, because).unwrap();
    let told = told();
    assert_eq!((told.len(), told[0].state), (1, State::Bad));
    assert!(told[0].said.contains("update"), "{told:?}");
}
