//! Puts a wiring together from a seed.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

use super::{Between, Speaks, Station, Style, Switch, Uplink, Wiring};
use crate::sim::dice::Dice;

/// Registered to makers of network devices, computers and telephones.
const SWITCH_OUI: u32 = 0x00_1aeb;
const PC_OUIS: [u32; 4] = [0x00_0b5d, 0x00_0d5e, 0x00_0d56, 0x10_b676];
const TELEPHONE_OUI: u32 = 0x00_0fd3;
const POINT_OUI: u32 = 0x00_0b86;
const VIRTUAL_OUI: u32 = 0x00_5056;

/// VLANs: office, ward, medical; telephones; management.
const DATA: [u16; 3] = [10, 20, 30];
const VOICE: u16 = 40;
pub(super) const MANAGEMENT: u16 = 99;

/// The MAC address with this number, of which the low 48 bits count.
fn mac_of(number: u64) -> Mac {
    let [_, _, octets @ ..] = number.to_be_bytes();
    Mac::new(octets)
}

/// A wiring in the making.
struct Layer {
    dice: Dice,
    wiring: Wiring,
    /// The next free port of each switch.
    free: Vec<u32>,
    macs: u32,
    hosts: u32,
}

impl Wiring {
    /// The wiring that this seed gives: twenty to sixty switches.
    pub fn lay(seed: u64) -> Self {
        let wiring = Self { switches: vec![], stations: vec![], vlans: vec![], seed };
        let dice = Dice::new(seed);
        let mut layer = Layer { dice, wiring, free: vec![], macs: 0, hosts: 0 };
        layer.switches();
        layer.stations();
        layer.wiring
    }

    pub(super) fn dice(&self, salt: u64) -> Dice {
        Dice::new(self.seed.wrapping_mul(31).wrapping_add(salt))
    }
}

impl Layer {
    fn mac(&mut self, oui: u32) -> Mac {
        // Far apart, so that no two are taken for one machine's by their numbers.
        self.macs += 1;
        let number = self.macs.wrapping_mul(7_919) & 0xff_ffff;
        mac_of(u64::from(oui) << 24 | u64::from(number))
    }

    fn random_mac(&mut self) -> Mac {
        mac_of(0xda << 40 | self.dice.throw() & 0xff_ffff_ffff)
    }

    fn ip(&mut self, vlan: u16) -> Ipv4Addr {
        self.hosts += 1;
        let [.., c, d] = self.hosts.to_be_bytes();
        Ipv4Addr::new(10, u8::try_from(vlan).unwrap_or(0), c, d)
    }

    fn switch(
        &mut self,
        name: String,
        ports: u32,
        chassis: u32,
        up: Option<(usize, usize)>,
    ) -> usize {
        let number = u32::try_from(self.wiring.switches.len()).unwrap_or(0);
        let [.., high, low] = (number * 128).to_be_bytes();
        let [_, a, b, c] = SWITCH_OUI.to_be_bytes();
        let style = match self.dice.below(10) {
            0..4 => Style::Contexts,
            4..7 => Style::Databases,
            7..9 => Style::Vlans,
            _ => Style::Plain,
        };
        let uplink = up.map(|(to, cables)| {
            let mut cable = || {
                let above = self.free.get_mut(to);
                above.map_or(0, |free| std::mem::replace(free, *free + 1))
            };
            let cables =
                (1..=cables).map(|own| (u32::try_from(own).unwrap_or(1), cable())).collect();
            Uplink { to, cables, told: true }
        });
        let told = self.dice.chance(800);
        let first = uplink.as_ref().map_or(1, |up| up.cables.len() + 1);
        self.free.push(u32::try_from(first).unwrap_or(1));
        let [.., host] = (number + 1).to_be_bytes();
        self.wiring.switches.push(Switch {
            name,
            mac: Mac::new([a, b, c, 0x40, high, low]),
            ip: Ipv4Addr::new(10, 99, 0, host),
            style: if chassis > 1 { Style::Contexts } else { style },
            ports,
            snmp: true,
            lldp: true,
            chassis,
            up: uplink.map(|up| Uplink { told, ..up }),
        });
        self.wiring.switches.len() - 1
    }

    fn switches(&mut self) {
        let core = self.switch("core".into(), 96, 2, None);
        let floors = 3 + self.dice.below(4);
        for floor in 1..=floors {
            let cables = if self.dice.chance(600) { 2 } else { 1 };
            let middle = self.switch(format!("dist-{floor}"), 48, 1, Some((core, cables)));
            for number in 1..=5 + self.dice.below(4) {
                let cables = if self.dice.chance(300) { 2 } else { 1 };
                let ports = if self.dice.chance(500) { 24 } else { 48 };
                let name = format!("acc-{floor}-{number}");
                let access = self.switch(name, ports, 1, Some((middle, cables)));
                if self.dice.chance(100) {
                    self.switch(format!("acc-{floor}-{number}b"), 24, 1, Some((access, 1)));
                }
            }
        }
        // One does not answer, with another one behind it; one does not speak with its neighbours.
        let mute = self.switch("acc-mute".into(), 24, 1, Some((1, 1)));
        if let Some(mute) = self.wiring.switches.get_mut(mute) {
            mute.snmp = false;
        }
        self.switch("acc-behind".into(), 24, 1, Some((mute, 1)));
        let silent = self.switch("acc-silent".into(), 24, 1, Some((2, 1)));
        if let Some(silent) = self.wiring.switches.get_mut(silent) {
            silent.lldp = false;
            // Without VLANs its telephones could not be told from other stations at all.
            silent.style = Style::Databases;
        }
    }

    fn stations(&mut self) {
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

    fn computer(&mut self, at: (usize, u32), vlan: u16, between: Between) -> Station {
        let oui = self.dice.pick(&PC_OUIS).copied().unwrap_or(SWITCH_OUI);
        let (mac, ip) = (self.mac(oui), Some(self.ip(vlan)));
        let awake = [self.dice.chance(930), self.dice.chance(930)];
        let speaks = Speaks::Nothing;
        let station = Station { mac, ip, vlan, at: [at; 2], between, speaks, awake };
        self.wiring.stations.push(station.clone());
        station
    }

    fn telephone(&mut self, at: (usize, u32), vlan: u16) {
        let style = self.wiring.switches.get(at.0).map(|switch| switch.style);
        // Without VLANs and without a word it would look like any other station.
        let speaks = match self.dice.below(10) {
            0..2 if style != Some(Style::Plain) => Speaks::Nothing,
            0..5 => Speaks::CdpTelephone,
            _ => Speaks::LldpTelephone,
        };
        let (mac, ip) = (self.mac(TELEPHONE_OUI), Some(self.ip(VOICE)));
        let between = Between::Nothing;
        let one = Station { mac, ip, vlan: VOICE, at: [at; 2], between, speaks, awake: [true; 2] };
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
        let awake = [true; 2];
        self.wiring.stations.push(Station { mac, ip, vlan, at: [at; 2], between, speaks, awake });
        for client in 0..4 + self.dice.below(15) {
            let burned_in = speaks == Speaks::LldpPoint && self.dice.chance(500);
            if burned_in || client % 4 == 3 {
                self.computer(at, vlan, Between::Point);
            } else {
                let (mac, ip) = (self.random_mac(), Some(self.ip(vlan)));
                let (between, speaks) = (Between::Point, Speaks::Nothing);
                let awake = [self.dice.chance(800), self.dice.chance(800)];
                let one = Station { mac, ip, vlan, at: [at; 2], between, speaks, awake };
                self.wiring.stations.push(one);
            }
        }
    }

    fn host(&mut self, at: (usize, u32), vlan: u16) {
        self.computer(at, vlan, Between::Nothing);
        for _ in 0..2 + self.dice.below(6) {
            let (mac, ip) = (self.mac(VIRTUAL_OUI), Some(self.ip(vlan)));
            let (between, speaks, awake) = (Between::Host, Speaks::Nothing, [true; 2]);
            self.wiring.stations.push(Station {
                mac,
                ip,
                vlan,
                at: [at; 2],
                between,
                speaks,
                awake,
            });
        }
    }

    /// A dock with an address of its own, and whoever happened to sit down at it.
    fn dock(&mut self, at: (usize, u32), vlan: u16) {
        self.computer(at, vlan, Between::Nothing);
        let day = usize::try_from(self.dice.below(2)).unwrap_or(0);
        self.computer(at, vlan, Between::Nothing);
        if let Some(guest) = self.wiring.stations.last_mut() {
            guest.awake = [day == 0, day == 1];
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
        if let (Some(from), Some(station)) = (from, self.wiring.stations.last_mut()) {
            station.at = [from, at];
            station.awake = [true; 2];
        }
    }
}
