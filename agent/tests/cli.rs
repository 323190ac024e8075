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

#[test]
fn a_configuration_that_is_not_there_is_refused() {
    let agent = Agent::new();
    let file = agent.path("none.toml");
    agent.refuses(
        &["scan", "--config", &file, "--network", "127.0.0.2"],
        3,
        &[&file, "cannot be read"],
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let agent = Agent::new();
    let file = agent.config("[pace]\npacket_per_second = 10\n");
    let words = [file.as_str(), "line 2", "packet_per_second", "config --print"];
    agent.refuses(&["scan", "--config", &file, "--network", "127.0.0.2"], 3, &words);
}

#[test]
fn a_forbidden_port_in_the_configuration_is_refused() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\ncidr = \"127.0.0.0/30\"\ntcp_ports = [80, 9100]\n");
    let words = [file.as_str(), "tcp_ports in the", "is 9100", "printers print", "remove"];
    agent.refuses(&["scan", "--config", &file, "--all-declared"], 3, &words);
}

#[test]
fn a_scan_without_a_named_network_is_refused() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\ncidr = \"127.0.0.0/30\"\nname = \"lab\"\n");
    agent.refuses(&["scan", "--config", &file], 5, &["--network", "lab"]);
    agent.refuses(&["scan"], 5, &["--network"]);
    agent.refuses(&["scan", "--all-declared"], 5, &["[[network]]", "--config"]);
}

#[test]
fn an_unknown_network_is_refused() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\ncidr = \"127.0.0.0/30\"\nname = \"lab\"\n");
    let words = ["\"office\"", "not declared", "lab", &file];
    agent.refuses(&["scan", "--config", &file, "--network", "office"], 5, &words);
}

#[test]
fn a_public_a_huge_and_a_doubled_network_are_refused() {
    let agent = Agent::new();
    agent.refuses(&["scan", "--network", "8.8.8.0/24"], 5, &["8.8.8.0/24", "not private"]);
    agent.refuses(&["scan", "--network", "10.0.0.0/8"], 5, &["10.0.0.0/8", "too large"]);
    let doubled = ["scan", "--network", "127.0.0.0/28", "127.0.0.4/32"];
    agent.refuses(&doubled, 5, &["127.0.0.4/32", "overlap"]);
}

#[test]
fn an_output_file_that_cannot_be_made_is_refused_before_the_scan() {
    let agent = Agent::new();
    let file = agent.path("missing/scan.daicho");
    agent.refuses(&["scan", "--network", "127.0.0.2", "-o", &file], 1, &[&file, "directory"]);
    assert!(agent.files().is_empty());
}

#[test]
fn wrong_arguments_are_refused_by_number_two() {
    let agent = Agent::new();
    for arguments in [
        &["scan", "--network", "127.0.0.2", "--rate", "0"][..],
        &["scan", "--network", "127.0.0.2", "--per-target", "1001"],
        &["scan", "--network", "127.0.0.2", "--timeout", "49"],
        &["scan", "--network", "127.0.0.2", "--fast"],
        &["config"],
        &[],
    ] {
        assert_eq!(agent.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_url_that_is_no_collector_is_refused_before_the_scan() {
    let agent = Agent::new();
    let to = |url: &'static str| ["scan", "--network", "127.0.0.2", "--to", url];
    agent.refuses(&to("https://daicho.example"), 9, &["not enrolled", "agent invite"]);
    agent.refuses(&to("daicho.example:8080"), 2, &["http://host:port"]);
    agent.refuses(&to("http://"), 2, &["http://host:port"]);
}

#[test]
fn a_damaged_file_is_not_sent() {
    let agent = Agent::new();
    agent.scan_to("scan.daicho");
    let whole = fs::read(agent.path("scan.daicho")).unwrap();
    let (url, file) = (nobody(), agent.path("bad.daicho"));
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    let cut = &whole[..whole.len() - 1];
    for (octets, why) in [
        (altered.as_slice(), "signature"),
        (cut, "truncated"),
        (b"PK\x03\x04 a zip file, perhaps", "not a batch"),
        (b"", "truncated"),
    ] {
        fs::write(&file, octets).unwrap();
        let words = ["batch 1", &file, why, "nothing was sent"];
        agent.refuses(&["send", &file, "--to", &url], 4, &words);
    }
    agent.refuses(&["send", &agent.path("none"), "--to", &url], 4, &["none", "cannot be read"]);
}

#[test]
fn a_collector_that_does_not_listen_is_complained_of() {
    let agent = Agent::new();
    agent.scan_to("scan.daicho");
    let url = nobody();
    let words = [url.as_str(), "could not be reached"];
    agent.refuses(&["send", "scan.daicho", "--to", &url], 9, &words);
}

#[test]
fn what_the_collector_says_against_a_batch_is_shown() {
    let agent = Agent::new();
    agent.scan_to("scan.daicho");
    let reply = r#"{"ja":"鍵が未登録です","en":"the key is not known\u001b[31m"}"#;
    let (url, serving) = collector(1, 403, reply);
    let words = ["HTTP 403", "the key is not known", &url];
    agent.refuses(&["send", "scan.daicho", "--to", &url], 9, &words);
    serving.join().unwrap();
    let (url, serving) = collector(1, 200, "<html>another server</html>");
    agent.refuses(&["send", "scan.daicho", "--to", &url], 9, &["not the reply of a daicho"]);
    serving.join().unwrap();
}

#[test]
fn a_result_that_cannot_be_delivered_is_kept_and_sent_later() {
    let agent = Agent::new();
    let url = nobody();
    let scan = ["scan", "--quiet", "--network", "127.0.0.2", "--timeout", "50", "--to", &url];
    let words = ["could not be reached", "state/spool", "daicho-agent send --to"];
    agent.refuses(&scan, 9, &words);
    assert_eq!(agent.spooled(), 1);

    let (url, serving) = collector(1, 200, r#"{"status":"accepted"}"#);
    let output = agent.run(&["send", "--to", &url]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(agent.spooled(), 0);
    let sent = serving.join().unwrap();
    let [batch] = open_all(&sent[0]).unwrap().try_into().unwrap();
    assert!(batch.batch.header.last);
}

#[test]
fn a_delivered_result_leaves_nothing_in_the_spool() {
    let agent = Agent::new();
    let (url, serving) = collector(1, 200, r#"{"status":"accepted","observations":3}"#);
    let scan = ["scan", "--network", "127.0.0.2", "--timeout", "50", "--to", &url];
    let output = agent.run(&scan);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(agent.spooled(), 0);
    assert_eq!(serving.join().unwrap().len(), 1);
}

#[test]
fn a_scan_writes_a_whole_file_and_prints_no_table() {
    let agent = Agent::new();
    agent.scan_to("scan.daicho");
    assert_eq!(agent.files(), ["scan.daicho"]);
    let [one] = opened(&agent.place.path().join("scan.daicho")).try_into().unwrap();
    let header = &one.batch.header;
    assert!(header.last && header.sequence == 1 && header.to >= header.from, "{header:?}");
    assert!(!one.batch.coverage.is_empty() && !one.batch.sent.is_empty());
    let key = agent.run(&["key"]);
    assert!(text(&key.stdout).starts_with(&format!("{}\n", one.key)), "{key:?}");
    assert!(text(&key.stdout).contains(&one.key.fingerprint()));
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

#[test]
fn without_a_place_for_the_result_a_table_goes_to_stdout_and_the_talk_to_stderr() {
    let agent = Agent::new();
    let (listener, file) = somebody(&agent);
    let arguments = ["scan", "--config", &file, "--network", "lab", "--timeout", "200"];
    let output = agent.run(&arguments);
    assert_eq!(output.status.code(), Some(0));
    let sign = format!("tcp/{}", listener.local_addr().unwrap().port());
    let table = text(&output.stdout);
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [["IP", "MAC", "signs", "name"], ["127.0.0.2", "-", &sign, "-"]]);
    let said = text(&output.stderr);
    assert!(said.contains("5 アドレス中 1 台を発見"), "{said}");
    assert!(said.contains("1 hosts found on 5 addresses"), "{said}");
    assert!(said.contains("SNMP: 5 アドレス: コミュニティ名が設定されていない"), "{said}");
}

#[test]
fn a_connection_is_closed_without_an_octet() {
    let agent = Agent::new();
    let (listener, file) = somebody(&agent);
    let arguments = ["scan", "-q", "--config", &file, "--network", "lab", "--timeout", "200"];
    assert_eq!(agent.run(&arguments).status.code(), Some(0));
    let (mut stream, _) = listener.accept().unwrap();
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn a_quiet_scan_says_nothing_but_its_data() {
    let agent = Agent::new();
    let (_listener, file) = somebody(&agent);
    let arguments = ["scan", "-q", "--config", &file, "--network", "lab", "--timeout", "200"];
    let output = agent.run(&arguments);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout).lines().count(), 2);
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "what is promised is a second by the clock")]
fn a_scan_that_is_stopped_keeps_what_it_found_and_says_that_it_was_interrupted() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let agent = Agent::new();
    let arguments = ["scan", "--network", "127.0.0.0/16", "--rate", "100", "-o", "scan.daicho"];
    let mut child = agent
        .command(&arguments)
        .env("DAICHO_LOG", "daicho_agent=info")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = talk.by_ref().map_while(Result::ok).any(|line| line.contains("scan begins"));
    assert!(begun);
    let stopped = Instant::now();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let rest: Vec<_> = talk.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(stopped.elapsed() < Duration::from_secs(1), "{:?}", stopped.elapsed());
    assert!(rest.iter().any(|line| line.starts_with("error: the scan was interrupted")));
    let [one] = opened(&agent.place.path().join("scan.daicho")).try_into().unwrap();
    let gaps = one.batch.coverage.iter().flat_map(|coverage| &coverage.not_asked);
    assert!(gaps.into_iter().any(|gap| gap.why == Why::Interrupted && gap.addresses.len() > 1000));
    assert_eq!(agent.files(), ["scan.daicho"]);
}

#[test]
fn a_scan_sends_nothing_a_second_after_the_appearance_of_its_file() {
    use std::process::Stdio;
    use std::time::{Duration, UNIX_EPOCH};

    let agent = Agent::new();
    let file = agent.config(&format!("[agent]\nstop_file = {:?}", agent.path("stop")));
    let scan = ["scan", "--config", &file, "--network", "127.0.0.0/16", "--rate", "100"];
    let arguments = [&scan[..], &["-o", "scan.daicho"]].concat();
    let mut child = agent
        .command(&arguments)
        .env("DAICHO_LOG", "daicho_agent=info")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(talk.by_ref().map_while(Result::ok).any(|line| line.contains("scan begins")));
    fs::write(agent.path("stop"), "").unwrap();
    let appeared = fs::metadata(agent.path("stop")).unwrap().modified().unwrap();
    let rest: Vec<_> = talk.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let [one] = opened(&agent.place.path().join("scan.daicho")).try_into().unwrap();
    // By the account and the clock of the file, for how long a process takes to end on a busy machine
    // proves nothing.
    let last = one.batch.sent.iter().map(|sent| sent.last.micros()).max().unwrap();
    let limit = (appeared + Duration::from_secs(1)).duration_since(UNIX_EPOCH).unwrap();
    assert!(i128::from(last) < limit.as_micros().cast_signed(), "{last} after {limit:?}");
    let gaps = one.batch.coverage.iter().flat_map(|coverage| &coverage.not_asked);
    assert!(gaps.into_iter().any(|gap| gap.why == Why::Interrupted && gap.addresses.len() > 1000));
}

#[test]
fn an_interrupted_scan_is_gone_on_with_and_then_forgotten() {
    let agent = Agent::new();
    let scan =
        ["scan", "-q", "--network", "127.0.0.0/29", "--timeout", "50", "--per-target", "1000"];
    agent.refuses(&[&scan[..], &["--resume"]].concat(), 4, &["--resume"]);
    let stop = agent.path("stop");
    fs::write(&stop, "").unwrap();
    let stopped = [&scan[..], &["--stop-file", &stop]].concat();
    assert_eq!(agent.run(&stopped).status.code(), Some(130));
    let kept = || {
        let rows = fs::read_dir(agent.place.path().join("state")).unwrap();
        let names = rows.map(|row| row.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".resume")).count()
    };
    assert_eq!(kept(), 1);
    let resumed = [&scan[..], &["--resume", "-o", "scan.daicho"]].concat();
    let output = agent.run(&resumed);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(kept(), 0);
    let file = agent.path("x.resume");
    fs::write(&file, "{").unwrap();
    let named = format!("--resume={file}");
    agent.refuses(&[&scan[..], &[named.as_str()]].concat(), 4, &["x.resume"]);
}

#[test]
fn nothing_is_sent_while_the_file_that_stops_a_scan_is_there() {
    let agent = Agent::new();
    fs::write(agent.path("stop"), "").unwrap();
    let stop = agent.path("stop");
    let scan = ["scan", "--network", "127.0.0.2", "--stop-file", &stop, "-o", "scan.daicho"];
    assert_eq!(agent.run(&scan).status.code(), Some(130));
    let [one] = opened(&agent.place.path().join("scan.daicho")).try_into().unwrap();
    assert_eq!(one.batch.sent, []);
    assert!(one.batch.coverage.iter().all(|coverage| coverage.asked.is_empty()));
}

#[test]
fn the_printed_sample_is_a_configuration() {
    let agent = Agent::new();
    let printed = agent.run(&["config", "--print"]);
    let file = agent.config(&text(&printed.stdout));
    let arguments = ["scan", "-q", "--config", &file, "--network", "127.0.0.2", "--timeout", "50"];
    assert_eq!(agent.run(&arguments).status.code(), Some(0));
}

#[test]
fn help_lists_every_exit_code() {
    let help = text(&Agent::new().run(&["--help"]).stdout);
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "130 "] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(code)), "{code}\n{help}");
    }
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

#[test]
fn a_capture_becomes_lines_or_a_signed_batch() {
    let agent = Agent::new();
    let file = agent.path("one.pcap");
    fs::write(&file, capture()).unwrap();
    let output = agent.run(&["listen", "--pcap", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["fact"]["arp"]["mac"], "00:1a:2b:3c:4d:5e");
    assert_eq!(line["vantage"]["network"], "one");
    assert!(!fs::exists(agent.path("state")).unwrap(), "what is only printed needs no key");
    let result = agent.path("one.daicho");
    let output =
        agent.run(&["listen", "--pcap", &file, "--network", "10.20.0.0/24", "-o", &result]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    let opened = open_all(&fs::read(&result).unwrap()).unwrap();
    let observations = &opened[0].batch.observations;
    assert_eq!((opened.len(), observations.len()), (1, 1));
    assert_eq!(observations[0].vantage.network, "10.20.0.0/24");
}

#[test]
fn what_is_no_capture_or_a_damaged_one_is_refused_as_input() {
    let agent = Agent::new();
    let file = agent.path("bad.pcap");
    fs::write(&file, b"not a capture").unwrap();
    agent.refuses(&["listen", "--pcap", &file], 4, &["bad.pcap", "neither pcap nor pcapng"]);
    let whole = capture();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let output = agent.run(&["listen", "--pcap", &file, "--quiet"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("truncated"), "{}", text(&output.stderr));
}

#[test]
fn the_doctor_tells_what_to_mend_and_makes_nothing() {
    let agent = Agent::new();
    let file = agent.config("[[network]]\nname = \"自分\"\ncidr = \"127.0.0.0/24\"\n");
    let well = agent.run(&["doctor", "--config", &file]);
    let told = text(&well.stdout);
    assert_eq!(well.status.code(), Some(0), "{told}{}", text(&well.stderr));
    assert!(told.contains("[良好] 自分（127.0.0.0/24）"), "{told}");
    assert!(told.contains("[doubtful] this agent is not enrolled"), "{told}");
    assert!(!fs::exists(agent.path("state")).unwrap());

    let file = agent.config(
        "[[network]]\nname = \"病棟\"\ncidr = \"10.20.0.0/24\"\ninterface = \"nonesuch0\"\nvlan = 20\n",
    );
    let ill = agent.run(&["doctor", "--config", &file]);
    assert_eq!(ill.status.code(), Some(1));
    assert!(text(&ill.stdout).contains("[bad] 病棟 (10.20.0.0/24)"), "{}", text(&ill.stdout));
    assert!(text(&ill.stderr).contains("1 things are wrong"), "{}", text(&ill.stderr));
}
