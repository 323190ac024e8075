//! The agent's own interface goes down, comes back, or gets another address in mid-scan.
//!
//! What was asked and not answered when it went down is asked again when it is back: the answer may
//! have been lost here. If it does not come back, what is left was not asked, for want of a way.

use std::net::IpAddr;

use daicho_common::time::Now;

use super::canary::Canary;
use super::{Area, Source};
use crate::engine::agenda::Agenda;
use crate::engine::question::Technique;
use crate::engine::reach::own_address;
use crate::plan::Link;

impl Area {
    /// The interface went down; if `gone`, for good.
    pub(in crate::engine) fn fall(&mut self, gone: bool, now: Now) -> bool {
        // Whoever has nothing left to ask loses nothing.
        if !self.is_on_link() || self.agenda.next().is_none() {
            return false;
        }
        let news = self.footing.fall(gone, now.tick);
        if news {
            self.recall(now);
        }
        if self.footing.is_lost() {
            self.give_up();
        }
        news
    }

    /// The interfaces as they stand now, those that are up. Returns whether ours was lost just now.
    pub(in crate::engine) fn stand(&mut self, links: &[Link], now: Now) -> bool {
        if !self.is_on_link() || self.footing.is_lost() {
            return false;
        }
        let link = links.iter().find(|link| link.interface == self.reach.interface);
        // Without an address in the network it is not attached to it any more; in a VLAN by tagged
        // frames the system needs none.
        let (cidr, tagged) = (self.network.cidr, self.network.vlan.is_some());
        let attached =
            |link: &&Link| tagged || link.addresses.iter().any(|net| net.contains(&cidr));
        let Some(link) = link.filter(attached) else { return self.fall(false, now) };
        if !tagged {
            self.disown(link);
        }
        if self.renew_sender(link) {
            self.recall(now);
        }
        self.footing.rise();
        false
    }

    /// Addresses that the interface has are not asked.
    fn disown(&mut self, link: &Link) {
        let own = link.addresses.iter().filter_map(|net| match net.addr() {
            IpAddr::V4(ip) => u32::from(ip).checked_sub(self.first),
            IpAddr::V6(_) => None,
        });
        for host in own.filter(|host| *host < self.size) {
            self.own.set(host);
            self.hosts.put(host, false);
        }
    }

    /// Questions say whose they are: who answers must not learn an address that is no longer ours.
    /// Returns whether they say something else from now on.
    fn renew_sender(&mut self, link: &Link) -> bool {
        let cidr = self.network.cidr;
        let mut renewed = false;
        for sweep in &mut self.sweeps {
            let Technique::Arp { mac, ip, .. } = &mut sweep.technique else { continue };
            let at = |net: &ipnet::IpNet| net.contains(&cidr) && net.addr() == *ip;
            let kept = self.network.vlan.is_some() || link.addresses.iter().any(at);
            let other = own_address(cidr, link).filter(|_| !kept).unwrap_or(*ip);
            let burned = link.mac.unwrap_or(*mac);
            renewed |= (other, burned) != (*ip, *mac);
            (*ip, *mac) = (other, burned);
        }
        renewed
    }

    /// What is not answered yet is asked again.
    fn recall(&mut self, now: Now) {
        for (n, sweep) in self.sweeps.iter_mut().enumerate() {
            if sweep.recall(now.tick) {
                self.agenda.put(Source::Sweep(n), now.tick);
            }
        }
        self.sender.ask_again();
        if let Canary::Watched(watch) = &mut self.canary {
            watch.ask_again();
        }
    }

    /// Nothing is asked any more.
    pub(super) fn give_up(&mut self) {
        self.agenda = Agenda::new();
        self.waiting.clear();
        self.open.clear();
    }
}
