//! The program that runs one scan: `daicho-agent scan` with an order. It says on its standard output
//! how far it has got, a line of JSON each time, and ends when its standard input closes.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{self, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Sentence;
use daicho_common::handed::Handed;
use daicho_common::job::{Course, Order, Report, Stage};

use super::beside::Scan;
use super::starter::tell;

/// Most octets of a program's last words that are kept.
const LAST_WORDS: usize = 64 << 10;

/// A scan that runs.
pub(super) struct Child {
    process: process::Child,
    stage: Arc<Mutex<Stage>>,
    input: Option<ChildStdin>,
    words: Option<JoinHandle<String>>,
}

impl Child {
    /// Starts the scan of an order; its result goes to the collector at this URL.
    pub(super) fn start(
        (state, config): (&Path, Option<&Path>),
        (order, to): (&Order, &str),
        handed: &Handed,
    ) -> Result<Self, Complaint> {
        let mut command = Command::new(std::env::current_exe().map_err(|it| failed(&it))?);
        command.arg("--state").arg(state);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let order = serde_json::to_string(order).unwrap_or_default();
        command.args(["scan", "--handed", "--order", &order, "--to", to]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|it| failed(&it))?;
        let reached = Arc::new(Mutex::default());
        if let Some(output) = process.stdout.take() {
            follow(output, Arc::clone(&reached));
        }
        let words = process.stderr.take().map(listen);
        let mut input = process.stdin.take();
        if let Some(input) = &mut input {
            // If nobody reads it the scan says so.
            let _ = tell(input, handed);
        }
        Ok(Self { input, process, stage: reached, words })
    }
}

impl Scan for Child {
    fn stage(&self) -> Stage {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stop(&mut self) {
        drop(self.input.take());
    }

    fn ended(&mut self) -> Result<Option<Report>, Complaint> {
        let Some(status) = self.process.try_wait().map_err(|it| failed(&it))? else {
            return Ok(None);
        };
        let words = self.words.take().and_then(|it| it.join().ok()).unwrap_or_default();
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        let course = match code {
            Some(0) => Course::Done,
            Some(code) if code == Exit::Interrupted.code() => Course::Stopped,
            Some(_) | None => Course::Failed,
        };
        let said = match course {
            Course::Done => None,
            Course::Stopped | Course::Failed | Course::Refused | Course::Running => {
                Some(sentence(&words).unwrap_or_else(|| Sentence {
                    ja: format!("走査のプログラムが異常終了しました（{status}）"),
                    en: format!("the program of the scan ended abnormally ({status})"),
                }))
            }
        };
        Ok(Some(Report { course, stage: self.stage(), said }))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A scan whose end nobody waits for any more ends by itself, its input being closed.
        self.stop();
    }
}

fn follow(output: ChildStdout, stage: Arc<Mutex<Stage>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { return };
            if let Ok(read) = serde_json::from_str(&line) {
                *stage.lock().unwrap_or_else(PoisonError::into_inner) = read;
            }
        }
    });
}

/// Passes on what the program says, and keeps the end of it.
fn listen(output: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut words, mut output) = (Vec::new(), output);
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut part) {
            let said = part.get(..count).unwrap_or_default();
            let _ = std::io::Write::write_all(&mut std::io::stderr(), said);
            words.extend_from_slice(said);
            let over = words.len().saturating_sub(LAST_WORDS);
            words.drain(..over);
        }
        String::from_utf8_lossy(&words).into_owned()
    })
}

/// The complaint among a program's last words.
fn sentence(words: &str) -> Option<Sentence> {
    let last = |mark: &str| words.lines().rev().find_map(|line| line.strip_prefix(mark));
    Some(Sentence { ja: last("エラー: ")?.to_owned(), en: last("error: ")?.to_owned() })
}

fn failed(error: &std::io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!("走査のプログラムを起動できません（{error}）。プロセス数の制限を確かめてください"),
        format!(
            "the program of the scan cannot be started ({error}); check the limit of processes"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_found_among_the_last_words() {
        let words = "progress\nエラー: 一\nerror: one\nエラー: 二\nerror: two\nbye\n";
        let said = sentence(words).unwrap();
        assert_eq!((said.ja.as_str(), said.en.as_str()), ("二", "two"));
        assert_eq!(sentence("killed"), None);
    }
}
