//! What comes in, and whom it is for.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use daicho_common::addr::Mac;
use daicho_common::coverage::{PacketKind, Why};
use daicho_common::time::Now;
use daicho_common::wire::Wire;
use daicho_common::wire::arp::Arp;
use daicho_common::wire::ethernet::{EtherType, Ethernet, Tag};

use super::area::{Area, Desk};
use super::interview::Interview;
use super::scope::Place;
use super::six::{Heard, Six};
use super::{Engine, Input, Outlet, Packet, Stands, governor, names_somebody};
use crate::probe::dns;

/// What a frame said.
enum Said {
    /// By this source, in this VLAN.
    Arp(Mac, Option<u16>, Arp),
    /// It was IPv6, and was heard.
    Six,
    Other,
}

impl Engine {
    /// Takes in something that happened.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        self.governor.departed(now);
        match input {
            Input::Frame { interface, octets } => self.hear_frame(interface, octets, now),
            Input::NeighboursRead => self.neighbours_read(now),
            Input::NeighboursUnreadable => self.neighbours_unreadable(now),
            Input::Missed { interface, vlan, frames } => {
                self.missed((interface, vlan), frames, now);
            }
            Input::LinkLost { interface, gone } => {
                let on = |of: &str| (of == interface).then_some(Stands::Lost { gone });
                self.stand(on, now);
            }
            Input::Links(links) => self.stand(|_| Some(Stands::As(links)), now),
            Input::Neighbour { interface, ip: IpAddr::V6(ip), mac } => {
                if names_somebody(mac) {
                    self.with_six(now, |six, desk| six.hear_of(interface, (ip, mac), desk));
                }
            }
            Input::Neighbour { interface, ip, mac } => {
                self.at(ip, now, |area, host, desk| {
                    if names_somebody(mac) && area.is_on(interface, None) {
                        area.hear_neighbour(host, mac, desk);
                    }
                    true
                });
            }
            Input::NotSent { packet, unreachable } => {
                let why = if unreachable { Why::Unreachable } else { Why::SendFailed };
                let known =
                    self.governor.take_back_browse(packet) || self.not_sent(packet, why, now);
                self.notes.strays.unasked += u64::from(!known);
            }
            answer @ (Input::EchoReply { .. }
            | Input::TimestampReply { .. }
            | Input::Datagram { .. }
            | Input::PortUnreachable { .. }
            | Input::Stream { .. }
            | Input::Connected { .. }
            | Input::Refused { .. }
            | Input::SynAck { .. }
            | Input::Reset { .. }) => {
                let known = self.hear_answer(answer, now);
                self.notes.strays.unasked += u64::from(!known);
            }
        }
    }

    /// Something came from an address. Returns whether anybody had asked for it.
    fn hear_answer(&mut self, answer: Input<'_>, now: Now) -> bool {
        match answer {
            Input::EchoReply { from, sequence, payload } => {
                self.at(from, now, |area, host, desk| {
                    area.hear_echo(host, (sequence, payload), desk)
                })
            }
            Input::TimestampReply { from, sequence, originate } => {
                self.at(from, now, |area, host, desk| {
                    area.hear_timestamp(host, (sequence, originate), desk)
                })
            }
            Input::Datagram { outlet: Outlet::Udp, from, octets } if from.port() == dns::PORT => {
                self.of_names(now, |area, desk| area.hear_name(from, octets, desk))
            }
            Input::PortUnreachable { outlet: Outlet::Udp, to } if to.port() == dns::PORT => {
                self.of_names(now, |area, desk| area.lose_names(to.ip(), desk))
            }
            Input::Datagram { outlet, from: SocketAddr::V6(from), octets } => {
                self.of_six(from, now, |open, from| open.hear(outlet, from, octets, now.tick))
            }
            Input::PortUnreachable { outlet, to: SocketAddr::V6(to) } => {
                self.of_six(to, now, |open, _| open.hear_unreachable(outlet, now.tick))
            }
            Input::Stream { to: SocketAddr::V6(to), event } => {
                self.of_six(to, now, |open, to| open.hear_stream(to.port(), event, now.tick))
            }
            Input::Datagram { outlet, from, octets } => {
                self.at(from.ip(), now, |area, host, desk| {
                    area.hear_datagram(host, (outlet, from, octets), desk)
                })
            }
            Input::PortUnreachable { outlet, to } => self.at(to.ip(), now, |area, host, desk| {
                area.hear_unreachable(host, (outlet, to.port()), desk)
            }),
            Input::Stream { to, event } => self.at(to.ip(), now, |area, host, desk| {
                area.hear_stream(host, (to.port(), event), desk)
            }),
            Input::Connected { to } => self.hear_connect(to, true, now),
            Input::Refused { to } => self.hear_connect(to, false, now),
            Input::SynAck { from, acknowledges } => {
                self.hear_segment((from, true, acknowledges), now)
            }
            Input::Reset { from, acknowledges } => {
                self.hear_segment((from, false, acknowledges), now)
            }
            Input::Frame { .. }
            | Input::NeighboursRead
            | Input::NeighboursUnreadable
            | Input::Missed { .. }
            | Input::LinkLost { .. }
            | Input::Links(_)
            | Input::Neighbour { .. }
            | Input::NotSent { .. } => false,
        }
    }

    /// A connection was accepted (`true`) and closed, or refused. Returns whether it answers.
    fn hear_connect(&mut self, to: SocketAddr, open: bool, now: Now) -> bool {
        self.at(to.ip(), now, |area, host, desk| area.hear_connect(host, (to.port(), open), desk))
    }

    /// A SYN-ACK (`true`) or a reset came with this acknowledgment number. Returns whether it answers.
    fn hear_segment(&mut self, said: (SocketAddrV4, bool, u32), now: Now) -> bool {
        self.at((*said.0.ip()).into(), now, |area, host, desk| area.hear_segment(host, said, desk))
    }

    /// The system did not send this packet. Returns whether it was known to anybody.
    fn not_sent(&mut self, packet: &Packet, why: Why, now: Now) -> bool {
        governor::subject(packet).is_some_and(|(ip, port)| match ip {
            _ if port == Some(dns::PORT) && matches!(packet, Packet::Datagram { .. }) => {
                self.governor.not_sent(packet, PacketKind::Dns);
                self.of_names(now, |area, desk| area.lose_names(ip, desk))
            }
            IpAddr::V6(ip) => match packet {
                Packet::Datagram { to: SocketAddr::V6(to), .. }
                | Packet::Open { to: SocketAddr::V6(to) }
                | Packet::Say { to: SocketAddr::V6(to), .. } => self.with_six(now, |six, desk| {
                    let (governor, notes) = (&mut *desk.governor, &mut *desk.notes);
                    six.talk_not_sent((packet, *to, why), (governor, notes), now)
                }),
                Packet::Frame { .. }
                | Packet::Echo { .. }
                | Packet::Timestamp { .. }
                | Packet::Syn { .. }
                | Packet::Connect { .. }
                | Packet::Datagram { .. }
                | Packet::Open { .. }
                | Packet::Say { .. } => self.six.not_sent((packet, ip, why), &mut self.governor),
            },
            IpAddr::V4(_) => {
                self.at(ip, now, |area, host, desk| area.not_sent(host, (packet, why), desk))
            }
        })
    }

    /// Lets the areas that ask for names hear something, until it was of use to one.
    fn of_names(&mut self, now: Now, hear: impl Fn(&mut Area, &mut Desk<'_>) -> bool) -> bool {
        let mut desk = Desk { governor: &mut self.governor, notes: &mut self.notes, now };
        let mut areas = self.areas.iter_mut().enumerate();
        let Some((network, area)) =
            areas.find_map(|(n, area)| hear(area, &mut desk).then_some((n, area)))
        else {
            return false;
        };
        if let Some(next) = area.next() {
            self.agenda.hasten(network, next.max(now.tick));
        }
        true
    }

    /// Lets the open interview with this IPv6 address hear something. Returns whether it was of use.
    fn of_six(
        &mut self,
        from: SocketAddrV6,
        now: Now,
        hear: impl FnOnce(&mut Interview, SocketAddr) -> bool,
    ) -> bool {
        self.with_six(now, |six, desk| {
            let (governor, notes) = (&mut *desk.governor, &mut *desk.notes);
            six.answered(from, (governor, notes), now, hear)
        })
    }

    /// Lets the area of this address hear something; `false` if it lies in none.
    fn at(
        &mut self,
        ip: IpAddr,
        now: Now,
        hear: impl FnOnce(&mut Area, u32, &mut Desk<'_>) -> bool,
    ) -> bool {
        let Some(Place { network, host }) = self.governor.place(ip) else { return false };
        let Some(area) = self.areas.get_mut(network) else { return false };
        let mut desk = Desk { governor: &mut self.governor, notes: &mut self.notes, now };
        let known = hear(area, host, &mut desk);
        if let Some(next) = area.next() {
            self.agenda.hasten(network, next.max(now.tick));
        }
        known
    }

    /// A frame came in: only ARP and IPv6 are of use.
    fn hear_frame(&mut self, interface: &str, octets: &[u8], now: Now) {
        let decoded = Ethernet::decode(octets).and_then(|(header, payload)| {
            // Without a VLAN identifier a tag has a priority only (IEEE 802.1Q-2018 §9.6).
            let vlan = header.tag.map(Tag::vlan).filter(|vlan| *vlan != 0);
            if header.ether_type == EtherType::IPV6 && vlan.is_none() {
                self.hear_six(interface, (header.source, payload), now);
                return Ok(Said::Six);
            }
            if header.ether_type == EtherType::ARP {
                Arp::decode(payload).map(|(arp, _)| Said::Arp(header.source, vlan, arp))
            } else {
                Ok(Said::Other)
            }
        });
        let strays = &mut self.notes.strays;
        let (source, vlan, arp) = match decoded {
            Ok(Said::Arp(source, vlan, arp)) => (source, vlan, arp),
            Ok(Said::Six) => return,
            Ok(Said::Other) => return strays.unasked += 1,
            Err(_) => return strays.malformed += 1,
        };
        if !names_somebody(source) || !names_somebody(arp.sender_mac) {
            return strays.malformed += 1;
        }
        let probe = arp.sender_ip.is_unspecified();
        let about = if probe { arp.target_ip } else { arp.sender_ip };
        let known = self.at(about.into(), now, |area, host, desk| {
            area.is_on(interface, vlan)
                && if probe {
                    area.hear_probe(host, &arp)
                } else {
                    area.hear_arp(host, (source, &arp), desk)
                }
        });
        if known && vlan.is_none() {
            self.with_six(now, |six, desk| {
                if !probe {
                    six.has_four(interface, source);
                    six.has_four(interface, arp.sender_mac);
                }
                six.derive(interface, source, desk);
            });
        } else if !known {
            self.notes.strays.unasked += 1;
        }
    }

    /// An IPv6 packet came in a frame from `source`.
    fn hear_six(&mut self, interface: &str, (source, payload): (Mac, &[u8]), now: Now) {
        if !names_somebody(source) {
            self.notes.strays.malformed += 1;
            return;
        }
        let heard = self.with_six(now, |six, desk| six.hear(interface, (source, payload), desk));
        match heard {
            Heard::Told => {}
            Heard::Unasked => self.notes.strays.unasked += 1,
            Heard::Malformed => self.notes.strays.malformed += 1,
        }
    }

    /// Lets IPv6 hear something; what it wants to ask then has its turn.
    fn with_six<T>(&mut self, now: Now, hear: impl FnOnce(&mut Six, &mut Desk<'_>) -> T) -> T {
        let mut desk = Desk { governor: &mut self.governor, notes: &mut self.notes, now };
        let heard = hear(&mut self.six, &mut desk);
        let areas = self.areas.len();
        for (part, at) in self.six.wishes() {
            self.agenda.hasten(areas + part, at.max(now.tick));
        }
        heard
    }

    /// Frames were lost on their way in: answers may be among them.
    fn missed(&mut self, (interface, vlan): (&str, Option<u16>), frames: u32, now: Now) {
        self.notes.strays.dropped += u64::from(frames);
        if self.finished || self.ended.is_some() {
            return;
        }
        let areas = self.areas.iter_mut().enumerate();
        for (n, area) in areas.filter(|(_, area)| area.is_on(interface, vlan)) {
            area.ask_again(now.tick);
            if let Some(next) = area.next() {
                self.agenda.hasten(n, next.max(now.tick));
            }
        }
    }

    /// The agent's own interfaces stand otherwise than before, as far as `how` says so by name.
    fn stand<'a>(&mut self, how: impl Fn(&str) -> Option<Stands<'a>>, now: Now) {
        if self.finished || self.ended.is_some() {
            return;
        }
        let mut lost = false;
        for (n, area) in self.areas.iter_mut().enumerate() {
            lost |= match how(area.interface()) {
                Some(Stands::Lost { gone }) => area.fall(gone, now),
                Some(Stands::As(links)) => area.stand(links, now),
                None => continue,
            };
            if let Some(next) = area.next() {
                self.agenda.hasten(n, next.max(now.tick));
            }
        }
        lost |= self.with_six(now, |six, _| six.stand(how, now));
        self.notes.strays.outages += u64::from(lost);
    }

    fn neighbours_read(&mut self, now: Now) {
        self.table.read(now.tick, self.areas.iter().any(Area::is_resolving));
        self.conclude();
    }

    fn neighbours_unreadable(&mut self, now: Now) {
        if self.table.failed(now.tick, self.areas.iter().any(Area::is_resolving)) {
            self.areas.iter_mut().for_each(Area::lose_neighbours);
        }
        self.conclude();
    }
}
