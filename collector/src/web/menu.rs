//! The menu: a few groups that stay as they are when pages come to them. The first line shows the groups,
//! the second the pages of the group that one is in. What a reader may not open is not shown.

use super::page::Frame;
use crate::people::act::Act;
use crate::words::{Lang, Word};

/// A page of the menu.
struct Entry {
    path: &'static str,
    /// What its frame calls itself ([`Frame::here`]).
    here: &'static str,
    label: Word,
    act: Act,
}

const fn entry(path: &'static str, here: &'static str, label: Word, act: Act) -> Entry {
    Entry { path, here, label, act }
}

/// Every group: what it is called, and its pages. A group leads to the first page that the reader may open.
const GROUPS: &[(Word, &[Entry])] = &[
    (Word::NavStart, &[entry("/", "start", Word::NavStart, Act::Read)]),
    (Word::NavFindings, &[entry("/findings", "findings", Word::NavFindings, Act::Read)]),
    (
        Word::NavDevices,
        &[
            entry("/devices", "devices", Word::NavDeviceList, Act::Read),
            entry("/map", "map", Word::MapTitle, Act::Survey),
            entry("/links", "links", Word::NavLinks, Act::Survey),
        ],
    ),
    (
        Word::NavLedger,
        &[
            entry("/ledger", "ledger", Word::NavLedgerRows, Act::Read),
            entry("/register", "register", Word::RegisterPage, Act::Survey),
            entry("/stocktaking", "stocktaking", Word::StocktakingTitle, Act::Survey),
        ],
    ),
    (
        Word::NavScans,
        &[
            entry("/scans", "scans", Word::NavScanPlans, Act::Survey),
            entry("/coverage", "coverage", Word::NavCoverage, Act::Survey),
        ],
    ),
    (
        Word::ReportsTitle,
        &[
            entry("/reports", "reports", Word::ReportsTitle, Act::Read),
            entry("/sites", "sites", Word::SitesTitle, Act::Survey),
        ],
    ),
    (
        Word::NavAdmin,
        &[
            entry("/accounts", "accounts", Word::NavAccounts, Act::Administer),
            entry("/audit", "audit", Word::NavAudit, Act::Audit),
            entry("/settings", "settings", Word::NavSettings, Act::Survey),
            entry("/guide", "guide", Word::GuideTitle, Act::Administer),
        ],
    ),
];

/// A link of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) path: &'static str,
    pub(super) label: &'static str,
    /// Whether it is the page that is shown, or the group in which it is.
    pub(super) here: bool,
}

/// The groups, and the pages of the one that one is in; no page where a group has but one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Menu {
    pub(super) groups: Vec<Item>,
    pub(super) within: &'static str,
    pub(super) pages: Vec<Item>,
}

impl Menu {
    pub(super) fn of(frame: &Frame) -> Self {
        Self::made(frame.lang, frame.here, |act| frame.may(act))
    }

    fn made(lang: Lang, here: &str, may: impl Fn(Act) -> bool) -> Self {
        let mut menu = Self::default();
        for (label, entries) in GROUPS {
            let pages: Vec<&Entry> = entries.iter().filter(|entry| may(entry.act)).collect();
            let Some(first) = pages.first() else { continue };
            let label = lang.say(*label);
            let inside = pages.iter().any(|entry| entry.here == here);
            menu.groups.push(Item { path: first.path, label, here: inside });
            if inside && pages.len() > 1 {
                menu.within = label;
                let item = |entry: &&Entry| Item {
                    path: entry.path,
                    label: lang.say(entry.label),
                    here: entry.here == here,
                };
                menu.pages = pages.iter().map(item).collect();
            }
        }
        menu
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Role;
    use crate::people::act::{Reach, may};

    fn menu(role: Role, here: &str) -> Menu {
        Menu::made(Lang::Ja, here, |act| may(role, act) != Reach::Nothing)
    }

    fn paths(items: &[Item]) -> Vec<&str> {
        items.iter().map(|item| item.path).collect()
    }

    #[test]
    fn everybody_sees_just_the_pages_that_they_may_open() {
        let all = menu(Role::Administrator, "map");
        assert_eq!(all.groups.len(), GROUPS.len());
        assert_eq!(paths(&all.pages), ["/devices", "/map", "/links"]);
        assert!(all.groups[2].here && all.pages[1].here && all.within == "機器");
        let vendor = menu(Role::Vendor, "devices");
        assert_eq!(paths(&vendor.groups), ["/", "/findings", "/devices", "/ledger", "/reports"]);
        assert!(vendor.pages.is_empty(), "a single page needs no second line");
        // An auditor has no accounts to keep, so the group leads to the log.
        assert_eq!(menu(Role::Auditor, "audit").groups.last().unwrap().path, "/audit");
    }
}
