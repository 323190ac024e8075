//! Over a real loopback server on a port that the system chose.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use daicho_common::batch::{Batch, Header, MAX_SEALED};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use tempfile::TempDir;

use super::*;
use crate::clock;
use crate::people::Role;
use crate::report::tests::{HOSTILE, sample};
use crate::store::NewAccount;

mod about;
mod api;
mod decisions;
mod devices;
mod guide;
mod import;
mod ledger;
mod metrics;
mod oidc;
mod people;
mod present;
mod races;
mod register;
mod roles;
mod said;
mod settings;

mod sites;
mod stocktaking;
mod tokens;

struct Running {
    address: SocketAddr,
    site: Arc<Site>,
    /// Who asks, unless a test says otherwise: an administrator.
    visitor: Visitor,
    _runtime: tokio::runtime::Runtime,
    _folder: TempDir,
}

fn running() -> Running {
    running_with("")
}

/// A server of this configuration.
fn running_with(text: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    let config =
        Config::parse(&format!("host_names = [\"daicho.example\"]\n{text}"), "test").unwrap();
    serving(Site::new(store, config).unwrap(), folder)
}

fn serving(site: Site, folder: TempDir) -> Running {
    let site = Arc::new(site);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(Arc::clone(&site), listener, std::future::pending()));
    let visitor = Visitor::new(&site, Role::Administrator, None);
    Running { address, site, visitor, _runtime: runtime, _folder: folder }
}

/// Somebody who is logged in.
#[derive(Clone)]
struct Visitor {
    cookie: String,
    token: String,
}

impl Visitor {
    /// Somebody new of this role, called 佐藤.
    fn new(site: &Site, role: Role, party: Option<&str>) -> Self {
        let number = site.store.accounts().unwrap().len();
        let name = if number == 0 { "sato".to_owned() } else { format!("sato{number}") };
        let (party, password) = (party.map(str::to_owned), None);
        let new = NewAccount { name: name.clone(), called: "佐藤".into(), role, party, password };
        let by = || By::here("test".into(), clock::now());
        site.store.add_account(new, false, by()).unwrap();
        let (account, _) = site.store.account(&name).unwrap().unwrap();
        let (secret, kept) = credential::secret().unwrap();
        site.store.begin_session(account, kept, by()).unwrap();
        Self {
            cookie: format!("Cookie: daicho={secret}\r\n"),
            token: credential::form_token(&secret),
        }
    }
}

/// A server that shows the sample hospital.
fn showing() -> Running {
    let running = running();
    let (ground, picture) = sample();
    running.site.present.put(Arc::new(Snapshot::of(ground, picture, crate::clock::now())));
    running
}

/// A connection on which a silent server is a failure, not a wait.
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    stream
}

struct Answer {
    status: u16,
    /// In small letters.
    head: String,
    /// As it was sent.
    raw: String,
    body: String,
}

impl Running {
    fn send(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = connect(self.address);
        write!(stream, "{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())
            .unwrap();
        // A server that refuses early may close before everything was written.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), raw: head.to_owned(), body: body.to_owned() }
    }

    fn get_with(&self, path: &str, headers: &str) -> Answer {
        self.get_as(&self.visitor, path, headers)
    }

    fn get_as(&self, visitor: &Visitor, path: &str, headers: &str) -> Answer {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{}", visitor.cookie);
        self.send(&format!("{head}{headers}"), b"")
    }

    /// Sends a form as it is, with these headers.
    fn form(&self, path: &str, headers: &str, form: &str) -> Answer {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n");
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.send(&format!("{head}{kind}{headers}"), form.as_bytes())
    }

    /// Sends a form of a page that this visitor was shown.
    fn form_as(&self, visitor: &Visitor, path: &str, form: &str) -> Answer {
        self.form(path, &visitor.cookie, &format!("token={}&{form}", visitor.token))
    }

    fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    fn say(&self, headers: &str, form: &str) -> Answer {
        self.submit("/decisions", headers, form)
    }

    /// A form of who is logged in.
    fn submit(&self, path: &str, headers: &str, form: &str) -> Answer {
        let Visitor { cookie, token } = &self.visitor;
        self.form(path, &format!("{cookie}{headers}"), &format!("token={token}&{form}"))
    }

    fn post(&self, kind: &str, body: &[u8]) -> Answer {
        let head = "POST /api/v1/batches HTTP/1.1\r\nHost: localhost\r\n";
        self.send(&format!("{head}Content-Type: {kind}\r\n"), body)
    }
}

fn key() -> Ed25519KeyPair {
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap()
}

fn sealed(key: &Ed25519KeyPair, agent: &str, second: i64) -> Vec<u8> {
    let at = Timestamp::from_micros(1_775_003_400_000_000 + second);
    let vantage =
        Vantage { agent: "east".into(), interface: "eth0".into(), network: "病棟3F".into() };
    let observation = |host: u8| Observation {
        at,
        vantage: vantage.clone().into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some([10, 20, 0, host].into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    };
    let header = Header {
        agent: agent.into(),
        scan: "s".into(),
        sequence: 1,
        last: true,
        from: at,
        to: at,
        software: "test 1".into(),
    };
    let observations = vec![observation(1), observation(2)];
    Batch { header, coverage: vec![], sent: vec![], observations }.seal(key).unwrap()
}

const PAGES: [&str; 19] = [
    "/",
    "/devices",
    "/map",
    "/map?view=network",
    "/links",
    "/ledger",
    "/findings",
    "/coverage",
    "/scans",
    "/settings",
    "/settings/edit?kind=general",
    "/settings/edit?kind=deny",
    "/settings/edit?kind=network",
    "/settings/edit?kind=credential",
    "/settings/edit?kind=notify",
    "/settings/edit?kind=schedule",
    "/guide",
    "/stocktaking",
    "/healthz",
];
const KIND: &str = "application/vnd.daicho.batch";

#[test]
fn every_page_renders_in_both_languages_and_escapes_hostile_names() {
    let running = showing();
    let (ground, _) = sample();
    let observation = ground.observations.iter().nth(3).unwrap().id();
    let observation = format!("/observations/{observation}");
    let mut pages: Vec<&str> = PAGES.to_vec();
    pages.extend(["/devices/mac-001a2b000009", "/devices/mac-001a2b000008", &observation]);
    for page in pages {
        for lang in ["ja", "en"] {
            let joint = if page.contains('?') { '&' } else { '?' };
            let answer = running.get(&format!("{page}{joint}lang={lang}"));
            assert_eq!(answer.status, 200, "{page}\n{}", answer.body);
            assert!(!answer.body.contains("<script"), "{page} {lang}");
            assert!(!answer.body.contains("<img"), "{page} {lang}");
            for header in [
                "content-security-policy: default-src 'none'; style-src 'self'",
                "x-content-type-options: nosniff",
                "referrer-policy: same-origin",
            ] {
                assert!(answer.head.contains(header), "{page}: {header}\n{}", answer.head);
            }
        }
    }
    assert!(HOSTILE.contains("<script"), "the sample is hostile");
    let body = running.get("/devices").body;
    assert!(body.contains("&#60;script&#62;"), "{body}");
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let running = showing();
    for page in PAGES {
        let body = running.get(page).body;
        for part in ["http://", "https://", "//cdn", "<style", " style=\"", "javascript:"] {
            assert!(!body.contains(part), "{page} holds {part}");
        }
    }
    let style = running.get("/assets/daicho.css");
    assert_eq!(style.status, 200);
    assert!(!style.body.contains("url(") && !style.body.contains("@import"));
}

#[test]
fn the_first_page_counts_every_verdict_by_its_label() {
    let running = showing();
    let body = running.get("/").body;
    for label in
        ["一致", "相違", "未登録機器", "台帳のみ・未検出", "未接続", "廃棄済が稼働", "確認不能"]
    {
        assert!(body.contains(label), "{label}");
    }
    assert!(body.contains("除外リストにあるため (55)"), "{body}");
    assert!(body.contains("2026-04-01 09:31:00 時点（Asia/Tokyo）"), "{body}");
    assert!(!body.contains("不正機器"));
}

#[test]
fn a_language_once_chosen_is_kept_in_a_cookie() {
    let running = showing();
    assert!(running.get("/").body.contains("<html lang=\"ja\">"));
    let answer = running.get("/devices?q=x&lang=en");
    assert!(answer.head.contains("set-cookie: lang=en; path=/"), "{}", answer.head);
    assert!(answer.body.contains("<html lang=\"en\">"));
    assert!(answer.body.contains("/devices?q=x&#38;lang=ja"), "{}", answer.body);
    let kept = running.get_with("/", "Cookie: a=b; lang=en\r\n").body;
    assert!(kept.contains("<html lang=\"en\">"));
}

#[test]
fn devices_are_searched_and_filtered() {
    let running = showing();
    let names = |query: &str| {
        let body = running.get(&format!("/devices?{query}")).body;
        ["MFP-3F", "NURSE-04", "script"].map(|name| {
            body.contains(&format!("{name}</a>"))
                || (name == "script" && body.contains("&#60;script"))
        })
    };
    assert_eq!(names(""), [true, true, true]);
    assert_eq!(names("q=mfp"), [true, false, false]);
    assert_eq!(names("q=10.20.0.8"), [false, true, false]);
    assert_eq!(names("verdict=undocumented"), [false, false, true]);
    assert_eq!(names("class=pc"), [false, true, false]);
    assert_eq!(names("network=%E7%97%85%E6%A3%9F3F"), [true, true, true]);
    assert_eq!(names("network=none"), [false, false, false]);
    assert_eq!(names("page=99999999999999999999"), [true, true, true]);
}

#[test]
fn a_device_page_says_what_it_is_and_why() {
    let running = showing();
    let body = running.get("/devices/mac-001a2b000008").body;
    for part in [
        "NURSE-04",
        "照会への回答",
        "ARP要求",
        "east",
        "MACアドレス 00:1a:2b:00:00:08 が IPアドレス 10.20.0.8 について応答したため",
        "台帳.xlsx 本館 4行目",
        "≠",
        "端末4",
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
    let second = sample().0.observations.iter().nth(1).unwrap().id();
    let evidence = format!("/observations/{second}");
    assert!(body.contains(&evidence), "{body}");
    let raw = running.get(&evidence).body;
    assert!(raw.contains("&#34;network&#34;: &#34;病棟3F&#34;"), "{raw}");
}

#[test]
fn the_wiring_is_shown_and_saved_with_hubs_their_reasons_and_what_contradicts() {
    let running = showing();
    let body = running.get("/links").body;
    for part in ["sw-3f", "Gi1/0/7", "VLAN 20（医療系）", "NURSE-04", "管理外のハブ", "確度 高"]
    {
        assert!(body.contains(part), "{part}\n{body}");
    }
    for seen in sample().0.observations.iter().take(3) {
        assert!(body.contains(&format!("/observations/{}", seen.id())), "for and against");
    }
    assert!(!body.contains("電話機とその先の端末"), "telephones are no hubs");
    assert!(running.get("/links?lang=en").body.contains("one end announces the other"));
    let file = running.get("/links.csv");
    assert_eq!(file.status, 200);
    assert!(file.head.contains("content-type: text/csv"), "{}", file.head);
    assert!(file.head.contains("attachment; filename=\"daicho-links.csv\""), "{}", file.head);
    let lines =
        ["sw-core,Po1,東病棟,VLAN 20（医療系）,", "電話機とその先の端末", "00:1a:2b:00:00:09"];
    for part in lines {
        assert!(file.body.contains(part), "{part}\n{}", file.body);
    }
}

#[test]
fn the_map_opens_folds_by_links_leads_to_devices_and_is_saved() {
    let running = showing();
    let body = running.get("/map").body;
    for part in
        ["<svg role=\"group\"", "管理外のハブ", "推定（確度 高）", "矛盾あり", "class=\"inferred"]
    {
        assert!(body.contains(part), "{part}\n{body}");
    }
    // The hostile one is a NAS that nobody knows where to find, and stays folded until asked for.
    let fold = "/map?open=";
    let at = body.rfind(fold).unwrap();
    let link: String = body[at..].chars().take_while(|c| *c != '"' && *c != '#').collect();
    let link = link.replace("&#38;", "&");
    let open = running.get(&link).body;
    assert!(open.len() > body.len() && open.contains("▾"), "{link}\n{open}");
    assert!(!open.contains("<script") && !open.contains("<img"), "{open}");
    let network = running.get("/map?view=network").body;
    assert!(network.contains("10.20.0.0/24") && network.contains("class=\"range holds\""));
    assert!(network.contains("/devices?network=%E7%97%85%E6%A3%9F3F"));
    for (path, part) in [("/map.svg", "width="), ("/map.svg?sheet=a4", "@page{size:297mm 210mm")] {
        let file = running.get(path);
        assert!(file.head.contains("content-type: image/svg+xml"), "{}", file.head);
        assert!(file.head.contains("attachment; filename=\"daicho-map.svg\""), "{}", file.head);
        assert!(file.body.contains(part) && !file.body.contains("<a "), "{}", file.body);
    }
    let log = running.get("/audit").body;
    assert!(log.contains("GET /map.svg?sheet=a4"), "what somebody takes along is kept\n{log}");
}

#[test]
fn what_is_not_there_is_not_found_in_words() {
    let running = showing();
    for path in [
        "/devices/none",
        "/observations/xyz",
        "/observations/00000000000000000000000000000000",
        "/x",
    ] {
        let answer = running.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("見つかりません"), "{path}");
    }
}

#[test]
fn a_page_elsewhere_cannot_read_along_through_a_name_of_its_own() {
    let running = showing();
    let by = |host: &str| {
        running.send(&format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n"), b"").status
    };
    assert_eq!(by("evil.example:8470"), 421);
    assert_eq!(by("daicho.example:8470"), 200);
    assert_eq!(by("127.0.0.1:8470"), 200);
    assert_eq!(by("[::1]:8470"), 200);
    assert_eq!(by("LOCALHOST"), 200);
}

#[test]
fn a_batch_is_accepted_once_and_known_after_that() {
    let running = running();
    let batch = sealed(&key(), "east", 0);
    let first = running.post(KIND, &batch);
    assert_eq!(
        (first.status, first.body.as_str()),
        (200, r#"{"status":"accepted","observations":2}"#)
    );
    let again = running.post(KIND, &batch);
    assert_eq!((again.status, again.body.as_str()), (200, r#"{"status":"already known"}"#));
    assert_eq!(running.site.store.ground().unwrap().observations.len(), 2);
    assert_eq!(running.get("/healthz").body, "ok 1\n");
}

#[test]
fn pages_follow_the_store_without_a_restart() {
    let running = running();
    assert!(running.get("/").body.contains("まだデータがありません"));
    running.post(KIND, &sealed(&key(), "east", 0));
    assert!(!running.get("/").body.contains("まだデータがありません"));
    let snapshot = running.site.present.get();
    running.get("/devices");
    assert!(Arc::ptr_eq(&snapshot, &running.site.present.get()), "derived once for a revision");
}

#[test]
fn what_is_refused_is_refused_in_both_languages_and_changes_nothing() {
    let running = running();
    let ours = key();
    running.post(KIND, &sealed(&ours, "east", 0));
    let mut altered = sealed(&ours, "east", 1);
    let end = altered.len() - 1;
    altered[end] ^= 1;
    let whole = sealed(&ours, "east", 2);
    for (status, kind, body) in [
        (400, KIND, altered.as_slice()),
        (400, KIND, &whole[..whole.len() / 2]),
        (400, KIND, b"PK\x03\x04 a workbook".as_slice()),
        (400, KIND, b"".as_slice()),
        (400, KIND, &[whole.as_slice(), &whole].concat()),
        (403, KIND, &sealed(&key(), "east", 3)),
        (403, KIND, &sealed(&ours, "west", 4)),
        (415, "text/plain", whole.as_slice()),
    ] {
        let answer = running.post(kind, body);
        assert_eq!(answer.status, status, "{}", answer.body);
        let refused: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert!(refused["ja"].is_string() && refused["en"].is_string(), "{refused}");
    }
    assert_eq!(running.site.store.revision().unwrap(), 1);
}

#[test]
fn a_batch_larger_than_a_batch_may_be_is_refused_unread() {
    let running = running();
    let head = format!(
        "POST /api/v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: {KIND}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        MAX_SEALED + 1000
    );
    let mut stream = connect(running.address);
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// A server whose store holds two unknown devices.
fn with_findings() -> Running {
    let running = running();
    assert_eq!(running.post(KIND, &sealed(&key(), "east", 0)).status, 200);
    running
}

const UNKNOWN: &str = "undocumented_device%3Aip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
