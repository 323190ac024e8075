//! The tables of `config/snmp` as they stand in the files, and what a recording of a device holds of
//! them: for the measurement on recordings and for the tests that hold the files to their promises.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use daicho_common::observation::table::{Cell, MOST_ROWS, Row, Rows};
use daicho_common::text::Text;
use serde::Deserialize;

/// An object identifier.
pub type Oid = Vec<u32>;

/// A value of a recording, as it was encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// INTEGER.
    Integer(i32),
    /// Counters, gauges, ticks.
    Unsigned(u64),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// OBJECT IDENTIFIER.
    ObjectId(Oid),
    /// `IpAddress`.
    Address([u8; 4]),
}

/// Everything that a device told, by object.
pub type Recording = BTreeMap<Oid, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    source: String,
    entry: String,
    #[serde(default)]
    below: usize,
    columns: Vec<Column>,
    #[serde(default = "five_thousand")]
    most: usize,
    #[serde(default)]
    scalars: bool,
    #[serde(default)]
    per_vlan: bool,
    after: Option<String>,
    #[serde(default)]
    vendor: Vec<String>,
    harm: Option<String>,
}

const fn five_thousand() -> usize {
    5_000
}

/// A column as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its number below the entry.
    pub id: u32,
    /// Its name in the MIB.
    pub name: String,
    /// How its octets are kept.
    pub kind: Kind,
}

/// How octets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As text.
    Text,
    /// As octets.
    Octets,
    /// Numbers, identifiers and addresses.
    Any,
}

/// A table or group of scalars.
#[derive(Clone, Debug)]
pub struct Table {
    /// As its MIB calls it.
    pub name: String,
    /// Where that is written.
    pub source: String,
    /// The entry or the group.
    pub entry: Oid,
    /// So many of the first numbers of sysObjectID stand before it.
    pub below: usize,
    /// What is read of it.
    pub columns: Vec<Column>,
    /// Most rows.
    pub most: usize,
    /// Whether it is a group of scalars.
    pub scalars: bool,
    /// Whether it is read in the context of each VLAN too.
    pub per_vlan: bool,
    /// The table that must have brought rows before.
    pub after: Option<String>,
    /// Of whom it is read; of everybody if empty.
    pub vendor: Vec<Oid>,
    /// What it may cost the device.
    pub harm: Option<String>,
}

/// Reads an identifier in dotted decimal, with or without a dot before it.
pub fn oid(text: &str) -> Option<Oid> {
    text.strip_prefix('.').unwrap_or(text).split('.').map(|part| part.parse().ok()).collect()
}

/// All tables of the workspace at `root`, each after the one it needs.
///
/// # Errors
/// If a file cannot be read, or a table waits for one that there is not.
pub fn load(root: &Path) -> anyhow::Result<Vec<Table>> {
    let folder = root.join("config/snmp");
    let mut left = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let file: File = toml::from_str(&std::fs::read_to_string(&path)?)
            .with_context(|| format!("{}", path.display()))?;
        for written in file.table {
            left.push(written.table().with_context(|| format!("{}", path.display()))?);
        }
    }
    let mut ordered: Vec<Table> = Vec::new();
    let mut known = BTreeSet::new();
    while !left.is_empty() {
        let ready = |table: &Table| table.after.as_ref().is_none_or(|name| known.contains(name));
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(ready);
        ensure!(!now.is_empty(), "tables wait for each other or for nobody: {later:?}");
        known.extend(now.iter().map(|table| table.name.clone()));
        ordered.extend(now);
        left = later;
    }
    Ok(ordered)
}

impl Written {
    fn table(self) -> anyhow::Result<Table> {
        let vendor: Option<Vec<Oid>> = self.vendor.iter().map(|prefix| oid(prefix)).collect();
        Ok(Table {
            entry: oid(&self.entry).with_context(|| self.entry.clone())?,
            vendor: vendor.with_context(|| self.name.clone())?,
            below: self.below,
            name: self.name,
            source: self.source,
            columns: self.columns,
            most: self.most,
            scalars: self.scalars,
            per_vlan: self.per_vlan,
            after: self.after,
            harm: self.harm,
        })
    }
}

impl Column {
    fn cell(&self, value: &Value) -> Cell {
        match value {
            Value::Integer(number) => Cell::Integer(*number),
            Value::Unsigned(number) => Cell::Unsigned(*number),
            Value::Octets(octets) if self.kind == Kind::Text => Cell::Text(Text::from_wire(octets)),
            Value::Octets(octets) => Cell::from_octets(octets),
            Value::ObjectId(id) => Cell::ObjectId(dotted(id)),
            Value::Address(octets) => Cell::Address((*octets).into()),
        }
    }
}

fn dotted(id: &[u32]) -> String {
    id.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

impl Table {
    /// Whether devices with this sysObjectID are asked for it.
    pub fn is_for(&self, object_id: &[u32]) -> bool {
        self.vendor.is_empty() || self.vendor.iter().any(|prefix| object_id.starts_with(prefix))
    }

    /// The rows that a device with this recording would give.
    pub fn rows(&self, recording: &Recording) -> Vec<Row> {
        let mut rows: BTreeMap<Oid, BTreeMap<String, Cell>> = BTreeMap::new();
        let object_id = object_id(recording);
        let Some(before) = object_id.get(..self.below) else { return Vec::new() };
        for column in &self.columns {
            let below: Oid = [before, &self.entry, &[column.id]].concat();
            let found =
                recording.range(below.clone()..).take_while(|(id, _)| id.starts_with(&below));
            for (id, value) in found {
                let mut index = id.get(below.len()..).unwrap_or_default().to_vec();
                if self.scalars {
                    if index != [0] {
                        continue;
                    }
                    index.clear();
                }
                rows.entry(index).or_default().insert(column.name.clone(), column.cell(value));
            }
        }
        let rows = rows.into_iter().take(self.most);
        rows.map(|(index, cells)| Row { index, cells }).collect()
    }
}

/// The recording's sysObjectID; empty if it has none.
fn object_id(recording: &Recording) -> &[u32] {
    match recording.get(&[1, 3, 6, 1, 2, 1, 1, 2, 0][..]) {
        Some(Value::ObjectId(id)) => id,
        _ => &[],
    }
}

/// The rows of every table that the device would be asked for, in portions as facts carry them.
pub fn select(tables: &[Table], recording: &Recording) -> Vec<Rows> {
    let object_id = object_id(recording);
    let mut brought = BTreeSet::new();
    let mut all = Vec::new();
    for table in tables {
        let waits = table.after.as_ref().is_some_and(|after| !brought.contains(after));
        if waits || !table.is_for(object_id) {
            continue;
        }
        let rows = table.rows(recording);
        if rows.is_empty() {
            continue;
        }
        brought.insert(table.name.clone());
        for portion in rows.chunks(MOST_ROWS) {
            let (table, context) = (table.name.clone(), String::new());
            all.push(Rows { table, context, rows: portion.to_vec() });
        }
    }
    all
}
