//! Puts the devices into the networks. Addresses follow the plan of the hospital: infrastructure
//! and servers in x.20.0.y, printers in x.20.1.y, computers in x.20.2.y and x.20.3.y, the
//! laboratory behind the router in x.20.8.y, monitors at the beds in x.20.12.y. Medical devices in
//! 10.20.24.y and telephones in 10.20.28.y are behind the router in networks that the agent is not told
//! of.

use daicho_common::addr::Mac;
use ipnet::Ipv4Net;

use super::cabling;
use super::catalog::{self, Make, strangers};
use super::dice::Dice;
use super::kept::Kept;
use super::{Answers, Device, Ground, Hospital, Kind, Nic, Reach, Segment};

mod voice;

/// Where things stand, and how the names of computers there begin.
const PLACES: [(&str, &str); 12] = [
    ("本館1F 総合受付", "UKE"),
    ("本館1F 医事課", "IJI"),
    ("本館1F 薬剤部", "YAK"),
    ("本館2F 外来", "GAI"),
    ("本館2F 地域連携室", "REN"),
    ("本館3F 東病棟", "E3"),
    ("本館3F 西病棟", "W3"),
    ("本館4F 東病棟", "E4"),
    ("別館1F 検査科", "KEN"),
    ("別館2F 放射線科", "HOU"),
    ("別館3F 医局", "IKY"),
    ("別館3F 事務部", "JIM"),
];
const SERVER_ROOM: &str = "別館2F サーバ室";

/// The addresses (third and fourth octet) of the agent: on the link, and in the network of monitors.
pub const AGENT: [(u8, u8); 2] = [(0, 9), (12, 9)];
/// The MAC address of the agent's computer, burned in by its maker.
pub const AGENT_MAC: Mac = Mac::new([0x00, 0x0b, 0x5d, 0xda, 0x1c, 0x40]);
/// The third octet of medical devices that nobody may ask.
pub const MEDICAL_VLAN: u8 = 24;
/// The third octet of telephones.
pub const VOICE_VLAN: u8 = 28;

impl Hospital {
    /// A hospital from a seed: 366 devices in five networks, eleven of which nobody wrote down.
    pub fn furnish(seed: u64, ground: Ground) -> Self {
        Self::furnish_on(seed, ground, 1)
    }

    /// The same hospital on the first day (0) or the second (1): in the tables of its switches other
    /// rows have aged out.
    pub fn furnish_on(seed: u64, ground: Ground, day: i64) -> Self {
        let mut furnisher = Furnisher { ground, dice: Dice::new(seed), devices: Vec::new() };
        furnisher.infrastructure();
        furnisher.servers();
        furnisher.printers();
        furnisher.computers();
        furnisher.laboratory();
        furnisher.wards();
        furnisher.untouched();
        furnisher.strangers();
        let segments = segments(ground);
        let own = own(ground);
        let tells = |voice: Voice, device: &Device| {
            voice == Voice::Full && !device.make.object_id.is_empty()
        };
        let placed = furnisher.devices.iter();
        let mut placed: Vec<(&Device, bool)> =
            placed.map(|(device, voice)| (device, tells(*voice, device))).collect();
        placed.push((&own, false));
        let wiring = cabling::lay((ground, seed), &segments, &placed);
        let all: Vec<&Device> = placed.iter().map(|(device, _)| *device).collect();
        let kept = Kept::of((&wiring, day), &segments, &all);
        let devices = furnisher.give_voices(kept, &segments);
        let mut hospital = Self { ground, segments, devices, own, wiring, rows: Vec::new() };
        hospital.rows = super::rows::write_down(&hospital);
        hospital
    }
}

fn segments(ground: Ground) -> Vec<Segment> {
    let net = |c, length| Ipv4Net::new(ground.address(c, 0), length).unwrap_or_default();
    let (medical, voice) = (net(MEDICAL_VLAN, 24), net(VOICE_VLAN, 24));
    vec![
        Segment { name: "事務・診療LAN", cidr: net(0, 22), reach: Reach::Link, vlan: 10 },
        Segment { name: "検査部門", cidr: net(8, 24), reach: Reach::Routed, vlan: 20 },
        Segment { name: "生体モニタ", cidr: net(12, 24), reach: Reach::Sighting, vlan: 30 },
        Segment { name: "医療機器", cidr: medical, reach: Reach::Untouched, vlan: 60 },
        Segment { name: "音声", cidr: voice, reach: Reach::Untouched, vlan: 40 },
    ]
}

/// The computer of the agent. On loopback there is none: the agent runs on whatever it runs on.
fn own(ground: Ground) -> Device {
    let ip = ground.address(AGENT[0].0, AGENT[0].1);
    Device {
        key: "agent-001".into(),
        kind: Kind::Pc,
        make: &catalog::AGENT,
        name: "DAICHO-AGENT".into(),
        place: SERVER_ROOM.into(),
        serial: "S990001".into(),
        nics: vec![Nic { mac: AGENT_MAC, ip }],
        answers: Answers::default(),
    }
}

struct Furnisher {
    ground: Ground,
    dice: Dice,
    devices: Vec<(Device, Voice)>,
}

/// A device just placed, to be given a name or place of its own.
struct Placed<'a>(Option<&'a mut Device>);

impl Placed<'_> {
    fn in_place(self, place: &str) -> Self {
        if let Some(device) = self.0 {
            device.place = place.into();
            return Self(Some(device));
        }
        self
    }

    fn named(self, name: &str) {
        if let Some(device) = self.0 {
            device.name = name.into();
        }
    }
}

/// A MAC address of this make that no other number gives: the tail counts in odd steps, so it comes
/// round only after 2^24 of them.
fn mac(make: &Make, number: usize) -> Mac {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let [first, second, third] = make.oui;
    let tail = number.wrapping_mul(0x6f_4b35).wrapping_add(0x2a_1763);
    let [_, fourth, fifth, sixth] = tail.to_be_bytes();
    Mac::new([first, second, third, fourth, fifth, sixth])
}

/// Whether and how a device is heard above the link.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// Answers ARP only.
    Mute,
    /// Answers echo, and closed ports by a reset.
    Echo,
    /// Echo, SNMP, and what its kind announces.
    Full,
}

impl Furnisher {
    fn add(&mut self, key: &str, make: &'static Make, at: &[(u8, u8)], voice: Voice) -> Placed<'_> {
        let before = format!("{key}-");
        let number =
            self.devices.iter().filter(|(device, _)| device.key.starts_with(&before)).count();
        let (place, code) = PLACES.get(number % PLACES.len()).copied().unwrap_or(("", ""));
        let used: usize = self.devices.iter().map(|(device, _)| device.nics.len()).sum();
        // An own address in 127.0.0.0/8 ties nothing to a device (it is its loopback), so on loopback
        // two interfaces of one device could not be told from two devices.
        let feet = if self.ground == Ground::Wire { at.len() } else { 1 };
        let nics = at
            .iter()
            .take(feet)
            .zip(used..)
            .map(|(&(c, d), n)| Nic { mac: mac(make, n), ip: self.ground.address(c, d) })
            .collect();
        self.devices.push((
            Device {
                key: format!("{key}-{:03}", number + 1),
                kind: make.kind,
                make,
                name: format!("{code}-{}{:03}", key.to_uppercase(), number + 1),
                place: place.into(),
                serial: format!("S{:06}", 770_000 + used * 37),
                nics,
                answers: Answers::default(),
            },
            voice,
        ));
        Placed(self.devices.last_mut().map(|(device, _)| device))
    }

    /// Once everything stands in its place and has its name, it can say so.
    fn give_voices(self, mut kept: Kept, segments: &[Segment]) -> Vec<Device> {
        let voiced = self.devices.into_iter().map(|(mut device, voice)| {
            device.answers = match voice {
                Voice::Mute => Answers::default(),
                Voice::Echo => {
                    let page = device.make.page().map(|_| 80);
                    let open = page.into_iter().chain([445]).collect();
                    Answers { echo: true, open, resets: true, ..Answers::default() }
                }
                Voice::Full => voice::speak(&device, segments, kept.take(&device.key)),
            };
            device
        });
        voiced.collect()
    }

    fn infrastructure(&mut self) {
        let feet = [(0, 1), (8, 1), (12, 1), (MEDICAL_VLAN, 1), (VOICE_VLAN, 1)];
        self.add("router", &catalog::ROUTER, &feet, Voice::Full)
            .in_place(SERVER_ROOM)
            .named("RT-CORE");
        self.add("core", &catalog::CORE, &[(0, 10)], Voice::Full)
            .in_place(SERVER_ROOM)
            .named("SW-CORE");
        self.add("utm", &catalog::UTM, &[(0, 254)], Voice::Full)
            .in_place(SERVER_ROOM)
            .named("UTM-GW01");
        for (make, d) in catalog::SWITCHES.iter().cycle().zip(11..23) {
            self.add("switch", make, &[(0, d)], Voice::Full);
        }
        for d in 61..71 {
            self.add("ap", &catalog::ACCESS_POINT, &[(0, d)], Voice::Full);
        }
        for d in 81..84 {
            self.add("ups", &catalog::UPS, &[(0, d)], Voice::Full);
        }
    }

    fn servers(&mut self) {
        const SYSTEMS: [&str; 14] = [
            "EMR-DB1",
            "EMR-AP1",
            "EMR-AP2",
            "IJI-SV1",
            "PACS-SV1",
            "RIS-SV1",
            "DHCP-SV1",
            "AD-DC1",
            "AD-DC2",
            "FILE-SV1",
            "YAKU-SV1",
            "EIYO-SV1",
            "WSUS-SV1",
            "KINTAI-SV",
        ];
        for ((make, system), d) in catalog::SERVERS.iter().cycle().zip(SYSTEMS).zip(31..45) {
            self.add("server", make, &[(0, d)], Voice::Full).in_place(SERVER_ROOM).named(system);
        }
        for (name, d) in [("NAS-GAZO", 51), ("NAS-BUSHO", 52)] {
            self.add("nas", &catalog::NAS, &[(0, d)], Voice::Full)
                .in_place(SERVER_ROOM)
                .named(name);
        }
    }

    fn printers(&mut self) {
        for (make, d) in catalog::MFPS.iter().cycle().zip(11..25) {
            self.add("mfp", make, &[(1, d)], Voice::Full);
        }
        for d in 41..43 {
            self.add("prn", &catalog::PRINTER, &[(1, d)], Voice::Full);
        }
    }

    /// 190 computers: two in five let echo through, 25 get their address from DHCP.
    fn computers(&mut self) {
        let fixed = (10..160).map(|d| (2, d)).chain((10..25).map(|d| (3, d)));
        for (n, at) in fixed.enumerate() {
            let voice = if n % 5 < 2 { Voice::Echo } else { Voice::Mute };
            let make = self.dice.pick(&catalog::PCS).unwrap_or(&catalog::strangers::OLD_PC);
            self.add("pc", make, &[at], voice);
        }
        for d in 100..125 {
            let make = self.dice.pick(&catalog::PCS).unwrap_or(&catalog::strangers::OLD_PC);
            self.add("note", make, &[(3, d)], Voice::Mute);
        }
    }

    fn laboratory(&mut self) {
        const KENSA: &str = "別館1F 検査科";
        self.add("analyser", &catalog::ANALYSER, &[(1, 200), (8, 20)], Voice::Full)
            .in_place(KENSA)
            .named("XN-MAIN");
        for (make, d) in catalog::SERVERS.iter().zip(11..13) {
            self.add("lis", make, &[(8, d)], Voice::Full).in_place(KENSA);
        }
        for (make, d) in catalog::LABORATORY.iter().cycle().zip(31..47) {
            let voice = if d % 3 == 0 { Voice::Mute } else { Voice::Echo };
            self.add("lab", make, &[(8, d)], voice).in_place(KENSA);
        }
        for d in 101..109 {
            let voice = if d % 2 == 0 { Voice::Mute } else { Voice::Echo };
            let make = self.dice.pick(&catalog::PCS).unwrap_or(&catalog::strangers::OLD_PC);
            self.add("kpc", make, &[(8, d)], voice).in_place(KENSA);
        }
    }

    fn wards(&mut self) {
        for (make, d) in catalog::BEDSIDE.iter().cycle().zip(11..41) {
            let voice = if d % 4 == 0 { Voice::Echo } else { Voice::Mute };
            self.add("bed", make, &[(12, d)], voice);
        }
    }

    /// What the agent learns of from the tables of others alone.
    fn untouched(&mut self) {
        for (make, d) in catalog::BEDSIDE.iter().cycle().zip(11..35) {
            self.add("ward", make, &[(MEDICAL_VLAN, d)], Voice::Mute);
        }
        for (make, d) in catalog::TELEPHONES.iter().cycle().zip(11..35) {
            self.add("tel", make, &[(VOICE_VLAN, d)], Voice::Mute);
        }
    }

    fn strangers(&mut self) {
        let unknown: [(&'static Make, (u8, u8), Voice, &str); 11] = [
            (&strangers::HOME_ROUTER, (2, 250), Voice::Echo, "WSR"),
            (&strangers::OWN_NAS, (3, 99), Voice::Full, "igaku-nas"),
            (&strangers::OLD_PC, (3, 77), Voice::Mute, "MY25"),
            (&strangers::MINI_SWITCH, (1, 239), Voice::Echo, "GS308E"),
            (&strangers::MAINTENANCE_BOX, (8, 250), Voice::Echo, "IX2105"),
            (&strangers::CARD_PC, (8, 77), Voice::Echo, "raspberrypi"),
            (&strangers::LOAN_MONITOR, (12, 66), Voice::Mute, "BSM6501"),
            (&strangers::TELEPHONE, (3, 200), Voice::Mute, "phone"),
            (&strangers::LOAN_MONITOR, (MEDICAL_VLAN, 66), Voice::Mute, "BSM6501-2"),
            (&strangers::GATEWAY, (MEDICAL_VLAN, 240), Voice::Mute, "QP988P"),
            (&strangers::OLD_PC, (VOICE_VLAN, 77), Voice::Mute, "MY25-2"),
        ];
        for (make, at, voice, name) in unknown {
            self.add("stranger", make, &[at], voice).named(name);
        }
    }
}
