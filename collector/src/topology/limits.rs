//! Limits and address prefixes as data: `config/topology.toml`.

use std::sync::LazyLock;

use daicho_common::addr::Mac;
use serde::Deserialize;

const SHIPPED: &str = include_str!("../../../config/topology.toml");

/// When several stations on one port have a hub between them, and which of them are no stations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Heard together once, they have.
    pub(super) stations_once: usize,
    /// Heard together in several readings, they have.
    pub(super) stations_again: usize,
    /// In how many readings.
    pub(super) readings: usize,
    /// More are an unknown switch.
    pub(super) stations_most: usize,
    /// So many of a maker's block, or of a network, must say what they are before it is held of the
    /// silent ones too.
    pub(super) kin_least: usize,
    virtual_machines: Vec<String>,
}

static LIMITS: LazyLock<Limits> = LazyLock::new(|| read(SHIPPED).unwrap_or_default());

fn read(text: &str) -> Result<Limits, toml::de::Error> {
    toml::from_str(text)
}

/// What is shipped.
pub(super) fn shipped() -> &'static Limits {
    &LIMITS
}

impl Limits {
    /// Whether hypervisors give such addresses to virtual machines.
    pub(super) fn is_virtual_machine(&self, mac: Mac) -> bool {
        let text = mac.to_string();
        self.virtual_machines.iter().any(|prefix| text.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_limits_are_read_and_make_sense() {
        let limits = read(SHIPPED).unwrap();
        assert!(1 < limits.stations_again && limits.stations_again < limits.stations_once);
        assert!(limits.kin_least > 1);
        assert!(limits.stations_once < limits.stations_most && limits.readings > 1);
        assert!(limits.is_virtual_machine("00:50:56:12:34:56".parse().unwrap()));
        assert!(!limits.is_virtual_machine("00:1a:2b:12:34:56".parse().unwrap()));
        for prefix in &limits.virtual_machines {
            let whole = format!("{prefix}:00:00:00").parse::<Mac>();
            assert_eq!(whole.unwrap().to_string().get(..8), Some(prefix.as_str()));
        }
    }
}
