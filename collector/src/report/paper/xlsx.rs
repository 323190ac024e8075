//! Workbooks: the first table under title and head lines, each further one on a sheet of its own, ready
//! to print: landscape A4, one page wide, headings on every page, page numbers. Every cell is text, so
//! nothing is run as a formula and no number loses its zeros. Rows are written as a stream.

use std::collections::BTreeSet;
use std::io::{self, Write};

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};
use unicode_width::UnicodeWidthStr;

use super::widths::{Wish, share};
use super::{Paper, Part, Table};
use crate::report::safe::cut;
use crate::report::xlsx::sheet_name;

/// Longest cell, in characters (Excel's limit is 32,767, with room for the mark of a cut).
const MAX_CELL: usize = 32_000;
/// Height of a line, in points, and most lines that a row is made high for (Excel's limit is 409 points).
const LINE: f64 = 15.0;
const MAX_LINES: usize = 27;
/// Width of all columns together, in characters of half width, at which a printed page can be read.
const PRINTED: f32 = 190.0;
/// Rows that a column's width is measured on.
const MEASURED: usize = 500;
/// Most rows of one sheet (Excel's limit is 1,048,576), with room for title, head and notes.
const MAX_ROWS: usize = 1_000_000;
/// Rows above the headings that may stay in sight.
const HEAD: u32 = 10;
/// Paper of the size A4.
const A4: u8 = 9;

struct Looks {
    title: Format,
    label: Format,
    heading: Format,
    answer: Format,
    cell: Format,
    open: Format,
    plain: Format,
}

impl Looks {
    fn new() -> Self {
        let cell = Format::new()
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0xB0_B0_B0))
            .set_text_wrap()
            .set_align(FormatAlign::Top);
        let heading = cell.clone().set_bold().set_background_color(Color::RGB(0xE4_E9_EF));
        Self {
            title: Format::new().set_bold().set_font_size(14),
            label: Format::new().set_bold().set_align(FormatAlign::Top),
            answer: heading.clone().set_background_color(Color::RGB(0xFF_F2_CC)),
            open: cell.clone().set_background_color(Color::RGB(0xFF_FC_F2)),
            heading,
            cell,
            plain: Format::new(),
        }
    }
}

/// Writes a workbook.
///
/// # Errors
/// What the writer says; more rows than a sheet holds.
pub fn write(out: &mut impl Write, paper: &Paper) -> io::Result<()> {
    out.write_all(&workbook(paper).map_err(io::Error::other)?)
}

fn workbook(paper: &Paper) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (year, month, day) = paper.day;
    let year = u16::try_from(year).unwrap_or(1900);
    let made = ExcelDateTime::from_ymd(year, month, day)?;
    // Not the time of writing: the same paper has to be the same octets.
    book.set_properties(&DocProperties::new().set_title(&paper.title).set_creation_datetime(&made));
    let looks = Looks::new();
    let mut names = BTreeSet::new();
    let mut tables = paper.tables();
    let first = tables.next();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(sheet_name(&paper.title, &mut names))?;
    dress(sheet, paper);
    let mut row = head(sheet, paper, &looks)?;
    if let Some(table) = first {
        row = put(sheet, table, (row, &looks))?;
    }
    let labels = paper.head.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
    let first = first.map(widths).and_then(|widths| widths.first().copied()).unwrap_or_default();
    let label = u16::try_from(labels + 2).map_or(40.0, f64::from);
    sheet.set_column_width(0, first.max(label.min(40.0)))?;
    foot(sheet, paper, (row, &looks))?;
    for table in tables {
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(&table.title, &mut names))?;
        dress(sheet, paper);
        put(sheet, table, (0, &looks))?;
    }
    book.save_to_buffer()
}

/// How it is printed.
fn dress(sheet: &mut Worksheet, paper: &Paper) {
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    let foot: String = paper.foot.chars().filter(|c| *c != '&').take(120).collect();
    sheet.set_footer(format!("&L{foot}&R&P / &N"));
}

fn head(sheet: &mut Worksheet, paper: &Paper, looks: &Looks) -> Result<u32, XlsxError> {
    sheet.write_string_with_format(0, 0, cut(&paper.title, MAX_CELL), &looks.title)?;
    let mut row = 1;
    for (number, (label, text)) in paper.head.iter().enumerate() {
        let look = if paper.asked.contains(&number) { &looks.open } else { &looks.plain };
        sheet.write_string_with_format(row, 0, cut(label, MAX_CELL), &looks.label)?;
        sheet.write_string_with_format(row, 1, cut(text, MAX_CELL), look)?;
        row += 1;
    }
    Ok(row + 1)
}

/// Makes a row as high as so many lines.
fn stretch(sheet: &mut Worksheet, row: u32, lines: usize) -> Result<(), XlsxError> {
    if lines > 1 {
        sheet.set_row_height(row, f64::from(real(lines.min(MAX_LINES))) * LINE)?;
    }
    Ok(())
}

/// Writes a table from a row on, and returns the row below it.
fn put(
    sheet: &mut Worksheet,
    table: &Table,
    (mut row, looks): (u32, &Looks),
) -> Result<u32, XlsxError> {
    if !table.title.is_empty() {
        sheet.write_string_with_format(row, 0, cut(&table.title, MAX_CELL), &looks.label)?;
        row += 1;
    }
    let widths = widths(table);
    for (column, width) in (0u16..).zip(&widths) {
        sheet.set_column_width(column, *width)?;
    }
    let heading = row;
    let rooms: Vec<usize> = widths.iter().map(|width| room(*width)).collect();
    let headings = table.columns.iter().map(|column| column.heading.as_str());
    stretch(sheet, heading, lines(headings, &rooms))?;
    for (number, column) in (0u16..).zip(&table.columns) {
        let look = if column.answer { &looks.answer } else { &looks.heading };
        sheet.write_string_with_format(row, number, cut(&column.heading, MAX_CELL), look)?;
    }
    sheet.set_repeat_rows(heading, heading)?;
    // A long head would leave a small screen no room for rows.
    if heading < HEAD {
        sheet.set_freeze_panes(heading + 1, 0)?;
    }
    row += 1;
    if table.rows.len() > MAX_ROWS {
        return Err(XlsxError::RowColumnLimitError);
    }
    for cells in &table.rows {
        stretch(sheet, row, lines(cells.iter().map(String::as_str), &rooms))?;
        for ((number, cell), column) in (0u16..).zip(cells).zip(&table.columns) {
            let look = if column.answer { &looks.open } else { &looks.cell };
            sheet.write_string_with_format(row, number, cut(cell, MAX_CELL), look)?;
        }
        row += 1;
    }
    if table.rows.is_empty() {
        sheet.write_string_with_format(row, 0, &table.nothing, &looks.plain)?;
        row += 1;
    }
    Ok(row + 1)
}

/// The columns' widths, in characters of half width: together no wider than can be read where a page is
/// printed, if there is room for the longest words.
fn widths(table: &Table) -> Vec<f64> {
    let column = |(number, column): (usize, &super::Column)| {
        let cells = || table.rows.iter().take(MEASURED).filter_map(|row| row.get(number));
        let whole = cells().map(|cell| wide(cell)).max().unwrap_or(0).max(wide(&column.heading));
        let words =
            cells().flat_map(|cell| cell.split(|c: char| c.is_whitespace() || !c.is_ascii()));
        let word = words.map(UnicodeWidthStr::width).max().unwrap_or(0);
        let least = if column.answer { 12 } else { 6 };
        let least = word.clamp(least, 20).max(wide(&column.heading).min(10)) + 2;
        let whole = whole.clamp(least, 40) + 2;
        Wish { least: real(least), whole: real(whole.max(least)) }
    };
    let wishes: Vec<Wish> = table.columns.iter().enumerate().map(column).collect();
    let whole: f32 = wishes.iter().map(|wish| wish.whole).sum();
    share(&wishes, whole.min(PRINTED)).into_iter().map(f64::from).collect()
}

/// The width of the widest line of a text.
fn wide(text: &str) -> usize {
    text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

fn real(count: usize) -> f32 {
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}

/// How many characters of half width stand beside each other in a column; at its edges some room is lost.
fn room(width: f64) -> usize {
    let fits = |count: &usize| f64::from(real(*count)) + 1.5 <= width;
    (1..64).take_while(fits).last().unwrap_or(1)
}

/// How many lines the cells of a row come to. Not every program works that out when it opens a book.
fn lines<'c>(cells: impl Iterator<Item = &'c str>, rooms: &[usize]) -> usize {
    let lines = |(cell, room): (&str, &usize)| {
        let lines = cell.split('\n');
        lines.map(|line| UnicodeWidthStr::width(line).div_ceil(*room).max(1)).sum::<usize>()
    };
    cells.zip(rooms).map(lines).max().unwrap_or(1)
}

fn foot(
    sheet: &mut Worksheet,
    paper: &Paper,
    (mut row, looks): (u32, &Looks),
) -> Result<(), XlsxError> {
    let drawings = paper.parts.iter().any(|part| matches!(part, Part::Drawing(..)));
    for note in &paper.notes {
        sheet.write_string_with_format(row, 0, cut(note, MAX_CELL), &looks.plain)?;
        row += 1;
    }
    if drawings || !paper.notes.is_empty() {
        row += 1;
    }
    if !paper.boxes.is_empty() {
        for (column, role) in (0u16..).zip(&paper.boxes) {
            sheet.write_string_with_format(row, column, role, &looks.heading)?;
        }
        sheet.set_row_height(row + 1, 48)?;
        for (column, _) in (0u16..).zip(&paper.boxes) {
            sheet.write_string_with_format(row + 1, column, &paper.signing, &looks.cell)?;
        }
        row += 3;
    }
    sheet.write_string_with_format(row, 0, &paper.foot, &looks.plain)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_high_as_its_longest_cell_and_a_printed_page_is_not_too_wide() {
        let headings = ["管理番号", "MACアドレス", "備考"];
        let mut table = Table::new("", headings, "");
        let note = "病棟の端末。".repeat(40);
        table.push(["A-1", "00:1a:2b:00:00:01", &note]);
        table.push(["A-2", "00:1a:2b:00:00:02\n00:1a:2b:00:00:03", ""]);
        let widths = widths(&table);
        assert!(widths[1] >= 17.0, "an address stands on one line: {widths:?}");
        let rooms: Vec<usize> = widths.iter().map(|width| room(*width)).collect();
        let high = |row: usize| lines(table.rows[row].iter().map(String::as_str), &rooms);
        assert_eq!(high(1), 2);
        assert_eq!(high(0), 480_usize.div_ceil(rooms[2]));
        let many = Table { columns: vec![table.columns[2].clone(); 20], ..Table::default() };
        let row = vec![note; 20];
        let many = Table { rows: vec![row], ..many };
        let all: f64 = super::widths(&many).iter().sum();
        assert!(all <= f64::from(PRINTED) + 0.01, "{all}");
    }
}
