//! Notifications, secrets and exports by the built program.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const SECRET: &str = "hunter2-s3cr3t";

fn run(folder: &TempDir, arguments: &[&str], line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daicho-collector"));
    let mut child = command
        .current_dir(folder.path())
        .args(arguments)
        .env("USER", "tanaka")
        .env_remove("SUDO_USER")
        .env_remove("CREDENTIALS_DIRECTORY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that asks for nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn files_with(folder: &TempDir, word: &str) -> usize {
    let files = std::fs::read_dir(folder.path()).unwrap();
    files
        .filter(|file| {
            let octets = std::fs::read(file.as_ref().unwrap().path()).unwrap_or_default();
            octets.windows(word.len()).any(|part| part == word.as_bytes())
        })
        .count()
}

#[test]
fn a_secret_is_set_listed_used_replaced_and_removed_and_shown_by_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "listen = \"127.0.0.1:0\"\n[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://{}/in\"\nkey = {{ secret = \"hook-key\" }}\n",
        hook.local_addr().unwrap()
    );
    std::fs::write(folder.path().join("c.toml"), config).unwrap();
    let with = ["--config", "c.toml"];
    let all = |arguments: &[&str], line: &str| run(&folder, &[arguments, &with].concat(), line);
    let mut said = String::new();
    let mut done = |arguments: &[&str], line: &str, code: i32| {
        let output = all(arguments, line);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        said += &text;
        text
    };
    // Nothing is set yet: the trial says what to do.
    let missing = done(&["notify", "test", "hook"], "", 3);
    assert!(missing.contains("secret set hook-key"), "{missing}");
    done(&["secret", "set", "hook-key"], "", 4);
    done(&["secret", "set", "hook key"], SECRET, 2);
    done(&["secret", "set", "hook-key"], &format!("{SECRET}\n"), 0);
    assert!(done(&["secret", "list"], "", 0).contains("hook-key"));
    let served = std::thread::spawn(move || {
        let (mut stream, _) = hook.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut asked = Vec::new();
        let mut part = [0; 1024];
        while !String::from_utf8_lossy(&asked).contains("\"events\"") {
            let count = stream.read(&mut part).unwrap();
            asked.extend_from_slice(part.get(..count).unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        String::from_utf8_lossy(&asked).into_owned()
    });
    done(&["notify", "test", "hook"], "", 0);
    let asked = served.join().unwrap().to_lowercase();
    assert!(
        asked.contains("daicho-signature: t=") && asked.contains("daicho-delivery: "),
        "{asked}"
    );
    // The receiver is gone now.
    let gone = done(&["notify", "test", "hook"], "", 9);
    assert!(gone.contains("hook"), "{gone}");
    done(&["notify", "test", "mail"], "", 3);
    assert!(done(&["notify", "list"], "", 0).contains("webhook"));
    done(&["secret", "rekey"], "", 0);
    done(&["doctor"], "", 0);
    done(&["backup", "copy.db"], "", 0);
    done(&["secret", "remove", "hook-key"], "", 0);
    done(&["secret", "remove", "hook-key"], "", 4);
    let doctor = done(&["doctor"], "", 1);
    assert!(doctor.contains("secret set hook-key"), "{doctor}");
    assert!(!said.contains(SECRET), "{said}");
    assert_eq!(files_with(&folder, SECRET), 0);
    assert!(run(&folder, &["verify-log"], "").status.success());
}

#[test]
fn what_is_taken_along_by_other_programs_is_kept_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("b.csv"),
        "管理番号,機器名,IPアドレス\r\nA-1,受付,10.20.0.7\r\n",
    )
    .unwrap();
    assert!(run(&folder, &["import", "b.csv"], "").status.success());
    let zip = run(&folder, &["export", "netbox", "--site", "中央病院"], "");
    assert!(zip.status.success() && zip.stdout.starts_with(b"PK"), "{}", text(&zip));
    let glpi = run(&folder, &["export", "glpi", "--format", "jsonl", "-o", "glpi.jsonl"], "");
    assert!(glpi.status.success(), "{}", text(&glpi));
    assert!(folder.path().join("glpi.jsonl").exists());
    // The former exports are as they were.
    assert!(run(&folder, &["export", "--what", "ledger"], "").status.success());
    let kept = |word: &str| files_with(&folder, word) > 0;
    assert!(kept("export netbox") && kept("export glpi"), "both stand in the audit log");
}
