//! What dpkg reads: who the package is, what it needs, and what is done around its installation
//! (deb-control(5), deb-postinst(5)).

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Package;
use super::tree::Tree;

/// The version of the workspace.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Debian's name of this machine's architecture.
pub(super) fn architecture() -> Result<String> {
    let output = Command::new("dpkg").arg("--print-architecture").output().context("dpkg")?;
    ensure!(output.status.success(), "dpkg --print-architecture: {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

pub(super) fn write(tree: &Tree<'_>, package: &Package, program: &Path) -> Result<()> {
    let library =
        c_library(&std::fs::read(program)?)?.context("it needs no version of the C library")?;
    let needs: Vec<String> = std::iter::once(format!("libc6 (>= {library})"))
        .chain(package.needs.iter().map(|&need| need.to_owned()))
        .collect();
    let mut control = format!(
        "Package: {}\nVersion: {VERSION}\nArchitecture: {}\nMaintainer: The Daicho maintainers <daicho@localhost>\n\
         Installed-Size: {}\nSection: admin\nPriority: optional\nDepends: {}\n",
        package.name,
        architecture()?,
        tree.size()?,
        needs.join(", "),
    );
    if !package.better_with.is_empty() {
        writeln!(control, "Recommends: {}", package.better_with.join(", "))?;
    }
    writeln!(control, "Description: {}\n {}", package.about, package.more)?;
    tree.write("DEBIAN/control", control.as_bytes(), 0o644)?;
    tree.write("DEBIAN/conffiles", format!("/etc/daicho/{}\n", package.sample).as_bytes(), 0o644)?;
    let services: Vec<&str> =
        package.units.iter().copied().filter(|unit| !unit.contains(".sysusers.")).collect();
    tree.write("DEBIAN/postinst", postinst(package, &services).as_bytes(), 0o755)?;
    tree.write("DEBIAN/prerm", prerm(&services).as_bytes(), 0o755)?;
    tree.write("DEBIAN/postrm", POSTRM.as_bytes(), 0o755)
}

/// Makes the system user with the folder of its state, where an agent enrols before its service starts,
/// and lets it read its configuration, unless that was taken away. Nothing is enabled or started: what
/// may be scanned has to be declared first. A service that runs already goes on with the new program.
fn postinst(package: &Package, services: &[&str]) -> String {
    let Package { name, sample, .. } = package;
    let services = services.join(" ");
    format!(
        "#!/bin/sh\nset -e\n\
         [ \"$1\" = configure ] || exit 0\n\
         if command -v systemd-sysusers >/dev/null; then\n    systemd-sysusers {name}.conf\n\
         else\n    adduser --system --group --quiet --home /var/lib/{name} --no-create-home {name}\nfi\n\
         install -d -m 700 -o {name} -g {name} /var/lib/{name}\n\
         if [ -e /etc/daicho/{sample} ]; then\n    chgrp {name} /etc/daicho/{sample}\nfi\n\
         if [ -d /run/systemd/system ]; then\n    systemctl daemon-reload\n    systemctl try-restart {services}\nfi\n"
    )
}

/// Stops what runs before its program goes away; an upgrade starts it again afterwards.
fn prerm(services: &[&str]) -> String {
    let services = services.join(" ");
    format!(
        "#!/bin/sh\nset -e\n\
         if [ \"$1\" = remove ] && [ -d /run/systemd/system ]; then\n    systemctl --no-reload disable --now {services}\nfi\n"
    )
}

/// What was seen and decided is evidence, so it stays, even when the package is purged.
const POSTRM: &str = "#!/bin/sh\nset -e\n\
    if [ -d /run/systemd/system ]; then\n    systemctl daemon-reload\nfi\n";

/// The newest version of the C library that the program names (`GLIBC_2.34` as `2.34`).
pub(super) fn c_library(program: &[u8]) -> Result<Option<String>> {
    let name = regex::bytes::Regex::new(r"GLIBC_2\.([0-9]{1,3})")?;
    let minor = name
        .captures_iter(program)
        .filter_map(|found| std::str::from_utf8(found.get(1)?.as_bytes()).ok()?.parse::<u32>().ok())
        .max();
    Ok(minor.map(|minor| format!("2.{minor}")))
}

/// Both licences, in the form of Debian's copyright files (DEP-5).
pub(super) fn copyright(root: &Path) -> Result<Vec<u8>> {
    let mut text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
                    Upstream-Name: Daicho\n\nFiles: *\nCopyright: The Daicho authors\n\
                    License: MIT or Apache-2.0\n\nLicense: Apache-2.0\n \
                    On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n\nLicense: MIT\n"
        .to_owned();
    for line in std::fs::read_to_string(root.join("LICENSE-MIT"))?.lines() {
        // An empty line within a field is a full stop.
        writeln!(text, " {}", if line.trim().is_empty() { "." } else { line })?;
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_the_c_library_counts() {
        let program = b"\0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0";
        assert_eq!(c_library(program).unwrap().as_deref(), Some("2.34"));
        assert_eq!(c_library(b"static").unwrap(), None);
    }
}
