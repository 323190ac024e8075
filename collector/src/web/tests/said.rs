//! Settings and schedules as programs say them: of a version, in the audit log, and without their secrets.

use serde_json::{Value, json};

use super::api::version;
use super::tokens::{json as read, program};
use super::*;
use crate::people::log::Deed;
use crate::people::token::{Area, Mode, Scope};
use crate::settings::Kind;
use crate::store::Seen;

const WARD: &str = "/api/v1/settings/network/3F";

fn errors(answer: &Answer) -> Vec<String> {
    let told = read(answer);
    let all = told["errors"].as_array().unwrap_or_else(|| panic!("{told}"));
    all.iter().map(|one| one["field"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_party_goes_with_vendors_only_and_is_changed_alone() {
    let running = running();
    let add = |said: Value| running.act("POST", "/api/v1/accounts", &said);
    let unfit = |answer: &Answer| (answer.status, errors(answer));
    let party = || (422, vec!["party".to_owned()]);
    for said in [
        json!({ "name": "m", "role": "operator", "party": "maker-a" }),
        json!({ "name": "m", "role": "vendor" }),
        json!({ "name": "m", "role": "vendor", "party": "" }),
    ] {
        assert_eq!(unfit(&add(said)), party());
    }
    assert!(running.site.store.account("m").unwrap().is_none(), "nothing of that is kept");
    let made = add(json!({ "name": "m", "role": "vendor", "party": "maker-a" }));
    assert_eq!(made.status, 201, "{}", made.body);
    let path = "/api/v1/accounts/m";
    let change = |said: Value| {
        let seen = format!("If-Match: {}", version(&running.get(path)));
        running.act_on("PATCH", path, (&seen, &said))
    };
    let is = |answer: &Answer| (read(answer)["role"].clone(), read(answer)["party"].clone());
    let moved = change(json!({ "party": "maker-b" }));
    assert_eq!(is(&moved), ("vendor".into(), "maker-b".into()), "{}", moved.body);
    let again = change(json!({ "role": "vendor", "closed": false }));
    assert_eq!(is(&again), ("vendor".into(), "maker-b".into()), "it stays: {}", again.body);
    assert_eq!(unfit(&change(json!({ "role": "auditor", "party": "maker-a" }))), party());
    let inside = change(json!({ "role": "auditor" }));
    assert_eq!(is(&inside), ("auditor".into(), Value::Null), "{}", inside.body);
    assert_eq!(unfit(&change(json!({ "party": "maker-a" }))), party());
    assert_eq!(unfit(&change(json!({ "role": "vendor" }))), party());
    let back = change(json!({ "role": "vendor", "party": "maker-a" }));
    assert_eq!(is(&back), ("vendor".into(), "maker-a".into()), "{}", back.body);
}

#[test]
fn a_setting_is_kept_of_the_version_that_was_read_and_taken_out_with_its_history() {
    let running = running();
    let said = |cidr: &str| json!({ "content": { "cidr": cidr, "purpose": "medical", "wired": true }, "why": "移設" });
    let put = |version: &str, cidr: &str| running.act_on("PUT", WARD, (version, &said(cidr)));
    assert_eq!(running.act("PUT", WARD, &said("10.20.0.0/24")).status, 428);
    let made = put("If-None-Match: *", "10.20.0.9/24");
    assert_eq!(made.status, 200, "{}", made.body);
    let told = read(&made);
    assert_eq!(
        (&told["content"]["cidr"], &told["why"], &told["in_file"], &told["secrets"]),
        (&"10.20.0.0/24".into(), &"移設".into(), &false.into(), &json!([]))
    );
    assert!(running.has_deed(Deed::SettingKept, "network 3F"));
    assert_eq!(running.site.effective().unwrap().config.decreed.networks.len(), 1);

    let seen = format!("If-Match: {}", version(&running.get(WARD)));
    assert_eq!(put("If-None-Match: *", "10.20.1.0/24").status, 412);
    assert_eq!(put(&seen, "10.20.1.0/24").status, 200);
    let late = put(&seen, "10.20.2.0/24");
    assert_eq!((late.status, &read(&late)["code"]), (412, &"api_changed".into()));
    let wrong = [
        json!({ "content": { "cidr": "10.0.0.0/8" } }),
        json!({ "content": { "cidr": "10.20.0.0/24", "name": "4F" } }),
        json!({ "content": { "cidr": "10.20.0.0/24", "windows": ["night"] } }),
        json!({ "content": { "cidr": "10.20.0.0/24", "color": "red" } }),
        json!({ "content": { "cidr": "10.20.0.0/24" }, "secrets": { "key": "geheim" } }),
    ];
    let seen = format!("If-Match: {}", version(&running.get(WARD)));
    for (said, field) in wrong.iter().zip(["cidr", "name", "windows", "content", "key"]) {
        let answer = running.act_on("PUT", WARD, (&seen, said));
        assert_eq!((answer.status, errors(&answer)), (422, vec![field.to_owned()]), "{said}");
    }
    assert_eq!(running.ask("/api/v1/settings?kind=network")["items"][0]["name"], "3F");
    assert_eq!(running.ask("/api/v1/settings?kind=deny")["total"], 0);

    let gone = format!("{WARD}?why=x");
    assert_eq!(running.act("DELETE", &gone, &Value::Null).status, 428);
    assert_eq!(running.act_on("DELETE", &gone, (&seen, &Value::Null)).status, 204);
    assert!(running.has_deed(Deed::SettingRemoved, "network 3F"));
    assert_eq!(running.get(WARD).status, 404);
    let history = running.ask(&format!("{WARD}/history"));
    let cidrs: Vec<&Value> = (0..3).map(|at| &history["items"][at]["content"]["cidr"]).collect();
    assert_eq!(cidrs, [&Value::Null, &"10.20.1.0/24".into(), &"10.20.0.0/24".into()]);
    assert_eq!(put("If-None-Match: *", "10.20.3.0/24").status, 200, "the name is free again");
    for path in ["general/x", "x/-", "network/4F", "general/-"] {
        assert_eq!(running.get(&format!("/api/v1/settings/{path}")).status, 404, "{path}");
    }
}

#[test]
fn secrets_of_settings_are_written_and_never_told() {
    let running = running();
    let path = "/api/v1/settings/credential/core";
    let put =
        |path: &str, version: &str, said: Value| running.act_on("PUT", path, (version, &said));
    let user = |user: &str| json!({ "version": "v3", "user": user, "auth": "sha256" });
    let first = json!({ "content": user("a"), "secrets": { "auth_password": "geheim-12345" } });
    assert_eq!(put(path, "If-None-Match: *", json!({ "content": user("a") })).status, 422);
    let made = put(path, "If-None-Match: *", first);
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(read(&made)["secrets"][0]["name"], "snmp.core");
    // Left out it stays.
    let seen = format!("If-Match: {}", version(&made));
    assert_eq!(put(path, &seen, json!({ "content": user("b") })).status, 200);
    let vault = crate::vault::Vault::open(running.site.store.path()).unwrap();
    let kept = vault.get(&running.site.store, "snmp.core").unwrap();
    let credential = running.site.store.settings().unwrap().1.credentials.remove(0);
    let kept = credential.read(kept.expose()).auth_password;
    assert_eq!((credential.user.as_str(), kept.as_str()), ("b", "geheim-12345"));

    let chat = "/api/v1/settings/notify/chat";
    let url = "https://hooks.example/T0/geheim";
    let content = json!({ "kind": "webhook", "events": ["finding"] });
    let beside = json!({ "kind": "webhook", "url": url });
    let refused = put(chat, "If-None-Match: *", json!({ "content": beside }));
    assert_eq!((refused.status, errors(&refused)), (422, vec!["url".to_owned()]));
    assert!(!refused.body.contains("geheim"));
    let said = json!({ "content": content, "secrets": { "url": url } });
    let made = put(chat, "If-None-Match: *", said);
    assert_eq!(made.status, 200, "{}", made.body);
    // A URL that came from an imported file is told no more than one that was said here.
    let receiver = json!({ "name": "old", "kind": "webhook", "url": url }).to_string();
    let imported = crate::settings::Setting::from_json(Kind::Notify, &receiver).unwrap();
    let by = (By::here("t".into(), clock::now()), String::new());
    running.site.store.keep_settings(vec![imported.into()], Seen::Any, by).unwrap();
    for path in [
        "",
        "/credential/core",
        "/credential/core/history",
        "/notify/chat",
        "/notify/old",
        "/notify/old/history",
    ] {
        let told = running.get(&format!("/api/v1/settings{path}"));
        assert!(told.status == 200 && !told.body.contains("geheim"), "{path} {}", told.body);
    }
    let log = running.site.store.log_rows(u64::MAX, 100).unwrap();
    let said = log.iter().filter(|row| row.deed == "setting_kept" && row.about.contains("core"));
    assert!(said.clone().count() == 2 && said.clone().all(|row| !row.about.contains("geheim")));

    // What a network needs stays.
    let ward = json!({ "content": { "cidr": "10.20.0.0/24", "credentials": ["core"] } });
    assert_eq!(put(WARD, "If-None-Match: *", ward).status, 200);
    let remove = || {
        let seen = format!("If-Match: {}", version(&running.get(path)));
        running.act_on("DELETE", path, (&seen, &Value::Null)).status
    };
    assert_eq!(remove(), 409);
    let seen = format!("If-Match: {}", version(&running.get(WARD)));
    assert_eq!(running.act_on("DELETE", WARD, (&seen, &Value::Null)).status, 204);
    assert_eq!(remove(), 204);
    let names = running.site.store.secrets().unwrap();
    assert!(names.iter().all(|secret| secret.name != "snmp.core"));
}

#[test]
fn what_the_file_says_is_told_and_not_changed() {
    let running = running_with(
        "silent_agent_hours = 5\n[[notify]]\nname = \"siem\"\nkind = \"syslog\"\nserver = \"127.0.0.1\"\n",
    );
    let general = "/api/v1/settings/general/-";
    let put = |path: &str, said: Value| {
        running.act_on("PUT", path, ("If-None-Match: *", &json!({ "content": said })))
    };
    let held = put(general, json!({ "silent_agent_hours": 99 }));
    assert_eq!((held.status, errors(&held)), (422, vec!["silent_agent_hours".to_owned()]));
    let kept = put(general, json!({ "backup_days": 7 }));
    assert_eq!(kept.status, 200, "{}", kept.body);
    let told = read(&kept);
    assert_eq!(
        (&told["name"], &told["in_file"], &told["fixed"], &told["content"]),
        (&"-".into(), &true.into(), &json!(["silent_agent_hours"]), &json!({ "backup_days": 7 }))
    );
    let siem = put("/api/v1/settings/notify/siem", json!({ "kind": "syslog", "server": "x" }));
    assert_eq!((siem.status, errors(&siem)), (422, vec!["name".to_owned()]));
    let seen = format!("If-Match: {}", version(&kept));
    assert_eq!(running.act_on("DELETE", general, (&seen, &Value::Null)).status, 422);
}

#[test]
fn a_receiver_is_tried_by_a_program_and_what_became_of_it_is_told() {
    let running = running();
    let sink = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    sink.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let port = sink.local_addr().unwrap().port();
    let content = json!({ "kind": "syslog", "server": "127.0.0.1", "port": port,
        "transport": "udp", "quiet": ["22:00-07:00"] });
    let path = "/api/v1/settings/notify/log";
    let kept = running.act_on("PUT", path, ("If-None-Match: *", &json!({ "content": content })));
    assert_eq!(kept.status, 200, "{}", kept.body);
    let tried = running.act("POST", &format!("{path}/trial"), &Value::Null);
    assert_eq!((tried.status, &read(&tried)["sent"]), (200, &true.into()), "{}", tried.body);
    let mut octets = [0; 4096];
    let length = sink.recv(&mut octets).unwrap();
    assert!(String::from_utf8_lossy(&octets[..length]).contains("trial"));
    assert!(running.has_deed(Deed::NotifyTested, "log"));
    for path in ["notify/none", "network/log"] {
        let path = format!("/api/v1/settings/{path}/trial");
        assert_eq!(running.act("POST", &path, &Value::Null).status, 404, "{path}");
    }
}

#[test]
fn a_schedule_is_kept_changed_and_taken_out_by_a_program() {
    let running = running();
    super::about::enrolled(&running);
    let list = running.ask("/api/v1/schedules");
    let path = "/api/v1/schedules/%E5%A4%9C%E9%96%93";
    let said = |agent: &str, pattern: &str| json!({ "agent": agent, "pattern": pattern });
    let put = |version: &str, said: &Value| running.act_on("PUT", path, (version, said));
    let nobody = put("If-None-Match: *", &said("nobody", "30 22 * * 1-5"));
    assert_eq!((nobody.status, errors(&nobody)), (422, vec!["agent".to_owned()]));
    let wrong = put("If-None-Match: *", &said("3F", "at night"));
    assert_eq!((wrong.status, errors(&wrong)), (422, vec!["pattern".to_owned()]));
    let mut still = said("3F", "30 22 * * 1-5");
    still["packets_per_second"] = 0.into();
    let still = put("If-None-Match: *", &still);
    assert_eq!((still.status, errors(&still)), (422, vec!["packets_per_second".to_owned()]));
    let made = put("If-None-Match: *", &said("3F", "30 22 * * 1-5"));
    assert_eq!(made.status, 200, "{}", made.body);
    let seen = format!("If-Match: {}", version(&made));
    assert_eq!(put(&seen, &said("3F", "30 23 * * 1-5")).status, 200);
    assert_eq!(put(&seen, &said("3F", "30 21 * * 1-5")).status, 412);
    assert_eq!(running.ask(path)["pattern"], "30 23 * * 1-5");
    let total = |list: &Value| list["total"].as_u64().unwrap();
    assert_eq!(total(&running.ask("/api/v1/schedules")), total(&list) + 1);
    let seen = format!("If-Match: {}", version(&running.get(path)));
    assert_eq!(running.act_on("DELETE", path, (&seen, &Value::Null)).status, 204);
    assert_eq!(running.get(path).status, 404);
}

#[test]
fn settings_are_read_by_auditors_kept_by_administrators_and_hidden_from_vendors() {
    let running = running();
    let general = crate::settings::General { backup_days: Some(9), ..Default::default() };
    let by = (By::here("t".into(), clock::now()), String::new());
    let general = vec![crate::settings::Setting::General(general).into()];
    running.site.store.keep_settings(general, Seen::Any, by).unwrap();
    let said = json!({ "content": { "cidr": "10.20.0.0/24" } }).to_string();
    let put = |visitor: &Visitor| {
        running.call_with(visitor, ("PUT", WARD), ("If-None-Match: *\r\n", &said)).status
    };
    let path = "/api/v1/settings/general/-";
    let auditor = Visitor::new(&running.site, Role::Auditor, None);
    let vendor = Visitor::new(&running.site, Role::Vendor, Some("a"));
    assert_eq!((running.get_as(&auditor, path, "").status, put(&auditor)), (200, 403));
    assert_eq!((running.get_as(&vendor, path, "").status, put(&vendor)), (403, 403));
    let of = |mode| [Scope::Of(Area::Settings, mode)];
    let (reads, _) = program(&running, "sato", &of(Mode::Read), 60);
    let (writes, _) = program(&running, "sato", &of(Mode::Write), 60);
    assert_eq!((running.get_as(&reads, path, "").status, put(&reads)), (200, 403));
    assert_eq!((running.get_as(&writes, path, "").status, put(&writes)), (403, 200));
    let kept = running.site.store.setting_history(Some((Kind::Network, "3F"))).unwrap();
    assert!(kept[0].by.ends_with("[token 2]"), "{}", kept[0].by);
    let log = running.site.store.log_rows(u64::MAX, 20).unwrap();
    let row = log.iter().find(|row| row.deed == Deed::SettingKept.name()).unwrap();
    assert!(row.who.contains("[token 2]") && row.address == "127.0.0.1", "{row:?}");
}
