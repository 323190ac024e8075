//! A response of HTTP/1.x (RFC 9112) as the services of printers and scanners give it: status, header
//! and a body of bounded length, fed piece by piece and read once.
//!
//! Each octet is looked at once, so that pieces of one octet cost no more than a whole answer. Nothing
//! is ever asked for compressed, so a body that comes so is what its octets are.

use daicho_common::observation::Outcome;

use super::talk::{Cut, Next};

/// Longest header in octets; whoever says more makes no sense.
const MOST_HEADER: usize = 16 << 10;

/// Longest body in octets.
pub(super) const MOST_BODY: usize = 192 << 10;

/// Longest line between chunks, in octets.
const MOST_LINE: usize = 1 << 10;

/// Where in the response the next octet stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    Header,
    /// So many octets of body are left.
    Body(usize),
    /// The body ends with the connection.
    ToTheEnd,
    /// The line with the length of a chunk, as far as it came.
    Size(Vec<u8>),
    /// So many octets of a chunk are left.
    Chunk(usize),
    /// The line end after a chunk.
    ChunkEnd,
    /// A line after the last chunk, and whether it is empty so far.
    Trailer(bool),
    Whole,
    Nonsense,
}

/// A response, as far as it came in.
#[derive(Clone, Debug)]
pub(super) struct Response {
    at: At,
    header: Vec<u8>,
    body: Vec<u8>,
}

impl Response {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self { at: At::Header, header: Vec::new(), body: Vec::new() }
    }

    /// Takes a piece. Octets after the end are passed over.
    pub(super) fn take(&mut self, mut octets: &[u8]) {
        while let Some((first, rest)) = octets.split_first() {
            octets = match &mut self.at {
                At::Whole | At::Nonsense => return,
                At::Body(left) | At::Chunk(left) => {
                    let (piece, after) = octets.split_at(octets.len().min(*left));
                    *left -= piece.len();
                    self.body.extend_from_slice(piece);
                    if *left == 0 {
                        let chunk = matches!(self.at, At::Chunk(_));
                        self.at = if chunk { At::ChunkEnd } else { At::Whole };
                    }
                    after
                }
                At::ToTheEnd => {
                    self.body.extend_from_slice(octets);
                    &[]
                }
                At::Header | At::Size(_) | At::ChunkEnd | At::Trailer(_) => {
                    self.step(*first);
                    rest
                }
            };
            if self.body.len() > MOST_BODY {
                self.at = At::Nonsense;
            }
        }
    }

    /// Takes an octet that is not of the body.
    fn step(&mut self, octet: u8) {
        match &mut self.at {
            At::Header => {
                self.header.push(octet);
                if self.header.ends_with(b"\r\n\r\n") || self.header.ends_with(b"\n\n") {
                    self.at = self.after_header();
                } else if self.header.len() >= MOST_HEADER || !self.may_be_http() {
                    self.at = At::Nonsense;
                }
            }
            At::Size(line) if octet != b'\n' => {
                line.push(octet);
                if line.len() > MOST_LINE {
                    self.at = At::Nonsense;
                }
            }
            At::Size(line) => self.at = chunk(line),
            At::ChunkEnd => match octet {
                b'\n' => self.at = At::Size(Vec::new()),
                b'\r' => {}
                _ => self.at = At::Nonsense,
            },
            At::Trailer(empty) => match octet {
                b'\n' if *empty => self.at = At::Whole,
                b'\n' => *empty = true,
                b'\r' => {}
                _ => *empty = false,
            },
            At::Body(_) | At::Chunk(_) | At::ToTheEnd | At::Whole | At::Nonsense => {}
        }
    }

    fn may_be_http(&self) -> bool {
        self.header.iter().zip(b"HTTP/1.").all(|(is, should)| is == should)
    }

    /// How the body comes (RFC 9112 §6.3).
    fn after_header(&mut self) -> At {
        let status = self.status();
        if (100..200).contains(&status) {
            self.header.clear();
            return At::Header;
        }
        if status == 0 {
            return At::Nonsense;
        }
        if matches!(status, 204 | 304) {
            return At::Whole;
        }
        if self.field("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case(b"chunked")) {
            return At::Size(Vec::new());
        }
        match self.field("content-length").map(number) {
            None => At::ToTheEnd,
            Some(Some(0)) => At::Whole,
            Some(Some(length)) if length <= MOST_BODY => At::Body(length),
            Some(_) => At::Nonsense,
        }
    }

    /// Takes a piece, and says what the conversation does next; `None` once everything came in.
    pub(super) fn hear(&mut self, octets: &[u8]) -> Option<Next> {
        self.take(octets);
        if self.is_nonsense() {
            Some(Next::End(Outcome::Malformed))
        } else {
            (!self.is_whole()).then_some(Next::Wait)
        }
    }

    /// The conversation was cut short: how it ended; `None` if everything came in all the same.
    pub(super) fn cut(&mut self, cut: Cut) -> Option<Outcome> {
        if cut == Cut::Closed {
            self.close();
        }
        match cut {
            Cut::Closed if self.is_whole() => None,
            Cut::Flooded => Some(Outcome::Malformed),
            Cut::Closed | Cut::Silent if self.is_begun() => Some(Outcome::Partial),
            Cut::Closed | Cut::Silent => Some(Outcome::Silent),
        }
    }

    /// The connection is over: what ends with it is whole.
    pub(super) fn close(&mut self) {
        if self.at == At::ToTheEnd {
            self.at = At::Whole;
        }
    }

    /// Whether everything came in.
    pub(super) fn is_whole(&self) -> bool {
        self.at == At::Whole
    }

    /// Whether this is no HTTP response, or one too long to be read.
    pub(super) fn is_nonsense(&self) -> bool {
        self.at == At::Nonsense
    }

    /// Whether anything came in.
    pub(super) fn is_begun(&self) -> bool {
        !self.header.is_empty()
    }

    /// Whether the connection stands after this response (RFC 9112 §9.3).
    pub(super) fn goes_on(&self) -> bool {
        let close = |value: &[u8]| value.eq_ignore_ascii_case(b"close");
        self.header.starts_with(b"HTTP/1.1") && !self.field("connection").is_some_and(close)
    }

    /// The status code; 0 before it came, and if there is none.
    pub(super) fn status(&self) -> u16 {
        let digits = self.header.get(9..12).filter(|_| self.header.get(8) == Some(&b' '));
        digits.and_then(number).and_then(|n| n.try_into().ok()).unwrap_or_default()
    }

    /// The first value of this header field.
    pub(super) fn field(&self, name: &str) -> Option<&[u8]> {
        self.header.split(|octet| *octet == b'\n').skip(1).find_map(|line| {
            let colon = line.iter().position(|octet| *octet == b':')?;
            let (key, value) = (line.get(..colon)?, line.get(colon + 1..)?);
            key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
        })
    }

    /// The body, as far as it came.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }
}

/// A decimal number of at most nine digits.
fn number(digits: &[u8]) -> Option<usize> {
    let fits = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')))
}

/// What follows the line with the length of a chunk (RFC 9112 §7.1).
fn chunk(line: &[u8]) -> At {
    let size = line.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    let size = std::str::from_utf8(size).ok().filter(|size| size.len() <= 8);
    match size.and_then(|size| usize::from_str_radix(size, 16).ok()) {
        Some(0) => At::Trailer(true),
        Some(size) if size <= MOST_BODY => At::Chunk(size),
        Some(_) | None => At::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Response {
        let mut whole = Response::new();
        whole.take(text);
        whole.close();
        for cut in 0..text.len() {
            let mut pieces = Response::new();
            pieces.take(&text[..cut]);
            pieces.take(&text[cut..]);
            pieces.close();
            assert_eq!(
                (&pieces.at, &pieces.header, &pieces.body),
                (&whole.at, &whole.header, &whole.body)
            );
        }
        let mut drip = Response::new();
        for octet in text {
            drip.take(&[*octet]);
        }
        drip.close();
        assert_eq!((&drip.at, &drip.body), (&whole.at, &whole.body));
        whole
    }

    #[test]
    fn a_body_by_its_length_by_chunks_and_to_the_end_reads_the_same() {
        for text in [
            &b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1"[..],
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nServer: x\nContent-Length: 5\n\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSERVER:x\r\n\r\n2;a=b\r\nhe\r\n003\r\nllo\r\n0\r\nX: y\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello",
        ] {
            let response = read(text);
            assert!(response.is_whole(), "{response:?}");
            assert_eq!((response.status(), response.body()), (200, &b"hello"[..]));
            assert_eq!(response.field("server"), Some(&b"x"[..]));
        }
    }

    #[test]
    fn a_response_that_breaks_off_is_not_whole() {
        for text in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            b"HTTP/1.1 200 OK\r\nServer",
        ] {
            let response = read(text);
            assert!(!response.is_whole() && !response.is_nonsense() && response.is_begun());
        }
    }

    #[test]
    fn what_is_no_response_or_too_long_is_nonsense() {
        let long = [b"HTTP/1.1 200 OK\r\nServer: ", vec![b'a'; MOST_HEADER].as_slice()].concat();
        for text in [
            &b"SSH-2.0-x\r\n"[..],
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello",
            &long,
        ] {
            let mut response = Response::new();
            response.take(text);
            assert!(response.is_nonsense(), "{:?}", &text[..12.min(text.len())]);
        }
    }

    #[test]
    fn a_body_without_an_end_is_given_up() {
        let mut response = Response::new();
        response.take(b"HTTP/1.0 200 OK\r\n\r\n");
        (0..1000).for_each(|_| response.take(&[b'x'; 1024]));
        assert!(response.is_nonsense() && response.body().len() <= MOST_BODY + 1024);
    }

    #[test]
    fn the_connection_goes_on_as_http_says() {
        let goes_on = |text: &[u8]| read(text).goes_on();
        assert!(goes_on(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
        assert!(!goes_on(
            b"HTTP/1.1 404 Not Found\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n"
        ));
        assert!(!goes_on(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    }
}
