//! What a server says before it is asked anything: FTP (RFC 959 §5.4; TCP 21), SMTP (RFC 5321 §4.2;
//! TCP 25), IMAP (RFC 9051 §7.1; TCP 143) and Telnet (RFC 854; TCP 23).
//!
//! Over FTP, SMTP and IMAP nothing is sent: the connection is closed when the greeting is over. Over
//! Telnet every option that the server offers or wants is refused once, and nothing is typed; without
//! that, many a device does not get as far as its prompt. Nobody logs in. Costs the device a connection;
//! some write it down, and small ones have one or two terminals only, so that it is asked only where
//! the policy is full. What was said is over at a prompt for a login, or when nothing more comes.
//!
//! Field: `greeting`, the lines joined by blanks, without dates, times and numbers of connections.

use std::mem;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::wire::Malformed;
use daicho_common::wire::greeting::{Greeting, Status};
use daicho_common::wire::telnet::{Item, Verb};

use super::talk::{self, Conversation, Cut, Next};

mod lasting;

/// Longest greeting that is read, in octets.
const MOST_OCTETS: usize = 16 << 10;

/// Most options that are refused.
const MOST_OPTIONS: usize = 32;

/// Words before the colon of a prompt.
const PROMPTS: [&str; 8] =
    ["login", "username", "user name", "user", "password", "account", "ログイン", "ユーザー名"];

/// The greeting of a server that speaks first.
#[derive(Debug)]
pub struct Greeted {
    method: Method,
    heard: Vec<u8>,
    said: Said,
}

impl Greeted {
    /// FTP at this port.
    pub const fn ftp(port: u16) -> Self {
        Self { method: Method::Ftp, heard: Vec::new(), said: Said::at(port) }
    }

    /// SMTP at this port.
    pub const fn smtp(port: u16) -> Self {
        Self { method: Method::Smtp, heard: Vec::new(), said: Said::at(port) }
    }

    /// IMAP at this port.
    pub const fn imap(port: u16) -> Self {
        Self { method: Method::Imap, heard: Vec::new(), said: Said::at(port) }
    }

    fn add(&mut self, text: &[u8]) {
        add(&mut self.said, text);
    }

    /// Takes the greeting, if it is all there. Returns how that ended.
    fn take(&mut self) -> Result<Option<Outcome>, Malformed> {
        if self.method == Method::Imap {
            let Some((status, text)) = Status::decode(&self.heard)? else { return Ok(None) };
            add(&mut self.said, text);
            return Ok(Some(match status {
                Status::Ok | Status::Preauth => Outcome::Complete,
                Status::Bye => Outcome::Refused,
            }));
        }
        let mut octets = self.heard.as_slice();
        loop {
            let Some((greeting, rest)) = Greeting::decode(octets)? else { return Ok(None) };
            match greeting.code {
                // FTP: ready in some minutes; another reply follows.
                100..200 => octets = rest,
                200..300 => {
                    self.add(&greeting.lines.join(&b' '));
                    return Ok(Some(Outcome::Complete));
                }
                _ => {
                    self.add(&greeting.lines.join(&b' '));
                    return Ok(Some(Outcome::Refused));
                }
            }
        }
    }
}

/// Adds what lasts of a greeting.
fn add(said: &mut Said, text: &[u8]) {
    let text = text.get(..MOST_OCTETS).unwrap_or(text);
    said.add("greeting", lasting::lasting(text));
}

impl Conversation for Greeted {
    fn method(&self) -> Method {
        self.method
    }

    fn begin(&mut self) -> Next {
        Next::Wait
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        let room = MOST_OCTETS.saturating_sub(self.heard.len());
        let over = octets.len() > room;
        self.heard.extend(octets.iter().take(room));
        match self.take() {
            Ok(Some(outcome)) => Next::End(outcome),
            Ok(None) if over => Next::End(self.cut(Cut::Flooded)),
            Ok(None) => Next::Wait,
            Err(_) => Next::End(Outcome::Malformed),
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        if self.heard.is_empty() {
            return if cut == Cut::Closed { Outcome::Refused } else { Outcome::Silent };
        }
        // A line whose end is missing, or several whose last one is.
        let whole = [self.heard.as_slice(), b"\r\n"].concat();
        let text = match (self.method, Status::decode(&whole), Greeting::decode(&whole)) {
            (Method::Imap, Ok(Some((_, text))), _) => text.to_vec(),
            (Method::Ftp | Method::Smtp, _, Ok(_)) => {
                self.heard.get(4..).unwrap_or_default().to_vec()
            }
            _ => return Outcome::Malformed,
        };
        self.add(&text);
        Outcome::Partial
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        talk::told(self.method, &mut self.said)
    }
}

/// What a terminal shows before anybody types.
#[derive(Debug)]
pub struct Terminal {
    /// The beginning of an item that is not all there yet.
    unread: Vec<u8>,
    shown: Vec<u8>,
    refused: Vec<(Verb, u8)>,
    said: Said,
}

impl Terminal {
    /// A terminal at this port.
    pub const fn new(port: u16) -> Self {
        Self { unread: Vec::new(), shown: Vec::new(), refused: Vec::new(), said: Said::at(port) }
    }

    /// Reads the items that are there. Returns the refusals that they need.
    fn read(&mut self) -> Result<Vec<u8>, Malformed> {
        let mut out = Vec::new();
        let unread = mem::take(&mut self.unread);
        let mut octets = unread.as_slice();
        while let Some((item, rest)) = Item::decode(octets)? {
            octets = rest;
            match item {
                Item::Data(0) => {}
                Item::Data(octet) if self.shown.len() < MOST_OCTETS => self.shown.push(octet),
                Item::Negotiation(verb, option) => {
                    let known = self.refused.contains(&(verb, option));
                    if let Some(refusal) = verb.refusal().filter(|_| !known)
                        && self.refused.len() < MOST_OPTIONS
                    {
                        self.refused.push((verb, option));
                        Item::Negotiation(refusal, option).encode(&mut out);
                    }
                }
                Item::Data(_) | Item::Command(_) | Item::Subnegotiation(_) => {}
            }
        }
        self.unread = octets.to_vec();
        Ok(out)
    }

    /// Whether the last line is a prompt: nothing more comes then until somebody types.
    fn prompts(&self) -> bool {
        let last = self.shown.rsplit(|octet| matches!(octet, b'\n' | b'\r')).next();
        let Ok(last) = std::str::from_utf8(last.unwrap_or_default()) else { return false };
        let last = last.trim().to_lowercase();
        if let Some(before) = last.strip_suffix([':', '：']) {
            return PROMPTS.iter().any(|prompt| before.trim_end().ends_with(prompt));
        }
        let name = last.strip_suffix(['>', '#']).unwrap_or_default();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        !name.is_empty() && name.chars().all(fits)
    }

    fn end(&mut self, outcome: Outcome) -> Outcome {
        add(&mut self.said, &self.shown);
        outcome
    }
}

impl Conversation for Terminal {
    fn method(&self) -> Method {
        Method::Telnet
    }

    fn begin(&mut self) -> Next {
        Next::Wait
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.unread.extend_from_slice(octets);
        match self.read() {
            Err(_) => {
                let outcome =
                    if self.shown.is_empty() { Outcome::Malformed } else { Outcome::Partial };
                Next::End(self.end(outcome))
            }
            Ok(out) if !out.is_empty() => Next::Say(out),
            Ok(_) if self.shown.len() >= MOST_OCTETS => Next::End(self.end(Outcome::Partial)),
            Ok(_) if self.prompts() => Next::End(self.end(Outcome::Complete)),
            Ok(_) => Next::Wait,
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        let nothing = self.shown.trim_ascii().is_empty();
        let outcome = match cut {
            Cut::Silent if !nothing => Outcome::Complete,
            _ if !nothing || !self.refused.is_empty() => Outcome::Partial,
            Cut::Closed => Outcome::Refused,
            Cut::Silent => Outcome::Silent,
            Cut::Flooded => Outcome::Malformed,
        };
        self.end(outcome)
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        talk::told(Method::Telnet, &mut self.said)
    }
}

#[cfg(test)]
mod tests;
