//! Devices that say the same identifiers as others: computers from one image that was never made
//! general, and devices whose maker left the serial number as it was.

use super::making::{Making, always, cloned};
use super::{Happening, What};

/// Serial numbers that makers leave in place.
const LEFT: [&str; 5] = ["0", "To be filled by O.E.M.", "123456789", "0123456789AB", "SN00000001"];

/// Lays computers from images, two to eight of each. Their names differ, as a domain demands; of
/// servers that nobody named they do not, and one tells them apart by the interfaces that each lists.
pub(super) fn images(made: &mut Making, count: usize) {
    let mut left = count;
    while left > 0 {
        let copies = 2 + usize::try_from(made.dice.below(7)).unwrap_or(0);
        left = left.saturating_sub(copies);
        let (guid, key, print) = (made.uuid(), made.print(), made.print());
        let named = made.dice.chance(700);
        for _ in 0..copies {
            let (mac, network) = (made.mac(), made.ward());
            let mut nic = super::Nic::new(mac, network);
            let says = if named {
                let name = made.name("img");
                vec![
                    cloned(What::Smb(name.clone(), guid.clone())),
                    always(What::NodeStatus(name)),
                    cloned(What::Tls(print.clone())),
                ]
            } else {
                nic.fixed = made.fixed(network);
                vec![
                    cloned(What::System("localhost.localdomain".into(), "Sample Linux".into())),
                    always(What::Interfaces(vec![mac])),
                    cloned(What::Ssh(key.clone())),
                ]
            };
            made.add(Happening::ClonedImage, vec![nic], says);
        }
    }
}

/// Lays devices with serial numbers that say nothing or are those of others.
pub(super) fn serials(made: &mut Making, count: usize) {
    let shared = made.serial();
    for _ in 0..count {
        let (mac, network) = (made.mac(), made.ward());
        let mut nic = super::Nic::new(mac, network);
        nic.fixed = made.fixed(network);
        let serial = match made.dice.pick(&LEFT) {
            Some(left) if made.dice.chance(700) => (*left).to_owned(),
            _ => shared.clone(),
        };
        let name = if made.dice.chance(500) { "device".to_owned() } else { made.name("cam") };
        let says = if made.dice.chance(500) {
            vec![cloned(What::System(name, "Sample camera".into())), cloned(What::Entity(serial))]
        } else {
            let uuid = "00000000-0000-0000-0000-000000000000".to_owned();
            vec![cloned(What::Upnp("Sample camera".into(), serial, uuid))]
        };
        made.add(Happening::ClonedSerial, vec![nic], says);
    }
}

/// Lays pairs of devices with one MAC address, in two networks.
pub(super) fn cards(made: &mut Making, count: usize) {
    for _ in 0..count.div_ceil(2) {
        let mac = made.mac();
        let first = made.network(|view| view == super::ground::View::Link);
        let second = loop {
            let other = made.network(|view| view == super::ground::View::Link);
            if other != first {
                break other;
            }
        };
        for network in [first, second] {
            let mut nic = super::Nic::new(mac, network);
            (nic.fixed, nic.own) = (made.fixed(network), false);
            let name = made.name("ctl");
            let says = vec![always(What::System(name, "Sample controller".into()))];
            made.add(Happening::ClonedMac, vec![nic], says);
        }
    }
}
