//! HTTPS: a TLS handshake (RFC 8446, RFC 5246), what the server shows of itself in it, and the start page
//! over it ([`Http`]).
//!
//! Every certificate is accepted, because it is only looked at: nothing secret is said. Where the
//! handshake fails because the device knows only older versions, suites or small keys, a second
//! connection offers these in one `ClientHello` ([`ClientHello`]), reads the answer in the clear and says
//! goodbye by an alert; the page is not read then. Costs: a handshake, which takes a small device up to a
//! second of its processor, and what [`Http`] costs. Never sent: a certificate, a login, SSL 2.0 or 3.0.
//!
//! Fields of [`Method::Tls`]: `version`, `cipher`, `legacy` (yes), `alert`, `client_certificate`
//! (requested), `chain` (certificates shown) and those of [`certificate`].

use std::io::{Read, Write};
use std::net::IpAddr;
use std::sync::Arc;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::tls::{self, ClientHello, Message, Reader, registry};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::http::Http;
use super::talk::{Conversation, Cut, Next};

/// What a certificate says.
pub mod certificate;
mod config;
pub(super) use config::config;

/// Most octets of a page that are decrypted at once.
const PIECE: usize = 16 << 10;

enum State {
    /// Nothing was said yet.
    Fresh,
    /// By the kept library: TLS 1.2 and 1.3.
    Modern(Box<ClientConnection>),
    /// The modern handshake failed, and that was said.
    Failed,
    /// In the clear, for old devices.
    Legacy(Reader),
    /// Nothing more is said.
    Over,
}

/// TLS at a port, and HTTP over it.
pub struct Tls {
    config: Option<Arc<ClientConfig>>,
    server_name: ServerName<'static>,
    hello: ClientHello,
    state: State,
    http: Http,
    /// The first two octets that came: of TLS an alert or a handshake, and the version 3.
    opening: Vec<u8>,
    /// Whether the old versions were tried, or need not be.
    settled: bool,
    /// The version that the server chose, in the clear.
    version: u16,
    said: Said,
    outcome: Outcome,
}

impl Tls {
    /// The service of `host` at this TCP port, and its page at `path`. The first of `names`, which the host
    /// gave itself, is said to be meant (RFC 6066 §3); if there is none, none is. `random` are 32 octets
    /// that nobody can foresee.
    pub fn new(
        host: IpAddr,
        (port, path): (u16, &str),
        names: &[String],
        random: [u8; 32],
    ) -> Self {
        let meant = names
            .iter()
            .find_map(|name| Some((name.clone(), ServerName::try_from(name.clone()).ok()?)));
        let (name, server_name) = match meant {
            Some((name, server_name)) => (Some(name), server_name),
            // Of an address nothing is said in a handshake.
            None => (None, ServerName::from(host)),
        };
        Self {
            config: config(&[b"http/1.1"]),
            server_name,
            hello: ClientHello { random, server_name: name },
            state: State::Fresh,
            http: Http::new(host, (port, true), path, names),
            opening: Vec::new(),
            settled: false,
            version: 0,
            said: Said::at(port),
            outcome: Outcome::Silent,
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        if self.said.get(name).is_none() {
            self.said.add(name, Text::clean(value));
        }
    }

    fn begin_modern(&mut self) -> Next {
        let config = self.config.clone();
        let made = config.and_then(|it| ClientConnection::new(it, self.server_name.clone()).ok());
        let Some(mut connection) = made else { return Next::End(self.outcome) };
        let octets = pending(&mut connection);
        self.state = State::Modern(Box::new(connection));
        Next::Say(octets)
    }

    fn hear_modern(&mut self, mut connection: Box<ClientConnection>, octets: &[u8]) -> Next {
        let unheard = 2usize.saturating_sub(self.opening.len());
        self.opening.extend(octets.iter().take(unheard));
        let mut rest = octets;
        let mut plain = Vec::new();
        while !rest.is_empty() {
            let taken = connection.read_tls(&mut rest).unwrap_or_default();
            let processed = connection.process_new_packets();
            let mut piece = vec![0; PIECE];
            while let Ok(read @ 1..) = connection.reader().read(&mut piece) {
                plain.extend(piece.iter().take(read));
            }
            if processed.is_err() || taken == 0 {
                return self.fail(connection, &plain);
            }
        }
        let mut next = Next::Wait;
        if !connection.is_handshaking() {
            if self.said.get("version").is_none() {
                self.learn(&connection);
                next = self.http.begin();
            }
            if !plain.is_empty() {
                next = self.http.hear(&plain);
            }
        }
        if let Next::Say(request) = &next {
            // What it does not take is never more than a request.
            let _ = connection.writer().write_all(request);
        }
        let unsaid = pending(&mut connection);
        self.state = State::Modern(connection);
        match next {
            Next::Wait | Next::Say(_) if !unsaid.is_empty() => Next::Say(unsaid),
            Next::Say(_) => Next::Wait,
            next @ (Next::Wait | Next::Anew | Next::End(_)) => next,
        }
    }

    /// The other side said what TLS does not allow, or refused.
    fn fail(&mut self, mut connection: Box<ClientConnection>, plain: &[u8]) -> Next {
        if !connection.is_handshaking() {
            // Of the page what came before it counts.
            if !plain.is_empty()
                && let next @ Next::End(_) = self.http.hear(plain)
            {
                return next;
            }
            return Next::End(self.http.cut(Cut::Closed));
        }
        if !matches!(self.opening.as_slice(), [21 | 22, 3]) {
            self.settled = true;
            self.state = State::Over;
            return Next::End(Outcome::Malformed);
        }
        self.state = State::Failed;
        let alert = pending(&mut connection);
        if alert.is_empty() { Next::Anew } else { Next::Say(alert) }
    }

    /// Takes what the handshake showed.
    fn learn(&mut self, connection: &ClientConnection) {
        let version = connection.protocol_version().map(u16::from).unwrap_or_default();
        self.add("version", &registry::version(version));
        if let Some(suite) = connection.negotiated_cipher_suite() {
            self.add("cipher", &registry::cipher(suite.suite().into()));
        }
        let chain: Vec<Vec<u8>> = connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect();
        self.learn_chain(&chain);
    }

    fn learn_chain(&mut self, chain: &[Vec<u8>]) {
        self.add("chain", &chain.len().to_string());
        let Some(leaf) = chain.first() else { return };
        for (name, value) in certificate::fields(leaf) {
            if name == "san"
                && let Some(name) = value.as_str().strip_prefix("DNS:")
            {
                self.http.is_named(name);
            }
            self.said.add(name, value);
        }
    }

    fn hear_legacy(&mut self, mut reader: Reader, octets: &[u8]) -> Next {
        let Ok(messages) = reader.read(octets) else {
            self.state = State::Over;
            let nothing = self.said.fields.is_empty();
            return Next::End(if nothing { Outcome::Malformed } else { Outcome::Partial });
        };
        self.state = State::Legacy(reader);
        for message in messages {
            match message {
                Message::ServerHello { version, cipher } => {
                    self.version = version;
                    self.add("version", &registry::version(version));
                    self.add("cipher", &registry::cipher(cipher));
                    self.add("legacy", "yes");
                    self.outcome = Outcome::Partial;
                }
                Message::Certificate(chain) => {
                    self.learn_chain(&chain);
                    self.outcome = Outcome::Complete;
                }
                Message::CertificateRequest => self.add("client_certificate", "requested"),
                Message::Alert { fatal, description } => {
                    if fatal || description == 0 {
                        self.add("alert", &registry::alert(description));
                        self.state = State::Over;
                        let refused = self.outcome == Outcome::Silent;
                        return Next::End(if refused { Outcome::Refused } else { self.outcome });
                    }
                }
                Message::ServerHelloDone => {
                    self.state = State::Over;
                    return Next::Say(tls::goodbye(self.version.max(tls::SSL_3_0)));
                }
                Message::Other(_) => {}
            }
        }
        Next::Wait
    }
}

/// What the connection has to say.
fn pending(connection: &mut ClientConnection) -> Vec<u8> {
    let mut octets = Vec::new();
    while connection.wants_write() && connection.write_tls(&mut octets).is_ok() {}
    octets
}

impl Conversation for Tls {
    fn method(&self) -> Method {
        Method::Tls
    }

    fn begin(&mut self) -> Next {
        if matches!(self.state, State::Failed) {
            self.settled = true;
            self.state = State::Legacy(Reader::default());
            return Next::Say(self.hello.encode());
        }
        self.begin_modern()
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Modern(connection) => self.hear_modern(connection, octets),
            State::Legacy(reader) => self.hear_legacy(reader, octets),
            State::Failed => {
                self.state = State::Failed;
                Next::Anew
            }
            // What follows a goodbye is not waited for.
            State::Over => Next::End(self.outcome),
            State::Fresh => Next::Wait,
        }
    }

    fn resumes(&mut self, cut: Cut) -> bool {
        match &self.state {
            State::Failed => true,
            State::Modern(connection) if connection.is_handshaking() => {
                // Some close, or say nothing, where they should say what they do not know.
                let again = !self.settled && self.said.fields.is_empty();
                if again {
                    self.state = State::Failed;
                }
                again
            }
            State::Modern(_) => self.http.resumes(cut),
            State::Fresh | State::Legacy(_) | State::Over => false,
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Modern(connection) if !connection.is_handshaking() => self.http.cut(cut),
            State::Modern(_) | State::Fresh | State::Failed | State::Legacy(_) | State::Over => {
                self.outcome
            }
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        if self.said.fields.is_empty() {
            return self.http.poll_fact();
        }
        let said = std::mem::replace(&mut self.said, Said::at(0));
        Some((Method::Tls, Fact::Said(Box::new(said))))
    }
}

#[cfg(test)]
mod tests;
