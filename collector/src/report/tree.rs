//! A tree as a drawing: from left to right, a box a node, no two boxes on each other. Nodes that have many
//! leaves fold them into lines of their own box before they come here.

use crate::report::paper::drawing::{Drawing, Ink, Shape};

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What its box says, a line each; the first is its name.
    pub lines: Vec<String>,
    /// What the line from its parent says: ports.
    pub edge: String,
    /// Whether the line to it is dashed: it is inferred, or kept in reserve.
    pub dashed: bool,
    /// Whether it stands out.
    pub alert: bool,
    /// What hangs on it.
    pub children: Vec<Self>,
}

/// Size of the text, in points.
const SIZE: f32 = 7.0;
const LEADING: f32 = 9.0;
const PAD: f32 = 4.0;
/// Between boxes, downwards and to the right. Ports are written on the way to the right.
const GAP: (f32, f32) = (96.0, 8.0);
/// The width of a box.
const WIDTH: f32 = 150.0;
/// Characters of half width that a line of a box, and the text on a line, holds.
const LINE: usize = 38;
const EDGE: usize = 24;
/// Levels that are drawn; what is deeper is told by number.
const DEPTH: usize = 24;

/// Draws trees below each other.
pub fn draw(roots: &[Node]) -> Drawing {
    let mut drawing = Drawing::default();
    let mut y = 0.0;
    for root in roots {
        let (_, below) = place(root, (0, y), &mut drawing);
        y = below + GAP.1;
    }
    drawing.size.1 = (y - GAP.1).max(0.0);
    drawing
}

/// Places a node with what hangs on it; returns the middle of its box and where all of it ends.
fn place(node: &Node, (depth, top): (usize, f32), drawing: &mut Drawing) -> (f32, f32) {
    let x = real(depth) * (WIDTH + GAP.0);
    let height = real(node.lines.len().max(1)) * LEADING + 2.0 * PAD;
    let mut middles: Vec<(f32, &Node)> = Vec::new();
    let mut below = top;
    if depth < DEPTH {
        for child in &node.children {
            let (middle, end) = place(child, (depth + 1, below), drawing);
            middles.push((middle, child));
            below = end + GAP.1;
        }
    }
    let spread = below - if middles.is_empty() { 0.0 } else { GAP.1 };
    let middle = match (middles.first(), middles.last()) {
        (Some(first), Some(last)) => f32::midpoint(first.0, last.0).max(top + height / 2.0),
        _ => top + height / 2.0,
    };
    frame(node, (x, middle - height / 2.0), height, drawing);
    let knee = x + WIDTH + 14.0;
    if !middles.is_empty() {
        line(drawing, (x + WIDTH, middle), (knee, middle), false);
    }
    for (there, child) in middles {
        line(drawing, (knee, middle), (knee, there), false);
        line(drawing, (knee, there), (x + WIDTH + GAP.0, there), child.dashed);
        let at = (knee + 3.0, there - 2.0);
        let text = narrow(&child.edge, EDGE);
        drawing.shapes.push(Shape::Text { at, size: 5.5, ink: Ink::Grey, text });
    }
    drawing.size.0 = drawing.size.0.max(x + WIDTH);
    (middle, spread.max(middle + height / 2.0))
}

fn line(drawing: &mut Drawing, from: (f32, f32), to: (f32, f32), dashed: bool) {
    drawing.shapes.push(Shape::Line { from, to, dashed });
}

fn frame(node: &Node, at: (f32, f32), height: f32, drawing: &mut Drawing) {
    let fill = Some(if node.alert { Ink::Alert } else { Ink::Pale });
    let size = (WIDTH, height);
    drawing.shapes.push(Shape::Frame { at, size, fill, line: Some(Ink::Black) });
    let mut y = at.1 + PAD;
    for text in &node.lines {
        y += LEADING;
        let text = narrow(text, LINE);
        let place = (at.0 + PAD, y - 2.0);
        drawing.shapes.push(Shape::Text { at: place, size: SIZE, ink: Ink::Black, text });
    }
}

/// The beginning of a text that is at most so many characters of half width wide.
fn narrow(text: &str, most: usize) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if text.width() <= most {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= most
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn real(count: usize) -> f32 {
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, children: Vec<Node>) -> Node {
        Node { lines: vec![name.to_owned()], children, ..Node::default() }
    }

    fn frames(drawing: &Drawing) -> Vec<(f32, f32, f32, f32)> {
        let frames = drawing.shapes.iter().filter_map(|shape| match shape {
            Shape::Frame { at, size, .. } => Some((at.0, at.1, at.0 + size.0, at.1 + size.1)),
            Shape::Line { .. } | Shape::Text { .. } => None,
        });
        frames.collect()
    }

    #[test]
    fn no_two_boxes_lie_on_each_other_and_all_lie_inside() {
        let leaves = |n: usize| (0..n).map(|i| node(&i.to_string(), vec![])).collect::<Vec<_>>();
        let mut middle = node("m", leaves(3));
        middle.lines.extend((0..12).map(|i| i.to_string()));
        let trees = [node("a", vec![middle, node("n", leaves(1))]), node("b", leaves(4))];
        let drawing = draw(&trees);
        let frames = frames(&drawing);
        assert_eq!(frames.len(), 12);
        for (index, a) in frames.iter().enumerate() {
            assert!(a.0 >= 0.0 && a.1 >= 0.0 && a.2 <= drawing.size.0 && a.3 <= drawing.size.1);
            for b in &frames[index + 1..] {
                let apart = a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                assert!(apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_name_of_ten_thousand_characters_stays_in_its_box() {
        let long = "長".repeat(10_000);
        let drawing = draw(&[node(&long, vec![])]);
        let texts = drawing.shapes.iter().filter_map(|shape| match shape {
            Shape::Text { text, .. } => Some(text.chars().count()),
            Shape::Frame { .. } | Shape::Line { .. } => None,
        });
        assert_eq!(texts.max(), Some(19));
    }
}
