//! `cargo verify`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if daicho_tests::verify::run(&root) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
