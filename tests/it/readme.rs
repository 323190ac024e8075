//! The commands that the README tells people to type, typed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use daicho_tests::netns::{self, Namespace, cable};
use daicho_tests::sim::{Ground, Hospital, book};

/// The lines of `file` that begin with a prompt, without it.
fn commands(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file));
    let text = text.unwrap();
    text.lines().filter_map(|line| line.trim().strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
fn both_readmes_begin_with_the_demo_and_tell_the_same_commands() {
    let english = commands("README.md");
    assert_eq!(english, commands("README.ja.md"));
    assert_eq!(english[..2], ["cargo demo", "cargo verify"]);
    assert_eq!(english[2], "cargo build --release", "what follows runs what this builds");
    let programs = ["target/release/daicho-", "sudo target/release/daicho-"];
    assert!(english[3..].iter().all(|line| programs.iter().any(|p| line.starts_with(p))));
}

/// A namespace with a link to another in which nobody answers: 10.20.0.0/24.
fn quiet_ward() -> (Namespace, Namespace) {
    let agent = Namespace::create(netns::name("readme", "agent")).unwrap();
    let ward = Namespace::create(netns::name("readme", "ward")).unwrap();
    cable((&agent, "eth0"), (&ward, "eth0")).unwrap();
    agent.ip(&["addr", "add", "10.20.0.9/24", "dev", "eth0"]).unwrap();
    (agent, ward)
}

/// Runs a line as a person would, with the programs that were built for the tests.
fn shell(place: &Namespace, folder: &Path, line: &str, at: &Path) -> Command {
    let line = line.trim_start_matches("sudo ");
    let line = line.replace("target/release/", &format!("{}/", folder.display()));
    let mut command = place.command("sh").unwrap();
    command.arg("-c").arg(format!("exec {line}")).current_dir(at);
    command.env("XDG_STATE_HOME", at).env_remove("STATE_DIRECTORY");
    command
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    if !netns::may() {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!ci, "skipped, though CI needs it: network namespaces need root");
        println!("skipped: network namespaces need root");
        return;
    }
    let folder = crate::built::folder();
    let (agent, _ward) = quiet_ward();
    let at = tempfile::tempdir().unwrap();
    let (workbook, _) = book::workbook(&Hospital::furnish(1, Ground::Wire), "台帳.xlsx").unwrap();
    std::fs::write(at.path().join("台帳.xlsx"), workbook).unwrap();
    let lines = commands("README.md").split_off(3);
    let (serve, once): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.contains("daicho-collector serve"));
    for line in once {
        let output = shell(&agent, &folder, line, at.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        if line.contains("compare") {
            let table = String::from_utf8(output.stdout).unwrap();
            assert!(table.contains("台帳のみ・未検出"), "{table}");
        }
    }
    for line in serve {
        let mut server = shell(&agent, &folder, line, at.path());
        let mut server = server.stderr(Stdio::piped()).spawn().unwrap();
        let mut talk = BufReader::new(server.stderr.take().unwrap()).lines();
        let url = talk.by_ref().map_while(Result::ok).find(|said| said.contains("http://"));
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(url.is_some(), "{line} prints no address");
    }
}
