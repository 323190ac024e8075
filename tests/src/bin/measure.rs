//! `cargo measure`: figures for developers, each from one run.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let measured = if let ["captures", folder] = words.as_slice() {
        captures(Path::new(folder))
    } else {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        daicho_tests::measure::run(&root, &arguments).map(|()| true)
    };
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Reads every capture of a folder, beside tshark; whether both say the same.
fn captures(folder: &Path) -> anyhow::Result<bool> {
    let report = daicho_tests::captures::compare(folder)?;
    write!(std::io::stdout(), "{report}")?;
    Ok(report.is_clean())
}
