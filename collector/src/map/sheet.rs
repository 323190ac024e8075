//! A layout as columns of a picture, and as sheets of paper: it is cut between boxes, and where a line
//! goes on in the next column both ends say so.

use super::lay::{Layout, Placed, WIDTH, real};

/// Between columns.
const BESIDE: f32 = 40.0;
/// Room above a column, for what goes on from the one before.
pub const ABOVE: f32 = 12.0;

/// A paper, landscape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A3 (ISO 216).
    A3,
    /// A4 (ISO 216).
    A4,
}

impl Paper {
    /// Width and height in millimetres.
    pub const fn millimetres(self) -> (u16, u16) {
        match self {
            Self::A3 => (420, 297),
            Self::A4 => (297, 210),
        }
    }

    /// Width and height in points.
    pub fn points(self) -> (f32, f32) {
        let (width, height) = self.millimetres();
        let points = |mm: u16| f32::from(mm) * 72.0 / 25.4;
        (points(width), points(height))
    }
}

/// A piece of a layout: what lies between two heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Its upper end in the layout.
    pub from: f32,
    /// Its lower end.
    pub to: f32,
    /// Where its upper left corner is put, and by how much it is scaled.
    pub at: (f32, f32),
    /// On which sheet, from 0.
    pub sheet: usize,
}

/// A layout, cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// The pieces.
    pub bands: Vec<Band>,
    /// Width and height of a sheet.
    pub size: (f32, f32),
    /// How many sheets there are, 1 or more.
    pub sheets: usize,
    /// By how much everything on them is scaled, at most 1.
    pub scale: f32,
}

/// In columns, about twice as wide as high: as a screen is.
pub fn columns(layout: &Layout<'_>) -> Cut {
    let (width, height) = (layout.size.0.max(WIDTH), layout.size.1.max(1.0));
    let wide = ((2.0 * height) / (width + BESIDE)).sqrt().round().clamp(1.0, 12.0);
    let most = (height / wide + 1.0).max(480.0);
    let cuts = cuts(layout, most);
    let bands = cuts.iter().enumerate().map(|(column, (from, to))| Band {
        from: *from,
        to: *to,
        at: (real(column) * (width + BESIDE), ABOVE),
        sheet: 0,
    });
    let tallest = cuts.iter().map(|(from, to)| to - from).fold(0.0, f32::max);
    let across = real(cuts.len()).mul_add(width + BESIDE, -BESIDE);
    let size = (across, tallest + 2.0 * ABOVE);
    Cut { bands: bands.collect(), size, sheets: 1, scale: 1.0 }
}

/// On sheets of paper: what is too wide is made smaller, what is too high goes on beside and on the next.
/// `head` is left free above, `margin` all around.
pub fn sheets(layout: &Layout<'_>, paper: Paper, (margin, head): (f32, f32)) -> Cut {
    let size = paper.points();
    let (wide, high) = (2.0_f32.mul_add(-margin, size.0), 2.0_f32.mul_add(-margin, size.1) - head);
    let width = layout.size.0.max(WIDTH);
    let scale = (wide / width).min(1.0);
    let most = (high / scale - 2.0 * ABOVE).max(1.0);
    let beside = (wide + BESIDE) / (width * scale + BESIDE);
    // Twelve are more than a sheet of any paper holds.
    let columns = (1..=12_u16).take_while(|n| f32::from(*n) <= beside.max(1.0)).count().max(1);
    let cuts = cuts(layout, most);
    let bands = cuts.iter().enumerate().map(|(number, (from, to))| {
        let x = real(number % columns).mul_add(width * scale + BESIDE, margin);
        let at = (x, margin + head + ABOVE * scale);
        Band { from: *from, to: *to, at, sheet: number / columns }
    });
    let bands: Vec<Band> = bands.collect();
    let sheets = bands.last().map_or(1, |band| band.sheet + 1);
    Cut { bands, size, sheets, scale }
}

/// Where to cut so that no piece is higher than `most` and no box is cut that is not higher itself.
fn cuts(layout: &Layout<'_>, most: f32) -> Vec<(f32, f32)> {
    let mut order: Vec<&Placed<'_>> = layout.boxes.iter().collect();
    order.sort_by(|a, b| a.at.1.total_cmp(&b.at.1));
    let mut bands = Vec::new();
    let mut top = 0.0;
    while layout.size.1 - top > most {
        let mut end = top + most;
        // Backwards: whoever begins above the cut and ends below it moves it up.
        for placed in order.iter().rev() {
            if placed.at.1 < end && placed.end() > end && placed.at.1 > top {
                end = placed.at.1;
            }
        }
        bands.push((top, end));
        top = end;
    }
    bands.push((top, layout.size.1));
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Node;
    use crate::map::lay::lay;

    fn forest(leaves: usize) -> Vec<Node> {
        let leaf = |n: usize| Node { lines: vec![n.to_string()], ..Node::default() };
        let mut root = leaf(0);
        root.children = (0..leaves).map(leaf).collect();
        vec![root]
    }

    #[test]
    fn every_box_lies_whole_in_just_one_piece() {
        for leaves in [1, 7, 60, 400] {
            let forest = forest(leaves);
            let layout = lay(&forest);
            let papers = [Paper::A3, Paper::A4].map(|paper| sheets(&layout, paper, (28.0, 20.0)));
            for cut in papers.iter().chain([&columns(&layout)]) {
                for placed in &layout.boxes {
                    let inside = |band: &&Band| placed.at.1 >= band.from && placed.end() <= band.to;
                    assert_eq!(cut.bands.iter().filter(inside).count(), 1, "{leaves}");
                }
                for pair in cut.bands.windows(2) {
                    assert!((pair[0].to - pair[1].from).abs() < 0.01 && pair[0].from < pair[0].to);
                }
            }
        }
    }

    #[test]
    fn pieces_stay_on_their_sheet() {
        let forest = forest(400);
        let layout = lay(&forest);
        for paper in [Paper::A3, Paper::A4] {
            let cut = sheets(&layout, paper, (28.0, 20.0));
            assert!(cut.sheets > 1);
            for band in &cut.bands {
                assert!(band.at.0 + layout.size.0 * cut.scale <= cut.size.0 - 27.0);
                assert!(band.at.1 + (band.to - band.from) * cut.scale <= cut.size.1 - 27.0);
            }
        }
    }

    #[test]
    fn a_wide_tree_becomes_as_narrow_as_the_paper() {
        let mut node = Node { lines: vec!["x".into()], ..Node::default() };
        for _ in 0..20 {
            node = Node { lines: vec!["x".into()], children: vec![node], ..Node::default() };
        }
        let forest = [node];
        let layout = lay(&forest);
        let cut = sheets(&layout, Paper::A4, (28.0, 20.0));
        assert!(cut.scale < 0.2 && cut.sheets == 1);
        assert!(layout.size.0 * cut.scale <= cut.size.0);
    }
}
