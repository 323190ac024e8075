//! What `--help` prints, word for word. `DAICHO_BLESS=1` takes what is printed now for right.

use std::path::Path;
use std::process::Command;

/// The programs and their commands, as the first argument names them.
const PAGES: &[(&str, &[&str])] = &[
    ("daicho-agent", &["", "scan", "listen", "send", "enrol", "work", "doctor", "key", "config"]),
    (
        "daicho-collector",
        &[
            "",
            "serve",
            "import",
            "compare",
            "ledger",
            "ledger propose",
            "ledger preview",
            "ledger import",
            "ledger history",
            "ledger set",
            "ledger add",
            "ledger retire",
            "ledger export",
            "register",
            "register import",
            "register export",
            "register check",
            "register sheet",
            "register answers",
            "register contacts",
            "register remove",
            "register history",
            "account",
            "account add",
            "account link",
            "account list",
            "account role",
            "account close",
            "account open",
            "account password",
            "token",
            "token issue",
            "token list",
            "token revoke",
            "verify-log",
            "notify",
            "notify list",
            "notify test",
            "secret",
            "secret set",
            "secret list",
            "secret remove",
            "secret rekey",
            "report",
            "snapshot",
            "snapshot take",
            "snapshot list",
            "snapshot diff",
            "export",
            "export netbox",
            "export glpi",
            "trust",
            "stop",
            "backup",
            "restore",
            "check",
            "doctor",
            "agent",
            "agent invite",
            "agent list",
            "agent revoke",
            "schedule",
            "schedule add",
            "schedule list",
            "schedule remove",
            "schedule plan",
            "scan",
            "scan now",
            "devices",
        ],
    ),
];

fn check(program: &str, command: &str, printed: &str) -> Result<(), String> {
    let name = [program, command].join(" ").trim().replace(' ', "_");
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/help").join(format!("{name}.txt"));
    if std::env::var_os("DAICHO_BLESS").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, printed).unwrap();
        return Ok(());
    }
    match std::fs::read_to_string(&golden) {
        Ok(right) if right == printed => Ok(()),
        Ok(_) => Err(format!("{program} {command} --help prints something else now:\n{printed}")),
        Err(_) => Err(format!("nobody has blessed {program} {command} --help")),
    }
}

#[test]
fn every_help_is_as_it_was_blessed_and_tells_the_exit_codes() {
    let folder = crate::built::folder();
    let mut wrong = Vec::new();
    for (program, commands) in PAGES {
        for command in *commands {
            let mut run = Command::new(folder.join(program));
            run.args(command.split_whitespace()).arg("--help").env("COLUMNS", "100");
            let output = run.output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{program} {command}");
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(
                printed.contains("終了コード") || !command.is_empty(),
                "{program} does not tell its exit codes"
            );
            wrong.extend(check(program, command, &printed).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
