//! What every page has: its frame, its language, its links, and the small pieces that recur.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use daicho_common::complaint::Complaint;
use daicho_common::observation::ObservationId;

use super::Site;
use super::api::problem::{self, Problem};
use super::menu::Menu;
use super::session::{Address, Person, cookies};
use super::snapshot::Snapshot;
use crate::clock::{self, Zone};
use crate::people::act::Act;
use crate::people::token::{Area, Mode};
use crate::policy::Severity;
use crate::reconcile::Verdict;
use crate::resolve::DeviceId;
use crate::store::By;
use crate::words::{Lang, Word, phrase};

mod finding;
mod pager;

pub(super) use finding::{FindingRow, finding_link};
pub(super) use pager::Pager;

/// How many pieces of evidence are linked before "and more".
const LINKED: usize = 6;

/// Who reads: the language, the person if one is logged in, and the address of the page.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) lang: Lang,
    /// Who it is; none if nobody is logged in.
    pub(super) person: Option<Arc<Person>>,
    /// The address that the request came from.
    pub(super) address: String,
    /// Whether what is shown has to be of now, whatever that takes: forms, files and what programs read.
    pub(super) waits: bool,
    uri: Uri,
}

/// Marks a request for which [`Reader::waits`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits;

impl FromRequestParts<Arc<Site>> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Infallible> {
        Ok(Self::of(parts, site))
    }
}

impl Reader {
    pub(super) fn of(parts: &Parts, site: &Site) -> Self {
        let from_cookie = cookies(&parts.headers).find_map(|pair| pair.strip_prefix("lang="));
        let lang = asked_for(&parts.uri).or(from_cookie.and_then(Lang::from_code));
        // Browsers send what they were set up with; who reads pages chooses on them.
        let accepted = is_of_programs(&parts.uri).then(|| problem::asked_for(&parts.headers));
        let lang = asked_for(&parts.uri).or(accepted.flatten()).or(lang);
        let address = parts.extensions.get::<Address>().cloned().unwrap_or_default();
        Self {
            lang: lang.unwrap_or(site.config.language),
            person: parts.extensions.get::<Arc<Person>>().cloned(),
            address: address.0,
            waits: parts.extensions.get::<Waits>().is_some(),
            uri: parts.uri.clone(),
        }
    }

    /// Whether the reader may do this, to the whole or to a portion.
    pub(super) fn may(&self, act: Act) -> bool {
        self.person.as_ref().is_some_and(|person| person.may(act))
    }

    /// Whether the reader may do this in this area.
    pub(super) fn may_at(&self, act: Act, at: (Area, Mode)) -> bool {
        self.person.as_ref().is_some_and(|person| person.may_at(act, at))
    }

    /// Whether it is a program, which reads no pages.
    pub(super) fn is_program(&self) -> bool {
        is_of_programs(&self.uri)
    }

    /// The reader as the author of something that is done now.
    pub(super) fn by(&self) -> By {
        let who = self.person.as_ref().map(|person| person.signature());
        By { who: who.unwrap_or_default(), address: self.address.clone(), at: clock::now() }
    }

    /// What stands around a page that shows no picture.
    pub(super) fn frame(&self, title: Word, here: &'static str) -> Frame {
        Frame {
            lang: self.lang,
            title: self.lang.say(title).to_owned(),
            here,
            switch: self.switch(),
            as_of: String::new(),
            person: self.person.clone(),
            path: self.path(),
        }
    }

    /// This page's path with its query.
    pub(super) fn path(&self) -> String {
        self.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
    }

    /// This page's address in the other language.
    fn switch(&self) -> String {
        let query = self.uri.query().unwrap_or_default();
        let kept = query.split('&').filter(|p| !p.is_empty() && !p.starts_with("lang="));
        let mut query: Vec<String> = kept.map(str::to_owned).collect();
        query.push(format!("lang={}", self.lang.other().code()));
        format!("{}?{}", self.uri.path(), query.join("&"))
    }
}

pub(super) fn is_of_programs(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}

fn asked_for(uri: &Uri) -> Option<Lang> {
    uri.query()?.split('&').find_map(|pair| Lang::from_code(pair.strip_prefix("lang=")?))
}

/// Keeps the language that was asked for by `?lang=` in a cookie.
pub(super) async fn remember_language(request: Request, next: Next) -> Response {
    let lang = asked_for(request.uri()).filter(|_| !is_of_programs(request.uri()));
    let mut response = next.run(request).await;
    if let Some(lang) = lang {
        let cookie =
            format!("lang={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", lang.code());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// What stands around every page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) title: String,
    /// The first part of the page's path, for the menu.
    pub(super) here: &'static str,
    pub(super) switch: String,
    /// When the latest scan ended, as shown.
    pub(super) as_of: String,
    /// Who reads.
    pub(super) person: Option<Arc<Person>>,
    /// Where forms lead back to: this page.
    pub(super) path: String,
}

impl Frame {
    /// How the reader's word is signed; empty if nobody is logged in.
    pub(super) fn signature(&self) -> String {
        self.person.as_ref().map(|person| person.account.signature()).unwrap_or_default()
    }

    /// A text with this in it.
    pub(super) fn fill(&self, word: Word, with: impl Display) -> String {
        self.lang.fill(word, &[&with])
    }

    /// The token that forms carry.
    pub(super) fn token(&self) -> &str {
        self.person.as_ref().map_or("", |person| person.token.as_str())
    }

    pub(super) fn may(&self, act: Act) -> bool {
        self.person.as_ref().is_some_and(|person| person.may(act))
    }

    /// What the menu shows.
    pub(super) fn menu(&self) -> Menu {
        Menu::of(self)
    }

    /// Whether pages about the whole network are the reader's to see.
    pub(super) fn surveys(&self) -> bool {
        self.may(Act::Survey)
    }

    /// Whether the accounts are the reader's to change.
    pub(super) fn administers(&self) -> bool {
        self.may(Act::Administer)
    }

    /// Whether the reader may answer findings.
    pub(super) fn answers(&self) -> bool {
        self.may(Act::Answer)
    }

    /// Whether the reader may decide.
    pub(super) fn decides(&self) -> bool {
        self.may(Act::Decide)
    }

    /// Whether the reader may change the ledger.
    pub(super) fn enters(&self) -> bool {
        self.may(Act::Enter)
    }

    /// Whether the reader may have networks scanned.
    pub(super) fn operates(&self) -> bool {
        self.may(Act::Operate)
    }

    /// Which page of how many is shown.
    pub(super) fn page_of(&self, pager: &Pager) -> String {
        self.lang.fill(Word::DevicesPage, &[&pager.page, &pager.pages])
    }
}

/// Makes a page of the present picture and sends it; a word instead of a page is "not found".
pub(super) async fn show<T: Template>(
    site: &Arc<Site>,
    reader: &Reader,
    here: (&'static str, Word),
    make: impl FnOnce(&Snapshot, Frame) -> Result<T, Word>,
) -> Response {
    let snapshot = match site.view(reader).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            return unavailable(reader, &error, "a page could not be made");
        }
    };
    let zone = &site.config.zone;
    let as_of = snapshot.ground.scans.first().map_or_else(
        || reader.lang.say(Word::NavNoScanYet).to_owned(),
        |scan| reader.lang.fill(Word::NavAsOf, &[&zone.show(scan.to), &zone.name()]),
    );
    let as_of = if site.present.is_ahead_of(&snapshot) {
        let behind = reader.lang.fill(Word::NavBehind, &[&zone.show(snapshot.as_of())]);
        format!("{as_of} · {behind}")
    } else {
        as_of
    };
    let frame = Frame { as_of, ..reader.frame(here.1, here.0) };
    // Making a page is work for a processor; meanwhile others are served by another thread.
    match tokio::task::block_in_place(|| make(&snapshot, frame)) {
        Ok(page) => render(&page, StatusCode::OK),
        Err(word) => message(reader, StatusCode::NOT_FOUND, word),
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    text: String,
}

/// Says that something does not work just now, and to the log what and why.
pub(in crate::web) fn unavailable(
    reader: &Reader,
    error: &dyn std::fmt::Display,
    what: &'static str,
) -> Response {
    tracing::error!(%error, "{what}");
    message(reader, StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
}

pub(super) fn message(reader: &Reader, status: StatusCode, text: Word) -> Response {
    if reader.is_program() {
        return Problem::new(status, text).answer(reader.lang);
    }
    text_page(reader, status, reader.lang.say(text).to_owned())
}

/// A page with nothing but a text.
pub(super) fn text_page(reader: &Reader, status: StatusCode, text: String) -> Response {
    let missing = status == StatusCode::NOT_FOUND;
    let title = if missing { Word::NotFoundTitle } else { Word::FailureTitle };
    let frame = Frame { path: String::new(), ..reader.frame(title, "") };
    render(&Message { frame, text }, status)
}

/// A page that says why something was not done.
pub(super) fn said(reader: &Reader, status: StatusCode, complaint: &Complaint) -> Response {
    if reader.is_program() {
        return Problem::said(status, complaint.clone()).answer(reader.lang);
    }
    let text = match reader.lang {
        Lang::Ja => complaint.ja.clone(),
        Lang::En => complaint.en.clone(),
    };
    text_page(reader, status, text)
}

/// The page for an address that leads nowhere.
pub(super) async fn nowhere(State(_): State<Arc<Site>>, reader: Reader) -> Response {
    let word = if reader.is_program() { Word::ApiNoSuch } else { Word::NotFoundPage };
    message(&reader, StatusCode::NOT_FOUND, word)
}

pub(super) fn render(page: &impl Template, status: StatusCode) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// One part of a path, percent-encoded (RFC 3986 §2.1).
pub(super) fn encoded(part: &str) -> String {
    let mut encoded = String::with_capacity(part.len());
    for octet in part.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.extend(['%', hex_digit(octet >> 4), hex_digit(octet & 15)]);
        }
    }
    encoded
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

/// A device's page.
pub(super) fn device_link(id: &DeviceId) -> String {
    format!("/devices/{}", encoded(&id.0))
}

/// A verdict as a label with a sign, so that colour is never the only one.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<span class="tag {{ key }}"><i aria-hidden="true">{{ sign }}</i>{{ label }}</span>"#,
    ext = "html"
)]
pub(super) struct Tag {
    key: &'static str,
    sign: &'static str,
    label: &'static str,
}

impl HtmlSafe for Tag {}

impl Tag {
    pub(super) fn verdict(lang: Lang, verdict: &Verdict) -> Self {
        Self::named(lang, phrase::verdict_key(verdict), phrase::verdict(verdict))
    }

    pub(super) fn named(lang: Lang, key: &'static str, label: Word) -> Self {
        let sign = match key {
            "agreed" => "＝",
            "differs" => "≠",
            "undocumented" | "byod_candidate" => "＋",
            "not_seen" | "possibly_lost" => "－",
            "not_connected" => "○",
            "retired_but_seen" => "！",
            _ => "？",
        };
        Self { key, sign, label: lang.say(label) }
    }

    pub(super) fn severity(lang: Lang, severity: Severity) -> Self {
        let (key, sign) = match severity {
            Severity::Notice => ("notice", "・"),
            Severity::Warning => ("warning", "△"),
            Severity::High => ("high", "▲"),
        };
        Self { key, sign, label: lang.say(phrase::severity(severity)) }
    }
}

/// Links to the observations that something rests on.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = r#"<span class="evidence">{% for (id, said) in links %}<a href="/observations/{{ id }}" title="{{ said }}">{{ loop.index }}</a>{% endfor %}{% if !more.is_empty() %}<span class="more">{{ more }}</span>{% endif %}</span>"#,
    ext = "html"
)]
pub(super) struct Evidence {
    links: Vec<(ObservationId, String)>,
    more: String,
}

impl HtmlSafe for Evidence {}

impl Evidence {
    pub(super) fn of<'i>(
        snapshot: &Snapshot,
        (lang, zone): (Lang, &Zone),
        ids: impl IntoIterator<Item = &'i ObservationId, IntoIter: ExactSizeIterator>,
    ) -> Self {
        let ids = ids.into_iter();
        let all = ids.len();
        // Of what is not the reader's to see there is no page to lead to.
        let shown = ids.filter_map(|id| {
            let seen = snapshot.observation(*id)?;
            Some((*id, phrase::observation(lang, zone, &seen)))
        });
        let links: Vec<_> = shown.take(LINKED).collect();
        let left = all.saturating_sub(links.len());
        let more = if left == 0 { String::new() } else { lang.fill(Word::CommonMore, &[&left]) };
        Self { links, more }
    }
}
