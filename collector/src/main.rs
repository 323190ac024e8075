//! `daicho-collector`: see [`daicho_collector::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    daicho_collector::cli::run(std::env::args_os())
}
