//! What a unit lets its program ask of the kernel: seccomp filters, a directive a filter, as systemd
//! makes them (systemd.exec(5); systemd's `src/shared/seccomp-util.c`).
//!
//! Of several filters the strictest answer holds (seccomp(2)). A call of another architecture ends the
//! process, which is what `SystemCallArchitectures=native` asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use seccompiler::{BpfProgram, TargetArch, compile_from_json};
use serde_json::{Value, json};

use super::unit::Unit;

/// Directives that only forbid a set of calls, with the set.
const SETS: [(&str, &[&str]); 5] = [
    ("ProtectClock", &["@clock"]),
    ("ProtectHostname", &["sethostname", "setdomainname"]),
    ("ProtectKernelLogs", &["syslog"]),
    ("ProtectKernelModules", &["@module"]),
    ("PrivateDevices", &["@raw-io"]),
];

/// The filters of a unit, in an order in which the next may still be put on.
pub(super) fn filters(unit: &Unit) -> Vec<BpfProgram> {
    let sets = Sets::asked();
    let mut filters = vec![];
    let mut deny =
        |calls: Vec<Value>, errno| filters.push(program(&calls, (errno, false)).unwrap());
    for (_, calls) in SETS.iter().filter(|(key, _)| unit.has(key)) {
        let calls = calls.iter().flat_map(|call| sets.expand(call));
        deny(calls.map(|call| json!({ "syscall": call })).collect(), Errno::EPERM);
    }
    for (key, calls) in [
        ("RestrictNamespaces", namespaces as fn() -> Vec<Value>),
        ("RestrictRealtime", realtime),
        ("RestrictSUIDSGID", other_ids),
        ("LockPersonality", personality),
        ("MemoryDenyWriteExecute", writable_code),
    ] {
        if unit.has(key) {
            deny(calls(), Errno::EPERM);
        }
    }
    // What these may do cannot be seen in registers, and who asks for them falls back on others.
    for (key, call) in [("RestrictNamespaces", "clone3"), ("RestrictSUIDSGID", "openat2")] {
        if unit.has(key) {
            deny(vec![json!({ "syscall": call })], Errno::ENOSYS);
        }
    }
    deny(other_families(unit), Errno::EAFNOSUPPORT);
    let allowed = sets.allowed(unit).into_iter().map(|call| json!({ "syscall": call }));
    filters.push(program(&allowed.collect::<Vec<_>>(), (errno(unit), true)).unwrap());
    filters
}

/// What a call that is not allowed is answered.
fn errno(unit: &Unit) -> Errno {
    match unit.one("SystemCallErrorNumber") {
        Some("EPERM") => Errno::EPERM,
        other => panic!("SystemCallErrorNumber={other:?} is not understood here"),
    }
}

/// The sets of calls that systemd knows by a name.
struct Sets(BTreeMap<String, Vec<String>>);

impl Sets {
    /// Those of the systemd that is installed.
    fn asked() -> Self {
        let mut asked = Command::new("systemd-analyze");
        let output = asked.args(["syscall-filter", "--no-pager"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        let mut sets = BTreeMap::<String, Vec<String>>::new();
        let mut open = None;
        for line in said.lines() {
            match line.strip_prefix("    ") {
                None => open = line.starts_with('@').then(|| line.to_owned()),
                Some(name) if name.starts_with('#') => {}
                Some(name) => {
                    let set = open.clone().unwrap_or_else(|| panic!("{line}: of which set?"));
                    sets.entry(set).or_default().push(name.to_owned());
                }
            }
        }
        assert!(sets.len() > 20, "{said}");
        Self(sets)
    }

    /// The calls that a name stands for, as far as this architecture has them.
    fn expand(&self, name: &str) -> BTreeSet<String> {
        if name.starts_with('@') {
            let members = self.0.get(name).unwrap_or_else(|| panic!("no set {name}"));
            return members.iter().flat_map(|member| self.expand(member)).collect();
        }
        exists(name).then(|| name.to_owned()).into_iter().collect()
    }

    /// What `SystemCallFilter` allows: its first line allows, those with `~` take away again.
    fn allowed(&self, unit: &Unit) -> BTreeSet<String> {
        let mut allowed = self.expand("@default");
        for (number, line) in unit.all("SystemCallFilter").enumerate() {
            let (away, names) = line.strip_prefix('~').map_or((false, line), |rest| (true, rest));
            assert!(number > 0 || !away, "a list of what is forbidden is not understood here");
            let calls = names.split_whitespace().flat_map(|name| self.expand(name));
            if away {
                calls.for_each(|call| _ = allowed.remove(&call));
            } else {
                allowed.extend(calls);
            }
        }
        assert!(allowed.len() > 100, "{allowed:?}");
        allowed
    }
}

/// Whether this architecture has a call of this name.
fn exists(call: &str) -> bool {
    program(&[json!({ "syscall": call })], (Errno::EPERM, false)).is_some()
}

/// A filter that answers these calls with an error and lets others pass, or the other way round
/// (`only`). `None` if a call is not one of this architecture.
fn program(calls: &[Value], (errno, only): (Errno, bool)) -> Option<BpfProgram> {
    let (pass, refuse) = (json!("allow"), json!({ "errno": errno as i32 }));
    let (others, these) = if only { (refuse, pass) } else { (pass, refuse) };
    let text = json!({
        "unit": { "mismatch_action": others, "match_action": these, "filter": calls }
    });
    let architecture = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let mut made = compile_from_json(text.to_string().as_bytes(), architecture).ok()?;
    made.remove("unit")
}

/// A call with a condition on one of its arguments.
fn with(call: &str, argument: u8, op: Value, value: u64) -> Value {
    json!({ "syscall": call, "args": [condition(argument, op, value)] })
}

#[expect(clippy::needless_pass_by_value, reason = "what is written at the call is a value")]
fn condition(argument: u8, op: Value, value: u64) -> Value {
    json!({ "index": argument, "type": "dword", "op": op, "val": value })
}

/// A call whose argument has all of these bits.
fn bits(call: &str, argument: u8, bits: i32) -> Value {
    let bits = u64::from(bits.cast_unsigned());
    with(call, argument, json!({ "masked_eq": bits }), bits)
}

fn namespaces() -> Vec<Value> {
    let kinds = [
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWUTS,
    ];
    let made = kinds.iter().flat_map(|kind| ["clone", "unshare"].map(|call| bits(call, 0, *kind)));
    made.chain([json!({ "syscall": "setns" })]).collect()
}

/// Any policy but the three that let others run.
fn realtime() -> Vec<Value> {
    let fair = [libc::SCHED_OTHER, libc::SCHED_BATCH, libc::SCHED_IDLE];
    let conditions = fair.map(|it| condition(1, json!("ne"), u64::from(it.cast_unsigned())));
    vec![json!({ "syscall": "sched_setscheduler", "args": conditions })]
}

/// Files that run as another user or group.
fn other_ids() -> Vec<Value> {
    let modes = [
        ("chmod", 1),
        ("fchmod", 1),
        ("fchmodat", 2),
        ("fchmodat2", 2),
        ("mkdir", 1),
        ("mkdirat", 2),
        ("mknod", 1),
        ("mknodat", 2),
        ("creat", 1),
        ("open", 2),
        ("openat", 3),
    ];
    let modes = modes.into_iter().filter(|(call, _)| exists(call));
    let mut calls = vec![];
    for (call, argument) in modes {
        for bit in [libc::S_ISUID, libc::S_ISGID] {
            let mut made = bits(call, argument, bit.cast_signed());
            if call.starts_with("open") {
                // Without it the mode is no mode.
                let flags = u64::from(libc::O_CREAT.cast_unsigned());
                let creating = condition(argument - 1, json!({ "masked_eq": flags }), flags);
                made["args"].as_array_mut().unwrap().push(creating);
            }
            calls.push(made);
        }
    }
    calls
}

/// Any personality but that of Linux.
fn personality() -> Vec<Value> {
    vec![with("personality", 0, json!("ne"), 0)]
}

fn writable_code() -> Vec<Value> {
    vec![
        bits("mmap", 2, libc::PROT_WRITE | libc::PROT_EXEC),
        bits("mprotect", 2, libc::PROT_EXEC),
        bits("pkey_mprotect", 2, libc::PROT_EXEC),
        bits("shmat", 2, libc::SHM_EXEC),
    ]
}

/// Sockets of any family but those that are named.
fn other_families(unit: &Unit) -> Vec<Value> {
    let named = unit.words("RestrictAddressFamilies");
    assert!(!named.is_empty());
    let conditions = named.iter().map(|name| {
        let family = match *name {
            "AF_UNIX" => libc::AF_UNIX,
            "AF_INET" => libc::AF_INET,
            "AF_INET6" => libc::AF_INET6,
            "AF_NETLINK" => libc::AF_NETLINK,
            "AF_PACKET" => libc::AF_PACKET,
            other => panic!("{other} is not understood here"),
        };
        condition(0, json!("ne"), u64::from(family.cast_unsigned()))
    });
    vec![json!({ "syscall": "socket", "args": conditions.collect::<Vec<_>>() })]
}
