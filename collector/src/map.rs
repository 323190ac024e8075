//! The map of the network, twice: how it is cabled ([`physical`]) and how networks lead into each other
//! and out of the hospital ([`network`]). What many devices would make unreadable is folded: a fold says
//! how many of which class are in it, and opens when it is wished for.
//!
//! Both are a forest of [`Node`]s, made from a picture alone; [`lay`] gives every node a place, the
//! same for the same forest, [`sheet`] cuts what is too high into columns and sheets. [`svg`] draws it,
//! [`paper`] makes shapes of it for reports, [`row`] tells the same in words. How much is drawn is
//! bounded ([`Wish::most`]), however large the hospital is.

use std::collections::BTreeSet;

use daicho_common::coverage::Coverage;
use ipnet::IpNet;

use crate::ledger::Ledger;
use crate::picture::Picture;
use crate::register::Register;
use crate::resolve::{Device, DeviceId};
use crate::words::Lang;

/// Devices of a place, by class or one by one.
mod crowd;
/// Who hangs on whom.
mod graph;
/// A place for every node.
pub mod lay;
/// How networks lead into each other, and out.
pub mod network;
/// Shapes for reports.
pub mod paper;
/// How it is cabled.
pub mod physical;
/// The same in words, a row a node.
pub mod row;
/// Where every end device hangs.
mod seat;
/// Columns and sheets.
pub mod sheet;
/// SVG.
pub mod svg;
/// The lines between boxes.
mod wire;

#[cfg(test)]
mod tests;

/// Boxes that one picture holds at most, unless another number is wished for.
pub const MOST: usize = 400;
/// Devices that an open fold shows at most.
const LISTED: usize = 150;
/// Characters of a text that are kept: what boxes and rows show is shorter still.
const LONGEST: usize = 300;
/// Levels that are drawn below each other; what is deeper stays folded.
const DEPTH: usize = 24;

/// Devices that are looked up by their ids. A picture has them in this order, so that to sort them is to
/// look once at each.
#[derive(Debug)]
struct ById<'a>(Vec<&'a Device>);

impl<'a> ById<'a> {
    fn of(devices: &'a [Device]) -> Self {
        let mut all: Vec<&Device> = devices.iter().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Self(all)
    }

    fn get(&self, id: &DeviceId) -> Option<&'a Device> {
        let at = self.0.binary_search_by(|device| device.id.cmp(id)).ok()?;
        self.0.get(at).copied()
    }
}

/// What a map is made of.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What was derived.
    pub picture: &'a Picture,
    /// The hospital's book, whose numbers the register names.
    pub ledger: &'a Ledger,
    /// What is declared of ways in.
    pub register: &'a Register,
    /// The networks that were looked at: name and address range.
    pub networks: &'a [(String, String)],
    /// The reader's language.
    pub lang: Lang,
}

/// What is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Folds that are open, by their keys.
    pub open: BTreeSet<String>,
    /// The device below which alone is drawn.
    pub at: Option<String>,
    /// How many boxes at most, at least one.
    pub most: usize,
}

impl Default for Wish {
    fn default() -> Self {
        Self { open: BTreeSet::new(), at: None, most: MOST }
    }
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A device that others hang on, or a gateway.
    #[default]
    Network,
    /// Any other device.
    Device,
    /// A hub or switch that must be there, though nobody has seen it.
    Inferred,
    /// A network device that others speak of and that was not found itself.
    SpokenOf,
    /// A port, or several devices as one.
    Group,
    /// A network.
    Range,
    /// What is outside the hospital.
    Outside,
}

/// Where a box leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum To {
    /// Nowhere.
    #[default]
    Nothing,
    /// To the page of a device.
    Device(DeviceId),
    /// To the devices of a network.
    Range(String),
    /// To the map of what is below this device alone.
    Below(String),
}

/// A fold of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What it is opened and closed by.
    pub key: String,
    /// Whether it is open.
    pub open: bool,
    /// How many devices are in it.
    pub devices: usize,
}

/// How a box hangs on the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// What stands on the line: ports.
    pub text: String,
    /// What is to be known of it: that it is in reserve, or in doubt.
    pub note: String,
    /// Whether the line is dashed: it is inferred, or kept in reserve.
    pub dashed: bool,
    /// Whether something contradicts it.
    pub doubtful: bool,
}

/// A box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: Kind,
    /// What it says, a line each; the first is its name.
    pub lines: Vec<String>,
    /// What else is to be known of it, a sentence each: not in the box, but beside it and in the table.
    pub notes: Vec<String>,
    /// Whether it is an undocumented device, or has some folded in it.
    pub undocumented: bool,
    /// Whether it is one itself.
    pub itself: bool,
    /// Where it leads.
    pub to: To,
    /// Its fold, if it has one.
    pub fold: Option<Fold>,
    /// How it hangs on the one before.
    pub edge: Edge,
    /// What hangs on it.
    pub children: Vec<Self>,
}

/// A map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// The boxes, as trees.
    pub roots: Vec<Node>,
    /// Whether something stayed folded for want of room.
    pub cut: bool,
}

/// The networks that were looked at: name and address range, without ranges that lie in another of the
/// same network.
pub fn networks(coverage: &[Coverage]) -> Vec<(String, String)> {
    let all: BTreeSet<(&str, IpNet)> =
        coverage.iter().map(|one| (one.vantage.network.as_str(), one.cidr)).collect();
    let inside = |name: &str, range: IpNet| {
        all.iter().any(|(of, other)| *of == name && *other != range && other.contains(&range))
    };
    let outer = all.iter().filter(|(name, range)| !inside(name, *range));
    outer.map(|(name, range)| ((*name).to_owned(), range.to_string())).collect()
}

/// A line of text as it may stand in a box: on one line, not endless, with nothing that turns or hides other text.
fn line(text: &str) -> String {
    let begin = crate::report::safe::cut(text, LONGEST);
    crate::report::safe::shown(&begin).replace('\n', " ")
}

/// The key of a fold: as it is where it is short and plain, else its digest, so that addresses of pages
/// stay short whatever ports and networks are called.
pub fn key(parts: &[&str]) -> String {
    use sha2::{Digest as _, Sha256};
    let whole = parts.join("|");
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:|/@".contains(&octet);
    if whole.len() <= 48 && whole.bytes().all(plain) {
        return whole;
    }
    let digest = Sha256::digest(whole.as_bytes());
    let hex = digest.iter().take(10).map(|octet| format!("{octet:02x}"));
    std::iter::once("+".to_owned()).chain(hex).collect()
}
