//! Measurements that a developer makes: `cargo measure captures FOLDER`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ["captures", folder] = words.as_slice() else {
        let _ = writeln!(std::io::stderr(), "usage: measure captures FOLDER");
        return ExitCode::from(2);
    };
    match daicho_tests::captures::compare(Path::new(folder)) {
        Ok(report) => {
            let _ = write!(std::io::stdout(), "{report}");
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}
