//! `cargo screenshots`: pictures of the main pages into `docs/screenshots`, or with `--all FOLDER` of every
//! page, wide, narrow and printed.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let all = match words.as_slice() {
        [] => None,
        ["--all", folder] => Some(Path::new(*folder)),
        _ => {
            let _ = writeln!(std::io::stderr(), "cargo screenshots [--all FOLDER]");
            return ExitCode::from(2);
        }
    };
    match daicho_tests::browser::shots::run(&root, all) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}
