//! An answer on its way to the engine.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use daicho_common::wire::Wire;
use daicho_common::wire::arp::Arp;
use daicho_common::wire::ethernet::Ethernet;

use super::Net;
use crate::engine::{Outlet, Packet, governor};

/// An input that owns what it holds.
#[derive(Clone, Debug)]
pub(super) enum Reaction {
    Frame(Vec<u8>),
    Echo(IpAddr, u16, Vec<u8>),
    Stamp(IpAddr, u16, u32),
    Datagram(Outlet, SocketAddr, Vec<u8>),
    Unreachable(Outlet, SocketAddr),
    Connected(SocketAddr),
    Refused(SocketAddr),
    Stream(SocketAddr, Event),
    SynAck(SocketAddrV4, u32),
    Reset(SocketAddrV4, u32),
    NotSent(Packet, bool),
}

/// What happens to a connection, owning its octets.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Opened,
    Refused,
    Octets(Vec<u8>),
    Closed,
}

/// Whose answer a reaction is.
pub(super) fn speaker(reaction: &Reaction) -> Option<IpAddr> {
    match reaction {
        Reaction::Frame(octets) => {
            let (_, payload) = Ethernet::decode(octets).ok()?;
            Arp::decode(payload).ok().map(|(arp, _)| arp.sender_ip.into())
        }
        Reaction::Echo(from, ..) | Reaction::Stamp(from, ..) => Some(*from),
        Reaction::Datagram(_, from, _) => Some(from.ip()),
        Reaction::Unreachable(_, to)
        | Reaction::Connected(to)
        | Reaction::Refused(to)
        | Reaction::Stream(to, _) => Some(to.ip()),
        Reaction::SynAck(from, _) | Reaction::Reset(from, _) => Some((*from.ip()).into()),
        Reaction::NotSent(packet, _) => governor::subject(packet).map(|(ip, _)| ip),
    }
}

impl Net {
    /// Random octets in its place.
    pub(super) fn scramble(&mut self, reaction: Reaction) -> Reaction {
        let length = (self.roll() % 90) as usize;
        let octets: Vec<u8> = (0..length).map(|_| self.roll().to_le_bytes()[0]).collect();
        match reaction {
            Reaction::Frame(_) => Reaction::Frame(octets),
            Reaction::Echo(from, sequence, _) => Reaction::Echo(from, sequence, octets),
            Reaction::Stamp(from, ..) => {
                Reaction::Stamp(from, 0, u32::from(octets.first().copied().unwrap_or_default()))
            }
            Reaction::Datagram(outlet, from, _) => Reaction::Datagram(outlet, from, octets),
            other @ (Reaction::Unreachable(..)
            | Reaction::Connected(_)
            | Reaction::Refused(_)
            | Reaction::Stream(..)
            | Reaction::SynAck(..)
            | Reaction::Reset(..)
            | Reaction::NotSent(..)) => other,
        }
    }
}
