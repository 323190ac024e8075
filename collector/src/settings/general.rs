//! Numbers and the like that pages change. What is not said is as the configuration has it.

use serde::{Deserialize, Serialize};

use super::Flaw;
use crate::config::{self, BACKUP_DAYS, CERTIFICATE_DAYS, SILENT_HOURS};
use crate::report::set::checklist::Checklist;

/// The least and the most of days after which observations may be folded.
pub const RETENTION: (u32, u32) = (90, 36_500);

/// What pages change of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct General {
    /// After how many days observations may be folded; 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Hours after which a silent agent is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_agent_hours: Option<u32>,
    /// Days before its end from which a certificate is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_days: Option<u32>,
    /// How old, in days, the latest copy may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_days: Option<u32>,
    /// The beginning of links in notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The edition of the checklist that is shown first; none: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checklist: Option<String>,
}

impl General {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if self.retention_days.is_some_and(|days| days != 0 && !is_within(days, RETENTION)) {
            let (least, most) = RETENTION;
            flaws.push(Flaw::new(
                "retention_days",
                format!("0（すべて残す）か {least}～{most} にしてください"),
                format!("write 0 (keep all) or {least} to {most}"),
            ));
        }
        for (key, value, range) in [
            ("silent_agent_hours", self.silent_agent_hours, SILENT_HOURS),
            ("certificate_days", self.certificate_days, CERTIFICATE_DAYS),
            ("backup_days", self.backup_days, BACKUP_DAYS),
        ] {
            let bad = value.and_then(|value| config::within(key, value, range).err());
            flaws.extend(bad.map(Flaw::from));
        }
        let url = self.public_url.as_ref().and_then(|url| config::links(url).err());
        flaws.extend(url.map(Flaw::from));
        if self.checklist.as_ref().is_some_and(|it| !Checklist::editions().contains(it)) {
            let known = Checklist::editions().join(", ");
            flaws.push(Flaw::new(
                "checklist",
                format!("{known} から選んでください"),
                format!("choose from {known}"),
            ));
        }
        flaws
    }
}

fn is_within(value: u32, (least, most): (u32, u32)) -> bool {
    (least..=most).contains(&value)
}
