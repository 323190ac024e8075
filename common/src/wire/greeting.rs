//! What a server says first: replies of FTP (RFC 959 §4.2) and SMTP (RFC 5321 §4.2), of one line or
//! several, and the greeting of IMAP (RFC 9051 §7.1). Lenient about line ends.

use super::Malformed;

/// Most lines that are kept of one reply; the others are passed over.
pub const MOST_LINES: usize = 64;

/// A reply of FTP or SMTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Code, 100–599.
    pub code: u16,
    /// Text of the lines without the code, at most [`MOST_LINES`], without line ends.
    pub lines: Vec<Vec<u8>>,
}

/// The first line without its end, and what follows; `None` if it has not ended yet.
fn line(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    let (line, rest) = octets.split_at(end);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default()))
}

/// The code at the start of a line, whether the line is the last one, and its text.
fn coded(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (code, rest) = line.split_first_chunk::<3>()?;
    if !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let code = Some(code).filter(|code| (100..600).contains(code))?;
    match rest {
        [b'-', text @ ..] => Some((code, false, text)),
        [b' ', text @ ..] => Some((code, true, text)),
        [] => Some((code, true, rest)),
        _ => None,
    }
}

impl Greeting {
    /// The first reply and the octets after it; `None` if it is not all there yet.
    ///
    /// # Errors
    /// [`Malformed`] if the first line has no code.
    pub fn decode(octets: &[u8]) -> Result<Option<(Self, &[u8])>, Malformed> {
        const MALFORMED: Malformed = Malformed::Inconsistent { field: "reply code" };
        if !octets.iter().take(3).all(u8::is_ascii_digit) {
            return Err(MALFORMED);
        }
        let Some((first, mut rest)) = line(octets) else { return Ok(None) };
        let (code, mut last, text) = coded(first).ok_or(MALFORMED)?;
        let mut lines = vec![text.to_vec()];
        while !last {
            let Some((next, after)) = line(rest) else { return Ok(None) };
            rest = after;
            // Lines between need no code in FTP.
            let (end, text) = match coded(next) {
                Some((of, end, text)) if of == code => (end, text),
                _ => (false, next),
            };
            last = end;
            if lines.len() < MOST_LINES {
                lines.push(text.to_vec());
            }
        }
        Ok(Some((Self { code, lines }, rest)))
    }

    /// The octets; lines must hold no line ends. At least one line is written.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let last = self.lines.len().max(1) - 1;
        for n in 0..=last {
            let text = self.lines.get(n).map(Vec::as_slice).unwrap_or_default();
            out.extend(format!("{:03}{}", self.code, if n == last { ' ' } else { '-' }).bytes());
            out.extend_from_slice(text);
            out.extend(b"\r\n");
        }
        out
    }
}

/// How an IMAP server greets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `* OK`: it awaits a login.
    Ok,
    /// `* PREAUTH`: it needs none.
    Preauth,
    /// `* BYE`: it wants no connection.
    Bye,
}

impl Status {
    /// As it is written.
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Preauth => "PREAUTH",
            Self::Bye => "BYE",
        }
    }

    /// Status and text of an IMAP greeting; `None` if it is not all there yet.
    ///
    /// # Errors
    /// [`Malformed`] if it is no untagged greeting.
    pub fn decode(octets: &[u8]) -> Result<Option<(Self, &[u8])>, Malformed> {
        const MALFORMED: Malformed = Malformed::Inconsistent { field: "greeting" };
        if !octets.iter().zip(b"* ").all(|(octet, expected)| octet == expected) {
            return Err(MALFORMED);
        }
        let Some((line, _)) = line(octets) else { return Ok(None) };
        let rest = line.strip_prefix(b"* ").ok_or(MALFORMED)?;
        let end = rest.iter().position(|octet| *octet == b' ').unwrap_or(rest.len());
        let (word, text) = rest.split_at(end);
        let text = text.get(1..).unwrap_or_default();
        let all = [Self::Ok, Self::Preauth, Self::Bye];
        let found = all.into_iter().find(|s| word.eq_ignore_ascii_case(s.name().as_bytes()));
        found.map(|status| Some((status, text))).ok_or(MALFORMED)
    }

    /// The greeting with this text, which must hold no line ends.
    pub fn encode(self, text: &[u8]) -> Vec<u8> {
        [b"* ", self.name().as_bytes(), b" ", text, b"\r\n"].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reply_of_several_lines_ends_where_its_code_stands_before_a_blank() {
        let octets = b"220-first\r\n221 not the end\n second\r\n220-third\r\n220 last\r\nmore";
        for end in 3..octets.len() - 4 {
            assert_eq!(Greeting::decode(&octets[..end]), Ok(None), "{end}");
        }
        let (greeting, rest) = Greeting::decode(octets).unwrap().unwrap();
        assert_eq!((greeting.code, rest), (220, &b"more"[..]));
        let lines: [&[u8]; 5] = [b"first", b"221 not the end", b" second", b"third", b"last"];
        assert_eq!(greeting.lines, lines);
    }

    #[test]
    fn what_has_no_code_is_malformed_and_lines_are_bounded() {
        for octets in [&b"SSH-2.0-x\r\n"[..], b"\0", b"22x", b"099 x\n", b"220x\n", b"22\n"] {
            assert!(Greeting::decode(octets).is_err(), "{octets:?}");
        }
        let many = [b"220-x\r\n".repeat(5000), b"220 y\r\n".to_vec()].concat();
        assert_eq!(Greeting::decode(&many).unwrap().unwrap().0.lines.len(), MOST_LINES);
    }

    #[test]
    fn imap_greets_in_three_ways() {
        let read = Status::decode(b"* OK [CAPABILITY IMAP4rev1] ready\r\n");
        assert_eq!(read, Ok(Some((Status::Ok, &b"[CAPABILITY IMAP4rev1] ready"[..]))));
        assert_eq!(Status::decode(b"* bye\n"), Ok(Some((Status::Bye, &b""[..]))));
        assert_eq!(Status::decode(b"* OK"), Ok(None));
        assert!(Status::decode(b"+OK POP3\r\n").is_err());
        assert!(Status::decode(b"* NO\r\n").is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_greetings_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..200), code in 100u16..600,
            raw in proptest::collection::vec("[ -~]{0,20}", 1..8)
        ) {
            let _ = (Greeting::decode(&octets), Status::decode(&octets));
            let text = raw.concat().into_bytes();
            let octets = Status::Preauth.encode(&text);
            prop_assert_eq!(Status::decode(&octets), Ok(Some((Status::Preauth, text.as_slice()))));
            let lines = raw.into_iter().map(String::into_bytes).collect();
            let greeting = Greeting { code, lines };
            let octets = greeting.encode();
            prop_assert_eq!(Greeting::decode(&octets), Ok(Some((greeting, &[][..]))));
        }
    }
}
