//! The programs of this workspace, built.

use std::path::{Path, PathBuf};

/// Builds the programs where they are not up to date, and gives the folder that they are in.
pub(crate) fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // This binary is in <target>/<profile>/deps.
    let here = std::env::current_exe().unwrap();
    let profile = here.ancestors().nth(2).unwrap();
    // Of the whole workspace: their dependencies have the same features then as when the tests were
    // built, so that nothing is built twice.
    let mut cargo = daicho_tests::cargo::cargo();
    cargo.args(["build", "--quiet", "--workspace"]);
    cargo.args(["--bin", "daicho-agent", "--bin", "daicho-collector"]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    cargo.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(root);
    assert!(cargo.status().unwrap().success(), "the programs do not build");
    profile.to_owned()
}
