//! Captures that are read.

use super::*;

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
