//! What a web server is sent: one JSON document a message, signed with HMAC-SHA256 (RFC 2104) over the
//! time and the octets of the body, so that a message can be neither altered nor sent again later.

use std::fmt::Write as _;

use daicho_common::time::Timestamp;
use ring::hmac;
use serde::Serialize;

use super::message::{Message, Notice};

/// The header that carries the signature: `t=SECONDS,v1=HEX`.
pub const SIGNATURE: &str = "Daicho-Signature";
/// The header that names the message: of two that are alike one was sent again.
pub const DELIVERY: &str = "Daicho-Delivery";

#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    id: &'a str,
    made_at: String,
    /// Beginning and whole in words; some services show just this.
    text: String,
    /// Events that are not in the list for want of room.
    more: usize,
    events: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    kind: &'static str,
    severity: crate::policy::Severity,
    title: &'a str,
    lines: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
}

impl<'a> From<&'a Notice> for Told<'a> {
    fn from(notice: &'a Notice) -> Self {
        Self {
            id: &notice.id,
            kind: notice.kind.name(),
            severity: notice.severity,
            title: &notice.title,
            lines: &notice.lines,
            link: notice.link.as_deref(),
        }
    }
}

/// The body.
pub fn body(message: &Message, (subject, text): (&str, &str)) -> Vec<u8> {
    let made_at = jiff::Timestamp::from_microsecond(message.made_at.micros())
        .map_or_else(|_| String::new(), |at| at.to_string());
    let document = Document {
        version: 1,
        id: &message.id,
        made_at,
        text: format!("{subject}\n\n{text}"),
        more: message.more,
        events: message.notices.iter().map(Told::from).collect(),
    };
    // Texts and numbers alone: there is nothing that could not be written.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// The value of [`SIGNATURE`] for this body, sent now.
pub fn signature(key: &[u8], body: &[u8], now: Timestamp) -> String {
    let seconds = now.micros().div_euclid(1_000_000);
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    let mut text = format!("t={seconds},v1=");
    for octet in context.sign().as_ref() {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_hmac_of_time_and_body() {
        // As `printf '1775003400.{}' | openssl dgst -sha256 -hmac key` prints it.
        let made = signature(b"key", b"{}", Timestamp::from_micros(1_775_003_400_999_999));
        let (time, digits) = made.split_once(',').unwrap();
        assert_eq!(time, "t=1775003400");
        assert_eq!(digits, EXPECTED);
    }

    const EXPECTED: &str = "v1=9971751b57de6414023c273df909d052aee3cd3205f925fcc15cfdaee2aa9370";
}
