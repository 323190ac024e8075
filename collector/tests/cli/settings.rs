//! Settings taken in from a file, and printed again.

use super::*;

const HOOK: &str = "https://hooks.example.jp/services/T0/B1/letmein";

#[test]
fn a_url_that_lets_messages_in_is_nowhere_in_the_clear_once_it_was_imported() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let text = format!("[[notify]]\nname = \"chat\"\nkind = \"webhook\"\nurl = \"{HOOK}\"\n");
    file(&folder, "settings.toml", text);
    let taken = run(&folder, &["settings", "import", "settings.toml", "--why", "初期設定"]);
    assert!(taken.status.success(), "{}", stderr(&taken));
    for command in ["export", "history"] {
        let told = stdout(&run(&folder, &["settings", command]));
        assert!(told.contains("https://hooks.example.jp") && !told.contains("letmein"), "{told}");
    }
    for name in names(folder.path()).iter().filter(|name| name.starts_with("daicho.db")) {
        let octets = std::fs::read(folder.path().join(name)).unwrap();
        assert!(!octets.windows(7).any(|part| part == b"letmein"), "{name}");
    }
    let secrets = stdout(&run(&folder, &["secret", "list"]));
    assert!(secrets.contains("notify.url.chat"), "{secrets}");
    // What was printed can be taken in again, and changes nothing.
    file(&folder, "again.toml", run(&folder, &["settings", "export"]).stdout);
    let again = run(&folder, &["settings", "import", "again.toml", "--lang", "en"]);
    assert!(again.status.success() && stdout(&again).contains('1'), "{}", stderr(&again));
}

#[test]
fn a_url_that_is_none_is_refused_and_nothing_is_kept() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    file(
        &folder,
        "settings.toml",
        "[[notify]]\nname = \"chat\"\nkind = \"webhook\"\nurl = \"http://x\"\n",
    );
    let refused = run(&folder, &["settings", "import", "settings.toml"]);
    complains(&refused, 3, &["settings.toml", "chat", "url"]);
    assert_eq!(stdout(&run(&folder, &["settings", "history"])), "");
    assert!(!stdout(&run(&folder, &["secret", "list"])).contains("notify.url.chat"));
}
