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

#[test]
fn a_setting_that_is_taken_out_takes_its_secrets_with_it_unless_another_needs_it() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let network = "[[network]]\nname = \"3F\"\ncidr = \"10.20.0.0/24\"\ncredentials = [\"core\"]\n";
    let text = format!(
        "[[notify]]\nname = \"chat\"\nkind = \"webhook\"\nurl = \"{HOOK}\"\n\n\
         [[credential]]\nname = \"core\"\nversion = \"v2c\"\n\n{network}"
    );
    file(&folder, "settings.toml", text);
    let taken = run(&folder, &["settings", "import", "settings.toml"]);
    assert!(taken.status.success(), "{}", stderr(&taken));
    for name in ["snmp.core", "notify.chat", "elsewhere"] {
        let set = run_with(&folder, &["secret", "set", name], "geheim-1\n");
        assert!(set.status.success(), "{}", stderr(&set));
    }
    let secrets = || stdout(&run(&folder, &["secret", "list"]));
    let remove = |kind: &str, name: &str| run(&folder, &["settings", "remove", kind, name]);
    let needed = remove("credential", "core");
    complains(&needed, 4, &[]);
    assert!(secrets().contains("snmp.core"), "what another setting needs stays: {}", secrets());
    for (kind, name) in [("network", "3F"), ("credential", "core"), ("notify", "chat")] {
        let gone = remove(kind, name);
        assert!(gone.status.success(), "{kind} {}", stderr(&gone));
        complains(&remove(kind, name), 4, &[name]);
    }
    let rest = secrets();
    assert!(rest.contains("elsewhere"), "{rest}");
    for name in ["snmp.core", "notify.chat", "notify.url.chat"] {
        assert!(!rest.contains(name), "{name}: {rest}");
    }
    // Nor is what they were sealed to anywhere in the database.
    let kept = rusqlite::Connection::open(folder.path().join("daicho.db")).unwrap();
    let count = |sql: &str| kept.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM secret"), 1);
    let logged = "SELECT count(*) FROM audit WHERE deed = 'secret_removed'";
    assert_eq!(count(logged), 3);
}
