//! The form of a schedule.

use super::edit::Around;
use super::field::{Form, Section, Shape, Texts, called, lines, some, text, word};
use super::network::REACHES;
use crate::clock;
use crate::schedule::{Bad, Schedule};
use crate::settings::Flaw;
use crate::words::Word;

pub(super) fn texts(schedule: &Schedule) -> Texts {
    let mut texts = Texts::new();
    let mut put = |name: &str, value: String| _ = texts.insert(name.to_owned(), value);
    put("name", schedule.name.clone());
    put("agent", schedule.agent.clone());
    put("pattern", schedule.pattern.clone());
    put("zone", schedule.zone.clone());
    put("windows", schedule.windows.join("\n"));
    put("blackout", schedule.blackout.join("\n"));
    put("networks", schedule.networks.join("\n"));
    put("reach", schedule.reach.as_ref().map(called).unwrap_or_default());
    put("contact", schedule.contact.clone());
    texts
}

/// What was typed; `known` has what the form does not.
pub(super) fn read(
    texts: &Texts,
    (known, zone): (Option<&Schedule>, &str),
) -> Result<Schedule, Vec<Flaw>> {
    let schedule = Schedule {
        name: text(texts, "name").to_owned(),
        agent: text(texts, "agent").to_owned(),
        pattern: text(texts, "pattern").to_owned(),
        zone: some(texts, "zone").unwrap_or_else(|| zone.to_owned()),
        windows: lines(texts, "windows"),
        blackout: lines(texts, "blackout"),
        networks: lines(texts, "networks"),
        reach: word(texts, "reach"),
        contact: text(texts, "contact").to_owned(),
        ..known.cloned().unwrap_or_default()
    };
    let runs =
        schedule.timetable().and_then(|table| table.next_run(clock::now()).ok_or(Bad::Never));
    match runs {
        Ok(_) => Ok(schedule),
        Err(bad) => Err(vec![flaw(&bad, &schedule)]),
    }
}

fn flaw(bad: &Bad, schedule: &Schedule) -> Flaw {
    let (field, ja, en) = match bad {
        Bad::Name(name) if *name == schedule.agent && *name != schedule.name => {
            ("agent", "エージェントを選んでください", "choose an agent")
        }
        Bad::Name(_) => (
            "name",
            "前後に空白のない 1～100 文字にしてください",
            "write 1 to 100 characters without spaces at the ends",
        ),
        Bad::Pattern(..) => (
            "pattern",
            "30 22 * * 1-5 のように、分 時 日 月 曜日を入れてください",
            "write minute, hour, day, month and day of the week, like 30 22 * * 1-5",
        ),
        Bad::Zone(_) => (
            "zone",
            "Asia/Tokyo のような IANA の名前にしてください",
            "write an IANA name like Asia/Tokyo",
        ),
        Bad::Window(_) => (
            "windows",
            "22:00-05:00 か 月-金 22:00-05:00 のように入れてください",
            "write it like 22:00-05:00 or Mon-Fri 22:00-05:00",
        ),
        Bad::Blackout(_) => (
            "blackout",
            "2026-12-29 か 2026-12-29..2027-01-03 のように入れてください",
            "write it like 2026-12-29 or 2026-12-29..2027-01-03",
        ),
        Bad::Never => (
            "pattern",
            "この予定は一度も走りません。日時と時間帯と走査しない日を見直してください",
            "it would never run: look at its times, windows and days again",
        ),
    };
    Flaw::new(field, ja, en)
}

pub(super) fn sections(form: &Form<'_>, around: &Around, new: bool) -> Vec<Section> {
    let name = if new { Shape::Text } else { Shape::Fixed };
    let agents = around.agents.iter().filter(|agent| agent.until.is_some());
    let agents = agents.map(|agent| (agent.name.clone(), agent.name.clone()));
    let own = (String::new(), form.say(Word::SettingUsual));
    let reaches = REACHES.iter().map(|(value, word)| (called(value), form.say(*word)));
    let all = form.say(Word::ScansAllNetworks);
    vec![Section {
        legend: "",
        only: "",
        inputs: vec![
            form.input("name", Word::PlanSchedule, name).required(),
            form.one("agent", Word::PlanAgent, agents).required(),
            form.example("pattern", (Word::SettingPattern, "30 22 * * 1-5"), Shape::Text)
                .required(),
            form.hinted("zone", (Word::SettingZone, around.zone.clone()), Shape::Text),
            form.example("windows", (Word::PlanWindows, "22:00-05:00"), Shape::Lines),
            form.example("blackout", (Word::PlanBlackout, "2026-12-29..2027-01-03"), Shape::Lines),
            form.hinted("networks", (Word::PlanNetworks, all), Shape::Lines),
            form.one("reach", Word::SettingsPolicy, std::iter::once(own).chain(reaches)),
            form.input("contact", Word::PlanContact, Shape::Text),
        ],
    }]
}
