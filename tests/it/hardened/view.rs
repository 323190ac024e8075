//! What a unit lets its program see of the file system (systemd.exec(5), "Sandboxing").
//!
//! What only keeps root from writing (`ProtectKernelTunables`, `ProtectControlGroups`) is left out: no
//! unit of ours runs as root.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::User;

use super::unit::Unit;

/// What a program finds in `/dev` under `PrivateDevices` (besides `shm` and terminals).
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

const NONE: Option<&str> = None;

/// The folders of the unit's state.
pub(super) fn states(unit: &Unit) -> impl Iterator<Item = PathBuf> {
    let names =
        unit.words("StateDirectory").into_iter().map(|name| Path::new("/var/lib").join(name));
    names.collect::<Vec<_>>().into_iter()
}

/// Gives this thread the unit's view, with its folders made for this user.
pub(super) fn narrow(unit: &Unit, user: &User) {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    if unit.has("PrivateNetwork") {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
    }
    // sysfs shows the network namespace of who mounts it.
    fresh(("sysfs", "/sys"), MsFlags::MS_RDONLY, NONE);
    processes(unit);
    if unit.has("PrivateDevices") {
        devices();
    }
    for state in states(unit) {
        fs::create_dir_all(&state).unwrap();
        chown(&state, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        let mode = PermissionsExt::from_mode(unit.mode("StateDirectoryMode"));
        fs::set_permissions(&state, mode).unwrap();
        bind(&state, &state);
    }
    if unit.has("ProtectHome") {
        for home in ["/home", "/root"] {
            fresh(("tmpfs", home), MsFlags::MS_RDONLY, Some("mode=000"));
        }
    }
    assert_eq!(unit.one("ProtectSystem"), Some("strict"));
    for all in ["/", "/run"] {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(NONE, all, NONE, flags, NONE).unwrap();
    }
    if unit.has("PrivateTmp") {
        for tmp in ["/tmp", "/var/tmp"] {
            fresh(("tmpfs", tmp), MsFlags::empty(), Some("mode=1777"));
        }
    }
}

fn fresh((kind, place): (&str, &str), flags: MsFlags, options: Option<&str>) {
    let flags = flags | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some(kind), place, Some(kind), flags, options).unwrap();
}

fn bind(from: &Path, to: &Path) {
    mount(Some(from), to, NONE, MsFlags::MS_BIND, NONE).unwrap();
}

/// `ProtectProc` and `ProcSubset`: one's own processes, and nothing but processes (proc(5)).
fn processes(unit: &Unit) {
    let hidden = unit.one("ProtectProc").map(|which| format!("hidepid={which}"));
    let subset = unit.one("ProcSubset").map(|which| format!("subset={which}"));
    let options: Vec<String> = hidden.into_iter().chain(subset).collect();
    fresh(("proc", "/proc"), MsFlags::MS_NOEXEC, Some(&options.join(",")));
}

/// A `/dev` without the machine's devices.
fn devices() {
    let made = Path::new("/run/devices");
    // It is there where another unit was started before.
    fs::create_dir_all(made).unwrap();
    mount(Some("devices"), made, Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=755")).unwrap();
    for name in DEVICES {
        File::create(made.join(name)).unwrap();
        bind(&Path::new("/dev").join(name), &made.join(name));
    }
    fs::create_dir(made.join("shm")).unwrap();
    mount(Some("shm"), &made.join("shm"), Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=1777"))
        .unwrap();
    mount(NONE, made, NONE, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID, NONE)
        .unwrap();
    mount(Some(made), "/dev", NONE, MsFlags::MS_MOVE, NONE).unwrap();
}
