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
    let at = Timestamp::from_micros(1_775_003_400_000_000 + i64::from(sequence));
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

#[test]
fn compare_prints_the_verdicts_and_leaves_no_file_behind() {
    let folder = filled();
    let before = names(folder.path());
    let output = run(&folder, &["compare", "--ledger", "台帳.csv", "ward.daicho"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.contains("観測した機器 2 台"), "{told}");
    let of = |asset: &str| {
        let row = told.lines().find(|line| line.contains(asset)).unwrap_or_default();
        row.split_whitespace().next().unwrap_or_default().to_owned()
    };
    assert_eq!(of(" A-1 "), "一致", "{told}");
    assert_eq!(of(" A-2 "), "台帳のみ・未検出", "{told}");
    assert!(told.contains("10.20.0.9") && told.contains("00:1a:2b:00:00:09"), "{told}");
    assert!(told.contains("10.20.O.9"), "what could not be read is told: {told}");
    assert_eq!(names(folder.path()), before);

    let output = run(&folder, &["compare", "--ledger", "台帳.csv", "ward.daicho", "--lang", "en"]);
    assert!(stdout(&output).contains("Undocumented device"), "{}", stdout(&output));
}

#[test]
fn compare_speaks_to_programs_too() {
    let folder = filled();
    let json =
        run(&folder, &["compare", "--ledger", "台帳.csv", "ward.daicho", "--format", "json"]);
    let picture: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    let verdicts: Vec<&str> = picture["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|matched| matched["verdict"].as_str().unwrap())
        .collect();
    assert!(verdicts.contains(&"undocumented") && verdicts.contains(&"not_seen"), "{verdicts:?}");
    let csv = run(&folder, &["compare", "--ledger", "台帳.csv", "ward.daicho", "--format", "csv"]);
    assert!(stdout(&csv).starts_with("\u{feff}判定,"), "{}", stdout(&csv));
    let lines = run(&folder, &["devices", "ward.daicho", "--jsonl"]);
    let devices: Vec<serde_json::Value> =
        stdout(&lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(devices.len(), 2);
    assert_eq!(devices[0]["ip"], "10.20.0.7");
    assert!(devices[0]["serial"].is_null());
}

#[test]
fn own_fingerprints_are_used_without_a_server_too() {
    let folder = filled();
    std::fs::create_dir(folder.path().join("rows")).unwrap();
    let row = "[[row]]\non = \"mac_maker\"\ncontains = \"Zork\"\nclass = \"printer\"\nvendor = \"Zork\"\nweight = 40\nexample = [{ said = \"Zork Works\" }]\n";
    file(&folder, "rows/zork.toml", row);
    file(&folder, "oui.txt", "00-1A-2B   (hex)\t\tZork Works\n");
    file(&folder, "own.toml", "fingerprints = [\"rows\"]\nmac_makers = \"oui.txt\"\n");
    let devices = |more: &[&str]| {
        let told = run(&folder, &[&["devices", "ward.daicho", "--jsonl"], more].concat());
        assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
        let first = stdout(&told).lines().next().map(str::to_owned);
        serde_json::from_str::<serde_json::Value>(&first.unwrap()).unwrap()
    };
    assert!(devices(&[])["vendor"].is_null());
    assert_eq!(devices(&["--config", "own.toml"])["vendor"], "Zork");
    let compared = run(
        &folder,
        &[
            "compare",
            "--ledger",
            "台帳.csv",
            "ward.daicho",
            "--format",
            "json",
            "--config",
            "own.toml",
        ],
    );
    assert!(stdout(&compared).contains("Zork"), "{}", stderr(&compared));
    file(&folder, "rows/odd.toml", "[[row]]\non = \"mac_maker\"\nweight = 1\n");
    let refused = run(&folder, &["devices", "ward.daicho", "--config", "own.toml"]);
    complains(&refused, 3, &["odd.toml"]);
}

#[test]
fn importing_twice_changes_nothing() {
    let folder = filled();
    let first = run(&folder, &["import", "台帳.csv", "ward.daicho"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let told = stdout(&first);
    assert!(told.contains("観測 2 件を取り込みました"), "{told}");
    assert!(told.contains("10.20.O.9"), "{told}");
    let export = |what: &str| stdout(&run(&folder, &["export", "--what", what]));
    let before = ["devices", "ledger", "matches", "findings", "observations"].map(export);
    let again = run(&folder, &["import", "台帳.csv", "ward.daicho"]);
    assert!(stdout(&again).contains("何も変わりません"), "{}", stdout(&again));
    assert!(stdout(&again).contains("観測 0 件"), "{}", stdout(&again));
    let after = ["devices", "ledger", "matches", "findings", "observations"].map(export);
    assert_eq!(before, after);
    assert!(before[2].contains("未登録機器"), "{}", before[2]);
    assert!(before[1].starts_with("\u{feff}管理番号,機器名,"), "{}", before[1]);
}

#[test]
fn exports_are_written_whole_in_every_format() {
    let folder = filled();
    run(&folder, &["import", "台帳.csv", "ward.daicho"]);
    for format in ["csv", "json", "jsonl", "xlsx"] {
        let output = run(&folder, &["export", "--format", format, "-o", "out"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(std::fs::metadata(folder.path().join("out")).unwrap().len() > 50, "{format}");
    }
    assert!(!folder.path().join("out.part").exists());
    let nowhere = run(&folder, &["export", "-o", "no/such/folder/out"]);
    complains(&nowhere, 1, &["no/such/folder/out"]);
}

#[test]
fn a_damaged_batch_is_refused_and_makes_no_database() {
    let folder = filled();
    let whole = sealed(&key(), 1);
    let mut altered = whole.clone();
    let end = altered.len() - 1;
    altered[end] ^= 1;
    file(&folder, "cut.daicho", &whole[..whole.len() - 9]);
    file(&folder, "altered.daicho", &altered);
    file(&folder, "second.daicho", [whole.as_slice(), &altered].concat());
    for command in [&["import"][..], &["compare", "--ledger", "台帳.csv"], &["devices"]] {
        let with = |name| run(&folder, &[command, &[name]].concat());
        complains(&with("cut.daicho"), 4, &["cut.daicho"]);
        complains(&with("altered.daicho"), 8, &["altered.daicho"]);
        complains(&with("second.daicho"), 8, &["second.daicho (#2)"]);
        complains(&with("absent.daicho"), 4, &["absent.daicho"]);
    }
    complains(&run(&folder, &["import", "ward.daicho", "cut.daicho"]), 4, &["cut.daicho"]);
    assert!(!folder.path().join("daicho.db").exists(), "nothing half-written");
}

#[test]
fn a_ledger_that_is_no_spreadsheet_is_refused() {
    let folder = filled();
    file(&folder, "写真.xlsx", [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 1]);
    file(&folder, "empty.csv", "");
    for name in ["写真.xlsx", "empty.csv"] {
        complains(&run(&folder, &["compare", "--ledger", name, "ward.daicho"]), 4, &[name]);
        complains(&run(&folder, &["import", name]), 4, &[name]);
    }
    assert!(!folder.path().join("daicho.db").exists());
}

#[test]
fn a_configuration_that_means_nothing_is_refused_with_its_line() {
    let folder = filled();
    file(&folder, "c.toml", "page_rows = 50\ncolour = \"red\"\n");
    complains(&run(&folder, &["export", "--config", "c.toml"]), 3, &["c.toml", "colour"]);
    complains(&run(&folder, &["serve", "--config", "absent.toml"]), 3, &["absent.toml"]);
    file(&folder, "binary.toml", [0xff, 0xfe, 0x00]);
    complains(&run(&folder, &["import", "ward.daicho", "--config", "binary.toml"]), 3, &["binary"]);
}

#[test]
fn a_database_that_another_program_holds_is_busy() {
    let folder = filled();
    run(&folder, &["import", "台帳.csv"]);
    let holder = rusqlite::Connection::open(folder.path().join("daicho.db")).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    complains(&run(&folder, &["import", "ward.daicho"]), 7, &["daicho.db"]);
}

#[test]
fn a_database_that_is_none_is_refused_and_left_as_it_was() {
    let folder = filled();
    let text = "これはデータベースではありません。".repeat(100);
    let path = file(&folder, "notes.db", &text);
    complains(&run(&folder, &["import", "ward.daicho", "--db", "notes.db"]), 4, &["notes.db"]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    complains(&run(&folder, &["export", "--db", "absent.db"]), 4, &["absent.db"]);
    assert!(!folder.path().join("absent.db").exists());
}

#[test]
fn a_port_in_use_is_busy_and_makes_no_database() {
    let folder = folder();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    complains(&run(&folder, &["serve", "--listen", &address]), 7, &[&address]);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn other_machines_are_let_in_only_by_a_word() {
    let folder = folder();
    let output = run(&folder, &["serve", "--listen", "0.0.0.0:0"]);
    complains(&output, 2, &["0.0.0.0:0", "behind_tls", "--without-tls"]);
}

#[cfg(unix)]
#[test]
fn serve_prints_its_address_and_ends_when_told() {
    let folder = folder();
    let mut server = program(&folder)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(server.stderr.take().unwrap()).lines();
    let url = told.next().unwrap().unwrap();
    assert!(url.contains("http://127.0.0.1:"), "{url}");
    let first = told.next().unwrap().unwrap();
    assert!(first.contains("/setup?code="), "{first}");
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(server.wait().unwrap().success());
}

#[test]
fn a_stranger_under_a_known_name_is_refused_until_trusted() {
    let folder = folder();
    let (first, second) = (key(), key());
    file(&folder, "a.daicho", sealed(&first, 1));
    file(&folder, "b.daicho", sealed(&second, 2));
    run(&folder, &["import", "a.daicho"]);
    let octets = <[u8; 32]>::try_from(second.public_key().as_ref()).unwrap();
    let hex = AgentKey::new(octets).to_string();
    let command = format!("daicho-collector trust east {hex}");
    complains(&run(&folder, &["import", "b.daicho"]), 8, &["east", &command]);
    assert_eq!(run(&folder, &["trust", "east", &hex]).status.code(), Some(0));
    assert_eq!(run(&folder, &["import", "b.daicho"]).status.code(), Some(0));
    assert_eq!(run(&folder, &["trust", "east", "zz"]).status.code(), Some(2));
    file(&folder, "台帳.csv", BOOK);
    let both = run(&folder, &["compare", "--ledger", "台帳.csv", "a.daicho", "b.daicho"]);
    complains(&both, 8, &["east"]);
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

#[test]
fn accounts_are_made_changed_and_let_in_from_the_command_line() {
    let folder = folder();
    let add = run(&folder, &["account", "add", "Kanri", "--role", "administrator"]);
    assert_eq!(add.status.code(), Some(0), "{}", stderr(&add));
    assert!(stdout(&add).starts_with("http://127.0.0.1:8470/login/link?code="), "{}", stdout(&add));
    complains(&run(&folder, &["account", "add", "kanri", "--role", "operator"]), 4, &["kanri"]);
    complains(&run(&folder, &["account", "link", "nobody"]), 4, &["nobody"]);
    complains(&run(&folder, &["account", "close", "kanri"]), 4, &["kanri"]);
    complains(&run(&folder, &["account", "add", "v", "--role", "vendor"]), 4, &["--party"]);
    let vendor = ["account", "add", "v", "--role", "vendor", "--party", "a", "--password-stdin"];
    complains(&run_with(&folder, &vendor, "short\n"), 4, &["13"]);
    let made = run_with(&folder, &vendor, "correct horse battery\n");
    assert_eq!((made.status.code(), stdout(&made).as_str()), (Some(0), ""), "{}", stderr(&made));
    let link = ["account", "link", "v", "--url", "https://daicho.example/"];
    let link = stdout(&run(&folder, &link));
    assert!(link.starts_with("https://daicho.example/login/link?code="), "{link}");
    assert_eq!(run(&folder, &["account", "role", "v", "auditor"]).status.code(), Some(0));
    assert_eq!(run(&folder, &["account", "close", "v"]).status.code(), Some(0));
    let listed = stdout(&run(&folder, &["account", "list"]));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("kanri\t\t管理者\t\t-\tパスワード未設定"), "{listed}");
    assert!(lines[1].starts_with("v\t\t監査者\t\t-\t停止中"), "{listed}");
    // Nothing that would let somebody in lies in the database.
    let octets = std::fs::read(folder.path().join("daicho.db")).unwrap();
    let code = link.trim().rsplit('=').next().unwrap();
    for secret in ["correct horse battery", code, &code.replace('-', "")] {
        assert!(!octets.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn a_token_is_shown_once_listed_and_revoked() {
    let folder = folder();
    run(&folder, &["account", "add", "kanri", "--role", "administrator"]);
    let issued = run(&folder, &["token", "issue", "kanri", "--scope", "read", "--label", "NetBox"]);
    let token = stdout(&issued);
    assert_eq!((token.trim().len(), issued.status.code()), (64, Some(0)), "{}", stderr(&issued));
    let listed = stdout(&run(&folder, &["token", "list"]));
    assert!(listed.starts_with("1\tkanri\tread\t") && listed.contains("NetBox"), "{listed}");
    assert!(!listed.contains(token.trim()));
    assert_eq!(run(&folder, &["token", "revoke", "1"]).status.code(), Some(0));
    complains(&run(&folder, &["token", "revoke", "1"]), 4, &["1", "token list"]);
    complains(&run(&folder, &["token", "issue", "x", "--scope", "read"]), 4, &["x"]);
    let too_much = ["token", "issue", "kanri", "--scope", "everything"];
    assert_eq!(run(&folder, &too_much).status.code(), Some(2));
}

#[test]
fn the_audit_log_has_what_the_command_line_does_and_tells_what_was_tampered_with() {
    let folder = filled();
    run(&folder, &["import", "台帳.csv", "ward.daicho", "--by", "田中"]);
    run(&folder, &["stop", "east", "--by", "田中"]);
    run(&folder, &["account", "add", "kanri", "--role", "administrator"]);
    run(&folder, &["export"]);
    let verified = stdout(&run(&folder, &["verify-log"]));
    let head = verified.lines().nth(1).unwrap().to_owned();
    let database = || rusqlite::Connection::open(folder.path().join("daicho.db")).unwrap();
    let deeds: Vec<String> = (database().prepare("SELECT deed || ' ' || who FROM audit").unwrap())
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let starts = ["book_imported 田中", "batches_imported 田中", "agent_stopped 田中"];
    assert_eq!(deeds[..3], starts);
    assert!(deeds[3].starts_with("account_added") && deeds[4].starts_with("link_made"));
    assert!(deeds[5].starts_with("exported") && head.starts_with("6:"), "{deeds:?} {head}");

    let whole = std::fs::read(folder.path().join("daicho.db")).unwrap();
    let tamper = |sql: &str| {
        let connection = database();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let output = run(&folder, &["verify-log", "--head", &head]);
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("daicho.db{ending}")));
        }
        file(&folder, "daicho.db", &whole);
        output
    };
    let put_in = "UPDATE audit SET number = -number WHERE number > 2;
        UPDATE audit SET number = 1 - number WHERE number < 0;
        INSERT INTO audit SELECT 3, at, who, address, deed, about, digest FROM audit WHERE number = 1";
    let moved = "UPDATE audit SET number = 100 WHERE number = 2;
        UPDATE audit SET number = 2 WHERE number = 4; UPDATE audit SET number = 4 WHERE number = 100";
    for (sql, told) in [
        ("UPDATE audit SET who = '鈴木' WHERE number = 3", "3"),
        ("DELETE FROM audit WHERE number = 2", "2"),
        ("DELETE FROM audit WHERE number > 4", "5"),
        (put_in, "3"),
        (moved, "2"),
    ] {
        let sql = format!("PRAGMA ignore_check_constraints = 1; {sql}");
        complains(&tamper(&sql), 8, &[told]);
    }
    assert_eq!(run(&folder, &["verify-log", "--head", &head]).status.code(), Some(0));
    assert_eq!(run(&folder, &["verify-log", "--head", "6:00"]).status.code(), Some(2));
}

#[test]
fn every_help_is_in_both_languages_and_names_the_exit_codes() {
    let folder = folder();
    for command in ["serve", "import", "compare", "export", "trust", "devices"] {
        let output = run(&folder, &[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let told = stdout(&output);
        let usage = told.find("Usage").unwrap();
        assert!(told[..usage].chars().any(|c| c > '\u{3000}'), "{told}");
    }
    let told = stdout(&run(&folder, &["--help"]));
    for code in ["    4  ", "    7  ", "    8  ", "  130  "] {
        assert!(told.contains(code), "{told}");
    }
}

#[test]
fn a_copy_is_made_looked_at_and_put_back_with_the_other_kept() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let copied = run(&folder, &["backup", "copy.db"]);
    assert!(stdout(&copied).contains("観測 2 件"), "{}", stderr(&copied));
    complains(&run(&folder, &["backup", "copy.db"]), 4, &["copy.db"]);
    assert!(run(&folder, &["import", "台帳.csv"]).status.success());
    let sound = run(&folder, &["check", "--lang", "en"]);
    assert!(stdout(&sound).contains("1 versions of books"), "{}", stderr(&sound));
    let back = run(&folder, &["restore", "copy.db", "--lang", "en"]);
    assert!(stdout(&back).contains("0 versions of books"), "{}", stderr(&back));
    let kept = names(folder.path()).into_iter().find(|name| name.starts_with("daicho.db.before-"));
    let kept = run(&folder, &["check", &kept.unwrap(), "--lang", "en"]);
    assert!(stdout(&kept).contains("1 versions of books"), "{}", stderr(&kept));
}

#[test]
fn a_damaged_database_is_told_with_where_and_what_to_do() {
    let folder = filled();
    complains(&run(&folder, &["check"]), 4, &["daicho.db"]);
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let path = folder.path().join("daicho.db");
    let mut octets = std::fs::read(&path).unwrap();
    octets.iter_mut().skip(4096).for_each(|octet| *octet ^= 0x5a);
    std::fs::write(&path, octets).unwrap();
    let told = run(&folder, &["check"]);
    assert!(matches!(told.status.code(), Some(4 | 8)), "{}", stderr(&told));
}

#[test]
fn copies_in_a_folder_are_named_by_the_time_and_the_oldest_go() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let into = folder.path().join("copies");
    std::fs::create_dir(&into).unwrap();
    std::fs::write(into.join("daicho-20200101-000000.db"), "").unwrap();
    let copied = run(&folder, &["backup", "--into", "copies", "--keep", "1"]);
    assert!(stdout(&copied).contains("daicho-20200101-000000.db"), "{}", stderr(&copied));
    assert_eq!(names(&into).len(), 1);
}

#[test]
fn the_doctor_tells_what_is_wrong_and_ends_with_one() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    file(&folder, "free.toml", "listen = \"127.0.0.1:0\"\n");
    let well = run(&folder, &["doctor", "--config", "free.toml"]);
    assert!(well.status.success(), "{}{}", stdout(&well), stderr(&well));
    assert!(stdout(&well).contains("[注意] 台帳"), "{}", stdout(&well));

    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("listen = \"{}\"\n", holder.local_addr().unwrap());
    // Somebody who hangs up without an answer.
    std::thread::spawn(move || drop(holder.accept()));
    file(&folder, "taken.toml", taken);
    let ill = run(&folder, &["doctor", "--config", "taken.toml", "--json", "--lang", "en"]);
    assert_eq!(ill.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_str(&stdout(&ill)).unwrap();
    let bad: Vec<_> = told.as_array().unwrap().iter().filter(|one| one["state"] == "bad").collect();
    assert_eq!(bad.len(), 1, "{told}");
    assert_eq!(bad[0]["subject"], "port of the pages");
}
