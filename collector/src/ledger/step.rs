//! One change of a ledger, as it is kept in its history and as a person makes it.

use serde::{Deserialize, Serialize};

use super::{Entry, Place};

/// One change of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// A row came.
    Added {
        /// Where it stands.
        place: Place,
        /// Its cells.
        cells: Vec<String>,
    },
    /// A row is gone.
    Removed {
        /// Where it stood.
        place: Place,
        /// What its cells were.
        cells: Vec<String>,
    },
    /// A cell changed.
    Cell {
        /// Where its row stands now.
        place: Place,
        /// Index of the column in its sheet now; `None` for a column that is gone.
        column: Option<usize>,
        /// The column's heading.
        heading: String,
        /// The cell before.
        before: String,
        /// The cell after.
        after: String,
    },
    /// A row was struck through, or is no longer.
    Struck {
        /// Where the row stands.
        place: Place,
        /// Whether it is struck through now.
        struck: bool,
    },
    /// A row went to another sheet.
    Moved {
        /// Where it stood.
        from: Place,
        /// Where it stands now.
        place: Place,
    },
}

impl Step {
    /// The row that it is about.
    pub const fn place(&self) -> &Place {
        match self {
            Self::Added { place, .. }
            | Self::Removed { place, .. }
            | Self::Cell { place, .. }
            | Self::Struck { place, .. }
            | Self::Moved { place, .. } => place,
        }
    }
}

/// What a row is known by across versions of its book: the strongest of 管理番号, serial number, MAC
/// address, host name, name; else its place. `counted`: the number is a mere row counter's.
pub fn key(entry: &Entry, counted: bool) -> String {
    let number = if counted { "" } else { entry.asset_number.as_str() };
    let text = |kind: &str, value: &str| (!value.is_empty()).then(|| format!("{kind}={value}"));
    text("asset_number", number)
        .or_else(|| text("serial", &entry.serial))
        .or_else(|| entry.macs.first().map(|mac| format!("mac={mac}")))
        .or_else(|| text("host_name", &entry.host_name))
        .or_else(|| text("name", &entry.name))
        .or_else(|| entry.ips.first().map(|ip| format!("ip={ip}")))
        .unwrap_or_else(|| format!("row={}", entry.place.row))
}
