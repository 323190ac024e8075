//! To a syslog server: datagrams (RFC 5426), or a stream with counted octets (RFC 6587 §3.4.1), in the
//! clear or inside TLS (RFC 5425). An event is a message; syslog acknowledges nothing, so what can be
//! told is whether a server took the connection and did not break it off.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::ca;
use crate::notify::channel::{Syslog, Transport};
use crate::notify::message::{Message, Notice};
use crate::notify::syslog::{DATAGRAM, Head, STREAM, framed, message};
use crate::words::Word;

/// How long the server may take for each step.
const STEP: Duration = Duration::from_secs(10);
/// How long it is waited for a server that breaks off.
const LINGER: Duration = Duration::from_millis(300);

pub(super) fn send(to: &Syslog, what: &Message) -> Result<(), String> {
    let most = if to.transport == Transport::Udp { DATAGRAM } else { STREAM };
    let messages = lines(to, what, most);
    let sent = match to.transport {
        Transport::Udp => datagrams(to, &messages),
        Transport::Tcp => connected(to).and_then(|mut stream| {
            write_all(&mut stream, &messages)?;
            not_broken_off(&mut stream)
        }),
        Transport::Tls => return over_tls(to, &messages),
    };
    sent.map_err(|error| error.to_string())
}

/// A message for each event, and one that says how many more there are.
fn lines(to: &Syslog, what: &Message, most: usize) -> Vec<Vec<u8>> {
    // A service that may not see the first has the second.
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let host = files.into_iter().find_map(|file| std::fs::read_to_string(file).ok());
    let host = host.unwrap_or_default();
    let line = |notice: &Notice| {
        let head = Head {
            facility: to.facility,
            severity: notice.severity,
            at: what.made_at,
            host: host.trim(),
            process: std::process::id(),
            kind: notice.kind.name(),
        };
        message(head, &notice.line(), most)
    };
    let mut all: Vec<Vec<u8>> = what.notices.iter().map(line).collect();
    if let Some(first) = what.notices.first().filter(|_| what.more > 0) {
        let title = what.lang.fill(Word::NotifyMore, &[&what.more]);
        all.push(line(&Notice {
            id: what.id.clone(),
            title,
            lines: Vec::new(),
            link: None,
            ..first.clone()
        }));
    }
    all
}

fn addresses(to: &Syslog) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = (to.server.as_str(), to.port).to_socket_addrs()?.collect();
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(found)
}

fn datagrams(to: &Syslog, messages: &[Vec<u8>]) -> io::Result<()> {
    let Some(server) = addresses(to)?.into_iter().next() else { return Ok(()) };
    let own: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(own)?;
    socket.set_write_timeout(Some(STEP))?;
    // Connected, so that a refusal (ICMP) comes back as an error.
    socket.connect(server)?;
    for message in messages {
        socket.send(message)?;
    }
    Ok(())
}

fn connected(to: &Syslog) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no address");
    for server in addresses(to)? {
        match TcpStream::connect_timeout(&server, STEP) {
            Ok(stream) => {
                stream.set_write_timeout(Some(STEP))?;
                stream.set_read_timeout(Some(STEP))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn write_all(stream: &mut impl Write, messages: &[Vec<u8>]) -> io::Result<()> {
    for message in messages {
        stream.write_all(&framed(message))?;
    }
    stream.flush()
}

/// Whether the server took what was written, as far as TCP tells: one that did not answers with a reset.
fn not_broken_off(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(LINGER))?;
    stream.shutdown(std::net::Shutdown::Write)?;
    match stream.read(&mut [0; 64]) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(()),
    }
}

fn over_tls(to: &Syslog, messages: &[Vec<u8>]) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    let config = Arc::new(config(to.ca_file.as_deref())?);
    let name = ServerName::try_from(to.server.clone()).map_err(|error| error.to_string())?;
    let session = ClientConnection::new(config, name).map_err(|error| error.to_string())?;
    let mut stream = StreamOwned::new(session, connected(to).map_err(said)?);
    write_all(&mut stream, messages).map_err(said)?;
    stream.conn.send_close_notify();
    stream.flush().map_err(said)?;
    not_broken_off(&mut stream.sock).map_err(said)
}

fn config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_file {
        let pem = ca::read(file)?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| format!("{}: no PEM", file.display()))?;
            roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|it| it.with_root_certificates(roots).with_no_client_auth())
        .map_err(|error| error.to_string())
}
