use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use daicho_tests::debs::PACKAGES;
use nix::errno::Errno;
use nix::libc;

use super::system::{System, said};
use super::unit::Unit;

/// Directives that the sandbox made here knows.
const MADE: [&str; 28] = [
    "AmbientCapabilities",
    "CapabilityBoundingSet",
    "Environment",
    "ExecStart",
    "Group",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateNetwork",
    "PrivateTmp",
    "ProcSubset",
    "ProtectClock",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectProc",
    "ProtectSystem",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "StateDirectory",
    "StateDirectoryMode",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "SystemCallFilter",
];
/// Those that it knows besides, and those that it need not: they take nothing from a program that runs
/// as a user of its own, or not while it runs.
const BESIDES: [&str; 14] = [
    "IOSchedulingClass",
    "Nice",
    "PrivateUsers",
    "ProtectControlGroups",
    "ProtectKernelTunables",
    "RemoveIPC",
    "Restart",
    "RestartPreventExitStatus",
    "RestartSec",
    "TimeoutStopSec",
    "Type",
    "UMask",
    "User",
    "WorkingDirectory",
];

#[test]
fn no_unit_says_what_the_sandbox_of_these_tests_does_not_make() {
    for name in PACKAGES.iter().flat_map(|package| package.units) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/systemd").join(name);
        let text = fs::read_to_string(file).unwrap();
        if name.ends_with(".service") {
            let unit = Unit::parse(&text);
            let strange = unit.keys().find(|key| !MADE.contains(key) && !BESIDES.contains(key));
            assert_eq!(strange, None, "{name}");
        }
    }
}

/// A call by its name and number, its arguments, and what a confined program is answered.
type Call<'a> = (&'a str, i64, &'a [&'a str], Errno);

/// Calls that any user may make, and no program under a unit of ours.
const FORBIDDEN: [Call<'_>; 7] = [
    ("ptrace(PTRACE_TRACEME)", libc::SYS_ptrace, &["0", "0", "0", "0"], Errno::EPERM),
    ("setns", libc::SYS_setns, &["-1", "0"], Errno::EPERM),
    ("clone3", libc::SYS_clone3, &["0", "0"], Errno::ENOSYS),
    ("openat2", libc::SYS_openat2, &["-1", "0", "0", "0"], Errno::ENOSYS),
    ("personality(ADDR_NO_RANDOMIZE)", libc::SYS_personality, &["262144"], Errno::EPERM),
    (
        "mmap(PROT_WRITE | PROT_EXEC)",
        libc::SYS_mmap,
        &["0", "4096", "7", "34", "-1", "0"],
        Errno::EPERM,
    ),
    ("setpriority", libc::SYS_setpriority, &["0", "0", "5"], Errno::EPERM),
];

/// Makes a call in a process of its own, and ends with its error (perlfunc(1), `syscall`).
const PERL: &str = "my @a = map { /^-?[0-9]+$/ ? $_ + 0 : $_ } @ARGV; \
                    exit(syscall(shift @a, @a) == -1 ? $! + 0 : 0)";

fn words<'a>(call: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&["perl", "-e", PERL, call], arguments].concat()
}

/// The exit code of a command as a program of this unit.
fn confined(system: &System, unit: &Unit, words: &[&str]) -> Option<i32> {
    let output = system.confined(unit, |_| Command::new(words[0]).args(&words[1..]).output());
    let output = output.unwrap();
    println!("{words:?}: {} {}", output.status, said(&output));
    output.status.code()
}

#[test]
fn what_a_unit_forbids_is_refused_to_a_program_whose_user_may_do_it_elsewhere() {
    let Some(system) = System::up() else { return };
    calls_are_refused(&system);
    files_are_out_of_reach(&system);
}

fn calls_are_refused(system: &System) {
    for package in &PACKAGES {
        let user = package.name;
        let unit = system.unit(&format!("{user}.service"));
        let try_both = |call: i64, arguments: &[&str], errno: Errno| {
            let call = call.to_string();
            let words = words(&call, arguments);
            let here = confined(system, &unit, &words);
            let elsewhere = system.as_user(user, &words).status.code();
            (here == Some(errno as i32), elsewhere == Some(errno as i32))
        };
        for (what, call, arguments, errno) in FORBIDDEN {
            assert_eq!(try_both(call, arguments, errno), (true, false), "{user}: {what}");
        }
        let state = format!("/var/lib/{user}");
        let suid = ["-100", &state, "2496"];
        assert_eq!(
            try_both(libc::SYS_fchmodat, &suid, Errno::EPERM),
            (true, false),
            "{user}: suid"
        );
        let netlink = try_both(libc::SYS_socket, &["16", "3", "0"], Errno::EAFNOSUPPORT);
        assert_eq!(netlink, (user != "daicho-agent", false), "{user}: only agents look at links");
    }
}

/// A unit sees its own state, a system that it cannot write, and nobody's files.
fn files_are_out_of_reach(system: &System) {
    system.enter(|| {
        for folder in ["/srv/everybodys", "/home/somebody"] {
            fs::create_dir_all(folder).unwrap();
            fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
            fs::write(Path::new(folder).join("file"), "").unwrap();
        }
        fs::write("/tmp/file", "").unwrap();
    });
    for package in &PACKAGES {
        let user = package.name;
        let unit = system.unit(&format!("{user}.service"));
        let state = format!("/var/lib/{user}/file");
        let other = PACKAGES.iter().find(|other| other.name != user).unwrap();
        let configuration = format!("/etc/daicho/{}", package.sample);
        let theirs = format!("/etc/daicho/{}", other.sample);
        for (words, may) in [
            (["touch", &state], true),
            (["touch", "/tmp/own"], true),
            (["touch", "/srv/everybodys/new"], false),
            (["ls", "/tmp/file"], false),
            (["ls", "/home/somebody/file"], false),
            (["ls", "/proc/self/status"], true),
            (["ls", "/proc/1/status"], false),
            (["ls", "/dev/null"], true),
            (["ls", "/dev/mem"], false),
            (["cat", &configuration], true),
            (["cat", &theirs], false),
            (["ls", "/var/lib/daicho-collector/."], user == "daicho-collector"),
        ] {
            assert_eq!(confined(system, &unit, &words) == Some(0), may, "{user}: {words:?}");
        }
    }
}
