//! Workbooks (.xlsx, .xlsm, .xls) and CSV files (UTF-8, UTF-16, CP932; comma, tab, semicolon) into
//! ledgers and back.
//!
//! Reading is from octets in memory and writing into a writer, so this room opens no file. What the
//! rows mean is not decided here but in [`crate::ledger`].

use daicho_common::complaint::{Complaint, Exit};

use crate::ledger::Ledger;
use crate::ledger::assemble::assemble_with;
use crate::ledger::columns::Columns;
use crate::ledger::grid::Grid;
use crate::ledger::profile::Profile;

/// Ledgers into CSV.
mod csv_out;
/// What kind of file the octets are.
mod kind;
/// Which row of a ledger goes where.
mod layout;
/// A book given back with what changed.
mod patch;
/// Which part of a workbook is which sheet, and what it hides.
mod parts;
/// Text into grids.
mod text;
/// How much a workbook would unpack to, before it is unpacked.
mod weigh;
/// Workbooks into grids.
mod workbook;
/// Ledgers into workbooks.
mod xlsx_out;

pub use csv_out::{Encoding, Lost, cp932, guard, write_csv};
pub use patch::{Exported, How, export};
pub use xlsx_out::write_xlsx;

use kind::Kind;

/// Most rows of a sheet that are read.
pub const MAX_ROWS: u32 = 1_000_000;
/// Most columns of a sheet that are read.
pub const MAX_COLUMNS: usize = 1_000;
/// Most cells of a book, blank ones inside rows included.
pub const MAX_CELLS: usize = 20_000_000;
/// Most text of a book, in octets of UTF-8.
pub const MAX_TEXT: usize = 512 << 20;

/// Why a ledger could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The writer failed.
    #[error("the ledger could not be written")]
    Io(#[from] std::io::Error),
    /// The rows do not fit into a workbook.
    #[error("the ledger does not fit into a workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The ledger has no sheet of this index.
    #[error("the ledger has no sheet {0}")]
    NoSuchSheet(usize),
}

/// Reads a book with the released table of headings. `name` is the file's name without its folder;
/// it is shown in places and decides nothing: the content says what kind of file it is.
///
/// # Errors
/// A complaint if the octets are neither a workbook nor text in a known encoding, or if no sheet
/// has a header row. Rows that cannot be read are defects of the ledger, not errors.
pub fn read(name: &str, octets: &[u8]) -> Result<Ledger, Complaint> {
    read_as(name, octets, &[])
}

/// As [`read`], where people have said what the columns of some sheets mean.
///
/// # Errors
/// As [`read`].
pub fn read_as(name: &str, octets: &[u8], profiles: &[Profile]) -> Result<Ledger, Complaint> {
    read_all(name, octets, (&released()?, profiles))
}

/// The released table of headings.
///
/// # Errors
/// Never for a released program: the suite parses it.
pub fn released() -> Result<Columns, Complaint> {
    Columns::released().map_err(|error| {
        Complaint::new(
            Exit::Config,
            format!(
                "同梱の列定義 columns.toml を読めません（{error}）。インストールし直してください"
            ),
            format!(
                "the released columns.toml cannot be read ({error}); install the program again"
            ),
        )
    })
}

/// As [`read`], with a table of headings of the caller's own.
///
/// # Errors
/// As [`read`].
pub fn read_with(name: &str, octets: &[u8], columns: &Columns) -> Result<Ledger, Complaint> {
    read_all(name, octets, (columns, &[]))
}

fn read_all(
    name: &str,
    octets: &[u8],
    (columns, profiles): (&Columns, &[Profile]),
) -> Result<Ledger, Complaint> {
    let grids = match kind::of(octets) {
        Kind::Xlsx => {
            weigh::weigh(octets).map_err(|refusal| refusal.complaint(name))?;
            workbook::xlsx(octets)
        }
        Kind::Xls => workbook::xls(octets),
        Kind::Text => text::grids(octets, (columns, profiles)),
        Kind::Other(other) => return Err(other.complaint(name)),
    }
    .map_err(|refusal| refusal.complaint(name))?;
    let ledger = assemble_with(name, grids, columns, profiles);
    if ledger.sheets.iter().all(|sheet| sheet.columns.is_empty()) {
        return Err(Refusal::NoHeader.complaint(name));
    }
    Ok(ledger)
}

/// Why a book as a whole is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// Truncated or broken, with what the parser says.
    Damaged(String),
    /// Protected by a password.
    Password,
    /// Too many rows, columns, cells or octets; says which, in both languages.
    TooLarge(&'static str, &'static str),
    /// A zip archive that is no Excel workbook.
    NotAWorkbook,
    /// No text in a known encoding.
    NotText,
    /// No sheet has a header.
    NoHeader,
}

impl Refusal {
    fn complaint(&self, name: &str) -> Complaint {
        let (ja, en) = match self {
            Self::Damaged(why) => (
                format!(
                    "「{name}」は途中で切れているか壊れているため読めません（{why}）。Excel で開いて保存し直してください"
                ),
                format!(
                    "{name:?} is truncated or damaged and cannot be read ({why}); open it in Excel and save it again"
                ),
            ),
            Self::Password => (
                format!(
                    "「{name}」はパスワードで保護されているため読めません。パスワードを外して保存し直してください"
                ),
                format!(
                    "{name:?} is protected by a password and cannot be read; remove the password and save it again"
                ),
            ),
            Self::TooLarge(ja, en) => (
                format!(
                    "「{name}」は大きすぎます（{ja}）。台帳のシートだけを別のブックに分けてください"
                ),
                format!(
                    "{name:?} is too large ({en}); put the sheets of the ledger into a book of their own"
                ),
            ),
            Self::NotAWorkbook => (
                format!(
                    "「{name}」は Excel ブック (.xlsx) ではありません。Excel ブックか CSV で保存し直してください"
                ),
                format!(
                    "{name:?} is not an Excel workbook (.xlsx); save it as an Excel workbook or as CSV"
                ),
            ),
            Self::NotText => (
                format!(
                    "「{name}」は台帳として読めません（表計算でも、UTF-8・UTF-16・Shift_JIS の文字でもありません）。Excel ブック (.xlsx, .xls) か CSV を指定してください"
                ),
                format!(
                    "{name:?} cannot be read as a ledger (neither a spreadsheet nor text in UTF-8, UTF-16 or Shift_JIS); give an Excel workbook (.xlsx, .xls) or a CSV file"
                ),
            ),
            Self::NoHeader => (
                format!(
                    "「{name}」に見出し行が見つかりません。管理番号・機器名・ホスト名・IPアドレス・MACアドレス・シリアル番号のうち1つと、ほかの見出しが1つ以上並ぶ行を置いてください"
                ),
                format!(
                    "{name:?} has no header row; it needs a row with one of 管理番号, 機器名, ホスト名, IPアドレス, MACアドレス, シリアル番号 (asset number, name, host name, IP address, MAC address, serial number) and at least one other heading"
                ),
            ),
        };
        Complaint::new(Exit::Input, ja, en)
    }
}

/// Counts what a book holds while it is read, so that a small file cannot become a large memory.
#[derive(Default)]
struct Budget {
    /// Cells of the sheets that are done.
    cells: usize,
    /// Cells of the sheet that is being read.
    growing: usize,
    text: usize,
}

impl Budget {
    /// Takes a cell's text into account.
    fn text(&mut self, octets: usize) -> Result<(), Refusal> {
        self.text = self.text.saturating_add(octets);
        if self.text > MAX_TEXT {
            return Err(Refusal::TooLarge("文字が512 MiBを超えます", "more than 512 MiB of text"));
        }
        Ok(())
    }

    /// Checks a place against the limits.
    fn place(row: u32, column: usize) -> Result<(), Refusal> {
        if row > MAX_ROWS {
            return Err(Refusal::TooLarge("100万行を超えます", "more than 1,000,000 rows"));
        }
        if column >= MAX_COLUMNS {
            return Err(Refusal::TooLarge("1,000列を超えます", "more than 1,000 columns"));
        }
        Ok(())
    }

    /// Takes a whole sheet into account, as the rectangle that its entries will be.
    fn sheet(&mut self, grid: &Grid) -> Result<(), Refusal> {
        let width = grid.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        self.cells = self.cells.saturating_add(width.saturating_mul(grid.rows.len()));
        self.growing = 0;
        self.checked()?;
        self.merged(grid)
    }

    /// Takes rows that grow as they are read into account, blank cells included.
    fn row(&mut self, width: usize) -> Result<(), Refusal> {
        self.growing = self.growing.saturating_add(width);
        self.checked()
    }

    fn checked(&self) -> Result<(), Refusal> {
        if self.cells.saturating_add(self.growing) > MAX_CELLS {
            return Err(Refusal::TooLarge("2,000万セルを超えます", "more than 20,000,000 cells"));
        }
        Ok(())
    }

    /// Takes the text that merged regions will repeat into account.
    fn merged(&mut self, grid: &Grid) -> Result<(), Refusal> {
        for region in &grid.merged {
            let (top, bottom) = region.rows;
            let first = grid.rows.partition_point(|row| row.number < top);
            let end = grid.rows.partition_point(|row| row.number <= bottom);
            let text = grid.rows.get(first).map_or(0, |row| row.at(region.columns.0).len());
            self.text(text.saturating_mul(end.saturating_sub(first)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
