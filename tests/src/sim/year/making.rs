//! A hospital in the making: networks, devices, and numbers that nobody has twice.

use std::net::IpAddr;
use std::ops::Range;

use daicho_common::addr::Mac;

use super::ground::{Network, View};
use super::{Body, Happening, Nic, Plan, Saying, WEEKS, What};
use crate::sim::dice::Dice;

/// First three octets of network cards, of makers whose cards are everywhere.
const CARDS: [[u8; 3]; 6] = [
    [0x00, 0x1b, 0x21],
    [0x3c, 0x52, 0x82],
    [0x18, 0x66, 0xda],
    [0x00, 0x80, 0x92],
    [0x00, 0x26, 0x73],
    [0x00, 0x25, 0xdc],
];

/// All weeks.
pub(super) const ALWAYS: Range<u32> = 0..WEEKS;

/// What there is so far.
pub(super) struct Making {
    pub(super) dice: Dice,
    pub(super) networks: Vec<Network>,
    pub(super) bodies: Vec<Body>,
    serial: u32,
}

impl Making {
    pub(super) fn new(plan: Plan) -> Self {
        let count = u8::try_from((plan.devices / 250).clamp(6, 200)).unwrap_or(200);
        let network = |number: u8| {
            let view = match number % 10 {
                3 | 5 | 8 => View::Tabled,
                9 => View::Dark,
                _ => View::Link,
            };
            let agents: &[&str] =
                if number % 10 == 2 { &["agent-1", "agent-2"] } else { &["agent-1"] };
            Network::new(number, view, agents)
        };
        let networks = (0..count).map(network).collect();
        Self { dice: Dice::new(plan.seed), networks, bodies: Vec::new(), serial: 0 }
    }

    fn number(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    /// A burned-in MAC address of its own.
    pub(super) fn mac(&mut self) -> Mac {
        let card = self.dice.pick(&CARDS).copied().unwrap_or_default();
        let number = self.number();
        numbered(card, number)
    }

    /// One that was made up.
    pub(super) fn random_mac(&mut self) -> Mac {
        let [mut octets @ .., _, _] = self.dice.throw().to_be_bytes();
        octets[0] = octets[0] & 0xfc | 0x02;
        Mac::new(octets)
    }

    /// A serial number of its own.
    pub(super) fn serial(&mut self) -> String {
        let letters = self.dice.below(26 * 26);
        let letter = |n: u64| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
        format!("{}{}{:07}", letter(letters / 26), letter(letters), 31 * self.number())
    }

    /// A name of its own.
    pub(super) fn name(&mut self, stem: &str) -> String {
        format!("{stem}-{:05}", self.number())
    }

    /// A UUID or GUID of its own.
    pub(super) fn uuid(&mut self) -> String {
        let (a, b) = (self.dice.throw(), self.dice.throw());
        let hex = format!("{a:016x}{b:016x}");
        let part = |range: Range<usize>| hex.get(range).unwrap_or_default().to_owned();
        format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
    }

    /// A fingerprint of its own.
    pub(super) fn print(&mut self) -> String {
        let parts = [(); 4].map(|()| format!("{:016x}", self.dice.throw()));
        parts.concat()
    }

    /// A network of which this is seen.
    pub(super) fn network(&mut self, view: impl Fn(View) -> bool) -> usize {
        let fit: Vec<usize> = self
            .networks
            .iter()
            .enumerate()
            .filter(|(_, network)| view(network.view))
            .map(|(number, _)| number)
            .collect();
        self.dice.pick(&fit).copied().unwrap_or(0)
    }

    /// One in which devices are seen by their MAC addresses, mostly.
    pub(super) fn ward(&mut self) -> usize {
        self.network(|view| view != View::Dark)
    }

    pub(super) fn fixed(&mut self, network: usize) -> Option<IpAddr> {
        self.networks.get_mut(network).map(Network::give)
    }

    /// A week, not too near either end.
    pub(super) fn week(&mut self) -> u32 {
        8 + u32::try_from(self.dice.below(u64::from(WEEKS) - 16)).unwrap_or(0)
    }

    /// What a computer with Windows says.
    pub(super) fn windows(&mut self, name: &str) -> Vec<Saying> {
        let guid = self.uuid();
        let mut says = vec![
            always(What::Smb(name.to_uppercase(), guid)),
            always(What::NodeStatus(name.to_uppercase())),
        ];
        if self.dice.chance(600) {
            says.push(always(What::Dhcp(name.to_owned())));
        }
        if self.dice.chance(500) {
            // Windows renews the certificate that it signed itself every six months.
            let renewed = self.week();
            let (old, new) = (self.print(), self.print());
            says.push(Saying { weeks: 0..renewed, ..always(What::Tls(old)) });
            says.push(Saying { weeks: renewed..WEEKS, ..always(What::Tls(new)) });
        }
        says
    }

    /// What a computer says, or a device that nobody knows: seven of ten are Windows, some say
    /// nothing.
    pub(super) fn anything(&mut self, stem: &str) -> Vec<Saying> {
        let name = self.name(stem);
        match self.dice.below(20) {
            0..14 => self.windows(&name),
            14 | 15 => vec![always(What::Mdns(name.clone())), always(What::Dhcp(name))],
            16 | 17 => {
                let key = self.print();
                vec![always(What::Ssh(key)), always(What::Dhcp(name))]
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn add(&mut self, happening: Happening, nics: Vec<Nic>, says: Vec<Saying>) -> usize {
        let awake = 550 + self.dice.below(450);
        self.bodies.push(Body { happening, nics, says, awake });
        self.bodies.len() - 1
    }
}

impl Nic {
    /// Plugged in the whole year, with a leased address.
    pub(super) fn new(mac: Mac, network: usize) -> Self {
        let own = mac.names_a_device();
        Self { mac, own, network, fixed: None, weeks: ALWAYS, day: 0, behind: None }
    }
}

/// The card of this maker with this number.
pub(super) fn numbered([a, b, c]: [u8; 3], number: u32) -> Mac {
    let [_, high, middle, low] = number.to_be_bytes();
    Mac::new([a, b, c, high, middle, low])
}

/// Said the whole year, and by nobody else.
pub(super) fn always(what: What) -> Saying {
    Saying { what, own: true, weeks: ALWAYS }
}

/// Said the whole year, and by others too.
pub(super) fn cloned(what: What) -> Saying {
    Saying { what, own: false, weeks: ALWAYS }
}
