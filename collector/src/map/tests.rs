//! The maps of small hospitals made by hand, and of a large one.

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;

use super::*;
use crate::duty::{Duty, Kind as Does};
use crate::evidence::{Grade, Sourced};
use crate::fingerprint::Class;
use crate::map::lay::lay;
use crate::map::sheet::{Paper, columns, sheets};
use crate::reconcile::{Match, Verdict};
use crate::report::tests::{HOSTILE, sample};
use crate::resolve::{Address, Attached, Device, Through};
use crate::topology::{Cause, Confidence, Contradiction, End, Link, Reason, Said, Shared};

/// A device that has nothing but what a map shows.
fn device(id: &str, name: &str, class: Class) -> Device {
    let (_, picture) = sample();
    let mut device = picture.devices[0].clone();
    let sources = device.names[0].sources.clone();
    device.id = DeviceId(id.into());
    device.names =
        vec![Sourced { value: name.into(), grade: Grade::Queried, sources: sources.clone() }];
    device.class = Some(Sourced { value: class, grade: Grade::Queried, sources });
    device.location = None;
    device.addresses.clear();
    device
}

fn on(mut device: Device, (switch, port): (&str, &str), through: Option<Through>) -> Device {
    let value = Attached {
        mac: Mac::new([0, 0x1a, 0x2b, 0, 0, 1]),
        switch: DeviceId(switch.into()),
        switch_name: String::new(),
        port: port.into(),
        alias: String::new(),
        vlan: Some(20),
        vlan_name: String::new(),
        through,
        as_of: None,
    };
    device.attached.push(Sourced { value, grade: Grade::Reported, sources: vec![].into() });
    device
}

fn within(mut device: Device, network: &str, ip: &str) -> Device {
    let at = Timestamp::from_micros(0);
    device.addresses.push(Address {
        ip: ip.parse().unwrap(),
        network: network.into(),
        first_seen: at,
        last_seen: at,
        sources: vec![].into(),
    });
    device
}

fn end(device: &str, port: &str) -> End {
    End {
        device: Some(DeviceId(device.into())),
        name: device.into(),
        port: port.into(),
        alias: String::new(),
        vlan: None,
        vlan_name: String::new(),
    }
}

fn cable(near: (&str, &str), far: (&str, &str)) -> Link {
    Link {
        near: end(near.0, near.1),
        far: end(far.0, far.1),
        said: Said::Both,
        confidence: Confidence::Likely,
        active: true,
        cables: 1,
        sources: vec![],
        against: vec![],
    }
}

fn undocumented(device: &str) -> Match {
    let device = Some(DeviceId(device.into()));
    Match { entry: None, device, also: vec![], by: vec![], verdict: Verdict::Undocumented }
}

/// A core with two floors in a ring; on the first a hub, a telephone with a computer, and a printer.
fn small() -> Picture {
    let mut picture = Picture::default();
    let core = within(device("core", "core", Class::Switch), "院内", "10.0.0.1");
    picture.devices = vec![
        core,
        device("f1", "1F", Class::Switch),
        device("f2", "2F", Class::Switch),
        on(device("mfp", "複合機", Class::Mfp), ("f1", "Gi1/0/2"), None),
        on(device("pc", "端末", Class::Pc), ("f1", "Gi1/0/10"), Some(Through::Telephone)),
        on(device("tel", "電話", Class::Phone), ("f1", "Gi1/0/10"), None),
        on(device("x1", "隠れた1", Class::Pc), ("f1", "Gi1/0/7"), Some(Through::Hub)),
        on(device("x2", "隠れた2", Class::Pc), ("f1", "Gi1/0/7"), Some(Through::Hub)),
        within(device("lost", "迷子", Class::Pc), "病棟", "10.0.1.9"),
    ]
    .into();
    picture.topology.links = vec![
        cable(("core", "Te1"), ("f1", "Gi1/0/48")),
        cable(("core", "Te2"), ("f2", "Gi1/0/48")),
        Link { active: false, ..cable(("f1", "Gi1/0/47"), ("f2", "Gi1/0/47")) },
    ];
    picture.topology.shared = vec![Shared {
        at: end("f1", "Gi1/0/7"),
        cause: Cause::Hub,
        confidence: Confidence::Possible,
        reasons: vec![Reason::Together { stations: 2 }],
        devices: vec![DeviceId("x1".into()), DeviceId("x2".into())],
        sources: vec![],
    }];
    picture.matches = vec![undocumented("x2")].into();
    picture
}

fn with<T>(picture: &Picture, then: impl FnOnce(&Known<'_>) -> T) -> T {
    let networks = [("病棟".to_owned(), "10.0.1.0/24".to_owned())];
    then(&Known {
        picture,
        ledger: &Ledger::default(),
        register: &Register::default(),
        networks: &networks,
        lang: Lang::Ja,
    })
}

fn physical(picture: &Picture, open: &[&str]) -> Map {
    let open = open.iter().map(|key| (*key).to_owned()).collect();
    with(picture, |known| super::physical::map(known, &Wish { open, ..Wish::default() }))
}

/// The box with this name, wherever it stands.
fn find<'m>(nodes: &'m [Node], name: &str) -> Option<&'m Node> {
    nodes.iter().find_map(|node| {
        let own = node.lines.first().is_some_and(|line| line == name);
        if own { Some(node) } else { find(&node.children, name) }
    })
}

fn names(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(|node| node.lines[0].as_str()).collect()
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + count(&node.children)).sum()
}

#[test]
fn a_closed_map_shows_network_devices_hubs_with_their_doubts_and_undocumented_ones() {
    let map = physical(&small(), &[]);
    assert_eq!(names(&map.roots), ["core", "接続先が分からない機器"]);
    assert_eq!(names(&map.roots[0].children), ["1F", "2F"]);
    let floor = find(&map.roots, "1F").unwrap();
    assert_eq!(floor.edge.text, "Te1 – Gi1/0/48");
    assert_eq!(names(&floor.children), ["管理外のハブ"]);
    assert!(floor.lines.contains(&"・複合機 1 台".to_owned()), "{:?}", floor.lines);
    assert!(floor.lines.iter().any(|line| line.starts_with("⇄ Gi1/0/47 – f2 Gi1/0/47 予備")));
    assert_eq!(floor.fold.as_ref().map(|fold| (fold.open, fold.devices)), Some((false, 3)));
    let hub = &floor.children[0];
    assert_eq!(hub.kind, Kind::Inferred);
    assert!(hub.edge.dashed && hub.undocumented && !hub.itself);
    assert_eq!(hub.lines[1..], ["推定（確度 低）", "・端末PC 2 台（＋未登録 1）"]);
    assert!(hub.notes[0].contains("2 台が同時に見えた"));
    assert_eq!(names(&hub.children), ["隠れた2"]);
    assert!(hub.children[0].lines.contains(&"＋未登録機器".to_owned()));
}

#[test]
fn an_open_fold_shows_devices_at_their_ports_in_the_order_of_ports() {
    let map = physical(&small(), &["f1", "hub|f1|Gi1/0/7"]);
    let floor = find(&map.roots, "1F").unwrap();
    assert_eq!(names(&floor.children), ["複合機", "管理外のハブ", "電話"]);
    assert_eq!(floor.children[0].edge.text, "Gi1/0/2");
    assert_eq!(names(&floor.children[1].children), ["隠れた2", "隠れた1"]);
    assert_eq!(names(&floor.children[2].children), ["端末"], "behind the telephone");
    assert!(floor.fold.as_ref().unwrap().open);
}

#[test]
fn the_map_of_a_device_is_what_it_hangs_on_opened() {
    let picture = small();
    let wish = Wish { at: Some("mfp".into()), ..Wish::default() };
    let map = with(&picture, |known| super::physical::map(known, &wish));
    assert_eq!(names(&map.roots), ["1F"]);
    assert!(find(&map.roots, "複合機").is_some());
    let nobody = Wish { at: Some("none".into()), ..Wish::default() };
    let map = with(&picture, |known| super::physical::map(known, &nobody));
    assert_eq!(map.roots.len(), 2, "who is not known gets the whole");
}

#[test]
fn contradicted_and_inferred_cables_say_so_besides_their_colour() {
    let mut picture = small();
    let seen = Observation {
        at: Timestamp::from_micros(0),
        vantage: Vantage { agent: "a".into(), interface: "e".into(), network: "n".into() }.into(),
        method: Method::Snmp,
        speaker: Speaker { ip: None, mac: None },
        fact: Fact::Answered(Reply::Echo),
    };
    picture.topology.links[1].against = vec![seen.id()];
    picture.topology.links[1].said = Said::Tables;
    picture.topology.links[1].confidence = Confidence::Possible;
    let map = physical(&picture, &[]);
    let edge = &find(&map.roots, "2F").unwrap().edge;
    assert!(edge.doubtful && edge.dashed);
    assert_eq!(edge.note, "推定、確度 低、矛盾あり");
}

#[test]
fn a_ring_without_a_root_is_drawn_once() {
    let mut picture = small();
    picture.topology.links.push(cable(("f2", "Gi1/0/1"), ("core", "Te9")));
    let map = physical(&picture, &[]);
    for name in ["core", "1F", "2F"] {
        let all = row::rows(&map);
        assert_eq!(all.iter().filter(|row| row.node.lines[0] == name).count(), 1, "{name}");
    }
}

#[test]
fn networks_hang_on_what_leads_out_and_tell_of_other_ways() {
    let mut picture = Picture::default();
    let legs = |device: Device, all: &[(&str, &str)]| {
        all.iter().fold(device, |device, (network, ip)| within(device, network, ip))
    };
    picture.devices = vec![
        legs(device("fw", "fw", Class::Firewall), &[("DMZ", "10.9.0.1"), ("", "8.8.4.4")]),
        legs(device("r1", "r1", Class::Router), &[("DMZ", "10.9.0.2"), ("病棟", "10.0.1.1")]),
        legs(device("r2", "r2", Class::Router), &[("DMZ", "10.9.0.3"), ("病棟", "10.0.1.2")]),
        within(device("pc", "端末", Class::Pc), "病棟", "10.0.1.9"),
        within(device("y", "孤立", Class::Pc), "検査", "10.0.7.9"),
    ]
    .into();
    let duty = |id: &str, network: &str| Duty {
        kind: Does::Gateway,
        network: network.into(),
        addresses: std::collections::BTreeSet::new(),
        devices: [DeviceId(id.into())].into(),
        waiting: std::collections::BTreeSet::new(),
        sources: std::collections::BTreeSet::new(),
    };
    picture.duties = vec![duty("fw", "DMZ"), duty("r1", "DMZ"), duty("r2", "病棟")];
    picture.matches = vec![undocumented("pc")].into();
    let map = with(&picture, |known| super::network::map(known, &Wish::default()));
    assert_eq!(names(&map.roots), ["院外", "検査"]);
    assert_eq!(names(&map.roots[0].children), ["fw"]);
    assert_eq!(map.roots[0].children[0].edge.text, "8.8.4.4");
    let dmz = find(&map.roots, "DMZ").unwrap();
    assert_eq!(names(&dmz.children), ["r1", "r2"]);
    let ward = find(&dmz.children, "病棟").unwrap();
    assert_eq!(ward.edge.text, "10.0.1.1");
    assert_eq!(ward.lines[1..], ["10.0.1.0/24", "・端末PC 1 台（＋未登録 1）", "⇄ r2 10.0.1.2"]);
    assert_eq!(names(&ward.children), ["端末"]);
}

#[test]
fn behind_redundant_routers_a_network_hangs_on_the_one_that_forwards() {
    let router = |id: &str, ip: &str| {
        let device = within(device(id, id, Class::Router), "DMZ", ip);
        within(device, "病棟", &ip.replace("10.9.0", "10.0.1"))
    };
    let devices = vec![
        within(device("fw", "fw", Class::Firewall), "DMZ", "10.9.0.1"),
        router("r1", "10.9.0.2"),
        router("r2", "10.9.0.3"),
    ];
    let mut picture = Picture { devices: devices.into(), ..Picture::default() };
    let duty = |ids: &[&str], waiting: &[&str], network: &str| Duty {
        kind: Does::Gateway,
        network: network.into(),
        addresses: std::collections::BTreeSet::new(),
        devices: ids.iter().map(|id| DeviceId((*id).into())).collect(),
        waiting: waiting.iter().map(|id| DeviceId((*id).into())).collect(),
        sources: std::collections::BTreeSet::new(),
    };
    let pair = |waiting: &[&str], network| duty(&["r1", "r2"], waiting, network);
    let drawn =
        |picture: &Picture| with(picture, |known| super::network::map(known, &Wish::default()));
    picture.duties = vec![duty(&["fw"], &[], "DMZ"), pair(&["r1"], "DMZ"), pair(&["r1"], "病棟")];
    let map = drawn(&picture);
    let dmz = find(&map.roots, "DMZ").unwrap();
    assert_eq!(names(&dmz.children), ["r2", "r1"]);
    assert_eq!(dmz.children[1].edge.text, "10.9.0.2 （待機）");
    assert_eq!(names(&dmz.children[0].children), ["病棟"]);
    let ward = &dmz.children[0].children[0];
    assert!(ward.lines.contains(&"⇄ r1 10.0.1.2 （待機）".to_owned()), "{:?}", ward.lines);
    // Who leads one of two virtual routers of a network does not wait there.
    picture.duties.extend([duty(&["r1", "r2"], &["r2"], "DMZ")]);
    let map = drawn(&picture);
    let dmz = find(&map.roots, "DMZ").unwrap();
    assert_eq!(names(&dmz.children), ["r1", "r2"]);
}

struct Somewhere;

impl svg::Links for Somewhere {
    fn node(&self, node: &Node) -> Option<String> {
        (node.to != To::Nothing).then(|| format!("/x?\"{}", node.lines[0]))
    }

    fn fold(&self, fold: &Fold) -> (String, String, String) {
        (format!("/map?{}", fold.key), "open".into(), fold.key.clone())
    }
}

/// Draws in every way there is.
fn drawn(map: &Map) -> [String; 4] {
    let layout = lay(&map.roots);
    let screen = columns(&layout);
    let paper = |paper| sheets(&layout, paper, svg::MARGINS);
    [
        svg::page(&layout, &screen, (HOSTILE, true), &Somewhere),
        svg::file((&layout, &screen), None, (HOSTILE, HOSTILE)),
        svg::file((&layout, &paper(Paper::A3)), Some(Paper::A3), ("t", "f")),
        svg::file((&layout, &paper(Paper::A4)), Some(Paper::A4), ("t", "f")),
    ]
}

#[test]
fn hostile_names_are_text_in_every_drawing() {
    let mut picture = small();
    let names = [HOSTILE, "受付\u{202e}fdp.exe\u{fffe}\u{1b}]", &"長".repeat(10_000)];
    for (device, name) in picture.devices.iter_mut().zip(names.iter().cycle()) {
        device.names[0].value = (*name).into();
    }
    for link in &mut picture.topology.links {
        link.near.port = HOSTILE.into();
        link.far.name = names[2].to_owned();
    }
    let map = physical(&picture, &["f1"]);
    for text in drawn(&map) {
        // In a page it needs no name of its space; to be read alone it does.
        let alone = text.replacen("<svg role", "<svg xmlns=\"http://www.w3.org/2000/svg\" role", 1);
        let parsed = roxmltree::Document::parse(&alone).unwrap();
        for node in parsed.descendants().filter(roxmltree::Node::is_element) {
            let known = ["svg", "title", "style", "rect", "g", "path", "text", "a"];
            assert!(known.contains(&node.tag_name().name()), "{:?}", node.tag_name());
            assert!(node.attributes().all(|a| !a.name().starts_with("on")));
        }
        assert!(
            !text.contains('\u{202e}') && !text.contains('\u{fffe}') && !text.contains('\u{1b}')
        );
        assert!(text.len() < 60_000, "{}", text.len());
    }
}

#[test]
fn a_file_has_a_sheet_of_just_the_size_of_the_paper_for_each_part() {
    let map = physical(&large(400, 5), &[]);
    let layout = lay(&map.roots);
    let cut = sheets(&layout, Paper::A3, svg::MARGINS);
    let text = svg::file((&layout, &cut), Some(Paper::A3), ("図", "脚"));
    assert!(cut.sheets > 1);
    assert!(text.contains("@page{size:420mm 297mm;margin:0}"));
    assert!(text.contains(&format!("height=\"{}mm\"", 297 * cut.sheets)));
    assert_eq!(text.matches("脚</text>").count(), cut.sheets);
    assert!(text.contains("<text class=\"w\"") && text.contains("… core"), "it goes on");
}

/// A core with switches below it, and devices on each; every hundredth is undocumented.
fn large(switches: usize, each: usize) -> Picture {
    let mut picture = Picture::default();
    let switch = device("core", "core", Class::Switch);
    let pc = device("pc", "PC", Class::Pc);
    picture.devices.push(switch.clone());
    for n in 0..switches {
        let id = format!("sw-{n:04}");
        let mut one = switch.clone();
        one.id = DeviceId(id.as_str().into());
        one.names[0].value = id.as_str().into();
        picture.devices.push(one);
        picture.topology.links.push(cable(("core", &format!("Te{n}")), (&id, "Gi1/0/48")));
        for m in 0..each {
            let mut one = on(pc.clone(), (&id, &format!("Gi1/0/{m}")), None);
            one.id = DeviceId(format!("pc-{n:04}-{m:03}").into());
            one.names[0].value = format!("PC-{n}-{m}").into();
            if (n * each + m).is_multiple_of(100) {
                picture.matches.push(undocumented(&one.id.0));
            }
            picture.devices.push(one);
        }
    }
    picture.devices.sort_by(|a, b| a.id.cmp(&b.id));
    picture
}

#[test]
fn ten_thousand_devices_fit_into_a_page_of_bounded_size() {
    let picture = large(1_000, 10);
    for open in [vec![], vec!["sw-0003", "sw-0399"]] {
        let map = physical(&picture, &open);
        assert!(map.cut && count(&map.roots) <= 2 * MOST + 2, "{}", count(&map.roots));
        let [page, ..] = drawn(&map);
        assert!(page.len() < 450_000, "{}", page.len());
    }
    let map = physical(&picture, &[]);
    let core = find(&map.roots, "core").unwrap();
    let rest = &core.children.last().unwrap().lines[0];
    assert_eq!(core.children.len(), MOST, "one is the root, one says what is left");
    assert_eq!(rest, "ほかのネットワーク機器 601 台（接続機器 6010 台）");
    assert_eq!(map, physical(&picture, &[]), "the same picture gives the same map");
}

#[test]
fn switches_of_which_nothing_says_how_they_are_connected_are_counted_where_they_are_too_many() {
    let mut picture = large(MOST + 20, 1);
    picture.topology.links.clear();
    let map = physical(&picture, &[]);
    assert_eq!(map.roots.len(), MOST + 2, "one tells of the rest, one is the core");
    assert!(find(&map.roots, "ほかのネットワーク機器 20 台（接続機器 20 台）").is_some());
}

#[test]
fn a_chain_of_switches_without_end_is_cut_and_can_be_followed() {
    let mut picture = Picture::default();
    let one = device("n", "n", Class::Switch);
    for n in 0..300 {
        let mut switch = one.clone();
        switch.id = DeviceId(format!("n-{n:03}").into());
        picture.devices.push(switch);
        let (near, far) = (format!("n-{n:03}"), format!("n-{:03}", n + 1));
        picture.topology.links.push(cable((&near, "a"), (&far, "b")));
    }
    let map = physical(&picture, &[]);
    assert!(map.cut);
    assert_eq!(row::rows(&map).iter().map(|row| row.level).max(), Some(DEPTH + 1));
    let last = row::rows(&map).into_iter().last().unwrap().node.clone();
    let To::Below(at) = last.to else { panic!("{last:?}") };
    assert_eq!(at, "n-023");
}

#[test]
fn a_contradiction_does_not_place_a_device() {
    let mut picture = small();
    let sources = vec![];
    picture.topology.contradictions.push(Contradiction {
        mac: Mac::new([0, 0x1a, 0x2b, 0, 0, 9]),
        device: DeviceId("lost".into()),
        ports: vec![end("f1", "Gi1/0/3"), end("f2", "Gi1/0/3")],
        sources,
    });
    let map = physical(&picture, &["nowhere|病棟"]);
    // Its key is not plain, so the fold has a digest for a key and stays closed by this name.
    let nowhere = map.roots.last().unwrap();
    let key = &nowhere.fold.as_ref().unwrap().key;
    assert!(key.starts_with('+') && key.len() == 21);
    let map = physical(&picture, &[key]);
    assert_eq!(names(&map.roots.last().unwrap().children), ["迷子"]);
}
