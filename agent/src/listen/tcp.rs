//! TCP handshakes between others (RFC 9293 §3.5): who answers a SYN with SYN and ACK is there, and its
//! port is open. A SYN alone says nothing of whom it is for, and who began a connection has the port of
//! that one connection only.

use daicho_common::observation::{Fact, Reply};
use daicho_common::wire::Malformed;
use daicho_common::wire::tcp::{ACK, RST, SYN};

use super::dispatch::Message;
use super::packet::{self, Segment};

/// The last control bit: no more data from the sender.
const FIN: u8 = 0x01;
/// Ports from here up are given out for one connection: by Linux from here, by others from 49152
/// (RFC 6335 §6). A service that got one has another the next time.
const EPHEMERAL: u16 = 32_768;
/// An FTP server opens its data connections from here, to a port that its client has for that one
/// file (RFC 959 §3.2).
const FTP_DATA: u16 = 20;

/// Whether a connection is accepted by it.
pub(super) const fn accepts(segment: &Segment<'_>) -> bool {
    segment.flags & (SYN | ACK | RST | FIN) == SYN | ACK
}

pub(super) fn facts(message: &Message<'_>) -> Result<Vec<Fact>, Malformed> {
    let Segment { source, destination, .. } = packet::segment(message.octets)?;
    let lasting = (1..EPHEMERAL).contains(&source) && destination != FTP_DATA;
    let open = Fact::Answered(Reply::TcpOpen(source));
    Ok(lasting.then_some(open).into_iter().collect())
}
