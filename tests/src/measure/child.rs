//! A program that is measured from outside: how long it ran, how much processor time and memory it
//! took.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// How often the program's memory is looked at, and whether it has ended.
const GLANCE: Duration = Duration::from_millis(2);

/// What a program needed.
#[derive(Clone, Debug)]
pub struct Run {
    /// From its start to its end.
    pub time: Duration,
    /// Processor time, in steps of the system's clock tick.
    pub cpu: Duration,
    /// Most resident memory, in octets (`VmHWM` of proc(5)).
    pub memory: u64,
    /// What it wrote to stdout.
    pub output: String,
    /// Whether it had to be ended.
    pub cut: bool,
}

/// Runs a program to its end, or for `limit` at most.
///
/// # Errors
/// If it cannot be started or watched.
pub fn run(command: &mut Command, limit: Duration) -> Result<Run> {
    let output = tempfile::NamedTempFile::new()?;
    let errors = tempfile::NamedTempFile::new()?;
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output.reopen()?)
        .stderr(errors.reopen()?)
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let (mut memory, mut cut) = (0, false);
    // It stays a zombie until its times were read.
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while waitid(Id::Pid(pid), flags)? == WaitStatus::StillAlive {
        memory = memory.max(peak(pid).unwrap_or_default());
        if begun.elapsed() > limit && !cut {
            cut = true;
            kill(pid, Signal::SIGKILL)?;
        }
        std::thread::sleep(GLANCE);
    }
    let time = begun.elapsed();
    let cpu = cpu(pid).context("no processor time in /proc")?;
    let status = child.wait()?;
    let said = fs::read_to_string(errors.path()).unwrap_or_default();
    ensure!(cut || status.success(), "{command:?}: {status}: {said}");
    let output = fs::read(output.path())?;
    Ok(Run { time, cpu, memory, output: String::from_utf8_lossy(&output).into_owned(), cut })
}

fn peak(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Fields 14 to 17 of /proc/PID/stat, its own time and that of its children, behind the name, which
/// may hold spaces.
fn cpu(pid: Pid) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok());
    let ticks = ticks.sum::<Option<u64>>()?;
    let a_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
    Some(Duration::from_millis(ticks * 1000 / a_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_measured_and_one_without_an_end_is_cut() {
        let echoed = run(Command::new("echo").arg("here"), Duration::from_mins(1)).unwrap();
        assert_eq!((echoed.output.as_str(), echoed.cut), ("here\n", false));
        let busy = ["-c", "while :; do :; done"];
        let busy = run(Command::new("sh").args(busy), Duration::from_millis(300)).unwrap();
        assert!(busy.cut && busy.cpu > Duration::ZERO && busy.memory > 0, "{busy:?}");
        assert!(run(&mut Command::new("false"), Duration::from_mins(1)).is_err());
    }
}
