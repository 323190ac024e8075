//! Computers and devices to which nothing strange happens, or what happens to every computer: a lease
//! that changes hands, a removal, a new name.

use super::making::{Making, always};
use super::{Happening, Saying, WEEKS, What};

/// Computers with leased addresses.
pub(super) fn leased(made: &mut Making, count: usize) {
    for _ in 0..count {
        let (mac, network) = (made.mac(), made.ward());
        let mut nic = super::Nic::new(mac, network);
        let week = made.week();
        match made.dice.below(20) {
            0..3 => nic.weeks = week..WEEKS,
            3..6 => nic.weeks = 0..week,
            _ => {}
        }
        let says = made.anything("pc");
        made.add(Happening::LeasedPc, vec![nic], says);
    }
}

/// Printers, servers and medical devices with addresses of their own.
pub(super) fn fixed(made: &mut Making, count: usize) {
    for _ in 0..count {
        let (mac, network) = (made.mac(), made.network(|_| true));
        let mut nic = super::Nic::new(mac, network);
        nic.fixed = made.fixed(network);
        let serial = made.serial();
        let says = match made.dice.below(10) {
            0..3 => {
                let (name, uuid) = (made.name("prn"), made.uuid());
                vec![
                    always(What::System(name, "Sample printer".into())),
                    always(What::Entity(serial)),
                    always(What::Interfaces(vec![mac])),
                    always(What::Ipp("Sample MFP 30".into(), uuid)),
                ]
            }
            3..5 => {
                let name = made.name("srv");
                made.windows(&name)
            }
            5 => {
                let uuid = made.uuid();
                vec![always(What::Upnp("Sample NAS 2".into(), serial, uuid))]
            }
            6 => vec![always(What::System(made.name("mod"), "Sample modality".into()))],
            _ => Vec::new(),
        };
        made.add(Happening::Fixed, vec![nic], says);
    }
}

/// Computers that are carried to another floor, once or twice.
pub(super) fn moved(made: &mut Making, count: usize) {
    for _ in 0..count {
        let mac = made.mac();
        let (week, later) = (made.week(), made.week());
        let (first, last) = (week.min(later), week.max(later) + 1);
        let nics = [0..first, first..last, last..WEEKS].map(|weeks| {
            let network = made.ward();
            let mut nic = super::Nic::new(mac, network);
            nic.weeks = weeks;
            nic
        });
        let says = made.anything("pc");
        made.add(Happening::Moved, nics.into(), says);
    }
}

/// Computers that get another name, or another system: the card stays.
pub(super) fn renamed(made: &mut Making, count: usize) {
    for _ in 0..count {
        let (mac, network) = (made.mac(), made.ward());
        let nic = super::Nic::new(mac, network);
        let week = made.week();
        let (old, new) = (made.name("old"), made.name("new"));
        let guid = made.uuid();
        let other = if made.dice.chance(500) { made.uuid() } else { guid.clone() };
        let say = |name: &str, guid: &str, weeks: std::ops::Range<u32>| {
            [
                Saying { weeks: weeks.clone(), ..always(What::Smb(name.into(), guid.into())) },
                Saying { weeks, ..always(What::NodeStatus(name.into())) },
            ]
        };
        let mut says = Vec::from(say(&old, &guid, 0..week));
        says.extend(say(&new, &other, week..WEEKS));
        made.add(Happening::Renamed, vec![nic], says);
    }
}
