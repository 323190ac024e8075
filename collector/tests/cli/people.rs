//! Accounts, tokens and the audit log.

use super::*;

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
