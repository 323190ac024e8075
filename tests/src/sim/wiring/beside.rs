//! Who stands beside whom, as the switches tell it: LLDP, CDP, spanning tree.

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Cell, Row};

use super::speak::{Told, int, physical, row};
use super::{Speaks, Switch};

impl Told<'_> {
    /// Whom the switch hears beside it.
    pub(super) fn beside(&mut self, number: usize, day: usize) {
        let (wiring, switch) = (self.wiring, self.switch);
        let (mut lldp, mut cdp) = (Vec::new(), Vec::new());
        let mut hear = |port: u32, other: &Switch, far: u32| {
            if switch.lldp && other.lldp {
                lldp.push(bridge(switch.index(port), other, far));
            }
        };
        for (other, near) in wiring.switches.iter().enumerate() {
            for (own, above) in near.up.iter().flat_map(|up| &up.cables) {
                if near.up.as_ref().is_some_and(|up| up.to == number) {
                    hear(*above, near, *own);
                } else if let Some(far) = near.up.as_ref().and_then(|up| wiring.switches.get(up.to))
                    && other == number
                {
                    hear(*own, far, *above);
                }
            }
        }
        for (near, far) in &wiring.reserve {
            for ((own, port), (other, there)) in [(near, far), (far, near)] {
                if let Some(other) = wiring.switches.get(*other).filter(|_| *own == number) {
                    hear(*port, other, *there);
                }
            }
        }
        for ((own, port), (other, there)) in &wiring.gone {
            if let Some(other) = wiring.switches.get(*other).filter(|_| *own == number) {
                hear(*port, other, *there);
            }
        }
        let here = (wiring.stations.iter())
            .filter_map(|station| Some((station, *station.at.get(day)?)))
            .filter(|(_, at)| at.0 == number);
        for (station, at) in here.filter(|_| switch.lldp) {
            let index = switch.index(at.1);
            match station.speaks {
                Speaks::Nothing => {}
                Speaks::LldpTelephone => lldp.push(end_station(index, station.mac, 0x24)),
                Speaks::LldpPoint => lldp.push(end_station(index, station.mac, 0x10)),
                Speaks::CdpTelephone => cdp.push(cdp_telephone(index, station.mac)),
            }
        }
        if switch.lldp {
            self.own_ports();
        }
        for (number, row) in (1..).zip(&mut lldp) {
            row.index.push(number);
        }
        self.table("lldpRemTable", "", &lldp);
        self.table("cdpCacheTable", "", &cdp);
    }

    /// How it announces its ports.
    fn own_ports(&mut self) {
        let switch = self.switch;
        let own: Vec<Row> = (1..=switch.ports)
            .map(|port| {
                let name = Cell::from_octets(switch.port_name(port).as_bytes());
                row(
                    &[switch.index(port)],
                    &[("lldpLocPortIdSubtype", int(5)), ("lldpLocPortId", name)],
                )
            })
            .collect();
        self.table("lldpLocPortTable", "", &own);
    }

    /// The ports as the spanning tree sees them: every switch speaks for its own cables but for
    /// those that lead up, and for those in reserve of which it is the blocked end.
    pub(super) fn tree(&mut self, number: usize) {
        if !self.switch.tree {
            return;
        }
        let mut rows = Vec::new();
        if let Some(up) = &self.switch.up
            && let (Some(above), Some((own, far))) =
                (self.wiring.switches.get(up.to), up.cables.first())
        {
            let of = |switch: &Switch, port: u32, of: usize| {
                if self.wiring.is_bundled(number, of) { switch.bundle(port).0 } else { port }
            };
            let (own, far) = (of(self.switch, *own, number), of(above, *far, up.to));
            // A switch that keeps out of the tree passes on what those above it say.
            if above.tree {
                rows.push(facing(own, (above, far), 5));
            }
        }
        for ((own, port), (other, far)) in &self.wiring.reserve {
            if let Some(other) = self.wiring.switches.get(*other).filter(|_| *own == number) {
                rows.push(facing(*port, (other, *far), 2));
            }
        }
        self.table("dot1dStpPortTable", "", &rows);
    }
}

/// A port for whose cable another switch speaks.
fn facing(port: u32, (other, far): (&Switch, u32), state: u32) -> Row {
    let bridge = [&[0x80, 0][..], &other.mac.octets()].concat();
    let far = u16::try_from(0x8000 | far).unwrap_or(u16::MAX);
    row(
        &[port],
        &[
            ("dot1dStpPortState", int(state)),
            ("dot1dStpPortDesignatedBridge", Cell::from_octets(&bridge)),
            ("dot1dStpPortDesignatedPort", Cell::from_octets(&far.to_be_bytes())),
        ],
    )
}

/// A switch as another hears it; the last number of the index is still missing.
fn bridge(index: u32, other: &Switch, far: u32) -> Row {
    row(
        &[0, index],
        &[
            ("lldpRemChassisIdSubtype", int(4)),
            ("lldpRemChassisId", physical(other.mac)),
            ("lldpRemPortIdSubtype", int(5)),
            ("lldpRemPortId", Cell::from_octets(other.port_name(far).as_bytes())),
            ("lldpRemSysName", Cell::Text(other.name.as_str().into())),
            ("lldpRemSysCapEnabled", Cell::from_octets(&[0x20, 0])),
        ],
    )
}

/// A telephone or an access point as its switch hears it.
fn end_station(index: u32, mac: Mac, does: u8) -> Row {
    row(
        &[0, index],
        &[
            ("lldpRemChassisIdSubtype", int(5)),
            ("lldpRemChassisId", Cell::from_octets(&[1, 192, 0, 2, 1])),
            ("lldpRemPortIdSubtype", int(3)),
            ("lldpRemPortId", physical(mac)),
            ("lldpRemSysCapEnabled", Cell::from_octets(&[does, 0])),
        ],
    )
}

/// A telephone as its switch hears it by CDP.
fn cdp_telephone(index: u32, mac: Mac) -> Row {
    let name = format!("SEP{}", mac.to_string().replace(':', "").to_uppercase());
    row(
        &[index, 1],
        &[
            ("cdpCacheDeviceId", Cell::Text(name.as_str().into())),
            ("cdpCacheDevicePort", Cell::Text("Port 1".into())),
            ("cdpCachePlatform", Cell::Text("IP Phone".into())),
            ("cdpCacheCapabilities", Cell::from_octets(&[0, 0, 0, 0x90])),
        ],
    )
}
