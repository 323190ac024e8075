//! The Debian packages: the two programs with their manuals, completions, units and samples.
//!
//! The same sources give the same octets: times are those of the latest commit, owners are root, and
//! nothing of the machine that built them goes in.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

mod control;
mod manual;
mod tree;

use tree::Tree;

/// A package to build.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Its name, that of its program, and that of the system user it runs as.
    pub name: &'static str,
    /// The sample configuration, under `config/`; installed under `/etc/daicho`.
    pub sample: &'static str,
    /// A line of the sample, and what stands there where it is installed: the place of the service's
    /// state, so that commands beside the service look there, too.
    pub place: [&'static str; 2],
    /// Its files under `config/systemd`.
    pub units: &'static [&'static str],
    /// The first line of its description.
    pub about: &'static str,
    /// The rest of its description.
    pub more: &'static str,
    /// Packages that it needs besides the C library.
    pub needs: &'static [&'static str],
    /// Packages without which something of it does not work.
    pub better_with: &'static [&'static str],
    command: fn() -> clap::Command,
}

/// Both of them.
pub const PACKAGES: [Package; 2] = [
    Package {
        name: "daicho-agent",
        sample: "agent.toml",
        place: ["#state = \"/var/lib/daicho\"\n", "state = \"/var/lib/daicho-agent\"\n"],
        units: &["daicho-agent.service", "daicho-agent.sysusers.conf"],
        about: "finds the devices of declared networks, harmlessly",
        more: "Daicho's agent asks on the networks that its configuration declares, by ARP, ICMP,\n \
               SNMP, DNS-SD and gentle questions to services, and writes what answered to signed\n \
               files or delivers it to a collector. Nothing is scanned that was not declared.",
        needs: &["adduser | systemd"],
        better_with: &[],
        command: daicho_agent::cli::command,
    },
    Package {
        name: "daicho-collector",
        sample: "collector.toml",
        place: [
            "\ndatabase = \"daicho.db\"\n",
            "\ndatabase = \"/var/lib/daicho-collector/daicho.db\"\n",
        ],
        units: &[
            "daicho-collector.service",
            "daicho-collector-backup.service",
            "daicho-collector-backup.timer",
            "daicho-collector-retain.service",
            "daicho-collector-retain.timer",
            "daicho-collector.sysusers.conf",
        ],
        about: "holds discovered devices against a hospital's ledger",
        more: "Daicho's collector keeps what agents saw, resolves it into devices, holds them\n \
               against the hospital's own ledger, and tells what differs, with the evidence, on\n \
               pages and in reports, in Japanese and English.",
        needs: &["adduser | systemd"],
        better_with: &["ca-certificates", "fonts-ipaexfont-gothic", "ieee-data"],
        command: daicho_collector::cli::command,
    },
];

/// Builds release programs and both packages into the folder `to`, and prints their names.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what the command prints")]
pub fn run(root: &Path, to: &Path) -> bool {
    let built = release(root).and_then(|programs| {
        PACKAGES
            .iter()
            .map(|package| build(package, root, &programs, to, "xz"))
            .collect::<Result<Vec<_>>>()
    });
    match built {
        Ok(files) => {
            for file in &files {
                println!("{}", file.display());
            }
            true
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            false
        }
    }
}

fn release(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked"])
        .args(PACKAGES.iter().flat_map(|package| ["--package", package.name]))
        .current_dir(root)
        .status()
        .context("cargo did not start")?;
    ensure!(status.success(), "the programs do not build");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release"))
}

/// Builds one package from the programs in the folder `programs` into the folder `to`, compressed as
/// dpkg-deb(1) calls it. Returns the file.
///
/// # Errors
/// If a file is missing or dpkg-deb fails.
pub fn build(
    package: &Package,
    root: &Path,
    programs: &Path,
    to: &Path,
    compression: &str,
) -> Result<PathBuf> {
    std::fs::create_dir_all(to)?;
    // Beside the package: who builds it in memory builds all of it there.
    let folder = tempfile::tempdir_in(to)?;
    let tree = Tree::new(folder.path());
    let program = programs.join(package.name);
    tree.copy(&program, &format!("usr/bin/{}", package.name), 0o755)?;
    let sample = sample(package, root)?;
    tree.write(&format!("etc/daicho/{}", package.sample), sample.as_bytes(), 0o640)?;
    for unit in package.units {
        tree.copy(&root.join("config/systemd").join(unit), &unit_path(unit), 0o644)?;
    }
    manual::pages(&tree, (package.command)())?;
    manual::completions(&tree, (package.command)(), package.name)?;
    tree.write(
        &format!("usr/share/doc/{}/copyright", package.name),
        &control::copyright(root)?,
        0o644,
    )?;
    let changes = std::fs::read(root.join("CHANGELOG.md"))?;
    tree.write(&format!("usr/share/doc/{}/CHANGELOG.md", package.name), &changes, 0o644)?;
    control::write(&tree, package, &program)?;

    let file =
        to.join(format!("{}_{}_{}.deb", package.name, control::VERSION, control::architecture()?));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--root-owner-group", &format!("-Z{compression}"), "--build"]).arg(folder.path());
    dpkg.arg(&file).env("SOURCE_DATE_EPOCH", latest_commit(root));
    let output = dpkg.output().context("dpkg-deb did not start (is this Debian?)")?;
    ensure!(output.status.success(), "dpkg-deb: {}", String::from_utf8_lossy(&output.stderr));
    Ok(file)
}

/// The sample configuration as it is installed.
fn sample(package: &Package, root: &Path) -> Result<String> {
    let text = std::fs::read_to_string(root.join("config").join(package.sample))?;
    let [sample, installed] = package.place;
    ensure!(text.matches(sample).count() == 1, "{} does not say {sample:?} once", package.sample);
    Ok(text.replace(sample, installed))
}

/// Where a file of `config/systemd` goes (systemd.unit(5), sysusers.d(5)).
fn unit_path(unit: &str) -> String {
    unit.strip_suffix(".sysusers.conf").map_or_else(
        || format!("usr/lib/systemd/system/{unit}"),
        |name| format!("usr/lib/sysusers.d/{name}.conf"),
    )
}

/// When the latest commit was made, in seconds since the epoch; 0 outside a repository.
fn latest_commit(root: &Path) -> String {
    let log = Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root).output();
    log.ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "0".to_owned())
}
