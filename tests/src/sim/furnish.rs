//! Puts the devices into the networks. Addresses follow the plan of the hospital: infrastructure
//! and servers in x.20.0.y, printers in x.20.1.y, computers in x.20.2.y and x.20.3.y, the
//! laboratory behind the router in x.20.8.y, monitors at the beds in x.20.12.y.

use std::net::Ipv4Addr;

use daicho_common::addr::Mac;
use ipnet::Ipv4Net;

use super::catalog::{self, Make, strangers};
use super::dice::Dice;
use super::mib::{Agent, Port};
use super::{Announced, Answers, Device, Ground, Hospital, Kind, Nic, Reach, Segment};

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

impl Hospital {
    /// A hospital from a seed: 312 devices in three networks, eight of which nobody wrote down.
    pub fn furnish(seed: u64, ground: Ground) -> Self {
        let mut furnisher = Furnisher { ground, dice: Dice::new(seed), devices: Vec::new() };
        furnisher.infrastructure();
        furnisher.servers();
        furnisher.printers();
        furnisher.computers();
        furnisher.laboratory();
        furnisher.wards();
        furnisher.strangers();
        let mut hospital = Self {
            ground,
            segments: segments(ground),
            devices: furnisher.give_voices(),
            rows: Vec::new(),
        };
        hospital.rows = super::rows::write_down(&hospital);
        hospital
    }
}

fn segments(ground: Ground) -> Vec<Segment> {
    let net = |c, length| Ipv4Net::new(ground.address(c, 0), length).unwrap_or_default();
    vec![
        Segment { name: "事務・診療LAN", cidr: net(0, 22), reach: Reach::Link },
        Segment { name: "検査部門", cidr: net(8, 24), reach: Reach::Routed },
        Segment { name: "生体モニタ", cidr: net(12, 24), reach: Reach::Sighting },
    ]
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
        let number = self.devices.iter().filter(|(device, _)| device.key.starts_with(key)).count();
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
                nics,
                answers: Answers::default(),
            },
            voice,
        ));
        Placed(self.devices.last_mut().map(|(device, _)| device))
    }

    /// Once everything stands in its place and has its name, it can say so.
    fn give_voices(self) -> Vec<Device> {
        let spare = 4096;
        let voiced = self.devices.into_iter().enumerate().map(|(n, (mut device, voice))| {
            let ports: Vec<Mac> = (0..64).map(|p| mac(device.make, spare + n * 64 + p)).collect();
            device.answers = match voice {
                Voice::Mute => Answers::default(),
                Voice::Echo => {
                    Answers { echo: true, open: vec![445], resets: true, ..Answers::default() }
                }
                Voice::Full => speak(&device, &ports),
            };
            device
        });
        voiced.collect()
    }

    fn infrastructure(&mut self) {
        self.add("router", &catalog::ROUTER, &[(0, 1), (8, 1)], Voice::Full)
            .in_place(SERVER_ROOM)
            .named("RT-CORE");
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

    fn strangers(&mut self) {
        let unknown: [(&'static Make, (u8, u8), Voice, &str); 8] = [
            (&strangers::HOME_ROUTER, (2, 250), Voice::Echo, "WSR"),
            (&strangers::OWN_NAS, (3, 99), Voice::Full, "igaku-nas"),
            (&strangers::OLD_PC, (3, 77), Voice::Mute, "MY25"),
            (&strangers::MINI_SWITCH, (1, 239), Voice::Echo, "GS308E"),
            (&strangers::MAINTENANCE_BOX, (8, 250), Voice::Echo, "IX2105"),
            (&strangers::CARD_PC, (8, 77), Voice::Echo, "raspberrypi"),
            (&strangers::LOAN_MONITOR, (12, 66), Voice::Mute, "BSM6501"),
            (&strangers::TELEPHONE, (3, 200), Voice::Mute, "phone"),
        ];
        for (make, at, voice, name) in unknown {
            self.add("stranger", make, &[at], voice).named(name);
        }
    }
}

/// What a device of this kind says when it says all it can.
fn speak(device: &Device, spare: &[Mac]) -> Answers {
    let (services, open) = announce(device);
    let snmp = (!device.make.object_id.is_empty()).then(|| {
        let newer = matches!(device.kind, Kind::Server | Kind::Switch | Kind::AccessPoint);
        Agent {
            object_id: device.make.object_id,
            description: device.make.description,
            name: &device.name,
            location: &device.place,
            ports: ports(device, spare),
            newer,
        }
        .objects()
    });
    Answers { echo: true, snmp, services, open, resets: true }
}

fn announce(device: &Device) -> (Vec<Announced>, Vec<u16>) {
    let model = device.make.model;
    let service = |service, port, txt: &[String]| Announced { service, port, txt: txt.to_vec() };
    match device.kind {
        Kind::Mfp => {
            let note = format!("note={}", device.place);
            let told = [format!("ty={model}"), format!("product=({model})"), note];
            let services = vec![
                service("_ipp._tcp", 631, &told),
                service("_pdl-datastream._tcp", 9100, &told),
                service("_scanner._tcp", 80, &told),
            ];
            (services, vec![80, 515, 631, 9100])
        }
        Kind::Nas => {
            let disk = ["sys=adVF=0x100".to_owned()];
            (
                vec![service("_smb._tcp", 445, &[]), service("_adisk._tcp", 9, &disk)],
                vec![80, 139, 445],
            )
        }
        Kind::Server => (Vec::new(), vec![22, 443]),
        Kind::Pc | Kind::Bedside | Kind::Laboratory | Kind::Telephone => (Vec::new(), vec![445]),
        Kind::Utm | Kind::Router | Kind::Switch | Kind::AccessPoint | Kind::Ups => {
            (Vec::new(), vec![22, 80])
        }
    }
}

/// The interfaces that the device lists: its own, and for a switch its ports.
fn ports(device: &Device, spare: &[Mac]) -> Vec<Port> {
    let prefix = |nic: &Nic| if nic.ip.octets().get(2) < Some(&4) { 22 } else { 24 };
    let own = |(nic, n): (&Nic, u8)| Port {
        name: match device.kind {
            Kind::Router => format!("LAN{n}"),
            Kind::Switch => "vlan1".into(),
            Kind::Utm => "internal".into(),
            Kind::Pc
            | Kind::Server
            | Kind::Mfp
            | Kind::AccessPoint
            | Kind::Nas
            | Kind::Ups
            | Kind::Bedside
            | Kind::Laboratory
            | Kind::Telephone => format!("eth{}", n - 1),
        },
        alias: String::new(),
        mac: Some(nic.mac),
        up: true,
        ip: Some((nic.ip, prefix(nic))),
    };
    let mut ports: Vec<Port> = device.nics.iter().zip(1u8..).map(own).collect();
    if matches!(device.kind, Kind::Server | Kind::Nas) {
        let ip = Some((Ipv4Addr::LOCALHOST, 8));
        ports.push(Port { name: "lo".into(), alias: String::new(), mac: None, up: true, ip });
    }
    if device.kind == Kind::Switch {
        let count = if device.make.model.contains("48") { 52 } else { 28 };
        ports.extend(spare.iter().take(count).zip(1u32..).map(|(mac, n)| Port {
            name: format!("port1.0.{n}"),
            alias: if n > 24 { "uplink".into() } else { String::new() },
            mac: Some(*mac),
            up: n % 3 != 0,
            ip: None,
        }));
    }
    ports
}
