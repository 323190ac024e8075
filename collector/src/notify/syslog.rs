//! Messages of RFC 5424, and how they are set into a stream (RFC 6587 §3.4.1, RFC 5425 §4.3).

use daicho_common::time::Timestamp;

use crate::policy::Severity;

/// Longest message in a datagram, in octets: what every receiver should take (RFC 5426 §3.2).
pub const DATAGRAM: usize = 2048;
/// Longest message in a stream, in octets (RFC 5425 §4.3.1).
pub const STREAM: usize = 8192;
/// The program's name.
const APP: &str = "daicho-collector";

/// What stands before a message's text.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The facility, 0 to 23 (RFC 5424 §6.2.1).
    pub facility: u8,
    /// How much it matters.
    pub severity: Severity,
    /// When it was made.
    pub at: Timestamp,
    /// The name of this computer.
    pub host: &'a str,
    /// The number of this process.
    pub process: u32,
    /// The kind of event, as MSGID.
    pub kind: &'a str,
}

/// The severity (RFC 5424 §6.2.1): critical, warning or notice.
const fn number(severity: Severity) -> u8 {
    match severity {
        Severity::High => 2,
        Severity::Warning => 4,
        Severity::Notice => 5,
    }
}

/// A message, at most so many octets. There are no structured data: they would need a number that the
/// IANA gives to enterprises (RFC 5424 §6.3.2).
pub fn message(head: Head<'_>, text: &str, most: usize) -> Vec<u8> {
    let priority = u16::from(head.facility.min(23)) * 8 + u16::from(number(head.severity));
    let at = jiff::Timestamp::from_microsecond(head.at.micros())
        .map_or_else(|_| "-".to_owned(), |at| at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
    let (host, kind) = (printed(head.host, 255), printed(head.kind, 32));
    let start = format!("<{priority}>1 {at} {host} {APP} {} {kind} - ", head.process);
    let mut octets = start.into_bytes();
    // The mark that says that the text is UTF-8 (§6.4).
    octets.extend([0xef, 0xbb, 0xbf]);
    let room = most.saturating_sub(octets.len());
    octets.extend(cut(&text.replace(['\r', '\n'], " "), room).bytes());
    octets
}

/// A message in a stream: its length, a space, and itself.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [format!("{} ", message.len()).as_bytes(), message].concat()
}

/// PRINTUSASCII of at most so many characters; nothing becomes NILVALUE (§6).
fn printed(text: &str, most: usize) -> String {
    let kept: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if kept.is_empty() { "-".to_owned() } else { kept }
}

/// The beginning of a text, of at most so many octets, cut between characters.
fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(host: &str) -> Head<'_> {
        let at = Timestamp::from_micros(1_775_003_400_250_000);
        Head { facility: 16, severity: Severity::High, at, host, process: 7, kind: "finding" }
    }

    #[test]
    fn a_message_is_as_rfc_5424_writes_it() {
        let made = message(head("daicho.example"), "未登録の機器\n2行目", DATAGRAM);
        let text = String::from_utf8(made).unwrap();
        let (start, said) = text.split_once('\u{feff}').unwrap();
        let words: Vec<&str> = start.split(' ').collect();
        assert_eq!(
            words[..4],
            ["<130>1", "2026-04-01T00:30:00.250000Z", "daicho.example", "daicho-collector"]
        );
        assert_eq!(words[4], "7");
        assert_eq!(words[5..], ["finding", "-", ""]);
        assert_eq!(said, "未登録の機器 2行目");
    }

    #[test]
    fn a_long_message_is_cut_between_characters_and_hostile_names_do_not_break_the_head() {
        let made = message(head("a b\n<1>"), &"長".repeat(10_000), DATAGRAM);
        assert!(made.len() <= DATAGRAM && made.len() > DATAGRAM - 3);
        let text = String::from_utf8(made).unwrap();
        assert_eq!(text.split(' ').nth(2), Some("ab<1>"));
        let empty = String::from_utf8(message(head("日本"), "x", 3)).unwrap();
        assert_eq!(empty.split(' ').nth(2), Some("-"));
    }

    #[test]
    fn a_stream_counts_octets_not_characters() {
        assert_eq!(framed("台帳".as_bytes()), "6 台帳".as_bytes());
    }
}
