//! `daicho-agent`: see `daicho-agent --help`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use daicho_agent::cli::Cli;
use daicho_agent::config::LogFormat;
use tracing_subscriber::EnvFilter;

/// Begins to log to stderr. `DAICHO_LOG` says what, `DAICHO_LOG_FORMAT` how, before the configuration.
fn start_log(configured: LogFormat) {
    let format = match std::env::var("DAICHO_LOG_FORMAT").as_deref() {
        Ok("json") => LogFormat::Json,
        Ok("text") => LogFormat::Text,
        _ => configured,
    };
    let filter = EnvFilter::try_from_env("DAICHO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let logger = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    match format {
        LogFormat::Text => logger.init(),
        LogFormat::Json => logger.json().flatten_event(true).init(),
    }
}

fn main() -> ExitCode {
    match Cli::parse().run(start_log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            let _ = writeln!(std::io::stderr().lock(), "{complaint}");
            ExitCode::from(complaint.exit.code())
        }
    }
}
