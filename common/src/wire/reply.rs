//! A status line and header fields, as SIP (RFC 3261 §7) and RTSP (RFC 2326 §7) have them: lenient about
//! line ends and folded lines, bounded in fields. Bodies are passed over.

use super::Malformed;

/// Most header fields that are read of one answer.
const MOST_FIELDS: usize = 64;

/// An answer, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status code, 100–699.
    pub status: u16,
    /// Names and values in the order sent.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Where the empty line after the header fields ends; `None` if it has not come yet.
pub fn head(octets: &[u8]) -> Option<usize> {
    let mut start = 0;
    for (at, _) in octets.iter().enumerate().filter(|(_, octet)| **octet == b'\n') {
        let line = octets.get(start..at).unwrap_or_default();
        if start > 0 && line.trim_ascii().is_empty() {
            return Some(at + 1);
        }
        start = at + 1;
    }
    None
}

impl Reply {
    /// Reads an answer of this protocol, for example `SIP/2.0`.
    ///
    /// # Errors
    /// [`Malformed`] if the status line is not one of the protocol.
    pub fn decode(protocol: &str, octets: &[u8]) -> Result<Self, Malformed> {
        let mut lines = octets.split(|octet| *octet == b'\n');
        let first = lines.next().unwrap_or_default();
        let rest = first.strip_prefix(protocol.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        let code =
            rest.and_then(|rest| rest.get(..3)).and_then(|code| std::str::from_utf8(code).ok());
        let status =
            code.and_then(|code| code.parse().ok()).filter(|code| (100..700).contains(code));
        let status = status.ok_or(Malformed::Inconsistent { field: "status line" })?;
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for line in lines {
            let text = line.trim_ascii();
            if text.is_empty() {
                break;
            }
            let full = fields.len() >= MOST_FIELDS;
            match (line.first(), fields.last_mut()) {
                // A folded line goes on with the one before.
                (Some(b' ' | b'\t'), Some((_, value))) => {
                    value.push(b' ');
                    value.extend_from_slice(text);
                }
                _ if full => break,
                _ => {
                    let Some(colon) = text.iter().position(|octet| *octet == b':') else {
                        continue;
                    };
                    let (name, value) = text.split_at(colon);
                    let value = value.get(1..).unwrap_or_default();
                    fields.push((name.trim_ascii().to_vec(), value.trim_ascii().to_vec()));
                }
            }
        }
        Ok(Self { status, fields })
    }

    /// The first value of a field, whatever the case of its name.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(of, _)| of.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }

    /// The octets, with an empty reason and no body. Names and values must hold no line ends.
    pub fn encode(&self, protocol: &str) -> Vec<u8> {
        let mut out = format!("{protocol} {:03} \r\n", self.status).into_bytes();
        for (name, value) in &self.fields {
            out.extend_from_slice(&[name.as_slice(), b": ", value, b"\r\n"].concat());
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_read_whatever_their_case_line_ends_and_folds() {
        for text in [
            "SIP/2.0 200 OK\r\nAllow: INVITE,\r\n OPTIONS\r\nServer: Phone/1\r\n\r\nServer: x",
            "SIP/2.0 200\nALLOW:INVITE,\n\tOPTIONS\nserver : Phone/1\n\n",
        ] {
            let reply = Reply::decode("SIP/2.0", text.as_bytes()).unwrap();
            assert_eq!(reply.status, 200);
            assert_eq!(reply.field("allow"), Some(&b"INVITE, OPTIONS"[..]));
            assert_eq!(reply.field("Server"), Some(&b"Phone/1"[..]));
        }
    }

    #[test]
    fn other_protocols_and_codes_are_malformed() {
        for text in
            ["HTTP/1.1 200 OK\r\n\r\n", "SIP/2.0 99 x", "SIP/2.0 7", "", "OPTIONS sip:a SIP/2.0"]
        {
            assert!(Reply::decode("SIP/2.0", text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_end_of_the_head_is_found_and_fields_are_bounded() {
        let text = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nbody";
        assert_eq!(head(text), Some(text.len() - 4));
        for end in 0..text.len() - 4 {
            assert_eq!(head(&text[..end]), None, "{end}");
        }
        let many = [b"RTSP/1.0 200 OK\r\n".to_vec(), b"a: b\r\n".repeat(1000)].concat();
        assert_eq!(Reply::decode("RTSP/1.0", &many).unwrap().fields.len(), MOST_FIELDS);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_replies_survive(
            octets in proptest::collection::vec(any::<u8>(), 0..200), status in 100u16..700,
            raw in proptest::collection::vec(("[A-Za-z-]{1,12}", "[!-~]{0,20}"), 0..8)
        ) {
            let _ = (head(&octets), Reply::decode("SIP/2.0", &octets));
            let _ = Reply::decode("SIP/2.0", &[b"SIP/2.0 200 \r\n", octets.as_slice()].concat());
            let fields = raw.into_iter().map(|(k, v)| (k.into_bytes(), v.into_bytes())).collect();
            let reply = Reply { status, fields };
            prop_assert_eq!(Reply::decode("SIP/2.0", &reply.encode("SIP/2.0")), Ok(reply));
        }
    }
}
