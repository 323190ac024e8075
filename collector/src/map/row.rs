//! A map in words: a row for each box, after the one on which it hangs. What a screen reader reads, and
//! whoever would rather read a table.

use super::{Map, Node};

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'n> {
    /// What it tells of.
    pub node: &'n Node,
    /// How deep it stands, from 1.
    pub level: usize,
    /// What it hangs on; empty for a root.
    pub on: &'n str,
}

/// The rows of a map.
pub fn rows(map: &Map) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for root in &map.roots {
        add(root, (1, ""), &mut rows);
    }
    rows
}

fn add<'n>(node: &'n Node, (level, on): (usize, &'n str), rows: &mut Vec<Row<'n>>) {
    rows.push(Row { node, level, on });
    let name = node.lines.first().map(String::as_str).unwrap_or_default();
    for child in &node.children {
        add(child, (level + 1, name), rows);
    }
}
