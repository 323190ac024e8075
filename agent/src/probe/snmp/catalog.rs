//! Which tables are read, as data: the rows of `config/snmp`, and those that a user adds.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::tables::TOPICS;

/// The files that are built in, by name.
const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/snmp_tables.rs"));

/// Most rows taken of a table that does not say.
const MOST: usize = 5_000;

/// Most columns of a table: as many names as fit into one question.
const COLUMNS: usize = 48;

/// What is wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct Flaw {
    /// The file's name.
    pub file: String,
    /// What is wrong, with the table's name where it has one.
    pub what: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    table: Vec<Written>,
}

/// A row as it was written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    source: String,
    entry: String,
    below: Option<usize>,
    columns: Vec<WrittenColumn>,
    most: Option<usize>,
    #[serde(default)]
    scalars: bool,
    #[serde(default)]
    per_vlan: bool,
    after: Option<String>,
    #[serde(default)]
    vendor: Vec<String>,
    harm: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColumn {
    id: u32,
    name: String,
    kind: Kind,
}

/// What an OCTET STRING of the column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Text,
    Octets,
    Any,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its number under the entry.
    pub(super) id: u32,
    /// Its name in the MIB.
    pub(super) name: String,
    /// What its strings are.
    pub(super) kind: Kind,
}

/// A table, or a group of scalars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    /// Its name in the MIB.
    pub(super) name: String,
    /// The identifier of its entry; of scalars, of the group.
    pub(super) entry: Vec<u32>,
    /// So many of the first numbers of the device's sysObjectID stand before `entry`: makers there are
    /// that give every product the same tree below its own number.
    pub(super) below: Option<usize>,
    /// Its columns, in the order of their numbers.
    pub(super) columns: Vec<Column>,
    /// Most rows taken.
    pub(super) most: usize,
    /// Whether it is a group of scalars.
    pub(super) scalars: bool,
    /// Whether it is read once more in the context of each VLAN.
    pub(super) per_vlan: bool,
    /// The table that must have brought rows.
    pub(super) after: Option<String>,
    /// Beginnings of sysObjectID, one of which the device must have; empty: every device.
    pub(super) vendor: Vec<Vec<u32>>,
    /// Whether reading it may cost a device something.
    pub(super) harm: bool,
}

/// The tables, in the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    tables: Vec<Described>,
}

impl Described {
    /// The identifier of its entry in a device with this sysObjectID; `None` if that is too short.
    pub(super) fn entry_in(&self, object_id: &[u32]) -> Option<Vec<u32>> {
        let before = object_id.get(..self.below.unwrap_or(0))?;
        Some([before, &self.entry].concat())
    }
}

impl Catalog {
    /// The tables that are built in.
    ///
    /// # Errors
    /// A [`Flaw`], which a test rules out.
    pub fn shipped() -> Result<Self, Flaw> {
        Self::with(&[])
    }

    /// The tables that are built in and those of these files (name and text).
    ///
    /// # Errors
    /// A [`Flaw`] in one of them: TOML or keys that cannot be read, an identifier that is none, a name
    /// or a column met twice, or `after` a table that is not read.
    pub fn with(added: &[(String, String)]) -> Result<Self, Flaw> {
        let shipped = SHIPPED.iter().copied();
        let added = added.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        Self::of(shipped.chain(added))
    }

    /// The tables of these files only (name and text).
    ///
    /// # Errors
    /// As of [`Self::with`].
    pub fn of<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, Flaw> {
        let (mut tables, mut names) = (Vec::new(), BTreeSet::new());
        for (file, text) in files {
            let flaw = |what: String| Flaw { file: file.to_owned(), what };
            let parsed: File = toml::from_str(text).map_err(|error| flaw(error.to_string()))?;
            for written in parsed.table {
                let name = written.name.clone();
                let table = meant(written).map_err(|what| flaw(format!("{name}: {what}")))?;
                if !names.insert(name.clone()) {
                    return Err(flaw(format!("{name} is described twice")));
                }
                tables.push((file.to_owned(), table));
            }
        }
        in_order(tables).map(|tables| Self { tables })
    }

    /// The tables, each after the one that it needs.
    pub(super) fn tables(&self) -> &[Described] {
        &self.tables
    }

    /// The table of this name, if it is the one with this entry, and its place.
    pub(super) fn described(&self, name: &str, entry: &[u32]) -> Option<(usize, &Described)> {
        let mut tables = self.tables.iter().enumerate();
        tables.find(|(_, table)| table.name == name && table.entry == entry)
    }
}

/// Groups of scalars come first, for they are cheap and say what a device is; what may do harm last.
fn in_order(mut left: Vec<(String, Described)>) -> Result<Vec<Described>, Flaw> {
    left.sort_by_key(|(_, table)| (table.harm, !table.scalars));
    let read = TOPICS.iter().flat_map(|topic| topic.tables).map(|table| table.name.to_owned());
    let mut known: BTreeSet<String> = read.collect();
    let mut tables = Vec::new();
    while !left.is_empty() {
        let ready = left
            .iter()
            .position(|(_, table)| table.after.as_ref().is_none_or(|after| known.contains(after)));
        let Some(at) = ready else {
            let (file, table) = left.remove(0);
            let after = table.after.unwrap_or_default();
            let what = format!("{}: after names {after:?}, which is not read before", table.name);
            return Err(Flaw { file, what });
        };
        let (_, table) = left.remove(at);
        known.insert(table.name.clone());
        tables.push(table);
    }
    Ok(tables)
}

fn meant(written: Written) -> Result<Described, String> {
    if written.name.is_empty() || written.source.is_empty() {
        return Err("name and source must say something".to_owned());
    }
    if written.below.is_some() && written.vendor.is_empty() {
        return Err("below says where in a maker's tree: vendor must say whose".to_owned());
    }
    let least = if written.below.is_some() { 1 } else { 2 };
    let identifier = |text: &str, least: usize| {
        numbers(text, least)
            .ok_or_else(|| format!("{text:?} is no object identifier (like 1.3.6.1)"))
    };
    let mut columns: Vec<Column> = written
        .columns
        .into_iter()
        .map(|WrittenColumn { id, name, kind }| Column { id, name, kind })
        .collect();
    columns.sort_by_key(|column| column.id);
    let ids: BTreeSet<u32> = columns.iter().map(|column| column.id).collect();
    let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    if ids.len() != columns.len() || names.len() != columns.len() {
        return Err("a column is named twice".to_owned());
    }
    if !(1..=COLUMNS).contains(&columns.len()) {
        return Err(format!("it must have 1 to {COLUMNS} columns"));
    }
    Ok(Described {
        name: written.name,
        entry: identifier(&written.entry, least)?,
        below: written.below,
        columns,
        most: written.most.unwrap_or(MOST),
        scalars: written.scalars,
        per_vlan: written.per_vlan,
        after: written.after,
        vendor: written.vendor.iter().map(|text| identifier(text, 2)).collect::<Result<_, _>>()?,
        harm: written.harm.is_some(),
    })
}

/// The numbers of an identifier in dotted decimal, at least so many.
fn numbers(text: &str, least: usize) -> Option<Vec<u32>> {
    let numbers: Vec<u32> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    (numbers.len() >= least).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, more: &str) -> String {
        let columns = "columns = [{ id = 2, name = \"b\", kind = \"any\" }, { id = 1, name = \"a\", kind = \"text\" }]";
        format!(
            "[[table]]\nname = \"{name}\"\nsource = \"A MIB\"\nentry = \"1.3.6.9\"\n{columns}\n{more}\n"
        )
    }

    fn names(text: &str) -> Result<Vec<String>, Flaw> {
        let catalog = Catalog::of([("x.toml", text)].into_iter())?;
        Ok(catalog.tables().iter().map(|table| table.name.clone()).collect())
    }

    #[test]
    fn every_table_that_is_built_in_can_be_read() {
        let catalog = Catalog::shipped().unwrap();
        let neighbours =
            catalog.tables().iter().find(|table| table.name == "lldpRemTable").unwrap();
        assert_eq!(neighbours.entry, [1, 0, 8802, 1, 1, 2, 1, 4, 1, 1]);
        assert!(neighbours.columns.is_sorted_by_key(|column| column.id));
    }

    #[test]
    fn groups_come_first_what_may_harm_last_and_each_after_what_it_needs() {
        let text = [
            row("late", "harm = \"slow\"\nscalars = true"),
            row("second", "after = \"first\"\nscalars = true"),
            row("first", ""),
            row("third", "after = \"ifTable\""),
            row("group", "scalars = true"),
        ]
        .concat();
        assert_eq!(names(&text).unwrap(), ["group", "first", "second", "third", "late"]);
    }

    #[test]
    fn a_description_that_cannot_be_meant_is_refused_with_its_file_and_name() {
        for (text, why) in [
            (row("t", "after = \"nothing\""), "nothing"),
            (row("t", "") + &row("t", ""), "twice"),
            (row("t", "").replace("1.3.6.9", "1.3.x"), "1.3.x"),
            (row("t", "").replace("id = 2", "id = 1"), "column"),
            (row("t", "vendr = []"), "vendr"),
            (row("t", "").replace("any", "number"), "number"),
            (row("t", "below = 9"), "whose"),
        ] {
            let flaw = names(&text).unwrap_err();
            assert_eq!(flaw.file, "x.toml");
            assert!(flaw.what.contains(why), "{flaw}");
        }
    }

    #[test]
    fn a_tree_that_every_product_has_stands_below_its_own_number() {
        let text = row("t", "below = 4\nvendor = [\"1.3.6\"]").replace("1.3.6.9", "8");
        let catalog = Catalog::of([("x.toml", text.as_str())].into_iter()).unwrap();
        let entry = |object_id: &[u32]| catalog.tables()[0].entry_in(object_id);
        assert_eq!(entry(&[1, 3, 6, 77, 5]), Some(vec![1, 3, 6, 77, 8]));
        assert_eq!(entry(&[1, 3, 6]), None);
    }
}
