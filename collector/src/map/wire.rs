//! The lines between the boxes of a piece, and what stands on them. Where a line comes from another
//! piece it begins above this one, with the name of the box it belongs to.

use super::lay::{Layout, Placed, on_edge};
use super::sheet::{ABOVE, Band};

/// A line or a text on it, in the coordinates of the layout.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// A straight line.
    Line { from: (f32, f32), to: (f32, f32), dashed: bool, doubtful: bool },
    /// What stands on a line.
    Text { at: (f32, f32), text: String },
}

/// Above the line, and below it.
const OVER: f32 = -2.0;
const UNDER: f32 = 6.5;
/// From the line downwards to what stands beside it.
const BESIDE: f32 = 3.0;

/// The piece that is all.
pub(super) const fn whole(layout: &Layout<'_>) -> Band {
    Band { from: 0.0, to: layout.size.1, at: (0.0, 0.0), sheet: 0 }
}

/// Everything between the boxes of a piece.
pub(super) fn marks(layout: &Layout<'_>, band: &Band) -> Vec<Mark> {
    let mut below: Vec<Vec<&Placed<'_>>> = vec![Vec::new(); layout.boxes.len()];
    for placed in &layout.boxes {
        if let Some(of) = placed.parent.and_then(|parent| below.get_mut(parent)) {
            of.push(placed);
        }
    }
    let mut marks = Vec::new();
    for (parent, children) in layout.boxes.iter().zip(&below) {
        if !children.is_empty() {
            group(parent, children, band, &mut marks);
        }
    }
    marks
}

/// Whether a height lies in a piece.
fn within(y: f32, band: &Band) -> bool {
    y >= band.from && y < band.to
}

/// The lines from a box to all that hangs on it.
fn group(parent: &Placed<'_>, children: &[&Placed<'_>], band: &Band, marks: &mut Vec<Mark>) {
    let all = || children.iter().map(|child| child.middle()).chain([parent.middle()]);
    let (first, last) = (all().fold(f32::MAX, f32::min), all().fold(f32::MIN, f32::max));
    if last < band.from || first >= band.to {
        return;
    }
    let knee = parent.knee();
    let plain = |from, to| Mark::Line { from, to, dashed: false, doubtful: false };
    let top = if first < band.from { band.from - ABOVE / 2.0 } else { first };
    let bottom = if last >= band.to { band.to + ABOVE / 2.0 } else { last };
    if bottom > top {
        marks.push(plain((knee, top), (knee, bottom)));
    }
    if first < band.from {
        let name = parent.node.lines.first().map(String::as_str).unwrap_or_default();
        let text = format!("… {}", on_edge(name));
        marks.push(Mark::Text { at: (knee + BESIDE, band.from - BESIDE), text });
    }
    if within(parent.middle(), band) {
        let from = (parent.at.0 + parent.size.0, parent.middle());
        marks.push(plain(from, (knee, parent.middle())));
    }
    for child in children.iter().filter(|child| within(child.middle(), band)) {
        let (y, edge) = (child.middle(), child.edge());
        marks.push(Mark::Line {
            from: (knee, y),
            to: (child.at.0, y),
            dashed: edge.dashed,
            doubtful: edge.doubtful,
        });
        for (text, above) in [(&edge.text, OVER), (&edge.note, UNDER)] {
            if !text.is_empty() {
                let at = (knee + BESIDE, y + above);
                marks.push(Mark::Text { at, text: on_edge(text) });
            }
        }
    }
}
