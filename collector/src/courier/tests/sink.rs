//! Receivers on loopback, each on a port that the system chose: a mail server (RFC 5321, STARTTLS, AUTH
//! PLAIN and LOGIN), a web server, a syslog server for streams.

use super::*;
use daicho_common::text::Text;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A CA in a file, and a certificate of it for `localhost`.
pub(super) struct Certified {
    _folder: tempfile::TempDir,
    pub(super) ca: PathBuf,
    config: Arc<ServerConfig>,
}

impl Certified {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let own = params.signed_by(&key, &authority).unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, authority.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], key)
            .unwrap();
        Self { _folder: folder, ca, config: Arc::new(config) }
    }

    fn wrap(&self, stream: TcpStream) -> Box<dyn Duplex> {
        let session = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        Box::new(StreamOwned::new(session, stream))
    }

    fn shared(&self) -> Self {
        let (folder, ca) = (tempfile::tempdir().unwrap(), self.ca.clone());
        Self { _folder: folder, ca, config: Arc::clone(&self.config) }
    }
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

fn bind() -> (TcpListener, u16) {
    // "localhost" is both; the clients try one after the other.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What a mail server was told.
#[derive(Debug, Default)]
pub(super) struct Mail {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) head: String,
    pub(super) text: String,
    pub(super) login: Option<(String, String)>,
    pub(super) in_the_clear: String,
}

/// A mail server; with TLS after STARTTLS, or from the start.
pub(super) fn mail_server(tls: Option<(&Certified, bool)>) -> (u16, Receiver<Mail>) {
    let (listener, port) = bind();
    let (sender, mails) = queue();
    let tls = tls.map(|(certified, implicit)| (certified.shared(), implicit));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = patient(stream.unwrap());
            let mut mail = Mail::default();
            let done = match &tls {
                None => converse(&mut BufReader::new(stream), false, (&mut mail, true)),
                Some((certified, true)) => {
                    let mut hidden = BufReader::new(certified.wrap(stream));
                    let done = converse(&mut hidden, false, (&mut mail, true));
                    mail.in_the_clear.clear();
                    done
                }
                Some((certified, false)) => {
                    let mut clear = BufReader::new(stream.try_clone().unwrap());
                    converse(&mut clear, true, (&mut mail, true));
                    let mut hidden = Mail::default();
                    let done = converse(
                        &mut BufReader::new(certified.wrap(stream)),
                        false,
                        (&mut hidden, false),
                    );
                    mail = Mail { in_the_clear: mail.in_the_clear, ..hidden };
                    done
                }
            };
            if done && sender.send(mail).is_err() {
                return;
            }
        }
    });
    (port, mails)
}

fn decoded(base64: &str) -> String {
    String::from_utf8(unbase64(base64)).unwrap()
}

/// Base64 (RFC 4648 §4), for tests.
fn unbase64(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for c in text.chars().filter(|c| !c.is_whitespace() && *c != '=') {
        bits = bits << 6 | u32::try_from(alphabet.find(c).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    out
}

/// Talks until a mail was taken (true), or until TLS is to begin or the client goes (false).
fn converse<S: Read + Write>(
    stream: &mut BufReader<S>,
    starttls: bool,
    (mail, greets): (&mut Mail, bool),
) -> bool {
    let say = |stream: &mut BufReader<S>, text: &str| {
        let _ = write!(stream.get_mut(), "{text}\r\n");
        let _ = stream.get_mut().flush();
    };
    if greets {
        say(stream, "220 sink ESMTP");
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        mail.in_the_clear.push_str(&line);
        let said = line.trim_end();
        let angle = || said.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
        match said.split([' ', ':']).next().unwrap().to_ascii_uppercase().as_str() {
            "EHLO" if starttls => say(stream, "250-sink\r\n250 STARTTLS"),
            "EHLO" => say(stream, "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN"),
            "STARTTLS" if starttls => {
                say(stream, "220 go ahead");
                return false;
            }
            "AUTH" => {
                let all = decoded(said.rsplit(' ').next().unwrap());
                let mut parts = all.split('\0').skip(1).map(str::to_owned);
                mail.login = Some((parts.next().unwrap(), parts.next().unwrap()));
                say(stream, "235 welcome");
            }
            "MAIL" => {
                mail.from = angle();
                say(stream, "250 ok");
            }
            "RCPT" => {
                mail.to.push(angle());
                say(stream, "250 ok");
            }
            "DATA" => {
                say(stream, "354 go on");
                read_data(stream, mail);
                say(stream, "250 taken");
                return true;
            }
            _ => say(stream, "502 not known here"),
        }
    }
}

fn read_data<S: Read>(stream: &mut BufReader<S>, mail: &mut Mail) {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 || line == ".\r\n" {
            break;
        }
        all.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    mail.head = head.to_owned();
    mail.text = match header(head, "Content-Transfer-Encoding").as_str() {
        "base64" => decoded(body),
        "quoted-printable" => {
            String::from_utf8(unquoted(&body.replace("=\r\n", ""), b'=')).unwrap()
        }
        _ => body.to_owned(),
    }
    .replace("\r\n", "\n");
}

/// A header's value, unfolded and its encoded words decoded (RFC 2047).
pub(super) fn header(head: &str, name: &str) -> String {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let line = unfolded.lines().find(|line| {
        line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name))
    });
    let value = line.unwrap_or_else(|| panic!("no {name} in {head}")).split_once(':').unwrap().1;
    let mut out = String::new();
    let mut before_was_encoded = false;
    for word in value.trim().split(' ') {
        let encoded = word.strip_prefix("=?utf-8?").and_then(|rest| rest.strip_suffix("?="));
        let goes_on = before_was_encoded && encoded.is_some();
        if !out.is_empty() && !goes_on {
            out.push(' ');
        }
        before_was_encoded = encoded.is_some();
        match encoded.map(|text| text.split_once('?').unwrap()) {
            Some(("b", text)) => out.push_str(&decoded(text)),
            Some((_, text)) => {
                out.push_str(&String::from_utf8(unquoted(&text.replace('_', " "), b'=')).unwrap());
            }
            None => out.push_str(word),
        }
    }
    out
}

/// Quoted-printable (RFC 2045 §6.7).
fn unquoted(text: &str, mark: u8) -> Vec<u8> {
    let octets = text.as_bytes();
    let (mut at, mut out) = (0, Vec::new());
    while at < octets.len() {
        if octets[at] == mark {
            out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            out.push(octets[at]);
            at += 1;
        }
    }
    out
}

/// A web server over TLS that answers with this status; head and body of each request.
pub(super) fn https(certified: &Certified, status: &str) -> (u16, Receiver<(String, Vec<u8>)>) {
    let (listener, port) = bind();
    let (sender, requests) = queue();
    let (certified, status) = (certified.shared(), status.to_owned());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(certified.wrap(patient(stream.unwrap())));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).unwrap_or(0) == 0 {
                    break;
                }
            }
            let length = head.lines().find_map(|line| {
                line.to_lowercase().strip_prefix("content-length: ")?.trim().parse::<usize>().ok()
            });
            let mut body = vec![0; length.unwrap_or_default()];
            if stream.read_exact(&mut body).is_err() {
                continue;
            }
            let _ = write!(stream.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.get_mut().flush();
            if sender.send((head, body)).is_err() {
                return;
            }
        }
    });
    (port, requests)
}

/// A syslog server that counts octets (RFC 6587 §3.4.1).
pub(super) fn syslog_stream(tls: Option<&Certified>) -> (u16, Receiver<String>) {
    let (listener, port) = bind();
    let (sender, messages) = queue();
    let tls = tls.map(Certified::shared);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = patient(stream.unwrap());
            let mut stream: BufReader<Box<dyn Duplex>> = BufReader::new(match &tls {
                None => Box::new(stream),
                Some(certified) => certified.wrap(stream),
            });
            loop {
                let mut length = Vec::new();
                if stream.read_until(b' ', &mut length).unwrap_or(0) == 0 {
                    break;
                }
                let length: usize = String::from_utf8(length).unwrap().trim().parse().unwrap();
                let mut message = vec![0; length];
                stream.read_exact(&mut message).unwrap();
                let text = String::from_utf8(message).unwrap();
                assert_eq!(Text::clean(&text).as_str().lines().count(), 1);
                if sender.send(text).is_err() {
                    return;
                }
            }
        }
    });
    (port, messages)
}
