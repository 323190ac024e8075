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
use crate::people::Role;
use crate::report::tests::{HOSTILE, sample};
use crate::store::NewAccount;

mod devices;
mod ledger;
mod guide;
mod import;
mod metrics;
mod oidc;
mod people;
mod register;
mod roles;
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
    let site = Arc::new(Site::new(store, config).unwrap());
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
    *running.site.current.write().unwrap() =
        Arc::new(Snapshot::of(ground, picture, crate::clock::now()));
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

const PAGES: [&str; 12] = [
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
    "/stocktaking",
    "/healthz",
];
const KIND: &str = "application/vnd.daicho.batch";

#[test]
fn every_page_renders_in_both_languages_and_escapes_hostile_names() {
    let running = showing();
    let (ground, _) = sample();
    let observation = format!("/observations/{}", ground.observations[3].id());
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
    let evidence = format!("/observations/{}", sample().0.observations[1].id());
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
    let ids = sample().0.observations;
    for seen in [&ids[0], &ids[1], &ids[2]] {
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
    assert!(network.contains("10.20.0.0/24") && network.contains("class=\"range unknown\""));
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
    let snapshot = running.site.current();
    running.get("/devices");
    assert!(Arc::ptr_eq(&snapshot, &running.site.current()), "derived once for a revision");
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

#[test]
fn an_answer_is_kept_with_its_author_and_settles_the_finding() {
    let running = with_findings();
    assert!(running.get("/findings").body.contains("ip-病棟3F-10.20.0.1"));
    let form = format!(
        "kind=answer&finding={UNKNOWN}&disposition=approved&owner=ME%E5%AE%A4&due=2027-03-31\
         &why=%E6%84%9F%E6%9F%93%E5%AF%BE%E7%AD%96%E7%94%A8&by=somebody&back=%2Ffindings"
    );
    let answer = running.say("Origin: http://localhost\r\n", &form);
    assert_eq!((answer.status, answer.head.contains("location: /findings")), (303, true));
    let decided = running.site.store.ground().unwrap().decisions;
    // Who is logged in says so, whatever the form says.
    assert_eq!((decided.len(), decided[0].by.as_str()), (1, "佐藤 (sato)"));
    let open = running.get("/findings").body;
    assert!(
        !open.contains("ip-病棟3F-10.20.0.1") && open.contains("ip-病棟3F-10.20.0.2"),
        "{open}"
    );
    let settled = running.get("/findings?state=settled").body;
    assert!(settled.contains("承認済") && settled.contains("ME室"), "{settled}");
    let page = running.get(&format!("/finding?id={UNKNOWN}")).body;
    assert!(page.contains("感染対策用") && page.contains("佐藤"), "{page}");
}

#[test]
fn many_findings_are_answered_at_once() {
    let running = with_findings();
    let other = UNKNOWN.replace("0.1", "0.2");
    let form =
        format!("kind=answer&finding={UNKNOWN}&finding={other}&disposition=investigating&back=%2F");
    assert_eq!(running.say("", &form).status, 303);
    assert_eq!(running.site.store.ground().unwrap().decisions.len(), 2);
    // Who is still looking has not settled anything.
    assert!(running.get("/findings").body.contains("調査中"));
}

#[test]
fn what_another_site_sends_in_a_readers_name_is_refused_and_keeps_nothing() {
    let running = with_findings();
    let form = format!("kind=answer&finding={UNKNOWN}&disposition=removed");
    for headers in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n",
    ] {
        assert_eq!(running.say(headers, &form).status, 403, "{headers}");
    }
    assert!(running.site.store.ground().unwrap().decisions.is_empty());
}

#[test]
fn a_form_that_says_nothing_is_refused_in_words() {
    let running = with_findings();
    for form in [
        format!("kind=answer&finding={UNKNOWN}"),
        format!("kind=answer&finding={UNKNOWN}&disposition=approved"),
        format!("kind=answer&finding={UNKNOWN}&disposition=removed&due=2027-02-30"),
        "kind=answer&finding=nobody&disposition=removed".to_owned(),
        "kind=answer&disposition=removed".to_owned(),
        "kind=everything".to_owned(),
        format!("kind=answer&finding={UNKNOWN}&disposition=removed&why={}", "x".repeat(2001)),
    ] {
        let answer = running.say("", &form);
        assert_eq!(answer.status, 422, "{form}");
        assert!(answer.body.contains("ください"), "{form}");
    }
    let elsewhere = format!(
        "kind=answer&finding={UNKNOWN}&disposition=removed&back=https%3A%2F%2Fevil.example"
    );
    assert!(running.say("", &elsewhere).head.contains("location: /findings"));
}

#[test]
fn a_scope_is_decided_on_the_device_page_and_withdrawn_again() {
    let running = with_findings();
    let device = "/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
    let page = running.get(device).body;
    assert!(page.contains("提案：要判断") && page.contains("Q-2"), "{page}");
    let subject = "%7B%22device%22%3A%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D%7D";
    let form = format!("kind=scope&subject={subject}&scope=outside&why=demo&back={device}");
    assert_eq!(running.say("", &form).status, 303);
    let page = running.get(device).body;
    assert!(page.contains("対象外") && page.contains("佐藤 (sato) が"), "{page}");
    assert_eq!(running.say("", "kind=withdraw&decision=1").status, 303);
    assert!(!running.get(device).body.contains("佐藤 (sato) が"));
}

#[test]
fn a_private_device_is_permitted_on_its_page_and_is_nobodys_finding_then() {
    let running = with_findings();
    let key = "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D";
    let form = format!("kind=byod&device={key}&permitted=yes&why=y");
    assert_eq!(running.say("", &form).status, 303);
    let device = running.get("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1").body;
    assert!(device.contains("承認済BYOD"), "{device}");
    assert!(!running.get("/findings").body.contains("ip-病棟3F-10.20.0.1"));
}

#[test]
fn a_person_corrects_joins_and_parts_and_takes_it_back_on_the_device_page() {
    let running = with_findings();
    let key = "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.1%22%7D%7D";
    let page = || running.get("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1").body;
    let correct = |field: &str, value: &str| {
        let form = format!("kind=correct&device={key}&field={field}&value={value}&why=y");
        running.say("", &form).status
    };
    assert_eq!(correct("class", "nas"), 303);
    assert!(page().contains("種別 は「NAS」"), "{}", page());
    assert_eq!([correct("class", "toaster"), correct("name", ""), correct("shape", "x")], [422; 3]);
    let join = |other: &str| {
        running.say("", &format!("kind=join&device={key}&other={other}&why=y")).status
    };
    assert_eq!([join("10.20.0.99"), join("10.20.0.1"), join("")], [422; 3]);
    assert_eq!(join("10.20.0.2"), 303);
    let split = format!("kind=split&a={key}&b={key}");
    assert_eq!(running.say("", &split).status, 422);
    assert_eq!(running.site.store.ground().unwrap().decisions.len(), 2);
}

#[test]
fn a_found_device_is_entered_in_the_ledger_with_its_evidence_and_is_documented_then() {
    let running = with_findings();
    let csv = "管理番号,機器名,IPアドレス,MACアドレス,棚\nA-1,受付端末,10.20.0.200,,3\n".as_bytes();
    let book = crate::store::NewBook {
        name: "台帳.csv".into(),
        octets: csv.to_vec(),
        ledger: crate::book::read("台帳.csv", csv).unwrap(),
        at: crate::clock::now(),
        by: "佐藤".into(),
    };
    running.site.store.import(book).unwrap();
    let device = "/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
    let page = running.get(device).body;
    assert!(page.contains("value=\"10.20.0.1\"") && page.contains("台帳.csv"), "{page}");
    let form = "kind=enter&device=ip-%E7%97%85%E6%A3%9F3F-10.20.0.1&sheet=0&field_asset_number=A-2\
                &field_name=%E5%BF%83%E9%9B%BB%E8%A8%88&field_ip=10.20.0.1&why=y";
    assert_eq!(running.say("", form).status, 303);
    let ledger = running.site.store.ledger().unwrap();
    assert_eq!((ledger.entries.len(), ledger.entries[1].name.as_str()), (2, "心電計"));
    let history = running.site.store.history(None).unwrap();
    assert!(history.iter().any(|change| change.why.contains("10.20.0.1: ")), "{history:?}");
    assert!(!running.get("/findings").body.contains("ip-病棟3F-10.20.0.1"));
    // A row that names nothing is refused, and nothing is kept.
    let empty = "kind=enter&device=ip-%E7%97%85%E6%A3%9F3F-10.20.0.2&sheet=0";
    assert_eq!(running.say("", empty).status, 422);
    assert_eq!(running.site.store.ledger().unwrap().entries.len(), 2);
}

/// Lets `3F` in, as the agents' door does.
fn enrolled(running: &Running) {
    let (store, now) = (&running.site.store, crate::clock::now());
    let code = [1; 32];
    let until = now.after(std::time::Duration::from_hours(1));
    let new = crate::store::NewInvitation { agent: "3F".into(), code, until };
    store.admissions().invite(new, ("a".into(), now)).unwrap();
    let certificate = crate::store::NewCertificate { digest: [2; 32], issued_at: now, until };
    let key = daicho_common::batch::AgentKey::new([3; 32]);
    store.admissions().enrol(code, key, certificate).unwrap();
}

#[test]
fn a_scan_is_wanted_and_stopped_on_the_page_of_scans() {
    let running = running();
    enrolled(&running);
    let say = |headers: &str, form: &str| running.submit("/scans/say", headers, form).status;
    let quiet = running.get("/scans").body;
    assert!(quiet.contains("今すぐ走査") && !quiet.contains("http-equiv"), "{quiet}");
    assert_eq!(say("Sec-Fetch-Site: cross-site\r\n", "kind=scan&agent=3F"), 403);
    assert_eq!(say("", "kind=scan&agent=4F"), 422, "nobody of this name");
    assert_eq!(say("", "kind=scan&agent=3F"), 303);
    let waiting = running.get("/scans").body;
    assert!(waiting.contains("待機中") && waiting.contains("http-equiv=\"refresh\""), "{waiting}");
    assert_eq!(say("", "kind=stop&agent=3F"), 303);
    assert!(running.get("/scans").body.contains("途中で終了"));
}

#[test]
fn a_split_is_told_on_the_pages_of_both_devices_until_it_is_withdrawn() {
    let running = with_findings();
    let key = |host: u8| {
        format!(
            "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.{host}%22%7D%7D"
        )
    };
    let page =
        |host: u8| running.get(&format!("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.{host}")).body;
    let form = format!("kind=split&a={}&b={}&why=y", key(1), key(2));
    assert_eq!(running.say("", &form).status, 303);
    for (host, other) in [(1, 2), (2, 1)] {
        let page = page(host);
        assert!(page.contains("とは別の機器と判断（佐藤"), "{page}");
        assert!(
            page.contains(&format!("href=\"/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.{other}\""))
        );
    }
    assert_eq!(running.say("", "kind=withdraw&decision=1").status, 303);
    assert!(!page(1).contains("とは別の機器と判断（"));
}

#[test]
fn every_report_is_loaded_from_the_page_of_reports_in_both_languages() {
    let running = with_findings();
    let text = include_str!("../../../config/register/sample.toml");
    let register = crate::register::Register::parse(text).unwrap();
    let said = By::here("x".to_owned(), crate::clock::now());
    running.site.store.keep_register(register, said, "y".into()).unwrap();
    for lang in ["ja", "en"] {
        let page = running.get(&format!("/reports?lang={lang}")).body;
        let links: Vec<&str> = page
            .split("href=\"/reports/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(links.len() > 30, "{page}");
        for link in links {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let answer = running.get(&format!("/reports/{link}"));
            assert_eq!(answer.status, 200, "{link} {}", answer.body);
            assert!(
                answer.head.to_lowercase().contains("content-disposition: attachment"),
                "{link}"
            );
        }
    }
    for missing in ["/reports/nothing.pdf", "/reports/devices.exe", "/reports/devices.svg"] {
        assert_eq!(running.get(missing).status, 404, "{missing}");
    }
    assert_eq!(running.get("/reports/changes.pdf").status, 422);
    assert_eq!(running.get("/reports/vendor.csv?contract=x").status, 422);
}

#[test]
fn a_record_is_added_changed_and_taken_out_on_the_page_of_the_register_with_who_and_why() {
    let running = with_findings();
    let keep = |text: &str, headers: &str| {
        let record: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        running
            .submit(
                "/register",
                headers,
                &format!("action=keep&record={record}&why=y&back=/register"),
            )
            .status
    };
    let party =
        |name: &str| format!("[[party]]\nid = \"a\"\nname = \"{name}\"\nroles = [\"maker\"]\n");
    assert_eq!(keep(&party("架空<b>"), ""), 303);
    let page = running.get("/register").body;
    assert!(page.contains("架空&#60;b&#62;") && !page.contains("架空<b>"), "{page}");
    assert_eq!(keep(&party("無二工業"), ""), 303);
    assert!(running.get("/register").body.contains("無二工業"));
    for bad in
        ["", "x", "[[party]]\nid = \"\"\nname = \"n\"\nroles = []", &(party("a") + &party("b"))]
    {
        assert_eq!(keep(bad, ""), 422, "{bad}");
    }
    assert_eq!(keep(&party("c"), "Sec-Fetch-Site: cross-site\r\n"), 403);
    let remove = "action=remove&kind=party&id=a&why=z&back=/register";
    assert_eq!(running.submit("/register", "", remove).status, 303);
    let history = running.site.store.register_history(Some("a")).unwrap();
    let whys: Vec<&str> = history.iter().map(|version| version.why.as_str()).collect();
    assert_eq!(whys, ["y", "y", "z"]);
    assert!(!running.get("/register").body.contains("無二工業"));
}
