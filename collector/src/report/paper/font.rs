//! A font as it lies on the system: its octets, and how wide its characters are. None is shipped, because
//! its licence is not ours; a PDF gets the characters that it uses.

use std::collections::HashMap;

use krilla::text::{Font as Embedded, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

use super::fold::Measure;

/// What stands for a character that the font lacks, best first.
const MISSING: [char; 3] = ['〓', '□', '?'];

/// Why octets are no font for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFont {
    /// They are no OpenType font or collection.
    #[error("no OpenType font")]
    NoFont,
    /// It has no Japanese characters.
    #[error("a font without Japanese characters")]
    NotJapanese,
}

/// A font.
pub struct Font {
    pub(super) embedded: Embedded,
    /// Glyph and width in ems by character.
    glyphs: HashMap<char, (u32, f32)>,
    missing: (u32, f32),
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Font").field("glyphs", &self.glyphs.len()).finish_non_exhaustive()
    }
}

impl Font {
    /// A font from the octets of a file; of a collection the first, which in Noto CJK is Japanese.
    ///
    /// # Errors
    /// See [`BadFont`].
    pub fn read(octets: Vec<u8>) -> Result<Self, BadFont> {
        let glyphs = {
            let font = FontRef::from_index(&octets, 0).map_err(|_| BadFont::NoFont)?;
            let metrics: GlyphMetrics<'_> =
                font.glyph_metrics(Size::new(1.0), LocationRef::default());
            let known = font.charmap().mappings().filter_map(|(code, glyph)| {
                let advance = metrics.advance_width(glyph)?;
                Some((char::from_u32(code)?, (glyph.to_u32(), advance)))
            });
            known.collect::<HashMap<char, (u32, f32)>>()
        };
        if !['台', '帳', 'あ', 'ー'].iter().all(|c| glyphs.contains_key(c)) {
            return Err(BadFont::NotJapanese);
        }
        let missing = MISSING.iter().find_map(|c| glyphs.get(c)).copied().unwrap_or((0, 1.0));
        let embedded = Embedded::new(octets.into(), 0).ok_or(BadFont::NoFont)?;
        Ok(Self { embedded, glyphs, missing })
    }

    fn glyph(&self, c: char) -> (u32, f32) {
        self.glyphs.get(&c).copied().unwrap_or(self.missing)
    }

    /// The glyphs of a text, each beside the one before it.
    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(at, c): (usize, char)| {
            let (id, advance) = self.glyph(c);
            let range = at..at + c.len_utf8();
            KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(glyph).collect()
    }
}

impl Measure for Font {
    fn em(&self, c: char) -> f32 {
        self.glyph(c).1
    }
}
