//! SMB (TCP 445): which dialects and what signing a file server has, and what its NTLM challenge says of
//! host, domain and Windows build.
//!
//! Sends, over one connection, what every Windows client begins with: a negotiation of SMB 1 that also
//! offers SMB 2, then one of SMB 2 and 3 where the server knows them, then the first step of
//! authentication with NTLM's first message, which names nobody. The server answers with a challenge
//! and the connection is closed: the message by which somebody logs in is never sent (it cannot be
//! written, see `wire::ntlm`), so no login is tried, none is counted as failed, and no share is opened.
//! Where a server knows neither SMB 2 nor extended security, a session cannot be begun without a user,
//! so the negotiation is all that is asked. Costs the server a connection and half a session; Samba and
//! Windows write neither into their logs as they are delivered, but an audit of SMB 1 clients
//! (`AuditSmb1Access`) may note the negotiation.
//!
//! Fields: `dialect` (`1.0`, `2.0.2` … `3.1.1`), `signing` (`required`, `enabled`, `none`), `guid`, `host`,
//! `domain`, `dns_host`, `dns_domain`, `dns_tree`, `os_build` (for example `10.0.19045`), and from SMB 1
//! `native_os` and `native_lan_manager`.

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::nbss;
use daicho_common::wire::ntlm::{self, Challenge};
use daicho_common::wire::{smb1, smb2, spnego};

use super::challenge;
use super::talk::{Conversation, Cut, Next, told};

/// The port of SMB without NetBIOS ([MS-SMB2] §2.1).
pub const PORT: u16 = 445;

/// What was asked last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The negotiation of both.
    Both,
    /// The negotiation of SMB 2 and 3.
    Negotiation,
    /// The challenge.
    Challenge,
}

/// A conversation with one file server.
#[derive(Debug)]
pub struct Smb {
    number: u64,
    step: Step,
    /// The identifier of the next message of SMB 2.
    next_id: u64,
    heard: Vec<u8>,
    said: Said,
}

/// A dialect as it is called.
fn dialect_name(dialect: u16) -> String {
    match dialect {
        0x0202 => "2.0.2".to_owned(),
        0x0302 => "3.0.2".to_owned(),
        0x0311 => "3.1.1".to_owned(),
        other => format!("{}.{}", other >> 8, other >> 4 & 0x0f),
    }
}

/// A GUID as it is written: its first three parts lie low octet first.
fn guid_text(guid: [u8; 16]) -> Text {
    let n = u128::from_le_bytes(guid);
    let tail = u128::from_be_bytes(guid) & 0xffff_ffff_ffff_ffff;
    let (a, b, c) = (n & 0xffff_ffff, n >> 32 & 0xffff, n >> 48 & 0xffff);
    Text::clean(&format!(
        "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}",
        tail >> 48,
        tail & 0xffff_ffff_ffff
    ))
}

const fn signing(required: bool, enabled: bool) -> &'static str {
    if required {
        "required"
    } else if enabled {
        "enabled"
    } else {
        "none"
    }
}

impl Smb {
    /// A conversation at this port. `number` is one that nobody can foresee; the client's GUID and salt,
    /// which name nobody, are made of it.
    pub const fn new(number: u64, port: u16) -> Self {
        Self { number, step: Step::Both, next_id: 1, heard: Vec::new(), said: Said::at(port) }
    }

    fn id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn negotiated(&mut self, dialect: &str, signing: &str, guid: Option<[u8; 16]>) {
        self.said.add("dialect", Text::clean(dialect));
        self.said.add("signing", Text::clean(signing));
        if let Some(guid) = guid.filter(|guid| *guid != [0; 16]) {
            self.said.add("guid", guid_text(guid));
        }
    }

    fn challenged(&mut self, token: &[u8]) -> Next {
        let challenge = spnego::token(token).and_then(Challenge::decode);
        Next::End(match challenge {
            Ok(challenge) => {
                challenge::describe(&challenge, &mut self.said);
                Outcome::Complete
            }
            Err(_) => Outcome::Partial,
        })
    }

    fn hear_2(&mut self, message: &[u8]) -> Next {
        let Ok(answer) = smb2::Answer::decode(message) else { return self.make_no_sense() };
        match (self.step, answer.body) {
            _ if answer.status == smb2::PENDING => Next::Wait,
            (Step::Both, smb2::Body::Negotiated { dialect: smb2::WILDCARD, .. }) => {
                self.step = Step::Negotiation;
                let half = self.number.to_be_bytes();
                let guid = u128::from(self.number) << 64 | 1;
                let salt: Vec<u8> = half.into_iter().cycle().take(32).collect();
                let salt = <[u8; 32]>::try_from(salt).unwrap_or([1; 32]);
                let id = self.id();
                Next::Say(nbss::frame(&smb2::negotiate(id, guid.to_be_bytes(), salt)))
            }
            (
                Step::Both | Step::Negotiation,
                smb2::Body::Negotiated { security_mode, dialect, guid, .. },
            ) => {
                let signing = signing(security_mode & 2 != 0, security_mode & 1 != 0);
                self.negotiated(&dialect_name(dialect), signing, Some(guid));
                self.step = Step::Challenge;
                let id = self.id();
                let token = spnego::init(&ntlm::negotiate());
                Next::Say(nbss::frame(&smb2::session_setup(id, &token)))
            }
            (Step::Challenge, smb2::Body::SessionSetup { token }) => self.challenged(&token),
            _ => self.refuse(),
        }
    }

    fn hear_1(&mut self, message: &[u8]) -> Next {
        let Ok(answer) = smb1::Answer::decode(message) else { return self.make_no_sense() };
        match (self.step, answer.body) {
            (Step::Both, smb1::Body::Negotiated { security_mode, server, .. }) => {
                let signing = signing(security_mode & 8 != 0, security_mode & 4 != 0);
                match server {
                    smb1::Server::Guid(guid) => {
                        self.negotiated("1.0", signing, Some(guid));
                        self.step = Step::Challenge;
                        let token = spnego::init(&ntlm::negotiate());
                        Next::Say(nbss::frame(&smb1::session_setup(&token)))
                    }
                    smb1::Server::Names { domain, name } => {
                        self.negotiated("1.0", signing, None);
                        self.said.add("host", name);
                        self.said.add("domain", domain);
                        Next::End(Outcome::Complete)
                    }
                }
            }
            (
                Step::Challenge,
                smb1::Body::SessionSetup { token, native_os, native_lan_manager },
            ) => {
                let next = self.challenged(&token);
                self.said.add("native_os", native_os);
                self.said.add("native_lan_manager", native_lan_manager);
                next
            }
            _ => self.refuse(),
        }
    }

    /// The server said no to what was asked last.
    fn refuse(&self) -> Next {
        let nothing = self.said.fields.is_empty();
        Next::End(if nothing { Outcome::Refused } else { Outcome::Partial })
    }

    fn make_no_sense(&self) -> Next {
        let nothing = self.said.fields.is_empty();
        Next::End(if nothing { Outcome::Malformed } else { Outcome::Partial })
    }
}

impl Conversation for Smb {
    fn method(&self) -> Method {
        Method::Smb
    }

    fn begin(&mut self) -> Next {
        Next::Say(nbss::frame(&smb1::negotiate()))
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend_from_slice(octets);
        loop {
            let message = match nbss::deframe(&self.heard) {
                Ok(Some(message)) => message.to_vec(),
                Ok(None) => return Next::Wait,
                Err(_) => return self.make_no_sense(),
            };
            self.heard.drain(..nbss::FRAMING + message.len());
            let next = if message.starts_with(&smb2::PROTOCOL) {
                self.hear_2(&message)
            } else {
                self.hear_1(&message)
            };
            if next != Next::Wait {
                return next;
            }
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match cut {
            _ if !self.said.fields.is_empty() || self.step != Step::Both => Outcome::Partial,
            // It hung up on the first question.
            Cut::Closed => Outcome::Refused,
            Cut::Silent => Outcome::Silent,
            Cut::Flooded => Outcome::Malformed,
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Smb, &mut self.said)
    }
}

#[cfg(test)]
mod tests;
