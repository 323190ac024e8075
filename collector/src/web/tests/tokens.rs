//! Programs: what their tokens let them do, and the document that tells them how.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::people::log::Deed;
use crate::people::token::Scope;
use crate::store::NewToken;
use crate::web::api::operation::Operation;
use crate::web::doors::Declared;

/// A program with a token of this account; the number of the token.
pub(super) fn program(
    running: &Running,
    account: &str,
    scopes: &[Scope],
    holds: u64,
) -> (Visitor, i64) {
    let (secret, kept) = credential::secret().unwrap();
    let new = NewToken {
        account: account.into(),
        label: "test".into(),
        scopes: scopes.to_vec(),
        holds: Duration::from_secs(holds),
    };
    let by = By::here("test".into(), clock::now());
    let id = running.site.store.issue_token(new, kept, by).unwrap();
    (Visitor { cookie: format!("Authorization: Bearer {secret}\r\n"), token: String::new() }, id)
}

pub(super) fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn a_program_reads_page_by_page_what_its_token_is_for() {
    let running = showing();
    let (reads, id) = program(&running, "sato", &[Scope::Read], 60);
    let first = running.get_as(&reads, "/api/v1/devices?limit=2", "");
    assert_eq!(first.status, 200, "{}", first.body);
    let first = json(&first);
    assert_eq!((&first["total"], first["items"].as_array().unwrap().len()), (&3.into(), 2));
    let next = first["next"].as_str().unwrap();
    let second = running.get_as(&reads, &format!("/api/v1/devices?limit=2&cursor={next}"), "");
    let second = json(&second);
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &().into()));
    let ids = |part: &serde_json::Value| -> Vec<String> {
        part["items"].as_array().unwrap().iter().map(|one| one["id"].to_string()).collect()
    };
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)));
    for path in ["findings", "ledger", "links", "coverage"] {
        let answer = running.get_as(&reads, &format!("/api/v1/{path}"), "");
        assert!(answer.status == 200 && json(&answer)["items"].is_array(), "{path}");
    }
    for wrong in ["limit=0", "limit=1001", "limit=x", "cursor=x", "page=1"] {
        let answer = running.get_as(&reads, &format!("/api/v1/devices?{wrong}"), "");
        let (status, told) = (answer.status, json(&answer));
        assert!(status == 400 && told["errors"][0]["field"].is_string(), "{wrong} {told}");
    }
    // It opens no pages, and answers nothing.
    assert_eq!(running.get_as(&reads, "/devices", "").status, 303);
    let answer = running.form("/api/v1/decisions", &reads.cookie, "kind=answer");
    assert!(answer.status == 403 && json(&answer)["en"].is_string());
    let used =
        |id| running.site.store.tokens().unwrap().iter().find(|one| one.id == id).unwrap().used;
    for _ in 0..200 {
        if used(id).is_some() {
            return;
        }
        running.get("/healthz");
    }
    panic!("when it was used last is kept");
}

#[test]
fn a_token_that_does_not_hold_is_told_so_as_programs_read_it() {
    let running = showing();
    let store = &running.site.store;
    let (over, _) = program(&running, "sato", &[Scope::Read], 0);
    let (revoked, id) = program(&running, "sato", &[Scope::Read], 60);
    let by = || By::here("test".into(), clock::now());
    assert_eq!(running.get_as(&revoked, "/api/v1/devices", "").status, 200);
    assert!(store.revoke_token(id, by()).unwrap() && !store.revoke_token(id, by()).unwrap());
    let none = Visitor { cookie: "Authorization: Bearer x\r\n".into(), token: String::new() };
    // A cookie beside a wrong token lets nobody in.
    let both = format!("{}{}", none.cookie, running.visitor.cookie);
    let both = Visitor { cookie: both, token: String::new() };
    for visitor in [&over, &revoked, &none, &both] {
        let answer = running.get_as(visitor, "/api/v1/devices", "");
        assert_eq!(answer.status, 401, "{}", visitor.cookie);
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
        assert!(json(&answer)["ja"].is_string());
    }
    let deeds: Vec<String> =
        store.log_rows(u64::MAX, 9).unwrap().into_iter().map(|row| row.deed).collect();
    for deed in [Deed::TokenIssued, Deed::TokenRevoked] {
        assert!(deeds.iter().any(|name| name == deed.name()), "{deeds:?}");
    }
}

#[test]
fn a_token_never_does_more_than_its_account_may() {
    let running = with_findings();
    Visitor::new(&running.site, Role::Auditor, None);
    let (auditor, _) = program(&running, "sato1", &[Scope::Read, Scope::Answer], 60);
    let (operator, _) = program(&running, "sato", &[Scope::Answer], 60);
    let form = format!("kind=answer&finding={UNKNOWN}&disposition=removed&why=x");
    assert_eq!(running.form("/api/v1/decisions", &auditor.cookie, &form).status, 403);
    assert_eq!(running.get_as(&operator, "/api/v1/devices", "").status, 403);
    let kept = running.form("/api/v1/decisions", &operator.cookie, &form);
    assert_eq!((kept.status, kept.body.as_str()), (200, r#"{"kept":1}"#));
    let nothing = running.form("/api/v1/decisions", &operator.cookie, "kind=answer");
    assert_eq!(nothing.status, 422);
    let enter = ("POST", "/api/v1/devices/mac-001a2b000008/row");
    let enter = running.call(&operator, enter, r#"{"sheet":0,"values":{}}"#);
    assert_eq!(enter.status, 403, "a token for answers enters nothing in the ledger");
    let decided = running.site.store.ground().unwrap().decisions;
    assert_eq!((decided.len(), decided[0].by.as_str()), (1, "佐藤 (sato) [token 2]"));
}

#[test]
fn the_document_is_as_it_was_blessed_and_names_every_route_for_programs() {
    let running = showing();
    let served = running.get("/api/v1/openapi.json");
    let (_, declared) = doors(&running.site).open();
    let operations: Vec<_> = declared.iter().filter_map(|route| route.operation).collect();
    let made = crate::web::api::document(&operations);
    assert_eq!(json(&served), made);
    for route in declared.iter().filter(|route| route.path.starts_with("/api/")) {
        // The agents' doors are for agents, and the document does not tell of itself.
        if matches!(route.need, Need::May(_) | Need::Take(_)) {
            let method = route.method.as_str().to_lowercase();
            assert!(made["paths"][route.path][&method].is_object(), "{method} {}", route.path);
        }
    }
    blessed("openapi.json", |_| serde_json::to_string_pretty(&made).unwrap() + "\n");
    // Each page of the guide ends with what stands for each page of the server.
    for (file, heading, lang) in
        [("api.md", "## Where each page is", 1), ("api.ja.md", "## 画面との対応", 0)]
    {
        blessed(file, |written| {
            let (guide, _) = written.split_once(heading).unwrap();
            format!("{guide}{heading}\n\n{}", pages(&operations, lang))
        });
    }
}

/// Holds a file of the documents against what it should be, of what it is.
fn blessed(file: &str, of: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file);
    let written = std::fs::read_to_string(&path).unwrap();
    let text = of(&written);
    if std::env::var_os("DAICHO_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
        return;
    }
    assert_eq!(written, text, "DAICHO_BLESS=1 takes it for right");
}

/// Operations by their pages, as a table in one of the two languages.
fn pages(operations: &[&Operation], lang: usize) -> String {
    let headings = ["| 画面 | 操作 | |", "| page | operation | |"];
    let mut rows: Vec<String> = (operations.iter())
        .map(|one| {
            let (ja, en) = one.about.split_once(" / ").unwrap();
            let about = [ja, en][lang];
            let (page, method, path) = (one.page, one.verb.method(), one.path);
            format!("| `{page}` | `{method} {path}` | {about} |\n")
        })
        .collect();
    rows.sort();
    format!("{}\n|---|---|---|\n{}", headings[lang], rows.concat())
}

#[test]
fn every_page_that_shows_or_does_something_has_an_operation() {
    let running = showing();
    let (_, declared) = doors(&running.site).open();
    let pages: Vec<&str> =
        declared.iter().filter_map(|route| route.operation).map(|one| one.page).collect();
    // Logins, sessions and passwords are a person's own; forms are shown by the page that does it. Codes
    // for agents and networks of the guide are other forms of what the guide's code and a setting are.
    let own = [
        "/accounts/oidc",
        "/logout",
        "/account/password",
        "/account/sessions",
        "/ledger/add",
        "/guide",
        "/guide/network",
        "/settings/agents",
    ];
    for Declared { path, need, operation, .. } in declared {
        let is_page = operation.is_none() && !matches!(need, Need::Nothing | Need::Agent);
        let known = pages.contains(&path) || own.contains(&path);
        assert!(!is_page || known, "{path} has no operation");
    }
}

#[test]
fn what_a_program_reads_is_kept_once_a_day_for_each_token_and_route() {
    let running = showing();
    let (one, _) = program(&running, "sato", &[Scope::Read], 60);
    let (two, _) = program(&running, "sato", &[Scope::Read], 60);
    for visitor in [&one, &one, &two] {
        for path in ["/api/v1/devices", "/api/v1/devices?limit=2", "/api/v1/ledger"] {
            assert_eq!(running.get_as(visitor, path, "").status, 200);
        }
    }
    let rows = running.site.store.log_rows(u64::MAX, 100).unwrap();
    let used: Vec<_> = rows.iter().filter(|row| row.deed == "token_used").collect();
    assert_eq!(used.len(), 4, "{used:?}");
    assert!(used.iter().all(|row| row.who.contains(" [token ") && row.address == "127.0.0.1"));
}
