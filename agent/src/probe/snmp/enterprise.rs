//! What a maker's own tree begins with, of a device that has none of the makers' tables known here: few
//! products are described in a catalogue, and most of them tell model, firmware and serial number among
//! their first objects.
//!
//! One bounded walk below 1.3.6.1.4.1.N (RFC 2578, enterprises), the last thing a device is asked. Nobody
//! knows what stands there, and passwords may; so only texts are passed on that look as makers write, and
//! not as people do: versions, what has digits and no small letters, and what sysDescr says too.

use std::collections::BTreeMap;

use daicho_common::observation::table::{self, Cell, Row};
use daicho_common::observation::{Fact, Outcome};
use daicho_common::text::Text;

use super::message::Value;
use super::repetitions::Manner;
use super::row;
use super::session::Context;
use super::trees::{self, ENTERPRISES};
use super::walk::{Rows, Walk};

/// The name under which the rows go, that of the node in its MIB (RFC 2578), and of their column.
const TABLE: &str = "enterprises";
const COLUMN: &str = "value";

/// Most objects that are read of a tree.
const MOST: usize = 96;

/// Most trees of an agent that does not say whose it is.
const TREES: usize = 2;

/// Shortest and longest text that may name a model, a version or a serial number, in characters.
const SHORTEST: usize = 3;
const LONGEST: usize = 64;

/// Most numbers of an object's identifier below its maker's: in tables with longer indices it is not
/// the device that is told of.
const DEEPEST: usize = 16;

/// The question.
#[derive(Debug)]
pub(super) struct Enterprise {
    number: u32,
    /// Trees that come after.
    left: Vec<u32>,
    pub(super) walk: Walk,
}

impl Enterprise {
    /// Of a device with this sysObjectID, or with these trees of makers; `None` where there is none.
    pub(super) fn new(object_id: &[u32], trees: &[Vec<u32>], manner: Manner) -> Option<Self> {
        let own = trees::maker(object_id).into_iter().collect::<Vec<_>>();
        let found = trees.iter().filter_map(|tree| trees::maker(tree)).take(TREES);
        let numbers = if own.is_empty() { found.collect() } else { own };
        Self::of(numbers, manner)
    }

    fn of(mut numbers: Vec<u32>, manner: Manner) -> Option<Self> {
        if numbers.is_empty() {
            return None;
        }
        let number = numbers.remove(0);
        let walk = Walk::new(&ENTERPRISES, std::iter::once(number), (MOST, manner));
        Some(Self { number, left: numbers, walk })
    }

    /// The one after this.
    pub(super) fn next(&self, manner: Manner) -> Option<Self> {
        Self::of(self.left.clone(), manner)
    }

    /// What the walk brought, as facts, for a device that describes itself like this; nothing where the
    /// tree is empty.
    pub(super) fn facts(&self, outcome: Outcome, rows: Rows, description: &str) -> Vec<Fact> {
        // The end that was set here is no shortcoming.
        let outcome = if rows.len() >= MOST { Outcome::Complete } else { outcome };
        if rows.is_empty() {
            return Vec::new();
        }
        // That the tree is there says whose it is.
        let tree = Row { index: vec![self.number], cells: BTreeMap::new() };
        let texts = rows.into_iter().filter_map(|row| self.row(row, description));
        let rows: Vec<Row> = std::iter::once(tree).chain(texts).collect();
        let read = row::read(TABLE.to_owned(), &Context::Own, rows.len(), outcome);
        let (table, context) = (TABLE.to_owned(), Context::Own.name());
        vec![Fact::Rows(Box::new(table::Rows { table, context, rows })), read]
    }

    fn row(
        &self,
        (index, cells): (Vec<u32>, BTreeMap<u32, Value>),
        description: &str,
    ) -> Option<Row> {
        let Some(Value::Octets(octets)) = cells.get(&self.number) else { return None };
        let text = Text::from_wire(octets);
        if index.len() > DEEPEST || !is_a_makers(text.as_str(), description) {
            return None;
        }
        let index = [&[self.number], index.as_slice()].concat();
        Some(Row { index, cells: BTreeMap::from([(COLUMN.to_owned(), Cell::Text(text))]) })
    }
}

/// Whether a text looks like one that a maker wrote.
fn is_a_makers(text: &str, description: &str) -> bool {
    let length = text.chars().count();
    let plain = text.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    if !(SHORTEST..=LONGEST).contains(&length) || !plain {
        return false;
    }
    let digit = text.bytes().any(|octet| octet.is_ascii_digit());
    let small = text.bytes().any(|octet| octet.is_ascii_lowercase());
    let version = text
        .as_bytes()
        .windows(3)
        .any(|signs| matches!(signs, [a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit()));
    digit && (version || !small || description.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREELY: Manner = Manner { bulk: true, gently: false };

    #[test]
    fn what_a_maker_wrote_is_passed_on_and_what_a_person_chose_is_not() {
        for text in ["V1.50 2012-06-13", "A116EHD900010", "7.0.1", "FQ-2448P"] {
            assert!(is_a_makers(text, "Sample"), "{text}");
        }
        assert!(is_a_makers("Vigilant165", "Router Model: Vigilant165"));
        for text in ["secret123", "admin", "Ward 3 west", "A1", "\u{3042}12", &"9".repeat(99)] {
            assert!(!is_a_makers(text, "Sample"), "{text}");
        }
    }

    #[test]
    fn only_texts_of_the_tree_are_told_and_the_end_set_here_is_an_end() {
        let asked = Enterprise::new(&[1, 3, 6, 1, 4, 1, 99, 1], &[], FREELY).unwrap();
        let cell = |value| BTreeMap::from([(99, value)]);
        let rows = Rows::from([
            (vec![1, 1, 0], cell(Value::Octets(b"XQ-48T".to_vec()))),
            (vec![1, 2, 0], cell(Value::Octets(b"hunter2".to_vec()))),
            (vec![1, 3, 0], cell(Value::Integer(7))),
        ]);
        let facts = asked.facts(Outcome::Complete, rows, "");
        let [Fact::Rows(told), Fact::TableRead(read)] = facts.as_slice() else {
            panic!("{facts:?}")
        };
        assert_eq!((read.rows, told.rows.len()), (2, 2), "the tree, and a text in it");
        assert_eq!((told.rows[0].index.as_slice(), told.rows[0].cells.len()), (&[99][..], 0));
        assert_eq!(told.rows[1].index, [99, 1, 1, 0]);
        assert_eq!(told.rows[1].text("value").unwrap().as_str(), "XQ-48T");
    }

    #[test]
    fn an_agent_that_does_not_say_whose_it_is_is_asked_for_the_trees_it_has() {
        let trees = [vec![1, 3, 6, 1, 4, 1, 77], vec![1, 3, 6, 1, 4, 1, 88]];
        let first = Enterprise::new(&[1, 3, 6, 1, 4, 1, 8072, 3, 2, 10], &trees, FREELY).unwrap();
        let second = first.next(FREELY).unwrap();
        assert_eq!((first.number, second.number), (77, 88));
        assert!(second.next(FREELY).is_none());
        assert!(Enterprise::new(&[0, 0], &[], FREELY).is_none());
    }
}
