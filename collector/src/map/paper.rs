//! A map as shapes for a report, which cuts them into pages itself.

use super::lay::{LEADING, Layout, PAD, Placed, SIZE, SMALL, in_box, lay};
use super::wire::{Mark, marks, whole};
use super::{Kind, Map};
use crate::report::paper::drawing::{Drawing, Ink, Shape};

/// The shapes.
pub fn draw(map: &Map) -> Drawing {
    let layout = lay(&map.roots);
    let mut shapes: Vec<Shape> = Vec::new();
    for placed in &layout.boxes {
        frame(placed, &mut shapes);
    }
    shapes.extend(lines(&layout));
    Drawing { size: layout.size, shapes }
}

fn lines(layout: &Layout<'_>) -> impl Iterator<Item = Shape> {
    marks(layout, &whole(layout)).into_iter().map(|mark| match mark {
        Mark::Line { from, to, dashed, .. } => Shape::Line { from, to, dashed },
        Mark::Text { at, text } => Shape::Text { at, size: SMALL, ink: Ink::Grey, text },
    })
}

fn frame(placed: &Placed<'_>, shapes: &mut Vec<Shape>) {
    let node = placed.node;
    let open = matches!(node.kind, Kind::Inferred | Kind::SpokenOf | Kind::Group);
    let fill = if node.itself { Some(Ink::Alert) } else { (!open).then_some(Ink::Pale) };
    let (at, size) = (placed.at, placed.size);
    shapes.push(Shape::Frame { at, size, fill, line: Some(Ink::Black) });
    let mut y = placed.at.1 + PAD;
    for text in &node.lines {
        y += LEADING;
        let at = (placed.at.0 + PAD, y - 2.0);
        shapes.push(Shape::Text { at, size: SIZE, ink: Ink::Black, text: in_box(text) });
    }
}
