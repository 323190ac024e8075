//! The Debian packages that the lab is made of, and their installation without starting any of
//! their services.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A Debian package and a program by which its presence is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub debian: &'static str,
    /// The program; a whole path for what is none.
    pub program: &'static str,
}

const fn package(debian: &'static str, program: &'static str) -> Package {
    Package { debian, program }
}

/// What the lab needs.
pub const PACKAGES: &[Package] = &[
    package("iproute2", "ip"),
    package("util-linux", "unshare"),
    package("snmpd", "snmpd"),
    package("avahi-daemon", "avahi-daemon"),
    package("dbus-daemon", "dbus-daemon"),
    package("cups-ipp-utils", "ippeveprinter"),
    package("samba", "smbd"),
    package("openssh-server", "sshd"),
    package("nginx-light", "nginx"),
    package("dnsmasq-base", "dnsmasq"),
    package("lldpd", "lldpd"),
    package("tcpdump", "tcpdump"),
    package("tshark", "tshark"),
    package("wsdd", "wsdd"),
    package("xrdp", "xrdp"),
    package("openssl", "openssl"),
    package("dropbear-bin", "dropbear"),
    package("orthanc", "Orthanc"),
    package("dcmtk", "storescp"),
    package("minidlna", "minidlnad"),
    package("kamailio", "kamailio"),
    package("postgresql", "pg_ctlcluster"),
    package("vsftpd", "vsftpd"),
    package("inetutils-telnetd", "telnetd"),
    package("inetutils-inetd", "inetutils-inetd"),
    package("dpkg", "dpkg-deb"),
    package("systemd", "systemd-analyze"),
    package("fonts-ipaexfont-gothic", "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
];

const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Those of `packages` whose program is not there.
pub fn missing(packages: &[Package]) -> Vec<Package> {
    let there = |program| FOLDERS.iter().any(|folder| Path::new(folder).join(program).exists());
    packages.iter().copied().filter(|package| !there(package.program)).collect()
}

/// Installs what is [`missing`] of `packages`; nothing at all if nothing is. No service is started.
///
/// # Errors
/// If this is no Debian, the user is not root, or apt-get fails: what it said is on the terminal.
pub fn install(packages: &[Package]) -> Result<()> {
    let wanted: Vec<_> = missing(packages).into_iter().map(|package| package.debian).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let quiet = Silence::keep(Path::new("/usr/sbin/policy-rc.d"))?;
    // Lists that are missing or out of date look the same: a package cannot be had.
    if apt_get("install", &wanted).is_err() {
        apt_get("update", &[])?;
        apt_get("install", &wanted)?;
    }
    drop(quiet);
    let still: Vec<_> = missing(packages).into_iter().map(|package| package.program).collect();
    ensure!(still.is_empty(), "installed, and still not there: {}", still.join(", "));
    Ok(())
}

fn apt_get(what: &str, packages: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=300", what]);
    if !packages.is_empty() {
        command.args(["-y", "--no-install-recommends"]).args(packages);
    }
    let status = command.status().context("apt-get did not start (is this Debian?)")?;
    ensure!(status.success(), "apt-get {what}: {status}; run it by hand to see why");
    Ok(())
}

/// While this lives, packages may not start their services: `policy-rc.d` says 101, "forbidden"
/// (Debian's invoke-rc.d(8)). A policy that was there is put aside and back again.
struct Silence<'a> {
    policy: &'a Path,
}

impl<'a> Silence<'a> {
    fn keep(policy: &'a Path) -> Result<Self> {
        let aside = policy.with_extension("d.aside");
        // One put aside by a run that was killed is the true one: it must not be overwritten.
        if !aside.exists() {
            match fs::rename(policy, &aside) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).context("put policy-rc.d aside");
                }
                // Put aside, or there was none.
                Ok(()) | Err(_) => {}
            }
        }
        fs::write(policy, "#!/bin/sh\nexit 101\n")?;
        fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
        Ok(Self { policy })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // If there was one before, putting it back replaces ours; otherwise ours goes.
        if fs::rename(self.policy.with_extension("d.aside"), self.policy).is_err() {
            drop(fs::remove_file(self.policy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_was_there_is_back_afterwards_also_after_a_killed_run() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy-rc.d");
        drop(Silence::keep(&policy).unwrap());
        assert!(!policy.exists(), "where there was none, none stays");
        fs::write(&policy, "theirs").unwrap();
        std::mem::forget(Silence::keep(&policy).unwrap());
        assert_ne!(fs::read_to_string(&policy).unwrap(), "theirs");
        let again = Silence::keep(&policy).unwrap();
        assert!(fs::metadata(&policy).unwrap().permissions().mode() & 0o111 == 0o111);
        drop(again);
        assert_eq!(fs::read_to_string(&policy).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
