//! 2: 未登録機器一覧. Devices that no row accounts for, with what was done about each.

use std::collections::BTreeMap;

use super::{Name, Told, joined};
use crate::finding::{Finding, Rule};
use crate::report::paper::{Paper, Part, Table};
use crate::report::{class, ips, macs, maker_and_model, name};
use crate::resolve::{Attached, DeviceId};
use crate::words::{Word, phrase};

const HEADINGS: [Word; 15] = [
    Word::DevicesName,
    Word::CommonClass,
    Word::DevicesModel,
    Word::FieldIp,
    Word::FieldMac,
    Word::CommonNetwork,
    Word::WiringAttached,
    Word::CommonFirstSeen,
    Word::CommonLastSeen,
    Word::ScopeTitle,
    Word::CommonVerdict,
    Word::FindingsDisposition,
    Word::FindingsOwner,
    Word::FindingsDue,
    Word::PersonWhy,
];

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Undocumented);
    let mut table = Table::new("", told.all(HEADINGS), told.say(Word::PaperNoUndocumented));
    let devices = told.devices();
    let findings: BTreeMap<&DeviceId, &Finding> = (told.shown.picture.findings.iter())
        .filter(|finding| finding.rule == Rule::UndocumentedDevice)
        .filter_map(|finding| Some((finding.device.as_ref()?, finding)))
        .collect();
    let lang = told.lang();
    let mut open = 0;
    for (found, scoped) in told.scoped().filter(|(found, _)| found.verdict.is_undocumented()) {
        let id = found.device.as_ref();
        let Some(device) = id.and_then(|id| devices.get(id)) else { continue };
        let finding = id.and_then(|id| findings.get(id)).copied();
        open += usize::from(finding.is_none_or(Finding::is_open));
        let networks: std::collections::BTreeSet<&str> =
            device.addresses.iter().map(|at| at.network.as_str()).collect();
        let place = |one: &Attached| phrase::wiring::attached(lang, one, &|at| told.minute(at));
        let attached = device.attached.iter().map(|one| place(&one.value));
        let [done, owner, due, why] = answered(told, finding);
        table.push([
            name(device).as_str(),
            class(lang, device),
            &maker_and_model(device),
            &joined(ips(device)),
            &joined(macs(device)),
            &joined(networks),
            &joined(attached),
            &told.minute(device.first_seen),
            &told.minute(device.last_seen),
            told.say(phrase::scope(scoped.scope)),
            told.say(phrase::verdict(&found.verdict)),
            &done,
            &owner,
            &due,
            &why,
        ]);
    }
    let counts = lang.fill(Word::PaperUndocumentedCount, &[&table.rows.len(), &open]);
    paper.head(told.say(Word::CommonCount), &counts);
    paper.parts.push(Part::Table(table));
    paper
}

/// What was done, by whom it is seen to, until when, and why.
fn answered(told: &Told<'_>, finding: Option<&Finding>) -> [String; 4] {
    let Some(answer) = finding.and_then(|finding| finding.answer.as_ref()) else {
        return [
            told.say(Word::FindingsUnanswered).to_owned(),
            String::new(),
            String::new(),
            String::new(),
        ];
    };
    let said = answer.disposition.map_or(Word::FindingsUnanswered, phrase::disposition);
    let mut done = told.say(said).to_owned();
    if answer.disposition.is_some() && !answer.holds {
        done = told.lang().fill(Word::FindingsReopened, &[&done]);
    }
    let due = answer.due.map(|due| due.to_string()).unwrap_or_default();
    let overdue = answer.is_overdue(told.day);
    let due = if overdue {
        format!(
            "{due}
{}",
            told.say(Word::PaperOverdue)
        )
    } else {
        due
    };
    let by = told.minute(answer.at);
    [done, answer.owner.clone(), due, joined([answer.why.clone(), format!("{} {by}", answer.by)])]
}
