//! Puts a wiring together from a seed.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;

use super::{Style, Switch, Uplink, Wiring};
use crate::sim::dice::Dice;

/// Registered to makers of network devices, computers and telephones.
pub(super) const SWITCH_OUI: u32 = 0x00_1aeb;
pub(super) const PC_OUIS: [u32; 4] = [0x00_0b5d, 0x00_0d5e, 0x00_0d56, 0x10_b676];
pub(super) const TELEPHONE_OUI: u32 = 0x00_0fd3;
pub(super) const POINT_OUI: u32 = 0x00_0b86;
pub(super) const VIRTUAL_OUI: u32 = 0x00_5056;

/// VLANs: office, ward, medical; telephones; management.
pub(super) const DATA: [u16; 3] = [10, 20, 30];
pub(super) const VOICE: u16 = 40;
pub(super) const MANAGEMENT: u16 = 99;

/// The MAC address with this number, of which the low 48 bits count.
fn mac_of(number: u64) -> Mac {
    let [_, _, octets @ ..] = number.to_be_bytes();
    Mac::new(octets)
}

/// A wiring in the making.
pub(super) struct Layer {
    pub(super) dice: Dice,
    pub(super) wiring: Wiring,
    /// The next free port of each switch.
    pub(super) free: Vec<u32>,
    macs: u32,
    hosts: u32,
}

/// How large it becomes, and how much of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Fewest floors, and how many there may be more.
    pub floors: (u64, u64),
    /// Fewest switches on a floor, and how many there may be more.
    pub access: (u64, u64),
    /// Of a thousand stations how many a switch hears that is not on the way to their gateway.
    pub elsewhere: u64,
    /// On how many days the tables are read, at most [`DAYS`](super::DAYS).
    pub days: usize,
}

impl Plan {
    /// A hospital: twenty to sixty switches.
    pub const HOSPITAL: Self =
        Self { floors: (3, 4), access: (5, 4), elsewhere: 250, days: super::DAYS };
    /// The same, read on so many days, at most [`DAYS`](super::DAYS).
    #[must_use]
    pub const fn read_on(self, days: usize) -> Self {
        Self { days, ..self }
    }

    /// About five hundred switches with twenty thousand stations, read once.
    pub const LARGE: Self = Self { floors: (40, 1), access: (11, 2), elsewhere: 60, days: 1 };
}

impl Wiring {
    /// The hospital that this seed gives.
    pub fn lay(seed: u64) -> Self {
        Self::lay_as(Plan::HOSPITAL, seed)
    }

    /// The wiring that this seed gives, by this plan.
    pub fn lay_as(plan: Plan, seed: u64) -> Self {
        let wiring = Self {
            switches: vec![],
            stations: vec![],
            vlans: vec![],
            reserve: vec![],
            gone: vec![],
            seed,
            plan,
        };
        let dice = Dice::new(seed);
        let mut layer = Layer { dice, wiring, free: vec![], macs: 0, hosts: 0 };
        layer.switches(plan);
        layer.loops();
        layer.stations();
        layer.wiring
    }

    pub(super) fn dice(&self, salt: u64) -> Dice {
        Dice::new(self.seed.wrapping_mul(31).wrapping_add(salt))
    }
}

impl Layer {
    pub(super) fn mac(&mut self, oui: u32) -> Mac {
        // Far apart, so that no two are taken for one machine's by their numbers.
        self.macs += 1;
        let number = self.macs.wrapping_mul(7_919) & 0xff_ffff;
        mac_of(u64::from(oui) << 24 | u64::from(number))
    }

    pub(super) fn random_mac(&mut self) -> Mac {
        mac_of(0xda << 40 | self.dice.throw() & 0xff_ffff_ffff)
    }

    pub(super) fn ip(&mut self, vlan: u16) -> Ipv4Addr {
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
        let [_, high, middle, low] = (0x40_0000 + number * 128).to_be_bytes();
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
        let tree = self.dice.chance(800);
        let gives = if self.dice.chance(30) { 600 } else { 1000 };
        let [.., net, host] = (number + 1).to_be_bytes();
        self.wiring.switches.push(Switch {
            name,
            mac: Mac::new([a, b, c, high, middle, low]),
            ip: Ipv4Addr::new(10, 99, net, host),
            style: if chassis > 1 { Style::Contexts } else { style },
            ports,
            snmp: true,
            lldp: true,
            tree,
            gives: if chassis > 1 { 1000 } else { gives },
            chassis,
            up: uplink.map(|up| Uplink { told, ..up }),
        });
        self.wiring.switches.len() - 1
    }

    fn switches(&mut self, plan: Plan) {
        let core = self.switch("core".into(), 96, 2, None);
        let floors = plan.floors.0 + self.dice.below(plan.floors.1);
        for floor in 1..=floors {
            let cables = if self.dice.chance(600) { 2 } else { 1 };
            let middle = self.switch(format!("dist-{floor}"), 48, 1, Some((core, cables)));
            for number in 1..=plan.access.0 + self.dice.below(plan.access.1) {
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
            silent.style = Style::Plain;
        }
    }

    /// Cables in reserve between switches of one floor, and entries of cables that are long gone.
    fn loops(&mut self) {
        let access: Vec<usize> = (self.wiring.switches.iter().enumerate())
            .filter(|(_, switch)| switch.name.starts_with("acc") && switch.snmp && switch.lldp)
            .map(|(number, _)| number)
            .collect();
        for _ in 0..=access.len() / 15 {
            let (Some(a), Some(b)) = (self.free_end(&access), self.free_end(&access)) else {
                continue;
            };
            if a.0 != b.0 && !self.linked(a.0, b.0) {
                self.wiring.reserve.push((a, b));
            }
        }
        for number in 0..2 + access.len() / 15 {
            let (Some(&at), Some(&other)) = (self.dice.pick(&access), self.dice.pick(&access))
            else {
                continue;
            };
            // At a port that is free now, or at the uplink beside the true one.
            let port = match number % 2 {
                0 => self.wiring.switches.get(at).map_or(1, |switch| switch.ports),
                _ => 1,
            };
            if at != other && !self.linked(at, other) {
                self.wiring.gone.push(((at, port), (other, 1)));
            }
        }
    }

    fn free_end(&mut self, of: &[usize]) -> Option<(usize, u32)> {
        let switch = self.dice.pick(of).copied()?;
        let free = self.free.get_mut(switch)?;
        let port = std::mem::replace(free, *free + 1);
        Some((switch, port))
    }

    fn linked(&self, a: usize, b: usize) -> bool {
        let up = |of: usize, to: usize| {
            let up = self.wiring.switches.get(of).and_then(|switch| switch.up.as_ref());
            up.is_some_and(|up| up.to == to)
        };
        let pair =
            |((from, _), (to, _)): &super::Cable| (*from, *to) == (a, b) || (*from, *to) == (b, a);
        up(a, b)
            || up(b, a)
            || self.wiring.reserve.iter().any(pair)
            || self.wiring.gone.iter().any(pair)
    }
}
