//! Results on their way to a collector.

use super::*;

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
