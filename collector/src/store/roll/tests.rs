use daicho_common::address_set::AddressSet;
use daicho_common::batch::{Batch, Header, Mark, Opened};
use daicho_common::coverage::{Coverage, Why};
use daicho_common::job::{Course, Stage};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};

use super::*;
use crate::schedule::Why as Reason;
use crate::store::fresh::store;
use crate::store::{Appended, JobState};

const MINUTE: i64 = 60_000_000;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros(1_775_003_400_000_000 + minute * MINUTE)
}

fn by(minute: i64) -> (String, Timestamp) {
    ("山田".to_owned(), at(minute))
}

fn certificate(digest: u8, minute: i64) -> NewCertificate {
    let until = at(minute + 90 * 24 * 60);
    NewCertificate { digest: [digest; 32], issued_at: at(minute), until }
}

/// The agent `3F`, let in with the certificate of this digest.
fn enrolled(store: &Store, digest: u8) {
    let new = NewInvitation { agent: "3F".into(), code: [digest; 32], until: at(60) };
    store.admissions().invite(new, by(0)).unwrap();
    let done =
        store.admissions().enrol([digest; 32], AgentKey::new([7; 32]), certificate(digest, 1));
    assert_eq!(done.unwrap(), Enrolled::In("3F".into()));
}

/// Batch `sequence` of its scan, the last one of which says that 10.20.0.1 and 2 were asked.
fn batch((number, dropped): (u64, u32), (scan, sequence, last): (&str, u32, bool)) -> Opened {
    let vantage = Vantage { agent: "3F".into(), interface: "e".into(), network: "n".into() };
    let addresses: AddressSet =
        [[10, 20, 0, 1], [10, 20, 0, 2]].into_iter().map(std::net::IpAddr::from).collect();
    let coverage = last.then(|| Coverage {
        vantage: vantage.clone(),
        method: Method::Arp,
        cidr: "10.20.0.0/24".parse().unwrap(),
        from: at(0),
        to: at(1),
        tries: 2,
        asked: addresses,
        answered: AddressSet::new(),
        not_asked: vec![],
    });
    let observation = Observation {
        at: at(i64::try_from(number).unwrap()),
        vantage: vantage.into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some([10, 20, 0, 1].into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    };
    let header = Header {
        agent: "3F".into(),
        scan: scan.into(),
        sequence,
        last,
        from: at(0),
        to: at(1),
        software: "test".into(),
    };
    let mut digest = [u8::try_from(dropped.min(1)).unwrap(); 32];
    digest[0] = u8::try_from(number).unwrap();
    digest[1] = u8::try_from(sequence).unwrap();
    Opened {
        batch: Batch {
            header,
            coverage: coverage.into_iter().collect(),
            sent: vec![],
            observations: if dropped > 0 { vec![] } else { vec![observation] },
        },
        key: AgentKey::new([7; 32]),
        digest,
        mark: Some(Mark { stream: u64::MAX - 1, number, dropped }),
    }
}

fn gaps(store: &Store) -> Vec<(u64, u64)> {
    store.admissions().list().unwrap().remove(0).gaps
}

#[test]
fn a_code_lets_in_once_and_only_while_it_holds() {
    let (_folder, store) = store();
    enrolled(&store, 1);
    let admissions = store.admissions();
    let again = |code| admissions.enrol(code, AgentKey::new([8; 32]), certificate(9, 2)).unwrap();
    assert_eq!(again([1; 32]), Enrolled::NoSuchCode, "it was used");
    assert_eq!(again([5; 32]), Enrolled::NoSuchCode);
    let new = NewInvitation { agent: "4F".into(), code: [2; 32], until: at(60) };
    admissions.invite(new.clone(), by(0)).unwrap();
    assert_eq!(admissions.invited([2; 32], at(59)).unwrap(), Enrolled::In("4F".into()));
    assert_eq!(admissions.invited([2; 32], at(60)).unwrap(), Enrolled::Expired(at(60)));
    admissions.invite(NewInvitation { code: [3; 32], ..new }, by(1)).unwrap();
    assert_eq!(admissions.invited([2; 32], at(2)).unwrap(), Enrolled::NoSuchCode, "a newer one");
    assert_eq!(admissions.key("3F").unwrap(), Some(AgentKey::new([7; 32])));
}

#[test]
fn revoking_ends_every_certificate_and_enrolling_again_ends_the_earlier_ones() {
    let (_folder, store) = store();
    enrolled(&store, 1);
    let admissions = store.admissions();
    let holds = |digest| admissions.caller([digest; 32]).unwrap().map(|it| it.revoked_at.is_none());
    admissions.renew("3F".into(), certificate(2, 30)).unwrap();
    assert_eq!([holds(1), holds(2), holds(3)], [Some(true), Some(true), None]);
    enrolled(&store, 3);
    assert_eq!([holds(1), holds(2), holds(3)], [Some(false), Some(false), Some(true)]);
    assert_eq!(admissions.revoke("3F".into(), by(9)).unwrap(), 1);
    assert_eq!(holds(3), Some(false));
    assert_eq!(admissions.revoke("3F".into(), by(9)).unwrap(), 0);
    let agents = admissions.list().unwrap();
    assert_eq!((agents.len(), agents[0].revoked_at), (1, Some(at(9))));
}

#[test]
fn numbers_that_did_not_come_are_gaps_until_they_do() {
    let (_folder, store) = store();
    enrolled(&store, 1);
    let take = |number| {
        let one = batch((number, 0), ("s", u32::try_from(number).unwrap(), false));
        store.append(vec![one], at(5)).unwrap()
    };
    take(3);
    take(6);
    assert_eq!(gaps(&store), [(1, 2), (4, 5)]);
    let aside = Aside {
        digest: [9; 32],
        agent: "3F".into(),
        mark: Some(Mark { stream: u64::MAX - 1, number: 4, dropped: 0 }),
        file: "x".into(),
        why: "y".into(),
    };
    store.admissions().set_aside(aside, at(5)).unwrap();
    assert_eq!(gaps(&store), [(1, 2), (5, 5)], "what was set aside did arrive");
    assert!(store.admissions().is_aside([9; 32]).unwrap());
    let _ = [1, 2, 5].map(take);
    assert_eq!(gaps(&store), []);
}

#[test]
fn coverage_counts_only_once_all_of_its_scan_is_there() {
    let (_folder, store) = store();
    enrolled(&store, 1);
    let looked = || {
        let coverage = store.ground().unwrap().coverage.remove(0);
        (coverage.asked.len(), coverage.not_asked.first().map(|it| it.why))
    };
    store.append(vec![batch((2, 0), ("s", 2, true))], at(5)).unwrap();
    assert_eq!(looked(), (0, Some(Why::Lost)), "the last came first");
    store.append(vec![batch((1, 0), ("s", 1, false))], at(6)).unwrap();
    assert_eq!(looked(), (2, None));
}

#[test]
fn a_scan_of_which_the_agent_dropped_a_part_shows_no_absence() {
    let (_folder, store) = store();
    enrolled(&store, 1);
    let whole = batch((1, 0), ("s", 1, false));
    let folded = batch((1, 44), ("s", 1, false));
    store.append(vec![folded.clone(), batch((2, 0), ("s", 2, true))], at(5)).unwrap();
    let coverage = store.ground().unwrap().coverage.remove(0);
    assert!(coverage.asked.is_empty());
    assert_eq!(store.admissions().list().unwrap()[0].dropped, 44);
    // It had been delivered whole after all, but the agent did not hear of it.
    store.append(vec![whole.clone()], at(6)).unwrap();
    assert_eq!(store.ground().unwrap().coverage.remove(0).asked.len(), 2);
    let (_folder, other) = self::store();
    enrolled(&other, 1);
    let came = other.append(vec![whole, folded], at(6)).unwrap();
    assert_eq!(came[1], Appended::AlreadyKnown);
}

fn wanted(store: &Store, minute: i64) -> u64 {
    let order = Schedule::default().order();
    let new = NewJob { agent: "3F".into(), order, run: Run::at_once(at(minute)) };
    store.jobs().want(new, by(minute)).unwrap()
}

fn report(course: Course) -> Report {
    Report { course, stage: Stage { done: 3, ..Stage::default() }, said: None }
}

fn states(store: &Store) -> Vec<JobState> {
    store.jobs().list().unwrap().iter().map(|job| job.state).collect()
}

#[test]
fn a_job_goes_to_its_agent_once_and_its_end_is_kept() {
    let (_folder, store) = store();
    let (first, second) = (wanted(&store, 0), wanted(&store, 1));
    let jobs = store.jobs();
    assert_eq!(jobs.take("4F".into(), at(2)).unwrap(), None);
    assert_eq!(jobs.take("3F".into(), at(2)).unwrap().unwrap().id, first);
    let tell = |job, course| jobs.report(("3F".into(), job), (report(course), at(3))).unwrap();
    assert_eq!(tell(first, Course::Running), Some(false));
    assert_eq!(jobs.report(("4F".into(), first), (report(Course::Done), at(3))).unwrap(), None);
    assert_eq!(tell(first, Course::Done), Some(false));
    assert_eq!(tell(first, Course::Running), None, "it is over");
    assert_eq!(states(&store), [JobState::Waiting, JobState::Done]);
    assert_eq!(jobs.list().unwrap()[1].stage.as_ref().unwrap().done, 3);
    assert_eq!(jobs.take("3F".into(), at(2)).unwrap().unwrap().id, second);
}

#[test]
fn stopping_tells_what_runs_and_takes_back_what_waits() {
    let (_folder, store) = store();
    let first = wanted(&store, 0);
    wanted(&store, 1);
    store.jobs().take("3F".into(), at(2)).unwrap();
    let before = store.jobs().pulse().unwrap();
    assert_eq!(store.jobs().stopping("3F", first).unwrap(), Some(false));
    store.stop("3F".into(), by(3)).unwrap();
    assert_eq!(store.jobs().stopping("3F", first).unwrap(), Some(true));
    assert_eq!(states(&store), [JobState::Stopped, JobState::Running]);
    assert_ne!(store.jobs().pulse().unwrap(), before, "who waits is woken");
}

#[test]
fn what_nobody_took_or_spoke_of_is_given_up_and_told_until_the_next_one_is_done() {
    let (_folder, store) = store();
    let missed = || store.ground().unwrap().missed;
    wanted(&store, 0);
    store.jobs().give_up(at(59), at(58)).unwrap();
    assert!(missed().is_empty());
    store.jobs().give_up(at(61), at(60)).unwrap();
    assert_eq!(states(&store), [JobState::Missed]);
    assert_eq!((missed()[0].why, missed()[0].times), (Reason::NotTaken, 1));
    let job = wanted(&store, 70);
    store.jobs().take("3F".into(), at(71)).unwrap();
    store.jobs().report(("3F".into(), job), (report(Course::Running), at(72))).unwrap();
    store.jobs().give_up(at(73), at(71)).unwrap();
    assert_eq!(states(&store)[0], JobState::Running, "it was heard of a minute ago");
    store.jobs().give_up(at(75), at(74)).unwrap();
    assert_eq!(states(&store)[0], JobState::Failed);
    assert_eq!((missed()[0].why, missed()[0].times), (Reason::Failed, 2));
    // It had only been out of reach.
    store.jobs().report(("3F".into(), job), (report(Course::Done), at(76))).unwrap();
    assert!(missed().is_empty());
}

#[test]
fn a_job_that_its_agent_never_spoke_of_goes_back_to_wait() {
    let (_folder, store) = store();
    wanted(&store, 0);
    store.jobs().take("3F".into(), at(2)).unwrap();
    store.jobs().give_up(at(10), at(9)).unwrap();
    assert_eq!(states(&store), [JobState::Waiting], "the answer may have been lost on its way");
    assert!(store.jobs().take("3F".into(), at(11)).unwrap().is_some());
}

#[test]
fn an_agent_that_asks_for_work_does_none() {
    let (_folder, store) = store();
    let first = wanted(&store, 0);
    store.jobs().take("3F".into(), at(2)).unwrap();
    store.jobs().report(("3F".into(), first), (report(Course::Running), at(3))).unwrap();
    assert!(store.jobs().take("3F".into(), at(4)).unwrap().is_none());
    assert_eq!(states(&store), [JobState::Failed], "it was killed, and began anew");
}

fn nightly(agent: &str) -> Schedule {
    Schedule {
        name: "夜間".into(),
        agent: agent.into(),
        pattern: "0 22 * * *".into(),
        zone: "Asia/Tokyo".into(),
        windows: vec!["22:00-05:00".into()],
        ..Schedule::default()
    }
}

#[test]
fn a_run_becomes_one_job_however_often_and_however_the_clock_goes() {
    let (_folder, store) = store();
    store.jobs().add(nightly("3F"), by(0)).unwrap();
    let kept = store.jobs().schedules().unwrap().remove(0);
    assert_eq!(kept.after, at(0));
    let run = kept.schedule.timetable().unwrap().next_run(kept.after).unwrap();
    for _ in 0..2 {
        store.jobs().fall_due(kept.clone(), vec![run], run.due).unwrap();
    }
    assert_eq!(states(&store), [JobState::Waiting]);
    assert_eq!(
        store.jobs().schedules().unwrap()[0].after,
        run.due,
        "the next is looked for after it"
    );
    let early = Timestamp::from_micros(run.due.micros() - 60 * MINUTE);
    assert_eq!(store.jobs().take("3F".into(), early).unwrap(), None, "an hour back it is not due");
    let late = Timestamp::from_micros(run.due.micros() + 6 * 60 * MINUTE);
    let order = store.jobs().take("3F".into(), late).unwrap().unwrap();
    assert_eq!(order.seconds, Some(3600), "an hour of the window is left");
    store.jobs().add(nightly("4F"), by(9)).unwrap();
    let names: Vec<_> =
        store.jobs().schedules().unwrap().into_iter().map(|it| it.schedule.agent).collect();
    assert_eq!(names, ["4F"], "a schedule of the same name takes its place");
    assert!(store.jobs().remove("夜間".into(), by(10)).unwrap());
    assert!(!store.jobs().remove("夜間".into(), by(10)).unwrap());
}
