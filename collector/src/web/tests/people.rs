//! Logging in and out, the first run, accounts, and what is kept of it.

use super::*;
use crate::people::log::Deed;
use crate::store::Caller;

const PASSWORD: &str = "correct+horse+battery";

fn by() -> By {
    By::here("test".into(), clock::now())
}

/// A server with an operator `tanaka` who has a password.
fn with_tanaka() -> Running {
    let running = running();
    let password = running.site.hasher.hash(&PASSWORD.replace('+', " ")).unwrap();
    let new = NewAccount {
        name: "tanaka".into(),
        called: String::new(),
        role: Role::Operator,
        party: None,
        password: Some(password),
    };
    running.site.store.add_account(new, false, by()).unwrap();
    running
}

impl Running {
    fn log_in(&self, name: &str, password: &str) -> Answer {
        self.form("/login", "", &format!("name={name}&password={password}&next=%2Fdevices"))
    }

    /// What the page of accounts sends to change one, made of what it shows now.
    pub(super) fn account_form(&self, kind: &str, name: &str) -> String {
        let page = self.get("/accounts").body;
        let of =
            format!("name=\"name\" value=\"{name}\"><input type=\"hidden\" name=\"seen\" value=\"");
        let seen = page.split(&of).nth(1).unwrap().split('"').next().unwrap();
        format!("kind={kind}&name={name}&seen={seen}")
    }

    /// The deeds of the log, the latest last, each with what it is about.
    fn deeds(&self) -> Vec<(String, String)> {
        let rows = self.site.store.log_rows(u64::MAX, usize::MAX).unwrap();
        rows.into_iter().rev().map(|row| (row.deed, row.about)).collect()
    }

    pub(super) fn has_deed(&self, deed: Deed, about: &str) -> bool {
        self.deeds().iter().any(|(name, of)| name == deed.name() && of.contains(about))
    }
}

/// The visitor whom the answer made.
pub(super) fn visitor(answer: &Answer) -> Visitor {
    let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: daicho="));
    let secret = cookie.unwrap().split(';').next().unwrap();
    Visitor {
        cookie: format!("Cookie: daicho={secret}\r\n"),
        token: credential::form_token(secret),
    }
}

#[test]
fn who_knows_the_password_logs_in_and_out_again() {
    let running = with_tanaka();
    let page = running.send("GET /devices?q=x HTTP/1.1\r\nHost: localhost\r\n", b"");
    assert!(page.head.contains("location: /login?next=%2fdevices%3fq%3dx"), "{}", page.head);
    let answer = running.log_in("Tanaka", PASSWORD);
    assert_eq!((answer.status, answer.head.contains("location: /devices")), (303, true));
    assert!(answer.head.contains("; path=/; httponly; samesite=lax"), "{}", answer.head);
    let tanaka = visitor(&answer);
    let page = running.get_as(&tanaka, "/devices", "");
    assert_eq!((page.status, page.body.contains("tanaka")), (200, true));
    assert!(!page.body.contains("/accounts"), "what is not for the role is not in the menu");
    let out = running.form_as(&tanaka, "/logout", "");
    assert_eq!((out.status, out.head.contains("daicho=; path=/; max-age=0")), (303, true));
    assert_eq!(running.get_as(&tanaka, "/devices", "").status, 303);
    assert!(
        running.has_deed(Deed::Login, "tanaka: password") && running.has_deed(Deed::Logout, "")
    );
}

#[test]
fn a_wrong_password_and_a_wrong_name_are_answered_with_the_same_words() {
    let running = with_tanaka();
    let (password, name) =
        (running.log_in("tanaka", "wrong"), running.log_in("correct+horse+battery", "wrong"));
    assert_eq!((password.status, name.status), (401, 401));
    assert_eq!(
        password.body.replace("tanaka", "").len(),
        name.body.replace("correct horse battery", "").len()
    );
    assert!(running.has_deed(Deed::LoginRefused, "tanaka"));
    // What somebody typed in the wrong field is not kept.
    assert!(!running.deeds().iter().any(|(_, about)| about.contains("horse")));
    let elsewhere = running.form(
        "/login",
        "Sec-Fetch-Site: cross-site\r\n",
        &format!("name=tanaka&password={PASSWORD}"),
    );
    assert_eq!(elsewhere.status, 403, "another site logs nobody in");
    let next = format!("name=tanaka&password={PASSWORD}&next=%2F%2Fevil.example");
    assert!(running.form("/login", "", &next).head.contains("location: /\r\n"));
}

#[test]
fn after_wrong_tries_even_the_right_password_waits_and_a_known_desk_does_not() {
    let running = with_tanaka();
    let store = &running.site.store;
    let rules = &running.site.rules.refusal;
    let tries = |name: &str, address: &str, seconds: i64| {
        let caller = Caller { name: name.into(), address: address.into() };
        let now = Timestamp::from_micros(1_775_000_000_000_000 + seconds * 1_000_000);
        store.begin_try(caller, rules.clone(), now).unwrap().as_secs()
    };
    let desk = By { address: "10.20.0.9".into(), ..by() };
    let (account, _) = store.account("tanaka").unwrap().unwrap();
    store.begin_session(account, [1; 32], desk).unwrap();
    // A stranger tries from address after address.
    let strangers: Vec<u64> = (0..8).map(|n| tries("tanaka", &format!("192.0.2.{n}"), n)).collect();
    assert_eq!(strangers, [0, 0, 0, 0, 0, 0, 1, 0], "the account is held up for strangers");
    assert_eq!(tries("tanaka", "192.0.2.99", 8), 3);
    assert_eq!(tries("tanaka", "10.20.0.9", 8), 0, "its own desk is not");
    // One address that tries name after name.
    let names: Vec<u64> = (0..8).map(|n| tries(&format!("n{n}"), "192.0.2.200", 100)).collect();
    assert_eq!(names, [0, 0, 0, 0, 0, 0, 2, 2]);
    // What is tried during a delay neither counts nor prolongs it.
    assert_eq!(tries("n9", "192.0.2.200", 102), 0);
}

#[test]
fn the_page_says_how_long_to_wait() {
    let running = with_tanaka();
    let statuses: Vec<u16> = (0..7).map(|_| running.log_in("tanaka", "wrong").status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
    let right = running.log_in("tanaka", PASSWORD);
    assert_eq!(right.status, 429);
    assert!(
        right.head.contains("retry-after: ") && right.body.contains("秒待って"),
        "{}",
        right.body
    );
}

#[test]
fn a_form_without_the_token_of_its_session_is_refused() {
    let running = with_findings();
    let form = format!("kind=answer&finding={UNKNOWN}&disposition=removed");
    let cookie = running.visitor.cookie.clone();
    let other = Visitor::new(&running.site, Role::Operator, None).token;
    for token in [String::new(), "token=&".to_owned(), format!("token={other}&")] {
        let answer = running.form("/decisions", &cookie, &format!("{token}{form}"));
        assert_eq!(answer.status, 403, "{token}");
    }
    assert!(running.site.store.ground().unwrap().decisions.is_empty());
    let header = format!("{cookie}X-Daicho-Token: {}\r\n", running.visitor.token);
    assert_eq!(running.form("/decisions", &header, &form).status, 303);
}

#[test]
fn sessions_end_when_idle_when_old_and_when_the_account_is_closed() {
    let running = running();
    let store = &running.site.store;
    let rules = &running.site.rules.session;
    let (account, _) = store.account("sato").unwrap().unwrap();
    let began = 1_775_000_000_000_000;
    let at = |minutes: i64| Timestamp::from_micros(began + minutes * 60_000_000);
    let holds = |minutes: i64| store.session(&[7; 32], (rules, at(minutes))).unwrap().is_some();
    store.begin_session(account, [7; 32], By { at: at(0), ..by() }).unwrap();
    assert!(holds(0) && holds(59) && !holds(60));
    for minutes in (30..).step_by(30).take_while(|minutes| *minutes < 12 * 60) {
        assert!(holds(minutes), "{minutes}");
        store.touch_session([7; 32], at(minutes)).unwrap();
    }
    assert!(!holds(12 * 60));
    let tanaka = Visitor::new(&running.site, Role::Operator, None);
    assert_eq!(running.get_as(&tanaka, "/", "").status, 200);
    let close = running.account_form("close", "sato1");
    assert_eq!(running.form_as(&running.visitor, "/accounts", &close).status, 200);
    assert_eq!(running.get_as(&tanaka, "/", "").status, 303);
    assert!(running.has_deed(Deed::AccountChanged, "sato1: closed"));
    // The last administrator stays.
    let close = running.account_form("close", "sato");
    let last = running.form_as(&running.visitor, "/accounts", &close);
    assert!(last.status == 422 && last.body.contains("最後の管理者"), "{}", last.body);
    assert_eq!(running.get("/").status, 200);
}

#[test]
fn a_new_password_ends_the_other_sessions_and_needs_the_present_one() {
    let running = with_tanaka();
    let (here, there) =
        (visitor(&running.log_in("tanaka", PASSWORD)), running.log_in("tanaka", PASSWORD));
    let there = visitor(&there);
    let change = |present: &str, new: &str, again: &str| {
        let form = format!("present={present}&password={new}&again={again}");
        running.form_as(&here, "/account/password", &form).status
    };
    let new = "another+long+sentence";
    assert_eq!(change("wrong", new, new), 422);
    assert_eq!(change(PASSWORD, new, "another"), 422);
    assert_eq!(change(PASSWORD, "short", "short"), 422);
    assert_eq!(running.get_as(&there, "/", "").status, 200);
    assert_eq!(change(PASSWORD, new, new), 200);
    assert_eq!(
        (running.get_as(&here, "/", "").status, running.get_as(&there, "/", "").status),
        (200, 303)
    );
    assert_eq!(running.log_in("tanaka", PASSWORD).status, 401);
    let again = visitor(&running.log_in("tanaka", new));
    assert_eq!(running.form_as(&again, "/account/sessions", "").status, 303);
    assert_eq!(
        (running.get_as(&here, "/", "").status, running.get_as(&again, "/", "").status),
        (303, 303)
    );
    assert!(running.has_deed(Deed::PasswordChanged, "tanaka"));
}

#[test]
fn a_link_logs_in_once_and_lets_its_owner_set_a_password() {
    let running = running();
    let add = "kind=add&name=suzuki&called=%E9%88%B4%E6%9C%A8&role=auditor&party=";
    let page = running.form_as(&running.visitor, "/accounts", add).body;
    let code = page.split("/login/link?code=").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(running.log_in("suzuki", "").status, 401, "no password lets nobody in");
    let path = format!("/login/link?code={code}");
    let nobody = Visitor { cookie: String::new(), token: String::new() };
    for _ in 0..2 {
        let look = running.get_as(&nobody, &path, "");
        assert!(
            look.status == 200 && look.body.contains("鈴木 (suzuki)"),
            "looking uses nothing up"
        );
    }
    let answer = running.form("/login/link", "", &format!("code={code}"));
    assert_eq!((answer.status, answer.head.contains("location: /account\r\n")), (303, true));
    let suzuki = visitor(&answer);
    let set = format!("password={PASSWORD}&again={PASSWORD}");
    assert_eq!(running.form_as(&suzuki, "/account/password", &set).status, 200);
    assert_eq!(running.form("/login/link", "", &format!("code={code}")).status, 404);
    assert_eq!(running.get_as(&nobody, &path, "").status, 404);
    assert_eq!(running.log_in("suzuki", PASSWORD).status, 303);
}

#[test]
fn the_first_run_needs_the_printed_code_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    let site = Arc::new(Site::new(store, Config::parse("", "test").unwrap()).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(Arc::clone(&site), listener, std::future::pending()));
    let nobody = Visitor { cookie: String::new(), token: String::new() };
    let running = Running { address, site, visitor: nobody, _runtime: runtime, _folder: folder };

    assert!(running.get("/devices").head.contains("location: /setup\r\n"));
    assert!(running.get("/login").head.contains("location: /setup\r\n"));
    let code = running.site.setup_code().unwrap().unwrap();
    let make = |code: &str, password: &str| {
        let form = format!("code={code}&name=kanri&called=&password={password}&again={password}");
        running.form("/setup", "", &form)
    };
    assert!(running.get(&format!("/setup?code={code}")).body.contains(&code));
    for (code, password) in
        [("", PASSWORD), ("00000-00000-00000-00000", PASSWORD), (code.as_str(), "short")]
    {
        assert_eq!(make(code, password).status, 422, "{code} {password}");
    }
    assert!(!running.site.store.has_accounts().unwrap());
    let answer = make(&code.to_uppercase(), PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(running.get_as(&visitor(&answer), "/accounts", "").status, 200);
    assert_eq!((make(&code, PASSWORD).status, running.get("/setup").status), (404, 404));
    assert_eq!(running.site.setup_code().unwrap(), None);
    assert_eq!(running.log_in("kanri", PASSWORD).status, 303);
}

#[test]
fn behind_tls_cookies_go_over_tls_only_and_readers_are_where_the_proxy_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("daicho.db")).unwrap();
    let site =
        Arc::new(Site::new(store, Config::parse("behind_tls = true", "t").unwrap()).unwrap());
    let cookie = session::keep(&site, "s").unwrap();
    assert_eq!(cookie, "__Host-daicho=s; Path=/; HttpOnly; SameSite=Lax; Secure");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(Arc::clone(&site), listener, std::future::pending()));
    let visitor = Visitor::new(&site, Role::Administrator, None);
    let running = Running { address, site, visitor, _runtime: runtime, _folder: folder };
    let forwarded = "X-Forwarded-For: 192.0.2.1, 10.20.0.77\r\n";
    running.form("/login", forwarded, "name=sato&password=wrong");
    let rows = running.site.store.log_rows(u64::MAX, 1).unwrap();
    assert_eq!((rows[0].deed.as_str(), rows[0].address.as_str()), ("login_refused", "10.20.0.77"));
}

#[test]
fn what_is_done_decided_and_taken_along_stands_in_the_log_which_auditors_read() {
    let running = with_findings();
    let form = format!("kind=answer&finding={UNKNOWN}&disposition=removed");
    assert_eq!(running.say("", &form).status, 303);
    assert_eq!(running.get("/links.csv").status, 200);
    let auditor = Visitor::new(&running.site, Role::Auditor, None);
    assert_eq!(running.get_as(&auditor, "/accounts", "").status, 403);
    assert!(running.has_deed(Deed::Decided, "removed"));
    assert!(running.has_deed(Deed::Exported, "GET /links.csv"));
    assert!(running.has_deed(Deed::Forbidden, "GET /accounts"));
    let page = running.get_as(&auditor, "/audit", "").body;
    let head = running.site.store.log_head().unwrap();
    assert!(page.contains(&head.to_string()) && page.contains("127.0.0.1"), "{page}");
    assert!(page.contains("許可のない操作") && page.contains("佐藤 (sato)"), "{page}");
    let file = running.get_as(&auditor, "/audit.csv", "");
    assert!(file.status == 200 && file.body.contains(&crate::people::log::hex(&head.digest)));
    assert!(running.site.store.verify_log(Some(head)).unwrap().is_ok());
}
