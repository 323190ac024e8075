//! Of two who change the same thing at once, both of whom have read it before either has written, one is told
//! that it was changed, and nothing of what that one said is kept.

use serde_json::{Value, json};

use super::api::{ROW, version, with_ledger};
use super::*;
use crate::people::log::Deed;

impl Running {
    /// The statuses of two requests that are made at once, in order of size.
    fn race(&self, both: [&(dyn Fn() -> Answer + Sync); 2]) -> [u16; 2] {
        let mut statuses = self.site.store.at_once(both).map(|answer| answer.status);
        statuses.sort_unstable();
        statuses
    }

    /// Two say different things of what stands at a path, each of the version that stands there.
    fn both(&self, verb: &str, path: &str, [one, other]: [Value; 2]) -> [u16; 2] {
        let now = self.get(path);
        let seen = if now.status == 404 {
            "If-None-Match: *".to_owned()
        } else {
            format!("If-Match: {}", version(&now))
        };
        let say = |said: &Value| self.act_on(verb, path, (&seen, said));
        self.race([&|| say(&one), &|| say(&other)])
    }

    fn count_of(&self, deed: Deed) -> usize {
        let rows = self.site.store.log_rows(u64::MAX, 1000).unwrap();
        rows.iter().filter(|row| row.deed == deed.name()).count()
    }
}

#[test]
fn of_two_changes_of_an_account_at_once_one_is_kept() {
    let running = running();
    Visitor::new(&running.site, Role::Operator, None);
    let said = [json!({ "role": "auditor" }), json!({ "role": "approver", "closed": true })];
    assert_eq!(running.both("PATCH", "/api/v1/accounts/sato1", said), [200, 412]);
    let (account, _) = running.site.store.account("sato1").unwrap().unwrap();
    let whole = [(Role::Auditor, false), (Role::Approver, true)];
    assert!(whole.contains(&(account.role, account.closed)), "{account:?}");
}

#[test]
fn of_two_forms_about_one_account_at_once_one_is_kept_and_the_other_page_says_so() {
    let running = running();
    Visitor::new(&running.site, Role::Operator, None);
    let auditor = running.account_form("role", "sato1") + "&role=auditor";
    let approver = running.account_form("role", "sato1") + "&role=approver";
    let submit = |form: &str| running.submit("/accounts", "", form);
    assert_eq!(running.race([&|| submit(&auditor), &|| submit(&approver)]), [200, 409]);
    let role = || running.site.store.account("sato1").unwrap().unwrap().0.role;
    let kept = role();
    assert!([Role::Auditor, Role::Approver].contains(&kept));
    // Both are of before, and so is a form that says nothing of what was shown.
    for late in [&auditor, &approver, "kind=close&name=sato1"] {
        let answer = submit(late);
        assert!(answer.status == 409 && answer.body.contains("ほかの人がこの利用者を"), "{late}");
    }
    assert_eq!((role(), running.count_of(Deed::AccountChanged)), (kept, 1));
    assert_eq!(submit(&running.account_form("close", "sato1")).status, 200);
}

#[test]
fn an_account_is_changed_in_all_that_is_said_or_in_nothing() {
    let running = running();
    let path = "/api/v1/accounts/sato";
    let seen = format!("If-Match: {}", version(&running.get(path)));
    let said = json!({ "role": "auditor", "closed": true });
    assert_eq!(running.act_on("PATCH", path, (&seen, &said)).status, 409, "the last administrator");
    let (account, _) = running.site.store.account("sato").unwrap().unwrap();
    assert_eq!((account.role, account.closed), (Role::Administrator, false));
}

#[test]
fn of_two_answers_to_a_finding_at_once_one_is_kept() {
    let running = with_ledger();
    let first = &running.ask("/api/v1/findings?state=all")["items"][0]["id"];
    let path = format!("/api/v1/findings/{}", page::encoded(first.as_str().unwrap()));
    let seen = format!("If-Match: {}", version(&running.get(&path)));
    let say = |owner: &str| {
        let said = json!({ "disposition": "investigating", "owner": owner });
        running.act_on("POST", &format!("{path}/answers"), (&seen, &said))
    };
    assert_eq!(running.race([&|| say("ME室"), &|| say("情報課")]), [200, 412]);
    assert_eq!(running.site.store.ground().unwrap().decisions.len(), 1);
}

#[test]
fn an_answer_to_a_finding_of_which_an_answer_was_taken_back_meanwhile_is_not_kept() {
    let running = with_ledger();
    let first = &running.ask("/api/v1/findings?state=all")["items"][0]["id"];
    let path = format!("/api/v1/findings/{}", page::encoded(first.as_str().unwrap()));
    let seen = || format!("If-Match: {}", version(&running.get(&path)));
    let say =
        |seen: &str, said: Value| running.act_on("POST", &format!("{path}/answers"), (seen, &said));
    let answered = json!({ "disposition": "removed" });
    assert_eq!(say(&seen(), answered.clone()).status, 200);
    let seen = seen();
    let withdraw = json!({ "kind": "withdraw", "decision": 1 });
    let statuses = running.race([&|| running.act("POST", "/api/v1/decisions", &withdraw), &|| {
        say(&seen, answered.clone())
    }]);
    // Whoever writes second: an answer after the other is refused, and to take the first back is not.
    let kept = running.site.store.ground().unwrap().decisions.len();
    assert!([([200, 412], 2), ([200, 200], 3)].contains(&(statuses, kept)), "{statuses:?} {kept}");
}

const CORE: &str = "/api/v1/settings/credential/core";

fn credential(user: &str, password: &str) -> Value {
    json!({ "content": { "version": "v3", "user": user, "auth": "sha256" },
        "secrets": { "auth_password": password } })
}

/// The user and the password of the credential that is kept.
fn kept(running: &Running) -> (String, String) {
    let vault = crate::vault::Vault::open(running.site.store.path()).unwrap();
    let secret = vault.get(&running.site.store, "snmp.core").unwrap();
    let credential = running.site.store.settings().unwrap().1.credentials.remove(0);
    let password = credential.read(secret.expose()).auth_password;
    (credential.user, password)
}

#[test]
fn of_two_settings_of_one_name_at_once_one_is_kept_with_its_secrets() {
    let running = running();
    for [one, other] in [["a", "b"], ["c", "d"]] {
        let of = |user: &str| (user.to_owned(), format!("geheim-of-{user}"));
        let both = [of(one), of(other)];
        let said = both.clone().map(|(user, password)| credential(&user, &password));
        assert_eq!(running.both("PUT", CORE, said), [200, 412]);
        assert!(both.contains(&kept(&running)), "{:?}", kept(&running));
    }
}

#[test]
fn of_two_who_set_a_secret_alone_at_once_one_is_told() {
    let running = running();
    let first = running.act_on("PUT", CORE, ("If-None-Match: *", &credential("a", "geheim-0")));
    assert_eq!(first.status, 200, "{}", first.body);
    let said = ["geheim-1", "geheim-2"].map(|password| credential("a", password));
    assert_eq!(running.both("PUT", CORE, said), [200, 412]);
    let history = running.site.store.setting_history(None).unwrap();
    assert_eq!(history.len(), 2, "who set the secret, when and why is kept");
}

#[test]
fn a_setting_that_is_changed_meanwhile_is_not_taken_out() {
    let running = running();
    let path = "/api/v1/settings/network/3F";
    let said = |cidr: &str| json!({ "content": { "cidr": cidr } });
    let made = running.act_on("PUT", path, ("If-None-Match: *", &said("10.20.0.0/24")));
    assert_eq!(made.status, 200, "{}", made.body);
    let seen = format!("If-Match: {}", version(&running.get(path)));
    let statuses = running
        .race([&|| running.act_on("PUT", path, (&seen, &said("10.20.1.0/24"))), &|| {
            running.act_on("DELETE", path, (&seen, &Value::Null))
        }]);
    let networks = running.site.store.settings().unwrap().1.networks;
    let changed = networks.iter().any(|network| network.cidr == "10.20.1.0/24");
    let expected = if changed { [200, 412] } else { [204, 412] };
    assert_eq!((statuses, networks.len()), (expected, usize::from(changed)));
}

#[test]
fn what_is_changed_meanwhile_is_not_taken_out_on_its_page() {
    let running = running();
    super::about::enrolled(&running);
    let edit = |form: &str| running.submit("/settings/edit", "", form).status;
    let remove = |form: &str| running.submit("/settings/remove", "", form);
    for (kind, first, then) in [
        ("network", "cidr=10.20.0.0%2F24&policy=gentle", "cidr=10.20.1.0%2F24&policy=gentle"),
        ("schedule", "agent=3F&pattern=30+20+*+*+*", "agent=3F&pattern=30+21+*+*+*"),
    ] {
        let of = format!("kind_of={kind}&name=x");
        assert_eq!(edit(&format!("{of}&new=yes&{first}")), 303, "{kind}");
        let page = format!("/settings/remove?kind={kind}&name=x");
        let asked = running.seen(&page);
        let form = running.seen(&format!("/settings/edit?kind={kind}&name=x"));
        assert_eq!(edit(&format!("{of}&{then}&seen={form}")), 303, "{kind}");
        let late = remove(&format!("{of}&seen={asked}"));
        assert!(late.status == 409 && late.body.contains("ほかの人がこの設定を"), "{}", late.body);
        assert_eq!(remove(&of).status, 422, "what was shown is not said");
        assert_eq!(
            running.seen(&page),
            running.seen(&format!("/settings/edit?kind={kind}&name=x"))
        );
        assert_eq!(remove(&format!("{of}&seen={}", running.seen(&page))).status, 303, "{kind}");
    }
    assert!(running.site.store.settings().unwrap().1.networks.is_empty());
    assert!(running.site.store.jobs().schedules().unwrap().is_empty());
}

#[test]
fn of_two_forms_for_a_new_network_of_one_name_at_once_one_is_kept() {
    let running = running();
    let submit = |cidr: &str| {
        let form = format!("kind_of=network&new=yes&name=3F&cidr={cidr}&policy=gentle");
        running.submit("/settings/edit", "", &form)
    };
    let both = running.race([&|| submit("10.20.0.0%2F24"), &|| submit("10.30.0.0%2F24")]);
    assert_eq!(both, [303, 422]);
    assert_eq!(running.count_of(Deed::SettingKept), 1);
}

#[test]
fn of_two_changes_of_a_schedule_at_once_one_is_kept() {
    let running = running();
    super::about::enrolled(&running);
    let path = "/api/v1/schedules/%E5%A4%9C%E9%96%93";
    let said = |hour: u32| json!({ "agent": "3F", "pattern": format!("30 {hour} * * 1-5") });
    assert_eq!(running.both("PUT", path, [said(20), said(21)]), [200, 412]);
    assert_eq!(running.both("PUT", path, [said(22), said(23)]), [200, 412]);
    let seen = format!("If-Match: {}", version(&running.get(path)));
    let statuses = running.race([&|| running.act_on("PUT", path, (&seen, &said(1))), &|| {
        running.act_on("DELETE", path, (&seen, &Value::Null))
    }]);
    assert!([[200, 412], [204, 412]].contains(&statuses), "{statuses:?}");
}

#[test]
fn of_two_forms_of_a_schedule_at_once_one_is_kept() {
    let running = running();
    super::about::enrolled(&running);
    let form = |more: &str, hour: u32| {
        let form = format!("kind_of=schedule&name=night&agent=3F&pattern=30+{hour}+*+*+*&{more}");
        running.submit("/settings/edit", "", &form)
    };
    let both = running.race([&|| form("new=yes", 20), &|| form("new=yes", 21)]);
    assert_eq!(both, [303, 422], "the name is taken");
    let seen = running.seen("/settings/edit?kind=schedule&name=night");
    let seen = format!("seen={seen}");
    assert_eq!(running.race([&|| form(&seen, 22), &|| form(&seen, 23)]), [303, 422]);
}

#[test]
fn a_row_that_is_changed_meanwhile_is_not_retired() {
    let running = with_ledger();
    let seen = format!("If-Match: {}", version(&running.get(ROW)));
    let said = json!({ "cells": { "備考": "2階" }, "why": "移設" });
    let statuses = running.race([&|| running.act_on("PATCH", ROW, (&seen, &said)), &|| {
        running.act_on("DELETE", ROW, (&seen, &Value::Null))
    }]);
    let row = &running.site.store.ledger().unwrap().entries[0];
    let retired = row.state == crate::ledger::State::Retired;
    // What is said of other cells of a retired row may stand beside that.
    let expected = if retired { [200, 200] } else { [200, 409] };
    assert_eq!(statuses, expected, "{:?}", row.cells);
    assert_eq!(row.cells[4], "2階");
}
