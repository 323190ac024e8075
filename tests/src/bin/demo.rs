//! `cargo demo`: see [`daicho_tests::demo`].

use std::process::ExitCode;

fn main() -> ExitCode {
    daicho_tests::demo::main(std::env::args().skip(1))
}
