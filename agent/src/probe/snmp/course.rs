//! What one device is asked, in which order, and the facts that come of it: the system group,
//! interfaces and addresses, then the tables of the catalogue. Knows nothing of messages.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use daicho_common::observation::{Fact, Outcome, Question};
use daicho_common::text::Text;

use super::catalog::{Catalog, Described};
use super::enterprise::Enterprise;
use super::group::Group;
use super::message::{Reply, Request, Value};
use super::repetitions::Manner;
use super::session::Context;
use super::survey::Survey;
use super::tables::{TOPICS, outcome_of};
use super::trees::Trees;
use super::walk::{Rows, Walk};
use super::{row, system};

/// After so many questions in a row without an answer a device is asked nothing more.
const SILENCES: u8 = 2;

/// Where devices of Cisco begin, which keep a forwarding table for each VLAN.
const CISCO: [u32; 7] = [1, 3, 6, 1, 4, 1, 9];

mod telling;

/// The course of one interview.
#[derive(Debug)]
pub(super) struct Course {
    catalog: Arc<Catalog>,
    /// Whether tables are read that may cost a device something.
    harm: bool,
    manner: Manner,
    /// Contexts that are asked beside the device's own.
    contexts: Vec<String>,
    stage: Stage,
    /// Tables still to be read, by their places in the catalogue.
    agenda: VecDeque<(usize, Context)>,
    in_contexts: bool,
    absent: BTreeSet<usize>,
    /// Names of tables that the device does not have, told together at the end.
    none: BTreeSet<String>,
    /// Tables of the catalogue that the system group and the topics have read, by their places.
    read: BTreeSet<usize>,
    /// Tables that brought rows.
    brought: BTreeSet<String>,
    vlans: BTreeSet<u16>,
    object_id: Vec<u32>,
    description: Text,
    /// Makers' trees of an agent that does not say whose it is.
    trees: Vec<Vec<u32>>,
    silences: u8,
    fruitless: u8,
    facts: VecDeque<Fact>,
}

#[derive(Debug)]
enum Stage {
    System(Group),
    Topic { topic: usize, done: Vec<(Outcome, Rows)>, walk: Walk },
    Trees(Trees),
    Survey(Survey),
    Group { at: usize, group: Group },
    Table { at: usize, context: Context, reading: Box<Reading> },
    Enterprise(Box<Enterprise>),
    Finished,
}

/// A table on its way.
#[derive(Debug)]
struct Reading {
    walk: Walk,
    /// Whether a cell had to be left out.
    flawed: bool,
}

impl Course {
    pub(super) fn new(catalog: Arc<Catalog>, harm: bool) -> Self {
        let agenda = (0..catalog.tables().len()).map(|at| (at, Context::Own)).collect();
        let more = catalog.described(system::NAME, &system::SYSTEM);
        let more = more.into_iter().flat_map(|(_, table)| &table.columns).map(|column| column.id);
        let group = system::group(more);
        Self {
            catalog,
            harm,
            manner: Manner { bulk: true, gently: false },
            contexts: Vec::new(),
            stage: Stage::System(group),
            agenda,
            in_contexts: false,
            absent: BTreeSet::new(),
            none: BTreeSet::new(),
            read: BTreeSet::new(),
            brought: BTreeSet::new(),
            vlans: BTreeSet::new(),
            object_id: Vec::new(),
            description: Text::default(),
            trees: Vec::new(),
            silences: 0,
            fruitless: 0,
            facts: VecDeque::new(),
        }
    }

    /// What can be asked with the credential in use, and how.
    pub(super) fn ask_with(&mut self, manner: Manner, contexts: &[String]) {
        self.manner = manner;
        self.contexts = contexts.to_vec();
    }

    /// Whether no answer came yet.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(&self.stage, Stage::System(group) if group.is_unanswered())
    }

    /// Whether nothing more will be asked.
    pub(super) const fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished)
    }

    /// Ends the course here.
    pub(super) fn finish(&mut self) {
        self.stage = Stage::Finished;
        self.facts.extend(row::absent(std::mem::take(&mut self.none)));
    }

    pub(super) fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    /// The next question, and in which context; `None` once finished.
    pub(super) fn question(&mut self) -> Option<(Request, Context)> {
        // Ends: every round has a question or moves on to a later stage.
        while !self.is_finished() {
            let own = |request| (request, Context::Own);
            let question = match &mut self.stage {
                Stage::System(group) | Stage::Group { group, .. } => group.question().map(own),
                Stage::Topic { walk, .. } => walk.question().map(own),
                Stage::Trees(trees) => trees.question().map(own),
                Stage::Survey(survey) => survey.question().map(own),
                Stage::Table { context, reading, .. } => {
                    reading.walk.question().map(|request| (request, context.clone()))
                }
                Stage::Enterprise(tree) => tree.walk.question().map(own),
                Stage::Finished => None,
            };
            if question.is_some() {
                return question;
            }
            self.move_on();
        }
        None
    }

    /// Takes the answer to the last question.
    pub(super) fn answer(&mut self, reply: Reply) {
        self.silences = 0;
        match &mut self.stage {
            Stage::System(group) | Stage::Group { group, .. } => group.answer(reply),
            Stage::Topic { walk, .. } => walk.answer(reply),
            Stage::Trees(trees) => trees.answer(&reply),
            Stage::Survey(survey) => survey.answer(reply),
            Stage::Table { reading, .. } => reading.walk.answer(reply),
            Stage::Enterprise(tree) => tree.walk.answer(reply),
            Stage::Finished => {}
        }
        self.hand_over();
        self.move_on();
    }

    /// A question stayed unanswered once and is asked again: for less, if it was for much.
    pub(super) fn lessen(&mut self, request: &mut Request) {
        if let (Request::Bulk(_, repetitions), Some(walk)) = (request, self.walk()) {
            *repetitions = walk.lessen();
        }
    }

    fn walk(&mut self) -> Option<&mut Walk> {
        match &mut self.stage {
            Stage::Topic { walk, .. } => Some(walk),
            Stage::Table { reading, .. } => Some(&mut reading.walk),
            Stage::Enterprise(tree) => Some(&mut tree.walk),
            Stage::System(_)
            | Stage::Trees(_)
            | Stage::Survey(_)
            | Stage::Group { .. }
            | Stage::Finished => None,
        }
    }

    /// Whether the device is asked for few rows at a time, because it fell silent when it was asked for
    /// many.
    pub(super) const fn is_gentle(&self) -> bool {
        self.manner.gently
    }

    /// Ends the stage with this outcome, unless something had already come, and asks for none of
    /// the tables left in its topic.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        let own = !matches!(&self.stage, Stage::Table { context, .. } if *context != Context::Own);
        if outcome == Outcome::Silent && own {
            self.silences += 1;
        }
        let many = self.walk().is_some_and(|walk| walk.asks_for_many());
        self.manner.gently |= outcome == Outcome::Silent && many;
        match &mut self.stage {
            Stage::System(group) | Stage::Group { group, .. } => group.break_off(outcome),
            Stage::Topic { topic, done, walk } => {
                walk.break_off(outcome);
                done.extend(walk.ended());
                let (topic, done) = (*topic, std::mem::take(done));
                self.finish_topic(topic, done);
                self.stage = self.topic(topic + 1);
            }
            Stage::Trees(trees) => trees.break_off(outcome),
            Stage::Survey(survey) => survey.break_off(outcome),
            Stage::Table { reading, .. } => reading.walk.break_off(outcome),
            Stage::Enterprise(tree) => tree.walk.break_off(outcome),
            Stage::Finished => {}
        }
        self.move_on();
        if self.silences >= SILENCES {
            self.finish();
        }
    }

    /// Moves on from a stage that has ended, and tells what it brought. A device that is silent or
    /// says no to the system group is asked nothing else.
    fn move_on(&mut self) {
        match &mut self.stage {
            Stage::System(group) => {
                let Some(outcome) = group.ended() else { return };
                if let Some(Value::Oid(id)) = group.cells().get(1) {
                    self.object_id = id.after(&[]).unwrap_or_default().to_vec();
                }
                let said = system::fact(group);
                if let Some(Fact::System { description, .. }) = &said {
                    self.description = description.clone();
                }
                self.facts.extend(said);
                let ids = group.objects().into_iter().zip(group.cells().iter().cloned());
                let row = Rows::from([(Vec::new(), ids.collect())]);
                self.tell(Question::SnmpSystem, outcome);
                self.tell_rows((system::NAME, &system::SYSTEM), outcome, row);
                self.stage = match outcome {
                    Outcome::Complete | Outcome::Partial => self.topic(0),
                    Outcome::Refused | Outcome::Silent | Outcome::Malformed => Stage::Finished,
                };
            }
            Stage::Topic { topic, done, walk } => {
                let Some(ended) = walk.ended() else { return };
                self.manner.bulk &= walk.bulk() != Some(false);
                done.push(ended);
                let (topic, done) = (*topic, std::mem::take(done));
                self.after_table(topic, done);
            }
            Stage::Trees(trees) => {
                let Some(found) = trees.ended() else { return };
                self.trees = found;
                self.stage = Stage::Survey(self.survey());
            }
            Stage::Survey(survey) => {
                let Some(absent) = survey.ended() else { return };
                self.absent = absent;
                self.next_table();
            }
            Stage::Group { at, group } => {
                let Some(outcome) = group.ended() else { return };
                let at = *at;
                let cells = group.cells().to_vec();
                self.finish_group(at, outcome, &cells);
                self.next_table();
            }
            Stage::Table { reading, .. } => {
                let Some((outcome, rows)) = reading.walk.ended() else { return };
                self.finish_table(outcome, rows);
                self.next_table();
            }
            Stage::Enterprise(tree) => {
                let Some((outcome, rows)) = tree.walk.ended() else { return };
                self.facts.extend(tree.facts(outcome, rows, self.description.as_str()));
                let next = tree.next(self.manner);
                self.read_tree(next);
            }
            Stage::Finished => {}
        }
    }

    /// The first table of this topic; after the last topic, whose trees there are.
    fn topic(&self, number: usize) -> Stage {
        if let Some(table) = TOPICS.get(number).and_then(|topic| topic.tables.first()) {
            return Stage::Topic {
                topic: number,
                done: Vec::new(),
                walk: table.walk(&self.catalog, self.manner),
            };
        }
        Stage::Trees(Trees::new(&self.object_id))
    }

    /// Which tables there are.
    fn survey(&self) -> Survey {
        let wanted = self.catalog.tables().iter().enumerate();
        let wanted = wanted.filter(|(at, table)| !self.read.contains(at) && self.may_ask(table));
        let entry = |table: &Described| table.entry_in(&self.object_id);
        let wanted = wanted.filter_map(|(at, table)| Some((at, entry(table)?)));
        Survey::new(wanted.collect())
    }

    /// Goes to the next table of the topic if it is wanted, else ends the topic.
    fn after_table(&mut self, number: usize, done: Vec<(Outcome, Rows)>) {
        let Some(topic) = TOPICS.get(number) else { return };
        let rows: Vec<&Rows> = done.iter().map(|(_, rows)| rows).collect();
        let next = topic.tables.get(done.len()).filter(|_| !(topic.enough)(&rows));
        if let Some(table) = next {
            self.stage =
                Stage::Topic { topic: number, done, walk: table.walk(&self.catalog, self.manner) };
        } else {
            self.finish_topic(number, done);
            self.stage = self.topic(number + 1);
        }
    }

    /// Tells what the tables of a topic brought.
    fn finish_topic(&mut self, number: usize, done: Vec<(Outcome, Rows)>) {
        let Some(topic) = TOPICS.get(number) else { return };
        let (outcomes, rows): (Vec<Outcome>, Vec<Rows>) = done.into_iter().unzip();
        let brought = topic.tables.iter().zip(&rows).filter(|(_, rows)| !rows.is_empty());
        self.brought.extend(brought.map(|(table, _)| table.name.to_owned()));
        let facts = (topic.facts)(&rows.iter().collect::<Vec<_>>());
        let outcome = outcome_of(topic, &outcomes, !facts.is_empty());
        self.facts.extend(facts);
        self.tell(topic.question, outcome);
        for (table, (outcome, rows)) in topic.tables.iter().zip(outcomes.into_iter().zip(rows)) {
            self.tell_rows((table.name, table.entry), outcome, rows);
        }
        // What the others made needless is not asked for either.
        let tables = topic.tables.iter();
        self.read
            .extend(tables.filter_map(|it| Some(self.catalog.described(it.name, it.entry)?.0)));
    }

    /// Tells rows that were read already, where the catalogue wants them.
    fn tell_rows(&mut self, (name, entry): (&str, &[u32]), outcome: Outcome, rows: Rows) {
        let Some((at, table)) = self.catalog.described(name, entry) else { return };
        let told = row::facts(table, &Context::Own, rows);
        let count = told.rows;
        let flawed = outcome == Outcome::Complete && told.flawed;
        let outcome = if flawed { Outcome::Partial } else { outcome };
        let read = row::read(name.to_owned(), &Context::Own, count, outcome);
        self.facts.extend(told.facts);
        self.facts.push_back(read);
        if count > 0 {
            self.brought.insert(name.to_owned());
        }
        self.read.insert(at);
    }

    fn tell(&mut self, question: Question, outcome: Outcome) {
        self.facts.push_back(Fact::Asked { question, outcome });
    }

    /// Whether this device is asked for this table, whatever it says.
    fn may_ask(&self, table: &Described) -> bool {
        let vendor = &table.vendor;
        let own = || vendor.iter().any(|it| self.object_id.starts_with(it));
        let seen =
            || table.below.is_none() && self.trees.iter().any(|it| table.entry.starts_with(it));
        (self.harm || !table.harm) && (vendor.is_empty() || own() || seen())
    }

    /// Goes to the next table that is due; then to those of the contexts; then to the end.
    fn next_table(&mut self) {
        loop {
            let Some((at, context)) = self.agenda.pop_front() else {
                if !self.in_contexts {
                    self.in_contexts = true;
                    self.plan_contexts();
                    continue;
                }
                return self.read_tree(self.tree());
            };
            let Some(table) = self.catalog.tables().get(at).filter(|it| self.may_ask(it)) else {
                continue;
            };
            if self.read.contains(&at) {
                continue;
            }
            if table.after.as_ref().is_some_and(|after| !self.brought.contains(after)) {
                continue;
            }
            let Some(entry) = table.entry_in(&self.object_id) else { continue };
            let own = context == Context::Own;
            let ids = table.columns.iter().map(|column| column.id);
            if own && self.absent.contains(&at) {
                self.none.insert(table.name.clone());
            } else if own && table.scalars {
                self.stage = Stage::Group { at, group: Group::new(&entry, ids) };
                return;
            } else if !table.scalars {
                let walk = Walk::new(&entry, ids, (table.most, self.manner));
                let reading = Box::new(Reading { walk, flawed: false });
                self.stage = Stage::Table { at, context, reading };
                return;
            }
        }
    }

    /// The maker's own tree, of a device that has none of the makers' tables known here; a catalogue that
    /// knows of none wants nothing of makers.
    fn tree(&self) -> Option<Enterprise> {
        let mut makers = self.catalog.tables().iter().filter(|it| !it.vendor.is_empty()).peekable();
        makers.peek()?;
        if makers.any(|it| self.brought.contains(&it.name)) {
            return None;
        }
        Enterprise::new(&self.object_id, &self.trees, self.manner)
    }

    /// Goes to this tree, or to the end.
    fn read_tree(&mut self, tree: Option<Enterprise>) {
        match tree {
            Some(tree) => self.stage = Stage::Enterprise(Box::new(tree)),
            None => self.finish(),
        }
    }

    /// Puts the tables that each VLAN has on the agenda: those of the contexts that were configured,
    /// and of a Cisco's VLANs. The device's own context is VLAN 1.
    fn plan_contexts(&mut self) {
        let mut contexts: Vec<Context> =
            self.contexts.iter().map(|name| Context::of(name)).collect();
        if self.object_id.starts_with(&CISCO) {
            let vlans = self.vlans.iter().map(|vlan| Context::Vlan(*vlan));
            let vlans = vlans.filter(|it| *it != Context::Vlan(1) && !contexts.contains(it));
            contexts.extend(vlans.collect::<Vec<_>>());
        }
        let tables = self.catalog.tables().iter().enumerate();
        let kept: Vec<usize> = tables.filter(|(_, it)| it.per_vlan).map(|(at, _)| at).collect();
        for context in contexts {
            self.agenda.extend(kept.iter().map(|at| (*at, context.clone())));
        }
    }
}
