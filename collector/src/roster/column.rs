//! The columns of the table, and what rows are sorted by in each.

use std::net::IpAddr;

use super::fold::sorted_by;
use super::line::{self, Told, place};
use crate::reconcile::Verdict;

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident = $name:literal;)+) => {
        /// A column.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Column {
            $($(#[$doc])* $column,)+
        }

        impl Column {
            /// All, in the order in which they stand.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$column,)+];
            /// How many there are.
            pub const COUNT: usize = [$($name,)+].len();

            /// Its name in addresses.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)+
                }
            }
        }
    };
}

columns! {
    /// Its best name.
    Name = "name";
    /// 管理番号 of its row.
    Number = "number";
    /// What its row calls it.
    Declared = "declared";
    /// What the book says of it.
    Verdict = "verdict";
    /// Whether the checklist covers it.
    Scope = "scope";
    /// What it is.
    Class = "class";
    /// Addresses.
    Ip = "ip";
    /// MAC addresses.
    Mac = "mac";
    /// Networks.
    Network = "network";
    /// Maker.
    Vendor = "vendor";
    /// Model.
    Model = "model";
    /// Serial number.
    Serial = "serial";
    /// Operating system.
    Os = "os";
    /// Version.
    Version = "version";
    /// Where it stands.
    Place = "place";
    /// Switch and port.
    Port = "port";
    /// Findings that wait for somebody.
    Open = "open";
    /// When it was first seen.
    First = "first";
    /// When it was last seen.
    Last = "last";
}

impl Column {
    /// Those that are shown unless others are chosen.
    pub const USUAL: [Self; 8] = [
        Self::Name,
        Self::Verdict,
        Self::Class,
        Self::Ip,
        Self::Mac,
        Self::Vendor,
        Self::Model,
        Self::Last,
    ];

    /// Its place in [`Self::ALL`].
    pub const fn number(self) -> usize {
        self as usize
    }

    /// The column of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}

/// What a device is sorted by; empty where it says nothing. Without a column: by what needs somebody
/// first, then by address.
pub(super) fn key(column: Option<Column>, told: &Told<'_>) -> String {
    let device = told.device;
    let text = |claim: &Option<crate::evidence::SourcedText>| {
        claim.as_ref().map(|claim| sorted_by(&claim.value)).unwrap_or_default()
    };
    let first = || device.addresses.iter().map(|address| address.ip).min();
    let ip = || first().map(address).unwrap_or_default();
    let entry = |of: &dyn Fn(&crate::ledger::Entry) -> String| {
        told.entries().map(of).find(|key| !key.is_empty()).unwrap_or_default()
    };
    match column {
        None => format!("{:02} {}", rank(told), ip()),
        Some(Column::Name) => {
            device.names.first().map(|name| sorted_by(&name.value)).unwrap_or_default()
        }
        Some(Column::Number) => entry(&|entry| sorted_by(&entry.asset_number)),
        Some(Column::Declared) => entry(&|entry| sorted_by(&entry.name)),
        Some(Column::Verdict) => format!("{:02}", rank(told)),
        Some(Column::Scope) => {
            let scoped = told.rows.iter().find_map(|row| row.scoped);
            scoped.map(|scoped| line::scope(scoped.scope).to_owned()).unwrap_or_default()
        }
        Some(Column::Class) => line::class(device.class.as_ref()).into_owned(),
        Some(Column::Ip) => ip(),
        Some(Column::Mac) => {
            device.macs.first().map(|mac| mac.value.to_string()).unwrap_or_default()
        }
        Some(Column::Network) => {
            device.addresses.first().map(|at| sorted_by(&at.network)).unwrap_or_default()
        }
        Some(Column::Vendor) => text(&device.vendor),
        Some(Column::Model) => text(&device.model),
        Some(Column::Serial) => text(&device.serial),
        Some(Column::Os) => text(&device.os),
        Some(Column::Version) => text(&device.version),
        Some(Column::Place) => sorted_by(place(told)),
        Some(Column::Port) => {
            let attached = device.attached.first().map(|one| &one.value);
            attached
                .map(|one| sorted_by(&format!("{} {}", one.switch_name, one.port)))
                .unwrap_or_default()
        }
        Some(Column::Open) if told.open == 0 => String::new(),
        Some(Column::Open) => format!("{:010}", told.open),
        Some(Column::First) => format!("{:020}", device.first_seen.micros()),
        Some(Column::Last) => format!("{:020}", device.last_seen.micros()),
    }
}

/// An address so that texts are in the order of addresses.
fn address(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("4{:08x}", u32::from(ip)),
        IpAddr::V6(ip) => format!("6{:032x}", u128::from(ip)),
    }
}

/// The rank of its gravest verdict.
fn rank(told: &Told<'_>) -> usize {
    told.rows.iter().map(|row| row.matched.verdict.rank()).min().unwrap_or(Verdict::NAMES.len())
}
