//! Results held against a ledger without a database.

use super::*;

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
