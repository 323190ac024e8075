//! SIP (RFC 3261 §11; UDP 5060): what a telephone, an exchange or a gateway calls itself.
//!
//! Sends one OPTIONS request to the host and again, with the same branch, where nothing comes back. It
//! rings nowhere, registers nothing and logs nobody in; `Max-Forwards: 0` keeps a proxy from passing it
//! on (§16.3). Costs one answer. It comes from a name that cannot exist (`anonymous.invalid`, RFC 2606 §2), because a pure room
//! does not know the agent's address, and asks to be answered where it came from (`rport`, RFC 3581). An
//! exchange may note an unknown caller, and one that bans who asks too often may count it; so it is
//! asked only where the policy is full.
//!
//! Fields: `status` (401 and 404 tell of a server as 200 does), `server`, `user-agent`, `allow`, and the
//! `realm` of a challenge without its nonce.

use std::net::IpAddr;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::http::literal;
use daicho_common::wire::reply::Reply;

use super::inquiry::{Answer, Inquiry};

/// The port of SIP over UDP (RFC 3261 §19.1.2).
pub const PORT: u16 = 5060;

/// The protocol as a status line has it.
const PROTOCOL: &str = "SIP/2.0";

/// Header fields that are told as they are.
const FIELDS: [&str; 3] = ["server", "user-agent", "allow"];

/// The question to one host.
#[derive(Clone, Copy, Debug)]
pub struct Sip {
    host: IpAddr,
    number: u64,
    port: u16,
}

/// The realm of a challenge (RFC 3261 §20.44): the quoted string after `realm=`.
pub(super) fn realm(challenge: &[u8]) -> Option<Text> {
    let at = challenge.windows(7).position(|window| window.eq_ignore_ascii_case(b"realm=\""))?;
    let rest = challenge.get(at + 7..)?;
    let end = rest.iter().position(|octet| *octet == b'"')?;
    Some(Text::from_wire(rest.get(..end)?))
}

impl Sip {
    /// To `host` at this port; `number` is one that nobody can foresee, for the identifiers of the call.
    pub const fn new(host: IpAddr, number: u64, port: u16) -> Self {
        Self { host, number, port }
    }

    fn call_id(&self) -> String {
        format!("{:016x}@anonymous.invalid", self.number)
    }
}

impl Inquiry for Sip {
    fn method(&self) -> Method {
        Method::Sip
    }

    fn kind(&self) -> PacketKind {
        PacketKind::Sip
    }

    fn question(&self) -> Vec<u8> {
        let host = literal(self.host);
        let (call_id, number) = (self.call_id(), self.number.rotate_left(32));
        let lines = [
            format!("OPTIONS sip:{host} {PROTOCOL}"),
            format!("Via: {PROTOCOL}/UDP anonymous.invalid;branch=z9hG4bK{number:016x};rport"),
            "Max-Forwards: 0".to_owned(),
            format!("From: <sip:daicho@anonymous.invalid>;tag={:08x}", number & 0xffff_ffff),
            format!("To: <sip:{host}>"),
            format!("Call-ID: {call_id}"),
            "CSeq: 1 OPTIONS".to_owned(),
            "Contact: <sip:daicho@anonymous.invalid>".to_owned(),
            "Accept: application/sdp".to_owned(),
            "Content-Length: 0".to_owned(),
        ];
        (lines.join("\r\n") + "\r\n\r\n").into_bytes()
    }

    fn hear(&self, octets: &[u8]) -> Option<Answer> {
        let reply = Reply::decode(PROTOCOL, octets).ok()?;
        // `i` is the short form (RFC 3261 §7.3.3). What is under way (1xx) is no answer yet.
        let call_id = reply.field("call-id").or_else(|| reply.field("i"))?;
        if call_id != self.call_id().as_bytes() || reply.status < 200 {
            return None;
        }
        let mut said = Said::at(self.port);
        said.add("status", Text::clean(&reply.status.to_string()));
        for name in FIELDS {
            said.add(name, Text::from_wire(reply.field(name).unwrap_or_default()));
        }
        let challenge =
            reply.field("www-authenticate").or_else(|| reply.field("proxy-authenticate"));
        if let Some(realm) = challenge.and_then(realm) {
            said.add("realm", realm);
        }
        Some(Answer { facts: vec![Fact::Said(Box::new(said))], outcome: Outcome::Complete })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sip() -> Sip {
        Sip::new([10, 20, 0, 9].into(), 0x1234_5678_9abc_def0, PORT)
    }

    fn said(text: &str) -> Option<Said> {
        let answer = sip().hear(text.as_bytes())?;
        match answer.facts.as_slice() {
            [Fact::Said(said)] => Some(said.as_ref().clone()),
            other => panic!("{other:?}"),
        }
    }

    const ID: &str = "Call-ID: 123456789abcdef0@anonymous.invalid\r\n";

    #[test]
    fn a_question_is_whole_and_is_not_passed_on() {
        let text = String::from_utf8(sip().question()).unwrap();
        assert!(text.starts_with("OPTIONS sip:10.20.0.9 SIP/2.0\r\n"));
        assert!(text.contains(";branch=z9hG4bK9abcdef012345678;rport\r\n"));
        assert!(text.contains("\r\nMax-Forwards: 0\r\n") && text.contains(ID));
        assert!(text.ends_with("\r\nContent-Length: 0\r\n\r\n"));
        let six = Sip::new("fd00::9".parse().unwrap(), 1, PORT).question();
        assert!(six.starts_with(b"OPTIONS sip:[fd00::9] SIP/2.0\r\n"));
    }

    #[test]
    fn whoever_answers_says_what_it_is_whether_it_likes_the_question_or_not() {
        let phone =
            said(&format!("SIP/2.0 200 OK\r\n{ID}User-Agent: Tel-9/1.2\r\nAllow: INVITE\r\n\r\n"));
        let phone = phone.unwrap();
        assert_eq!(phone.get("user-agent"), Some("Tel-9/1.2"));
        assert_eq!((phone.get("status"), phone.get("allow")), (Some("200"), Some("INVITE")));
        let gate =
            "WWW-Authenticate: Digest realm=\"exchange-3\", nonce=\"abc\"\r\nServer: Gate\r\n\r\n";
        let gate = said(&format!("SIP/2.0 401 Unauthorized\r\n{ID}{gate}")).unwrap();
        assert_eq!((gate.get("server"), gate.get("realm")), (Some("Gate"), Some("exchange-3")));
        assert!(gate.fields.iter().all(|(_, value)| !value.as_str().contains("abc")));
    }

    #[test]
    fn what_is_under_way_foreign_or_no_answer_is_not_taken() {
        assert_eq!(said(&format!("SIP/2.0 100 Trying\r\n{ID}\r\n")), None);
        assert_eq!(said("SIP/2.0 200 OK\r\nCall-ID: another\r\n\r\n"), None);
        assert_eq!(said("SIP/2.0 200 OK\r\n\r\n"), None);
        assert_eq!(sip().hear(&sip().question()), None);
    }

    #[test]
    fn a_name_of_a_megabyte_with_escapes_is_made_safe() {
        let long = format!("SIP/2.0 200 OK\r\n{ID}Server: \x1b[2J{}\r\n\r\n", "x".repeat(1 << 20));
        let server = said(&long).unwrap();
        let server = server.get("server").unwrap();
        assert!(server.chars().count() <= 1024 && !server.contains('\x1b'));
    }
}
