//! Who hangs where, as it was found: for the summary, and held against the wiring.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use daicho_common::addr::Mac;
use serde_json::Value;

use crate::sim::Hospital;
use crate::sim::wiring::{Between, Station};

/// A switch by its name, and the name of a port.
type Port = (String, String);

/// What the devices say of the shape of the network.
#[derive(Debug, Default)]
pub struct Shape {
    /// Devices at their ports.
    pub placed: usize,
    /// Devices behind a switch whose own tables do not show them (any more).
    pub beyond: usize,
    /// Hubs that were inferred.
    pub hubs: usize,
    /// Devices in networks of which the agent was not told.
    pub tabled: usize,
    /// What differs from the wiring, a sentence each.
    pub wrong: Vec<String>,
}

/// Where each station hangs, and what stands between.
type There = BTreeMap<Mac, (Port, Between)>;

impl Shape {
    /// The shape in the collector's export of devices. That a place is not found is no error, since
    /// tables age; that one is wrong, a hub is none, or a device in a network that was not asked is
    /// missing, is.
    ///
    /// # Errors
    /// If the export is not what the collector exports.
    pub fn of(hospital: &Hospital, devices: &Value) -> Result<Self> {
        let mut shape = Self::default();
        let there = there(hospital)?;
        let nics = hospital.devices.iter().flat_map(|device| &device.nics).map(|nic| nic.ip);
        let mut unseen: BTreeSet<Ipv4Addr> =
            nics.filter(|ip| hospital.is_untouchable(*ip)).collect();
        let mut hubs = BTreeSet::new();
        for device in devices.as_array().context("devices are not a list")? {
            let ips = device["addresses"].as_array().context("a device without addresses")?;
            let ip = |at: &Value| at.get("ip")?.as_str()?.parse().ok();
            let ips: BTreeSet<Ipv4Addr> = ips.iter().filter_map(ip).collect();
            unseen.retain(|ip| !ips.contains(ip));
            let only = !ips.is_empty() && ips.iter().all(|ip| hospital.is_untouchable(*ip));
            shape.tabled += usize::from(only);
            for attached in device["attached"].as_array().context("a device without ports")? {
                hubs.extend(shape.place(&attached["value"], &there)?);
            }
        }
        let missing = unseen.iter().map(|ip| format!("{ip} が表から見つからない / is in no table"));
        shape.wrong.extend(missing);
        shape.hubs = hubs.len();
        Ok(shape)
    }

    /// Counts a place; returns the port if a hub is said to be there.
    fn place(&mut self, attached: &Value, there: &There) -> Result<Option<Port>> {
        if attached.pointer("/through/beyond").is_some() {
            self.beyond += 1;
            return Ok(None);
        }
        let text = |key: &str| {
            let said = attached.get(key).and_then(Value::as_str);
            said.with_context(|| format!("a place without {key}"))
        };
        let mac: Mac = text("mac")?.parse()?;
        let port = (text("switch_name")?.to_owned(), text("port")?.to_owned());
        let hub = attached.get("through").and_then(Value::as_str) == Some("hub");
        match there.get(&mac) {
            Some((place, between)) if *place == port => {
                if hub && *between != Between::Hub {
                    self.wrong.push(format!("{port:?} にハブはない / has no hub"));
                }
            }
            truth => {
                let said = format!("{mac} は {port:?} にない / is not there, but {truth:?}");
                self.wrong.push(said);
            }
        }
        self.placed += 1;
        Ok(hub.then_some(port))
    }

    /// Tells the user.
    pub fn say(&self) {
        let Self { placed, beyond, hubs, tabled, .. } = self;
        super::say(
            &format!(
                "    スイッチの表から、{placed} 台の接続先ポートが分かりました（ほかに {beyond} 台は手前の\
                 スイッチまで）。台帳にない島ハブの推定 {hubs} か所"
            ),
            &format!(
                "{placed} devices were placed at their ports by the tables of switches ({beyond} more \
                 as far as the switch before), and {hubs} unmanaged hubs inferred"
            ),
        );
        super::say(
            &format!("    1 パケットも送らず、ルータとスイッチの表だけから知った機器 {tabled} 台"),
            &format!(
                "{tabled} devices are known from the tables of the router and switches alone, with \
                 no packet sent to them"
            ),
        );
    }
}

fn there(hospital: &Hospital) -> Result<There> {
    let wiring = &hospital.wiring;
    let place = |station: &Station| {
        let (at, port) = station.at[1];
        let switch = wiring.switches.get(at).context("a station at no switch")?;
        let place = (switch.name.clone(), switch.port_name(port));
        Ok((station.mac, (place, station.between)))
    };
    wiring.stations.iter().map(place).collect()
}

#[cfg(test)]
mod tests;
