//! Cargo, asked by a program that Cargo itself runs.

use std::ffi::OsStr;
use std::process::Command;

/// Cargo as a shell would run it. What it sets for the programs that it runs is left out: build scripts
/// (ring's) ask for some of it, and everything that rests on them would be built anew each time the one
/// who asks is another.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        command.env_remove(name);
    }
    command
}

fn is_of_a_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let about =
        ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_CRATE_NAME", "CARGO_BIN_", "CARGO_PRIMARY_"];
    about.iter().any(|beginning| name.starts_with(beginning))
}
