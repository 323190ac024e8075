//! The hospital's book of record, as read: entries that keep every original cell, and what could
//! not be read. Discovery never writes it.

use std::collections::HashSet;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::text::Short;
use serde::{Deserialize, Serialize};

/// Rows into entries and defects.
pub mod assemble;
/// What headings and words mean, as data.
pub mod columns;
/// Dates as ledgers write them.
pub mod date;
/// What a new version of a book changes.
pub mod diff;
/// Changes that a person makes beside the book.
pub mod edit;
/// A sheet as rows of text.
pub mod grid;
/// Where the header is.
pub mod header;
/// What a row is known by, wherever it stands.
pub mod key;
/// Rows of several lists that are of one thing.
pub mod join;
/// Cells brought into one form.
pub mod normal;
/// What a person said that the columns of a sheet mean.
pub mod profile;
/// Changes beside the book when a new version of it comes.
pub mod rebase;
/// One change of a ledger.
pub mod step;

use date::PartialDate;

/// What a column means (DOMAIN §4). The synonyms are data: `config/ledger/columns.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 管理番号.
    AssetNumber,
    /// 機器名.
    Name,
    /// ホスト名.
    HostName,
    /// 種別.
    Kind,
    /// IPアドレス.
    Ip,
    /// MACアドレス.
    Mac,
    /// メーカー.
    Vendor,
    /// 型番.
    Model,
    /// シリアル.
    Serial,
    /// 設置場所.
    Location,
    /// 利用者.
    User,
    /// 管理者.
    Owner,
    /// OS.
    Os,
    /// 版.
    Version,
    /// 保守業者.
    Maintainer,
    /// 保守期限.
    SupportEnd,
    /// リモート保守.
    RemoteMaintenance,
    /// MDS/SDS.
    Disclosure,
    /// 状態.
    State,
    /// 購入日.
    Purchased,
    /// ネットワーク接続 (有/無).
    Connected,
    /// 備考.
    Remarks,
}

impl Field {
    /// Every field.
    pub const ALL: &[Self] = &[
        Self::AssetNumber,
        Self::Name,
        Self::HostName,
        Self::Kind,
        Self::Ip,
        Self::Mac,
        Self::Vendor,
        Self::Model,
        Self::Serial,
        Self::Location,
        Self::User,
        Self::Owner,
        Self::Os,
        Self::Version,
        Self::Maintainer,
        Self::SupportEnd,
        Self::RemoteMaintenance,
        Self::Disclosure,
        Self::State,
        Self::Purchased,
        Self::Connected,
        Self::Remarks,
    ];

    /// Whether a value in it says which device a row is about.
    pub const fn names_a_device(self) -> bool {
        matches!(
            self,
            Self::AssetNumber | Self::Name | Self::HostName | Self::Ip | Self::Mac | Self::Serial
        )
    }
}

/// A column of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The heading as written (two-row headings joined by a space).
    pub heading: String,
    /// What it means; `None` for a column kept as it is.
    pub field: Option<Field>,
}

/// A sheet of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The file's name, without its folder.
    pub book: String,
    /// The sheet's name; empty for CSV.
    pub name: String,
    /// Rows above the header, as written; all rows of a sheet that has no header.
    pub title_rows: Vec<Vec<String>>,
    /// The columns in the hospital's own order; none if the sheet has no header ([`Reason::NoHeader`]).
    pub columns: Vec<Column>,
    /// Whether the workbook hides the sheet. What is hidden is read as what is not.
    #[serde(default)]
    pub hidden: bool,
    /// Indices of the columns that the workbook hides, ascending.
    #[serde(default)]
    pub hidden_columns: Vec<usize>,
    /// Whether the 管理番号 comes from a mere counter of rows (No.), which means nothing elsewhere.
    #[serde(default)]
    pub counted: bool,
}

/// Where a row stands, for a person to find it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file's name.
    pub book: Short,
    /// The sheet's name; empty for CSV.
    pub sheet: Short,
    /// Row number as the spreadsheet shows it, from 1.
    pub row: u32,
}

/// Whether the thing is in use, as declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 使用中, or nothing said.
    #[default]
    InUse,
    /// 予備.
    Spare,
    /// 停止, 休止, 故障, 修理中.
    Stopped,
    /// 廃棄, 撤去, 除却, 返却.
    Retired,
}

/// A row of another list that is of the same thing ([`join`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where it stands.
    pub place: Place,
    /// Index of its sheet in [`Ledger::sheets`].
    pub sheet: usize,
    /// Every cell as written, in that sheet's order of columns.
    pub cells: Vec<String>,
    /// Whether the workbook hides the row.
    pub hidden: bool,
    /// Whether the row is struck through.
    pub struck: bool,
}

/// A row of the ledger, or several rows of different lists that are of one thing.
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own in the book")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stands. Unique in a ledger, and what other rooms name an entry by.
    pub place: Place,
    /// Index of its sheet in [`Ledger::sheets`].
    pub sheet: usize,
    /// Every cell as written, in the sheet's order of columns.
    pub cells: Vec<String>,
    /// 管理番号, normalised (NFKC, trimmed); empty if none.
    pub asset_number: String,
    /// 機器名.
    pub name: String,
    /// ホスト名, as written but NFKC.
    pub host_name: String,
    /// 種別, NFKC.
    pub kind: String,
    /// Declared addresses, in order of writing.
    pub ips: Vec<IpAddr>,
    /// Whether the address column says DHCP, 自動 or the like.
    pub dhcp: bool,
    /// Declared MAC addresses, in order of writing.
    pub macs: Vec<Mac>,
    /// メーカー.
    pub vendor: String,
    /// 型番.
    pub model: String,
    /// シリアル.
    pub serial: String,
    /// 設置場所.
    pub location: String,
    /// 版.
    pub version: String,
    /// 保守業者.
    pub maintainer: String,
    /// リモート保守: declared yes or no; `None` if nothing readable is said.
    pub remote_maintenance: Option<bool>,
    /// 状態.
    pub state: State,
    /// Whether the row declares the thing to be on no network (未接続, スタンドアロン, 無).
    pub offline: bool,
    /// 利用者.
    #[serde(default)]
    pub user: String,
    /// 管理者.
    #[serde(default)]
    pub owner: String,
    /// OS.
    #[serde(default)]
    pub os: String,
    /// 保守期限: the last date that the cells name.
    #[serde(default)]
    pub support_end: Option<PartialDate>,
    /// 購入日: the first date that the cells name.
    #[serde(default)]
    pub purchased: Option<PartialDate>,
    /// MDS/SDS, as written but NFKC.
    #[serde(default)]
    pub disclosure: String,
    /// Whether the workbook hides the row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Whether the row is struck through, by which hospitals retire a thing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub struck: bool,
    /// The rows of other lists that complete this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What is wrong with a cell or row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing in the row names a device: no number, name, address or serial number; or it is a
    /// note, a sum or the heading of a section.
    NamesNothing,
    /// The cell holds no address.
    NotAnAddress,
    /// The cell holds no MAC address.
    NotAMac,
    /// The spreadsheet shows an error (`#REF!`) here.
    FormulaError,
    /// The 管理番号 stands in another row too.
    DuplicateNumber {
        /// Where it stood first.
        first: Place,
    },
    /// The row could not be decoded.
    Undecodable,
    /// The cell is longer than a cell may be ([`grid::MAX_CELL`]) and was cut.
    TooLong,
    /// The cell holds no date that can be read, or a day that no calendar has.
    NotADate,
    /// No header row was found in this sheet; none of its rows is an entry.
    NoHeader,
}

/// Something that could not be read, by sheet and row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// Where.
    pub place: Place,
    /// The column's heading; empty if the whole row is meant.
    pub column: String,
    /// The cell as written (cut to 200 characters).
    pub value: String,
    /// Why.
    pub reason: Reason,
    /// Whether the row was left out of the entries because of it.
    pub rejected: bool,
    /// The row as written if it was left out, so that an export has it; else empty.
    pub cells: Vec<String>,
}

/// The book of record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Sheets in order of reading.
    pub sheets: Vec<Sheet>,
    /// Rows in order of reading.
    pub entries: Vec<Entry>,
    /// What could not be read; never silently dropped.
    pub defects: Vec<Defect>,
}

/// A row of a sheet that is an entry or completes one.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Where it stands.
    pub place: &'a Place,
    /// Its cells as written.
    pub cells: &'a [String],
    /// Whether the workbook hides it.
    pub hidden: bool,
    /// Whether it is struck through.
    pub struck: bool,
    /// The entry that it is, or completes.
    pub entry: &'a Entry,
}

impl Ledger {
    /// The rows of the sheet of this index that are entries or complete one, in the order of the
    /// entries.
    pub fn rows_of(&self, sheet: usize) -> impl Iterator<Item = Row<'_>> {
        self.entries.iter().flat_map(move |entry| {
            let own = (entry.sheet == sheet).then_some(Row {
                place: &entry.place,
                cells: &entry.cells,
                hidden: entry.hidden,
                struck: entry.struck,
                entry,
            });
            let parts = entry.parts.iter().filter(move |part| part.sheet == sheet);
            own.into_iter().chain(parts.map(move |part| Row {
                place: &part.place,
                cells: &part.cells,
                hidden: part.hidden,
                struck: part.struck,
                entry,
            }))
        })
    }

    /// Adds the sheets of another book. If a book of its name is here already, its name gets a number
    /// (`台帳.xlsx (2)`), so that a place stays unique.
    pub fn append(&mut self, mut other: Self) {
        let shift = self.sheets.len();
        let mut names: Vec<String> = other.sheets.iter().map(|sheet| sheet.book.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let renamed: Vec<(String, String)> = names
            .iter()
            .filter_map(|name| self.free_name(name, &names).map(|free| (name.clone(), free)))
            .collect();
        let free = |book: &str| {
            let renamed = renamed.iter().find(|(name, _)| *name == book);
            renamed.map(|(_, free)| free.as_str())
        };
        let mut names: HashSet<Short> = HashSet::new();
        // Thousands of rows say the same names, which they share from here on.
        let mut share = |name: &mut Short| match names.get(name) {
            Some(known) => *name = known.clone(),
            None => _ = names.insert(name.clone()),
        };
        let mut settle = |place: &mut Place| {
            if let Some(free) = free(&place.book) {
                place.book = free.into();
            }
            share(&mut place.book);
            share(&mut place.sheet);
        };
        for sheet in &mut other.sheets {
            if let Some(free) = free(&sheet.book) {
                sheet.book = free.to_owned();
            }
        }
        for entry in &mut other.entries {
            settle(&mut entry.place);
            entry.sheet += shift;
            for part in &mut entry.parts {
                settle(&mut part.place);
                part.sheet += shift;
            }
        }
        for defect in &mut other.defects {
            settle(&mut defect.place);
            if let Reason::DuplicateNumber { first } = &mut defect.reason {
                settle(first);
            }
        }
        self.sheets.append(&mut other.sheets);
        self.entries.append(&mut other.entries);
        self.defects.append(&mut other.defects);
    }

    /// A name that no book here or among `coming` has; `None` if `name` itself is free.
    fn free_name(&self, name: &str, coming: &[String]) -> Option<String> {
        let taken = |name: &str| self.sheets.iter().any(|sheet| sheet.book == name);
        if !taken(name) {
            return None;
        }
        (2..=u32::MAX)
            .map(|number| format!("{name} ({number})"))
            .find(|free| !taken(free) && !coming.contains(free))
    }
}

#[cfg(test)]
mod tests;
