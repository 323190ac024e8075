//! The invariants of ARCHITECTURE.md that are absences: what a room must not name.

use std::fs;
use std::path::{Path, PathBuf};

/// The pure rooms, each with the rooms of its own crate that it may name. Anything else outside
/// `common` and the standard library's pure half is an edge leaking in.
const PURE: &[(&str, &[&str])] = &[
    (
        "common/src",
        &["addr", "address_set", "time", "text", "observation", "coverage", "batch", "wire"],
    ),
    ("agent/src/plan", &["plan"]),
    ("agent/src/capture", &["capture"]),
    ("agent/src/listen", &["listen", "capture", "probe"]),
    ("agent/src/probe", &["plan", "engine", "probe"]),
    ("agent/src/engine", &["plan", "engine", "probe"]),
    ("collector/src/fingerprint", &["evidence", "fingerprint"]),
    ("collector/src/evidence", &["evidence"]),
    ("collector/src/mib", &["mib"]),
    ("collector/src/inventory", &["evidence", "fingerprint", "inventory"]),
    (
        "collector/src/resolve",
        &["evidence", "fingerprint", "mib", "inventory", "decision", "resolve"],
    ),
    ("collector/src/topology", &["evidence", "fingerprint", "mib", "resolve", "topology"]),
    ("collector/src/day", &["day"]),
    ("collector/src/schedule", &["day", "schedule"]),
    ("collector/src/policy", &["fingerprint", "policy"]),
    ("collector/src/ledger", &["day", "ledger"]),
    ("collector/src/archive", &["archive", "parallel"]),
    ("collector/src/retention", &["picture", "retention"]),
    ("collector/src/register", &["fingerprint", "ledger", "register"]),
    ("collector/src/book", &["ledger", "book"]),
    ("collector/src/decision", &["day", "ledger", "decision"]),
    (
        "collector/src/reconcile",
        &[
            "day",
            "evidence",
            "fingerprint",
            "resolve",
            "ledger",
            "register",
            "decision",
            "policy",
            "reconcile",
            "parallel",
        ],
    ),
    ("collector/src/duty", &["evidence", "fingerprint", "mib", "resolve", "duty"]),
    ("collector/src/list", &["list"]),
    (
        "collector/src/scope",
        &[
            "evidence",
            "fingerprint",
            "inventory",
            "resolve",
            "topology",
            "ledger",
            "decision",
            "policy",
            "reconcile",
            "scope",
            "parallel",
        ],
    ),
    (
        "collector/src/finding",
        &[
            "day",
            "evidence",
            "fingerprint",
            "inventory",
            "resolve",
            "topology",
            "ledger",
            "register",
            "decision",
            "policy",
            "reconcile",
            "duty",
            "scope",
            "schedule",
            "finding",
            "parallel",
        ],
    ),
    (
        "collector/src/people",
        &["day", "resolve", "ledger", "register", "reconcile", "finding", "people"],
    ),
    (
        "collector/src/notify",
        &[
            "day", "ledger", "resolve", "decision", "policy", "schedule", "finding", "people",
            "words", "notify",
        ],
    ),
    (
        "collector/src/picture",
        &[
            "archive",
            "evidence",
            "fingerprint",
            "resolve",
            "topology",
            "ledger",
            "list",
            "register",
            "decision",
            "policy",
            "reconcile",
            "duty",
            "scope",
            "schedule",
            "finding",
            "picture",
            "parallel",
        ],
    ),
    (
        "collector/src/roster",
        &[
            "day",
            "evidence",
            "fingerprint",
            "resolve",
            "ledger",
            "decision",
            "policy",
            "reconcile",
            "scope",
            "finding",
            "roster",
            "parallel",
        ],
    ),
    (
        "collector/src/snapshot",
        &[
            "day",
            "evidence",
            "resolve",
            "ledger",
            "register",
            "reconcile",
            "finding",
            "picture",
            "snapshot",
        ],
    ),
    (
        "collector/src/stocktaking",
        &["day", "resolve", "ledger", "register", "reconcile", "snapshot", "stocktaking"],
    ),
];

/// Files of edges that are pure all the same: what they may not name is the same, what they may is open.
const PURE_INSIDE: &[&str] = &[
    "collector/src/map",
    "collector/src/oidc/flow",
    "collector/src/oidc/token",
    "collector/src/report/set",
    "collector/src/report/netbox",
    "collector/src/report/glpi",
    "collector/src/report/safe",
    "collector/src/report/paper/fold",
    "collector/src/report/paper/widths",
    "collector/src/report/paper/drawing",
    "collector/src/report/paper/pdf/compose",
];

/// What no pure room names, and what it would be.
const FORBIDDEN: &[(&str, &str)] = &[
    ("tokio", "an async runtime"),
    ("async fn", "an async function"),
    (".await", "an async wait"),
    ("std::fs", "a file"),
    ("File::", "a file"),
    ("std::env", "the environment"),
    ("std::process", "a process"),
    ("std::thread", "a thread"),
    ("TcpStream", "a socket"),
    ("TcpListener", "a socket"),
    ("UdpSocket", "a socket"),
    ("socket2", "a socket"),
    ("nix::", "the system"),
    ("libc::", "the system"),
    ("ureq", "HTTP"),
    ("axum", "HTTP"),
    ("rusqlite", "a database"),
    ("SystemTime", "a clock"),
    ("Instant::", "a clock"),
    ("::now()", "a clock"),
    ("println!", "an output"),
];

/// Sources and doors: who may name what outside the pure rooms.
const DOORS: &[(&str, &[&str])] = &[
    ("UdpSocket", &["agent/src/net", "collector/src/courier"]),
    ("socket2", &["agent/src/net"]),
    ("pnet_datalink", &["agent/src/net"]),
    ("SystemTime::now", &["agent/src/net/clock.rs", "collector/src/clock.rs"]),
    ("Instant::now", &["agent/src/net/clock.rs", "collector/src/clock.rs"]),
    ("Timestamp::now", &["agent/src/net/clock.rs", "collector/src/clock.rs"]),
    ("rusqlite", &["collector/src/store"]),
    ("use postgres", &["collector/src/store"]),
    ("async_snmp", &["agent/src/probe/snmp"]),
    ("simple_dns", &["common/src/wire/dns"]),
];

/// Longest file of a program, tests not counted; a table of data may be longer, here it is named.
const MAX_LINES: usize = 450;
const TABLES: &[&str] = &[];

fn root() -> PathBuf {
    // Without the "tests/.." that it would otherwise hold: the name decides what is a test.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

/// (path from the root, number and code of every line that is neither comment nor test).
fn programs(crates: &[&str]) -> Vec<(String, Vec<(usize, String)>)> {
    let root = root();
    let mut files = Vec::new();
    for name in crates {
        sources(&root.join(name).join("src"), &mut files);
    }
    files
        .into_iter()
        .filter(|path| {
            !path.ends_with("tests.rs") && !path.components().any(|c| c.as_os_str() == "tests")
                || path.starts_with(root.join("tests"))
        })
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .enumerate()
                .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
                .map(|(n, line)| (n + 1, line.split("//").next().unwrap_or_default().to_owned()))
                .filter(|(_, line)| !line.trim().is_empty())
                .collect();
            (path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), code)
        })
        .collect()
}

/// Whether the line holds the word, not as the beginning of a longer one.
fn names(line: &str, word: &str) -> bool {
    let open = word.ends_with(|c: char| c.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| {
        let next = line[at + word.len()..].chars().next();
        !open || next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

fn is_in(path: &str, room: &str) -> bool {
    path == format!("{room}.rs") || path.starts_with(&format!("{room}/"))
}

#[test]
fn pure_rooms_name_no_socket_file_clock_or_database() {
    let mut wrong = Vec::new();
    let programs = programs(&["common", "agent", "collector"]);
    for room in PURE.iter().map(|(room, _)| room).chain(PURE_INSIDE) {
        assert!(programs.iter().any(|(path, _)| is_in(path, room)), "no room {room}");
    }
    for (path, code) in &programs {
        let pure = PURE.iter().map(|(room, _)| room).chain(PURE_INSIDE);
        if !pure.into_iter().any(|room| is_in(path, room)) {
            continue;
        }
        for (n, line) in code {
            for (word, what) in FORBIDDEN {
                if names(line, word) {
                    wrong.push(format!("{path}:{n} names {what}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_point_only_downwards() {
    let mut wrong = Vec::new();
    for (path, code) in programs(&["agent", "collector"]) {
        let Some((_, may)) = PURE.iter().find(|(room, _)| is_in(&path, room)) else { continue };
        for (n, line) in code {
            for named in line.split("crate::").skip(1) {
                let named: String =
                    named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !named.is_empty() && !may.contains(&named.as_str()) {
                    wrong.push(format!("{path}:{n} points up to crate::{named}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sockets_clocks_and_the_database_have_one_door_each() {
    let mut wrong = Vec::new();
    for (path, code) in programs(&["common", "agent", "collector"]) {
        for (n, line) in code {
            for (word, doors) in DOORS {
                let inside = doors.iter().any(|door| path.starts_with(door) || is_in(&path, door));
                if line.contains(word) && !inside {
                    wrong.push(format!("{path}:{n} names {word} outside {doors:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn agent_and_collector_never_see_each_other() {
    for (name, others) in [
        ("common", &["daicho-agent", "daicho-collector", "daicho-tests"][..]),
        ("agent", &["daicho-collector", "daicho-tests"][..]),
        ("collector", &["daicho-agent", "daicho-tests"][..]),
    ] {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        for other in others {
            assert!(!manifest.contains(other), "{name} depends on {other}");
        }
    }
}

#[test]
fn no_file_has_grown_past_what_one_can_read() {
    let long: Vec<_> = programs(&["common", "agent", "collector", "tests"])
        .into_iter()
        .filter(|(path, code)| code.len() > MAX_LINES && !TABLES.contains(&path.as_str()))
        .map(|(path, code)| format!("{path}: {} lines", code.len()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
