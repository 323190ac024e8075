//! Every route against every role, by URL; and a vendor, who sees nothing but its own.

use super::*;
use crate::finding::{Digest, Finding, Rule};
use crate::people::token::{Area, Mode, Scope};
use crate::policy::Severity;
use crate::register::Register;
use crate::resolve::DeviceId;
use crate::web::api::operation::Operation;
use crate::web::doors::Declared;
use crate::web::tests::tokens::program;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It passes.
    Passes,
    /// It is refused with 403.
    Refused,
    /// It is sent to where one logs in, or told to (401).
    Stranger,
}

const P: Fate = Fate::Passes;
const R: Fate = Fate::Refused;
const S: Fate = Fate::Stranger;

/// Administrator, operator, auditor, vendor, approver, nobody.
const ROUTES: [(&str, &str, [Fate; 6]); 79] = [
    ("GET", "/", [P, P, P, P, P, S]),
    ("GET", "/devices", [P, P, P, P, P, S]),
    ("GET", "/devices/{id}", [P, P, P, P, P, S]),
    ("GET", "/devices/table/{file}", [P, P, P, P, P, S]),
    ("POST", "/devices/views", [P, P, P, P, P, S]),
    ("POST", "/devices/bulk", [P, P, R, P, R, S]),
    ("GET", "/ledger", [P, P, P, P, P, S]),
    ("GET", "/ledger/row", [P, P, P, P, P, S]),
    ("POST", "/ledger/row", [P, P, R, R, R, S]),
    ("GET", "/ledger/add", [P, P, R, R, R, S]),
    ("GET", "/ledger/table/{file}", [P, P, P, P, P, S]),
    ("GET", "/ledger/books/{name}", [P, P, P, R, P, S]),
    ("GET", "/ledger/import", [P, P, R, R, R, S]),
    ("POST", "/ledger/import", [P, P, R, R, R, S]),
    ("GET", "/ledger/import/{draft}", [P, P, R, R, R, S]),
    ("POST", "/ledger/import/{draft}", [P, P, R, R, R, S]),
    ("GET", "/findings", [P, P, P, P, P, S]),
    ("GET", "/findings/table/{file}", [P, P, P, P, P, S]),
    ("GET", "/finding", [P, P, P, P, P, S]),
    ("POST", "/decisions", [P, P, R, R, R, S]),
    ("GET", "/links", [P, P, P, R, P, S]),
    ("GET", "/links.csv", [P, P, P, R, P, S]),
    ("GET", "/map", [P, P, P, R, P, S]),
    ("GET", "/map.svg", [P, P, P, R, P, S]),
    ("GET", "/coverage", [P, P, P, R, P, S]),
    ("GET", "/register", [P, P, P, R, P, S]),
    ("POST", "/register", [P, P, R, R, R, S]),
    ("GET", "/settings", [P, P, P, R, P, S]),
    ("GET", "/settings/edit", [P, R, R, R, R, S]),
    ("POST", "/settings/edit", [P, R, R, R, R, S]),
    ("GET", "/settings/remove", [P, R, R, R, R, S]),
    ("POST", "/settings/remove", [P, R, R, R, R, S]),
    ("POST", "/settings/agents", [P, R, R, R, R, S]),
    ("POST", "/settings/test", [P, R, R, R, R, S]),
    ("GET", "/register/edit", [P, P, R, R, R, S]),
    ("POST", "/register/edit", [P, P, R, R, R, S]),
    ("GET", "/stocktaking", [P, P, P, R, P, S]),
    ("POST", "/stocktaking", [P, P, R, R, R, S]),
    ("GET", "/stocktaking/{id}", [P, P, P, R, P, S]),
    ("POST", "/stocktaking/{id}/checks", [P, P, R, R, R, S]),
    ("POST", "/stocktaking/{id}/close", [P, P, R, R, R, S]),
    // Who keeps the ledger does not also sign that it is right.
    ("POST", "/stocktaking/{id}/sign", [R, R, R, R, P, S]),
    ("GET", "/reports", [P, P, P, P, P, S]),
    // A vendor loads the list of its own contracts only.
    ("GET", "/reports/{file}", [P, P, P, R, P, S]),
    ("GET", "/scans", [P, P, P, R, P, S]),
    ("POST", "/scans/say", [P, P, R, R, R, S]),
    ("GET", "/observations/{id}", [P, P, P, P, P, S]),
    ("GET", "/sites", [P, P, P, R, P, S]),
    ("GET", "/sites/{name}", [P, P, P, R, P, S]),
    ("GET", "/guide", [P, R, R, R, R, S]),
    ("POST", "/guide/network", [P, R, R, R, R, S]),
    ("POST", "/guide/code", [P, R, R, R, R, S]),
    ("GET", "/login", [P, P, P, P, P, P]),
    ("POST", "/login", [P, P, P, P, P, P]),
    ("GET", "/login/link", [P, P, P, P, P, P]),
    ("POST", "/login/link", [P, P, P, P, P, P]),
    ("GET", "/login/oidc", [P, P, P, P, P, P]),
    ("GET", "/login/oidc/return", [P, P, P, P, P, P]),
    ("POST", "/accounts/oidc", [P, R, R, R, R, S]),
    ("POST", "/logout", [P, P, P, P, P, S]),
    ("GET", "/setup", [P, P, P, P, P, P]),
    ("POST", "/setup", [P, P, P, P, P, P]),
    ("GET", "/account", [P, P, P, P, P, S]),
    ("POST", "/account/password", [P, P, P, P, P, S]),
    ("POST", "/account/sessions", [P, P, P, P, P, S]),
    ("GET", "/accounts", [P, R, R, R, R, S]),
    ("POST", "/accounts", [P, R, R, R, R, S]),
    ("GET", "/audit", [P, R, P, R, R, S]),
    ("GET", "/audit.csv", [P, R, P, R, R, S]),
    ("POST", "/api/v1/batches", [P, P, P, P, P, P]),
    ("GET", "/api/v1/agents/{agent}/stops", [P, P, P, P, P, P]),
    ("GET", "/api/v1/openapi.json", [P, P, P, P, P, P]),
    ("GET", "/assets/daicho.css", [P, P, P, P, P, P]),
    ("GET", "/assets/daicho.svg", [P, P, P, P, P, P]),
    ("GET", "/healthz", [P, P, P, P, P, P]),
    ("GET", "/readyz", [P, P, P, P, P, P]),
    // There is none unless the configuration says so; who may read it then is tested in `metrics`.
    ("GET", "/metrics", [P, P, P, P, P, P]),
    // What is not declared is found by nobody.
    ("GET", "/nowhere", [P, P, P, P, P, P]),
    ("GET", "/devices/", [P, P, P, P, P, P]),
];

/// What programs ask for, of whoever is logged in or acts by a token of all scopes.
const OPERATIONS: [(&str, &str, [Fate; 6]); 93] = [
    ("GET", "/api/v1/devices", [P, P, P, P, P, S]),
    ("GET", "/api/v1/devices/{id}", [P, P, P, P, P, S]),
    ("GET", "/api/v1/devices/{id}/observations", [P, P, P, P, P, S]),
    ("GET", "/api/v1/observations/{id}", [P, P, P, P, P, S]),
    ("GET", "/api/v1/views", [P, P, P, P, P, S]),
    ("GET", "/api/v1/findings", [P, P, P, P, P, S]),
    ("GET", "/api/v1/findings/{id}", [P, P, P, P, P, S]),
    ("GET", "/api/v1/ledger", [P, P, P, P, P, S]),
    ("GET", "/api/v1/ledger/sheets", [P, P, P, P, P, S]),
    ("GET", "/api/v1/ledger/defects", [P, P, P, P, P, S]),
    ("GET", "/api/v1/ledger/row", [P, P, P, P, P, S]),
    ("GET", "/api/v1/ledger/row/history", [P, P, P, P, P, S]),
    ("GET", "/api/v1/export/devices/{file}", [P, P, P, P, P, S]),
    ("GET", "/api/v1/export/findings/{file}", [P, P, P, P, P, S]),
    ("GET", "/api/v1/export/ledger/{file}", [P, P, P, P, P, S]),
    ("GET", "/api/v1/export/netbox.zip", [P, P, P, P, P, S]),
    ("GET", "/api/v1/export/glpi.zip", [P, P, P, P, P, S]),
    ("GET", "/api/v1/reports", [P, P, P, P, P, S]),
    ("GET", "/api/v1/summary", [P, P, P, P, P, S]),
    ("GET", "/api/v1/self", [P, P, P, P, P, S]),
    ("GET", "/api/v1/links", [P, P, P, R, P, S]),
    ("GET", "/api/v1/topology", [P, P, P, R, P, S]),
    ("GET", "/api/v1/coverage", [P, P, P, R, P, S]),
    ("GET", "/api/v1/networks", [P, P, P, R, P, S]),
    ("GET", "/api/v1/sent", [P, P, P, R, P, S]),
    ("GET", "/api/v1/map", [P, P, P, R, P, S]),
    ("GET", "/api/v1/map.svg", [P, P, P, R, P, S]),
    ("GET", "/api/v1/links.csv", [P, P, P, R, P, S]),
    ("GET", "/api/v1/scans", [P, P, P, R, P, S]),
    ("GET", "/api/v1/scans/{number}", [P, P, P, R, P, S]),
    ("GET", "/api/v1/scans/plan.txt", [P, P, P, R, P, S]),
    ("GET", "/api/v1/schedules", [P, P, P, R, P, S]),
    ("GET", "/api/v1/stocktaking", [P, P, P, R, P, S]),
    ("GET", "/api/v1/stocktaking/{id}", [P, P, P, R, P, S]),
    ("GET", "/api/v1/stocktaking/{id}/rows", [P, P, P, R, P, S]),
    ("GET", "/api/v1/register", [P, P, P, R, P, S]),
    ("GET", "/api/v1/register/{kind}/{id}", [P, P, P, R, P, S]),
    ("GET", "/api/v1/register/{kind}/{id}/history", [P, P, P, R, P, S]),
    ("GET", "/api/v1/snapshots", [P, P, P, R, P, S]),
    ("GET", "/api/v1/snapshots/diff", [P, P, P, R, P, S]),
    ("GET", "/api/v1/sites", [P, P, P, R, P, S]),
    ("GET", "/api/v1/sites/{name}", [P, P, P, R, P, S]),
    ("GET", "/api/v1/agents", [P, P, P, R, P, S]),
    ("GET", "/api/v1/ledger/books/{name}", [P, P, P, R, P, S]),
    // A vendor loads the list of its own contracts only.
    ("GET", "/api/v1/reports/{file}", [P, P, P, R, P, S]),
    ("POST", "/api/v1/devices/{id}/corrections", [P, P, R, R, R, S]),
    ("POST", "/api/v1/devices/{id}/joins", [P, P, R, R, R, S]),
    ("POST", "/api/v1/devices/{id}/splits", [P, P, R, R, R, S]),
    ("POST", "/api/v1/devices/{id}/byod", [P, P, R, R, R, S]),
    ("POST", "/api/v1/devices/{id}/scope", [P, P, R, R, R, S]),
    ("POST", "/api/v1/devices/{id}/row", [P, P, R, R, R, S]),
    ("DELETE", "/api/v1/decisions/{number}", [P, P, R, R, R, S]),
    ("PATCH", "/api/v1/ledger/row", [P, P, R, R, R, S]),
    ("DELETE", "/api/v1/ledger/row", [P, P, R, R, R, S]),
    ("POST", "/api/v1/ledger/rows", [P, P, R, R, R, S]),
    ("POST", "/api/v1/ledger/imports", [P, P, R, R, R, S]),
    ("GET", "/api/v1/ledger/imports/{draft}", [P, P, R, R, R, S]),
    ("PATCH", "/api/v1/ledger/imports/{draft}", [P, P, R, R, R, S]),
    ("POST", "/api/v1/ledger/imports/{draft}/keep", [P, P, R, R, R, S]),
    ("DELETE", "/api/v1/ledger/imports/{draft}", [P, P, R, R, R, S]),
    ("PUT", "/api/v1/register/{kind}/{id}", [P, P, R, R, R, S]),
    ("DELETE", "/api/v1/register/{kind}/{id}", [P, P, R, R, R, S]),
    ("POST", "/api/v1/scans", [P, P, R, R, R, S]),
    ("POST", "/api/v1/scans/stop", [P, P, R, R, R, S]),
    ("POST", "/api/v1/stocktaking", [P, P, R, R, R, S]),
    ("POST", "/api/v1/stocktaking/{id}/checks", [P, P, R, R, R, S]),
    ("POST", "/api/v1/stocktaking/{id}/close", [P, P, R, R, R, S]),
    ("POST", "/api/v1/snapshots", [P, P, R, R, R, S]),
    ("POST", "/api/v1/views", [P, P, P, P, P, S]),
    ("DELETE", "/api/v1/views/{number}", [P, P, P, P, P, S]),
    ("POST", "/api/v1/devices/bulk", [P, P, R, P, R, S]),
    ("POST", "/api/v1/findings/{id}/answers", [P, P, R, P, R, S]),
    ("POST", "/api/v1/findings/answers", [P, P, R, P, R, S]),
    ("POST", "/api/v1/decisions", [P, P, R, P, R, S]),
    ("POST", "/api/v1/stocktaking/{id}/sign", [R, R, R, R, P, S]),
    ("GET", "/api/v1/accounts", [P, R, R, R, R, S]),
    ("GET", "/api/v1/accounts/{name}", [P, R, R, R, R, S]),
    ("POST", "/api/v1/accounts", [P, R, R, R, R, S]),
    ("PATCH", "/api/v1/accounts/{name}", [P, R, R, R, R, S]),
    ("POST", "/api/v1/accounts/{name}/codes", [P, R, R, R, R, S]),
    ("POST", "/api/v1/agents/invitations", [P, R, R, R, R, S]),
    ("DELETE", "/api/v1/agents/{name}", [P, R, R, R, R, S]),
    ("GET", "/api/v1/settings", [P, P, P, R, P, S]),
    ("GET", "/api/v1/settings/{kind}/{name}", [P, P, P, R, P, S]),
    ("GET", "/api/v1/settings/{kind}/{name}/history", [P, P, P, R, P, S]),
    ("PUT", "/api/v1/settings/{kind}/{name}", [P, R, R, R, R, S]),
    ("DELETE", "/api/v1/settings/{kind}/{name}", [P, R, R, R, R, S]),
    ("POST", "/api/v1/settings/{kind}/{name}/trial", [P, R, R, R, R, S]),
    ("GET", "/api/v1/schedules/{name}", [P, P, P, R, P, S]),
    ("PUT", "/api/v1/schedules/{name}", [P, R, R, R, R, S]),
    ("DELETE", "/api/v1/schedules/{name}", [P, R, R, R, R, S]),
    ("GET", "/api/v1/audit", [P, R, P, R, R, S]),
    ("GET", "/api/v1/audit.csv", [P, R, P, R, R, S]),
];

fn fate(answer: &Answer, path: &str) -> Fate {
    match answer.status {
        403 => Fate::Refused,
        // A wrong password says so too, on the page where it is typed.
        401 if path != "/login" => Fate::Stranger,
        303 if answer.head.contains("location: /login?next=") => Fate::Stranger,
        _ => Fate::Passes,
    }
}

#[test]
fn every_route_is_open_to_just_the_roles_that_the_table_names() {
    let running = showing();
    let (_, declared) = doors(&running.site).open();
    let all = || ROUTES.into_iter().chain(OPERATIONS);
    for Declared { method, path, need, .. } in &declared {
        let known = all().find(|(verb, known, _)| verb == method && known == path);
        let (_, _, fates) = known.unwrap_or_else(|| panic!("{method} {path} stands in no table"));
        let open = matches!(need, Need::Nothing | Need::Agent);
        assert_eq!(fates[5] == P, open, "{method} {path}");
    }
    assert_eq!(declared.len() + 2, all().count());
    for (role, number) in Role::ALL.into_iter().zip(0..) {
        let party = (role == Role::Vendor).then_some("a");
        let mut visitor = Visitor::new(&running.site, role, party);
        for (verb, path, fates) in all() {
            let answer = asked(&running, &visitor, (verb, path));
            if matches!(path, "/logout" | "/account/sessions") {
                visitor = Visitor::new(&running.site, role, party);
            }
            let (expected, status): (Fate, _) = (fates[number], answer.status);
            assert_eq!(fate(&answer, path), expected, "{verb} {path} {role:?}: {status}");
        }
    }
    let nobody = Visitor { cookie: String::new(), token: String::new() };
    for (verb, path, fates) in all() {
        let answer = asked(&running, &nobody, (verb, path));
        assert_eq!(fate(&answer, path), fates[5], "{verb} {path} nobody: {}", answer.status);
    }
}

/// Something that is at hand for each place of a path.
fn filled(path: &str) -> String {
    path.replace("{id}", "mac-001a2b000008")
        .replace("{agent}", "east")
        .replace("{file}", "devices.csv")
        .replace("{draft}", "x")
        .replace("{name}", "x")
        .replace("{number}", "9999")
        .replace("{kind}", "party")
}

fn asked(running: &Running, visitor: &Visitor, (verb, path): (&str, &str)) -> Answer {
    let asked = filled(path);
    match verb {
        "GET" => running.get_as(visitor, &asked, ""),
        "POST" if !path.starts_with("/api/") => running.form_as(visitor, &asked, "x=y"),
        _ => running.call(visitor, (verb, &asked), ""),
    }
}

/// The scopes that a token needs for a route: those of its area, and the older ones.
fn permits(scope: Scope, operation: &Operation) -> bool {
    let (act, takes) = match operation.need {
        Need::May(act) | Need::Upload(act) => (act, false),
        Need::Take(act) => (act, true),
        Need::Nothing | Need::Agent => panic!("{} needs nothing", operation.path),
    };
    let at = (operation.area, operation.mode());
    scope.permits(act, at) && (!takes || scope.permits(Act::Export, at))
}

#[test]
fn every_operation_is_open_to_a_token_of_its_area_and_to_no_token_of_another() {
    let running = showing();
    let (_, declared) = doors(&running.site).open();
    let operations: Vec<&Operation> = declared.iter().filter_map(|one| one.operation).collect();
    assert_eq!(operations.len(), OPERATIONS.len());
    // By the table each scope against each operation; at the door one that fits and one that does not.
    for operation in &operations {
        let own = Scope::Of(operation.area, operation.mode());
        let other = match operation.mode() {
            Mode::Read => Mode::Write,
            Mode::Write => Mode::Read,
        };
        for scope in Scope::all() {
            let is_older = matches!(scope, Scope::Read | Scope::Answer);
            assert!(is_older || permits(scope, operation) == (scope == own), "{scope:?}");
        }
        assert!(!permits(Scope::Of(operation.area, other), operation));
    }
    let account = |role| {
        let before: Vec<String> =
            running.site.store.accounts().unwrap().into_iter().map(|it| it.account.name).collect();
        Visitor::new(&running.site, role, (role == Role::Vendor).then_some("a"));
        let all = running.site.store.accounts().unwrap();
        all.into_iter().map(|it| it.account.name).find(|name| !before.contains(name)).unwrap()
    };
    let names = Role::ALL.map(account);
    for area in Area::ALL {
        let of = |mode| {
            move |operation: &&&Operation| operation.area == area && operation.mode() == mode
        };
        for mode in [Mode::Read, Mode::Write] {
            let Some(operation) = operations.iter().find(of(mode)) else { continue };
            let (verb, path) = (operation.verb.method(), operation.path);
            let row = OPERATIONS.iter().find(|(known, at, _)| verb == *known && path == *at);
            let (_, _, fates) = row.unwrap();
            for (name, fate_of_role) in names.iter().zip(fates) {
                let (own, _) = program(&running, name, &[Scope::Of(area, mode)], 60);
                let answer = running.call(&own, (verb.as_str(), &filled(path)), "{}");
                assert_eq!(fate(&answer, path), *fate_of_role, "{verb} {path} {name}");
                let others: Vec<Scope> =
                    Scope::all().filter(|scope| !permits(*scope, operation)).collect();
                let (others, _) = program(&running, name, &others, 60);
                let answer = running.call(&others, (verb.as_str(), &filled(path)), "{}");
                assert_eq!(answer.status, 403, "{verb} {path} {name} without its scope");
            }
        }
    }
}

/// The sample hospital, in which `a` has a contract for 端末4 (NURSE-04) and `b` for the printer.
fn two_vendors() -> (Running, Visitor, Visitor) {
    let running = showing();
    let (mut ground, mut picture) = sample();
    let row = |number: &str| {
        let of = |entry: &&crate::ledger::Entry| entry.asset_number == number;
        ground.ledger.entries.iter().find(of).unwrap().place.clone()
    };
    let finding = |id: &str, rule, rows: &[&str]| Finding {
        id: id.into(),
        rule,
        severity: Severity::Notice,
        device: Some(DeviceId("mac-001a2b000008".into())),
        entries: rows.iter().map(|number| row(number)).collect(),
        detail: Box::default(),
        evidence: Box::default(),
        facts: Digest::of(&["f"]),
        answer: None,
    };
    picture.findings.extend([
        finding("fields_differ:of_a", Rule::FieldsDiffer, &["A-4"]),
        // Each of these tells of something that is not a's.
        finding("fields_differ:of_both", Rule::FieldsDiffer, &["A-4", "A-3"]),
        finding("duplicate_address:of_a", Rule::DuplicateAddress, &["A-4"]),
    ]);
    let text = "
        [[party]]
        id = \"a\"
        name = \"甲医療\"
        roles = [\"direct_contractor\"]
        [[party]]
        id = \"b\"
        name = \"乙事務機\"
        roles = [\"direct_contractor\"]
        [[contract]]
        id = \"c-a\"
        name = \"端末保守\"
        party = \"a\"
        from = \"2020\"
        asset_numbers = [\"A-4\"]
        [[contract]]
        id = \"c-b\"
        name = \"複合機保守\"
        party = \"b\"
        from = \"2020\"
        asset_numbers = [\"A-3\"]
        [[contract]]
        id = \"c-gone\"
        name = \"終わった契約\"
        party = \"a\"
        from = \"2020\"
        until = \"2021\"
        asset_numbers = [\"A-5\"]
    ";
    ground.register = Register::parse(text).unwrap();
    ground.revision = running.site.store.revision().unwrap();
    running.site.present.put(Arc::new(Snapshot::of(ground, picture, crate::clock::now())));
    let vendor = |party| Visitor::new(&running.site, Role::Vendor, Some(party));
    let (a, b) = (vendor("a"), vendor("b"));
    (running, a, b)
}

#[test]
fn a_vendor_sees_the_devices_of_its_own_contracts_and_no_others_on_any_page() {
    let (running, a, b) = two_vendors();
    let own = running.get_as(&a, "/devices/mac-001a2b000008", "");
    assert_eq!(own.status, 200);
    assert!(own.body.contains("NURSE-04") && own.body.contains("端末4"), "{}", own.body);
    assert!(!own.body.contains("action=\"/decisions\""), "it decides nothing");
    for (visitor, path) in [
        (&a, "/devices/mac-001a2b000007"),
        (&a, "/devices/mac-001a2b000009"),
        (&b, "/devices/mac-001a2b000008"),
    ] {
        assert_eq!(running.get_as(visitor, path, "").status, 404, "{path}");
    }
    let api = ["/api/v1/devices", "/api/v1/findings", "/api/v1/ledger"];
    let pages = ["/", "/devices", "/devices?q=MFP", "/ledger", "/findings?state=all"];
    for path in pages.into_iter().chain(api) {
        let shown = running.get_as(&a, path, "").body;
        for other in [
            "MFP-3F",
            "端末3",
            "00:1a:2b:00:00:09",
            "10.20.0.50",
            "除外リスト",
            "A-3<",
            "A-5<",
            "A-6<",
        ] {
            assert!(!shown.contains(other), "{path} tells a of {other}\n{shown}");
        }
        let whole = running.get(path).body;
        assert!(whole.len() > shown.len(), "{path}");
    }
    assert!(running.get_as(&a, "/devices", "").body.contains("NURSE-04"));
    assert!(running.get_as(&b, "/ledger", "").body.contains("A-3"));
    // An administrator still sees everything.
    assert!(running.get("/devices").body.contains("MFP-3F"));
}

#[test]
fn a_vendor_reads_what_its_own_devices_said_and_nothing_else() {
    let (running, a, _) = two_vendors();
    let observations: Vec<_> = sample().0.observations.iter().collect();
    let read = |index: usize| {
        running.get_as(&a, &format!("/observations/{}", observations[index].id()), "").status
    };
    assert_eq!([read(0), read(1), read(2), read(3)], [404, 200, 404, 404]);
}

#[test]
fn a_vendor_whose_party_has_no_contract_or_none_that_holds_sees_nothing() {
    let (running, _, _) = two_vendors();
    let nobody = Visitor::new(&running.site, Role::Vendor, Some("c"));
    for path in ["/devices", "/ledger", "/findings?state=all"] {
        let shown = running.get_as(&nobody, path, "").body;
        assert!(!shown.contains("NURSE-04") && !shown.contains("10.20.0"), "{path}\n{shown}");
    }
}

#[test]
fn a_vendor_answers_its_own_findings_and_no_others() {
    let (running, a, _) = two_vendors();
    let whole = running.site.present.get();
    let view = view::of(&whole, "a");
    let own: Vec<&str> = view.picture.findings.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(own, ["fields_differ:of_a"]);
    let answer = |finding: &str, disposition: &str| {
        let finding = page::encoded(finding);
        let form = format!("kind=answer&finding={finding}&disposition={disposition}&why=x");
        running.form_as(&a, "/decisions", &form).status
    };
    for other in &whole.picture.findings {
        let expected = if own.contains(&other.id.as_str()) { continue } else { 422 };
        assert_eq!(answer(&other.id, "removed"), expected, "{}", other.id);
    }
    // That something may stay as it is is the hospital's to say.
    assert_eq!(answer(own[0], "approved"), 403);
    let scope = "kind=scope&subject=%7B%7D&scope=outside";
    assert_eq!(running.form_as(&a, "/decisions", scope).status, 403);
    assert!(running.site.store.ground().unwrap().decisions.is_empty());
    assert_eq!(answer(own[0], "investigating"), 303);
    let decided = running.site.store.ground().unwrap().decisions;
    assert!(decided[0].by.contains("(sato"), "{decided:?}");
}
