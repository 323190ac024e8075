//! The port of the pages: free, ours, or somebody else's. A collector that runs is asked how it is,
//! on this machine only.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::{Checked, State, Teller};
use crate::words::Word;

/// How long a collector on this machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn examine(listen: SocketAddr, teller: Teller<'_>) -> Checked {
    let (state, word, why) = match TcpListener::bind(listen) {
        Ok(_) => (State::Good, Word::DoctorDoorFree, String::new()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match ask(listen) {
            Ok(true) => (State::Good, Word::DoctorDoorServed, String::new()),
            Ok(false) => (State::Bad, Word::DoctorDoorTaken, String::new()),
            Err(error) => (State::Bad, Word::DoctorDoorSilent, error.to_string()),
        },
        Err(error) => (State::Bad, Word::DoctorDoorClosed, error.to_string()),
    };
    let said = teller.lang.fill(word, &[&listen, &why]);
    teller.say(Word::DoctorDoor, state, said)
}

/// Whether a collector that is well answers at this address.
fn ask(listen: SocketAddr) -> io::Result<bool> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => listen.ip(),
    };
    let mut stream = TcpStream::connect_timeout(&(ip, listen.port()).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let ok = answer.split_whitespace().nth(1) == Some("200");
    Ok(ok && answer.split("\r\n\r\n").nth(1).is_some_and(|body| body.starts_with("ok ")))
}
