use std::collections::BTreeSet;
use std::path::Path;

use daicho_common::coverage::Coverage;

use super::*;
use crate::clock::Zone;
use crate::evidence::{Grade, Sourced};
use crate::picture::Picture;
use crate::report::tests::{HOSTILE, sample};
use crate::store::Ground;
use crate::words::Lang;

fn check(ground: &Ground, picture: &Picture, look: impl FnOnce(&Shown<'_>)) {
    look(&Shown {
        picture,
        ledger: &ground.ledger,
        coverage: &ground.coverage,
        observations: (&ground.observations).into(),
        lang: Lang::Ja,
        zone: &Zone::named("Asia/Tokyo").unwrap(),
    });
}

fn text(shown: &Shown<'_>) -> (String, String) {
    let mut tables = String::new();
    for (name, table) in netbox::tables(shown, "中央病院") {
        let mut octets = Vec::new();
        plain_csv(&mut octets, &table).unwrap();
        tables.push_str("## ");
        tables.push_str(name);
        tables.push('\n');
        tables.push_str(&String::from_utf8(octets).unwrap());
    }
    let mut lines = Vec::new();
    glpi_lines(&mut lines, shown).unwrap();
    let documents: Vec<serde_json::Value> = String::from_utf8(lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    let documents = serde_json::to_string_pretty(&documents).unwrap().replace(version, "VERSION");
    (tables, documents + "\n")
}

#[test]
fn what_is_taken_along_is_as_it_was_blessed() {
    let (ground, picture) = sample();
    check(&ground, &picture, |shown| {
        let (tables, documents) = text(shown);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/takeout");
        for (name, made) in [("netbox.csv", tables), ("glpi.json", documents)] {
            let golden = folder.join(name);
            if std::env::var_os("DAICHO_BLESS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&golden, &made).unwrap();
            }
            let known = std::fs::read_to_string(golden).unwrap();
            assert_eq!(made, known, "DAICHO_BLESS=1 takes it for right");
        }
    });
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "each device is there for one way in which a name may break"
)]
fn hostile_and_repeated_names_neither_break_a_row_nor_a_key() {
    let (ground, mut picture) = sample();
    let said = |value: &str| Sourced {
        value: value.into(),
        grade: Grade::Announced,
        sources: crate::evidence::Sources::new(),
    };
    let names = ["=cmd|'/C calc'!A0", HOSTILE, "a\r\nb,\"c\"", "Same", "same", "長"];
    let pattern = picture.devices[0].clone();
    picture.devices = (0_u8..)
        .zip(names)
        .map(|(n, name)| {
            let mut device = pattern.clone();
            device.id.0 = format!("mac-{n}/../{name}").into();
            device.names =
                vec![said(&if name == "長" { "長".repeat(5000) } else { name.into() })];
            device.vendor = Some(said(if n % 2 == 0 { "株式会社 例" } else { "+SUM(1)" }));
            device.serial = Some(said(&name.repeat(100)));
            device
        })
        .collect();
    check(&ground, &picture, |shown| {
        let tables = netbox::tables(shown, "=1+1");
        for (file, table) in &tables {
            let mut octets = Vec::new();
            plain_csv(&mut octets, table).unwrap();
            let mut reader = ::csv::Reader::from_reader(&octets[..]);
            for row in reader.records() {
                let row = row.unwrap();
                assert_eq!(row.len(), table.headings.len(), "{file}");
                for cell in &row {
                    assert!(!cell.starts_with(['=', '+', '@', '\t']), "{file}: {cell}");
                    assert!(!cell.contains(['\n', '\r']), "{file}: {cell:?}");
                }
            }
            // Slugs and names are keys.
            for key in ["slug", "name"].iter().filter(|_| *file != "6-interfaces.csv") {
                let Some(at) = table.headings.iter().position(|it| it == key) else { continue };
                let all: BTreeSet<String> =
                    table.rows.iter().map(|row| row[at].to_lowercase()).collect();
                assert_eq!(all.len(), table.rows.len(), "{file} {key}");
            }
        }
        let devices = &tables[4].1;
        assert!(
            devices
                .rows
                .iter()
                .all(|row| row[0].chars().count() <= 64 && row[4].chars().count() <= 50)
        );
        let manufacturers: BTreeSet<&String> = tables[1].1.rows.iter().map(|row| &row[0]).collect();
        assert!(devices.rows.iter().all(|row| manufacturers.contains(&row[2])));
        let documents = glpi::documents(shown);
        let files: BTreeSet<&String> = documents.iter().map(|(name, _)| name).collect();
        assert_eq!(files.len(), names.len());
        for name in files {
            assert!(
                name.is_ascii() && !name.contains(['/', '\\']) && !name.contains(".."),
                "{name}"
            );
        }
        let mut zip = Vec::new();
        glpi(&mut zip, shown).unwrap();
        let mut again = Vec::new();
        glpi(&mut again, shown).unwrap();
        assert_eq!(zip, again, "the same content is the same octets");
        assert!(zip.starts_with(b"PK"));
    });
}

#[test]
fn every_inventory_names_its_device_and_only_known_parts() {
    let (ground, picture) = sample();
    check(&ground, &picture, |shown| {
        for (_, document) in glpi::documents(shown) {
            let parts: BTreeSet<&str> =
                document["content"].as_object().unwrap().keys().map(String::as_str).collect();
            let known = [
                "accesslog",
                "bios",
                "hardware",
                "network_device",
                "networks",
                "operatingsystem",
                "softwares",
                "versionclient",
            ];
            assert!(parts.iter().all(|part| known.contains(part)), "{parts:?}");
            let action = document["action"].as_str().unwrap();
            assert_eq!(action == "netinventory", parts.contains("network_device"), "{document}");
            assert!(document["deviceid"].as_str().unwrap().len() > 20);
            assert!(document["content"]["hardware"]["name"].is_string());
        }
    });
}

#[test]
fn an_address_that_netbox_takes_for_that_of_a_network_stands_by_itself() {
    let (mut ground, mut picture) = sample();
    let pattern = picture.devices[0].clone();
    let covered = ground.coverage[0].clone();
    let cidrs = ["10.20.0.0/16", "10.20.0.0/24", "10.30.0.0/31"];
    let each = cidrs.map(|cidr| Coverage { cidr: cidr.parse().unwrap(), ..covered.clone() });
    ground.coverage = each.into_iter().collect();
    let ips = ["10.20.0.0", "10.20.0.5", "10.20.0.255", "10.20.1.0", "10.30.0.0"];
    picture.devices = ips
        .iter()
        .enumerate()
        .map(|(n, ip)| {
            let mut device = pattern.clone();
            device.id.0 = format!("{n}").into();
            device.addresses.truncate(1);
            device.addresses[0].ip = ip.parse().unwrap();
            device.addresses[0].network = covered.vantage.network.as_str().into();
            device
        })
        .collect();
    check(&ground, &picture, |shown| {
        let tables = netbox::tables(shown, "本院");
        let told: Vec<&str> = tables[7].1.rows.iter().map(|row| row[0].as_str()).collect();
        // The network itself and all of its hosts are no hosts of it; of a wider network they may be.
        let expected =
            ["10.20.0.0/32", "10.20.0.5/24", "10.20.0.255/16", "10.20.1.0/16", "10.30.0.0/31"];
        assert_eq!(told, expected);
    });
}
