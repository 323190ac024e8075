//! `daicho-agent`: see `daicho-agent --help`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use daicho_agent::cli::Cli;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("DAICHO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let logger = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    // A JSON object a line, for programs that collect logs.
    if std::env::var("DAICHO_LOG_FORMAT").is_ok_and(|format| format == "json") {
        logger.json().flatten_event(true).init();
    } else {
        logger.init();
    }
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            let _ = writeln!(std::io::stderr().lock(), "{complaint}");
            ExitCode::from(complaint.exit.code())
        }
    }
}
