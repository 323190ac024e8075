//! `cargo debs`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let to = std::env::args_os().nth(1).map_or_else(|| root.join("target/debs"), PathBuf::from);
    if daicho_tests::debs::run(&root, &to) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
