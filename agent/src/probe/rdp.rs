//! RDP (TCP 3389): which security a remote desktop asks for, and what its certificate and its NTLM
//! challenge say of host, domain and Windows build.
//!
//! Sends, over one connection, a connection request that names nobody (no cookie); where the server
//! selects TLS, a TLS handshake; where it selects CredSSP (network level authentication), NTLM's first
//! message, which names nobody either. The server answers with a challenge and the connection is closed:
//! the message by which somebody logs in is never sent, no session is opened and no screen drawn. Costs
//! the host a connection and a handshake; Windows notes no login, but may note a connection that ended
//! early.
//!
//! Fields: `protocol` (`rdp`, `tls`, `nla`), `subject` of the certificate, `host`, `domain`, `dns_host`,
//! `dns_domain`, `dns_tree`, `os_build`. A server that refuses what is offered has `failure` with the code
//! of [MS-RDPBCGR] §2.2.1.2.2. Where the handshake fails, as with TLS 1.0 alone, what was negotiated is
//! all that is told.

use std::io::Write as _;
use std::mem;
use std::net::IpAddr;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::ntlm::{self, Challenge};
use daicho_common::wire::rdp::{self, Answer};
use daicho_common::wire::{der, spnego};

use super::challenge;
use super::talk::{Conversation, Cut, Next, told};
use super::tls::{self, certificate};

/// The port of RDP.
pub const PORT: u16 = 3389;

/// Longest answer of `CredSSP` that is read, in octets.
const MOST_CREDENTIALS: usize = 32 << 10;

/// How far the conversation is.
#[derive(Debug)]
enum Step {
    /// The negotiation is awaited.
    Negotiation,
    /// The handshake is under way.
    Handshake(Box<ClientConnection>),
    /// The challenge is awaited.
    Challenge(Box<ClientConnection>),
    /// Nothing more is awaited.
    Over,
}

/// A conversation with one remote desktop.
#[derive(Debug)]
pub struct Rdp {
    host: IpAddr,
    /// Whether the server selected `CredSSP`.
    nla: bool,
    step: Step,
    heard: Vec<u8>,
    said: Said,
}

/// What the connection wants to send.
fn outgoing(tls: &mut ClientConnection) -> Vec<u8> {
    let mut out = Vec::new();
    while tls.wants_write() {
        if tls.write_tls(&mut out).is_err() {
            break;
        }
    }
    out
}

/// Gives the octets to the connection. Returns what it decrypted, at most [`MOST_CREDENTIALS`] octets;
/// `None` if it broke.
fn incoming(tls: &mut ClientConnection, mut octets: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    while !octets.is_empty() {
        if tls.read_tls(&mut octets).ok()? == 0 {
            break;
        }
        let state = tls.process_new_packets().ok()?;
        let mut more = vec![0; state.plaintext_bytes_to_read()];
        if !more.is_empty() {
            std::io::Read::read_exact(&mut tls.reader(), &mut more).ok()?;
            plain.extend(more);
        }
        if plain.len() > MOST_CREDENTIALS {
            return None;
        }
    }
    Some(plain)
}

impl Rdp {
    /// A conversation with `host` at this port.
    pub const fn new(host: IpAddr, port: u16) -> Self {
        let said = Said::at(port);
        Self { host, nla: false, step: Step::Negotiation, heard: Vec::new(), said }
    }

    fn negotiated(&mut self) -> Next {
        let answer = match rdp::whole(&self.heard) {
            Ok(None) => return Next::Wait,
            Ok(Some(unit)) => Answer::decode(unit),
            Err(error) => Err(error),
        };
        self.heard.clear();
        match answer {
            Ok(Answer::Selected { protocol, .. })
                if protocol & (rdp::HYBRID | rdp::HYBRID_EX) != 0 =>
            {
                self.said.add("protocol", "nla".into());
                self.nla = true;
                self.shake_hands()
            }
            Ok(Answer::Selected { protocol: rdp::TLS, .. }) => {
                self.said.add("protocol", "tls".into());
                self.shake_hands()
            }
            Ok(Answer::Selected { .. } | Answer::Plain) => {
                self.said.add("protocol", "rdp".into());
                Next::End(Outcome::Complete)
            }
            Ok(Answer::Failed { code }) => {
                self.said.add("failure", Text::clean(&code.to_string()));
                Next::End(Outcome::Refused)
            }
            Err(_) => Next::End(Outcome::Malformed),
        }
    }

    fn shake_hands(&mut self) -> Next {
        let name = ServerName::from(self.host);
        let tls = tls::config(&[]).and_then(|config| ClientConnection::new(config, name).ok());
        let Some(mut tls) = tls else { return Next::End(Outcome::Partial) };
        let hello = outgoing(&mut tls);
        self.step = Step::Handshake(Box::new(tls));
        Next::Say(hello)
    }

    fn hear_handshake(&mut self, mut tls: Box<ClientConnection>, octets: &[u8]) -> Next {
        if incoming(&mut tls, octets).is_none() {
            return Next::End(Outcome::Partial);
        }
        let mut out = outgoing(&mut tls);
        if tls.is_handshaking() {
            self.step = Step::Handshake(tls);
            return if out.is_empty() { Next::Wait } else { Next::Say(out) };
        }
        let certificate = tls.peer_certificates().and_then(<[_]>::first);
        let fields = certificate.map(|der| certificate::fields(der)).unwrap_or_default();
        for (name, value) in fields.into_iter().filter(|(name, _)| *name == "subject") {
            self.said.add(name, value);
        }
        if !self.nla {
            return Next::End(Outcome::Complete);
        }
        // Without SPNEGO around it, because FreeRDP takes no other.
        let request = rdp::ts_request(&ntlm::negotiate());
        if tls.writer().write_all(&request).is_err() {
            return Next::End(Outcome::Partial);
        }
        out.extend(outgoing(&mut tls));
        self.step = Step::Challenge(tls);
        Next::Say(out)
    }

    fn hear_challenge(&mut self, mut tls: Box<ClientConnection>, octets: &[u8]) -> Next {
        let Some(plain) = incoming(&mut tls, octets) else { return Next::End(Outcome::Partial) };
        self.heard.extend(plain);
        if self.heard.len() > MOST_CREDENTIALS {
            return Next::End(Outcome::Partial);
        }
        if der::read(&self.heard).is_err() {
            // Not all there yet, or none at all: then silence or the end of the connection decides.
            let out = outgoing(&mut tls);
            self.step = Step::Challenge(tls);
            return if out.is_empty() { Next::Wait } else { Next::Say(out) };
        }
        let token = rdp::ts_token(&self.heard).ok().flatten();
        let read = token.and_then(|token| spnego::token(token).and_then(Challenge::decode).ok());
        Next::End(match read {
            Some(read) => {
                challenge::describe(&read, &mut self.said);
                Outcome::Complete
            }
            None => Outcome::Partial,
        })
    }
}

impl Conversation for Rdp {
    fn method(&self) -> Method {
        Method::Rdp
    }

    fn begin(&mut self) -> Next {
        Next::Say(rdp::request())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        match mem::replace(&mut self.step, Step::Over) {
            Step::Negotiation => {
                self.step = Step::Negotiation;
                self.heard.extend_from_slice(octets);
                self.negotiated()
            }
            Step::Handshake(tls) => self.hear_handshake(tls, octets),
            Step::Challenge(tls) => self.hear_challenge(tls, octets),
            Step::Over => Next::End(Outcome::Partial),
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match cut {
            _ if !self.said.fields.is_empty() => Outcome::Partial,
            Cut::Closed => Outcome::Refused,
            Cut::Silent => Outcome::Silent,
            Cut::Flooded => Outcome::Malformed,
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Rdp, &mut self.said)
    }
}

#[cfg(test)]
mod tests;
