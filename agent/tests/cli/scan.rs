//! Scans of loopback: what they write, and how they are stopped.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daicho_common::batch::Batch;

use super::*;

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

/// Whether nothing was sent from a second after this moment on, by the account of the batch: how long a
/// process takes to end on a busy machine proves nothing.
fn sent_nothing_a_second_after(batch: &Batch, moment: SystemTime) -> bool {
    let last = batch.sent.iter().map(|sent| sent.last.micros()).max().unwrap();
    let limit = (moment + Duration::from_secs(1)).duration_since(UNIX_EPOCH).unwrap();
    i128::from(last) < limit.as_micros().cast_signed()
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "what is promised is a second by the clock")]
fn a_scan_that_is_stopped_keeps_what_it_found_and_says_that_it_was_interrupted() {
    use std::process::Stdio;

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
    let stopped = SystemTime::now();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let rest: Vec<_> = talk.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("error: the scan was interrupted")));
    let [one] = opened(&agent.place.path().join("scan.daicho")).try_into().unwrap();
    let gaps = one.batch.coverage.iter().flat_map(|coverage| &coverage.not_asked);
    assert!(gaps.into_iter().any(|gap| gap.why == Why::Interrupted && gap.addresses.len() > 1000));
    assert!(sent_nothing_a_second_after(&one.batch, stopped), "{:?}", one.batch.sent);
    assert_eq!(agent.files(), ["scan.daicho"]);
}

#[test]
fn a_scan_sends_nothing_a_second_after_the_appearance_of_its_file() {
    use std::process::Stdio;

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
    assert!(sent_nothing_a_second_after(&one.batch, appeared), "{:?}", one.batch.sent);
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
