//! Spanning tree bridge protocol data units (IEEE 802.1D-2004 clause 9, IEEE 802.1Q-2018 clause
//! 14), from the LLC header on (destination 01:80:c2:00:00:00, DSAP and SSAP 0x42).
//!
//! Read here: configuration, topology change and rapid spanning tree; of multiple spanning tree the
//! common part, with the rest kept as sent.

use crate::addr::Mac;
use crate::wire::{Malformed, Wire, take};

/// LLC of spanning tree: DSAP, SSAP, unnumbered information.
pub const LLC: [u8; 3] = [0x42, 0x42, 0x03];

/// A bridge identifier (IEEE 802.1D-2004 §9.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BridgeId {
    /// 0–61440 in steps of 4096, with the system ID extension (often the VLAN) in the low 12 bits.
    pub priority: u16,
    /// The bridge's address.
    pub mac: Mac,
}

/// The body that configuration and rapid units have in common (§9.3.1, §9.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// Bit 0 topology change, 1 proposal, 2–3 port role, 4 learning, 5 forwarding, 6 agreement,
    /// 7 topology change acknowledgement; configuration units use bits 0 and 7.
    pub flags: u8,
    /// The root as the sender knows it.
    pub root: BridgeId,
    /// Cost from the sender to the root.
    pub root_cost: u32,
    /// The sender.
    pub bridge: BridgeId,
    /// The sender's port: priority in the high 4 bits, number in the low 12.
    pub port: u16,
    /// In 1/256 s.
    pub message_age: u16,
    /// In 1/256 s.
    pub max_age: u16,
    /// In 1/256 s.
    pub hello_time: u16,
    /// In 1/256 s.
    pub forward_delay: u16,
}

/// A bridge protocol data unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bpdu {
    /// Type 0x00.
    Configuration {
        /// Protocol version identifier; 0 as standardised.
        version: u8,
        /// The body.
        config: Config,
    },
    /// Type 0x80.
    TopologyChange {
        /// Protocol version identifier; 0 as standardised.
        version: u8,
    },
    /// Type 0x02: rapid (version 2), or multiple (3) and shortest path (4) with their rest.
    Rapid {
        /// Protocol version identifier, 2 or more.
        version: u8,
        /// The common body.
        config: Config,
        /// From the version 1 length field on, as sent; one zero octet in version 2.
        rest: Vec<u8>,
    },
}

impl Bpdu {
    /// Protocol version identifier.
    pub fn version(&self) -> u8 {
        match self {
            Self::Configuration { version, .. }
            | Self::TopologyChange { version }
            | Self::Rapid { version, .. } => *version,
        }
    }

    /// The body, which a topology change does not have.
    pub fn config(&self) -> Option<&Config> {
        match self {
            Self::Configuration { config, .. } | Self::Rapid { config, .. } => Some(config),
            Self::TopologyChange { .. } => None,
        }
    }
}

fn bridge_id(octets: [u8; 8]) -> BridgeId {
    let [p, q, mac @ ..] = octets;
    BridgeId { priority: u16::from_be_bytes([p, q]), mac: Mac::new(mac) }
}

impl Wire for BridgeId {
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        take::<8>(octets).map(|(id, rest)| (bridge_id(id), rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.priority.to_be_bytes());
        out.extend_from_slice(&self.mac.octets());
    }
}

impl Wire for Config {
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let ([flags], rest) = take::<1>(octets)?;
        let (root, rest) = BridgeId::decode(rest)?;
        let (root_cost, rest) = take::<4>(rest)?;
        let (bridge, rest) = BridgeId::decode(rest)?;
        let (port, rest) = take::<2>(rest)?;
        let (message_age, rest) = take::<2>(rest)?;
        let (max_age, rest) = take::<2>(rest)?;
        let (hello_time, rest) = take::<2>(rest)?;
        let (forward_delay, rest) = take::<2>(rest)?;
        let config = Self {
            flags,
            root,
            root_cost: u32::from_be_bytes(root_cost),
            bridge,
            port: u16::from_be_bytes(port),
            message_age: u16::from_be_bytes(message_age),
            max_age: u16::from_be_bytes(max_age),
            hello_time: u16::from_be_bytes(hello_time),
            forward_delay: u16::from_be_bytes(forward_delay),
        };
        Ok((config, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.flags);
        self.root.encode(out);
        out.extend_from_slice(&self.root_cost.to_be_bytes());
        self.bridge.encode(out);
        let times =
            [self.port, self.message_age, self.max_age, self.hello_time, self.forward_delay];
        for field in times {
            out.extend_from_slice(&field.to_be_bytes());
        }
    }
}

impl Wire for Bpdu {
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (llc, rest) = take::<3>(octets)?;
        if llc != LLC {
            return Err(Malformed::Inconsistent { field: "LLC header" });
        }
        let ([p, q, version, kind], rest) = take::<4>(rest)?;
        let protocol = u16::from_be_bytes([p, q]);
        if protocol != 0 {
            let field = "protocol identifier";
            return Err(Malformed::Unsupported { field, value: u32::from(protocol) });
        }
        match (kind, version) {
            (0x00, _) => Config::decode(rest)
                .map(|(config, rest)| (Self::Configuration { version, config }, rest)),
            (0x80, _) => Ok((Self::TopologyChange { version }, rest)),
            (0x02, 2..) => {
                let (config, rest) = Config::decode(rest)?;
                let ([version_1_length], after) = take::<1>(rest)?;
                // Only version 2 is known to end here; later versions keep what is theirs.
                let (kept, rest) = if version == 2 {
                    (vec![version_1_length], after)
                } else {
                    (rest.to_vec(), &[][..])
                };
                Ok((Self::Rapid { version, config, rest: kept }, rest))
            }
            (kind, _) => Err(Malformed::Unsupported { field: "BPDU type", value: u32::from(kind) }),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&LLC);
        out.extend_from_slice(&[0, 0, self.version()]);
        match self {
            Self::Configuration { config, .. } => {
                out.push(0x00);
                config.encode(out);
            }
            Self::TopologyChange { .. } => out.push(0x80),
            Self::Rapid { config, rest, .. } => {
                out.push(0x02);
                config.encode(out);
                out.extend_from_slice(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: [u8; 38] = [
        0x42, 0x42, 0x03, 0, 0, 0, 0, 0x01, // configuration, topology change
        0x80, 0x14, 0x00, 0x00, 0xf4, 1, 2, 3, 0, 0, 0, 4, // root, cost 4
        0x90, 0x14, 0x00, 0x00, 0xf4, 4, 5, 6, 0x80, 0x03, // bridge, port 3
        0x01, 0, 0x14, 0, 0x02, 0, 0x0f, 0,
    ];

    #[test]
    fn a_configuration_unit_reads_as_it_was_written() {
        let (bpdu, rest) = Bpdu::decode(&CONFIG).unwrap();
        assert!(rest.is_empty());
        let config = bpdu.config().unwrap();
        assert_eq!(config.root.priority, 0x8014);
        assert_eq!(config.bridge.mac, "00:00:f4:04:05:06".parse().unwrap());
        assert_eq!((config.root_cost, config.port, config.max_age), (4, 0x8003, 20 << 8));
        let mut out = Vec::new();
        bpdu.encode(&mut out);
        assert_eq!(out, CONFIG);
    }

    #[test]
    fn a_topology_change_has_no_body_and_padding_is_handed_back() {
        let (bpdu, rest) = Bpdu::decode(&[0x42, 0x42, 0x03, 0, 0, 0, 0x80, 0, 0]).unwrap();
        assert_eq!(bpdu, Bpdu::TopologyChange { version: 0 });
        assert_eq!(rest, [0, 0]);
    }

    #[test]
    fn every_cut_is_refused() {
        for end in 0..CONFIG.len() {
            assert!(matches!(Bpdu::decode(&CONFIG[..end]), Err(Malformed::Truncated { .. })));
        }
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_what_decodes_the_same(
            version in 0u8..5, kind in prop_oneof![Just(0u8), Just(2), Just(0x80)],
            body in proptest::collection::vec(any::<u8>(), 0..80)
        ) {
            let octets = [&LLC[..], &[0, 0, version, kind], &body].concat();
            if let Ok((bpdu, rest)) = Bpdu::decode(&octets) {
                let mut out = Vec::new();
                bpdu.encode(&mut out);
                out.extend_from_slice(rest);
                prop_assert_eq!(out, octets);
            }
        }
    }
}
