//! Devices of a place: as lines, a class each, or as boxes, a device each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Fold, Kind, Known, LISTED, Node, To, Wish, line};
use crate::fingerprint::Class;
use crate::resolve::{Device, DeviceId};
use crate::words::{Word, phrase};

/// Up to so many undocumented devices in all are drawn one by one, wherever they are.
const SINGLES: usize = 40;

/// What boxes are drawn with.
#[derive(Debug)]
pub(super) struct Pen<'k, 'a> {
    pub(super) known: &'k Known<'a>,
    pub(super) wish: &'k Wish,
    undocumented: BTreeSet<&'a DeviceId>,
    /// How many boxes of devices there is still room for.
    left: usize,
    pub(super) cut: bool,
}

impl<'k, 'a> Pen<'k, 'a> {
    pub(super) fn new(known: &'k Known<'a>, wish: &'k Wish) -> Self {
        let matches = known.picture.matches.iter();
        let undocumented = matches.filter(|found| found.verdict.is_undocumented());
        Self {
            known,
            wish,
            undocumented: undocumented.filter_map(|found| found.device.as_ref()).collect(),
            left: wish.most,
            cut: false,
        }
    }

    pub(super) fn say(&self, word: Word) -> &'static str {
        self.known.lang.say(word)
    }

    pub(super) fn fill(&self, word: Word, with: &dyn std::fmt::Display) -> String {
        self.known.lang.fill(word, &[with])
    }

    pub(super) fn is_undocumented(&self, device: &Device) -> bool {
        self.undocumented.contains(&device.id)
    }

    /// The undocumented ones of some devices, if they are few enough in all to be drawn one by one.
    pub(super) fn singles(&self, of: &[&'a Device]) -> Vec<&'a Device> {
        let few = self.undocumented.len() <= SINGLES;
        of.iter().copied().filter(|device| few && self.is_undocumented(device)).collect()
    }

    /// Takes a place for a box of a device; none is left if this is not so.
    pub(super) fn take(&mut self) -> bool {
        self.cut |= self.left == 0;
        let there = self.left > 0;
        self.left = self.left.saturating_sub(1);
        there
    }

    /// A fold with this key, for so many devices.
    pub(super) fn fold(&self, key: String, devices: usize) -> Option<Fold> {
        let open = self.wish.open.contains(&key);
        (devices > 0).then_some(Fold { key, open, devices })
    }

    /// Devices as lines: how many of which class, and how many of them are undocumented. Tells whether any
    /// is.
    pub(super) fn classes(&self, devices: &[&Device]) -> (Vec<String>, bool) {
        let mut counts: BTreeMap<Class, (usize, usize)> = BTreeMap::new();
        for device in devices {
            let class = device.class.as_ref().map_or(Class::Unknown, |class| class.value);
            let (all, undocumented) = counts.entry(class).or_default();
            *all += 1;
            *undocumented += usize::from(self.is_undocumented(device));
        }
        let any = counts.values().any(|(_, undocumented)| *undocumented > 0);
        let lines = counts.into_iter().map(|(class, (all, undocumented))| {
            let class = self.say(phrase::class(class));
            let lang = self.known.lang;
            match undocumented {
                0 => lang.fill(Word::MapClass, &[&class, &all]),
                some => lang.fill(Word::MapClassUndocumented, &[&class, &all, &some]),
            }
        });
        (lines.collect(), any)
    }

    /// What the box of a device says: its name, what it is, an address.
    pub(super) fn lines(&self, device: &Device) -> Vec<String> {
        let called = device.called();
        let model = crate::report::maker_and_model(device);
        let class = crate::report::class(self.known.lang, device);
        let mut lines = vec![line(&called), line(format!("{class} {model}").trim_end())];
        let ips = crate::report::ips(device);
        if let Some(first) = ips.first().filter(|first| **first != called) {
            lines.push(match ips.len() {
                1 => first.clone(),
                more => format!("{first} {}", self.fill(Word::CommonMore, &(more - 1))),
            });
        }
        if self.is_undocumented(device) {
            lines.push(format!("＋{}", self.say(Word::VerdictUndocumented)));
        }
        lines
    }

    /// The box of a device.
    pub(super) fn device(&self, device: &Device, edge: Edge) -> Node {
        Node {
            kind: Kind::Device,
            lines: self.lines(device),
            undocumented: self.is_undocumented(device),
            itself: self.is_undocumented(device),
            to: To::Device(device.id.clone()),
            edge,
            ..Node::default()
        }
    }

    /// The boxes of devices, by class, and one that tells how many more there are.
    pub(super) fn listed(&mut self, devices: &[&'a Device]) -> Vec<Node> {
        let mut sorted = devices.to_vec();
        sorted.sort_by_cached_key(|device| {
            let class = device.class.as_ref().map_or(Class::Unknown, |class| class.value);
            (!self.is_undocumented(device), class, device.called(), device.id.clone())
        });
        let mut nodes = Vec::new();
        for device in sorted.iter().take(LISTED) {
            if !self.take() {
                break;
            }
            nodes.push(self.device(device, Edge::default()));
        }
        let more = sorted.len() - nodes.len();
        if more > 0 {
            self.cut = true;
            nodes.push(self.rest(self.fill(Word::MapMoreDevices, &more)));
        }
        nodes
    }

    /// A box for what is not drawn.
    #[expect(clippy::unused_self, reason = "every box comes from the pen")]
    pub(super) fn rest(&self, text: String) -> Node {
        Node { kind: Kind::Group, lines: vec![text], ..Node::default() }
    }
}
