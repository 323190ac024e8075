//! ICMP timestamps, by a raw socket: a ping socket only knows echo.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use daicho_common::wire::Wire;
use daicho_common::wire::icmp::Timestamp;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;

use super::echo::{message, raw};
use super::{Arrival, BUFFER};

/// Type of a timestamp reply (RFC 792).
const TIMESTAMP_REPLY: u8 = 14;

/// An open socket for timestamp requests and their replies.
pub(super) struct Timestamps {
    socket: Arc<UdpSocket>,
    identifier: u16,
}

impl Timestamps {
    /// Opens a socket and begins to read it. `identifier` tells our replies from those of others.
    ///
    /// # Errors
    /// As the system said; [`io::ErrorKind::PermissionDenied`] for want of privilege.
    pub(super) fn open(identifier: u16, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let socket = raw(TIMESTAMP_REPLY, identifier)?;
        socket.set_nonblocking(true)?;
        let _ = socket.set_recv_buffer_size(BUFFER);
        // The standard library's calls on a datagram socket are what a raw socket needs too.
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        tokio::spawn(read(Arc::clone(&socket), identifier, arrivals));
        Ok(Self { socket, identifier })
    }

    /// Sends a timestamp request.
    pub(super) async fn send(&self, to: Ipv4Addr, sequence: u16, originate: u32) -> io::Result<()> {
        let (identifier, receive, transmit) = (self.identifier, 0, 0);
        let mut octets = Vec::new();
        Timestamp { reply: false, identifier, sequence, originate, receive, transmit }
            .encode(&mut octets);
        self.socket.send_to(&octets, (to, 0)).await.map(drop)
    }
}

/// The timestamp reply in what the socket read.
fn reply(octets: &[u8], identifier: u16) -> Option<Timestamp> {
    let (timestamp, _) = Timestamp::decode(message(octets)?).ok()?;
    (timestamp.reply && timestamp.identifier == identifier).then_some(timestamp)
}

async fn read(socket: Arc<UdpSocket>, identifier: u16, arrivals: Sender<Arrival>) {
    let mut buffer = [0; 2048];
    loop {
        let received = tokio::select! {
            () = arrivals.closed() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error that the socket had pending is about one target, and is cleared by reading it.
        let Ok((length, from)) = received else { continue };
        let Some(timestamp) = reply(buffer.get(..length).unwrap_or_default(), identifier) else {
            continue;
        };
        let Timestamp { sequence, originate, .. } = timestamp;
        let arrival = Arrival::TimestampReply { from: from.ip(), sequence, originate };
        if arrivals.send(arrival).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replies_to_us_are_taken() {
        let octets = |reply, identifier| {
            let (sequence, originate, receive, transmit) = (3, 4, 5, 6);
            let mut octets = vec![0x45; 20];
            Timestamp { reply, identifier, sequence, originate, receive, transmit }
                .encode(&mut octets);
            octets
        };
        assert_eq!(reply(&octets(true, 7), 7).map(|it| it.originate), Some(4));
        assert_eq!(reply(&octets(true, 8), 7), None);
        assert_eq!(reply(&octets(false, 7), 7), None);
        assert_eq!(reply(&octets(true, 7)[..30], 7), None);
        assert_eq!(reply(&[], 7), None);
    }
}
