//! Reports, snapshots and contractors' answers in the built program.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::process::{Command, Stdio};

use tempfile::TempDir;

const BOOK: &str = "管理番号,機器名,型番,IPアドレス,版,状態\r\n\
    ME-0001,CT装置,CT-900,10.20.0.1,2.1,使用中\r\n\
    SV-0001,電子カルテ,SV-1,10.20.0.2,,使用中\r\n\
    PC-0101,受付端末,PC-7,10.20.0.3,,使用中\r\n";
const REGISTER: &str = include_str!("../../config/register/sample.toml");

/// Runs a command, expects this exit code, and gives what it printed: data, then talk.
#[track_caller]
fn run(folder: &TempDir, code: i32, arguments: &[&str]) -> (Vec<u8>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daicho-collector"));
    command.current_dir(folder.path()).env("USER", "tanaka").env_remove("SUDO_USER");
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{talk}");
    (output.stdout, talk)
}

#[track_caller]
fn text(folder: &TempDir, arguments: &[&str]) -> String {
    String::from_utf8(run(folder, 0, arguments).0).unwrap()
}

fn hospital() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("台帳.csv"), BOOK).unwrap();
    std::fs::write(folder.path().join("register.toml"), REGISTER).unwrap();
    run(&folder, 0, &["import", "台帳.csv"]);
    run(&folder, 0, &["register", "import", "register.toml", "--why", "初回"]);
    folder
}

#[test]
fn every_report_that_is_listed_is_made_in_both_languages() {
    let folder = hospital();
    run(&folder, 0, &["snapshot", "take", "--why", "前"]);
    run(&folder, 0, &["register", "remove", "byod", "tablet-1", "--why", "返却"]);
    run(&folder, 0, &["snapshot", "take", "--why", "後"]);
    let list = text(&folder, &["report", "list"]);
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(names.len(), 10, "{list}");
    let made = |name: &str, lang: &str, format: &str| {
        let file = format!("{name}-{lang}.{format}");
        let mut line = vec!["report", name, "--lang", lang, "--format", format, "-o", &file];
        if name == "vendor" {
            line.extend(["--contract", "ct"]);
        }
        run(&folder, 0, &line);
        std::fs::read(folder.path().join(&file)).unwrap()
    };
    for name in names {
        assert!(made(name, "ja", "pdf").starts_with(b"%PDF"), "{name}");
        assert!(made(name, "en", "xlsx").starts_with(b"PK"), "{name}");
    }
    // That each is the same twice over is shown without a process of its own, in `report::set`.
    assert!(made("devices", "ja", "pdf") == made("devices", "ja", "pdf"));
    let changes = String::from_utf8(made("changes", "ja", "csv")).unwrap();
    assert!(changes.contains("byod tablet-1") && changes.contains("返却"), "{changes}");
    let (_, talk) = run(&folder, 2, &["report", "everything"]);
    assert!(talk.contains("undocumented"), "{talk}");
    let (_, talk) = run(&folder, 4, &["report", "vendor", "--contract", "nobody", "-o", "x"]);
    assert!(talk.contains("nobody") && talk.lines().count() == 2, "{talk}");
    let (_, talk) = run(&folder, 4, &["report", "devices", "--format", "svg", "-o", "x"]);
    assert_eq!(talk.lines().count(), 2, "{talk}");
    std::fs::write(folder.path().join("c.toml"), "report_font = \"/nowhere.ttf\"\n").unwrap();
    let line = ["report", "devices", "--format", "pdf", "-o", "x", "--config", "c.toml"];
    let (_, talk) = run(&folder, 3, &line);
    assert!(talk.contains("/nowhere.ttf") && talk.contains("report_font"), "{talk}");
    assert!(!folder.path().join("x").exists());
}

#[test]
fn a_snapshot_is_signed_listed_compared_and_found_out_when_it_was_altered() {
    let folder = hospital();
    let said = text(&folder, &["snapshot", "take", "--by", "田中", "--why", "立入検査前"]);
    assert!(said.starts_with("スナップショット 1 "), "{said}");
    let report = ["report", "devices", "--snapshot", "1", "--format", "csv"];
    let once = run(&folder, 0, &report).0;
    assert_eq!(run(&folder, 0, &report).0, once);
    run(&folder, 0, &["ledger", "set", "台帳.csv", "2", "版", "3.0", "--why", "更新"]);
    run(&folder, 4, &report);
    run(&folder, 0, &["snapshot", "take", "--by", "佐藤"]);
    let diff = text(&folder, &["snapshot", "diff"]);
    assert_eq!(diff, "~ row\tasset_number=me-0001\tCT装置\tversion\t2.1\t3.0\n");
    let list = text(&folder, &["snapshot", "list"]);
    assert_eq!(list.matches("署名は正しい").count(), 2, "{list}");
    assert!(list.contains("田中") && list.contains("立入検査前"), "{list}");
    let database = rusqlite::Connection::open(folder.path().join("daicho.db")).unwrap();
    database.execute("UPDATE snapshot SET taken_by = '誰か' WHERE id = 1", []).unwrap();
    let list = text(&folder, &["snapshot", "list"]);
    assert!(list.contains("署名と合いません"), "{list}");
    let (_, talk) = run(&folder, 8, &["snapshot", "diff", "1", "2"]);
    assert!(talk.contains("スナップショット 1"), "{talk}");
}

#[test]
fn a_contractors_list_that_nobody_filled_in_is_refused_and_nothing_is_changed() {
    let folder = hospital();
    run(&folder, 0, &["report", "vendor", "--contract", "ct", "-o", "一覧.xlsx"]);
    let (_, talk) = run(&folder, 4, &["register", "answers", "一覧.xlsx", "--apply"]);
    assert!(talk.contains("回答者"), "{talk}");
    let (_, talk) = run(&folder, 4, &["register", "answers", "台帳.csv"]);
    assert!(talk.contains("契約"), "{talk}");
}

/// The list of a contract as the contractor sends it back, with these answers for one device.
fn filled(folder: &TempDir, contract: &str, (number, answers): (&str, &str)) -> String {
    let list = text(folder, &["report", "vendor", "--contract", contract, "--format", "csv"]);
    let line = |line: &str| match line {
        "回答者（会社名・氏名）," => format!("{line}架空販売 山田"),
        "回答日," => format!("{line}令和8年12月1日"),
        row if row.starts_with(number) => {
            // The last six columns are for answers.
            let known = row.rsplitn(7, ',').last().unwrap();
            format!("{known},{answers}")
        }
        other => other.to_owned(),
    };
    list.trim_start_matches('\u{feff}').lines().map(line).collect::<Vec<_>>().join("\r\n")
}

#[test]
fn what_a_contractor_filled_in_is_shown_first_and_then_taken_over_as_a_whole() {
    let folder = hospital();
    let answers = ("ME-0001", "有,3.0,無,2026-11-30,否,来年更新");
    let back = filled(&folder, "ct", answers);
    // As a contractor's spreadsheet saves it.
    let (octets, _, lost) = encoding_rs::SHIFT_JIS.encode(&back);
    assert!(!lost, "{back}");
    std::fs::write(folder.path().join("回答.csv"), octets).unwrap();
    let shown = text(&folder, &["register", "answers", "回答.csv"]);
    assert!(shown.contains("違い 6 件") && shown.contains("2.1 → 3.0"), "{shown}");
    assert!(text(&folder, &["register", "export"]).contains("done = true"));
    let taken = text(&folder, &["register", "answers", "--apply", "--by", "佐藤", "回答.csv"]);
    assert!(taken.contains("台帳の変更 1 件、登録簿の記録 3 件"), "{taken}");
    let register = text(&folder, &["register", "export"]);
    for part in ["received_on = \"2026-11-30\"", "架空販売 山田", "id = \"answer-ct-2026-12-01\""]
    {
        assert!(register.contains(part), "{part}\n{register}");
    }
    let history = text(&folder, &["ledger", "history", "ME-0001"]);
    assert!(history.contains("3.0") && history.contains("架空販売 山田"), "{history}");
    // A second time only what is no field of a record differs, and the record stays whole.
    let again = text(&folder, &["register", "answers", "--apply", "回答.csv"]);
    assert!(again.contains("違い 3 件") && again.contains("台帳の変更 0 件"), "{again}");
    assert!(text(&folder, &["register", "export"]).contains("現在の版: 3.0"));
}

#[test]
fn a_version_that_the_ledger_has_no_column_for_stays_the_contractors_word() {
    let folder = hospital();
    let book = BOOK.replace(",版", "").replace(",2.1", "").replace(",,使用中", ",使用中");
    std::fs::write(folder.path().join("台帳.csv"), book).unwrap();
    run(&folder, 0, &["import", "台帳.csv"]);
    let back = filled(&folder, "ct", ("ME-0001", ",3.0,,,,"));
    std::fs::write(folder.path().join("回答.csv"), back).unwrap();
    let taken = text(&folder, &["register", "answers", "--apply", "回答.csv"]);
    assert!(taken.contains("台帳の変更 0 件、登録簿の記録 1 件"), "{taken}");
    assert!(text(&folder, &["register", "export"]).contains("現在の版: 3.0"));
}

#[test]
fn a_head_office_takes_in_what_a_site_signed_once_it_was_told_by_which_key() {
    let (site, office) = (hospital(), tempfile::tempdir().unwrap());
    let key = text(&site, &["snapshot", "key"]).split('（').next().unwrap().to_owned();
    run(&site, 0, &["snapshot", "take", "--why", "1月"]);
    run(&site, 0, &["snapshot", "export", "-o", "old.snapshot"]);
    run(&site, 0, &["register", "remove", "byod", "tablet-1"]);
    run(&site, 0, &["snapshot", "take", "--why", "2月"]);
    run(&site, 0, &["snapshot", "export", "-o", "new.snapshot"]);
    let of = |name: &str| site.path().join(name).to_str().unwrap().to_owned();
    let (old, new) = (of("old.snapshot"), of("new.snapshot"));
    let import = |code: i32, file: &str| {
        let (_, talk) = run(&office, code, &["snapshot", "import", file, "--site", "東"]);
        let lines = if code == 0 { 0 } else { 2 };
        assert_eq!(talk.lines().count(), lines, "one sentence in each language\n{talk}");
        talk
    };
    assert!(import(8, &old).contains(&key), "it says what to compare and to run");
    run(&office, 0, &["snapshot", "trust", "東", &key]);
    import(0, &old);
    assert!(import(4, &old).contains("取り込み済み"));
    import(0, &new);
    assert!(import(4, &old).contains("新しい"));
    let whole = std::fs::read(&new).unwrap();
    let bad = |name: &str, octets: &[u8]| {
        std::fs::write(office.path().join(name), octets).unwrap();
        name.to_owned()
    };
    import(8, &bad("cut", &whole[..whole.len() - 1]));
    let altered = String::from_utf8(whole).unwrap().replace("CT装置", "MR装置");
    import(8, &bad("altered", altered.as_bytes()));
    import(4, &bad("other", b"PK\x03\x04"));
    let huge = std::fs::File::create(office.path().join("huge")).unwrap();
    huge.set_len((1 << 30) + 1).unwrap();
    import(4, "huge");
    let foreign = hospital();
    run(&foreign, 0, &["snapshot", "take"]);
    run(&foreign, 0, &["snapshot", "export", "-o", "f.snapshot"]);
    let foreign = foreign.path().join("f.snapshot").to_str().unwrap().to_owned();
    assert!(import(8, &foreign).contains("登録済みの鍵"));
    let sites = text(&office, &["snapshot", "sites"]);
    assert_eq!(sites.lines().count(), 2, "{sites}");
    let diff = text(&office, &["snapshot", "diff", "--site", "東"]);
    assert!(diff.contains("- record\tbyod tablet-1"), "{diff}");
    // Nothing of it is this collector's own.
    assert!(text(&office, &["snapshot", "list"]).contains("まだありません"));
    run(&site, 0, &["snapshot", "trust", "東", &key]);
    let (_, talk) = run(&site, 4, &["snapshot", "import", "new.snapshot", "--site", "東"]);
    assert!(talk.contains("自身のもの"), "{talk}");
}
