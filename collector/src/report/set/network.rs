//! 8: ネットワーク構成図. The network devices as trees, from the gateways outwards, with what hangs on each
//! folded by class; then links, ports behind which a hub must be, and the networks as tables.

use std::collections::{BTreeMap, BTreeSet};

use super::{Name, Told, verdicts};
use crate::report::paper::{Paper, Part, Table};
use crate::report::tree::{Node, draw};
use crate::report::{class, wiring};
use crate::resolve::{Device, DeviceId};
use crate::topology::{End, Link};
use crate::words::Word;

pub(super) fn make(told: &Told<'_>) -> Paper {
    let mut paper = told.paper(Name::Network);
    let mut roots = Graph::of(told).roots();
    if roots.is_empty() {
        let lines = vec![told.say(Word::LinksNone).to_owned()];
        roots.push(Node { lines, ..Node::default() });
    }
    let title = told.say(Word::PaperDrawing).to_owned();
    paper.parts.push(Part::Drawing(title, draw(&roots)));
    for table in [
        wiring::links(&told.shown),
        wiring::shared(&told.shown, wiring::is_hub),
        wiring::contradictions(&told.shown),
    ] {
        paper.parts.push(Part::Table(as_table(told, &table)));
    }
    paper.parts.push(Part::Table(verdicts::looked(told)));
    paper.notes.push(told.say(Word::PaperDrawingNote).to_owned());
    paper
}

fn as_table(told: &Told<'_>, from: &crate::report::table::Table) -> Table {
    let headings = from.headings.iter().map(String::as_str);
    let mut table = Table::new(&from.name, headings, told.say(Word::PaperNothing));
    for row in &from.rows {
        table.push(row);
    }
    table
}

/// An end by its device, else by its name: who is only spoken of has no device.
fn vertex(end: &End) -> String {
    end.device.as_ref().map_or_else(|| format!("?{}", end.name), |id| id.0.clone())
}

/// Who hangs on whom, and how many devices of which class on each.
struct Graph<'t, 'a> {
    told: &'t Told<'a>,
    devices: BTreeMap<&'a DeviceId, &'a Device>,
    linked: BTreeSet<String>,
    down: BTreeMap<String, Vec<&'a Link>>,
    below: BTreeSet<String>,
    leaves: BTreeMap<&'a DeviceId, BTreeMap<&'static str, usize>>,
    unknown: BTreeSet<&'a DeviceId>,
}

impl<'t, 'a> Graph<'t, 'a> {
    fn of(told: &'t Told<'a>) -> Self {
        let topology = &told.shown.picture.topology;
        let mut graph = Self {
            told,
            devices: told.devices(),
            linked: BTreeSet::new(),
            down: BTreeMap::new(),
            below: BTreeSet::new(),
            leaves: BTreeMap::new(),
            unknown: BTreeSet::new(),
        };
        for link in &topology.links {
            for end in [&link.near, &link.far] {
                graph.linked.insert(vertex(end));
            }
            graph.below.insert(vertex(&link.far));
            graph.down.entry(vertex(&link.near)).or_default().push(link);
        }
        let undocumented =
            told.shown.picture.matches.iter().filter(|m| m.verdict.is_undocumented());
        graph.unknown = undocumented.filter_map(|found| found.device.as_ref()).collect();
        for device in &told.shown.picture.devices {
            let at: BTreeSet<&DeviceId> =
                device.attached.iter().map(|attached| &attached.value.switch).collect();
            if graph.linked.contains(&device.id.0) {
                continue;
            }
            for switch in at {
                let classes = graph.leaves.entry(switch).or_default();
                *classes.entry(class(told.lang(), device)).or_default() += 1;
            }
        }
        graph
    }

    /// The trees: first what nothing is above, then what stands in rings.
    fn roots(&self) -> Vec<Node> {
        let mut done = BTreeSet::new();
        let of_links: BTreeSet<&String> = self.down.keys().chain(&self.below).collect();
        let alone = self.leaves.keys().map(|id| &id.0);
        let all: BTreeSet<&String> = of_links.into_iter().chain(alone).collect();
        let (first, second): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|name| !self.below.contains(*name));
        let mut roots = Vec::new();
        for name in first.into_iter().chain(second) {
            if done.insert(name.clone()) {
                roots.push(self.node(name, &mut done));
            }
        }
        roots
    }

    fn node(&self, name: &str, done: &mut BTreeSet<String>) -> Node {
        let mut children = Vec::new();
        for link in self.down.get(name).into_iter().flatten() {
            let far = vertex(&link.far);
            if !done.insert(far.clone()) {
                continue;
            }
            let mut child = self.node(&far, done);
            child.edge = format!("{} – {}", link.near.port, link.far.port);
            child.dashed = !link.active;
            children.push(child);
        }
        let id = DeviceId(name.to_owned());
        Node {
            lines: self.lines(name, &id),
            alert: self.unknown.contains(&id),
            children,
            ..Node::default()
        }
    }

    /// What a box says: name, kind and model, addresses, then how many of what hang on it.
    fn lines(&self, name: &str, id: &DeviceId) -> Vec<String> {
        let told = self.told;
        let mut lines = Vec::new();
        if let Some(device) = self.devices.get(id) {
            lines.push(device.called());
            let model = crate::report::maker_and_model(device);
            lines.push(format!("{} {model}", class(told.lang(), device)).trim_end().to_owned());
            let ips = crate::report::ips(device);
            let more = ips.len().saturating_sub(1);
            if let Some(first) = ips.first().filter(|first| **first != device.called()) {
                let more = if more > 0 {
                    told.lang().fill(Word::CommonMore, &[&more])
                } else {
                    String::new()
                };
                lines.push(format!("{first} {more}").trim_end().to_owned());
            }
            if self.unknown.contains(id) {
                lines.push(format!("＋{}", told.say(Word::VerdictUndocumented)));
            }
        } else {
            lines.push(name.trim_start_matches('?').to_owned());
            lines.push(told.say(Word::PaperSpokenOf).to_owned());
        }
        for (class, count) in self.leaves.get(id).into_iter().flatten() {
            lines.push(format!("・{class} × {count}"));
        }
        lines.into_iter().map(|line| crate::report::safe::shown(&line).replace('\n', " ")).collect()
    }
}
