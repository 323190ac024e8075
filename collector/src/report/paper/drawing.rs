//! Shapes at places, in points (1/72 inch), from the upper left corner: what pages and drawings are made
//! of.

/// A colour. Nothing is told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Text and outlines.
    Black,
    /// Rules and what matters less.
    Grey,
    /// The ground of headings.
    Pale,
    /// The ground of what somebody fills in.
    Open,
    /// The ground of what stands out.
    Alert,
}

impl Ink {
    /// Red, green and blue.
    pub const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Black => (0x1a, 0x1a, 0x1a),
            // Small text is written in it too: 5.6 to 1 on white.
            Self::Grey => (0x60, 0x67, 0x6f),
            Self::Pale => (0xe4, 0xe9, 0xef),
            Self::Open => (0xff, 0xf8, 0xe1),
            Self::Alert => (0xfb, 0xe0, 0xd6),
        }
    }
}

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A rectangle.
    Frame {
        /// Its upper left corner.
        at: (f32, f32),
        /// Width and height.
        size: (f32, f32),
        /// What fills it.
        fill: Option<Ink>,
        /// Its outline.
        line: Option<Ink>,
    },
    /// A straight line.
    Line {
        /// From here.
        from: (f32, f32),
        /// To there.
        to: (f32, f32),
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A line of text.
    Text {
        /// Where its base line begins.
        at: (f32, f32),
        /// Its size.
        size: f32,
        /// Its colour.
        ink: Ink,
        /// What it says.
        text: String,
    },
}

impl Shape {
    /// Its upper and lower end.
    pub fn span(&self) -> (f32, f32) {
        match self {
            Self::Frame { at, size, .. } => (at.1, at.1 + size.1),
            Self::Line { from, to, .. } => (from.1.min(to.1), from.1.max(to.1)),
            Self::Text { at, size, .. } => (at.1 - size, at.1),
        }
    }

    /// The same elsewhere and of another size: first scaled, then moved.
    #[must_use]
    pub fn moved(&self, (x, y): (f32, f32), scale: f32) -> Self {
        let place = |(px, py): (f32, f32)| (px.mul_add(scale, x), py.mul_add(scale, y));
        match self {
            Self::Frame { at, size, fill, line } => Self::Frame {
                at: place(*at),
                size: (size.0 * scale, size.1 * scale),
                fill: *fill,
                line: *line,
            },
            Self::Line { from, to, dashed } => {
                Self::Line { from: place(*from), to: place(*to), dashed: *dashed }
            }
            Self::Text { at, size, ink, text } => {
                Self::Text { at: place(*at), size: size * scale, ink: *ink, text: text.clone() }
            }
        }
    }
}

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// Width and height.
    pub size: (f32, f32),
    /// Its shapes, the hindmost first.
    pub shapes: Vec<Shape>,
}

impl Drawing {
    /// Where to cut it so that the first piece is not higher than `first`, no other than `most`, and no
    /// rectangle is cut, if none is higher itself: upper and lower end of each piece.
    pub fn bands(&self, first: f32, most: f32) -> Vec<(f32, f32)> {
        let mut bands = Vec::new();
        let mut top = 0.0;
        loop {
            let most = if bands.is_empty() { first } else { most };
            if self.size.1 - top <= most {
                break;
            }
            let frames = self.shapes.iter().filter(|shape| matches!(shape, Shape::Frame { .. }));
            let end = frames.map(Shape::span).fold(top + most, |end, (from, to)| {
                if from > top && from < end && to > end { from } else { end }
            });
            bands.push((top, end));
            top = end;
        }
        bands.push((top, self.size.1));
        bands
    }

    /// The shapes of a piece; lines that lead out of it end at its edge.
    pub fn piece(&self, (top, end): (f32, f32)) -> impl Iterator<Item = Shape> {
        self.shapes.iter().filter_map(move |shape| match shape {
            Shape::Line { from, to, dashed } => {
                let (a, b) = shape.span();
                let inside = b >= top && a < end;
                let clamp = |(x, y): (f32, f32)| (x, y.clamp(top, end));
                inside.then(|| Shape::Line { from: clamp(*from), to: clamp(*to), dashed: *dashed })
            }
            Shape::Frame { .. } | Shape::Text { .. } => {
                let (a, _) = shape.span();
                (a >= top && a < end).then(|| shape.clone())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(y: f32) -> Shape {
        Shape::Frame { at: (0.0, y), size: (10.0, 20.0), fill: None, line: Some(Ink::Black) }
    }

    #[test]
    fn a_high_drawing_is_cut_between_its_boxes_and_lines_end_at_the_edge() {
        let line = Shape::Line { from: (5.0, 0.0), to: (5.0, 100.0), dashed: false };
        let drawing = Drawing {
            size: (10.0, 100.0),
            shapes: vec![line, frame(0.0), frame(30.0), frame(55.0), frame(80.0)],
        };
        let bands = drawing.bands(60.0, 60.0);
        assert_eq!(bands, [(0.0, 55.0), (55.0, 100.0)]);
        let first: Vec<Shape> = drawing.piece(bands[0]).collect();
        assert_eq!(first.len(), 3);
        assert_eq!(first[0].span(), (0.0, 55.0));
        assert_eq!(drawing.piece(bands[1]).count(), 3);
        assert_eq!(drawing.bands(25.0, 60.0), [(0.0, 25.0), (25.0, 80.0), (80.0, 100.0)]);
    }
}
