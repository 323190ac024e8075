//! Messages on loopback: to a mail server, a web server and syslog servers of these tests' own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel as queue};
use std::time::Duration;

use super::*;
use crate::config::Config;
use crate::notify::message::trial;
use crate::notify::watch::Copied;
use crate::notify::webhook;
use crate::store::{By, NoticeState};
use crate::words::Lang;

mod sink;

use sink::{Certified, Mail, https, mail_server, syslog_stream};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "s3cr3t-パスワード";
const START: i64 = 1_775_003_400_000_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_micros(START + minutes * 60_000_000)
}

fn channel(text: &str) -> Channel {
    let config = Config::parse(text, "test").unwrap();
    config.notify.channels.into_iter().next().unwrap()
}

fn mail(port: u16, more: &str) -> Channel {
    channel(&format!(
        "[[notify]]\nname = \"mail\"\nkind = \"smtp\"\nserver = \"localhost\"\nport = {port}\n\
         from = \"台帳 <daicho@example.jp>\"\nto = [\"network@example.jp\", \"佐藤 <sato@example.jp>\"]\n{more}"
    ))
}

fn message_in(lang: Lang) -> Message {
    let show = |_: Timestamp| "2026-04-01 09:30:00".to_owned();
    let how = Wording { lang, brief: false, url: "", show: &show };
    trial("受付の通知先", how, at(0))
}

fn secret_of(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

#[test]
fn mail_arrives_with_a_japanese_subject_and_text_that_decode_right() {
    let (port, mails) = mail_server(None);
    let what = message_in(Lang::Ja);
    send(&mail(port, "security = \"none\"\n"), &what, None).unwrap();
    let Mail { from, to, head, text, .. } = mails.recv_timeout(PATIENCE).unwrap();
    assert_eq!(from, "daicho@example.jp");
    assert_eq!(to, ["network@example.jp", "sato@example.jp"]);
    assert_eq!(sink::header(&head, "Subject"), what.subject());
    assert!(what.subject().contains("通知の試験"));
    assert_eq!(text.trim_end(), what.text().trim_end());
    assert_eq!(sink::header(&head, "Auto-Submitted"), "auto-generated");
    assert!(sink::header(&head, "Message-ID").contains(&what.id));
    assert!(sink::header(&head, "From").contains("台帳"));
    assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 998));
}

#[test]
fn a_login_goes_over_tls_only_by_starttls_or_from_the_start() {
    let certified = Certified::new();
    let ca = certified.ca.display();
    for (security, implicit) in [("starttls", false), ("tls", true)] {
        let (port, mails) = mail_server(Some((&certified, implicit)));
        let more = format!(
            "security = \"{security}\"\nuser = \"daicho\"\npassword = {{ secret = \"p\" }}\nca_file = \"{ca}\"\n"
        );
        send(&mail(port, &more), &message_in(Lang::En), Some(&secret_of(PASSWORD))).unwrap();
        let arrived = mails.recv_timeout(PATIENCE).unwrap();
        assert_eq!(arrived.login, Some(("daicho".to_owned(), PASSWORD.to_owned())), "{security}");
        assert!(!arrived.in_the_clear.contains("AUTH"), "{}", arrived.in_the_clear);
    }
}

#[test]
fn a_server_without_starttls_a_wrong_certificate_and_a_closed_port_are_told_without_the_password() {
    let certified = Certified::new();
    let login = "user = \"daicho\"\npassword = { secret = \"p\" }\n";
    let (port, mails) = mail_server(None);
    let plain = send(&mail(port, login), &message_in(Lang::En), Some(&secret_of(PASSWORD)));
    assert!(plain.is_err(), "nothing is sent in the clear");
    let (tls, _mails) = mail_server(Some((&certified, true)));
    // Another CA than the one that vouches for the server.
    let other = Certified::new();
    let more = format!("security = \"tls\"\n{login}ca_file = \"{}\"\n", other.ca.display());
    let stranger = send(&mail(tls, &more), &message_in(Lang::En), Some(&secret_of(PASSWORD)));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = send(&mail(closed, "security = \"none\"\n"), &message_in(Lang::En), None);
    for failed in [plain, stranger, nobody] {
        let said = failed.unwrap_err();
        assert!(!said.is_empty() && !said.contains(PASSWORD) && !said.contains('\n'), "{said}");
    }
    assert!(mails.try_recv().is_err());
}

#[test]
fn a_web_server_gets_json_whose_signature_fits_and_a_redirection_is_no_receipt() {
    let certified = Certified::new();
    let (port, requests) = https(&certified, "204 No Content");
    let hook = |port: u16| {
        channel(&format!(
            "[[notify]]\nname = \"h\"\nkind = \"webhook\"\nurl = \"https://localhost:{port}/T0/path-secret\"\n\
             key = {{ secret = \"k\" }}\nca_file = \"{}\"\n",
            certified.ca.display()
        ))
    };
    let what = message_in(Lang::Ja);
    send(&hook(port), &what, Some(&secret_of("key"))).unwrap();
    let (head, body) = requests.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("POST /T0/path-secret HTTP/1.1"), "{head}");
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&name.to_lowercase()));
        line.unwrap().split_once(": ").unwrap().1.to_owned()
    };
    assert_eq!(header(webhook::DELIVERY), what.id);
    let signature = header(webhook::SIGNATURE);
    let seconds: i64 = signature[2..].split(',').next().unwrap().parse().unwrap();
    let again = Timestamp::from_micros(seconds * 1_000_000);
    assert_eq!(webhook::signature(b"key", &body, again), signature);
    assert_ne!(webhook::signature(b"other", &body, again), signature);
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&json["version"], &json["more"]), (&1.into(), &0.into()));
    assert_eq!(json["events"][0]["kind"], "trial");
    assert!(json["text"].as_str().unwrap().contains("通知の試験"));
    for status in ["302 Found\r\nLocation: https://localhost:1/", "500 Internal Server Error"] {
        let (port, _requests) = https(&certified, status);
        let said = send(&hook(port), &what, Some(&secret_of("key"))).unwrap_err();
        assert!(said.contains(&status[..3]) && !said.contains("path-secret"), "{said}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = send(&hook(closed), &what, Some(&secret_of("key"))).unwrap_err();
    assert!(!said.contains("path-secret"), "{said}");
}

fn syslog_to(port: u16, more: &str) -> Channel {
    channel(&format!(
        "[[notify]]\nname = \"s\"\nkind = \"syslog\"\nserver = \"localhost\"\nport = {port}\n{more}"
    ))
}

#[test]
fn syslog_arrives_as_datagrams_and_as_counted_octets_also_inside_tls() {
    let what = message_in(Lang::Ja);
    let check = |text: &str| {
        assert!(text.starts_with("<133>1 2026-04-01T00:30:00.000000Z "), "{text}");
        assert!(text.contains(" trial - \u{feff}通知の試験"), "{text}");
    };
    // The name leads to one address or the other; a socket listens at each.
    let four = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = four.local_addr().unwrap().port();
    let to = syslog_to(port, "").road;
    let Road::Syslog(mut to) = to else { panic!("syslog") };
    to.server = "127.0.0.1".into();
    four.set_read_timeout(Some(PATIENCE)).unwrap();
    syslog::send(&to, &what).unwrap();
    let mut datagram = [0; 4096];
    let length = four.recv(&mut datagram).unwrap();
    check(std::str::from_utf8(&datagram[..length]).unwrap());
    let certified = Certified::new();
    let ca = certified.ca.display();
    let plain = syslog_stream(None);
    let tls = syslog_stream(Some(&certified));
    for ((port, messages), more) in [
        (plain, "transport = \"tcp\"\n".to_owned()),
        (tls, format!("transport = \"tls\"\nca_file = \"{ca}\"\n")),
    ] {
        let mut much = what.clone();
        much.more = 3;
        send(&syslog_to(port, &more), &much, None).unwrap();
        check(&messages.recv_timeout(PATIENCE).unwrap());
        let last = messages.recv_timeout(PATIENCE).unwrap();
        assert!(last.contains("3 件"), "{last}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(send(&syslog_to(closed, "transport = \"tcp\"\n"), &what, None).is_err());
}

/// A site with these receivers, of which nothing else is told than what the test makes happen.
fn site(folder: &Path, receivers: &str) -> Arc<Site> {
    let store = Store::open(folder.join("daicho.db")).unwrap();
    Arc::new(Site::new(store, Config::parse(receivers, "test").unwrap()).unwrap())
}

fn wait(courier: &Courier) {
    for _ in 0..600 {
        if courier.is_idle() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("a message is still under way");
}

#[test]
fn one_event_is_one_message_to_each_receiver_over_restarts_and_a_dead_one_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (port, mails) = mail_server(None);
    // It takes connections and says nothing.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let receivers = format!(
        "[[notify]]\nname = \"dead\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{}/\"\n\
         [[notify]]\nname = \"mail\"\nkind = \"smtp\"\nserver = \"localhost\"\nport = {port}\n\
         security = \"none\"\nfrom = \"a@example.jp\"\nto = [\"b@example.jp\"]\n",
        dead.local_addr().unwrap().port()
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for start in 0..3 {
        let site = site(folder.path(), &receivers);
        if start == 0 {
            site.store.note_copy(Copied { at: at(0), failed: Some("disk full".into()) }).unwrap();
        }
        let courier = Courier::new(Arc::clone(&site));
        for minute in 0..3 {
            let now = at(start * 60 + minute * 20);
            runtime.block_on(courier.look(now)).unwrap();
            runtime.block_on(courier.deliver(now)).unwrap();
            if start == 0 && minute == 0 {
                let arrived = mails.recv_timeout(PATIENCE).unwrap();
                assert!(arrived.text.contains("disk full"), "{}", arrived.text);
                // What became of it is kept a moment later.
                let sent = || {
                    site.store.notices(9).unwrap().iter().any(|it| it.state == NoticeState::Sent)
                };
                for _ in 0..600 {
                    if sent() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                assert!(sent());
            }
        }
        assert!(mails.recv_timeout(Duration::from_millis(200)).is_err(), "it was told again");
        let told: Vec<(String, NoticeState)> = site
            .store
            .notices(10)
            .unwrap()
            .into_iter()
            .map(|one| (one.channel, one.state))
            .collect();
        assert_eq!(told.len(), 2, "{told:?}");
        if start == 0 {
            drop(dead.accept());
        }
    }
}

#[test]
fn what_cannot_be_delivered_is_tried_again_given_up_in_the_end_and_told_to_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (port, mails) = mail_server(None);
    let receivers = format!(
        "[[notify]]\nname = \"gone\"\nkind = \"syslog\"\nserver = \"127.0.0.1\"\nport = {closed}\ntransport = \"tcp\"\n\
         [[notify]]\nname = \"mail\"\nkind = \"smtp\"\nserver = \"localhost\"\nport = {port}\nevents = [\"delivery\"]\n\
         security = \"none\"\nfrom = \"a@example.jp\"\nto = [\"b@example.jp\"]\n"
    );
    let site = site(folder.path(), &receivers);
    let now = clock::now();
    site.store.note_copy(Copied { at: now, failed: Some("disk full".into()) }).unwrap();
    let courier = Courier::new(Arc::clone(&site));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(courier.look(now)).unwrap();
    let mut tries = Vec::new();
    for hour in 0..40_u64 {
        // The store says when; the clock of the tries runs on.
        let later = now.after(Duration::from_hours(hour));
        runtime.block_on(courier.deliver(later)).unwrap();
        wait(&courier);
        let one = site.store.notices(1).unwrap().remove(0);
        tries.push(one.tries);
        if one.state == NoticeState::Failed {
            break;
        }
    }
    let one = site.store.notices(1).unwrap().remove(0);
    assert_eq!((one.state, one.tries), (NoticeState::Failed, 9), "{tries:?}");
    assert!(!one.said.is_empty());
    let later = now.after(Duration::from_hours(50));
    runtime.block_on(courier.look(later)).unwrap();
    runtime.block_on(courier.deliver(later)).unwrap();
    let arrived = mails.recv_timeout(PATIENCE).unwrap();
    assert!(arrived.text.contains("gone"), "{}", arrived.text);
}

#[test]
fn a_password_is_taken_from_the_vault_when_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let certified = Certified::new();
    let (port, mails) = mail_server(Some((&certified, true)));
    let receivers = format!(
        "[[notify]]\nname = \"mail\"\nkind = \"smtp\"\nserver = \"localhost\"\nport = {port}\nsecurity = \"tls\"\n\
         from = \"a@example.jp\"\nto = [\"b@example.jp\"]\nuser = \"u\"\npassword = {{ secret = \"p\" }}\nca_file = \"{}\"\n",
        certified.ca.display()
    );
    let site = site(folder.path(), &receivers);
    site.store.note_copy(Copied { at: at(0), failed: Some("disk full".into()) }).unwrap();
    let courier = Courier::new(Arc::clone(&site));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let now = clock::now();
    let deliver = |later: u64| {
        let now = now.after(Duration::from_hours(later));
        runtime.block_on(courier.look(now)).unwrap();
        runtime.block_on(courier.deliver(now)).unwrap();
        wait(&courier);
    };
    deliver(0);
    let said = site.store.notices(1).unwrap().remove(0).said;
    assert!(said.contains("secret set p"), "{said}");
    let by = By::here("test".into(), at(0));
    let mut vault = Vault::of(site.store.path(), None).unwrap();
    vault.set((&site.store, by), "p", &secret_of(PASSWORD)).unwrap();
    deliver(1);
    let arrived = mails.recv_timeout(PATIENCE).unwrap();
    assert_eq!(arrived.login.unwrap().1, PASSWORD);
    // The configuration, the courier and the receiver show no password.
    let shown = format!("{courier:?} {:?} {:?}", site.config, site.store.notices(9));
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_of_a_failure_is_json_that_names_the_receiver_and_no_secret() {
    use crate::cli::log::subscriber;
    use crate::config::LogFormat;
    use tracing_subscriber::EnvFilter;

    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let receivers = format!(
        "[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://localhost:{closed}/path-secret\"\nkey = {{ secret = \"k\" }}\n"
    );
    let site = site(folder.path(), &receivers);
    let by = By::here("test".into(), at(0));
    let mut vault = Vault::of(site.store.path(), None).unwrap();
    vault.set((&site.store, by), "k", &secret_of(PASSWORD)).unwrap();
    site.store.note_copy(Copied { at: at(0), failed: Some("disk full".into()) }).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(Courier::new(Arc::clone(&site)).look(at(0))).unwrap();
    let taken = site.store.take_notice("hook".into(), (at(0), at(10))).unwrap().unwrap();
    let channel = site.config.notify.channels[0].clone();
    for format in [LogFormat::Json, LogFormat::Text] {
        let log = Log::default();
        let writer = log.clone();
        let logger = subscriber(format, EnvFilter::new("trace"), move || writer.clone());
        tracing::subscriber::with_default(logger, || carry(&site, &channel, &taken));
        let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(said.contains("hook") && said.contains("was not delivered"), "{said}");
        assert!(!said.contains("s3cr3t") && !said.contains("path-secret"), "{said}");
        if format == LogFormat::Json {
            for line in said.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
            }
        }
    }
}
