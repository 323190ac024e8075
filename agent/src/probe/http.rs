//! HTTP of the start page (RFC 9110, RFC 9112): `GET /` as a browser without a user would ask, at most
//! [`MOST_HOPS`] redirects within the same host, and its icon.
//!
//! Costs: up to five requests, each over a connection of its own, which the answer ends; over TLS they
//! share one, because a handshake is dear to a small device. Some devices write a line to their log for
//! each. Never sent: a login, a cookie, a form, a request for compression, or anything to another host
//! than the one that is asked. Nothing that comes packed is unpacked.
//!
//! Fields: `status`, `server`, `www-authenticate` (without nonces), `location` (without its query),
//! `content-type`, `x-powered-by`, `powered-by`, `x-aspnet-version`, `x-generator`, `via`,
//! `content-encoding` as the answers have them, each value once, in the order they came; `set-cookie` with the names of cookies only; of the page `title` and
//! `generator` (`<meta name="generator">`); of the icon
//! `favicon_sha256`, `favicon_md5` and `favicon_mmh3`.

use std::collections::HashSet;
use std::net::IpAddr;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::http::{Authority, Get, Reader, Response, Uri, literal};

use super::talk::{Conversation, Cut, Next};

/// Prints of icons, as public lists of fingerprints have them.
mod icon;
/// What a page says in its head.
mod page;

/// Most redirects that are followed.
pub const MOST_HOPS: u8 = 3;

/// Most octets that are read of a page: its head comes first.
const MOST_PAGE: usize = 64 << 10;

/// Most octets that an icon may have.
const MOST_ICON: usize = 96 << 10;

/// Header fields that tell something of the device.
const TELLING: [&str; 8] = [
    "server",
    "content-type",
    "x-powered-by",
    "powered-by",
    "x-aspnet-version",
    "x-generator",
    "via",
    "content-encoding",
];

/// Most values that are kept of one header field, and most cookies.
const MOST_VALUES: usize = 8;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Page,
    Icon,
}

/// The start page of a host.
#[derive(Debug)]
pub struct Http {
    host: IpAddr,
    names: Vec<String>,
    at: Uri,
    wanted: Wanted,
    hops: u8,
    asked: HashSet<String>,
    /// The other side keeps the connection.
    kept: bool,
    /// The request went over a connection that was used before.
    reused: bool,
    reader: Reader,
    said: Said,
    answered: bool,
    outcome: Outcome,
}

/// What follows an answer.
enum Then {
    /// This is asked for.
    Ask(Wanted, Uri),
    /// All was asked.
    Nothing,
}

impl Http {
    /// The page at `path` (and `/` where that is none) of `host` at this TCP port; `secure` if it is
    /// spoken within TLS. `names` are those that the host gave itself.
    pub fn new(host: IpAddr, (port, secure): (u16, bool), path: &str, names: &[String]) -> Self {
        let authority = Authority { secure, host: literal(host), port };
        let start = Uri { authority, path: "/".into() };
        let at = start.join(path).filter(|at| at.authority == start.authority).unwrap_or(start);
        Self {
            host,
            names: names.to_vec(),
            asked: HashSet::from([at.path.clone()]),
            at,
            wanted: Wanted::Page,
            hops: 0,
            kept: false,
            reused: false,
            reader: Reader::new(MOST_PAGE),
            said: Said::at(port),
            answered: false,
            outcome: Outcome::Silent,
        }
    }

    /// A name that the host gives itself in its certificate.
    pub(super) fn is_named(&mut self, name: &str) {
        if self.names.len() < MOST_VALUES {
            self.names.push(name.to_owned());
        }
    }

    fn request(&mut self, reused: bool) -> Next {
        self.reused = reused;
        let (accept, most) = match self.wanted {
            Wanted::Page => ("text/html", MOST_PAGE),
            Wanted::Icon => ("image/*", MOST_ICON),
        };
        self.reader = Reader::new(most);
        let close = !self.at.authority.secure || self.wanted == Wanted::Icon;
        let get = Get {
            target: self.at.path.clone(),
            host: self.at.authority.to_string(),
            accept: accept.into(),
            close,
        };
        self.kept = !close;
        Next::Say(get.encode())
    }

    /// Adds a field, each value once.
    fn add(&mut self, name: &str, value: Text) {
        let known = self.said.all(name).any(|of| of == value.as_str());
        if !known && self.said.all(name).count() < MOST_VALUES {
            self.said.add(name, value);
        }
    }

    /// Takes what an answer says of the device. Returns what follows.
    fn learn(&mut self, response: &Response) -> Then {
        self.add("status", Text::clean(&response.status.to_string()));
        for name in TELLING {
            for value in response.all(name) {
                self.add(name, Text::from_wire(value));
            }
        }
        for challenge in response.all("www-authenticate") {
            self.add("www-authenticate", Text::clean(&lasting(&Text::from_wire(challenge))));
        }
        for location in response.all("location") {
            let location = location.split(|it| matches!(it, b'?' | b'#')).next();
            self.add("location", Text::from_wire(location.unwrap_or_default()));
        }
        for cookie in response.all("set-cookie") {
            let name = cookie.split(|it| matches!(it, b'=' | b';')).next().unwrap_or_default();
            self.add("set-cookie", Text::from_wire(name));
        }
        let moved = matches!(response.status, 301..=303 | 307 | 308);
        let location = response.field("location").filter(|_| moved);
        if let Some(location) = location {
            let location = String::from_utf8_lossy(location);
            return self.follow(&location).map_or(Then::Nothing, |to| Then::Ask(Wanted::Page, to));
        }
        if response.is_packed() {
            return Then::Nothing;
        }
        let page = page::read(&response.body, response.field("content-type").unwrap_or_default());
        if let Some(to) = page.refresh.as_deref().and_then(|to| self.follow(to)) {
            return Then::Ask(Wanted::Page, to);
        }
        self.add("title", page.title);
        self.add("generator", page.generator);
        let found = matches!(response.status, 200..=299);
        let icon = page.icon.as_deref().unwrap_or("/favicon.ico");
        let icon = self.at.join(icon).filter(|to| found && self.is_here(to));
        icon.map_or(Then::Nothing, |to| Then::Ask(Wanted::Icon, to))
    }

    /// Whether this is at the same port of the same host, in the same way.
    fn is_here(&self, to: &Uri) -> bool {
        let (there, here) = (&to.authority, &self.at.authority);
        (there.secure, there.port) == (here.secure, here.port)
            && to.is_at(self.host, self.names.iter().map(String::as_str))
    }

    /// Where a redirect leads, if it stays here and is new.
    fn follow(&mut self, location: &str) -> Option<Uri> {
        let to = self.at.join(location).filter(|to| self.is_here(to) && self.hops < MOST_HOPS)?;
        self.hops += 1;
        self.asked.insert(to.path.clone()).then_some(to)
    }

    /// An answer is complete, or as complete as it gets.
    fn answered(&mut self, closed: bool) -> Next {
        let reader = std::mem::replace(&mut self.reader, Reader::new(0));
        let Some(response) = reader.finish(closed) else { return self.end() };
        self.kept &= response.keeps && response.whole && !closed;
        if self.wanted == Wanted::Icon {
            self.learn_icon(&response);
            return self.end();
        }
        self.answered = true;
        let broken = closed && !response.whole;
        self.outcome = if broken { Outcome::Partial } else { Outcome::Complete };
        match self.learn(&response) {
            Then::Ask(wanted, to) => {
                (self.wanted, self.at) = (wanted, to);
                if self.kept { self.request(true) } else { Next::Anew }
            }
            Then::Nothing => self.end(),
        }
    }

    fn learn_icon(&mut self, response: &Response) {
        let kind = response.field("content-type").unwrap_or_default().to_ascii_lowercase();
        let sound = response.status == 200 && response.whole && !response.is_packed();
        if sound && !response.body.is_empty() && !kind.starts_with(b"text/html") {
            self.add("favicon_sha256", Text::clean(&icon::sha256(&response.body)));
            self.add("favicon_md5", Text::clean(&icon::md5(&response.body)));
            self.add("favicon_mmh3", Text::clean(&icon::mmh3(&response.body).to_string()));
        }
    }

    fn end(&self) -> Next {
        Next::End(self.outcome)
    }
}

/// A challenge without what is made anew for everybody who asks (RFC 7616 §3.3).
fn lasting(challenge: &Text) -> String {
    let mut quoted = false;
    let parts = challenge.as_str().split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let changes = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default().to_ascii_lowercase();
        // The first parameter follows the scheme.
        let name = name.split_whitespace().last().unwrap_or_default();
        matches!(name, "nonce" | "opaque")
    };
    let kept = parts.map(|part| {
        if !changes(&part) {
            return part.trim();
        }
        part.trim().split_once(' ').map_or("", |(scheme, _)| scheme)
    });
    let kept: Vec<_> = kept.filter(|part| !part.is_empty()).collect();
    // A scheme whose first parameter was left out goes with the next.
    let schemes = |part: &&&str| part.contains('=') || part.contains(' ');
    match kept.split_first() {
        Some((scheme, rest)) if !schemes(&scheme) && !rest.is_empty() => {
            format!("{scheme} {}", rest.join(", "))
        }
        _ => kept.join(", "),
    }
}

impl Conversation for Http {
    fn method(&self) -> Method {
        Method::Http
    }

    fn begin(&mut self) -> Next {
        self.request(false)
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        match self.reader.read(octets) {
            Ok(false) => Next::Wait,
            Ok(true) => self.answered(false),
            Err(_) => {
                if !self.answered {
                    self.outcome = Outcome::Malformed;
                }
                self.end()
            }
        }
    }

    fn resumes(&mut self, cut: Cut) -> bool {
        if cut != Cut::Closed {
            return false;
        }
        if self.reader.is_untouched() {
            // A connection that was to be kept, and was not, is no answer.
            return self.reused;
        }
        matches!(self.answered(true), Next::Anew | Next::Say(_))
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        if self.answered || self.reader.is_untouched() {
            return self.outcome;
        }
        let reader = std::mem::replace(&mut self.reader, Reader::new(0));
        self.outcome = Outcome::Partial;
        if let Some(response) = reader.finish(cut == Cut::Closed) {
            self.learn(&response);
            if response.whole {
                self.outcome = Outcome::Complete;
            }
        }
        self.outcome
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        if self.said.fields.is_empty() {
            return None;
        }
        let said = std::mem::replace(&mut self.said, Said::at(0));
        Some((Method::Http, Fact::Said(Box::new(said))))
    }
}

#[cfg(test)]
mod tests;
