//! The built program, given what users really give it: damaged files, wrong files, busy databases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use daicho_common::addr::Mac;
use daicho_common::address_set::AddressSet;
use daicho_common::batch::{AgentKey, Batch, Header};
use daicho_common::coverage::Coverage;
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use tempfile::TempDir;

mod compare;
mod import;
mod places;
mod people;
mod settings;
mod upkeep;

const BOOK: &str = "管理番号,機器名,IPアドレス,MACアドレス\r\n\
                    A-1,受付端末,10.20.0.7,00-1A-2B-00-00-07\r\n\
                    A-2,検査端末,10.20.0.50,00-1A-2B-00-00-50\r\n\
                    ,,,\r\n\
                    A-3,事務端末,10.20.O.9,\r\n";

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daicho-collector"));
    command.current_dir(folder.path()).env("USER", "tanaka").env_remove("SUDO_USER");
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    program(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// One sentence in each language, this exit code, and nothing on stdout.
#[track_caller]
fn complains(output: &Output, code: i32, parts: &[&str]) {
    let told = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].starts_with("エラー: ") && lines[1].starts_with("error: "), "{told}");
    for part in parts {
        assert!(lines[0].contains(part) && lines[1].contains(part), "{part}\n{told}");
    }
    assert_eq!(stdout(output), "");
}

fn key() -> Ed25519KeyPair {
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap()
}

/// A sweep of 10.20.0.0/24 in which hosts 7 and 9 answered.
fn sealed(key: &Ed25519KeyPair, sequence: u32) -> Vec<u8> {
    sealed_at(key, sequence, 1_775_003_400_000_000 + i64::from(sequence))
}

/// The same at this time, in microseconds since the epoch.
fn sealed_at(key: &Ed25519KeyPair, sequence: u32, at: i64) -> Vec<u8> {
    let at = Timestamp::from_micros(at);
    let vantage =
        Vantage { agent: "east".into(), interface: "eth0".into(), network: "本館".into() };
    let arp = |host: u8| {
        let mac: Mac = format!("00:1a:2b:00:00:{host:02}").parse().unwrap();
        Observation {
            at,
            vantage: vantage.clone().into(),
            method: Method::Arp,
            speaker: Speaker { ip: Some([10, 20, 0, host].into()), mac: Some(mac) },
            fact: Fact::Arp { ip: [10, 20, 0, host].into(), mac },
        }
    };
    let mut asked = AddressSet::new();
    asked.insert_range([10, 20, 0, 1].into(), [10, 20, 0, 254].into());
    let coverage = Coverage {
        vantage: vantage.clone(),
        method: Method::Arp,
        cidr: "10.20.0.0/24".parse().unwrap(),
        from: at,
        to: at,
        tries: 2,
        asked,
        answered: [[10, 20, 0, 7].into(), [10, 20, 0, 9].into()].into_iter().collect(),
        not_asked: vec![],
    };
    let header = Header {
        agent: "east".into(),
        scan: "east-1".into(),
        sequence,
        last: true,
        from: at,
        to: at,
        software: "daicho-agent 0.1.0".into(),
    };
    let observations = vec![arp(7), arp(9)];
    Batch { header, coverage: vec![coverage], sent: vec![], observations }.seal(key).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A folder with `ward.daicho` and `台帳.csv`.
fn filled() -> TempDir {
    let folder = folder();
    file(&folder, "ward.daicho", sealed(&key(), 1));
    file(&folder, "台帳.csv", BOOK);
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs it with this line on stdin.
fn run_with(folder: &TempDir, arguments: &[&str], line: &str) -> Output {
    let mut child = program(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), line.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
