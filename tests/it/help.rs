//! What `--help` prints, word for word. `DAICHO_BLESS=1` takes what is printed now for right.

use std::path::Path;
use std::process::Command;

/// Every command below this one, as its arguments name it; first the program itself.
fn names(command: &clap::Command, above: &str) -> Vec<String> {
    let below = command.get_subcommands().filter(|one| one.get_name() != "help");
    let below = below.flat_map(|one| names(one, &format!("{above} {}", one.get_name())));
    std::iter::once(above.trim().to_owned()).chain(below).collect()
}

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
    let programs = [
        ("daicho-agent", daicho_agent::cli::command()),
        ("daicho-collector", daicho_collector::cli::command()),
    ];
    for (program, whole) in programs {
        for command in names(&whole, "") {
            let mut run = Command::new(folder.join(program));
            run.args(command.split_whitespace()).arg("--help").env("COLUMNS", "100");
            let output = run.output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{program} {command}");
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(
                printed.contains("終了コード") || !command.is_empty(),
                "{program} does not tell its exit codes"
            );
            wrong.extend(check(program, &command, &printed).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
