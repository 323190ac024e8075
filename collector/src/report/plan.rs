//! The plan of all scans, for paper: what is scanned when, how far, how fast, and whom to call. It goes
//! to the wards before the first scan.

use std::io::{self, Write};

use daicho_common::job::{Declared, Reach};
use daicho_common::time::Timestamp;

use crate::clock::Zone;
use crate::schedule::Schedule;
use crate::store::{Agent, KeptSchedule};
use crate::words::{Lang, Word};

/// How many runs are told of each schedule.
const RUNS: usize = 5;

/// What the plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The schedules that hold.
    pub schedules: &'a [KeptSchedule],
    /// The agents, with the networks that they declare.
    pub agents: &'a [Agent],
    /// The moment after which runs are told.
    pub now: Timestamp,
}

/// Writes the plan.
///
/// # Errors
/// As writing does.
pub fn write(out: &mut impl Write, plan: &Plan<'_>, (lang, zone): (Lang, &Zone)) -> io::Result<()> {
    let made = format!("{} ({})", zone.show(plan.now), zone.name());
    writeln!(out, "{}\n{}", lang.say(Word::PlanTitle), lang.fill(Word::PlanMade, &[&made]))?;
    if plan.schedules.is_empty() {
        writeln!(out, "\n{}", lang.say(Word::ScansNoSchedule))?;
    }
    for kept in plan.schedules {
        one(out, kept, plan, lang)?;
    }
    writeln!(out, "\n{}", lang.say(Word::PlanNever))
}

fn one(out: &mut impl Write, kept: &KeptSchedule, plan: &Plan<'_>, lang: Lang) -> io::Result<()> {
    let schedule = &kept.schedule;
    let mut row = |word: Word, value: &str| {
        let value = if value.is_empty() { "-" } else { value };
        writeln!(out, "  {}{}{value}", lang.say(word), lang.say(Word::CommonColon))
    };
    let list = |texts: &[String], none: Word| match texts {
        [] => lang.say(none).to_owned(),
        texts => texts.join(", "),
    };
    row(Word::PlanSchedule, &schedule.name)?;
    row(Word::PlanAgent, &schedule.agent)?;
    row(Word::PlanPattern, &format!("{} ({})", schedule.pattern, schedule.zone))?;
    let runs = schedule.timetable().map(|table| {
        let runs = table.next_runs(plan.now, RUNS);
        runs.iter().map(|run| table.shown(run.due)).collect::<Vec<_>>().join(", ")
    });
    row(Word::PlanRuns, &runs.unwrap_or_else(|bad| bad.to_string()))?;
    row(Word::PlanWindows, &list(&schedule.windows, Word::PlanAllDay))?;
    row(Word::PlanBlackout, &list(&schedule.blackout, Word::PlanNoBlackout))?;
    row(Word::PlanContact, &schedule.contact)?;
    let agent = plan.agents.iter().find(|agent| agent.name == schedule.agent);
    let networks = agent.map(|agent| scanned(schedule, &agent.networks)).unwrap_or_default();
    row(
        Word::PlanNetworks,
        if networks.is_empty() { lang.say(Word::PlanUnknownNetworks) } else { "" },
    )?;
    for network in networks {
        let reach = schedule.reach.map_or(network.policy, |most| most.min(network.policy));
        let least = |own: u32, ordered: Option<u32>| ordered.map_or(own, |it| it.min(own));
        let rate = least(network.packets_per_second, schedule.packets_per_second);
        let each = least(network.target_packets_per_second, schedule.target_packets_per_second);
        let line = lang.fill(
            Word::PlanNetwork,
            &[&network.name, &network.cidr, &lang.say(probes(reach)), &rate, &each],
        );
        writeln!(out, "    {line}")?;
    }
    writeln!(out)
}

/// The networks of a schedule, as its agent declares them.
fn scanned(schedule: &Schedule, declared: &[Declared]) -> Vec<Declared> {
    if schedule.networks.is_empty() {
        return declared.to_vec();
    }
    let inside = |part: &str, whole: &str| {
        let nets = part.parse::<ipnet::IpNet>().ok().zip(whole.parse::<ipnet::IpNet>().ok());
        nets.is_some_and(|(part, whole)| whole.contains(&part))
    };
    let one = |word: &String| {
        let found = declared.iter().find(|it| it.name == *word || inside(word, &it.cidr))?;
        let part = found.name != *word;
        Some(Declared {
            cidr: if part { word.clone() } else { found.cidr.clone() },
            ..found.clone()
        })
    };
    schedule.networks.iter().filter_map(one).collect()
}

/// What is asked under a policy.
pub const fn probes(reach: Reach) -> Word {
    match reach {
        Reach::Sighting => Word::PlanSighting,
        Reach::Gentle => Word::PlanGentle,
        Reach::Full => Word::PlanFull,
    }
}

/// When a schedule runs next, as people in its zone read it.
pub fn next(schedule: &Schedule, now: Timestamp, lang: Lang) -> String {
    let next = schedule.timetable().ok().and_then(|table| {
        let run = table.next_run(now)?;
        Some(format!("{} ({})", table.shown(run.due), schedule.zone))
    });
    next.unwrap_or_else(|| lang.say(Word::ScansNeverAgain).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str, cidr: &str, policy: Reach) -> Declared {
        Declared {
            name: name.into(),
            cidr: cidr.into(),
            policy,
            packets_per_second: 100,
            target_packets_per_second: 2,
        }
    }

    fn plan(lang: Lang) -> String {
        let now = Timestamp::from_micros(1_775_003_400_000_000);
        let schedule = Schedule {
            name: "夜間".into(),
            agent: "3F".into(),
            pattern: "0 22 * * 5".into(),
            zone: "Asia/Tokyo".into(),
            networks: vec!["病棟".into(), "10.31.0.0/28".into(), "10.99.0.0/24".into()],
            reach: Some(Reach::Gentle),
            packets_per_second: Some(40),
            contact: "内線 1234".into(),
            ..Schedule::default()
        };
        let kept = KeptSchedule { id: 1, schedule, said_at: now, said_by: "a".into(), after: now };
        let agent = Agent {
            name: "3F".into(),
            networks: vec![
                declared("病棟", "10.30.0.0/24", Reach::Full),
                declared("検査", "10.31.0.0/24", Reach::Sighting),
            ],
            ..Agent::default()
        };
        let (schedules, agents) = ([kept], [agent]);
        let mut out = Vec::new();
        let plan = Plan { schedules: &schedules, agents: &agents, now };
        write(&mut out, &plan, (lang, &Zone::named("Asia/Tokyo").unwrap())).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_plan_tells_networks_times_probes_rates_and_contacts_in_both_languages() {
        for lang in [Lang::Ja, Lang::En] {
            let plan = plan(lang);
            for part in [
                "夜間",
                "2026-04-03 (Fri) 22:00, 2026-04-10 (Fri) 22:00",
                "10.30.0.0/24",
                "10.31.0.0/28",
                "40",
                "内線 1234",
                lang.say(Word::PlanGentle),
                lang.say(Word::PlanSighting),
                lang.say(Word::PlanNever),
            ] {
                assert!(plan.contains(part), "{part}\n{plan}");
            }
            assert!(!plan.contains(lang.say(Word::PlanFull)), "narrowed\n{plan}");
            assert!(!plan.contains("10.99"), "not declared, so not scanned\n{plan}");
        }
    }
}
