//! Over a real loopback listener on a port that the system chose, by TLS of rustls and HTTP by hand.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use daicho_common::batch::{Batch, Header, Mark};
use daicho_common::enrolment::{Admission, Application, Code};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use super::*;
use crate::config::Config;
use crate::store::{NewInvitation, Store};

mod denied;

struct Running {
    address: SocketAddr,
    door: Arc<Door>,
    runtime: tokio::runtime::Runtime,
    folder: TempDir,
}

fn running() -> Running {
    running_with(ingest::open)
}

fn running_with(open: Opener) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    let site = Site::new(store, Config::parse("", "test").unwrap()).unwrap();
    let door = Arc::new(Door { open, ..Door::new(Arc::new(site)).unwrap() });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(Arc::clone(&door), listener, std::future::pending()));
    Running { address, door, runtime, folder }
}

struct Agent {
    name: String,
    batch_key: Ed25519KeyPair,
    key: String,
    certificate: String,
}

struct Answer {
    status: u16,
    body: String,
}

fn batch_key() -> Ed25519KeyPair {
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

fn config(ca: &CertificateDer<'static>, own: Option<(&str, &str)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

fn answer(stream: &mut Stream) -> io::Result<Answer> {
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        text.extend_from_slice(&part[..count]);
        let read = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
            return Ok(Answer { status, body: body.to_owned() });
        }
    }
}

fn ask(stream: &mut Stream, head: &str, body: &[u8]) -> io::Result<Answer> {
    let length = body.len();
    write!(stream, "{head} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n")?;
    write!(stream, "Content-Type: application/json\r\n\r\n")?;
    stream.write_all(body)?;
    stream.flush()?;
    answer(stream)
}

impl Running {
    fn connect(&self, own: Option<(&str, &str)>) -> Stream {
        let config = Arc::new(config(self.door.authority.certificate(), own));
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        StreamOwned::new(ClientConnection::new(config, name).unwrap(), socket)
    }

    fn as_agent(&self, agent: &Agent) -> Stream {
        self.connect(Some((&agent.certificate, &agent.key)))
    }

    fn store(&self) -> &Store {
        &self.door.site.store
    }

    fn invite(&self, name: &str, seed: u8) -> Code {
        let code = Code { secret: [seed; 10], ca: self.door.authority.fingerprint() };
        let now = crate::clock::now();
        let until = now.after(Duration::from_hours(1));
        let new = NewInvitation { agent: name.into(), code: code.kept(), until };
        self.store().admissions().invite(new, ("管理者".into(), now)).unwrap();
        code
    }

    fn apply(&self, code: &Code, batch_key: &Ed25519KeyPair) -> (Answer, KeyPair) {
        use ring::signature::KeyPair as _;
        let key = KeyPair::generate().unwrap();
        let request = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
        let secret = hex(&code.secret);
        let application = Application {
            proof: hex(batch_key.sign(&Application::claim(&secret, &request)).as_ref()),
            batch_key: hex(batch_key.public_key().as_ref()),
            secret,
            request,
            software: "test".into(),
        };
        let body = serde_json::to_vec(&application).unwrap();
        let answer = ask(&mut self.connect(None), "POST /api/v1/agent/enrol", &body);
        (answer.unwrap(), key)
    }

    fn enrol(&self, name: &str, seed: u8) -> Agent {
        let (code, batch_key) = (self.invite(name, seed), batch_key());
        let (answer, key) = self.apply(&code, &batch_key);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let admission: Admission = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(admission.agent, name);
        let key = key.serialize_pem();
        Agent { name: name.into(), batch_key, key, certificate: admission.certificate }
    }
}

fn sealed(agent: &Agent, number: u64) -> Vec<u8> {
    sealed_at(agent, number, i64::try_from(number).unwrap())
}

/// A batch of this number, so many microseconds after a fixed moment.
fn sealed_at(agent: &Agent, number: u64, at: i64) -> Vec<u8> {
    let at = Timestamp::from_micros(1_775_003_400_000_000 + at);
    let vantage = Vantage { agent: agent.name.clone(), interface: "e".into(), network: "n".into() };
    let observation = Observation {
        at,
        vantage: vantage.into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some([10, 20, 0, 1].into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    };
    let header = Header {
        agent: agent.name.clone(),
        scan: "s".into(),
        sequence: 1,
        last: true,
        from: at,
        to: at,
        software: "test".into(),
    };
    let batch = Batch { header, coverage: vec![], sent: vec![], observations: vec![observation] };
    batch.seal_marked(&agent.batch_key, Mark { stream: 1, number, dropped: 0 }).unwrap()
}

const HELLO: &str = "GET /api/v1/agent/hello";
const BATCHES: &str = "POST /api/v1/agent/batches";

#[test]
fn an_agent_enrols_by_its_code_and_delivers() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    let hello = ask(&mut stream, HELLO, b"").unwrap();
    assert!(hello.status == 200 && hello.body.contains("\"3F\""), "{}", hello.body);
    assert!(hello.body.contains("\"renew\":false"));
    for status in ["accepted", "already known"] {
        let answer = ask(&mut stream, BATCHES, &sealed(&agent, 1)).unwrap();
        assert!(answer.status == 200 && answer.body.contains(status), "{}", answer.body);
    }
    let listed = running.store().admissions().list().unwrap();
    assert!(listed[0].seen_at.is_some() && listed[0].gaps.is_empty());
}

#[test]
fn strangers_and_wrong_codes_are_refused_with_a_sentence() {
    let running = running();
    let without = ask(&mut running.connect(None), HELLO, b"").unwrap();
    assert!(without.status == 401 && without.body.contains("先に登録"), "{}", without.body);
    let code = running.invite("3F", 1);
    let wrong = Code { secret: [9; 10], ..code };
    for _ in 0..5 {
        let (refused, _) = running.apply(&wrong, &batch_key());
        assert!(refused.status == 403 && refused.body.contains("used"), "{}", refused.body);
    }
    assert_eq!(running.apply(&code, &batch_key()).0.status, 429, "even the right one, for now");
    let pages = ask(&mut running.connect(None), "GET /", b"").unwrap();
    assert_eq!(pages.status, 404, "the pages are not at this door");
}

#[test]
fn a_revoked_agent_is_cut_off_on_the_connection_that_it_has() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    assert_eq!(ask(&mut stream, HELLO, b"").unwrap().status, 200);
    let by = ("管理者".to_owned(), crate::clock::now());
    running.store().admissions().revoke("3F".into(), by).unwrap();
    let refused = ask(&mut stream, BATCHES, &sealed(&agent, 1)).unwrap();
    assert!(refused.status == 403 && refused.body.contains("失効"), "{}", refused.body);
    assert!(running.store().ground().unwrap().observations.is_empty());
}

#[test]
fn a_question_for_work_ends_with_a_revocation() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    let asking = br#"{"software":"test","wait":60,"networks":[]}"#;
    ask_for_work(&mut stream, asking);
    let admissions = running.store().admissions();
    while admissions.list().unwrap()[0].software.is_empty() {
        std::thread::yield_now();
    }
    admissions.revoke("3F".into(), ("管理者".to_owned(), crate::clock::now())).unwrap();
    assert_eq!(answer(&mut stream).unwrap().status, 403);
}

/// Sends a question for work that may stay open for a minute.
fn ask_for_work(stream: &mut Stream, asking: &[u8]) {
    let head = "POST /api/v1/agent/work HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n", asking.len()).unwrap();
    stream.write_all(asking).unwrap();
    stream.flush().unwrap();
}

#[test]
fn certificates_of_another_ca_and_expired_ones_get_no_further_than_the_handshake() {
    let (running, other) = (running(), running());
    let foreign = other.enrol("3F", 1);
    let refused = ask(&mut running.as_agent(&foreign), HELLO, b"").err().unwrap();
    assert!(refused.to_string().contains("UnknownCA"), "{refused}");
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let long_ago = Timestamp::from_micros(1_600_000_000_000_000);
    let issued = running.door.authority.admit("3F", &request, long_ago).unwrap();
    let key = key.serialize_pem();
    let mut stream = running.connect(Some((&issued.pem, &key)));
    let refused = ask(&mut stream, HELLO, b"").err().unwrap();
    assert!(refused.to_string().contains("CertificateExpired"), "{refused}");
    let issued = running.door.authority.admit("3F", &request, crate::clock::now()).unwrap();
    let mut stream = running.connect(Some((&issued.pem, &key)));
    let unknown = ask(&mut stream, HELLO, b"").unwrap();
    assert_eq!(unknown.status, 403, "of our CA, but not on record: {}", unknown.body);
}

#[test]
fn an_agent_speaks_for_itself_and_with_its_own_key() {
    let running = running();
    let (one, other) = (running.enrol("3F", 1), running.enrol("4F", 2));
    let mut stream = running.as_agent(&one);
    let refused = ask(&mut stream, BATCHES, &sealed(&other, 1)).unwrap();
    assert!(refused.status == 403, "{}", refused.body);
    let borrowed = Agent { name: "4F".into(), ..one };
    let mut stream = running.as_agent(&borrowed);
    assert_eq!(ask(&mut stream, BATCHES, &sealed(&borrowed, 1)).unwrap().status, 403);
}

fn poisoned(octets: &[u8]) -> Result<Opened, Refusal> {
    let opened = ingest::open(octets)?;
    assert_ne!(opened.mark.unwrap().number, 2, "a bug in reading");
    Ok(opened)
}

#[test]
fn a_batch_that_cannot_be_read_is_put_aside_and_the_next_one_is_taken() {
    let running = running_with(poisoned);
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    let deliver = |stream: &mut Stream, number| {
        let answer = ask(stream, BATCHES, &sealed(&agent, number)).unwrap();
        (answer.status, answer.body)
    };
    assert_eq!(deliver(&mut stream, 1).0, 200);
    let (status, body) = deliver(&mut stream, 2);
    assert!(status == 200 && body.contains("set aside"), "{body}");
    assert!(deliver(&mut stream, 2).1.contains("already known"));
    assert!(deliver(&mut stream, 3).1.contains("accepted"));
    let listed = running.store().admissions().list().unwrap().remove(0);
    assert_eq!((listed.gaps, listed.aside.len()), (vec![], 1));
    let kept = std::fs::read(&listed.aside[0]).unwrap();
    assert_eq!(kept, sealed(&agent, 2));
    assert!(listed.aside[0].starts_with(running.folder.path().to_str().unwrap()));
}

#[test]
fn a_batch_is_not_acknowledged_while_another_program_holds_the_database() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    let holder = crate::store::hold_for_test(running.store().path());
    let busy = ask(&mut stream, BATCHES, &sealed(&agent, 1)).unwrap();
    assert!(busy.status == 503 && busy.body.contains("ja"), "{}", busy.body);
    drop(holder);
    let taken = ask(&mut running.as_agent(&agent), BATCHES, &sealed(&agent, 1)).unwrap();
    assert!(taken.body.contains("accepted"), "{}", taken.body);
}

/// Batches are told apart by their numbers and observations by their content, never by the time.
#[test]
fn an_agent_whose_clock_is_put_back_by_an_hour_delivers_all_and_each_once() {
    const HOUR: i64 = 3_600_000_000;
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    // As a scan in the middle of which the clock is put back: the third batch says an earlier time.
    for (number, at) in [(1, 0), (2, 60_000_000), (3, 90_000_000 - HOUR), (4, 120_000_000 - HOUR)] {
        let octets = sealed_at(&agent, number, at);
        for status in ["accepted", "already known"] {
            let answer = ask(&mut stream, BATCHES, &octets).unwrap();
            assert!(answer.body.contains(status), "{number}: {}", answer.body);
        }
    }
    let ground = running.store().ground().unwrap();
    assert_eq!(ground.observations.len(), 4);
    let times: Vec<_> = ground.observations.iter().map(|one| one.at).collect();
    assert!(times.is_sorted(), "by the time that each says");
    assert_eq!(running.store().admissions().list().unwrap()[0].gaps, []);
}

#[test]
fn half_a_gigabyte_is_refused_before_it_was_sent() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    write!(stream, "{BATCHES} HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\n").unwrap();
    stream.flush().unwrap();
    let refused = answer(&mut stream).unwrap();
    assert!(refused.status == 413 && refused.body.contains("ja"), "{}", refused.body);
}

#[test]
fn half_a_gigabyte_whose_size_is_not_said_ends_at_the_limit() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let mut stream = running.as_agent(&agent);
    let head = "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    write!(stream, "{BATCHES} {head}").unwrap();
    let chunk = vec![b'x'; 1 << 20];
    let mut sent = 0;
    // The collector stops reading soon after its 64 MiB.
    while sent < 500 && write!(stream, "100000\r\n").is_ok() && stream.write_all(&chunk).is_ok() {
        let _ = write!(stream, "\r\n");
        sent += 1;
    }
    assert!((64..100).contains(&sent), "{sent} MiB went through");
}

#[test]
fn a_thousand_agents_at_once_are_all_served() {
    const AGENTS: usize = 1000;
    raise_limits().unwrap();
    let running = running();
    let agent = running.enrol("3F", 1);
    let config =
        config(running.door.authority.certificate(), Some((&agent.certificate, &agent.key)));
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let served = running.runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..AGENTS {
            let (connector, address) = (connector.clone(), running.address);
            let once = async move || {
                let socket = tokio::net::TcpStream::connect(address).await?;
                let name = ServerName::try_from("127.0.0.1").unwrap();
                let mut stream = connector.connect(name, socket).await?;
                let head = format!("{HELLO} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let mut text = Vec::new();
                // The other side may end without TLS's farewell.
                let _ = stream.read_to_end(&mut text).await;
                io::Result::Ok(text.starts_with(b"HTTP/1.1 200"))
            };
            // On a busy machine one may be given up that waited too long; an agent asks again.
            tasks.spawn(async move {
                let first = once().await.unwrap_or(false);
                (first, first || once().await.unwrap_or(false))
            });
        }
        tasks.join_all().await
    });
    let at_first = served.iter().filter(|(at_first, _)| *at_first).count();
    assert!(at_first * 10 > AGENTS * 9, "only {at_first} were served when they asked first");
    assert_eq!(served.iter().filter(|(_, served)| *served).count(), AGENTS);
}

#[test]
fn those_who_say_nothing_keep_nobody_out() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let silent: Vec<_> = (0..100).map(|_| TcpStream::connect(running.address).unwrap()).collect();
    let slow: Vec<_> = (0..100)
        .map(|n| {
            // Half of them shake hands and then send a head that does not end.
            let mut stream = running.connect(None);
            if n % 2 == 0 {
                let _ = write!(stream, "GET / HTTP/1.1\r\nX-Slow: ");
                let _ = stream.flush();
            }
            stream
        })
        .collect();
    let mut stream = running.as_agent(&agent);
    assert_eq!(ask(&mut stream, HELLO, b"").unwrap().status, 200);
    drop((silent, slow));
}

#[test]
fn a_certificate_is_renewed_over_the_door_that_the_present_one_opens() {
    let running = running();
    let agent = running.enrol("3F", 1);
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let days =
        |ago: i64| Timestamp::from_micros(crate::clock::now().micros() - ago * 86_400_000_000);
    let old = running.door.authority.admit("3F", &request, days(61)).unwrap();
    let kept =
        crate::store::NewCertificate { digest: old.digest, issued_at: old.from, until: old.until };
    running.store().admissions().renew("3F".into(), kept).unwrap();
    let old = Agent { key: key.serialize_pem(), certificate: old.pem, ..agent };
    let mut stream = running.as_agent(&old);
    assert!(ask(&mut stream, HELLO, b"").unwrap().body.contains("\"renew\":true"));
    let asking = br#"{"software":"test","wait":60,"networks":[]}"#;
    let work = ask(&mut stream, "POST /api/v1/agent/work", asking).unwrap();
    assert!(work.body.contains("\"renew\":true"), "at once, not after a minute: {}", work.body);
    let renewal = serde_json::to_vec(&daicho_common::enrolment::Renewal { request }).unwrap();
    let answer = ask(&mut stream, "POST /api/v1/agent/renew", &renewal).unwrap();
    let admission: Admission = serde_json::from_str(&answer.body).unwrap();
    let renewed = Agent { certificate: admission.certificate, ..old };
    let hello = ask(&mut running.as_agent(&renewed), HELLO, b"").unwrap();
    assert!(hello.body.contains("\"renew\":false"), "{}", hello.body);
}

#[test]
fn a_crowd_that_says_nothing_keeps_no_agent_waiting() {
    let running = running();
    let agent = running.enrol("east", 9);
    // More than there were places for handshakes once; none of them ever says a word.
    let silent: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(running.address).unwrap()).collect();
    assert_eq!(ask(&mut running.as_agent(&agent), HELLO, b"").unwrap().status, 200);
    // They were not waited for: the last of them is still there.
    let last = silent.last().unwrap();
    last.set_nonblocking(true).unwrap();
    let read = (&*last).read(&mut [0]);
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::WouldBlock);
}
