//! Figures: who reads them, and that they name no device; and what is answered to who looks whether the
//! program runs.

use std::time::Duration;

use super::*;
use crate::meters::Taken;
use crate::people::token::Scope;
use crate::store::NewToken;

fn token(running: &Running, account: &str, scopes: &[Scope]) -> Visitor {
    let (secret, kept) = credential::secret().unwrap();
    let new = NewToken {
        account: account.into(),
        label: "metrics".into(),
        scopes: scopes.to_vec(),
        holds: Duration::from_mins(1),
    };
    running.site.store.issue_token(new, kept, By::here("test".into(), clock::now())).unwrap();
    Visitor { cookie: format!("Authorization: Bearer {secret}\r\n"), token: String::new() }
}

#[test]
fn figures_are_off_then_for_this_computer_or_for_a_token_of_their_own() {
    let nobody = Visitor { cookie: String::new(), token: String::new() };
    let off = running();
    assert_eq!(off.get_as(&nobody, "/metrics", "").status, 404);
    assert_eq!(off.get_as(&token(&off, "sato", &[Scope::Metrics]), "/metrics", "").status, 404);
    let local = running_with("metrics = \"loopback\"");
    assert_eq!(local.get_as(&nobody, "/metrics", "").status, 200);
    // Behind a proxy everything comes from this computer; what counts is where it came from before.
    let proxied = running_with("metrics = \"loopback\"\nbehind_tls = true");
    let from = |address: &str| format!("X-Forwarded-For: {address}\r\n");
    assert_eq!(proxied.get_as(&nobody, "/metrics", &from("192.0.2.7")).status, 401);
    let closed = running_with("metrics = \"token\"");
    assert_eq!(closed.get_as(&nobody, "/metrics", "").status, 401);
    assert_eq!(closed.get("/metrics").status, 401, "a session of the pages is no token");
    Visitor::new(&closed.site, Role::Vendor, Some("a"));
    for (account, scopes, status) in [
        ("sato", &[Scope::Metrics][..], 200),
        ("sato", &[Scope::Read, Scope::Answer][..], 401),
        ("sato1", &[Scope::Metrics][..], 401),
    ] {
        let program = token(&closed, account, scopes);
        assert_eq!(closed.get_as(&program, "/metrics", "").status, status, "{account} {scopes:?}");
    }
    let program = token(&closed, "sato", &[Scope::Metrics]);
    assert_eq!(closed.get_as(&program, "/api/v1/devices", "").status, 403);
}

#[test]
fn figures_count_what_there_is_and_name_no_device() {
    let running = running_with("metrics = \"loopback\"");
    let (ground, picture) = sample();
    let open = picture.findings.iter().filter(|one| one.is_open()).count();
    let count = picture.devices.len();
    running.site.present.put(Arc::new(Snapshot::of(ground, picture, clock::now())));
    let at = |micros: i64| Timestamp::from_micros(micros);
    running.site.meters.batch(Taken::New, 5, (at(0), at(30_000)));
    running.site.meters.batch(Taken::Known, 0, (at(0), at(9_000_000)));
    let answer = running.get("/metrics");
    assert!(answer.head.contains("content-type: application/openmetrics-text"), "{}", answer.head);
    let text = &answer.body;
    for line in [
        format!("daicho_devices {count}"),
        "daicho_batches_total{result=\"new\"} 1".to_owned(),
        "daicho_batches_total{result=\"known\"} 1".to_owned(),
        "daicho_observations_total 5".to_owned(),
        "daicho_ingest_seconds_count 1".to_owned(),
        "daicho_notifications_waiting 0".to_owned(),
        format!("daicho_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(text.contains(&line), "{line}\n{text}");
    }
    let told: usize = text
        .lines()
        .filter(|line| line.starts_with("daicho_findings{") && line.contains("state=\"open\""))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
        .sum();
    assert_eq!(told, open);
    let size = text.lines().find_map(|line| line.strip_prefix("daicho_store_size_bytes ")).unwrap();
    assert!(size.parse::<u64>().unwrap() > 4096);
    assert!(text.ends_with("# EOF\n"));
    for named in ["NURSE", "10.20.0", "00:1a:2b", "病棟"] {
        assert!(!text.contains(named), "{named}\n{text}");
    }
}

#[test]
fn a_site_is_ready_until_its_store_cannot_be_written() {
    let running = running();
    let nobody = Visitor { cookie: String::new(), token: String::new() };
    assert!(running.get_as(&nobody, "/healthz", "").body.starts_with("ok "));
    let ready = running.get_as(&nobody, "/readyz", "");
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
    // Another program holds the file: it can be read, and nothing can be taken in.
    let path = running.site.store.path().to_owned();
    let other = crate::store::hold_for_test(&path);
    assert_eq!(running.get_as(&nobody, "/healthz", "").status, 200);
    assert_eq!(running.get_as(&nobody, "/readyz", "").status, 503);
    drop(other);
    assert_eq!(running.get_as(&nobody, "/readyz", "").status, 200);
}
