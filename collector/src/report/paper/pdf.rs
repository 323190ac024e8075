//! Pages: A4 landscape, headings repeated on every page, "page / pages" and the snapshot at the foot. Of
//! the font only the characters that are used are embedded. The paper is composed twice: once to count
//! the pages, once to draw them, so that no page has to be kept.

use std::io::{self, Write};

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};

use super::Paper;
use super::drawing::{Ink, Shape};
use super::font::Font;

mod compose;

use compose::Composer;

/// A4 landscape (ISO 216), in points.
const PAGE: (f32, f32) = (841.89, 595.28);

/// Writes a paper.
///
/// # Errors
/// What the writer says; a paper that no PDF can hold.
pub fn write(out: &mut impl Write, paper: &Paper, font: &Font) -> io::Result<()> {
    let mut pages = 0;
    Composer::new(font, 0, |_| {
        pages += 1;
        Ok(())
    })
    .paper(paper)?;
    let mut document = Document::new_with(SerializeSettings::default());
    document
        .set_metadata(Metadata::new().title(paper.title.clone()).language(paper.lang.to_owned()));
    Composer::new(font, pages, |shapes| page(&mut document, &shapes, font)).paper(paper)?;
    let octets = document.finish().map_err(|error| io::Error::other(format!("{error:?}")))?;
    out.write_all(&octets)
}

fn page(document: &mut Document, shapes: &[Shape], font: &Font) -> io::Result<()> {
    let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
        .ok_or_else(|| io::Error::other("a page without a size"))?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    for shape in shapes {
        draw(&mut surface, shape, font);
    }
    surface.finish();
    page.finish();
    Ok(())
}

fn colour(ink: Ink) -> rgb::Color {
    let (red, green, blue) = ink.rgb();
    rgb::Color::new(red, green, blue)
}

fn draw(surface: &mut Surface<'_>, shape: &Shape, font: &Font) {
    let pen = |ink: Ink, dashed: bool| Stroke {
        paint: colour(ink).into(),
        width: 0.5,
        dash: dashed.then(|| StrokeDash { array: vec![3.0, 2.0], offset: 0.0 }),
        ..Stroke::default()
    };
    let fill = |ink: Ink| Fill { paint: colour(ink).into(), ..Fill::default() };
    match shape {
        Shape::Frame { at, size, fill: ground, line } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(at.0, at.1, size.0, size.1) {
                path.push_rect(rect);
            }
            surface.set_fill(ground.map(fill));
            surface.set_stroke(line.map(|ink| pen(ink, false)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Shape::Line { from, to, dashed } => {
            let mut path = PathBuilder::new();
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            surface.set_fill(None);
            surface.set_stroke(Some(pen(Ink::Black, *dashed)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Shape::Text { at, size, ink, text } => {
            surface.set_stroke(None);
            surface.set_fill(Some(fill(*ink)));
            let glyphs = font.glyphs(text);
            let place = Point::from_xy(at.0, at.1);
            surface.draw_glyphs(place, &glyphs, font.embedded.clone(), text, *size, false);
        }
    }
}
