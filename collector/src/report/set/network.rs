//! 8: ネットワーク構成図. How it is cabled and how networks lead into each other, as drawings with the end
//! devices of each place folded by class; then links, ports behind which a hub must be, and the networks
//! as tables.

use super::{Name, Told, verdicts};
use crate::map::{self, Known, Map, Wish};
use crate::report::paper::{Paper, Part, Table};
use crate::report::wiring;
use crate::words::Word;

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Network);
    let networks = map::networks(told.shown.coverage);
    let known = Known {
        picture: told.shown.picture,
        ledger: told.shown.ledger,
        register: told.register,
        networks: &networks,
        lang: told.lang(),
    };
    // Paper has room for all of it.
    let wish = Wish { most: usize::MAX, ..Wish::default() };
    for (title, map) in [
        (Word::PaperDrawing, map::physical::map(&known, &wish)),
        (Word::PaperDrawingNetworks, map::network::map(&known, &wish)),
    ] {
        let map = if map.roots.is_empty() { nothing(told) } else { map };
        paper.parts.push(Part::Drawing(told.say(title).to_owned(), map::paper::draw(&map)));
    }
    for table in [
        wiring::links(&told.shown),
        wiring::shared(&told.shown, wiring::is_hub),
        wiring::contradictions(&told.shown),
    ] {
        paper.parts.push(Part::Table(as_table(told, &table)));
    }
    paper.parts.push(Part::Table(verdicts::looked(told)));
    paper.notes.push(told.say(Word::PaperDrawingNote).to_owned());
    paper
}

fn nothing(told: &Told<'_>) -> Map {
    let lines = vec![told.say(Word::LinksNone).to_owned()];
    Map { roots: vec![map::Node { lines, ..map::Node::default() }], cut: false }
}

fn as_table(told: &Told<'_>, from: &crate::report::table::Table) -> Table {
    let headings = from.headings.iter().map(String::as_str);
    let mut table = Table::new(&from.name, headings, told.say(Word::PaperNothing));
    for row in &from.rows {
        table.push(row);
    }
    table
}
