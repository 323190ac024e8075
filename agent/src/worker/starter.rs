//! Two processes in place of one, where there is a privilege to keep apart: this one may open sockets for
//! frames, and does nothing but start scans, which need them; the other talks to the collector and has no
//! capability. Neither can read what the other has, and who takes over the one that talks gains no more
//! than scans of the networks that are declared here.
//!
//! They say lines of JSON over the other's standard input and output. The other ends when its input
//! closes, and a scan when nobody waits for it any more.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Sentence;
use daicho_common::handed::Handed;
use daicho_common::job::{Order, Report, Stage};
use serde::{Deserialize, Serialize};

use super::beside::Scan;
use super::child::Child;
use super::{sentence, signals};

/// How the other process is told that it is the other.
pub const BESIDE: &str = "--beside";

/// How often it is looked how far a scan has got.
const LOOK: Duration = Duration::from_millis(100);

/// What the process that talks to the collector wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wish {
    /// A scan of this order, whose result goes to the collector at this URL, with these credentials.
    Start(Box<Order>, String, Handed),
    /// The end of the scan.
    Stop,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum News {
    /// How far the scan has got.
    Reached(Stage),
    /// It has ended.
    Ended(Report),
    /// It could not be started, or its end could not be learned.
    Failed(Sentence),
    /// Somebody wants the program to end.
    End,
}

/// Writes a line that the other side reads.
pub(super) fn tell(to: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_string(what)?;
    line.push('\n');
    to.write_all(line.as_bytes())?;
    to.flush()
}

pub(super) fn failed(error: &io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!(
            "収集サーバーと通信するプロセスを起動できません（{error}）。プロセス数の制限を確かめてください"
        ),
        format!(
            "the process that talks to the collector cannot be started ({error}); check the limit of processes"
        ),
    )
}

/// Starts the process that talks to the collector, and the scans that it wants, until it ends.
/// Returns its exit code.
///
/// # Errors
/// [`Exit::Other`] if it cannot be started or waited for.
pub fn keep(state: PathBuf, config: Option<PathBuf>) -> Result<i32, Complaint> {
    let mut command = Command::new(std::env::current_exe().map_err(|it| failed(&it))?);
    command.args(std::env::args_os().skip(1)).arg(BESIDE);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut other = command.spawn().map_err(|it| failed(&it))?;
    let (Some(input), Some(output)) = (other.stdin.take(), other.stdout.take()) else {
        return Err(failed(&io::Error::from(io::ErrorKind::BrokenPipe)));
    };
    let told = Arc::new(Mutex::new(input));
    let passed = pass_signals(Arc::clone(&told));
    Starter { state, config, told, scan: None, reached: Stage::default() }.serve(&wishes(output));
    let status = other.wait().map_err(|it| failed(&it));
    drop(passed);
    Ok(status?.code().unwrap_or_else(|| i32::from(Exit::Other.code())))
}

/// Passes a signal on as a wish: the other process may have had it too, and two are one to it.
fn pass_signals(told: Arc<Mutex<ChildStdin>>) -> Option<tokio::runtime::Runtime> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().ok()?;
    let signals = {
        let _inside = runtime.enter();
        signals()
    };
    let mut signals = signals.ok()?;
    runtime.spawn(async move {
        while signals.recv().await.is_some() {
            say(&told, &News::End);
        }
    });
    Some(runtime)
}

/// Says it, if the other process still listens.
fn say(told: &Mutex<ChildStdin>, news: &News) {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = tell(&mut *told, news) {
        tracing::debug!(%error, "the other process does not listen");
    }
}

/// What the other process wants; it ends with that process. A line that makes no sense is passed over.
fn wishes(output: ChildStdout) -> Receiver<Wish> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { return };
            if let Ok(wish) = serde_json::from_str(&line)
                && tell.send(wish).is_err()
            {
                return;
            }
        }
    });
    told
}

struct Starter {
    state: PathBuf,
    config: Option<PathBuf>,
    told: Arc<Mutex<ChildStdin>>,
    scan: Option<Child>,
    reached: Stage,
}

impl Starter {
    fn serve(mut self, wishes: &Receiver<Wish>) {
        loop {
            match wishes.recv_timeout(LOOK) {
                // One at a time: who wants another has given the first up.
                Ok(Wish::Start(order, to, handed)) => self.start((&order, &to), &handed),
                Ok(Wish::Stop) => self.scan.iter_mut().for_each(Child::stop),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.look();
        }
        // What was found is signed and kept before the end.
        self.scan.iter_mut().for_each(Child::stop);
        while self.scan.is_some() {
            std::thread::sleep(LOOK);
            self.look();
        }
    }

    fn start(&mut self, wanted: (&Order, &str), handed: &Handed) {
        self.reached = Stage::default();
        match Child::start((&self.state, self.config.as_deref()), wanted, handed) {
            Ok(child) => self.scan = Some(child),
            Err(complaint) => say(&self.told, &News::Failed(sentence(complaint))),
        }
    }

    /// Tells what is new of the scan.
    fn look(&mut self) {
        let Some(scan) = &mut self.scan else { return };
        let news = match scan.ended() {
            Ok(None) => {
                let reached = scan.stage();
                if reached == self.reached {
                    return;
                }
                self.reached = reached.clone();
                return say(&self.told, &News::Reached(reached));
            }
            Ok(Some(report)) => News::Ended(report),
            Err(complaint) => News::Failed(sentence(complaint)),
        };
        self.scan = None;
        say(&self.told, &news);
    }
}

/// Ends this process.
pub fn end(code: i32) -> ! {
    process::exit(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_two_processes_say_is_read_back_a_line_each() {
        let order =
            Order { id: 7, networks: vec!["ward".into()], seconds: Some(9), ..Order::default() };
        let mut lines = Vec::new();
        let wishes = [
            Wish::Start(Box::new(order), "https://a.example".into(), Handed::default()),
            Wish::Stop,
        ];
        for wish in &wishes {
            tell(&mut lines, wish).unwrap();
        }
        let text = String::from_utf8(lines).unwrap();
        let read: Vec<Wish> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        assert_eq!(read, wishes);
    }
}
