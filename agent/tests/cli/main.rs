//! The built program as a user meets it: what it refuses, in which words, with which exit code.
//! Packets go to loopback only.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by a panic"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread::JoinHandle;

use daicho_common::batch::{Opened, open_all};
use daicho_common::coverage::Why;
use tempfile::TempDir;

mod refused;
mod deliver;
mod scan;
mod listen;
mod doctor;

/// The program, with a state directory of its own and no environment that could choose another.
struct Agent {
    place: TempDir,
}

impl Agent {
    fn new() -> Self {
        Self { place: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daicho-agent"));
        command.env_clear().current_dir(self.place.path());
        command.args(["--state", &self.path("state")]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Writes a configuration and returns its path.
    fn config(&self, text: &str) -> String {
        let file = self.path("agent.toml");
        fs::write(&file, text).unwrap();
        file
    }

    /// Runs, and demands this exit code and one complaint in each language, with these words in
    /// the English one.
    fn refuses(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let output = self.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert_eq!(text(&output.stdout), "");
        assert_eq!(said.lines().filter(|line| line.starts_with("エラー: ")).count(), 1, "{said}");
        let english: Vec<_> = said.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(english.len(), 1, "{said}");
        for word in words {
            assert!(english[0].contains(word), "{word:?} is not said: {said}");
        }
    }

    fn files(&self) -> Vec<String> {
        let rows = fs::read_dir(self.place.path()).unwrap();
        let mut names: Vec<_> =
            rows.map(|row| row.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != "state" && name != "agent.toml");
        names.sort();
        names
    }

    fn spooled(&self) -> usize {
        fs::read_dir(self.place.path().join("state/spool")).map_or(0, Iterator::count)
    }

    /// A scan of one loopback address into a file.
    fn scan_to(&self, file: &str) {
        let output = self.run(&["scan", "--network", "127.0.0.2", "--timeout", "50", "-o", file]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

fn opened(file: &Path) -> Vec<Opened> {
    open_all(&fs::read(file).unwrap()).unwrap()
}

/// An address on which nobody listens: it was free a moment ago.
fn nobody() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}")
}

/// A collector that gives this reply to each of `count` batches, and returns what it was sent. It
/// knows of nobody who wants to stop.
fn collector(count: usize, status: u16, reply: &str) -> (String, JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reply = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{reply}",
        reply.len()
    );
    let serving = std::thread::spawn(move || {
        let served = std::iter::repeat_with(|| serve(&listener.accept().unwrap().0, &reply));
        served.flatten().take(count).collect()
    });
    (url, serving)
}

fn serve(stream: &TcpStream, reply: &str) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &String| line != "\r\n") {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        lines.push(line);
    }
    if lines[0].starts_with("GET /api/v1/agents/") {
        let none = b"HTTP/1.1 404 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        (&*stream).write_all(none).unwrap();
        return None;
    }
    assert_eq!(lines[0], "POST /api/v1/batches HTTP/1.1\r\n");
    let header = |name: &str| {
        let found = lines.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("no {name} in {lines:?}"))
    };
    assert_eq!(header("content-type"), "application/vnd.daicho.batch");
    let mut body = vec![0; header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (&*stream).write_all(reply.as_bytes()).unwrap();
    Some(body)
}

/// Somebody to find on loopback, and the configuration that finds them: on loopback only an open
/// port is a sign of life, for the system itself refuses at every address.
fn somebody(agent: &Agent) -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let network = "[[network]]\nname = \"lab\"\ncidr = \"127.0.0.0/29\"\n";
    let file = agent.config(&format!("{network}policy = \"full\"\ntcp_ports = [{port}]\n"));
    (listener, file)
}

/// A capture of one frame: an ARP request of 10.20.0.7.
fn capture() -> Vec<u8> {
    let mut file = vec![0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([0, 0, 0xff, 0xff, 0, 0, 0, 1, 0x65, 0, 0, 0, 0, 0, 0, 0]);
    file.extend([0, 0, 0, 42, 0, 0, 0, 42]);
    let mac = [0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e];
    file.extend([&[0xff; 6][..], &mac, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &mac].concat());
    file.extend([10, 20, 0, 7, 0, 0, 0, 0, 0, 0, 10, 20, 0, 1]);
    file
}
