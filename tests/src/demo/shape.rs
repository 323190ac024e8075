//! Who hangs where, as it was found: for the summary, and held against the wiring.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use daicho_common::addr::Mac;
use serde_json::Value;

use crate::sim::Hospital;
use crate::sim::wiring::Between;

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

impl Shape {
    /// The shape in the collector's export of devices. That a place is not found is no error, since
    /// tables age; that one is wrong, a hub is none, or a device in a network that was not asked is
    /// missing, is.
    ///
    /// # Errors
    /// If the export is not what the collector exports.
    pub fn of(hospital: &Hospital, devices: &Value) -> Result<Self> {
        let mut shape = Self::default();
        let wiring = &hospital.wiring;
        let mut there: BTreeMap<Mac, (Port, Between)> = BTreeMap::new();
        for station in &wiring.stations {
            let (at, port) = station.at[1];
            let switch = wiring.switches.get(at).context("a station at no switch")?;
            let place = (switch.name.clone(), switch.port_name(port));
            there.insert(station.mac, (place, station.between));
        }
        let mut hubs = BTreeSet::new();
        let mut silent: BTreeSet<Ipv4Addr> = hospital
            .devices
            .iter()
            .flat_map(|device| &device.nics)
            .map(|nic| nic.ip)
            .filter(|ip| hospital.is_untouchable(*ip))
            .collect();
        for device in devices.as_array().context("devices are not a list")? {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let ips = device["addresses"].as_array().context("a device without addresses")?;
            let ips: BTreeSet<Ipv4Addr> =
                ips.iter().filter_map(|at| at["ip"].as_str()?.parse().ok()).collect();
            let only = !ips.is_empty() && ips.iter().all(|ip| hospital.is_untouchable(*ip));
            shape.tabled += usize::from(only);
            silent.retain(|ip| !ips.contains(ip));
            for attached in device["attached"].as_array().into_iter().flatten() {
                let attached = &attached["value"];
                if !attached["through"]["beyond"].is_null() {
                    shape.beyond += 1;
                    continue;
                }
                let mac: Mac = attached["mac"].as_str().context("no MAC address")?.parse()?;
                let port = (text(&attached["switch_name"]), text(&attached["port"]));
                let truth = there.get(&mac);
                let hub = attached["through"] == "hub";
                if truth.is_none_or(|(place, _)| *place != port) {
                    shape.wrong.push(format!("{mac} は {port:?} にない / is not there: {truth:?}"));
                } else if hub && truth.is_some_and(|(_, between)| *between != Between::Hub) {
                    shape.wrong.push(format!("{port:?} にハブはない / has no hub"));
                }
                shape.placed += 1;
                if hub {
                    hubs.insert(port);
                }
            }
        }
        let missing = silent.iter().map(|ip| format!("{ip} が表から見つからない / is in no table"));
        shape.wrong.extend(missing);
        shape.hubs = hubs.len();
        Ok(shape)
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
