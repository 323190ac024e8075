//! Damping in zero time, what is told, and in which words.

use daicho_common::text::Short;
use daicho_common::time::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::channel::{Choice, Damping};
use super::damp::{Desk, Memory, Told, changes, due};
use super::event::{Event, Kind, What};
use super::message::{MOST, Wording, message, trial};
use super::watch::{Agent, Copied, GivenUp, Known, Limits, events};
use crate::day::Day;
use crate::decision::Disposition;
use crate::finding::{Answer, Digest, Finding, Rule};
use crate::people::portion::Portion;
use crate::policy::Severity;
use crate::resolve::DeviceId;
use crate::words::Lang;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-04-01 00:30 UTC.
const START: i64 = 1_775_003_400_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

fn finding(id: &str, rule: Rule, severity: Severity) -> Finding {
    Finding {
        id: id.into(),
        rule,
        severity,
        device: Some(DeviceId("mac-001a2b000008".into())),
        entries: Box::default(),
        detail: ["10.20.0.9", "00:1a:2b:00:00:08", "受付\r\nBcc: x@y"].map(Short::from).into(),
        evidence: Box::default(),
        facts: Digest::of(&["f"]),
        answer: None,
    }
}

fn answer(disposition: Option<Disposition>, holds: bool, due: Option<Day>) -> Answer {
    Answer {
        decision: 7,
        at: at(0),
        by: "田中".into(),
        why: String::new(),
        disposition,
        owner: "佐藤".into(),
        due,
        holds,
    }
}

fn event(key: &str, kind: Kind, severity: Severity) -> Event<'static> {
    Event { key: key.into(), kind, severity, what: What::BackupFailed("full") }
}

fn damping(quiet: &[&str], urgent: Option<Severity>) -> Damping {
    let quiet = quiet.iter().map(|text| text.parse().unwrap()).collect();
    Damping { gather_minutes: 15, quiet, urgent }
}

/// A receiver and its memory, over simulated time.
#[derive(Default)]
struct Receiver {
    memory: Memory,
    desk: Desk,
    messages: Vec<(Timestamp, Vec<String>)>,
}

impl Receiver {
    fn look(&mut self, rules: &Damping, holding: &[&Event<'_>], now: Timestamp) -> Vec<String> {
        let changes = changes(&self.memory, holding, now);
        for key in changes.forgotten {
            self.memory.remove(&key);
        }
        for key in changes.ceased {
            self.memory.get_mut(&key).unwrap().ceased = Some(now);
        }
        for key in changes.resumed {
            self.memory.get_mut(&key).unwrap().ceased = None;
        }
        let told = due((rules, &TimeZone::UTC), (&self.memory, self.desk), holding, now);
        for event in &told {
            self.memory.insert(event.key.clone(), Told { kind: event.kind, ceased: None });
        }
        let keys: Vec<String> = told.iter().map(|event| event.key.clone()).collect();
        if !keys.is_empty() {
            self.desk.last = Some(now);
            self.messages.push((now, keys.clone()));
        }
        keys
    }
}

#[test]
fn the_first_comes_at_once_and_what_follows_in_one_summary() {
    let rules = damping(&[], None);
    let all: Vec<Event<'_>> =
        (0..9).map(|n| event(&format!("e{n}"), Kind::Finding, Severity::Warning)).collect();
    let all: Vec<&Event<'_>> = all.iter().collect();
    let mut receiver = Receiver::default();
    assert_eq!(receiver.look(&rules, &all[..1], at(0)), ["e0"]);
    assert!(receiver.look(&rules, &all[..4], at(MINUTE)).is_empty());
    assert!(receiver.look(&rules, &all, at(14 * MINUTE)).is_empty());
    assert_eq!(receiver.look(&rules, &all, at(15 * MINUTE)).len(), 8);
    assert!(receiver.look(&rules, &all, at(DAY)).is_empty());
    // One that waits to be delivered holds back the next.
    let more = event("late", Kind::Backup, Severity::High);
    receiver.desk.waiting = true;
    assert!(receiver.look(&rules, &[&more], at(2 * DAY)).is_empty());
    receiver.desk.waiting = false;
    assert_eq!(receiver.look(&rules, &[&more], at(2 * DAY)), ["late"]);
    // A clock that was put back silences nobody.
    let other = event("other", Kind::Backup, Severity::High);
    assert_eq!(receiver.look(&rules, &[&other], at(0)), ["other"]);
}

#[test]
fn quiet_hours_hold_back_all_but_what_is_urgent_and_the_morning_tells_the_rest() {
    // It is 00:30.
    let rules = damping(&["22:00-07:00"], Some(Severity::High));
    let calm = event("calm", Kind::Finding, Severity::Warning);
    let urgent = event("urgent", Kind::Finding, Severity::High);
    let mut receiver = Receiver::default();
    assert!(receiver.look(&rules, &[&calm], at(0)).is_empty());
    assert_eq!(receiver.look(&rules, &[&calm, &urgent], at(HOUR)), ["urgent"]);
    assert!(receiver.look(&rules, &[&calm, &urgent], at(6 * HOUR)).is_empty());
    assert_eq!(receiver.look(&rules, &[&calm, &urgent], at(6 * HOUR + 30 * MINUTE)), ["calm"]);
}

#[test]
fn a_device_that_comes_and_goes_is_told_of_once_and_a_missed_scan_each_time() {
    let rules = damping(&[], None);
    let flapping = event("f", Kind::Finding, Severity::High);
    let missed = event("m", Kind::MissedScan, Severity::High);
    let mut receiver = Receiver::default();
    for hour in 0..48 {
        let holds: &[&Event<'_>] = if hour % 2 == 0 { &[&flapping, &missed] } else { &[] };
        receiver.look(&rules, holds, at(hour * HOUR));
    }
    let told = |key: &str| {
        receiver.messages.iter().flat_map(|(_, keys)| keys).filter(|told| *told == key).count()
    };
    assert_eq!((told("f"), told("m")), (1, 24));
    // After two weeks of absence it is new.
    receiver.look(&rules, &[], at(2 * DAY));
    assert_eq!(receiver.look(&rules, &[&flapping], at(17 * DAY)), ["f"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes and goes when: no event is told twice while it is one, no message comes too soon,
    /// quiet hours are quiet, and what lasts is told.
    #[test]
    fn one_event_is_one_message(
        looks in prop::collection::vec((1_i64..600, 0_u8..=255), 1..80),
        quiet in any::<bool>(),
    ) {
        let rules = damping(if quiet { &["22:00-07:00"] } else { &[] }, Some(Severity::High));
        let kinds = [Kind::Finding, Kind::MissedScan];
        let severities = [Severity::Notice, Severity::High];
        let all: Vec<Event<'_>> = (0..8_usize)
            .map(|n| event(&format!("e{n}"), kinds[n % 2], severities[n / 2 % 2]))
            .collect();
        let mut receiver = Receiver::default();
        let mut now = 0;
        // Since when each holds without a break, and whether it was told in that time.
        let mut since: Vec<Option<i64>> = vec![None; 8];
        let mut told_at: Vec<Option<i64>> = vec![None; 8];
        let mut away: Vec<i64> = vec![0; 8];
        for (minutes, bits) in looks {
            now += minutes * MINUTE;
            let holding: Vec<&Event<'_>> =
                (0..8).filter(|n| bits >> n & 1 == 1).map(|n| &all[n]).collect();
            for n in 0..8 {
                if bits >> n & 1 == 1 {
                    if since[n].is_none() && now - away[n] >= kinds[n % 2].rest() {
                        told_at[n] = None;
                    }
                    since[n].get_or_insert(now);
                } else {
                    if since[n].take().is_some() || told_at[n].is_none() {
                        away[n] = now;
                    }
                    if now - away[n] >= kinds[n % 2].rest() {
                        told_at[n] = None;
                    }
                }
            }
            let before = receiver.desk.last;
            let told = receiver.look(&rules, &holding, at(now));
            let is_quiet = quiet && rules.quiet[0].has(at(now), &TimeZone::UTC);
            if !told.is_empty() {
                prop_assert!(before.is_none_or(|last| at(now).micros() - last.micros() >= 15 * MINUTE));
            }
            for key in &told {
                let n: usize = key[1..].parse().unwrap();
                prop_assert!(bits >> n & 1 == 1, "{key} does not hold");
                prop_assert!(told_at[n].is_none(), "{key} was told twice");
                prop_assert!(!is_quiet || all[n].severity == Severity::High);
                told_at[n] = Some(now);
            }
            let free = before.is_none_or(|last| at(now).micros() - last.micros() >= 15 * MINUTE);
            for n in (0..8).filter(|n| bits >> n & 1 == 1 && free && !is_quiet) {
                prop_assert!(told_at[n].is_some(), "e{n} holds and was not told");
            }
        }
    }
}

fn known<'a>(findings: &'a [Finding], agents: &'a [Agent], now: Timestamp) -> Known<'a> {
    Known {
        findings,
        agents,
        copies: (None, None),
        given_up: &[],
        limits: Limits::default(),
        today: Day::of(now),
        now,
    }
}

fn keys(known: &Known<'_>) -> Vec<String> {
    events(known).into_iter().map(|event| event.key).collect()
}

#[test]
fn a_finding_is_told_again_only_when_its_answer_no_longer_holds() {
    let mut one = finding("a", Rule::UndocumentedDevice, Severity::High);
    assert_eq!(keys(&known(&[one.clone()], &[], at(0))), ["finding:a:0"]);
    one.answer = Some(Box::new(answer(Some(Disposition::Registered), true, None)));
    assert!(keys(&known(&[one.clone()], &[], at(0))).is_empty());
    one.answer = Some(Box::new(answer(Some(Disposition::Registered), false, None)));
    assert_eq!(keys(&known(&[one.clone()], &[], at(0))), ["finding:a:7"]);
    // An owner and a day alone open nothing again; once the day is over, that is told.
    one.answer = Some(Box::new(answer(None, true, Day::new(2026, 4, 1))));
    assert_eq!(keys(&known(&[one.clone()], &[], at(0))), ["finding:a:0"]);
    let later = keys(&known(&[one], &[], at(DAY)));
    assert_eq!(later, ["finding:a:0", "overdue:a:2026-04-01"]);
    let missed = finding("m", Rule::MissedScan, Severity::Warning);
    assert_eq!(keys(&known(&[missed], &[], at(0))), ["missed_scan:m:0"]);
}

#[test]
fn agents_are_told_of_when_silent_near_the_end_of_their_certificates_or_unreadable() {
    let agent = |called: i64, until: i64| Agent {
        name: "3F".into(),
        called: Some(at(called)),
        until: Some(at(until)),
        ..Agent::default()
    };
    let told = |agent: Agent| keys(&known(&[], &[agent], at(0))).len();
    assert_eq!(told(agent(-23 * HOUR, 30 * DAY)), 0);
    assert_eq!(told(agent(-25 * HOUR, 30 * DAY)), 1);
    assert_eq!(told(agent(0, 13 * DAY)), 1);
    assert_eq!(told(agent(-25 * HOUR, -DAY)), 2);
    assert_eq!(told(Agent { revoked: true, ..agent(-25 * HOUR, -DAY) }), 0);
    assert_eq!(told(Agent { aside: vec!["a".into(), "b".into()], ..agent(0, 30 * DAY) }), 2);
    let by_file = |ago: i64| Agent { delivered: Some(at(-ago)), ..Agent::default() };
    assert_eq!((told(by_file(7 * DAY)), told(by_file(9 * DAY))), (0, 1));
    assert_eq!(told(Agent::default()), 0, "one that was only invited is not silent");
}

#[test]
fn copies_that_fail_or_stay_away_are_told_and_a_site_without_any_is_not() {
    let told = |latest: Option<(i64, bool)>, good: Option<i64>| {
        let latest = latest.map(|(when, failed)| Copied {
            at: at(when),
            failed: failed.then(|| "disk full".to_owned()),
        });
        let copies = (latest.as_ref(), good.map(at));
        keys(&Known { copies, ..known(&[], &[], at(0)) }).len()
    };
    assert_eq!(told(None, None), 0);
    assert_eq!(told(Some((-HOUR, false)), Some(-HOUR)), 0);
    assert_eq!(told(Some((-HOUR, true)), Some(-DAY)), 1);
    assert_eq!(told(Some((-4 * DAY, false)), Some(-4 * DAY)), 1);
    let given_up = [GivenUp { channel: "mail".into(), at: at(0), said: "refused".into() }];
    assert_eq!(keys(&Known { given_up: &given_up, ..known(&[], &[], at(0)) }).len(), 1);
}

#[test]
fn a_vendor_is_told_of_its_own_findings_and_of_nothing_else() {
    let own = finding("own", Rule::FieldsDiffer, Severity::High);
    let mut other = finding("other", Rule::FieldsDiffer, Severity::High);
    other.device = Some(DeviceId("mac-001a2b000009".into()));
    let shared = finding("shared", Rule::DuplicateAddress, Severity::High);
    let missed = finding("missed", Rule::MissedScan, Severity::High);
    let findings = [own, other, shared, missed];
    let agents = [Agent { name: "3F".into(), called: Some(at(-9 * DAY)), ..Agent::default() }];
    let given_up = [GivenUp { channel: "mail".into(), at: at(0), said: String::new() }];
    let copied = Copied { at: at(0), failed: Some("full".into()) };
    let all = Known {
        copies: (Some(&copied), None),
        given_up: &given_up,
        ..known(&findings, &agents, at(0))
    };
    let portion =
        Portion { devices: [DeviceId("mac-001a2b000008".into())].into(), ..Portion::default() };
    let choice = |party: Option<&str>| Choice {
        severity: Severity::Notice,
        kinds: Kind::ALL.to_vec(),
        party: party.map(str::to_owned),
        brief: false,
    };
    let told = |choice: &Choice, portion: Option<&Portion>| -> Vec<String> {
        let all = events(&all).into_iter();
        all.filter(|event| choice.has(event, portion)).map(|event| event.key).collect()
    };
    assert_eq!(told(&choice(Some("a")), Some(&portion)), ["finding:own:0"]);
    assert!(told(&choice(Some("a")), Some(&Portion::default())).is_empty());
    assert!(told(&choice(Some("a")), None).is_empty());
    assert_eq!(told(&choice(None), None).len(), 7);
    // Severity is asked of findings alone.
    let high = Choice { severity: Severity::High, kinds: vec![Kind::SilentAgent], ..choice(None) };
    assert_eq!(told(&high, None).len(), 1);
}

fn wording(lang: Lang, brief: bool, show: &dyn Fn(Timestamp) -> String) -> Wording<'_> {
    Wording { lang, brief, url: "https://daicho.example.jp", show }
}

#[test]
fn a_message_is_in_the_chosen_language_on_single_lines_with_a_link() {
    let one =
        finding("undocumented_device:mac-001a2b000008", Rule::UndocumentedDevice, Severity::High);
    let all = events(&known(std::slice::from_ref(&one), &[], at(0)));
    let all: Vec<&Event<'_>> = all.iter().collect();
    let show = |_: Timestamp| "いま".to_owned();
    let ja = message(&all, wording(Lang::Ja, false, &show), at(0));
    assert!(ja.subject().starts_with("[Daicho] 優先して要確認: "), "{}", ja.subject());
    assert!(!ja.subject().contains(['\r', '\n']));
    let text = ja.text();
    assert!(text.contains("10.20.0.9") && text.contains("受付"), "{text}");
    assert!(!text.contains("\r\nBcc") && !text.contains("\nBcc"), "{text}");
    assert!(text.contains("/finding?id=undocumented_device%3Amac-001a2b000008"), "{text}");
    let en = message(&all, wording(Lang::En, true, &show), at(0));
    assert!(en.subject().is_ascii(), "{}", en.subject());
    let told = en.text() + &serde_json::to_string(&en).unwrap();
    for hidden in ["10.20.0.9", "00:1a:2b", "受付", "001a2b000008"] {
        assert!(!told.contains(hidden), "{told}");
    }
    let tried = trial("mail", wording(Lang::Ja, false, &show), at(0));
    assert!(tried.subject().contains("通知の試験") && tried.text().contains("いま"));
}

#[test]
fn a_flood_is_told_in_one_bounded_message_worst_first() {
    let findings: Vec<Finding> = (0..5000)
        .map(|n| {
            let severity = if n == 4321 { Severity::High } else { Severity::Warning };
            let mut one = finding(&format!("f{n}"), Rule::UndocumentedDevice, severity);
            if n % 1000 < 10 || n == 4321 {
                one.detail = vec!["長".repeat(10_000).into(); 40].into();
            }
            one
        })
        .collect();
    let all = events(&known(&findings, &[], at(0)));
    let all: Vec<&Event<'_>> = all.iter().collect();
    let rules = damping(&[], None);
    let told = due((&rules, &TimeZone::UTC), (&Memory::new(), Desk::default()), &all, at(0));
    assert_eq!(told.len(), 5000);
    let show = |_: Timestamp| String::new();
    let made = message(&told, wording(Lang::Ja, false, &show), at(0));
    assert_eq!((made.notices.len(), made.more, made.events()), (MOST, 5000 - MOST, 5000));
    assert_eq!(made.notices[0].severity, Severity::High);
    let text = made.text();
    assert!(text.len() < 1 << 20, "{}", text.len());
    assert!(text.contains("4950") && made.subject().contains("5000"));
}
