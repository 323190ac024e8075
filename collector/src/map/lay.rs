//! A place for every node: from left to right, a box a node, no two boxes on each other; what hangs on a
//! box hangs on one line downwards beside it. In points (1/72 inch); the same for the same forest.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Edge, Node};

/// Size of the text in boxes.
pub const SIZE: f32 = 7.0;
/// Size of the text on lines.
pub const SMALL: f32 = 5.5;
/// From one line of text to the next.
pub const LEADING: f32 = 9.0;
/// Between a box and its text.
pub const PAD: f32 = 4.0;
/// The width of a box.
pub const WIDTH: f32 = 150.0;
/// Between boxes, downwards and to the right. Ports are written on the way to the right.
const GAP: (f32, f32) = (96.0, 8.0);
/// From a box to the line on which its children hang.
const KNEE: f32 = 14.0;
/// Characters of half width that a line of a box, and the text on a line, holds.
const LINE: usize = 38;
const EDGE: usize = 26;

/// A box at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<'n> {
    /// What is in it.
    pub node: &'n Node,
    /// Its upper left corner.
    pub at: (f32, f32),
    /// Width and height.
    pub size: (f32, f32),
    /// How deep it stands, from 0.
    pub depth: usize,
    /// The box before it, by its number.
    pub parent: Option<usize>,
}

impl Placed<'_> {
    /// The height at which lines meet it.
    pub fn middle(&self) -> f32 {
        self.at.1 + self.size.1 / 2.0
    }

    /// Its lower end.
    pub fn end(&self) -> f32 {
        self.at.1 + self.size.1
    }

    /// Where the line stands on which its children hang.
    pub fn knee(&self) -> f32 {
        self.at.0 + self.size.0 + KNEE
    }

    /// The line that leads to it.
    pub const fn edge(&self) -> &Edge {
        &self.node.edge
    }
}

/// A forest at its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout<'n> {
    /// Width and height.
    pub size: (f32, f32),
    /// The boxes: each after the one on which it hangs, children in their order.
    pub boxes: Vec<Placed<'n>>,
}

/// Gives every node a place.
pub fn lay(roots: &[Node]) -> Layout<'_> {
    let mut layout = Layout::default();
    let mut y = 0.0;
    for root in roots {
        y = place(root, (0, y, None), &mut layout) + GAP.1;
    }
    layout.size.1 = (y - GAP.1).max(0.0);
    layout
}

/// How high a box is: its lines, and one more for its fold.
fn height(node: &Node) -> f32 {
    let lines = node.lines.len().max(1) + usize::from(node.fold.is_some());
    real(lines).mul_add(LEADING, 2.0 * PAD)
}

/// Places a node with what hangs on it; returns where all of it ends.
fn place<'n>(
    node: &'n Node,
    (depth, top, parent): (usize, f32, Option<usize>),
    layout: &mut Layout<'n>,
) -> f32 {
    let x = real(depth) * (WIDTH + GAP.0);
    let size = (WIDTH, height(node));
    let own = layout.boxes.len();
    layout.boxes.push(Placed { node, at: (x, top), size, depth, parent });
    let mut below = top;
    for child in &node.children {
        below = place(child, (depth + 1, below, Some(own)), layout) + GAP.1;
    }
    let spread = below - if node.children.is_empty() { 0.0 } else { GAP.1 };
    // Beside the first of what hangs on it, so that what a page shows first is where everything begins.
    let first = layout.boxes.get(own + 1).filter(|child| child.parent == Some(own));
    let own_middle = top + size.1 / 2.0;
    let middle = first.map_or(own_middle, |first| first.middle().max(own_middle));
    if let Some(own) = layout.boxes.get_mut(own) {
        own.at.1 = middle - size.1 / 2.0;
    }
    layout.size.0 = layout.size.0.max(x + WIDTH);
    spread.max(middle + size.1 / 2.0)
}

/// A line as it fits into a box.
pub fn in_box(text: &str) -> String {
    narrow(text, LINE)
}

/// A text as it fits onto the line between two boxes.
pub fn on_edge(text: &str) -> String {
    narrow(text, EDGE)
}

/// The beginning of a text that is at most so many characters of half width wide.
fn narrow(text: &str, most: usize) -> String {
    // A name of ten thousand characters is not measured to its end.
    let begin: String = text.chars().take(most + 1).collect();
    if begin.chars().count() <= most && begin.width() <= most {
        return begin;
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= most
    };
    begin.chars().take_while(fits).chain(['…']).collect()
}

pub(super) fn real(count: usize) -> f32 {
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Fold;

    fn node(name: &str, children: Vec<Node>) -> Node {
        Node { lines: vec![name.to_owned()], children, ..Node::default() }
    }

    #[test]
    fn no_two_boxes_lie_on_each_other_and_all_lie_inside() {
        let leaves = |n: usize| (0..n).map(|i| node(&i.to_string(), vec![])).collect::<Vec<_>>();
        let mut middle = node("m", leaves(3));
        middle.lines.extend((0..12).map(|i| i.to_string()));
        middle.fold = Some(Fold { key: "k".into(), open: true, devices: 3 });
        let trees = [node("a", vec![middle, node("n", leaves(1))]), node("b", leaves(4))];
        let layout = lay(&trees);
        assert_eq!(layout.boxes.len(), 12);
        for (index, a) in layout.boxes.iter().enumerate() {
            assert!(a.at.0 >= 0.0 && a.at.1 >= 0.0);
            assert!(a.at.0 + a.size.0 <= layout.size.0 && a.end() <= layout.size.1);
            for b in &layout.boxes[index + 1..] {
                let beside = a.at.0 + a.size.0 <= b.at.0 || b.at.0 + b.size.0 <= a.at.0;
                assert!(beside || a.end() <= b.at.1 || b.end() <= a.at.1, "{a:?} {b:?}");
            }
        }
        assert_eq!(layout, lay(&trees), "the same forest has the same places");
    }

    #[test]
    fn a_name_of_ten_thousand_characters_stays_in_its_box() {
        assert_eq!(in_box(&"長".repeat(10_000)).chars().count(), 19);
        assert_eq!(in_box(&"a".repeat(38)), "a".repeat(38));
        assert_eq!(in_box("短い"), "短い");
        // What has no width does not make a line longer than it may be.
        assert!(in_box(&"\u{301}".repeat(10_000)).chars().count() <= 40);
    }
}
