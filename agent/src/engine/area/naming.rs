//! The names of live addresses, asked of the network's name server and never of the devices.

use std::net::{IpAddr, SocketAddr};

use daicho_common::coverage::Why;
use daicho_common::observation::{Fact, Method, Speaker};
use daicho_common::time::Now;

use super::{Area, Desk, Notes, Source};
use crate::engine::Packet;
use crate::engine::governor::{Governor, Request, Verdict};
use crate::engine::interview::End;
use crate::probe::dns::{Answer, Names};

impl Area {
    /// The name of a live host is wanted, if there is somebody to ask.
    pub(super) fn want_name(&mut self, host: u32, now: Now) {
        let ip = self.ip(host);
        if let Some(names) = &mut self.names {
            names.want(ip);
            self.agenda.hasten(Source::Names, now.tick);
        }
    }

    /// The turn of the questions to the name server.
    pub(super) fn ask_name(
        &mut self,
        governor: &mut Governor,
        notes: &mut Notes,
        now: Now,
    ) -> Option<Verdict> {
        let server = IpAddr::V4(self.names.as_ref()?.server());
        let Some(place) = governor.place(server) else {
            // It lies in none of the networks that were chosen for this scan.
            self.give_up_names(notes, now);
            return None;
        };
        let opens = governor.asking_opens(place, now).max(governor.network_opens(place.network));
        if opens > now.tick {
            self.agenda.put(Source::Names, opens);
            return None;
        }
        let names = self.names.as_mut()?;
        let Some(ask) = names.poll_transmit(now.tick) else {
            if let Some(until) = names.poll_timeout() {
                self.agenda.put(Source::Names, until);
            }
            self.tell_names(notes, now);
            return None;
        };
        let answer_by = names.poll_timeout().unwrap_or(now.tick);
        let (outlet, interface, octets) = (ask.outlet, String::new(), ask.octets);
        let packet =
            Packet::Datagram { outlet, interface, to: SocketAddr::new(server, ask.port), octets };
        let verdict = governor.clear(Request { packet, kind: ask.kind, answer_by }, now);
        match &verdict {
            Verdict::Go(_) => self.agenda.put(Source::Names, answer_by),
            Verdict::WaitUntil(until) => self.agenda.put(Source::Names, *until),
            Verdict::Refuse(_) => self.give_up_names(notes, now),
        }
        self.tell_names(notes, now);
        Some(verdict)
    }

    /// A datagram came from a name server. Returns whether it answers a question of this area.
    pub(in crate::engine) fn hear_name(
        &mut self,
        from: SocketAddr,
        octets: &[u8],
        desk: &mut Desk<'_>,
    ) -> bool {
        let heard = self.names.as_mut().is_some_and(|names| names.handle_datagram(from, octets));
        if heard {
            if let Some(place) = desk.governor.place(from.ip()) {
                desk.governor.settle(place);
            }
            self.tell_names(desk.notes, desk.now);
            self.agenda.put(Source::Names, desk.now.tick);
        }
        heard
    }

    /// The system did not send a question to the name server, or it came back: nobody is there to
    /// ask. Returns whether it was one.
    pub(in crate::engine) fn lose_names(&mut self, to: IpAddr, desk: &mut Desk<'_>) -> bool {
        let asked = self.names.as_ref().is_some_and(|names| IpAddr::V4(names.server()) == to);
        if asked {
            if let Some(place) = desk.governor.place(to) {
                desk.governor.settle(place);
            }
            self.give_up_names(desk.notes, desk.now);
        }
        asked
    }

    fn give_up_names(&mut self, notes: &mut Notes, now: Now) {
        if let Some(names) = &mut self.names {
            names.give_up();
        }
        self.tell_names(notes, now);
    }

    /// Tells what became of questions.
    fn tell_names(&mut self, notes: &mut Notes, now: Now) {
        while let Some((ip, answer)) = self.names.as_mut().and_then(Names::poll_answer) {
            let Some(host) = u32::from(ip).checked_sub(self.first) else { continue };
            let end = match &answer {
                Answer::Names(names) => End::Asked { answered: !names.is_empty() },
                Answer::Silent => End::Asked { answered: false },
                Answer::GivenUp => End::NotAsked(Why::BackedOff),
            };
            let size = self.size;
            if let Some(row) = self.rows.iter_mut().find(|row| row.method == Method::Dns) {
                row.end(host, end, now, size);
            }
            let Answer::Names(names) = answer else { continue };
            let server = self.names.as_ref().map(|names| IpAddr::V4(names.server()));
            for name in names {
                let speaker = Speaker { ip: server, mac: None };
                let fact = Fact::Pointer { ip: ip.into(), name };
                self.observe(notes, now, Method::Dns, (speaker, fact));
            }
        }
    }
}
