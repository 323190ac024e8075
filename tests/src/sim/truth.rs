//! What a right reconciliation finds: for each row and for each device, from the hospital alone.

use std::net::Ipv4Addr;

use super::{Device, Ground, Hospital, Plant, Reach, Row};

/// The verdict that a row must get.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// 一致.
    Agreed,
    /// 相違, in this field and none else, as the collector's JSON spells it.
    Differs(&'static str),
    /// 台帳のみ・未検出.
    NotSeen,
    /// 未接続.
    NotConnected,
    /// 廃棄済が稼働.
    RetiredButSeen,
    /// 確認不能.
    CannotTell,
}

/// What is true, as far as the ground lets it be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The verdict of each of [`Hospital::rows`], in their order.
    pub rows: Vec<Expected>,
    /// The addresses of each device that no row accounts for and that can be found.
    pub undocumented: Vec<Vec<Ipv4Addr>>,
}

impl Hospital {
    /// The truth about this hospital where it stands.
    pub fn truth(&self) -> Truth {
        let rows = self.rows.iter().map(|row| self.expected(row)).collect();
        let undocumented = self
            .devices
            .iter()
            .filter(|device| self.rows.iter().all(|row| row.device.as_ref() != Some(&device.key)))
            .filter(|device| self.can_be_found(device))
            .map(|device| device.nics.iter().map(|nic| nic.ip).collect())
            .collect();
        Truth { rows, undocumented }
    }

    /// Whether a scan from the agent's place finds the device at all: on the link everything
    /// answers ARP; behind the router, and wherever there are no frames, it must answer a question.
    /// Where the agent may not look, somebody's table must have it.
    pub fn can_be_found(&self, device: &Device) -> bool {
        if self.is_tabled(device) {
            return true;
        }
        device.nics.iter().any(|nic| {
            let reach = self.segment_of(nic.ip).map(|segment| segment.reach);
            match (self.ground, reach) {
                (Ground::Wire, Some(Reach::Link | Reach::Sighting)) => true,
                (_, Some(Reach::Link | Reach::Routed)) => device.speaks(),
                (_, Some(Reach::Sighting | Reach::Untouched) | None) => false,
            }
        })
    }

    /// Whether a switch heard the device, by an address that names it.
    pub fn is_tabled(&self, device: &Device) -> bool {
        let heard = |mac| self.wiring.stations.iter().any(|station| station.mac == mac);
        device.nics.iter().any(|nic| nic.mac.names_a_device() && heard(nic.mac))
    }

    /// Whether silence at `ip` shows that nobody is there.
    fn silence_counts(&self, ip: Ipv4Addr) -> bool {
        let reach = self.segment_of(ip).map(|segment| segment.reach);
        self.ground == Ground::Wire && matches!(reach, Some(Reach::Link | Reach::Sighting))
    }

    fn expected(&self, row: &Row) -> Expected {
        let device = row.device.as_ref().and_then(|key| self.device(key));
        let found = device.is_some_and(|device| self.can_be_found(device));
        match row.plant {
            Plant::Right | Plant::Dhcp if found => Expected::Agreed,
            Plant::WrongMac if found => Expected::Differs("mac"),
            Plant::WrongIp if found => Expected::Differs("ip"),
            Plant::WrongName if found => Expected::Differs("host_name"),
            Plant::Retired if found => Expected::RetiredButSeen,
            Plant::Gone if row.ips.iter().all(|ip| self.silence_counts(*ip)) => Expected::NotSeen,
            Plant::Offline => Expected::NotConnected,
            Plant::Right
            | Plant::Dhcp
            | Plant::WrongMac
            | Plant::WrongIp
            | Plant::WrongName
            | Plant::Retired
            | Plant::Gone
            | Plant::GoneDhcp
            | Plant::Elsewhere
            | Plant::Intangible => Expected::CannotTell,
        }
    }
}

impl Device {
    /// Whether it answers any question above the link.
    pub fn speaks(&self) -> bool {
        self.answers.echo || self.answers.snmp.is_some() || !self.answers.services.is_empty()
    }
}
