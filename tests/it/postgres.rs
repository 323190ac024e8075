//! The store on a PostgreSQL server, which several collectors use at once.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daicho_collector::people::log::Deed;
use daicho_collector::schedule::{Run, Schedule};
use daicho_collector::store::{self, By, Fault, Place, Server, Store, StoreError};
use daicho_common::batch::{AgentKey, Batch, Header, Opened};
use daicho_common::observation::{Fact, Method, Observation, Reply, Speaker, Vantage};
use daicho_common::time::Timestamp;
use daicho_tests::cluster::{self, Cluster};

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_775_003_400_000_000 + second * 1_000_000)
}

/// A server, or `None` after having said why there is none.
fn cluster() -> Option<Cluster> {
    let Some(why) = cluster::obstacle() else { return Some(Cluster::start().unwrap()) };
    let required = ["CI", "DAICHO_LAB"].map(|name| std::env::var(name).unwrap_or_default());
    assert_eq!(required, ["", ""], "skipped, though the lab is required here: {why}");
    println!("skipped: {why}");
    None
}

fn open(url: &str) -> Result<Store, StoreError> {
    let server = Server::parse(url, None, None).unwrap();
    Store::open(Place::on(server, "here.db".into()))
}

fn observation(host: u8, second: i64) -> Observation {
    let vantage = Vantage { agent: "east".into(), interface: "e".into(), network: "3F".into() };
    Observation {
        at: at(second),
        vantage: vantage.into(),
        method: Method::IcmpEcho,
        speaker: Speaker { ip: Some([10, 20, 0, host].into()), mac: None },
        fact: Fact::Answered(Reply::Echo),
    }
}

fn batch(agent: &str, digest: u8, observations: Vec<Observation>) -> Opened {
    let header = Header {
        agent: agent.into(),
        scan: format!("{agent}-{digest}"),
        sequence: 1,
        last: true,
        from: at(0),
        to: at(60),
        software: "daicho-agent 0.1.0".into(),
    };
    Opened {
        batch: Batch { header, coverage: vec![], sent: vec![], observations },
        key: AgentKey::new([1; 32]),
        digest: [digest; 32],
        mark: None,
    }
}

fn nightly() -> Schedule {
    Schedule {
        name: "夜間".into(),
        agent: "east".into(),
        pattern: "0 2 * * *".into(),
        zone: "Asia/Tokyo".into(),
        ..Schedule::default()
    }
}

/// Two collectors write at once, each what it has, and look at what came since. The log stays one
/// chain, every number is given out once, and a reader who asks for what is new misses nothing.
#[test]
fn two_collectors_that_write_at_once_share_one_chain_and_miss_nothing() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("two").unwrap();
    let stores = std::thread::scope(|scope| {
        // Both make the tables at once.
        let open = || open(&url).unwrap();
        let (one, two) = (scope.spawn(open), scope.spawn(open));
        [one.join().unwrap(), two.join().unwrap()]
    });
    std::thread::scope(|scope| {
        for (number, store) in (0_u8..).zip(&stores) {
            scope.spawn(move || {
                let name = ["east", "west"][usize::from(number)];
                let mut seen = store.ground().unwrap();
                for turn in 0..40 {
                    let digest = number * 100 + turn;
                    let observations = (0..20).map(|n| observation(digest, n)).collect();
                    store.append(vec![batch(name, digest, observations)], at(100)).unwrap();
                    let by = By::here(name.into(), at(i64::from(turn)));
                    store.note(Deed::Exported, format!("turn {turn}"), by).unwrap();
                    seen = store.ground_after(seen).unwrap();
                    let whole = usize::try_from(seen.revision).unwrap();
                    assert_eq!(seen.observations.len(), whole * 20, "{name}, turn {turn}");
                }
            });
        }
    });
    let [one, two] = &stores;
    assert_eq!(one.ground().unwrap().observations.len(), 2 * 40 * 20);
    let head = one.verify_log(None).unwrap().expect("one chain");
    assert_eq!(head.number, 2 * 40);
    assert_eq!(two.log_head().unwrap(), head);
}

#[test]
fn a_run_that_two_collectors_notice_at_once_becomes_one_job() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("jobs").unwrap();
    let stores = [open(&url).unwrap(), open(&url).unwrap()];
    stores[0].jobs().add(nightly(), ("田中".into(), at(0))).unwrap();
    let runs: Vec<Run> =
        (1..=20).map(|day| Run { due: at(day), start_by: at(day + 600), stop_at: None }).collect();
    std::thread::scope(|scope| {
        for store in &stores {
            let kept = store.jobs().schedules().unwrap().remove(0);
            let runs = &runs;
            scope.spawn(move || {
                for run in runs {
                    store.jobs().fall_due(kept.clone(), vec![*run], at(99)).unwrap();
                }
            });
        }
    });
    assert_eq!(stores[1].jobs().list().unwrap().len(), 20);
}

/// An agent delivers again what was not acknowledged, as agents do, while the server goes down again and
/// again.
#[test]
fn what_was_acknowledged_outlasts_restarts_of_the_server_and_nothing_counts_twice() {
    let Some(mut cluster) = cluster() else { return };
    let url = cluster.database("restart").unwrap();
    let store = open(&url).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for digest in 0..120_u8 {
                let observations = (0..50).map(|second| observation(digest, second)).collect();
                let batch = batch("east", digest, observations);
                while let Err(error) = store.append(vec![batch.clone()], at(100)) {
                    let away = matches!(&error, StoreError::Server { fault: Fault::Away(_), .. });
                    assert!(away, "{error:?}");
                }
            }
            done.store(true, Ordering::Release);
        });
        for _ in 0..4 {
            cluster.down().unwrap();
            cluster.up().unwrap();
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert!(done.load(Ordering::Acquire));
    assert_eq!(store.revision().unwrap(), 120, "reading finds the server again, too");
    assert_eq!(store.ground().unwrap().observations.len(), 120 * 50);

    cluster.down().unwrap();
    let error = open(&url).unwrap_err();
    assert!(matches!(&error, StoreError::Server { fault: Fault::Away(_), .. }), "{error:?}");
    let complaint = error.complaint(Path::new("here.db"));
    assert!(
        complaint.ja.contains("応答しません") && complaint.en.contains("/restart"),
        "{complaint}"
    );
}

#[test]
fn tables_of_another_program_or_of_a_newer_version_are_refused_and_left_alone() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("foreign").unwrap();
    cluster.query("foreign", "CREATE TABLE song (name TEXT)").unwrap();
    let refused = open(&url).unwrap_err();
    assert!(matches!(refused, StoreError::Server { fault: Fault::NotOurs, .. }), "{refused:?}");
    let url = cluster.database("newer").unwrap();
    drop(open(&url).unwrap());
    cluster.query("newer", "UPDATE schema_version SET version = 99").unwrap();
    let refused = open(&url).unwrap_err();
    assert!(matches!(refused, StoreError::Server { fault: Fault::Newer { version: 99, .. }, .. }));
    let refused = open(&cluster.url("nowhere")).unwrap_err();
    assert!(matches!(refused, StoreError::Server { fault: Fault::Refused(_), .. }), "{refused:?}");
}

/// An authority, and a certificate by it for `localhost` with its key.
pub(super) fn authority() -> (rcgen::Certificate, [String; 2]) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).unwrap();
    let by = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let signed = params.signed_by(&key, &by).unwrap();
    (own, [signed.pem(), key.serialize_pem()])
}

#[test]
fn a_server_is_spoken_to_by_tls_if_the_hospitals_authority_vouches_for_it_under_its_name() {
    if cluster::obstacle().is_some() {
        assert!(cluster().is_none());
        return;
    }
    let ((ours, [certificate, key]), (foreign, _)) = (authority(), authority());
    let cluster = Cluster::over_tls(&certificate, &key).unwrap();
    let url = cluster.database("tls").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let named = |url: &str, by: &rcgen::Certificate| {
        let file = folder.path().join("authority.pem");
        std::fs::write(&file, by.pem()).unwrap();
        let server = Server::parse(url, Some(file), None).unwrap();
        Store::open(Place::on(server, folder.path().join("here.db")))
    };
    let store = named(&url, &ours).unwrap();
    store.append(vec![batch("east", 1, vec![observation(7, 1)])], at(100)).unwrap();
    assert_eq!(store.ground().unwrap().observations.len(), 1);
    let used =
        "SELECT DISTINCT ssl.version FROM pg_stat_activity JOIN pg_stat_ssl AS ssl USING (pid)
        WHERE application_name = 'daicho-collector'";
    assert_eq!(cluster.query("tls", used).unwrap(), "TLSv1.3");

    let not_ours = |result: Result<Store, StoreError>| {
        let error = result.unwrap_err();
        assert!(matches!(&error, StoreError::Server { fault: Fault::Refused(_), .. }), "{error:?}");
    };
    not_ours(named(&url, &foreign));
    not_ours(named(&url.replace("localhost", "127.0.0.1"), &ours));
    // Whoever asks for no name is spoken to, encrypted.
    open(&url.replace("verify-full", "require")).unwrap();
}

/// A page asks for the revision in the middle of an asynchronous task.
#[test]
fn the_store_may_be_asked_from_within_an_async_runtime() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("async").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let revision = runtime.block_on(async { open(&url).unwrap().revision().unwrap() });
    assert_eq!(revision, 0);
}

/// A file with something of every kind that the helpers above make, closed.
fn filled(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("daicho.db");
    let store = Store::open(&file).unwrap();
    for digest in 0..5_u8 {
        let observations = (0..700).map(|second| observation(digest, second)).collect();
        store.append(vec![batch("east", digest, observations)], at(100)).unwrap();
        store.note(Deed::Exported, "台帳.csv".into(), By::here("田中".into(), at(200))).unwrap();
    }
    store.jobs().add(nightly(), ("田中".into(), at(0))).unwrap();
    file
}

#[test]
fn a_site_is_moved_with_nothing_lost_and_goes_on_where_it_was() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("moved").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = filled(folder.path());
    let before = Store::open(&file).unwrap();
    let (ground, head) = (before.ground().unwrap(), before.log_head().unwrap());
    let by = || By::here("佐藤".into(), at(300));
    let go = || store::migrate(&file, Server::parse(&url, None, None).unwrap(), &by());
    assert!(matches!(go(), Err(StoreError::Busy)), "a collector has the file open");
    drop(before);
    let moved = go().unwrap();
    let rows = |table: &str| moved.iter().find(|moved| moved.table == table).unwrap().rows;
    assert_eq!((rows("batch"), rows("seen"), rows("fact")), (5, 5, 5));

    assert!(matches!(go(), Err(StoreError::MovedAway)));
    assert!(matches!(Store::open(&file), Err(StoreError::MovedAway)), "nobody writes there again");
    let after = open(&url).unwrap();
    let now = after.ground().unwrap();
    assert_eq!(now.revision, ground.revision);
    assert_eq!(now.observations, ground.observations);
    assert_eq!(now.scans, ground.scans);
    let whole = after.verify_log(Some(head)).unwrap().expect("the chain goes on behind its head");
    assert_eq!(whole.number, head.number + 1);
    assert_eq!(after.log_rows(whole.number, 1).unwrap()[0].deed, "database_moved");
    // Numbers go on behind those that came.
    after.append(vec![batch("east", 9, vec![observation(9, 1)])], at(400)).unwrap();
    let schedule = Schedule { name: "朝".into(), ..nightly() };
    assert_eq!(after.jobs().add(schedule, ("田中".into(), at(0))).unwrap(), 2);
    assert_eq!(after.ground_after(now).unwrap().observations.len(), 3501);
}

#[test]
fn a_site_comes_back_from_the_server_to_a_file_and_nobody_goes_on_there() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("back").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = || Server::parse(&url, None, None).unwrap();
    let by = || By::here("佐藤".into(), at(300));
    store::migrate(&filled(folder.path()), server(), &by()).unwrap();
    let on_server = open(&url).unwrap();
    on_server.append(vec![batch("east", 9, vec![observation(9, 1)])], at(400)).unwrap();
    let (ground, head) = (on_server.ground().unwrap(), on_server.log_head().unwrap());
    let file = folder.path().join("back.db");
    let moved = store::fetch(server(), &file, &by()).unwrap();
    let rows = |table: &str| moved.iter().find(|moved| moved.table == table).unwrap().rows;
    assert_eq!((rows("batch"), rows("seen"), rows("fact")), (6, 6, 6));
    assert!(matches!(store::fetch(server(), &file, &by()), Err(StoreError::Exists)));
    let refused = open(&url).unwrap_err();
    assert!(matches!(refused, StoreError::MovedAway), "{refused:?}");

    let here = Store::open_existing(&file).unwrap();
    let now = here.ground().unwrap();
    assert_eq!((now.revision, &now.observations), (ground.revision, &ground.observations));
    let whole = here.verify_log(Some(head)).unwrap().expect("the chain goes on behind its head");
    assert_eq!(here.log_rows(whole.number, 1).unwrap()[0].deed, "database_moved");
    here.append(vec![batch("east", 10, vec![observation(10, 1)])], at(500)).unwrap();
    assert_eq!(store::examine(&file).unwrap().faults, [""; 0]);
}

#[test]
fn a_site_is_not_moved_onto_a_database_that_has_tables() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database("full").unwrap();
    drop(open(&url).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = filled(folder.path());
    let server = Server::parse(&url, None, None).unwrap();
    let refused = store::migrate(&file, server, &By::here("佐藤".into(), at(300))).unwrap_err();
    assert!(matches!(refused, StoreError::Server { fault: Fault::NotEmpty, .. }), "{refused:?}");
    let store = Store::open(&file).expect("the file is as it was");
    assert_eq!(store.log_head().unwrap().number, 6);
}
