//! The map of the network: how it is cabled, and how networks lead into each other, drawn here as SVG with
//! the same as a table below it; and the same as a file. No script: a fold is opened by a link.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::page::{Frame, Reader, device_link, encoded, show, unavailable};
use super::snapshot::Snapshot;
use crate::map::sheet::{self, Paper};
use crate::map::svg::Links;
use crate::map::{Fold, MOST, Map, Node, To, Wish, lay, row, svg};
use crate::report::{safe, wiring};
use crate::words::{Lang, Word};

/// Folds that can be open at once: the address of a page carries them all.
const OPEN: usize = 12;
/// How many times more is drawn where more is asked for.
const MORE: usize = 3;
/// Characters of a name that the table shows.
const CELL: usize = 120;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    networks: bool,
    fit: bool,
    more: bool,
    at: Option<String>,
    /// In the order in which they were opened.
    open: Vec<String>,
    paper: Option<Paper>,
}

impl Asked {
    pub(super) fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match (&*name, &*value) {
                ("view", "network") => asked.networks = true,
                ("size", "fit") => asked.fit = true,
                ("more", "1") => asked.more = true,
                ("sheet", "a3") => asked.paper = Some(Paper::A3),
                ("sheet", "a4") => asked.paper = Some(Paper::A4),
                ("at", at) if !at.is_empty() && at.len() <= 512 => asked.at = Some(at.to_owned()),
                ("open", key) if key.len() <= 64 && !asked.open.iter().any(|one| one == key) => {
                    asked.open.push(key.to_owned());
                }
                _ => {}
            }
        }
        // Of too many the latest stay.
        asked.open.drain(..asked.open.len().saturating_sub(OPEN));
        asked
    }

    fn wish(&self) -> Wish {
        let open: BTreeSet<String> = self.open.iter().cloned().collect();
        let most = if self.more { MOST * MORE } else { MOST };
        Wish { open, at: self.at.clone().filter(|_| !self.networks), most }
    }

    /// The address of this view at a path.
    fn address(&self, path: &str) -> String {
        let mut query = Vec::new();
        if self.networks {
            query.push("view=network".to_owned());
        }
        if self.fit {
            query.push("size=fit".to_owned());
        }
        if self.more {
            query.push("more=1".to_owned());
        }
        query.extend(self.at.iter().map(|at| format!("at={}", encoded(at))));
        query.extend(self.open.iter().map(|key| format!("open={}", encoded(key))));
        match self.paper {
            Some(Paper::A3) => query.push("sheet=a3".to_owned()),
            Some(Paper::A4) => query.push("sheet=a4".to_owned()),
            None => {}
        }
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    fn page(&self) -> String {
        self.address("/map")
    }

    /// The same with this fold opened or closed.
    fn turned(&self, fold: &Fold) -> Self {
        let mut asked = self.clone();
        asked.open.retain(|key| *key != fold.key);
        if !fold.open {
            asked.open.push(fold.key.clone());
            asked.open.drain(..asked.open.len().saturating_sub(OPEN));
        }
        asked
    }

    fn title(&self, lang: Lang) -> String {
        let view = if self.networks { Word::MapNetwork } else { Word::MapPhysical };
        format!("{} — {}", lang.say(Word::MapTitle), lang.say(view))
    }

    pub(super) fn map(&self, snapshot: &Snapshot, lang: Lang) -> Arc<Map> {
        snapshot.map(lang, self.networks, self.wish())
    }
}

/// What boxes lead to on a page.
struct Leads<'a> {
    asked: &'a Asked,
    lang: Lang,
}

impl Links for Leads<'_> {
    fn node(&self, node: &Node) -> Option<String> {
        match &node.to {
            To::Nothing => None,
            To::Device(id) => Some(device_link(id)),
            To::Range(network) => Some(format!("/devices?network={}", encoded(network))),
            To::Below(at) => Some(Asked { at: Some(at.clone()), ..self.asked.clone() }.page()),
        }
    }

    fn fold(&self, fold: &Fold) -> (String, String, String) {
        let (id, to) = self.fold_at("f", fold);
        let word = if fold.open { Word::MapClose } else { Word::MapOpen };
        (to, self.lang.fill(word, &[&fold.devices]), id)
    }
}

impl Leads<'_> {
    /// What a fold's link is known by, and where it leads: to the page on which the fold is turned, with
    /// this very link in view.
    fn fold_at(&self, place: &str, fold: &Fold) -> (String, String) {
        let id = format!("{place}-{}", fold.key);
        let to = format!("{}#{}", self.asked.turned(fold).page(), encoded(&id));
        (id, to)
    }
}

/// A row of the table.
struct Line {
    level: usize,
    name: String,
    link: Option<String>,
    fold: Option<(String, String, String)>,
    on: String,
    edge: String,
    lines: Vec<String>,
    notes: Vec<String>,
    undocumented: bool,
}

impl Line {
    fn of(row: &row::Row<'_>, leads: &Leads<'_>) -> Self {
        let cut = |text: &String| safe::cut(text, CELL).into_owned();
        let edge = &row.node.edge;
        Self {
            level: row.level,
            name: row.node.lines.first().map(cut).unwrap_or_default(),
            link: leads.node(row.node),
            fold: row.node.fold.as_ref().map(|fold| {
                let (id, to) = leads.fold_at("t", fold);
                (id, to, leads.fold(fold).1)
            }),
            on: safe::cut(row.on, CELL).into_owned(),
            edge: cut(&format!("{} {}", edge.text, edge.note).trim().to_owned()),
            lines: row.node.lines.iter().skip(1).map(cut).collect(),
            notes: row.node.notes.iter().map(cut).collect(),
            undocumented: row.node.undocumented,
        }
    }
}

/// A choice: where it leads, what it is called, whether it is made.
type Choice = (String, &'static str, bool);

#[derive(Template)]
#[template(path = "map.html")]
struct Page {
    frame: Frame,
    lead: &'static str,
    views: [Choice; 2],
    sizes: [Choice; 2],
    saves: [(String, &'static str); 3],
    close: Option<String>,
    whole: Option<String>,
    more: Option<String>,
    cut: bool,
    svg: String,
    lines: Vec<Line>,
    contradictions: Vec<Vec<String>>,
}

impl Page {
    fn of(snapshot: &Snapshot, frame: Frame, asked: &Asked, site: &Site) -> Self {
        let lang = frame.lang;
        let map = asked.map(snapshot, lang);
        let leads = Leads { asked, lang };
        let layout = lay::lay(&map.roots);
        let cut = sheet::columns(&layout);
        let drawn = svg::page(&layout, &cut, (&asked.title(lang), asked.fit), &leads);
        let with = |change: &dyn Fn(&mut Asked)| {
            let mut other = asked.clone();
            change(&mut other);
            other
        };
        let view = |networks: bool, word: Word| {
            let other = Asked { networks, fit: asked.fit, ..Asked::default() };
            (other.page(), lang.say(word), asked.networks == networks)
        };
        let sized = |fit: bool, word: Word| {
            (with(&|asked| asked.fit = fit).page(), lang.say(word), asked.fit == fit)
        };
        let save = |paper: Option<Paper>, word: Word| {
            (with(&|asked| asked.paper = paper).address("/map.svg"), lang.say(word))
        };
        let shown = super::links::shown(snapshot, (lang, &site.config.zone));
        let contradictions =
            if asked.networks { Vec::new() } else { wiring::contradictions(&shown).rows };
        Self {
            lead: lang.say(if asked.networks {
                Word::MapNetworkLead
            } else {
                Word::MapPhysicalLead
            }),
            views: [view(false, Word::MapPhysical), view(true, Word::MapNetwork)],
            sizes: [sized(false, Word::MapActual), sized(true, Word::MapFit)],
            saves: [
                save(None, Word::MapSaveView),
                save(Some(Paper::A3), Word::MapSaveA3),
                save(Some(Paper::A4), Word::MapSaveA4),
            ],
            close: (!asked.open.is_empty()).then(|| with(&|asked| asked.open.clear()).page()),
            whole: asked.at.is_some().then(|| with(&|asked| asked.at = None).page()),
            more: (map.cut && !asked.more).then(|| with(&|asked| asked.more = true).page()),
            cut: map.cut,
            svg: if map.roots.is_empty() { String::new() } else { drawn },
            lines: row::rows(&map).iter().map(|row| Line::of(row, &leads)).collect(),
            contradictions,
            frame,
        }
    }
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    show(&site, &reader, ("map", Word::MapTitle), |snapshot, frame| {
        Ok(Page::of(snapshot, frame, &asked, &site))
    })
    .await
}

/// The same as a file: as it is shown, or on sheets of paper.
pub(super) async fn file(
    State(site): State<Arc<Site>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Response {
    saved(&site, &reader, query.as_deref().unwrap_or_default()).await
}

/// The map that this query asks for, as a file.
pub(super) async fn saved(site: &Arc<Site>, reader: &Reader, query: &str) -> Response {
    let asked = Asked::read(query);
    let snapshot = match site.view(reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => return unavailable(reader, &error, "a map could not be made"),
    };
    let (lang, zone) = (reader.lang, &site.config.zone);
    let map = asked.map(&snapshot, lang);
    let layout = lay::lay(&map.roots);
    let cut = match asked.paper {
        Some(paper) => sheet::sheets(&layout, paper, svg::MARGINS),
        None => sheet::columns(&layout),
    };
    let of = format!("{} ({})", zone.show(snapshot.as_of()), zone.name());
    let foot = lang.fill(Word::MapMade, &[&of]);
    let drawn = svg::file((&layout, &cut), asked.paper, (&asked.title(lang), &foot));
    let name = if asked.networks { "daicho-map-network.svg" } else { "daicho-map.svg" };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, drawn).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_what_is_open_and_never_more_than_fits() {
        let asked = Asked::read("view=network&open=a%7Cb&open=a%7Cb&open=c&at=&size=fit&x=y");
        assert_eq!(asked.open, ["a|b", "c"]);
        assert_eq!(asked.page(), "/map?view=network&size=fit&open=a%7Cb&open=c");
        assert_eq!(Asked::read(asked.page().split_once('?').unwrap().1), asked);
        let many: Vec<String> = (0..500).map(|n| format!("open={n}")).collect();
        let asked = Asked::read(&many.join("&"));
        assert_eq!(asked.open.len(), OPEN);
        assert_eq!(asked.open.last().unwrap(), "499");
        let long = format!("open={}&at={}", "x".repeat(10_000), "y".repeat(10_000));
        assert_eq!(Asked::read(&long), Asked::default());
    }

    #[test]
    fn a_fold_is_opened_and_closed_by_its_link() {
        let fold = |open| Fold { key: "k".into(), open, devices: 3 };
        let asked = Asked::read("open=a");
        assert_eq!(asked.turned(&fold(false)).open, ["a", "k"]);
        assert_eq!(asked.turned(&fold(false)).turned(&fold(true)).open, ["a"]);
    }
}
