//! `cargo verify`: everything that CI runs, in the order that fails soonest.
//!
//! A step passes, fails, or is skipped for a reason that is printed; where `CI` is set, a skip is a
//! failure. What the steps need beyond the Rust toolchain is installed when the user may (root) and
//! said otherwise.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cluster::{self, Cluster};

/// How a step ended.
enum End {
    Passed,
    Failed(String),
    Skipped(String),
}

/// One thing to verify.
struct Step {
    name: &'static str,
    run: fn(&Path) -> End,
}

const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "lints", run: lints },
    Step { name: "packages of the lab", run: packages },
    Step { name: "tests", run: tests },
    Step { name: "tests of the store on PostgreSQL", run: tests_on_postgres },
    Step { name: "documentation tests", run: doc_tests },
    Step { name: "fuzz targets compile", run: fuzz_targets },
    Step { name: "demo in namespaces", run: demo_in_namespaces },
    Step { name: "demo on loopback", run: demo_on_loopback },
];

fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = crate::cargo::cargo();
    command.args(args).current_dir(root);
    command
}

fn finish(mut command: Command) -> End {
    match command.status() {
        Ok(status) if status.success() => End::Passed,
        Ok(status) => End::Failed(format!("{status}")),
        Err(error) => {
            End::Failed(format!("{} did not start: {error}", command.get_program().display()))
        }
    }
}

fn format(root: &Path) -> End {
    finish(cargo(root, &["fmt", "--all", "--check"]))
}

fn lints(root: &Path) -> End {
    finish(cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn packages(_: &Path) -> End {
    if !nix::unistd::geteuid().is_root() {
        return End::Skipped("only root may install Debian packages".to_owned());
    }
    let all = [crate::lab::packages::PACKAGES, crate::browser::PACKAGES].concat();
    match crate::lab::packages::install(&all) {
        Ok(()) => End::Passed,
        Err(error) => End::Failed(format!("{error:#}")),
    }
}

fn tests(root: &Path) -> End {
    let nextest =
        cargo(root, &["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    if nextest {
        // Most of the long tests wait for a network or for a program: more of them than there are
        // processors at once.
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = (2 * processors).to_string();
        let run = ["nextest", "run", "--workspace", "--no-fail-fast", "--test-threads", &threads];
        finish(cargo(root, &run))
    } else {
        finish(cargo(root, &["test", "--workspace", "--lib", "--bins", "--tests"]))
    }
}

/// The tests of the store once more, on a server in place of files.
fn tests_on_postgres(root: &Path) -> End {
    if let Some(why) = cluster::obstacle() {
        return End::Skipped(why);
    }
    let made = Cluster::start().and_then(|cluster| {
        let url = cluster.database("trial")?;
        Ok((cluster, url))
    });
    match made {
        Ok((_cluster, url)) => {
            // Of the whole workspace, so that what was built for the tests before is run again.
            let tests = ["test", "--workspace", "--lib", "store::"];
            let mut command = cargo(root, &tests);
            command.env("DAICHO_TEST_STORE", url);
            finish(command)
        }
        Err(error) => End::Failed(format!("{error:#}")),
    }
}

fn doc_tests(root: &Path) -> End {
    finish(cargo(root, &["test", "--workspace", "--doc", "--quiet"]))
}

fn fuzz_targets(root: &Path) -> End {
    let manifest = ["check", "--quiet", "--locked", "--manifest-path", "tests/fuzz/Cargo.toml"];
    let mut command = cargo(root, &manifest);
    // With the workspace's profile and folder most dependencies are compiled already.
    command.env("CARGO_TARGET_DIR", root.join("target"));
    finish(command)
}

fn demo_in_namespaces(root: &Path) -> End {
    if !nix::unistd::geteuid().is_root() {
        return End::Skipped("network namespaces need root".to_owned());
    }
    finish(cargo(root, &["demo", "--once"]))
}

fn demo_on_loopback(root: &Path) -> End {
    finish(cargo(root, &["demo", "--once", "--loopback"]))
}

/// Runs every step in the workspace at `root`, prints a summary, and returns whether all is well.
#[expect(clippy::print_stdout, reason = "this is what the command prints")]
pub fn run(root: &Path) -> bool {
    let strict = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let began = Instant::now();
    let mut ends: Vec<(&str, End, Duration)> = Vec::new();
    for step in STEPS {
        println!("── {} ──", step.name);
        let start = Instant::now();
        let end = (step.run)(root);
        ends.push((step.name, end, start.elapsed()));
    }
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!();
    for (name, end, took) in &ends {
        let seconds = took.as_secs_f32();
        match end {
            End::Passed => {
                passed += 1;
                println!("passed   {seconds:7.1} s  {name}");
            }
            End::Failed(why) => {
                failed += 1;
                println!("FAILED   {seconds:7.1} s  {name}: {why}");
            }
            End::Skipped(why) => {
                skipped += 1;
                println!("skipped  {seconds:7.1} s  {name}: {why}");
            }
        }
    }
    println!("verify took {:.0} s", began.elapsed().as_secs_f32());
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    failed == 0 && (skipped == 0 || !strict)
}
