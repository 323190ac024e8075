//! What hangs on the ports.

use daicho_common::addr::Mac;

use super::lay::{
    DATA, Layer, MANAGEMENT, PC_OUIS, POINT_OUI, SWITCH_OUI, TELEPHONE_OUI, VIRTUAL_OUI, VOICE,
};
use super::{Between, DAYS, Speaks, Station};

impl Layer {
    pub(super) fn stations(&mut self) {
        for switch in 0..self.wiring.switches.len() {
            let Some((ports, name)) =
                self.wiring.switches.get(switch).map(|switch| (switch.ports, switch.name.clone()))
            else {
                continue;
            };
            let access = name.starts_with("acc");
            let first = self.free.get(switch).copied().unwrap_or(1);
            let last = if access { ports } else { (first + 3).min(ports) };
            for port in first..=last {
                let vlan = self.dice.pick(&DATA).copied().unwrap_or(10);
                self.wiring.vlans.push((switch, port, vlan));
                if access {
                    self.furnish((switch, port), vlan);
                } else if self.dice.chance(700) {
                    self.host((switch, port), vlan);
                }
            }
        }
    }

    /// What hangs on a port on a floor.
    fn furnish(&mut self, at: (usize, u32), vlan: u16) {
        match self.dice.below(1000) {
            0..400 => {}
            400..730 => {
                self.computer(at, vlan, Between::Nothing);
            }
            730..860 => self.telephone(at, vlan),
            860..890 => self.point(at, vlan),
            890..920 => {
                for _ in 0..2 + self.dice.below(6) {
                    self.computer(at, vlan, Between::Hub);
                }
            }
            920..935 => self.host(at, vlan),
            935..960 => self.dock(at, vlan),
            960..985 => self.moved(at, vlan),
            _ => {
                // The machine and its management controller on one socket.
                let station = self.computer(at, vlan, Between::Nothing);
                let mut octets = station.mac.octets();
                octets[5] ^= 1;
                let mac = Mac::new(octets);
                self.wiring.stations.push(Station { mac, ip: None, ..station });
            }
        }
    }

    fn days(&mut self, awake: u64) -> [bool; DAYS] {
        std::array::from_fn(|_| self.dice.chance(awake))
    }

    fn computer(&mut self, at: (usize, u32), vlan: u16, between: Between) -> Station {
        let oui = self.dice.pick(&PC_OUIS).copied().unwrap_or(SWITCH_OUI);
        let (mac, ip) = (self.mac(oui), Some(self.ip(vlan)));
        let awake = self.days(930);
        let speaks = Speaks::Nothing;
        let station = Station { mac, ip, vlan, at: [at; DAYS], between, speaks, awake };
        self.wiring.stations.push(station.clone());
        station
    }

    fn telephone(&mut self, at: (usize, u32), vlan: u16) {
        let speaks = match self.dice.below(10) {
            0..2 => Speaks::Nothing,
            2..5 => Speaks::CdpTelephone,
            _ => Speaks::LldpTelephone,
        };
        let (mac, ip) = (self.mac(TELEPHONE_OUI), Some(self.ip(VOICE)));
        let between = Between::Nothing;
        let one =
            Station { mac, ip, vlan: VOICE, at: [at; DAYS], between, speaks, awake: [true; DAYS] };
        self.wiring.stations.push(one);
        if self.dice.chance(800) {
            self.computer(at, vlan, Between::Telephone);
        }
    }

    fn point(&mut self, at: (usize, u32), vlan: u16) {
        let heard = self.wiring.switches.get(at.0).is_some_and(|switch| switch.lldp);
        let speaks =
            if heard && self.dice.chance(800) { Speaks::LldpPoint } else { Speaks::Nothing };
        let (mac, ip) = (self.mac(POINT_OUI), Some(self.ip(MANAGEMENT)));
        let between = Between::Nothing;
        let awake = [true; DAYS];
        self.wiring.stations.push(Station {
            mac,
            ip,
            vlan,
            at: [at; DAYS],
            between,
            speaks,
            awake,
        });
        // Nurses' carts and pumps never change their addresses.
        let every = self.dice.chance(300);
        for client in 0..4 + self.dice.below(15) {
            let burned_in = every || self.dice.chance(500);
            if burned_in || client % 4 == 3 {
                self.computer(at, vlan, Between::Point);
            } else {
                let (mac, ip) = (self.random_mac(), Some(self.ip(vlan)));
                let (between, speaks) = (Between::Point, Speaks::Nothing);
                let awake = self.days(800);
                let one = Station { mac, ip, vlan, at: [at; DAYS], between, speaks, awake };
                self.wiring.stations.push(one);
            }
        }
    }

    fn host(&mut self, at: (usize, u32), vlan: u16) {
        self.computer(at, vlan, Between::Nothing);
        for _ in 0..2 + self.dice.below(6) {
            let (mac, ip) = (self.mac(VIRTUAL_OUI), Some(self.ip(vlan)));
            let (between, speaks, awake) = (Between::Host, Speaks::Nothing, [true; DAYS]);
            self.wiring.stations.push(Station {
                mac,
                ip,
                vlan,
                at: [at; DAYS],
                between,
                speaks,
                awake,
            });
        }
    }

    /// A dock with an address of its own, and whoever happened to sit down at it.
    fn dock(&mut self, at: (usize, u32), vlan: u16) {
        self.computer(at, vlan, Between::Nothing);
        let day = usize::try_from(self.dice.below(DAYS as u64)).unwrap_or(0);
        self.computer(at, vlan, Between::Nothing);
        if let Some(guest) = self.wiring.stations.last_mut() {
            guest.awake = std::array::from_fn(|other| other == day);
        }
    }

    /// A computer that was carried here from a port elsewhere, where its row has not aged out.
    fn moved(&mut self, at: (usize, u32), vlan: u16) {
        self.computer(at, vlan, Between::Nothing);
        let others: Vec<(usize, u32)> = (self.wiring.stations.iter())
            .filter(|other| {
                let place = other.at[0];
                other.between == Between::Nothing
                    && other.speaks == Speaks::Nothing
                    && place.0 != at.0
                    && self.wiring.switches.get(place.0).is_some_and(|switch| switch.snmp)
            })
            .map(|other| other.at[0])
            .collect();
        let from = self.dice.pick(&others).copied();
        let day = 1 + usize::try_from(self.dice.below(DAYS as u64 - 1)).unwrap_or(0);
        if let (Some(from), Some(station)) = (from, self.wiring.stations.last_mut()) {
            station.at = std::array::from_fn(|other| if other < day { from } else { at });
            station.awake = [true; DAYS];
        }
    }
}
