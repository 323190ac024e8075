//! Configurations, databases and ports that cannot be used.

use super::*;

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
    // What a person presses, and what systemd sends.
    for signal in ["-INT", "-TERM"] {
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
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert!(server.wait().unwrap().success(), "{signal}");
    }
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
