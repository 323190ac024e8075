//! A map as SVG 1.1, for a page (with links) or as a file that stands alone. No script, nothing fetched,
//! text as text: whatever a device calls itself is never markup.

use std::fmt::Write as _;

use super::lay::{LEADING, Layout, PAD, Placed, SIZE, SMALL, in_box};
use super::sheet::{Band, Cut, Paper};
use super::wire::{Mark, marks};
use super::{Fold, Kind, Node};
use crate::report::paper::svg::escape;

/// How much larger a map is on a screen than on paper, so that its text is as large as other text.
const ZOOM: f32 = 1.7;
/// Free space around what is on a sheet, and above it for the heading, in points.
const MARGIN: f32 = 28.0;
const HEAD: f32 = 18.0;
/// What is put on paper.
pub const MARGINS: (f32, f32) = (MARGIN, HEAD);
/// The size of the heading, and of the foot.
const TITLE: f32 = 10.0;

/// What the parts of a picture on a page lead to, and are called.
pub trait Links {
    /// Where the box leads.
    fn node(&self, node: &Node) -> Option<String>;
    /// Where its fold leads, what that is called, and what the link itself is known by on the page.
    fn fold(&self, fold: &Fold) -> (String, String, String);
}

/// For a page: no style and no script in it, colours by the classes of the page's sheet.
pub fn page(
    layout: &Layout<'_>,
    cut: &Cut,
    (title, fit): (&str, bool),
    links: &impl Links,
) -> String {
    let (width, height) = cut.size;
    let size = if fit {
        "width=\"100%\"".to_owned()
    } else {
        format!("width=\"{:.0}\" height=\"{:.0}\"", width * ZOOM, height * ZOOM)
    };
    let mut out = format!(
        "<svg role=\"group\" {size} viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"{SIZE}\" aria-label=\""
    );
    escape(&mut out, title);
    out.push_str("\">\n");
    for band in &cut.bands {
        piece(&mut out, (layout, band), 1.0, Some(links));
    }
    out.push_str("</svg>\n");
    out
}

/// A file: every sheet below the one before, with heading and foot on each.
pub fn file(
    (layout, cut): (&Layout<'_>, &Cut),
    paper: Option<Paper>,
    (title, foot): (&str, &str),
) -> String {
    let (width, height) = cut.size;
    // On paper the margins are in the size; a picture alone gets them here.
    let (edge, above) = if paper.is_some() { (0.0, 0.0) } else { (MARGIN, MARGIN + HEAD) };
    let (full, sheet) = (2.0_f32.mul_add(edge, width), height + above + edge);
    let total = sheet * super::lay::real(cut.sheets);
    let mut out = head((full, total), paper, cut.sheets);
    out.push_str("<title>");
    escape(&mut out, title);
    out.push_str("</title>\n");
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "<rect width=\"{full:.1}\" height=\"{total:.1}\" fill=\"#fff\"/>");
    for number in 0..cut.sheets {
        let y = super::lay::real(number) * sheet;
        let page = if cut.sheets > 1 {
            format!(" ({}/{})", number + 1, cut.sheets)
        } else {
            String::new()
        };
        text(&mut out, (MARGIN, y + MARGIN), (TITLE, true), &format!("{title}{page}"));
        text(&mut out, (MARGIN, y + sheet - MARGIN / 2.0), (SMALL, false), foot);
        let _ = writeln!(out, "<g transform=\"translate({edge:.1} {:.1})\">", y + above);
        for band in cut.bands.iter().filter(|band| band.sheet == number) {
            piece(&mut out, (layout, band), cut.scale, None::<&Nothing>);
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// A file leads nowhere.
struct Nothing;

impl Links for Nothing {
    fn node(&self, _: &Node) -> Option<String> {
        None
    }

    fn fold(&self, _: &Fold) -> (String, String, String) {
        Default::default()
    }
}

/// The beginning of a file: its own style, and the size of its pages.
fn head((width, height): (f32, f32), paper: Option<Paper>, sheets: usize) -> String {
    let (size, page) = match paper {
        Some(paper) => {
            let (wide, high) = paper.millimetres();
            let all = usize::from(high) * sheets;
            (
                format!("width=\"{wide}mm\" height=\"{all}mm\""),
                format!("@page{{size:{wide}mm {high}mm;margin:0}}"),
            )
        }
        None => (format!("width=\"{width:.0}pt\" height=\"{height:.0}pt\""), String::new()),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" {size} viewBox=\"0 0 {width:.2} {height:.2}\" font-size=\"{SIZE}\" font-family=\"'IPAexGothic','Noto Sans CJK JP','Yu Gothic','Meiryo',sans-serif\">\n<style>{page}{STYLE}</style>\n"
    )
}

/// What the classes look like in a file; a page has the same in its sheet.
const STYLE: &str = "rect.b{fill:#e9eeed;stroke:#1c2a30;stroke-width:.7}\
    .device rect.b{fill:#fff}.range rect.b{fill:#e6eef8}.outside rect.b{fill:#f4e8f7}\
    .group rect.b{fill:#fff;stroke:#5a6a70}.inferred rect.b{fill:#fff;stroke-dasharray:4 2}\
    .spoken rect.b{fill:#fff;stroke-dasharray:1 2}\
    .unknown rect.b{fill:#fbe9ea;stroke:#a11d2b;stroke-width:1.8}.holds rect.b{stroke:#a11d2b;stroke-width:1.2}\
    path{fill:none;stroke:#1c2a30;stroke-width:.7}path.d{stroke-dasharray:3 2}\
    path.x{stroke:#a11d2b;stroke-width:1.4}.w{fill:#4b575c}.corner{fill:#a11d2b;stroke:none}";

/// One piece at its place.
fn piece(
    out: &mut String,
    (layout, band): (&Layout<'_>, &Band),
    scale: f32,
    links: Option<&impl Links>,
) {
    let (x, y) = (band.at.0, band.from.mul_add(-scale, band.at.1));
    let scaled = if scale < 1.0 { format!(" scale({scale:.4})") } else { String::new() };
    let _ = writeln!(out, "<g transform=\"translate({x:.1} {y:.1}){scaled}\">");
    for mark in marks(layout, band) {
        match mark {
            Mark::Line { from, to, dashed, doubtful } => line(out, (from, to), dashed, doubtful),
            Mark::Text { at, text } => {
                let _ = write!(
                    out,
                    "<text class=\"w\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"{SMALL}\">",
                    at.0, at.1
                );
                escape(out, &text);
                out.push_str("</text>\n");
            }
        }
    }
    let inside = |placed: &&Placed<'_>| placed.at.1 >= band.from && placed.at.1 < band.to;
    for placed in layout.boxes.iter().filter(inside) {
        one(out, placed, links);
    }
    out.push_str("</g>\n");
}

fn line(out: &mut String, (from, to): ((f32, f32), (f32, f32)), dashed: bool, doubtful: bool) {
    let class = match (dashed, doubtful) {
        (false, false) => "",
        (true, false) => " class=\"d\"",
        (false, true) => " class=\"x\"",
        (true, true) => " class=\"d x\"",
    };
    let _ =
        writeln!(out, "<path{class} d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>", from.0, from.1, to.0, to.1);
}

/// The class of what a box stands for.
const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Network => "network",
        Kind::Device => "device",
        Kind::Inferred => "inferred",
        Kind::SpokenOf => "spoken",
        Kind::Group => "group",
        Kind::Range => "range",
        Kind::Outside => "outside",
    }
}

/// A box with its text, and with its links where it has some.
fn one(out: &mut String, placed: &Placed<'_>, links: Option<&impl Links>) {
    let (node, (x, y), (width, height)) = (placed.node, placed.at, placed.size);
    let unknown = match (node.itself, node.undocumented) {
        (true, _) => " unknown",
        (false, true) => " holds",
        (false, false) => "",
    };
    let round = if node.kind == Kind::Outside { 10 } else { 2 };
    let _ = write!(
        out,
        "<g class=\"{}{unknown}\"><rect class=\"b\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"{round}\"/>",
        class(node.kind)
    );
    if node.undocumented {
        // A corner, for who does not see the colour.
        let right = x + width;
        let _ = write!(out, "<path class=\"corner\" d=\"M{:.1} {y:.1}h9v9z\"/>", right - 9.0);
    }
    let to = links.and_then(|links| links.node(node));
    if let Some(to) = &to {
        let fold = if node.fold.is_some() { LEADING } else { 0.0 };
        open_link(out, (to, ""), ((x, y), (width, height - fold)));
        hint(out, node);
    }
    let mut base = y + PAD - 2.0;
    for (number, text) in node.lines.iter().enumerate() {
        base += LEADING;
        let weight = if number == 0 { " font-weight=\"600\"" } else { "" };
        let _ = write!(out, "<text x=\"{:.1}\" y=\"{base:.1}\"{weight}>", x + PAD);
        escape(out, &in_box(text));
        out.push_str("</text>");
    }
    if to.is_some() {
        out.push_str("</a>");
    }
    if let (Some(links), Some(fold)) = (links, &node.fold) {
        let (to, called, id) = links.fold(fold);
        let top = y + height - LEADING - PAD;
        open_link(out, (&to, &id), ((x, top), (width, LEADING + PAD)));
        let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\">", x + PAD, base + LEADING);
        escape(out, &called);
        out.push_str("</text></a>");
    }
    out.push_str("</g>\n");
}

/// A link over a rectangle, which is what one clicks and what shows the focus.
fn open_link(out: &mut String, (to, id): (&str, &str), (at, size): ((f32, f32), (f32, f32))) {
    out.push_str("<a href=\"");
    escape(out, to);
    if !id.is_empty() {
        out.push_str("\" id=\"");
        escape(out, id);
    }
    let _ = write!(
        out,
        "\"><rect class=\"hit\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.0}\" height=\"{:.1}\"/>",
        at.0, at.1, size.0, size.1
    );
}

/// What a pointer over the box shows: what does not fit into it.
fn hint(out: &mut String, node: &Node) {
    let long = node.lines.first().filter(|name| in_box(name) != **name);
    let texts = long.into_iter().chain(&node.notes).map(|text| crate::report::safe::cut(text, 200));
    let texts: Vec<_> = texts.collect();
    if !texts.is_empty() {
        out.push_str("<title>");
        escape(out, &texts.join("\n"));
        out.push_str("</title>");
    }
}

fn text(out: &mut String, at: (f32, f32), (size, bold): (f32, bool), text: &str) {
    let weight = if bold { " font-weight=\"600\"" } else { "" };
    let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\"{weight}>", at.0, at.1);
    escape(out, text);
    out.push_str("</text>\n");
}
