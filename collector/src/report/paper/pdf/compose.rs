//! A paper as pages of shapes. Pure: it measures by the font and hands each page on when it is full.

use std::io;

use super::PAGE;
use crate::report::paper::drawing::{Drawing, Ink, Shape};
use crate::report::paper::fold::{Measure, fold, width};
use crate::report::paper::widths::{Wish, share};
use crate::report::paper::{Paper, Part, Table};
use crate::report::safe::cut;

/// The margin on every side, in points.
const MARGIN: f32 = 34.0;
/// Where the body ends: below it is the foot.
const BOTTOM: f32 = PAGE.1 - MARGIN - 12.0;
/// The width between the margins.
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Size of the text in tables, and the height of its lines.
const SIZE: f32 = 7.0;
const LEADING: f32 = 9.0;
/// Longest word that a column is not narrower than, if there is room: a MAC address fits.
const WORD: f32 = 9.5 * SIZE;
/// What is left free around the text of a cell.
const PAD: f32 = 2.4;
/// Characters of a cell, and lines of it, before it is cut.
const MAX_CELL: usize = 300;
const MAX_LINES: usize = 16;
/// Width of a head line that somebody is to fill in.
const OPEN: f32 = 220.0;
/// Room for a drawing below which it begins on the next page.
const LEAST: f32 = 150.0;
/// Rows that widths are measured on.
const MEASURED: usize = 300;

/// Composes pages.
pub(super) struct Composer<'a, M, F> {
    font: &'a M,
    /// How many pages there will be.
    pages: usize,
    done: F,
    page: usize,
    shapes: Vec<Shape>,
    /// How far down the page is full.
    y: f32,
    foot: String,
}

impl<'a, M: Measure, F: FnMut(Vec<Shape>) -> io::Result<()>> Composer<'a, M, F> {
    pub(super) fn new(font: &'a M, pages: usize, done: F) -> Self {
        let shapes = Vec::new();
        Self { font, pages, done, page: 1, shapes, y: MARGIN, foot: String::new() }
    }

    /// Composes the whole paper.
    pub(super) fn paper(mut self, paper: &Paper) -> io::Result<()> {
        self.foot.clone_from(&paper.foot);
        self.heading(paper)?;
        for part in &paper.parts {
            match part {
                Part::Table(table) => self.table(table)?,
                Part::Drawing(title, drawing) => self.drawing(title, drawing)?,
            }
        }
        self.notes(&paper.notes)?;
        self.boxes(paper)?;
        self.turn()
    }

    fn text(&mut self, at: (f32, f32), size: f32, text: &str, ink: Ink) {
        if !text.is_empty() {
            self.shapes.push(Shape::Text { at, size, ink, text: text.to_owned() });
        }
    }

    /// Ends the page.
    fn turn(&mut self) -> io::Result<()> {
        let y = PAGE.1 - MARGIN + 2.0;
        let number = format!("{} / {}", self.page, self.pages);
        let right = PAGE.0 - MARGIN - width(&number, self.font) * SIZE;
        let foot = self.foot.clone();
        self.text((MARGIN, y), 6.0, &foot, Ink::Grey);
        self.text((right, y), SIZE, &number, Ink::Black);
        self.page += 1;
        self.y = MARGIN;
        (self.done)(std::mem::take(&mut self.shapes))
    }

    /// Whether something of this height still fits; if not, a new page begins.
    fn need(&mut self, height: f32) -> io::Result<bool> {
        let turns = self.y + height > BOTTOM && self.y > MARGIN;
        if turns {
            self.turn()?;
        }
        Ok(turns)
    }

    fn heading(&mut self, paper: &Paper) -> io::Result<()> {
        for line in fold(&cut(&paper.title, MAX_CELL), WIDTH / 15.0, self.font) {
            self.y += 16.0;
            self.text((MARGIN, self.y), 15.0, line, Ink::Black);
        }
        self.y += 6.0;
        let label = paper.head.iter().map(|(label, _)| width(label, self.font) * SIZE);
        let label = label.fold(0.0, f32::max) + 10.0;
        for (at, (name, text)) in paper.head.iter().enumerate() {
            if paper.asked.contains(&at) {
                self.need(LEADING + 1.0)?;
                let (at, size) = ((MARGIN + label, self.y + 2.5), (OPEN, LEADING));
                let (fill, line) = (Some(Ink::Open), Some(Ink::Grey));
                self.shapes.push(Shape::Frame { at, size, fill, line });
            }
            let lines = fold(text, (WIDTH - label) / SIZE, self.font);
            for (number, line) in lines.into_iter().enumerate() {
                self.need(LEADING + 1.0)?;
                self.y += LEADING + 1.0;
                if number == 0 {
                    self.text((MARGIN, self.y), SIZE, name, Ink::Grey);
                }
                self.text((MARGIN + label, self.y), SIZE, line, Ink::Black);
            }
        }
        self.y += 8.0;
        Ok(())
    }

    fn title(&mut self, title: &str, below: f32) -> io::Result<()> {
        if title.is_empty() {
            return Ok(());
        }
        self.need(20.0 + below)?;
        self.y += 13.0;
        self.text((MARGIN, self.y), 9.5, title, Ink::Black);
        self.y += 5.0;
        Ok(())
    }

    fn table(&mut self, table: &Table) -> io::Result<()> {
        let widths = self.widths(table);
        let headings: Vec<&str> = table.columns.iter().map(|c| c.heading.as_str()).collect();
        self.title(&table.title, 3.0 * LEADING)?;
        self.row(&headings, (table, &widths), true)?;
        for row in &table.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            if self.need(self.height(&cells, &widths))? {
                self.row(&headings, (table, &widths), true)?;
            }
            self.row(&cells, (table, &widths), false)?;
        }
        if table.rows.is_empty() {
            self.y += LEADING + 2.0;
            self.text((MARGIN + PAD, self.y), SIZE, &table.nothing, Ink::Black);
        }
        self.y += 8.0;
        Ok(())
    }

    fn widths(&self, table: &Table) -> Vec<f32> {
        let wish = |(number, column): (usize, &crate::report::paper::Column)| {
            let wide = |text: &str| {
                let text = cut(text, MAX_CELL);
                text.split('\n').map(|line| width(line, self.font)).fold(0.0, f32::max) * SIZE
            };
            let cells = table.rows.iter().take(MEASURED).filter_map(|row| row.get(number));
            let cells = cells.map(|cell| wide(cell)).fold(0.0, f32::max);
            let heading = wide(&column.heading);
            let open = if column.answer { 46.0 } else { 0.0 };
            let whole = cells.max(heading).max(open).min(WIDTH * 0.4) + 2.0 * PAD + 0.5;
            let cells = table.rows.iter().take(MEASURED).filter_map(|row| row.get(number));
            let words = cells.map(|cell| self.word(cell)).fold(0.0, f32::max).min(WORD);
            let least = heading.clamp(3.2 * SIZE, 4.2 * SIZE).max(open).max(words) + 2.0 * PAD;
            Wish { least: least.min(whole), whole }
        };
        let wishes: Vec<Wish> = table.columns.iter().enumerate().map(wish).collect();
        share(&wishes, WIDTH)
    }

    /// How wide the widest word of a cell is, of those that are better not broken: addresses, numbers.
    fn word(&self, cell: &str) -> f32 {
        let words = cell.split(|c: char| c.is_whitespace() || !c.is_ascii());
        words.map(|word| width(&cut(word, MAX_CELL), self.font)).fold(0.0, f32::max) * SIZE
    }

    /// The lines of a cell, cut with a mark where they are too many.
    fn lines(&self, cell: &str, width: f32) -> Vec<String> {
        let text = cut(cell, MAX_CELL);
        let lines = fold(&text, (width - 2.0 * PAD) / SIZE, self.font);
        let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
        if lines.len() > MAX_LINES {
            lines.truncate(MAX_LINES);
            if let Some(last) = lines.last_mut() {
                last.pop();
                last.push('…');
            }
        }
        lines
    }

    fn height(&self, cells: &[&str], widths: &[f32]) -> f32 {
        let lines = cells.iter().zip(widths).map(|(cell, width)| self.lines(cell, *width).len());
        real(lines.max().unwrap_or(1)) * LEADING + 2.0 * PAD
    }

    fn row(
        &mut self,
        cells: &[&str],
        (table, widths): (&Table, &[f32]),
        heading: bool,
    ) -> io::Result<()> {
        let height = self.height(cells, widths);
        self.need(height)?;
        let mut x = MARGIN;
        for ((cell, width), column) in cells.iter().zip(widths).zip(&table.columns) {
            let fill = match (heading, column.answer) {
                (_, true) => Some(Ink::Open),
                (true, false) => Some(Ink::Pale),
                (false, false) => None,
            };
            let (at, size) = ((x, self.y), (*width, height));
            self.shapes.push(Shape::Frame { at, size, fill, line: Some(Ink::Grey) });
            let mut y = self.y + PAD;
            for line in self.lines(cell, *width) {
                y += LEADING;
                self.text((x + PAD, y - 2.0), SIZE, &line, Ink::Black);
            }
            x += width;
        }
        self.y += height;
        Ok(())
    }

    fn drawing(&mut self, title: &str, drawing: &Drawing) -> io::Result<()> {
        self.title(title, LEAST)?;
        let scale = (WIDTH / drawing.size.0.max(1.0)).min(1.0);
        let (rest, page) = ((BOTTOM - self.y) / scale, (BOTTOM - MARGIN) / scale);
        for band in drawing.bands(rest, page) {
            let height = (band.1 - band.0) * scale;
            self.need(height)?;
            let (x, y) = (MARGIN, band.0.mul_add(-scale, self.y));
            self.shapes.extend(drawing.piece(band).map(|shape| shape.moved((x, y), scale)));
            self.y += height;
        }
        self.y += 8.0;
        Ok(())
    }

    fn notes(&mut self, notes: &[String]) -> io::Result<()> {
        for note in notes {
            for line in fold(note, WIDTH / SIZE, self.font) {
                self.need(LEADING)?;
                self.y += LEADING + 0.5;
                self.text((MARGIN, self.y), SIZE, line, Ink::Black);
            }
        }
        self.y += 8.0;
        Ok(())
    }

    /// Boxes to sign in, beside each other, at the right.
    fn boxes(&mut self, paper: &Paper) -> io::Result<()> {
        const BOX: (f32, f32) = (128.0, 54.0);
        if paper.boxes.is_empty() {
            return Ok(());
        }
        self.need(BOX.1 + 16.0)?;
        let mut x = PAGE.0 - MARGIN - BOX.0 * real(paper.boxes.len());
        for role in &paper.boxes {
            let (at, line) = ((x, self.y), Some(Ink::Grey));
            let head = (BOX.0, LEADING + 2.0 * PAD);
            self.shapes.push(Shape::Frame { at, size: BOX, fill: None, line });
            self.shapes.push(Shape::Frame { at, size: head, fill: Some(Ink::Pale), line });
            self.text((x + PAD, self.y + LEADING), SIZE, role, Ink::Black);
            let below = (x + PAD, self.y + BOX.1 - PAD);
            self.text(below, 5.5, &paper.signing, Ink::Grey);
            x += BOX.0;
        }
        self.y += BOX.1;
        Ok(())
    }
}

/// A count as a number of points or lines; more than 65,535 count as that many.
fn real(count: usize) -> f32 {
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}
