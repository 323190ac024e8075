//! Listeners on the ports that must never get an octet: what printers would print, and HL7.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use anyhow::{Context, Result};

use crate::netns::Namespace;

/// The ports (DOMAIN §7.3).
pub const PORTS: [u16; 10] = [515, 2575, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107];

/// Listeners on all of [`PORTS`] in one network namespace, over TCP and UDP.
#[derive(Debug)]
pub struct Trap {
    tcp: Vec<TcpListener>,
    udp: Vec<UdpSocket>,
}

/// Somebody came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sprung {
    /// From where.
    pub from: SocketAddr,
    /// To which port.
    pub port: u16,
    /// Whether a connection was made; else a datagram came.
    pub tcp: bool,
}

impl Trap {
    /// Sets the listeners.
    ///
    /// # Errors
    /// If one of the ports is taken there.
    pub fn set(namespace: &Namespace) -> Result<Self> {
        namespace.enter(|| {
            let all = |port| (Ipv4Addr::UNSPECIFIED, port);
            let (mut tcp, mut udp) = (Vec::new(), Vec::new());
            for port in PORTS {
                let listener = TcpListener::bind(all(port)).with_context(|| format!("{port}"))?;
                listener.set_nonblocking(true)?;
                tcp.push(listener);
                let socket = UdpSocket::bind(all(port)).with_context(|| format!("{port}"))?;
                socket.set_nonblocking(true)?;
                udp.push(socket);
            }
            Ok(Self { tcp, udp })
        })?
    }

    /// Who came so far. A connection counts, even if nothing was said over it.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn sprung(&self) -> Result<Vec<Sprung>> {
        let mut sprung = Vec::new();
        for (port, listener) in PORTS.into_iter().zip(&self.tcp) {
            match listener.accept() {
                Ok((_, from)) => sprung.push(Sprung { from, port, tcp: true }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        for (port, socket) in PORTS.into_iter().zip(&self.udp) {
            match socket.recv_from(&mut [0; 16]) {
                Ok((_, from)) => sprung.push(Sprung { from, port, tcp: false }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sprung)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;
    use crate::netns;

    #[test]
    fn a_trap_tells_of_whoever_comes_and_of_nobody_else() {
        if !netns::may() {
            println!("skipped: network namespaces need root and iproute2");
            return;
        }
        let inside = Namespace::create(netns::name("trap", "host")).unwrap();
        inside.ip(&["link", "set", "lo", "up"]).unwrap();
        let trap = Trap::set(&inside).unwrap();
        assert_eq!(trap.sprung().unwrap(), []);
        inside
            .enter(|| {
                TcpStream::connect((Ipv4Addr::LOCALHOST, 9100)).unwrap();
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                socket.send_to(b"x", (Ipv4Addr::LOCALHOST, 515)).unwrap();
            })
            .unwrap();
        let sprung: Vec<_> = trap.sprung().unwrap().iter().map(|it| (it.port, it.tcp)).collect();
        assert_eq!(sprung, [(9100, true), (515, false)]);
    }
}
