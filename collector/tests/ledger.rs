//! The commands of the ledger in the built program, from a proposal to the hospital's own file back.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const BOOK: &str =
    "呼び名,管理番号,線番,状態\r\n受付端末,A-1,00-1A-2B-00-00-07,使用中\r\n検査端末,A-2,,\r\n";

/// Runs a command, expects this exit code, and gives what it printed: data, then talk.
#[track_caller]
fn run(folder: &TempDir, code: i32, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daicho-collector"));
    command.current_dir(folder.path()).env("USER", "tanaka").env_remove("SUDO_USER");
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    let (data, talk) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{data}\n{talk}");
    (data, talk)
}

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_proposal_is_changed_by_a_person_used_kept_and_used_again() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "台帳.csv", BOOK);
    let (text, _) = run(&folder, 0, &["ledger", "propose", "台帳.csv"]);
    assert!(text.contains("管理番号 → 管理番号 (見出しから) A-1 | A-2"), "{text}");
    let (toml, _) = run(&folder, 0, &["ledger", "propose", "台帳.csv", "--format", "toml"]);
    let said = toml
        .replace("{ heading = \"呼び名\" }", "{ heading = \"呼び名\", field = \"name\" }")
        .replace("{ heading = \"線番\" }", "{ heading = \"線番\", field = \"mac\" }");
    assert_ne!(said, toml);
    write(&folder, "列.toml", &said);
    let import = ["ledger", "import", "台帳.csv", "--profile", "列.toml", "--why", "初回"];
    let (text, _) = run(&folder, 0, &import);
    assert!(text.contains("追加 2"), "{text}");
    // The same headings again, under another name and by the plain command.
    write(&folder, "別館.csv", &BOOK.replace(",A-", ",B-").replace("07", "08"));
    run(&folder, 0, &["import", "別館.csv"]);
    let export = ["export", "--what", "ledger", "--format", "json"];
    let (json, _) = run(&folder, 0, &export);
    assert!(json.contains("00:1a:2b:00:00:08") && json.contains("00:1a:2b:00:00:07"), "{json}");

    write(&folder, "二重.toml", &said.replace("\"asset_number\"", "\"name\""));
    let refused = ["ledger", "import", "台帳.csv", "--profile", "二重.toml"];
    let (_, talk) = run(&folder, 3, &refused);
    assert!(talk.contains("呼び名") && talk.lines().count() == 2, "{talk}");
    write(&folder, "別.toml", &said.replace("呼び名", "別の見出し"));
    let (_, talk) = run(&folder, 3, &["ledger", "preview", "台帳.csv", "--profile", "別.toml"]);
    assert!(talk.contains("別の見出し"), "{talk}");
}

#[test]
fn what_was_changed_beside_the_book_is_previewed_told_and_given_back_in_the_hospitals_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = "管理番号,機器名,設置場所\r\nA-1,受付端末,1階\r\nA-2,検査端末,2階\r\n";
    write(&folder, "台帳.csv", text);
    let (shown, _) = run(&folder, 0, &["ledger", "preview", "台帳.csv"]);
    assert!(shown.contains("追加 2") && !folder.path().join("daicho.db").exists(), "{shown}");
    run(&folder, 0, &["ledger", "import", "台帳.csv", "--by", "田中"]);
    let set =
        ["ledger", "set", "台帳.csv", "2", "location", "3階", "--by", "佐藤", "--why", "移設"];
    let (told, _) = run(&folder, 0, &set);
    assert!(told.contains("設置場所: \"1階\" → \"3階\""), "{told}");
    run(&folder, 0, &["ledger", "add", "台帳.csv", "管理番号=A-3", "name=見つかった機器"]);
    let (history, _) = run(&folder, 0, &["ledger", "history", "A-1"]);
    assert!(history.contains("佐藤 A-1 [変更] 移設") && history.contains("田中"), "{history}");
    let (_, talk) = run(&folder, 4, &["ledger", "retire", "台帳.csv", "2"]);
    assert!(talk.contains("状態の列"), "{talk}");

    run(&folder, 0, &["ledger", "export", "台帳.csv", "-o", "戻り.csv"]);
    let back = read(&folder.path().join("戻り.csv"));
    assert_eq!(
        back.trim_start_matches('\u{feff}'),
        "管理番号,機器名,設置場所\r\nA-1,受付端末,3階\r\nA-2,検査端末,2階\r\nA-3,見つかった機器,\r\n"
    );
    write(&folder, "台帳.csv", &text.replace("1階", "9階"));
    let (shown, _) = run(&folder, 0, &["ledger", "preview", "台帳.csv"]);
    assert!(
        shown.contains("食い違い") && shown.contains("3階") && shown.contains("9階"),
        "{shown}"
    );
    let (_, talk) = run(&folder, 4, &["import", "台帳.csv"]);
    assert!(talk.contains("--prefer"), "{talk}");
    std::fs::rename(folder.path().join("戻り.csv"), folder.path().join("台帳.csv")).unwrap();
    let (told, _) = run(&folder, 0, &["ledger", "import", "台帳.csv"]);
    assert!(told.contains("追加 0、変更 0、廃棄 0、削除 0、変更なし 3"), "{told}");
    let (told, _) = run(&folder, 0, &["ledger", "import", "台帳.csv"]);
    assert_eq!(told.lines().count(), 1, "{told}");
    write(&folder, "別.csv", "管理番号,機器名,IPアドレス\r\nB-1,端末,10.0.0.300\r\n※注,,\r\n");
    let (told, _) = run(&folder, 0, &["ledger", "import", "別.csv"]);
    assert!(told.contains("10.0.0.300") && told.contains("※注"), "{told}");
    let (_, talk) = run(&folder, 4, &["ledger", "export", "無い.csv", "-o", "x.csv"]);
    assert!(talk.contains("無い.csv"), "{talk}");
}

#[test]
fn what_stands_beside_the_ledger_goes_in_and_out_and_is_checked_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/register/sample.toml");
    let sample = sample.to_str().unwrap();
    let (told, _) = run(&folder, 0, &["register", "import", sample, "--why", "契約更新"]);
    assert!(told.contains("矛盾はありません"), "{told}");
    let (toml, _) = run(&folder, 0, &["register", "export"]);
    write(&folder, "戻り.toml", &toml);
    let (told, _) = run(&folder, 0, &["register", "import", "戻り.toml"]);
    assert!(told.contains("追加 0、変更 0"), "{told}");
    write(&folder, "台帳.csv", "管理番号,機器名,型番\r\nME-0001,CT装置,CT-900\r\n");
    run(&folder, 0, &["import", "台帳.csv"]);
    let (told, _) = run(&folder, 0, &["register", "check"]);
    assert!(told.contains("管理番号「SV-0001」が台帳にありません"), "{told}");
    let (told, _) = run(&folder, 0, &["register", "sheet", "ct"]);
    assert!(told.contains("架空販売") && told.contains("ME-0001 CT装置 CT-900"), "{told}");
    let (told, _) = run(&folder, 0, &["register", "contacts"]);
    assert!(told.starts_with("架空販売\t当直窓口"), "{told}");
    run(&folder, 0, &["register", "remove", "service", "chat", "--why", "解約"]);
    let (told, _) = run(&folder, 0, &["register", "history", "chat"]);
    assert!(told.contains("契約更新") && told.contains("解約"), "{told}");
    write(&folder, "悪い.toml", "[[party]]\nid = \"\"\nname = \"x\"\nroles = []\n");
    let (_, talk) = run(&folder, 4, &["register", "import", "悪い.toml"]);
    assert_eq!(talk.lines().count(), 2, "{talk}");
    write(&folder, "悪い.toml", "[[partei]]\n");
    let (_, talk) = run(&folder, 3, &["register", "import", "悪い.toml"]);
    assert!(talk.contains("partei"), "{talk}");
    run(&folder, 4, &["register", "sheet", "無い"]);
}
