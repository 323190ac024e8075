//! Indexes into a snapshot that are made when they are first asked for, and shared by all its readers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use daicho_common::time::Timestamp;
use foldhash::fast::RandomState;
use ipnet::IpNet;

use super::{Snapshot, of};
use crate::clock::Zone;
use crate::finding::{Finding, Rule};
use crate::ledger::Entry;
use crate::map::{self, Known, Map, Wish};
use crate::picture::Picture;
use crate::policy::Severity;
use crate::reconcile::Verdict;
use crate::register::Stocktaking;
use crate::register::check::{Flaw, check};
use crate::report::gap::{Reach, reaches};
use crate::report::set::checklist::{Checklist, Held, held};
use crate::report::set::{self, Stamp};
use crate::report::{self, table};
use crate::resolve::{Device, DeviceId};
use crate::roster::book::Pages;
use crate::roster::inbox::{Inbox, SOON};
use crate::roster::{Roster, Row, Told};
use crate::stocktaking::{self, About, At};
use crate::web::coverage::{self, Sums};
use crate::web::stocktaking as rounds;
use crate::words::{Lang, Word, phrase};

/// Indexes, each made at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelves {
    findings: OnceLock<Arc<Findings>>,
    roster: OnceLock<Arc<Roster>>,
    book: OnceLock<Arc<Pages>>,
    inbox: OnceLock<Arc<Inbox>>,
    reaches: OnceLock<Arc<Reaches>>,
    needs: OnceLock<Needs>,
    sent: OnceLock<Arc<Sums>>,
    flaws: OnceLock<Arc<Vec<Flaw>>>,
    checklists: Arc<Mutex<Checklists>>,
    counts: OnceLock<[usize; phrase::VERDICTS.len()]>,
    /// The rows of rounds of stock-taking, by the round's name.
    rounds: Arc<Mutex<HashMap<String, Arc<Vec<At>>>>>,
    /// Maps that were looked at last: language, whether of networks, what was wished.
    maps: Arc<Mutex<Maps>>,
    values: OnceLock<Arc<Vec<Values>>>,
}

/// Maps, each with what it is known by.
type Maps = Vec<(Drawn, Arc<Map>)>;

/// What a map is known by.
type Drawn = (Lang, bool, Wish);

/// Maps that are kept.
const MAPS: usize = 16;

/// What rows say in a column, and how many say it.
type Values = Vec<(String, usize)>;

/// How far each declared network was looked at, by its name and range.
type Reaches = BTreeMap<(String, IpNet), Reach>;

/// The items of an edition in a language, each with what is held against it.
type Checklists = HashMap<(Lang, String), Arc<Vec<Held>>>;

/// How much waits for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Needs {
    /// Devices that no row accounts for and that were first seen within a week.
    pub(in crate::web) new_devices: usize,
    /// Findings whose answer is overdue.
    pub(in crate::web) overdue: usize,
    /// Findings whose answer is due within a week.
    pub(in crate::web) soon: usize,
    /// Grave findings that nobody sees to.
    pub(in crate::web) grave: usize,
    /// Findings that are open.
    pub(in crate::web) open: usize,
}

/// Findings by what they are asked for.
#[derive(Debug, Default)]
struct Findings {
    by_id: HashMap<String, usize, RandomState>,
    /// The findings of each device, both by their numbers, ascending.
    of_device: Vec<(u32, u32)>,
}

impl Shelves {
    /// Those of a picture in which nothing is otherwise but what people said of findings.
    pub(super) fn answered(&self, picture: &Picture) -> Self {
        let made = Self {
            findings: self.findings.clone(),
            book: self.book.clone(),
            reaches: self.reaches.clone(),
            sent: self.sent.clone(),
            flaws: self.flaws.clone(),
            counts: self.counts.clone(),
            rounds: Arc::clone(&self.rounds),
            maps: Arc::clone(&self.maps),
            values: self.values.clone(),
            ..Self::default()
        };
        // Whoever fills an empty one has just made it.
        if let Some(roster) = self.roster.get() {
            let _ = made.roster.set(Arc::new(roster.answered()));
        }
        if let Some(inbox) = self.inbox.get() {
            let _ = made.inbox.set(Arc::new(inbox.answered(&picture.findings)));
        }
        made
    }
}

impl Snapshot {
    fn findings(&self) -> &Findings {
        self.shelves.findings.get_or_init(|| {
            let mut made = Findings::default();
            for (number, (index, finding)) in (0..).zip(self.picture.findings.iter().enumerate()) {
                made.by_id.insert(finding.id.clone(), index);
                let device = finding.device.as_ref().and_then(|id| self.index.devices.get(id));
                let device = device.and_then(|device| u32::try_from(*device).ok());
                made.of_device.extend(device.map(|device| (device, number)));
            }
            made.of_device.sort_unstable();
            Arc::new(made)
        })
    }

    /// The finding of this id.
    pub(in crate::web) fn finding(&self, id: &str) -> Option<&Finding> {
        self.picture.findings.get(self.number_of(id)?)
    }

    /// The number of the finding of this id.
    pub(super) fn number_of(&self, id: &str) -> Option<usize> {
        self.findings().by_id.get(id).copied()
    }

    /// The findings about a device, worst first.
    pub(in crate::web) fn findings_about(
        &self,
        device: &DeviceId,
    ) -> impl Iterator<Item = &Finding> {
        self.findings_of(self.index.devices.get(device).copied())
    }

    /// The findings about the device of this number, worst first.
    fn findings_of(&self, device: Option<usize>) -> impl Iterator<Item = &Finding> {
        let numbers = device.map(|device| of(&self.findings().of_device, device));
        numbers.into_iter().flatten().filter_map(|number| self.picture.findings.get(number))
    }

    /// The device of this number in the picture, with what the ledger says of it.
    pub(in crate::web) fn told(&self, number: usize) -> Option<Told<'_>> {
        let device = self.picture.devices.get(number)?;
        let rows = self.scoped(Some(number)).map(|(matched, scoped)| {
            let entry = matched.entry.as_ref().and_then(|place| self.entry(place));
            Row { matched, scoped, entry }
        });
        let open = self.findings_of(Some(number)).filter(|finding| finding.is_open());
        Some(Told { device, rows: rows.collect(), open: open.count() })
    }

    /// The devices as a table.
    pub(in crate::web) fn roster(&self) -> &Roster {
        self.shelves.roster.get_or_init(|| {
            let count = self.picture.devices.len();
            Arc::new(Roster::of(count, |number| self.told(number)))
        })
    }

    /// The findings as an inbox.
    pub(in crate::web) fn inbox(&self) -> &Inbox {
        self.shelves.inbox.get_or_init(|| {
            let text = |finding: &Finding| {
                let device = finding.device.as_ref().and_then(|id| self.device(id));
                let mut text = device.map(Device::called).unwrap_or_default();
                let names = finding.entries.iter().filter_map(|place| self.entry(place));
                for name in names.map(table::entry_name) {
                    text.extend(["\n", &name]);
                }
                for part in &finding.detail {
                    text.extend(["\n", part]);
                }
                text
            };
            Arc::new(Inbox::of(&self.picture.findings, text, |finding| self.since(finding)))
        })
    }

    /// Makes what lists are shown by, before anybody asks; until `enough` says that nobody will.
    pub(in crate::web) fn arrange(&self, enough: impl Fn() -> bool) {
        let lists: [fn(&Self); 4] = [
            |shown| _ = shown.needs(),
            |shown| _ = shown.inbox(),
            |shown| _ = shown.book(),
            |shown| _ = shown.counts(),
        ];
        for list in lists {
            if !enough() {
                list(self);
            }
        }
        self.roster().arrange(|number| self.told(number), enough);
    }

    /// The earliest that is known of the matter of a finding.
    pub(in crate::web) fn since(&self, finding: &Finding) -> Option<Timestamp> {
        let seen = finding.evidence.iter().filter_map(|id| self.ground.observations.when(*id));
        let earliest = seen.min();
        // That it is there is renewed with every scan, so the device tells better.
        let is_new = finding.rule == Rule::UndocumentedDevice;
        let device = finding.device.as_ref().filter(|_| is_new).and_then(|id| self.device(id));
        device.map(|device| device.first_seen).or(earliest)
    }

    /// How far each declared network was looked at.
    pub(in crate::web) fn reaches(&self) -> &Reaches {
        self.shelves.reaches.get_or_init(|| Arc::new(reaches(&self.ground.coverage)))
    }

    /// What contradicts itself in the register, or names what the ledger does not have.
    pub(in crate::web) fn flaws(&self) -> &[Flaw] {
        self.shelves.flaws.get_or_init(|| {
            let ledger = Some(&*self.ground.ledger).filter(|ledger| !ledger.sheets.is_empty());
            Arc::new(check(&self.ground.register, ledger))
        })
    }

    /// What was sent, added up.
    pub(in crate::web) fn sent(&self) -> &Sums {
        self.shelves.sent.get_or_init(|| Arc::new(coverage::sums(&self.ground.sent)))
    }

    /// How much waits for somebody.
    pub(in crate::web) fn needs(&self) -> Needs {
        const WEEK: i64 = 7 * 86_400_000_000;
        *self.shelves.needs.get_or_init(|| {
            let today = self.today();
            let mut needs = Needs::default();
            for finding in self.picture.findings.iter().filter(|finding| finding.is_open()) {
                needs.open += 1;
                let answer = finding.answer.as_ref();
                let due = answer.and_then(|answer| answer.due).map(|due| today.days_until(due));
                needs.overdue += usize::from(due.is_some_and(|days| days < 0));
                needs.soon += usize::from(due.is_some_and(|days| (0..=SOON).contains(&days)));
                let alone = answer.is_none_or(|answer| answer.owner.is_empty());
                needs.grave += usize::from(alone && finding.severity == Severity::High);
            }
            let from = self.as_of.saturating_sub(WEEK);
            let matches = self.picture.matches.iter();
            let new = matches.filter(|one| one.verdict == Verdict::Undocumented).filter(|one| {
                let device = one.device.as_ref().and_then(|id| self.device(id));
                device.is_some_and(|device| device.first_seen.micros() > from)
            });
            needs.new_devices = new.count();
            needs
        })
    }

    /// The items of an edition of the checklist with what is held against each.
    pub(in crate::web) fn checklist(
        &self,
        (lang, zone): (Lang, &Zone),
        edition: &Checklist,
    ) -> Arc<Vec<Held>> {
        let kept = || self.shelves.checklists.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (lang, edition.edition.clone());
        if let Some(held) = kept().get(&key) {
            return Arc::clone(held);
        }
        // Only papers name the snapshot.
        let stamp = Stamp::default();
        let told = set::Told {
            shown: report::Shown {
                picture: &self.picture,
                ledger: &self.ground.ledger,
                coverage: &self.ground.coverage,
                observations: (&self.ground.observations).into(),
                lang,
                zone,
            },
            register: &self.ground.register,
            checks: &self.ground.checks,
            snapshot: &stamp,
            day: self.today(),
            checklist: edition,
        };
        let held = Arc::new(held(&told));
        kept().insert(key, Arc::clone(&held));
        held
    }

    /// What a round of stock-taking comes to, row by row.
    pub(in crate::web) fn counted(&self, round: &Stocktaking) -> Arc<Vec<At>> {
        let kept = || self.shelves.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = kept().get(&round.id) {
            return Arc::clone(rows);
        }
        let about = |entry: &Entry| self.about(entry);
        let rows = Arc::new(stocktaking::rows(round, &rounds::facts(self), about));
        kept().insert(round.id.clone(), Arc::clone(&rows));
        rows
    }

    /// The map of networks, or of how all is cabled.
    pub(in crate::web) fn map(&self, lang: Lang, of_networks: bool, wish: Wish) -> Arc<Map> {
        let kept = || self.shelves.maps.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = (lang, of_networks, wish);
        if let Some((_, map)) = kept().iter().find(|(of, _)| *of == drawn) {
            return Arc::clone(map);
        }
        let networks = map::networks(&self.ground.coverage);
        let known = Known {
            picture: &self.picture,
            ledger: &self.ground.ledger,
            register: &self.ground.register,
            networks: &networks,
            lang,
        };
        let draw = if of_networks { map::network::map } else { map::physical::map };
        let made = Arc::new(draw(&known, &drawn.2));
        let mut kept = kept();
        if kept.len() >= MAPS {
            kept.remove(0);
        }
        kept.push((drawn, Arc::clone(&made)));
        made
    }

    /// The device that a row was matched with, and what the match says.
    pub(in crate::web) fn about(&self, entry: &Entry) -> About<'_> {
        let found = self.match_of(&entry.place);
        let device = found.and_then(|found| self.device(found.device.as_ref()?));
        (device, found.map(|found| &found.verdict))
    }

    /// What rows say in the columns by which a round of stock-taking chooses them, in their order.
    pub(in crate::web) fn values(&self) -> &[Values] {
        self.shelves.values.get_or_init(|| {
            let column = |(_, _, value): &(_, _, fn(&Entry) -> &str)| {
                let mut values = BTreeMap::<&str, usize>::new();
                for entry in &self.ground.ledger.entries {
                    *values.entry(value(entry)).or_default() += 1;
                }
                let said = values.into_iter().filter(|(text, _)| !text.is_empty());
                let said = said.map(|(text, count)| (text.to_owned(), count));
                said.take(rounds::CHOICES).collect()
            };
            Arc::new(rounds::FIELDS.iter().map(column).collect())
        })
    }

    /// The rows of the ledger as a list.
    pub(in crate::web) fn book(&self) -> &Pages {
        self.shelves.book.get_or_init(|| {
            let verdict = |entry: &Entry| self.match_of(&entry.place).map(|one| &one.verdict);
            Arc::new(Pages::of(&self.ground.ledger, verdict))
        })
    }

    /// How many matches have each verdict: its name, label and explanation, and the number.
    pub(in crate::web) fn counts(&self) -> impl Iterator<Item = (&'static str, Word, Word, usize)> {
        let counts = self.shelves.counts.get_or_init(|| {
            let mut counts = [0; phrase::VERDICTS.len()];
            for matched in &self.picture.matches {
                if let Some(count) = counts.get_mut(matched.verdict.rank()) {
                    *count += 1;
                }
            }
            counts
        });
        let named = phrase::VERDICTS.iter().zip(counts);
        named.map(|((name, label, note), count)| (*name, *label, *note, *count))
    }
}
