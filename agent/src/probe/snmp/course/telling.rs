//! What was read of a table or a group, as facts.

use daicho_common::observation::Outcome;

use super::super::message::Value;
use super::super::row;
use super::super::session::Context;
use super::super::walk::Rows;
use super::{Course, Stage};

/// After so many contexts in a row that brought nothing no more of them are asked for.
const FRUITLESS: u8 = 3;

impl Course {
    /// Hands over rows that are settled, so that a long table is not kept.
    pub(super) fn hand_over(&mut self) {
        let Stage::Table { at, context, reading } = &mut self.stage else { return };
        let rows = reading.walk.settled(row::MOST);
        let Some(table) = self.catalog.tables().get(*at) else { return };
        let told = row::facts(table, context, rows);
        reading.flawed |= told.flawed;
        self.vlans.extend(told.vlans);
        self.facts.extend(told.facts);
    }

    pub(super) fn finish_table(&mut self, outcome: Outcome, rows: Rows) {
        let Stage::Table { at, context, reading } = &mut self.stage else { return };
        let Some(table) = self.catalog.tables().get(*at) else { return };
        let told = row::facts(table, context, rows);
        self.vlans.extend(told.vlans);
        self.facts.extend(told.facts);
        let flawed = outcome == Outcome::Complete && (reading.flawed || told.flawed);
        let outcome = if flawed { Outcome::Partial } else { outcome };
        let taken = reading.walk.taken();
        self.facts.push_back(row::read(table.name.clone(), context, taken, outcome));
        if taken > 0 {
            self.brought.insert(table.name.clone());
        }
        self.manner.bulk &= reading.walk.bulk() != Some(false);
        if *context != Context::Own {
            self.note_context(taken > 0 || outcome == Outcome::Complete);
        }
    }

    /// A context that does not answer is asked for nothing else, and after some no other is.
    fn note_context(&mut self, answered: bool) {
        if answered {
            self.fruitless = 0;
            return;
        }
        self.fruitless += 1;
        let Stage::Table { context, .. } = &self.stage else { return };
        let enough = self.fruitless >= FRUITLESS;
        self.agenda.retain(|(_, next)| !enough && next != context);
    }

    pub(super) fn finish_group(&mut self, at: usize, outcome: Outcome, cells: &[Value]) {
        let Some(table) = self.catalog.tables().get(at) else { return };
        let there = table.columns.iter().zip(cells).map(|(column, cell)| (column.id, cell.clone()));
        let there: Rows = std::iter::once((Vec::new(), there.collect())).collect();
        let told = row::facts(table, &Context::Own, there);
        let rows = told.facts.len();
        // A device that has none of the objects has refused nothing.
        let none = outcome == Outcome::Refused && cells.len() == table.columns.len();
        let outcome = match (none, told.flawed) {
            (true, _) => Outcome::Complete,
            (false, true) => Outcome::Partial,
            (false, false) => outcome,
        };
        self.facts.extend(told.facts);
        self.facts.push_back(row::read(table.name.clone(), &Context::Own, rows, outcome));
        if rows > 0 {
            self.brought.insert(table.name.clone());
        }
    }
}
