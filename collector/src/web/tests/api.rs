//! What programs read and do: answers are of the form that the document says, what was changed meanwhile is
//! refused, and what is wrong is told in words.

use serde_json::{Value, json};

use super::tokens::json as read;
use super::*;
use crate::store::Before;
use crate::web::api::operation::{Gives, Operation, Verb};

const BOOK: &str = "管理番号,機器名,IPアドレス,状態,備考\nA-1,受付端末,10.20.0.1,使用中,1階\nA-2,心電計,10.20.0.77,使用中,𠮷\n";
pub(super) const ROW: &str = "/api/v1/ledger/row?book=%E5%8F%B0%E5%B8%B3.csv&row=2";

pub(super) fn with_ledger() -> Running {
    let running = with_findings();
    let book = crate::store::NewBook {
        name: "台帳.csv".into(),
        octets: BOOK.as_bytes().to_vec(),
        ledger: crate::book::read("台帳.csv", BOOK.as_bytes()).unwrap(),
        at: clock::now(),
        by: "佐藤".into(),
    };
    running.site.store.import(book).unwrap();
    running
}

impl Running {
    /// Sends JSON to an operation for programs; of who is logged in with the token of its session.
    pub(super) fn call(&self, visitor: &Visitor, route: (&str, &str), json: &str) -> Answer {
        self.call_with(visitor, route, ("", json))
    }

    /// The same with these headers.
    pub(super) fn call_with(
        &self,
        visitor: &Visitor,
        (verb, path): (&str, &str),
        (headers, json): (&str, &str),
    ) -> Answer {
        let Visitor { cookie, token } = visitor;
        let token =
            if token.is_empty() { String::new() } else { format!("X-Daicho-Token: {token}\r\n") };
        let head = format!("{verb} {path} HTTP/1.1\r\nHost: localhost\r\n{cookie}{token}");
        let kind = "Content-Type: application/json\r\n";
        self.send(&format!("{head}{kind}{headers}"), json.as_bytes())
    }

    pub(super) fn ask(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path} {}", answer.body);
        read(&answer)
    }

    pub(super) fn act(&self, verb: &str, path: &str, said: &Value) -> Answer {
        self.call(&self.visitor, (verb, path), &said.to_string())
    }

    pub(super) fn act_on(&self, verb: &str, path: &str, (version, said): (&str, &Value)) -> Answer {
        let headers = format!("{version}\r\n");
        self.call_with(&self.visitor, (verb, path), (&headers, &said.to_string()))
    }
}

pub(super) fn version(answer: &Answer) -> String {
    let found = answer.head.lines().find_map(|line| line.strip_prefix("etag: "));
    found.unwrap_or_else(|| panic!("{} {}", answer.status, answer.head)).to_owned()
}

/// What JSON Schema calls a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Where a value is not of a schema; none if it is. As much of JSON Schema as the document uses.
fn misfit(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(name.strip_prefix('#').unwrap()).unwrap();
        return misfit(document, schema, value, at);
    }
    for (key, least) in [("anyOf", 1), ("oneOf", 1)] {
        if let Some(all) = schema[key].as_array() {
            let fits = all.iter().filter(|one| misfit(document, one, value, at).is_none()).count();
            if fits < least {
                return Some(format!("{at}: {value} fits none of {key}"));
            }
        }
    }
    let kind = kind(value);
    let one = schema["type"].as_str().into_iter();
    let many = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let kinds: Vec<&str> = one.chain(many).collect();
    if !kinds.is_empty() && !kinds.contains(&kind) {
        return Some(format!("{at}: {value} is {kind}, not {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return Some(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if let Some(items) = value.as_array() {
        let one =
            |(number, item)| misfit(document, &schema["items"], item, &format!("{at}/{number}"));
        return items.iter().enumerate().find_map(one);
    }
    let members = value.as_object()?;
    let required = schema["required"].as_array().into_iter().flatten();
    let missing = required.filter_map(Value::as_str).find(|name| !members.contains_key(*name));
    if let Some(name) = missing {
        return Some(format!("{at}: {name} is missing"));
    }
    members.iter().find_map(|(name, value)| {
        let at = format!("{at}/{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => Some(format!("{at} is in no schema")),
            (Value::Null, Value::Object(_)) => {
                misfit(document, &schema["additionalProperties"], value, &at)
            }
            (Value::Null, _) => None,
            (known, _) => misfit(document, known, value, &at),
        }
    })
}

/// The paths of an operation with what is at hand for each place.
fn filled(running: &Running, path: &str) -> String {
    let first = |list: &str, member: &str| {
        let items = running.ask(list)["items"].as_array().unwrap().clone();
        page::encoded(items.first().map_or("x", |one| one[member].as_str().unwrap()))
    };
    let device = || first("/api/v1/devices", "id");
    let path = match path {
        "/api/v1/ledger/row" | "/api/v1/ledger/row/history" => {
            format!("{path}?{}", ROW.split_once('?').unwrap().1)
        }
        path if path.contains("/devices/{id}") => path.replace("{id}", &device()),
        path if path.contains("/findings/{id}") => {
            path.replace("{id}", &first("/api/v1/findings", "id"))
        }
        path if path.contains("/observations/{id}") => {
            let list = format!("/api/v1/devices/{}/observations", device());
            path.replace("{id}", &first(&list, "id"))
        }
        path if path.contains("/stocktaking/{id}") => {
            path.replace("{id}", &first("/api/v1/stocktaking", "id"))
        }
        path => path.to_owned(),
    };
    let path = path.replace("/settings/{kind}/{name}", "/settings/general/-");
    let account = path.replace("/accounts/{name}", "/accounts/sato");
    account.replace("{kind}", "party").replace("{id}", "a").replace("{number}", "1")
}

fn fits(document: &Value, operation: &Operation, answer: &Answer) -> Option<String> {
    let method = operation.verb.method().as_str().to_lowercase();
    let told = &document["paths"][operation.path][&method]["responses"][answer.status.to_string()];
    let told = match told["$ref"].as_str() {
        Some(name) => document.pointer(name.strip_prefix('#').unwrap()).unwrap(),
        None => told,
    };
    let kind = if answer.status < 400 { "application/json" } else { "application/problem+json" };
    let schema = &told["content"][kind]["schema"];
    if schema.is_null() {
        return Some(format!("{} is not in the document: {}", answer.status, answer.body));
    }
    misfit(document, schema, &read(answer), "")
}

/// Everything that is read, of a site that knows something of all of it.
fn check_reads(running: &Running, least: usize) {
    let document = running.ask("/api/v1/openapi.json");
    let (_, declared) = doors(&running.site).open();
    let operations = declared.iter().filter_map(|one| one.operation);
    let reads = operations.filter(|operation| {
        operation.verb == Verb::Get && matches!(operation.gives, Gives::Json(_) | Gives::List(_))
    });
    let mut told = 0;
    for operation in reads {
        let path = filled(running, operation.path);
        let answer = running.get(&path);
        assert_eq!(fits(&document, operation, &answer), None, "{path}");
        told += usize::from(answer.status == 200);
    }
    assert!(told >= least, "only {told} told anything");
}

#[test]
fn what_is_read_of_the_sample_hospital_is_of_the_form_that_the_document_says() {
    check_reads(&showing(), 27);
}

#[test]
fn what_is_read_of_a_site_in_use_is_of_the_form_that_the_document_says() {
    let running = with_ledger();
    let party = json!({ "name": "甲医療", "roles": ["maker"] });
    let made = running.act_on("PUT", "/api/v1/register/party/a", ("If-None-Match: *", &party));
    assert_eq!(made.status, 200, "{}", made.body);
    let round = json!({ "scope": "全部署", "due": "2199-09-30" });
    assert_eq!(running.act("POST", "/api/v1/stocktaking", &round).status, 201);
    for _ in 0..2 {
        let taken = running.act("POST", "/api/v1/snapshots", &json!({ "why": "試験" }));
        assert_eq!(taken.status, 201, "{}", taken.body);
    }
    let general = json!({ "content": { "backup_days": 9 }, "why": "試験" });
    let kept = running.act_on("PUT", "/api/v1/settings/general/-", ("If-None-Match: *", &general));
    assert_eq!(kept.status, 200, "{}", kept.body);
    let view = json!({ "name": "病棟", "query": "q=3F", "shared": true });
    assert_eq!(running.act("POST", "/api/v1/views", &view).status, 204);
    let finding = page::encoded(
        running.ask("/api/v1/findings?state=all")["items"][0]["id"].as_str().unwrap(),
    );
    let path = format!("/api/v1/findings/{finding}");
    let etag = version(&running.get(&path));
    let answered = json!({ "disposition": "investigating", "owner": "ME室", "due": "2199-01-01" });
    let path = format!("{path}/answers");
    let said = running.act_on("POST", &path, (&format!("If-Match: {etag}"), &answered));
    assert_eq!((said.status, said.body.as_str()), (200, r#"{"kept":1}"#));
    check_reads(&running, 33);
}

#[test]
fn of_two_who_change_a_record_the_second_is_told_and_nothing_is_lost() {
    let running = running();
    let path = "/api/v1/register/party/a";
    let party = |name: &str| json!({ "name": name, "roles": ["maker"] });
    assert_eq!(running.act("PUT", path, &party("甲")).status, 428);
    let made = running.act_on("PUT", path, ("If-None-Match: *", &party("甲")));
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(running.act_on("PUT", path, ("If-None-Match: *", &party("乙"))).status, 412);
    let seen = format!("If-Match: {}", version(&running.get(path)));
    assert_eq!(version(&made), version(&running.get(path)));
    assert_eq!(running.act_on("PUT", path, (&seen, &party("乙"))).status, 200);
    let late = running.act_on("PUT", path, (&seen, &party("丙")));
    assert_eq!((late.status, &read(&late)["code"]), (412, &"api_changed".into()));
    assert_eq!(running.ask(path)["name"], "乙");
    assert_eq!(running.act_on("DELETE", path, (&seen, &json!(null))).status, 412);
    let now = format!("If-Match: {}", version(&running.get(path)));
    assert_eq!(
        running.act_on("DELETE", &format!("{path}?why=x"), (&now, &json!(null))).status,
        204
    );
    assert_eq!(running.get(path).status, 404);
    assert_eq!(running.ask(&format!("{path}/history"))["total"], 3);
    let known = running.get_with("/api/v1/register", "Accept-Language: en\r\n");
    assert_eq!(known.status, 200);
}

#[test]
fn a_record_that_changed_between_reading_and_writing_is_refused_by_the_store() {
    let running = running();
    let store = &running.site.store;
    let by = || By::here("佐藤".into(), clock::now());
    let party = |name: &str| {
        let text = format!("[[party]]\nid = \"a\"\nname = \"{name}\"\nroles = [\"maker\"]");
        crate::register::Register::parse(&text).unwrap()
    };
    let text = |name: &str| Before::Is(party(name).records()[0].to_json().unwrap());
    let keep = |name: &str, before: Before| {
        store.keep_register_as(party(name), before, by(), String::new()).unwrap()
    };
    assert_eq!(keep("甲", text("甲")), None, "there is none yet");
    assert_eq!(keep("甲", Before::Nothing), Some(true));
    assert_eq!(keep("乙", text("甲")), Some(true));
    assert_eq!(keep("丙", text("甲")), None);
    assert_eq!(store.register().unwrap(), party("乙"));
}

#[test]
fn a_row_is_changed_added_and_retired_only_as_it_was_read() {
    let running = with_ledger();
    let cells = |text: &str| json!({ "cells": { "備考": text }, "why": "移設" });
    assert_eq!(running.act("PATCH", ROW, &cells("2階")).status, 428);
    let seen = format!("If-Match: {}", version(&running.get(ROW)));
    assert_eq!(running.act_on("PATCH", ROW, (&seen, &cells("2階"))).status, 200);
    assert_eq!(running.act_on("PATCH", ROW, (&seen, &cells("3階"))).status, 412);
    assert_eq!(running.site.store.ledger().unwrap().entries[0].cells[4], "2階");
    let history = running.ask(&ROW.replace("/row?", "/row/history?"));
    assert_eq!(history["items"][0]["why"], "移設", "{history}");
    assert_eq!(history["items"][0]["by"], "佐藤 (sato)");
    let seen = format!("If-Match: {}", version(&running.get(ROW)));
    let unknown = json!({ "cells": { "棚": "1" } });
    let unknown = running.act_on("PATCH", ROW, (&seen, &unknown));
    assert_eq!((unknown.status, &read(&unknown)["errors"][0]["field"]), (422, &"棚".into()));
    assert_eq!(running.act_on("DELETE", ROW, (&seen, &json!(null))).status, 200);
    let new = json!({ "book": "台帳.csv", "cells": { "管理番号": "A-3", "機器名": "新端末" } });
    let added = running.act("POST", "/api/v1/ledger/rows", &new);
    assert_eq!((added.status, &read(&added)["changed"]["row"]), (201, &4.into()));
    let rows = running.ask("/api/v1/ledger?q=A-3");
    assert_eq!(
        (&rows["total"], &rows["items"][0]["cells"][1]["value"]),
        (&1.into(), &"新端末".into())
    );
}

#[test]
fn a_book_is_imported_just_as_it_was_seen() {
    let running = running();
    let octets = "番号,名称,アドレス\nA-1,PC,10.20.0.1\n";
    let send = |name: &str| {
        running.call(&running.visitor, ("POST", &format!("/api/v1/ledger/imports{name}")), octets)
    };
    assert_eq!(send("").status, 400, "it has a name");
    let uploaded = send("?name=%E5%8F%B0%E5%B8%B3.csv");
    assert_eq!(uploaded.status, 201, "{}", uploaded.body);
    let told = read(&uploaded);
    let path = format!("/api/v1/ledger/imports/{}", told["draft"].as_str().unwrap());
    let meant = json!({ "columns": { "0.0": "asset_number", "0.1": "name", "0.2": "ip" } });
    let told = running.act("PATCH", &path, &meant);
    assert_eq!(told.status, 200, "{}", told.body);
    let told = read(&told);
    assert_eq!((&told["is"], &told["changed"]), (&"new".into(), &1.into()), "{told}");
    let keep =
        |seen: &str| running.act("POST", &format!("{path}/keep"), &json!({ "seen": seen })).status;
    assert_eq!(keep("x"), 409, "something else was seen");
    assert_eq!(running.site.store.ledger().unwrap().entries.len(), 0);
    assert_eq!(keep(told["seen"].as_str().unwrap()), 204);
    assert_eq!(running.site.store.ledger().unwrap().entries[0].asset_number, "A-1");
    assert_eq!(running.get(&path).status, 404);
}

#[test]
fn many_devices_are_shown_before_anything_is_said_of_them() {
    let running = with_findings();
    let mut said = json!({ "kind": "answer", "all": true, "disposition": "investigating" });
    let shown = running.act("POST", "/api/v1/devices/bulk", &said);
    assert_eq!(shown.status, 200, "{}", shown.body);
    let shown = read(&shown);
    assert_eq!((&shown["decisions"], &shown["kept"]), (&2.into(), &Value::Null));
    assert!(running.site.store.ground().unwrap().decisions.is_empty());
    said["confirm"] = "x".into();
    assert_eq!(running.act("POST", "/api/v1/devices/bulk", &said).status, 409);
    said["confirm"] = shown["confirm"].clone();
    assert_eq!(read(&running.act("POST", "/api/v1/devices/bulk", &said))["kept"], 2);
    assert_eq!(running.site.store.ground().unwrap().decisions.len(), 2);
}

#[test]
fn a_device_is_corrected_joined_and_scoped_and_that_is_taken_back() {
    let running = with_findings();
    let device = "/api/v1/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
    let say =
        |what: &str, said: Value| running.act("POST", &format!("{device}/{what}"), &said).status;
    assert_eq!(say("corrections", json!({ "field": "class", "value": "nas", "why": "銘板" })), 200);
    assert_eq!(say("corrections", json!({ "field": "class", "value": "toaster" })), 422);
    assert_eq!(say("scope", json!({ "scope": "outside" })), 200);
    assert_eq!(say("byod", json!({ "permitted": true })), 200);
    let whole = running.ask(device);
    assert_eq!(whole["device"]["class"]["value"], "nas", "{whole}");
    let number =
        whole["decisions"].as_array().unwrap().iter().find(|one| one["why"] == "銘板").unwrap();
    let path = format!("/api/v1/decisions/{}?why=x", number["id"]);
    assert_eq!(running.act("DELETE", &path, &json!(null)).status, 200);
    assert_eq!(running.act("DELETE", "/api/v1/decisions/999", &json!(null)).status, 404);
    assert_ne!(running.ask(device)["device"]["class"]["value"], "nas");
    let split = json!({ "a": whole["keys"][0], "b": { "mac": "00:1a:2b:00:00:01" } });
    assert_eq!(say("splits", split), 422, "not a key of this device");
    assert_eq!(say("joins", json!({ "other": "10.20.0.2" })), 200);
}

#[test]
fn what_is_wrong_is_told_member_by_member_in_the_language_asked_for() {
    let running = with_findings();
    let said = json!({ "kind": "toast", "owner": 3, "x": true, "due": "soon" }).to_string();
    let ask = |lang: &str| {
        let headers = format!("Accept-Language: {lang}\r\n");
        running.call_with(&running.visitor, ("POST", "/api/v1/decisions"), (&headers, &said))
    };
    let told = ask("en-GB,ja;q=0.5");
    assert_eq!(told.status, 422);
    for part in ["content-type: application/problem+json", "content-language: en"] {
        assert!(told.head.contains(part), "{}", told.head);
    }
    let told = read(&told);
    assert_eq!((&told["status"], &told["code"]), (&422.into(), &"api_members".into()), "{told}");
    let fields: Vec<&str> = told["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["x", "kind", "owner", "due"]);
    assert_eq!(told["detail"], told["en"]);
    let told = read(&ask("fr, ja;q=0.1"));
    assert_eq!(told["detail"], told["ja"]);
    for (verb, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/devices", 405),
        ("GET", "/api/v1/devices/x", 404),
        ("GET", "/api/v1/devices?x=y", 400),
        ("POST", "/api/v1/scans", 422),
        ("GET", "/api/v1/reports/nothing.pdf", 404),
        ("GET", "/api/v1/reports/vendor.xlsx?contract=none", 422),
    ] {
        let answer = running.call(&running.visitor, (verb, path), "{}");
        let kind = answer.head.contains("content-type: application/problem+json");
        assert!(answer.status == status && kind, "{verb} {path} {} {}", answer.status, answer.body);
    }
    let (verb, path) = ("POST", "/api/v1/decisions");
    assert_eq!(running.call(&running.visitor, (verb, path), "{").status, 400);
    assert_eq!(running.call(&running.visitor, (verb, path), "[]").status, 422);
    assert_eq!(running.form_as(&running.visitor, "/api/v1/views", "name=x").status, 403);
    // Who is logged in in a browser says so by the token of its session.
    let without = Visitor { token: String::new(), ..running.visitor.clone() };
    assert_eq!(running.call(&without, (verb, path), &said).status, 403);
}

#[test]
fn what_an_encoding_would_lose_is_told_and_a_version_at_hand_is_not_sent_again() {
    let running = with_ledger();
    let path = "/api/v1/export/ledger/ledger.csv?encoding=cp932";
    let told = running.get(path);
    assert_eq!((told.status, &read(&told)["lost"][0]["character"]), (422, &"𠮷".into()));
    assert_eq!(running.get(&format!("{path}&lossy=yes")).status, 200);
    let device = "/api/v1/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.1";
    let known = format!("If-None-Match: {}\r\n", version(&running.get(device)));
    let again = running.get_with(device, &known);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}
