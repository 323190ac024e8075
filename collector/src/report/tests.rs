use std::net::IpAddr;
use std::sync::Arc;

use daicho_common::address_set::AddressSet;
use daicho_common::coverage::{NotAsked, PacketKind, Sent, Why};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;

use super::*;
use crate::archive::Archive;
use crate::evidence::{Grade, Sourced};
use crate::finding::{Digest, Finding, Rule};
use crate::fingerprint::Class;
use crate::ledger::{Column, Defect, Field, Reason, Sheet, State};
use crate::list::List;
use crate::policy::Severity;
use crate::reconcile::{Difference, Doubt, Looked, Match, MatchedBy};
use crate::resolve::{Address, Join, JoinReason, Oddity, Service};
use crate::store::{Book, Ground, Scan};
use crate::topology::{
    Cause, Confidence, Contradiction, End, Link, Reason as TopologyReason, Said, Shared, Topology,
};
use daicho_common::addr::Mac;

mod line;

/// What a hostile device calls itself.
pub(crate) const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_775_003_400_000_000 + second * 1_000_000)
}

fn ip(host: u8) -> IpAddr {
    [10, 20, 0, host].into()
}

fn vantage() -> Vantage {
    Vantage { agent: "east".into(), interface: "eth0".into(), network: "病棟3F".into() }
}

fn observation(host: u8, fact: Fact) -> Observation {
    let mac = Some(format!("00:1a:2b:00:00:{host:02x}").parse().unwrap());
    let method = if matches!(fact, Fact::Arp { .. }) { Method::Arp } else { Method::Snmp };
    let speaker = Speaker { ip: Some(ip(host)), mac };
    Observation { at: at(i64::from(host)), vantage: vantage().into(), method, speaker, fact }
}

fn arp(host: u8) -> Observation {
    let mac = format!("00:1a:2b:00:00:{host:02x}").parse().unwrap();
    observation(host, Fact::Arp { ip: [10, 20, 0, host].into(), mac })
}

fn device(host: u8, name: &str, class: Class) -> Device {
    let sources = crate::evidence::Sources::from(arp(host).id());
    let said = |value: &str| Sourced {
        value: value.into(),
        grade: Grade::Queried,
        sources: sources.clone(),
    };
    let mac: daicho_common::addr::Mac = format!("00:1a:2b:00:00:{host:02x}").parse().unwrap();
    Device {
        id: DeviceId(format!("mac-001a2b0000{host:02x}").into()),
        macs: vec![Sourced { value: mac, grade: Grade::Queried, sources: sources.clone() }],
        addresses: vec![Address {
            ip: ip(host),
            network: "病棟3F".into(),
            first_seen: at(0),
            last_seen: at(60),
            sources: sources.clone(),
        }],
        names: vec![said(name)],
        class: Some(Sourced { value: class, grade: Grade::Inferred, sources: sources.clone() }),
        vendor: Some(said("リコー")),
        model: Some(said("IM C3000")),
        serial: None,
        version: Some(said("1.02")),
        description: None,
        location: Some(said("3F ナースステーション")),
        services: vec![Sourced {
            value: Arc::new(Service { kind: "_ipp._tcp".into(), port: 631, instance: name.into() }),
            grade: Grade::Announced,
            sources: sources.clone(),
        }],
        storage: None,
        parts: Vec::new(),
        software: Vec::new(),
        pages: None,
        joins: vec![Join {
            reason: JoinReason::MacHadAddress { mac, ip: ip(host) },
            sources: sources.clone(),
        }],
        oddities: vec![Sourced { value: Oddity::RandomisedMac, grade: Grade::Inferred, sources }],
        os: None,
        support_end: None,
        programs: Vec::new(),
        why: Vec::new(),
        attached: Vec::new(),
        first_seen: at(0),
        last_seen: at(60),
    }
}

fn place(row: u32) -> Place {
    Place { book: "台帳.xlsx".into(), sheet: "本館".into(), row }
}

fn entry(row: u32, host: u8) -> Entry {
    Entry {
        place: place(row),
        sheet: 0,
        cells: vec![format!("A-{row}"), format!("端末{row}"), ip(host).to_string(), "<b>".into()],
        asset_number: format!("A-{row}"),
        name: format!("端末{row}"),
        host_name: String::new(),
        kind: String::new(),
        ips: vec![ip(host)],
        dhcp: false,
        macs: vec![],
        vendor: String::new(),
        model: String::new(),
        serial: String::new(),
        location: String::new(),
        version: String::new(),
        maintainer: String::new(),
        remote_maintenance: None,
        state: State::InUse,
        offline: false,
        ..Entry::default()
    }
}

fn coverage() -> Coverage {
    let mut asked = AddressSet::new();
    asked.insert_range(ip(1), ip(199));
    let mut denied = AddressSet::new();
    denied.insert_range(ip(200), ip(254));
    Coverage {
        vantage: vantage(),
        method: Method::Arp,
        cidr: "10.20.0.0/24".parse().unwrap(),
        from: at(0),
        to: at(60),
        tries: 2,
        asked,
        answered: [ip(7), ip(8), ip(9)].into_iter().collect(),
        not_asked: vec![NotAsked { addresses: denied, why: Why::Denied }],
    }
}

fn ledger() -> Ledger {
    let column = |heading: &str, field| Column { heading: heading.into(), field };
    Ledger {
        sheets: vec![Sheet {
            book: "台帳.xlsx".into(),
            name: "本館".into(),
            title_rows: vec![],
            columns: vec![
                column("管理番号", Some(Field::AssetNumber)),
                column("機器名", Some(Field::Name)),
                column("ＩＰアドレス", Some(Field::Ip)),
                column("棚", None),
            ],
            ..Sheet::default()
        }],
        entries: vec![entry(3, 7), entry(4, 8), entry(5, 50), entry(6, 210), entry(7, 60)],
        defects: vec![Defect {
            place: place(9),
            column: "ＩＰアドレス".into(),
            value: "10.20.O.1".into(),
            reason: Reason::NotAnAddress,
            rejected: true,
            cells: vec![],
        }],
    }
}

fn matched(row: Option<u32>, host: Option<u8>, verdict: Verdict) -> Match {
    let by = if row.is_some() && host.is_some() { vec![MatchedBy::Mac] } else { vec![] };
    let device = host.map(|host| DeviceId(format!("mac-001a2b0000{host:02x}").into()));
    Match { entry: row.map(place), device, also: vec![], by, verdict }
}

fn topology() -> Topology {
    let end = |name: &str, port: &str, device: Option<u8>| End {
        device: device.map(|host| DeviceId(format!("mac-001a2b0000{host:02x}").into())),
        name: name.into(),
        port: port.into(),
        alias: "東病棟".into(),
        vlan: Some(20),
        vlan_name: "医療系".into(),
    };
    let hub = Shared {
        at: end("sw-3f", "Gi1/0/7", Some(7)),
        cause: Cause::Hub,
        confidence: Confidence::Likely,
        reasons: vec![TopologyReason::Together { stations: 3 }],
        devices: vec![DeviceId("mac-001a2b000008".into()), DeviceId("mac-001a2b000009".into())],
        sources: vec![arp(8).id()],
    };
    let telephones = Shared { cause: Cause::Telephones, ..hub.clone() };
    let link = Link {
        near: end("sw-core", "Po1", Some(7)),
        far: end(HOSTILE, "Gi1/0/1", None),
        said: Said::One,
        confidence: Confidence::Possible,
        active: true,
        cables: 2,
        sources: vec![arp(7).id()],
        against: vec![arp(9).id()],
    };
    let contradiction = Contradiction {
        mac: Mac::new([0, 0x1a, 0x2b, 0, 0, 9]),
        device: DeviceId("mac-001a2b000009".into()),
        ports: vec![end("sw-3f", "Gi1/0/9", Some(7)), end("sw-4f", "Gi1/0/2", None)],
        sources: vec![arp(9).id()],
    };
    Topology {
        links: vec![link],
        shared: vec![hub, telephones],
        contradictions: vec![contradiction],
        ..Topology::default()
    }
}

fn picture() -> Picture {
    let difference = Difference {
        field: Field::Name,
        declared: "端末4".into(),
        observed: "NURSE-04".into(),
        sources: vec![arp(8).id()],
    };
    let looked = vec![Looked::at(&coverage(), ip(50)).unwrap()];
    let doubts = vec![Doubt::NotAsked(Why::Denied)];
    Picture {
        devices: vec![
            device(7, "MFP-3F", Class::Mfp),
            device(8, "NURSE-04", Class::Pc),
            device(9, HOSTILE, Class::Nas),
        ]
        .into(),
        topology: topology(),
        duties: Vec::new(),
        scopes: List::default(),
        matches: vec![
            matched(Some(3), Some(7), Verdict::Agreed),
            matched(Some(4), Some(8), Verdict::Differs { differences: vec![difference] }),
            matched(Some(5), None, Verdict::NotSeen { looked }),
            matched(Some(6), None, Verdict::CannotTell { doubts }),
            matched(Some(7), None, Verdict::NotConnected),
            matched(None, Some(9), Verdict::Undocumented),
        ]
        .into(),
        findings: vec![Finding {
            id: "undocumented_device:mac-001a2b000009".into(),
            rule: Rule::UndocumentedDevice,
            severity: Severity::High,
            device: Some(DeviceId("mac-001a2b000009".into())),
            entries: Box::default(),
            detail: ["10.20.0.9", HOSTILE].map(Into::into).into(),
            evidence: [arp(9).id()].into(),
            facts: Digest::of(&["f"]),
            answer: None,
        }]
        .into(),
    }
}

/// A small hospital with every verdict but one, a hostile name, and what was not looked at.
pub(crate) fn sample() -> (Ground, Picture) {
    let ground = Ground {
        decisions: Vec::new(),
        register: crate::register::Register::default(),
        checks: List::default(),
        check: 0,
        missed: Vec::new(),
        revision: 0,
        batch: 0,
        shelf: (0, 0),
        observations: Archive::from(vec![
            arp(7),
            arp(8),
            arp(9),
            observation(9, Fact::HostName { name: HOSTILE.into() }),
            observation(9, Fact::Answered(Reply::TcpOpen(445))),
        ])
        .into(),
        coverage: vec![coverage()].into(),
        sent: vec![Sent {
            network: "病棟3F".into(),
            target: ip(7),
            kind: PacketKind::ArpRequest,
            packets: 2,
            octets: 84,
            first: at(0),
            last: at(1),
        }]
        .into(),
        ledger: ledger().into(),
        books: vec![Book {
            name: "台帳.xlsx".into(),
            imported_at: at(100),
            imported_by: "tanaka".into(),
        }],
        scans: vec![Scan {
            agent: "east".into(),
            scan: "east-1".into(),
            from: at(0),
            to: at(60),
            software: "daicho-agent 0.1.0".into(),
        }]
        .into(),
    };
    (ground, picture())
}

fn with_sample<T>(lang: Lang, with: impl FnOnce(&Shown<'_>) -> T) -> T {
    let (ground, picture) = sample();
    with(&Shown {
        picture: &picture,
        ledger: &ground.ledger,
        coverage: &ground.coverage,
        observations: (&ground.observations).into(),
        lang,
        zone: &Zone::named("Asia/Tokyo").unwrap(),
    })
}

fn text(lang: Lang) -> String {
    with_sample(lang, |shown| {
        let mut out = Vec::new();
        text::write(&mut out, shown).unwrap();
        String::from_utf8(out).unwrap()
    })
}

/// The line that starts with this, without the spaces before it.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().map(str::trim_start).find(|line| line.starts_with(start)).unwrap_or_else(|| {
        panic!("no line starts with {start:?} in\n{text}");
    })
}

#[test]
fn the_terminal_report_counts_every_verdict_in_both_languages() {
    let ja = text(Lang::Ja);
    for (label, count) in [
        ("未登録機器", "1"),
        ("廃棄済が稼働", "0"),
        ("相違", "1"),
        ("台帳のみ・未検出", "1"),
        ("確認不能", "1"),
        ("未接続", "1"),
        ("一致", "1"),
    ] {
        assert_eq!(line(&ja, label).split_whitespace().nth(1), Some(count), "{label}\n{ja}");
    }
    assert!(ja.contains("観測した機器 3 台、台帳 5 行"), "{ja}");
    let en = text(Lang::En);
    assert!(en.contains("3 devices observed, 5 rows in the ledger"), "{en}");
    assert!(line(&en, "Undocumented device  ").contains(" 1  "), "{en}");
}

#[test]
fn the_terminal_report_says_of_each_row_why() {
    let ja = text(Lang::Ja);
    assert!(ja.contains("機器名: 台帳「端末4」／観測「NURSE-04」"), "{ja}");
    assert!(
        ja.contains(
            "10.20.0.50 をARP要求で調べ、応答なし（2026-04-01 09:30:00～2026-04-01 09:31:00）"
        ),
        "{ja}"
    );
    assert!(ja.contains("このアドレスには問い合わせていません（除外リストにあるため）"), "{ja}");
    assert!(ja.contains("10.20.0.200-10.20.0.254"), "{ja}");
    assert!(ja.contains("台帳.xlsx 本館 9行目"), "{ja}");
}

#[test]
fn columns_line_up_by_the_width_that_terminals_draw() {
    let table = table::Table {
        name: String::new(),
        headings: vec!["機器名".into(), "IP".into()],
        rows: vec![
            vec!["複合機".into(), "10.20.0.7".into()],
            vec!["pc\u{1b}[31m".into(), "10.20.0.8".into()],
            vec!["長".repeat(60), "10.20.0.9".into()],
        ],
    };
    let mut out = Vec::new();
    text::columns(&mut out, &table).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains('\u{1b}'), "a device's name drives no terminal");
    let starts: Vec<usize> = text
        .lines()
        .map(|line| {
            let at = line.rfind("IP").or_else(|| line.rfind("10.20")).unwrap();
            unicode_width::UnicodeWidthStr::width(&line[..at])
        })
        .collect();
    assert_eq!(starts, [starts[0]; 4], "{text}");
}

#[test]
fn the_ledger_is_written_in_its_own_columns_with_the_verdict_beside() {
    let tables = with_sample(Lang::Ja, table::ledger);
    assert_eq!(tables.len(), 1);
    let expected = [
        "管理番号",
        "機器名",
        "ＩＰアドレス",
        "棚",
        "判定",
        "相違点",
        "チェックリストの対象か",
        "行",
    ];
    assert_eq!(tables[0].headings, expected);
    assert_eq!(tables[0].rows[1][..5], ["A-4", "端末4", "10.20.0.8", "<b>", "相違"]);
    assert_eq!(tables[0].rows.len(), 5);
}

#[test]
fn every_table_has_as_many_cells_as_headings() {
    for lang in [Lang::Ja, Lang::En] {
        let mut tables = with_sample(lang, table::ledger);
        for make in [table::matches, table::devices, table::findings, table::observations] {
            tables.push(with_sample(lang, make));
        }
        for table in tables {
            assert!(!table.rows.is_empty(), "{}", table.name);
            for row in &table.rows {
                assert_eq!(row.len(), table.headings.len(), "{}", table.name);
            }
        }
    }
}
