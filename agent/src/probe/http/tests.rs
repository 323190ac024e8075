use std::time::Duration;

use daicho_common::observation::Question;
use daicho_common::time::Tick;

use super::*;
use crate::probe::talk::Talk;
use crate::probe::{Dialogue, Stream};

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

/// What a web server did in an interview.
#[derive(Debug, Default, PartialEq, Eq)]
struct Visit {
    asked: Vec<Get>,
    connections: usize,
    said: Option<Said>,
    outcome: Option<Outcome>,
}

/// Interviews a server that answers a path thus, each answer in pieces of this length; it closes the
/// connection after an answer if it was asked to.
fn visit(http: Http, piece: usize, serve: impl Fn(&str) -> Vec<u8>) -> Visit {
    let (mut talk, now) = (Talk::new(80, Duration::from_secs(1), http), Tick::ZERO);
    let mut visit = Visit::default();
    while let Some(ask) = talk.poll_transmit(now) {
        if ask.octets.is_empty() {
            visit.connections += 1;
            talk.handle_stream(Stream::Opened, now);
            continue;
        }
        let get = Get::decode(&ask.octets).unwrap();
        for piece in serve(&get.target).chunks(piece) {
            talk.handle_stream(Stream::Octets(piece), now);
        }
        if get.close && talk.poll_timeout() != Some(Tick::ZERO) {
            talk.handle_stream(Stream::Closed, now);
        }
        visit.asked.push(get);
        assert!(visit.asked.len() < 20, "endless");
    }
    for fact in std::iter::from_fn(|| talk.poll_fact()) {
        if let Fact::Said(said) = fact {
            assert!(visit.said.replace(*said).is_none(), "once");
        } else if let Fact::Asked { question: Question::Service { port: 80 }, outcome } = fact {
            assert!(visit.outcome.replace(outcome).is_none(), "once");
        }
    }
    visit
}

fn start() -> Http {
    Http::new(HOST, (80, false), "/", &["mfp-3f.local".to_owned()])
}

fn paths(visit: &Visit) -> Vec<&str> {
    visit.asked.iter().map(|get| get.target.as_str()).collect()
}

fn ok(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn moved(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// A device in the manner of many: a redirect, a page in `Shift_JIS`, an icon.
fn device(path: &str) -> Vec<u8> {
    match path {
        "/" => moved("/web/top.cgi?sid=83f2"),
        "/web/top.cgi?sid=83f2" => ok(
            "Server: Mini-Web 2.1\r\nSet-Cookie: SID=83f2; path=/\r\nDate: today\r\n",
            &encoding_rs::SHIFT_JIS
                .encode("<title>複合機</title><meta name=generator content=G>")
                .0,
        ),
        "/favicon.ico" => ok("Content-Type: image/x-icon\r\n", b"\0\0\x01\0icon"),
        _ => b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec(),
    }
}

#[test]
fn a_device_says_who_it_is_and_nothing_that_changes() {
    let visit = visit(start(), 4096, device);
    assert_eq!(paths(&visit), ["/", "/web/top.cgi?sid=83f2", "/favicon.ico"]);
    assert_eq!((visit.connections, visit.outcome), (3, Some(Outcome::Complete)));
    let said = visit.said.unwrap();
    let fields: Vec<_> =
        said.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let icon = b"\0\0\x01\0icon";
    let (sha256, md5) = (icon::sha256(icon), icon::md5(icon));
    let mmh3 = icon::mmh3(icon).to_string();
    assert_eq!(
        fields,
        [
            ("status", "302"),
            ("location", "/web/top.cgi"),
            ("status", "200"),
            ("server", "Mini-Web 2.1"),
            ("set-cookie", "SID"),
            ("title", "複合機"),
            ("generator", "G"),
            ("favicon_sha256", &sha256),
            ("favicon_md5", &md5),
            ("favicon_mmh3", &mmh3),
        ]
    );
    let hosts: HashSet<_> = visit.asked.iter().map(|get| get.host.as_str()).collect();
    assert_eq!(hosts, HashSet::from(["10.20.0.9"]));
}

#[test]
fn answers_cut_anywhere_say_the_same() {
    let whole = visit(start(), 4096, device);
    for piece in 1..120 {
        assert_eq!(visit(start(), piece, device), whole, "{piece}");
    }
}

#[test]
fn redirects_elsewhere_are_told_and_not_followed() {
    for to in [
        "http://example.com/",
        "https://10.20.0.9/",
        "http://10.20.0.9:8080/",
        "http://10.20.0.90/",
        "//evil.example/x",
        "ftp://10.20.0.9/",
        "javascript:alert(1)",
    ] {
        let visit = visit(start(), 4096, |_| moved(to));
        assert_eq!(paths(&visit), ["/"], "{to}");
        assert_eq!(visit.said.unwrap().get("location"), Some(to));
    }
    let visit = visit(start(), 4096, |path| match path {
        "/" => moved("http://MFP-3F.local/start"),
        _ => ok("", b"<title>x</title>"),
    });
    assert_eq!(paths(&visit), ["/", "/start", "/favicon.ico"], "by a name that it has");
    assert_eq!(visit.asked[1].host, "mfp-3f.local");
}

#[test]
fn endless_redirects_end() {
    let longer = visit(start(), 4096, |path| moved(&format!("{path}x")));
    assert_eq!(paths(&longer), ["/", "/x", "/xx", "/xxx"]);
    let round = visit(start(), 4096, |path| moved(if path == "/" { "/a" } else { "/" }));
    assert_eq!(paths(&round), ["/", "/a"]);
    let again = visit(start(), 4096, |_| ok("", b"<meta http-equiv=refresh content='0;url=/'>"));
    assert_eq!(paths(&again), ["/", "/favicon.ico"]);
    assert_eq!(again.outcome, Some(Outcome::Complete));
}

#[test]
fn a_login_page_is_told_and_its_icon_left_alone() {
    let visit = visit(start(), 4096, |_| {
        b"HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"NET, CAM\"\r\n\
          WWW-Authenticate: Digest nonce=\"a,b\", realm=\"NETCAM\", opaque=\"x\", qop=\"auth\"\r\n\
          Content-Type: text/html\r\n\r\n<title>401</title>"
            .to_vec()
    });
    assert_eq!((paths(&visit), visit.outcome), (vec!["/"], Some(Outcome::Complete)));
    let said = visit.said.unwrap();
    let challenges: Vec<_> = said.all("www-authenticate").collect();
    assert_eq!(challenges, ["Basic realm=\"NET, CAM\"", "Digest realm=\"NETCAM\", qop=\"auth\""]);
    assert_eq!(said.get("title"), Some("401"));
}

#[test]
fn what_comes_packed_is_not_unpacked() {
    let visit = visit(start(), 4096, |_| ok("Content-Encoding: gzip\r\n", &vec![0x1f; 60_000]));
    assert_eq!(paths(&visit), ["/"]);
    assert_eq!(visit.said.unwrap().get("content-encoding"), Some("gzip"));
}

#[test]
fn megabytes_are_read_to_the_bound_and_end() {
    let flood = |path: &str| match path {
        "/" => ok("", &[b"<title>big</title>".as_slice(), &vec![b'x'; 10 << 20]].concat()),
        _ => ok("", &vec![1; 10 << 20]),
    };
    let visit = visit(start(), 4096, flood);
    let said = visit.said.unwrap();
    assert_eq!((said.get("title"), said.get("favicon_sha256")), (Some("big"), None));
    assert_eq!(visit.outcome, Some(Outcome::Complete));
}

#[test]
fn another_protocol_is_malformed_and_silence_is_silence() {
    let ssh = visit(start(), 4096, |_| b"SSH-2.0-OpenSSH_9.2\r\n".to_vec());
    assert_eq!((ssh.said, ssh.outcome), (None, Some(Outcome::Malformed)));
    let mute = visit(start(), 4096, |_| Vec::new());
    assert_eq!((mute.said, mute.outcome), (None, Some(Outcome::Silent)));
    let broken = visit(start(), 4096, |_| {
        b"HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 99\r\n\r\n<title>cut</title>".to_vec()
    });
    let said = broken.said.unwrap();
    assert_eq!((said.get("title"), broken.outcome), (Some("cut"), Some(Outcome::Partial)));
}

#[test]
fn who_falls_silent_within_a_page_is_told_as_far_as_it_got() {
    let mut http = start();
    http.begin();
    assert_eq!(
        http.hear(b"HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 9\r\n\r\n<ti"),
        Next::Wait
    );
    assert!(!http.resumes(Cut::Silent));
    assert_eq!(http.cut(Cut::Silent), Outcome::Partial);
    let Some((Method::Http, Fact::Said(said))) = http.poll_fact() else { panic!("nothing said") };
    assert_eq!(said.get("server"), Some("a"));
    assert_eq!(http.poll_fact(), None);
}

#[test]
fn within_tls_one_connection_is_kept_as_long_as_the_other_side_keeps_it() {
    let secure = || Http::new(HOST, (443, true), "/", &[]);
    let kept = visit(secure(), 4096, device);
    assert_eq!((kept.asked.len(), kept.connections), (3, 1));
    assert_eq!(kept.asked.iter().map(|get| get.close).collect::<Vec<_>>(), [false, false, true]);
    let closing = |path: &str| {
        let text =
            String::from_utf8_lossy(&device(path)).replacen("\r\n", "\r\nConnection: close\r\n", 1);
        text.into_bytes()
    };
    let closed = visit(secure(), 4096, closing);
    assert_eq!((closed.asked.len(), closed.connections), (3, 3));
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_is_opened_again() {
    let mut http = Http::new(HOST, (443, true), "/", &[]);
    http.begin();
    assert!(matches!(http.hear(&ok("", b"<title>a</title>")), Next::Say(_)));
    assert!(http.resumes(Cut::Closed));
    assert!(matches!(http.begin(), Next::Say(_)));
    assert!(!http.resumes(Cut::Closed), "once");
    assert_eq!(http.cut(Cut::Closed), Outcome::Complete);
}
