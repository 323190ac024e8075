use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use daicho_collector::book;
use daicho_collector::fingerprint::Rows;
use daicho_collector::ledger::{Field, Ledger};
use daicho_collector::picture::{self, Picture};
use daicho_collector::reconcile::{Match, Verdict};
use daicho_tests::lab::{Host, Lab, SCANNER_IP, SCANNER_MAC};
use rust_xlsxwriter::Workbook;
use serde_json::Value;

use super::programs::{Scan, built, succeed};

/// Of the lab's hosts this one is not in the ledger.
const LEFT_OUT: &str = "web-01";
/// This one stands there with another MAC address.
const WRONG_MAC: (&str, &str) = ("nas-01", "00:1D:73:FF:FF:01");
/// This one stands there and does not exist.
const ADDED: [&str; 5] =
    ["検-099", "存在しない端末", "ghost-01", "10.77.0.99", "00:1D:73:FF:FF:02"];
const HEADINGS: [&str; 5] = ["管理番号", "機器名", "ホスト名", "IPアドレス", "MACアドレス"];

/// The ledger's rows: every host but one, one wrong, one too many.
fn rows(lab: &Lab) -> Vec<[String; 5]> {
    let specs = lab.hosts().iter().map(Host::spec);
    let mut rows: Vec<_> = specs
        .filter(|spec| spec.name != LEFT_OUT)
        .enumerate()
        .map(|(number, spec)| {
            let wrong = spec.name == WRONG_MAC.0;
            let mac = if wrong { WRONG_MAC.1.to_owned() } else { spec.mac.to_string() };
            let number = format!("検-{:03}", number + 1);
            [number, "機器".to_owned(), spec.name.to_owned(), spec.ip.to_string(), mac]
        })
        .collect();
    rows.push(ADDED.map(str::to_owned));
    // The agent's own computer: the hosts tell of it, since it has asked them.
    let (ip, mac) = (SCANNER_IP.to_string(), SCANNER_MAC.to_string());
    rows.push(["検-900".to_owned(), "エージェント".to_owned(), "agent-01".to_owned(), ip, mac]);
    rows
}

/// As Excel saves a CSV file on a Japanese Windows.
fn csv(rows: &[[String; 5]]) -> Vec<u8> {
    let lines = std::iter::once(HEADINGS.join(",")).chain(rows.iter().map(|row| row.join(",")));
    let text: String = lines.map(|line| line + "\r\n").collect();
    let (octets, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!unmappable);
    octets.into_owned()
}

fn workbook(rows: &[[String; 5]], file: &Path) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("検査部").unwrap();
    sheet.write(0, 0, "情報機器台帳（検査部）").unwrap();
    sheet.write_row(2, 0, HEADINGS).unwrap();
    for (row, cells) in (3..).zip(rows) {
        sheet.write_row(row, 0, cells.iter().map(String::as_str)).unwrap();
    }
    workbook.save(file).unwrap();
}

/// What is said of each host by name, or by the id of the device if the ledger has no name for it.
fn told(picture: &Picture, ledger: &Ledger) -> BTreeMap<String, String> {
    let name = |of: &Match| {
        let entry = ledger.entries.iter().find(|entry| Some(&entry.place) == of.entry.as_ref());
        entry
            .map(|e| e.host_name.clone())
            .or_else(|| Some(of.device.as_ref()?.0.to_string()))
            .unwrap()
    };
    let say = |verdict: &Verdict| match verdict {
        Verdict::Agreed => "agreed".to_owned(),
        Verdict::Differs { differences } => {
            let fields: Vec<_> = differences.iter().map(|d| d.field).collect();
            assert_eq!(fields, [Field::Mac], "{differences:?}");
            format!("differs: {}", differences[0].observed.to_lowercase())
        }
        Verdict::Undocumented => "undocumented".to_owned(),
        Verdict::NotSeen { looked } => format!("not seen at {}", looked[0].address()),
        Verdict::NotConnected
        | Verdict::RetiredButSeen
        | Verdict::ByodCandidate
        | Verdict::PermittedByod { .. }
        | Verdict::PossiblyLost { .. }
        | Verdict::CannotTell { .. } => {
            format!("{verdict:?}")
        }
    };
    picture.matches.iter().map(|of| (name(of), say(&of.verdict))).collect()
}

#[test]
fn the_verdicts_are_right() {
    let Some(lab) = super::lab() else { return };
    let batch = Scan::default().run(&lab, "verdicts");
    let ledger = book::read("台帳.csv", &csv(&rows(&lab))).unwrap();
    assert_eq!(ledger.defects, []);
    let fingerprints = Rows::builtin().unwrap();
    let picture = picture::of_scan(&batch.observations, &batch.coverage, &ledger, &fingerprints);
    let expected = [
        ("kensa-sv01", "agreed"),
        ("MFP-3F-EAST", "agreed"),
        ("dns-01", "agreed"),
        ("sw-2f-01", "agreed"),
        ("agent-01", "agreed"),
        ("nas-01", "differs: 00:1d:73:77:00:1f"),
        ("ghost-01", "not seen at 10.77.0.99"),
        ("mac-002590770029", "undocumented"),
    ];
    let expected = expected.map(|(name, verdict)| (name.to_owned(), verdict.to_owned()));
    assert_eq!(told(&picture, &ledger), BTreeMap::from(expected));

    let twice = [&batch.observations[..], &batch.observations[..]].concat();
    let coverage = [&batch.coverage[..], &batch.coverage[..]].concat();
    assert_eq!(picture::of_scan(&twice, &coverage, &ledger, &fingerprints), picture);
    lab.down().unwrap();
}

/// Empties what may change from scan to scan: times, and the ids and places of observations.
fn timeless(value: &mut Value) {
    const TIMES: [&str; 6] = ["first_seen", "last_seen", "sources", "evidence", "from", "to"];
    match value {
        Value::Array(values) => values.iter_mut().for_each(timeless),
        Value::Object(map) => {
            map.retain(|key, _| !TIMES.contains(&key.as_str()));
            map.values_mut().for_each(timeless);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn json(octets: &[u8]) -> Value {
    let mut value = serde_json::from_slice(octets).unwrap();
    timeless(&mut value);
    value
}

#[test]
fn compare_says_the_same_of_one_scan_of_two_and_of_the_same_twice() {
    let Some(lab) = super::lab() else { return };
    let (first, second) = (Scan::default().file(&lab, "one"), Scan::default().file(&lab, "two"));
    let collector = built("daicho-collector", &lab);
    let ledger = lab.state().join("台帳.xlsx");
    workbook(&rows(&lab), &ledger);
    let compare = |format: &str, files: &[&Path]| {
        let mut command = Command::new(&collector);
        command.args(["compare", "--format", format, "--ledger"]).arg(&ledger).args(files);
        succeed(command).stdout
    };
    let once = compare("json", &[&first]);
    let count = |verdict| {
        let picture = json(&once);
        let matches = picture["matches"].as_array().unwrap();
        matches.iter().filter(|of| of["verdict"] == verdict).count()
    };
    let counts = ["agreed", "differs", "undocumented", "not_seen"].map(count);
    assert_eq!(counts, [5, 1, 1, 1], "{}", String::from_utf8_lossy(&once));
    assert_eq!(compare("json", &[&first, &first]), once);
    assert_eq!(json(&compare("json", &[&first, &second])), json(&once));
    assert_eq!(json(&compare("json", &[&second, &first])), json(&once));
    let text = String::from_utf8(compare("text", &[&first])).unwrap();
    for word in ["一致", "相違", "未登録機器", "台帳のみ・未検出", "10.77.0.41", "10.77.0.99"]
    {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    lab.down().unwrap();
}

#[test]
fn importing_twice_and_scanning_twice_change_nothing_but_times() {
    let Some(lab) = super::lab() else { return };
    let (first, second) = (Scan::default().file(&lab, "one"), Scan::default().file(&lab, "two"));
    let collector = built("daicho-collector", &lab);
    let ledger = lab.state().join("台帳.xlsx");
    workbook(&rows(&lab), &ledger);
    let run = |arguments: &[&str], files: &[&Path]| {
        let mut command = Command::new(&collector);
        command.args(arguments).arg("--db").arg(lab.state().join("daicho.db")).args(files);
        succeed(command).stdout
    };
    let kept = || {
        ["devices", "matches", "findings", "observations"]
            .map(|what| run(&["export", "--format", "json", "--what", what], &[]))
    };
    run(&["import", "--by", "検査 花子"], &[&ledger, &first]);
    let once = kept();
    let found = json(&once[0]).as_array().unwrap().len();
    assert_eq!(found, lab.hosts().len() + 1, "every host is a device, and so is the agent's own");
    run(&["import", "--by", "検査 花子"], &[&ledger, &first]);
    assert_eq!(kept(), once, "the same files a second time");
    run(&["import", "--by", "検査 花子"], &[&second]);
    let twice = kept();
    assert_ne!(twice[3], once[3], "a second scan is kept beside the first");
    let [devices, matches, findings, _] = once.map(|octets| json(&octets));
    assert_eq!(
        twice[..3].iter().map(|octets| json(octets)).collect::<Vec<_>>(),
        [devices, matches, findings]
    );
    lab.down().unwrap();
}
