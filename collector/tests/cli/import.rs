//! What is taken in, what is refused, and what comes out again.

use super::*;

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
