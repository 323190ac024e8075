//! The Debian packages: built, unpacked, run, and their units judged by systemd.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use daicho_tests::debs::{self, PACKAGES, Package};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The package, and a folder in which it is unpacked.
fn unpacked(package: &Package) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let programs = crate::built::folder();
    let file = debs::build(package, &root(), &programs, folder.path(), "none").unwrap();
    let to = folder.path().join("system");
    ok(Command::new("dpkg-deb").arg("--raw-extract").arg(&file).arg(&to));
    (folder, to)
}

fn ok(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = [output.stdout.clone(), output.stderr.clone()].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
    output
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_package_holds_a_program_that_runs_with_manual_completions_samples_scripts_and_units() {
    for package in &PACKAGES {
        // Unpacked once: programs with debugging information are large.
        let (_folder, system) = unpacked(package);
        runs_with_its_samples_and_scripts(package, &system);
        every_command_has_a_page(package, &system);
        little_is_exposed(package, &system);
    }
}

fn runs_with_its_samples_and_scripts(package: &Package, system: &Path) {
    let name = package.name;
    let version = ok(Command::new(system.join("usr/bin").join(name)).arg("--version"));
    assert!(String::from_utf8(version.stdout).unwrap().starts_with(name));
    for shell in [
        format!("usr/share/bash-completion/completions/{name}"),
        format!("usr/share/zsh/vendor-completions/_{name}"),
        format!("usr/share/fish/vendor_completions.d/{name}.fish"),
    ] {
        let text = std::fs::read_to_string(system.join(&shell)).unwrap();
        assert!(text.contains("config"), "{shell}");
    }
    ok(Command::new("bash")
        .arg("-n")
        .arg(system.join(format!("usr/share/bash-completion/completions/{name}"))));
    for script in ["postinst", "prerm", "postrm"] {
        let script = system.join("DEBIAN").join(script);
        assert_eq!(mode(&script), 0o755);
        ok(Command::new("sh").arg("-n").arg(&script));
    }
    // Communities and passwords may stand in it.
    assert_eq!(mode(&system.join("etc/daicho").join(package.sample)), 0o640);
    let control = std::fs::read_to_string(system.join("DEBIAN/control")).unwrap();
    assert!(control.contains("Depends: libc6 (>= 2."), "{control}");
}

fn every_command_has_a_page(package: &Package, system: &Path) {
    let folder = system.join("usr/share/man/man1");
    let pages: BTreeSet<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let help = ok(Command::new(system.join("usr/bin").join(package.name)).arg("--help"));
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    let mut count = 0;
    for command in commands {
        let page = folder.join(format!("{}-{command}.1", package.name));
        assert!(pages.contains(&page), "{}", page.display());
        count += 1;
    }
    assert!(count >= 5, "{help}");
}

fn little_is_exposed(package: &Package, system: &Path) {
    let units = system.join("usr/lib/systemd/system");
    for unit in package.units.iter().filter(|unit| unit.ends_with(".service")) {
        let text = std::fs::read_to_string(units.join(unit)).unwrap();
        // The program of this unit is where the package puts it.
        let program = text.lines().find_map(|line| line.strip_prefix("ExecStart=/")).unwrap();
        let program = program.split_whitespace().next().unwrap();
        assert!(system.join(program).exists(), "{unit}: {program}");
        // 2.5 of 10: what systemd itself calls "OK" ends at 4.9.
        ok(Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", "--threshold=25"])
            .arg(units.join(unit)));
    }
}

#[test]
fn each_unit_has_its_own_user_a_read_only_system_and_no_privilege_but_the_agents_raw_sockets() {
    for package in &PACKAGES {
        for unit in package.units.iter().filter(|unit| unit.ends_with(".service")) {
            let text = std::fs::read_to_string(root().join("config/systemd").join(unit)).unwrap();
            let said = |key: &str| -> Vec<&str> {
                text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
            };
            let raw = if *unit == "daicho-agent.service" { "CAP_NET_RAW" } else { "" };
            assert_eq!(said("CapabilityBoundingSet"), [raw], "{unit}");
            assert_eq!(said("AmbientCapabilities").concat(), raw, "{unit}");
            assert_eq!(said("User"), [package.name], "{unit}");
            for (key, value) in [
                ("NoNewPrivileges", "yes"),
                ("ProtectSystem", "strict"),
                ("MemoryDenyWriteExecute", "yes"),
                ("UMask", "0077"),
            ] {
                assert_eq!(said(key), [value], "{unit}: {key}");
            }
            assert_eq!(said("SystemCallFilter").first(), Some(&"@system-service"), "{unit}");
        }
    }
}

#[test]
fn the_same_sources_give_the_same_octets() {
    let package = &PACKAGES[0];
    let programs = crate::built::folder();
    let build = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::read(debs::build(package, &root(), &programs, folder.path(), "none").unwrap())
            .unwrap()
    };
    assert!(build() == build());
}

#[test]
fn the_units_start_commands_that_there_are() {
    let programs = crate::built::folder();
    for package in &PACKAGES {
        for unit in package.units.iter().filter(|unit| unit.ends_with(".service")) {
            let text = std::fs::read_to_string(root().join("config/systemd").join(unit)).unwrap();
            let start =
                text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/")).unwrap();
            let mut words = start.split_whitespace();
            let program = programs.join(words.next().unwrap());
            ok(Command::new(program).args(words).arg("--help"));
        }
    }
}
