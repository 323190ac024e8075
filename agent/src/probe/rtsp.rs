//! RTSP (RFC 2326 §10.1; TCP 554): what a camera or a recorder calls itself.
//!
//! Sends one OPTIONS request for the server itself (`*`) over one connection and closes it. No stream is
//! described or set up and nobody logs in. Costs the device a connection and an answer; small cameras
//! serve few connections at a time, so it is asked only where the policy is full.
//!
//! Fields: `status`, `server`, `public`, and the `realm` of a challenge without its nonce.

use std::mem;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::reply::{self, Reply};

use super::talk::{Conversation, Cut, Next};

/// The port of RTSP (RFC 2326 §3.2).
pub const PORT: u16 = 554;

/// The protocol as a status line has it.
const PROTOCOL: &str = "RTSP/1.0";

/// The question.
const OPTIONS: &[u8] = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";

/// Longest head of an answer that is read, in octets.
const MOST_HEAD: usize = 16 << 10;

/// A conversation with one server.
#[derive(Debug)]
pub struct Rtsp {
    heard: Vec<u8>,
    said: Said,
}

impl Rtsp {
    /// A conversation at this port.
    pub const fn new(port: u16) -> Self {
        Self { heard: Vec::new(), said: Said::at(port) }
    }

    /// Takes what the answer says, if it is one. Returns whether it is.
    fn take(&mut self) -> bool {
        let Ok(reply) = Reply::decode(PROTOCOL, &self.heard) else { return false };
        self.said.add("status", Text::clean(&reply.status.to_string()));
        for name in ["server", "public"] {
            self.said.add(name, Text::from_wire(reply.field(name).unwrap_or_default()));
        }
        if let Some(realm) = reply.field("www-authenticate").and_then(super::sip::realm) {
            self.said.add("realm", realm);
        }
        true
    }
}

impl Conversation for Rtsp {
    fn method(&self) -> Method {
        Method::Rtsp
    }

    fn begin(&mut self) -> Next {
        Next::Say(OPTIONS.to_vec())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend_from_slice(octets);
        if reply::head(&self.heard).is_some() {
            Next::End(if self.take() { Outcome::Complete } else { Outcome::Malformed })
        } else if self.heard.len() > MOST_HEAD {
            Next::End(if self.take() { Outcome::Partial } else { Outcome::Malformed })
        } else {
            Next::Wait
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match (self.heard.is_empty(), cut) {
            (true, Cut::Closed) => Outcome::Refused,
            (true, Cut::Silent | Cut::Flooded) => Outcome::Silent,
            (false, _) if self.take() => Outcome::Partial,
            (false, _) => Outcome::Malformed,
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        let port = self.said.port;
        let said = mem::replace(&mut self.said, Said::at(port));
        (!said.fields.is_empty()).then(|| (Method::Rtsp, Fact::Said(Box::new(said))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(octets: &[u8], piece: usize) -> (Next, Option<Said>) {
        let mut rtsp = Rtsp::new(PORT);
        assert_eq!(rtsp.begin(), Next::Say(OPTIONS.to_vec()));
        let mut last = Next::Wait;
        for piece in octets.chunks(piece) {
            last = rtsp.hear(piece);
            if last != Next::Wait {
                break;
            }
        }
        let said = rtsp.poll_fact().map(|(_, fact)| {
            let Fact::Said(said) = fact else { panic!("{fact:?}") };
            *said
        });
        (last, said)
    }

    #[test]
    fn a_camera_says_what_it_is_however_the_octets_are_cut() {
        let text =
            b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Cam/2.1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n";
        let whole = held(text, usize::MAX);
        assert_eq!(whole.0, Next::End(Outcome::Complete));
        let said = whole.1.clone().unwrap();
        assert_eq!((said.get("server"), said.get("status")), (Some("Cam/2.1"), Some("200")));
        assert_eq!(said.get("public"), Some("OPTIONS, DESCRIBE"));
        for piece in 1..text.len() {
            assert_eq!(held(text, piece), whole);
        }
    }

    #[test]
    fn a_server_that_wants_a_login_tells_its_realm_and_gets_none() {
        let text =
            b"RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=\"NVR-8\", nonce=\"f00\"\r\n\r\n";
        let (next, said) = held(text, usize::MAX);
        assert_eq!(next, Next::End(Outcome::Complete));
        let said = said.unwrap();
        assert_eq!(said.get("realm"), Some("NVR-8"));
        assert_eq!(said.fields.len(), 2);
    }

    #[test]
    fn a_head_without_end_and_another_protocol_end_soon() {
        let endless = [b"RTSP/1.0 200 OK\r\nServer: ".to_vec(), vec![b'x'; 1 << 20]].concat();
        let (next, said) = held(&endless, 1460);
        assert_eq!(next, Next::End(Outcome::Partial));
        assert!(said.unwrap().get("server").unwrap().len() <= 1024);
        assert_eq!(held(&vec![0; 1 << 20], 1460), (Next::End(Outcome::Malformed), None));
        let (next, said) = held(b"HTTP/1.1 400 Bad\r\n\r\n", 5);
        assert_eq!((next, said), (Next::End(Outcome::Malformed), None));
    }

    #[test]
    fn what_is_cut_says_how_far_it_got() {
        for (cut, outcome) in [(Cut::Closed, Outcome::Refused), (Cut::Silent, Outcome::Silent)] {
            assert_eq!(Rtsp::new(PORT).cut(cut), outcome);
        }
        let mut rtsp = Rtsp::new(PORT);
        assert_eq!(rtsp.hear(b"RTSP/1.0 200 OK\r\nServer: Cam\r\n"), Next::Wait);
        assert_eq!(rtsp.cut(Cut::Closed), Outcome::Partial);
        assert!(rtsp.poll_fact().is_some());
    }
}
