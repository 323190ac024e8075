//! Nortel's topology discovery (`SynOptics` network management protocol, also called NDP), from the
//! octet after the LLC/SNAP header on (destinations 01:00:81:00:01:00 and 01:00:81:00:01:01, SNAP
//! OUI 00-00-81, protocols 0x01a1 and 0x01a2). The numbers are those of
//! S5-ETH-MULTISEG-TOPOLOGY-MIB.

use std::net::Ipv4Addr;

use crate::wire::{Malformed, Wire, take};

/// SNAP OUI and the protocol identifier of flat network hellos.
pub const SNAP_FLAT: [u8; 5] = [0x00, 0x00, 0x81, 0x01, 0xa2];
/// SNAP OUI and the protocol identifier of segment hellos.
pub const SNAP_SEGMENT: [u8; 5] = [0x00, 0x00, 0x81, 0x01, 0xa1];

/// A hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sonmp {
    /// The sender's management address.
    pub address: Ipv4Addr,
    /// Three octets: for most chassis zero, slot and port.
    pub segment: [u8; 3],
    /// Which chassis (s5EnMsTopNmmChassisType).
    pub chassis: u8,
    /// Which backplane.
    pub backplane: u8,
    /// 1 topology changed, 2 heartbeat, 3 new.
    pub state: u8,
    /// Links of the sender.
    pub links: u8,
}

impl Wire for Sonmp {
    fn decode(octets: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (address, rest) = take::<4>(octets)?;
        let (segment, rest) = take::<3>(rest)?;
        let ([chassis, backplane, state, links], rest) = take::<4>(rest)?;
        Ok((Self { address: address.into(), segment, chassis, backplane, state, links }, rest))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.address.octets());
        out.extend_from_slice(&self.segment);
        out.extend_from_slice(&[self.chassis, self.backplane, self.state, self.links]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hello_says_the_address_and_the_port() {
        let octets = [10, 20, 0, 3, 0, 1, 24, 57, 12, 2, 1, 0xaa];
        let (hello, rest) = Sonmp::decode(&octets).unwrap();
        assert_eq!((hello.address, hello.segment), (Ipv4Addr::new(10, 20, 0, 3), [0, 1, 24]));
        assert_eq!((hello.chassis, hello.state, rest), (57, 2, &[0xaa][..]));
        for end in 0..11 {
            assert!(Sonmp::decode(&octets[..end]).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_decodes_survives_encoding(octets in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Ok((hello, rest)) = Sonmp::decode(&octets) {
                let mut out = Vec::new();
                hello.encode(&mut out);
                out.extend_from_slice(rest);
                prop_assert_eq!(out, octets);
            }
        }
    }
}
