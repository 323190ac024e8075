//! HTTP/1.1 as a client of few words needs it (RFC 9110, RFC 9112): GET without a body, and answers
//! that are read in pieces, bounded, and never unpacked.

use crate::wire::Malformed;

/// Where something is: the parts of an `http` or `https` address that a request needs.
pub mod uri;

pub use uri::{Authority, Uri, literal};

/// What the agent calls itself (RFC 9110 §10.1.5).
pub const USER_AGENT: &str = concat!("Daicho/", env!("CARGO_PKG_VERSION"));

/// Most octets of the status line and the header fields together.
const MOST_HEAD: usize = 16 << 10;

/// Most header fields that are kept of one answer.
const MOST_FIELDS: usize = 64;

/// Longest line that says how long a chunk is, its extensions included (RFC 9112 §7.1.1).
const MOST_CHUNK_LINE: usize = 256;

/// Most interim answers that come before the answer (RFC 9110 §15.2).
const MOST_INTERIM: u8 = 4;

/// A request for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Get {
    /// Path and query, from the first slash on.
    pub target: String,
    /// Whom it is said to: `Host`.
    pub host: String,
    /// What the asker can read: `Accept`.
    pub accept: String,
    /// Whether the connection is to end with the answer (RFC 9112 §9.6).
    pub close: bool,
}

/// Only what may stand in a line; a [`Uri`] holds nothing else.
fn visible(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().filter(u8::is_ascii_graphic)
}

impl Get {
    /// The octets of the request. No compression is asked for.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = b"GET ".to_vec();
        out.extend(visible(&self.target));
        out.extend(b" HTTP/1.1\r\nHost: ");
        out.extend(visible(&self.host));
        for (name, value) in [("User-Agent", USER_AGENT), ("Accept", self.accept.as_str())] {
            out.extend(b"\r\n".iter().chain(name.as_bytes()).chain(b": "));
            out.extend(visible(value));
        }
        if self.close {
            out.extend(b"\r\nConnection: close");
        }
        out.extend(b"\r\n\r\n");
        out
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is no such request.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let wrong = Malformed::Inconsistent { field: "request" };
        let text = std::str::from_utf8(octets).map_err(|_| wrong)?;
        let mut lines = text.strip_suffix("\r\n\r\n").ok_or(wrong)?.split("\r\n");
        let start = lines.next().and_then(|line| line.strip_prefix("GET ")).ok_or(wrong)?;
        let target = start.strip_suffix(" HTTP/1.1").ok_or(wrong)?.to_owned();
        let mut get = Self { target, host: String::new(), accept: String::new(), close: false };
        for line in lines {
            match line.split_once(": ").ok_or(wrong)? {
                ("Host", host) => host.clone_into(&mut get.host),
                ("Accept", accept) => accept.clone_into(&mut get.accept),
                ("Connection", "close") => get.close = true,
                _ => {}
            }
        }
        Ok(get)
    }
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code, 100–999.
    pub status: u16,
    /// Whether the other side keeps the connection as far as it says (RFC 9112 §9.3).
    pub keeps: bool,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The content as it came, without the framing of chunks; no more than was to be kept.
    pub body: Vec<u8>,
    /// Whether the content is all there, as far as its framing says so.
    pub whole: bool,
}

impl Response {
    /// Every value of this field, whatever the case of its name.
    pub fn all<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r [u8]> {
        let named = self.fields.iter().filter(|(of, _)| of.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|(_, value)| value.as_slice())
    }

    /// The first value of this field.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(of, _)| of.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
    }

    /// Whether the content is packed, although nobody asked for that: then it is not read.
    pub fn is_packed(&self) -> bool {
        let coding = self.field("content-encoding").unwrap_or_default();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    }

    /// Reads a head: the status line and the fields up to the empty line. Lenient about line ends and
    /// reasons, as devices are.
    fn decode(head: &[u8]) -> Result<Self, Malformed> {
        let wrong = Malformed::Inconsistent { field: "status-line" };
        let mut lines = head.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let start = lines.next().unwrap_or_default();
        let version = start.get(..8).filter(|it| it.starts_with(b"HTTP/1.")).ok_or(wrong)?;
        let status = start.get(8..).unwrap_or_default().trim_ascii_start();
        let status = status.get(..3).filter(|it| it.iter().all(u8::is_ascii_digit)).ok_or(wrong)?;
        let status = status.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        if status < 100 {
            return Err(wrong);
        }
        let fields: Vec<_> = lines
            .take_while(|line| !line.is_empty())
            .take(MOST_FIELDS)
            .filter_map(|line| {
                let colon = line.iter().position(|octet| *octet == b':')?;
                let (name, value) = (line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?);
                Some((name.to_vec(), value.trim_ascii().to_vec()))
            })
            .collect();
        let mut response = Self { status, keeps: false, fields, body: Vec::new(), whole: false };
        let said = response.field("connection").unwrap_or_default().to_ascii_lowercase();
        response.keeps = match version.last() {
            Some(b'0') => said == b"keep-alive",
            _ => said != b"close",
        };
        Ok(response)
    }

    /// How the content ends (RFC 9112 §6.3).
    fn framing(&self) -> Result<Framing, Malformed> {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(Framing::Over);
        }
        let coding = self.field("transfer-encoding").unwrap_or_default().to_ascii_lowercase();
        if coding.ends_with(b"chunked") {
            return Ok(Framing::Chunks(Chunk::Size(Vec::new())));
        }
        let Some(length) = self.field("content-length") else { return Ok(Framing::UntilClosed) };
        let length = std::str::from_utf8(length).ok().filter(|it| !it.starts_with('+'));
        match length.and_then(|it| it.parse().ok()) {
            Some(0) => Ok(Framing::Over),
            Some(length) => Ok(Framing::Length(length)),
            None => Err(Malformed::Inconsistent { field: "Content-Length" }),
        }
    }
}

/// What is left of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Framing {
    /// So many octets.
    Length(u64),
    /// Chunks (RFC 9112 §7.1).
    Chunks(Chunk),
    /// All that comes until the connection is closed.
    UntilClosed,
    /// Nothing.
    Over,
}

/// Where in the chunks a reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Chunk {
    /// In the line with the size of the next, of which this came.
    Size(Vec<u8>),
    /// In its data, of which so much is to come.
    Data(u64),
    /// In the line end after it, or in the lines after the last, of which one so long came.
    Trailer {
        /// Whether it was the last chunk.
        last: bool,
        /// Octets of the line that is under way.
        line: usize,
    },
}

/// Reads one answer, in pieces cut anywhere.
#[derive(Clone, Debug)]
pub struct Reader {
    most: usize,
    head: Vec<u8>,
    response: Option<Response>,
    framing: Framing,
    interim: u8,
}

impl Reader {
    /// A reader that keeps `most` octets of the content, and is done when it has them.
    pub const fn new(most: usize) -> Self {
        let framing = Framing::UntilClosed;
        Self { most, head: Vec::new(), response: None, framing, interim: 0 }
    }

    /// Whether nothing came yet.
    pub const fn is_untouched(&self) -> bool {
        self.head.is_empty() && self.response.is_none()
    }

    /// Takes in a piece. Returns whether the answer is over, or as long as it may be.
    ///
    /// # Errors
    /// [`Malformed`] if this is no HTTP, or if its framing makes no sense.
    pub fn read(&mut self, octets: &[u8]) -> Result<bool, Malformed> {
        let mut rest = octets;
        loop {
            let Some(response) = &mut self.response else {
                let Some(after) = self.read_head(rest)? else { return Ok(false) };
                rest = after;
                continue;
            };
            if response.body.len() >= self.most {
                return Ok(true);
            }
            let room = self.most - response.body.len();
            match &mut self.framing {
                Framing::Over => {
                    response.whole = true;
                    return Ok(true);
                }
                _ if rest.is_empty() => return Ok(false),
                Framing::UntilClosed => {
                    response.body.extend(rest.iter().take(room));
                    rest = &[];
                }
                Framing::Length(left) => {
                    rest = keep(&mut response.body, rest, left, room);
                    if *left == 0 {
                        self.framing = Framing::Over;
                    }
                }
                Framing::Chunks(chunk) => {
                    rest = match chunk {
                        Chunk::Data(left) => keep(&mut response.body, rest, left, room),
                        Chunk::Size(_) | Chunk::Trailer { .. } => {
                            let (first, after) = rest.split_first().unwrap_or((&b'\n', &[]));
                            if chunk.read_line(*first)? {
                                self.framing = Framing::Over;
                            }
                            after
                        }
                    };
                    if let Framing::Chunks(chunk @ Chunk::Data(0)) = &mut self.framing {
                        *chunk = Chunk::Trailer { last: false, line: 0 };
                    }
                }
            }
        }
    }

    /// Reads up to the end of the head; what is left then, or nothing if it is still to come.
    fn read_head<'o>(&mut self, octets: &'o [u8]) -> Result<Option<&'o [u8]>, Malformed> {
        for (n, octet) in octets.iter().enumerate() {
            self.head.push(*octet);
            if self.head.len() > MOST_HEAD {
                return Err(Malformed::Inconsistent { field: "header section" });
            }
            // What is no HTTP is known by its first octets, and not waited for.
            if self.head.len() == 5 && self.head != b"HTTP/" {
                return Err(Malformed::Inconsistent { field: "status-line" });
            }
            if *octet != b'\n' || !(self.head.ends_with(b"\n\n") || self.head.ends_with(b"\n\r\n"))
            {
                continue;
            }
            let response = Response::decode(&std::mem::take(&mut self.head))?;
            let interim = matches!(response.status, 100..=199);
            if interim {
                self.interim += 1;
                if self.interim > MOST_INTERIM {
                    return Err(Malformed::Inconsistent { field: "status-code" });
                }
                continue;
            }
            self.framing = response.framing()?;
            self.response = Some(response);
            return Ok(octets.get(n + 1..));
        }
        Ok(None)
    }

    /// The answer, as far as it came; `closed` if the connection was closed in good order, which ends
    /// content of no other length.
    pub fn finish(self, closed: bool) -> Option<Response> {
        let mut response = self.response?;
        response.whole |= closed && self.framing == Framing::UntilClosed;
        Some(response)
    }
}

/// Keeps what belongs to a run of `left` octets and has `room`. Returns what comes after.
fn keep<'o>(body: &mut Vec<u8>, octets: &'o [u8], left: &mut u64, room: usize) -> &'o [u8] {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(octets.len()).min(room);
    let (piece, rest) = octets.split_at(length);
    body.extend(piece);
    *left -= piece.len() as u64;
    rest
}

impl Chunk {
    /// Takes in an octet of a line. Returns whether that was the end of the content.
    fn read_line(&mut self, octet: u8) -> Result<bool, Malformed> {
        let wrong = Malformed::Inconsistent { field: "chunk-size" };
        match self {
            Self::Size(line) if octet != b'\n' => {
                line.push(octet);
                if line.len() > MOST_CHUNK_LINE {
                    return Err(wrong);
                }
            }
            Self::Size(line) => {
                let size = line.split(|octet| *octet == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(size.trim_ascii()).map_err(|_| wrong)?;
                let hexadecimal = size.bytes().all(|digit| digit.is_ascii_hexdigit());
                let size = u64::from_str_radix(size, 16).ok().filter(|_| hexadecimal);
                *self = match size.ok_or(wrong)? {
                    0 => Self::Trailer { last: true, line: 0 },
                    size => Self::Data(size),
                };
            }
            Self::Trailer { last, line } => match octet {
                b'\n' if !*last => *self = Self::Size(Vec::new()),
                b'\n' if *line == 0 => return Ok(true),
                b'\n' => *line = 0,
                b'\r' => {}
                _ if !*last => return Err(wrong),
                _ => *line += 1,
            },
            Self::Data(_) => {}
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
