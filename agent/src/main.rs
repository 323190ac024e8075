//! `daicho-agent`: see `daicho-agent --help`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use daicho_agent::cli::Cli;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            EnvFilter::try_from_env("DAICHO_LOG").unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .init();
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            let _ = writeln!(std::io::stderr().lock(), "{complaint}");
            ExitCode::from(complaint.exit.code())
        }
    }
}
