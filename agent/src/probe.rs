//! Techniques that ask, one a file, without a socket or a clock.
//!
//! A technique above the link is a [`Dialogue`] with one target. It decides what to ask and when to
//! ask again; how fast, and whether at all, is for the governor. One that is held over a TCP connection
//! is a [`talk::Conversation`]: the protocol alone, with the connection seen to by [`talk::Talk`].

use std::net::SocketAddr;

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Fact, Method};
use daicho_common::time::Tick;

use crate::engine::Outlet;

/// Octets as text.
mod base64;
/// DICOM verification of hosts that a person named.
pub mod dicom;
/// Reverse DNS, asked of the network's own name server.
pub mod dns;
/// eSCL: the capabilities of a scanner.
pub mod escl;
/// What servers say before they are asked: FTP, SMTP, IMAP and Telnet.
pub mod greeting;
/// Questions to everybody on a link.
pub mod group;
/// HTTP of the start page.
pub mod http;
/// IPP: the attributes of a printer.
pub mod ipp;
#[cfg(test)]
mod rehearsal;
/// A response of HTTP/1.x.
mod response;
/// What an NTLM challenge says.
mod challenge;
/// Two ways to ask the same.
pub mod fallback;
/// One question by datagram.
pub mod inquiry;
/// Link-local multicast name resolution, asked of one host.
pub mod llmnr;
/// mDNS and DNS-SD: one host asked by unicast, or everybody on a link by multicast.
pub mod mdns;
/// NetBIOS node status.
pub mod node_status;
/// NTP, a client's question.
pub mod ntp;
/// RDP: negotiation, certificate and challenge.
pub mod rdp;
/// RTSP OPTIONS.
pub mod rtsp;
/// SIP OPTIONS.
pub mod sip;
/// SMB: negotiation and challenge.
pub mod smb;
/// SNMP: the system group, interfaces and own addresses of one device, and the tables that it keeps.
pub mod snmp;
/// SSH: identification and host keys.
pub mod ssh;
/// Simple Service Discovery: one host asked by unicast.
pub mod ssdp;
/// A conversation over a TCP connection.
pub mod talk;
/// HTTPS: what a server shows of itself in a TLS handshake, and its page.
pub mod tls;
/// The description of a `UPnP` device.
pub mod upnp;
/// WS-Discovery and the metadata of devices.
pub mod wsd;
/// XML of strangers.
mod xml;

/// A datagram that a dialogue wants to send to its target, or what it wants of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// By which socket.
    pub outlet: Outlet,
    /// To which port of the target.
    pub port: u16,
    /// What the governor counts it as.
    pub kind: PacketKind,
    /// Payload.
    pub octets: Vec<u8>,
}

impl Ask {
    /// Opens a TCP connection to this port.
    pub const fn open(port: u16) -> Self {
        let (outlet, kind) = (Outlet::Stream, PacketKind::TcpOpen);
        Self { outlet, port, kind, octets: Vec::new() }
    }

    /// Says this over the connection to this port.
    pub const fn say(port: u16, octets: Vec<u8>) -> Self {
        Self { outlet: Outlet::Stream, port, kind: PacketKind::Said, octets }
    }
}

/// What happens to a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream<'a> {
    /// It was accepted.
    Opened,
    /// It was refused by a reset.
    Refused,
    /// Octets came in: a piece of what the other side says, cut anywhere.
    Octets(&'a [u8]),
    /// The other side closed it, or it broke.
    Closed,
}

/// A series of questions to one target over datagrams; never more than one in flight.
pub trait Dialogue: Send {
    /// How its facts are learned.
    fn method(&self) -> Method;

    /// The next datagram, if one is wanted now: `None` while an answer is awaited or once finished.
    /// A returned datagram counts as sent at `now`.
    fn poll_transmit(&mut self, now: Tick) -> Option<Ask>;

    /// When the awaited answer is given up (the next `poll_transmit` at or after it asks again or
    /// moves on); `None` if nothing is awaited.
    fn poll_timeout(&self) -> Option<Tick>;

    /// A datagram from the target. Returns whether it answered what was asked; one that did not
    /// (wrong id, random octets) changes nothing.
    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Tick) -> bool;

    /// The target's port is unreachable.
    fn handle_unreachable(&mut self, now: Tick);

    /// The TCP port of a dialogue that is held over a connection.
    fn port(&self) -> Option<u16> {
        None
    }

    /// What it asks for there, where one port may have several of a kind; empty where it has one.
    #[expect(clippy::unnecessary_literal_bound, reason = "others return what they hold")]
    fn subject(&self) -> &str {
        ""
    }

    /// Something happened to the connection. Returns whether that answers what was asked.
    fn handle_stream(&mut self, _event: Stream<'_>, _now: Tick) -> bool {
        false
    }

    /// What was learned, oldest first.
    fn poll_fact(&mut self) -> Option<Fact>;

    /// What was learned by another method on the way, oldest first: of HTTP over TLS, what the
    /// handshake said.
    fn poll_aside(&mut self) -> Option<(Method, Fact)> {
        None
    }

    /// Whether nothing more will be asked. Facts may still be waiting.
    fn is_finished(&self) -> bool;
}
