//! Logging in through an identity provider of our own, and every way in which that must fail.

use serde_json::json;

use super::people::visitor;
use super::*;
use crate::oidc::tests::{OwnProvider, SECRET, Signer};

fn with_provider() -> (Running, OwnProvider) {
    let provider = OwnProvider::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let text = format!(
        "[oidc]\nissuer = \"{}\"\nclient_id = \"daicho\"\nclient_secret_file = {file:?}\n\
         redirect = \"http://127.0.0.1:8470/login/oidc/return\"\nlabel = \"院内ID\"\n",
        provider.issuer()
    );
    (running_with(&text), provider)
}

fn location(answer: &Answer) -> String {
    let said = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.to_owned())
    };
    answer.raw.lines().find_map(said).unwrap_or_else(|| panic!("{} {}", answer.head, answer.body))
}

fn browser(answer: &Answer) -> String {
    let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
}

impl Running {
    fn get_bare(&self, path: &str, headers: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}"), b"")
    }

    /// Goes to the provider and comes back: the path of the return, and the browser's cookie.
    fn at_provider(&self, provider: &OwnProvider) -> (String, String) {
        let begun = self.get_bare("/login/oidc?next=%2Fledger", "");
        assert_eq!(begun.status, 303, "{}", begun.body);
        let question = location(&begun);
        let code = provider.authorise(&question);
        let state = question.split("state=").nth(1).unwrap().split('&').next().unwrap();
        (format!("/login/oidc/return?code={code}&state={state}"), browser(&begun))
    }

    fn through(&self, provider: &OwnProvider) -> Answer {
        let (path, cookie) = self.at_provider(provider);
        self.get_bare(&path, &cookie)
    }

    /// Lets everybody who came from the provider come with the account `sato`.
    fn link_all(&self) {
        for one in self.site.store.subjects().unwrap() {
            let form = format!("subject={}&account=sato", one.id);
            assert_eq!(self.submit("/accounts/oidc", "", &form).status, 303);
        }
    }
}

#[test]
fn who_is_known_there_gets_nothing_until_an_administrator_says_whom_that_is() {
    let (running, provider) = with_provider();
    assert!(running.get_bare("/login", "").body.contains("院内ID"));
    let refused = running.through(&provider);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("管理者に") && !refused.head.contains("set-cookie: daicho="));
    let shown = running.get("/accounts").body;
    assert!(shown.contains("248289761001") && shown.contains("田中 一郎"), "{shown}");
    running.link_all();
    let answer = running.through(&provider);
    assert_eq!((answer.status, location(&answer).as_str()), (303, "/ledger"));
    let person = visitor(&answer);
    assert_eq!(running.get_as(&person, "/ledger", "").status, 200);
    assert!(running.has_deed(crate::people::log::Deed::Login, "sato: oidc"));
    // Logging out ends our session.
    assert_eq!(running.form_as(&person, "/logout", "").status, 303);
    assert_eq!(running.get_as(&person, "/ledger", "").status, 303);
    // Whose account is taken away is out at once.
    let person = visitor(&running.through(&provider));
    let id = running.site.store.subjects().unwrap()[0].id;
    let unlink = |seen: &str| {
        let form = format!("subject={id}&account=&seen={seen}");
        running.submit("/accounts/oidc", "", &form)
    };
    // Who was shown that the person comes with no account does not take the present one away.
    let late = unlink("");
    assert!(late.status == 409 && late.body.contains("ほかの人がこの利用者を"), "{}", late.body);
    assert_eq!(running.get_as(&person, "/ledger", "").status, 200);
    assert_eq!(unlink("sato").status, 303);
    assert_eq!(running.get_as(&person, "/ledger", "").status, 303);
}

#[test]
fn a_token_that_is_not_good_lets_nobody_in() {
    let (running, provider) = with_provider();
    running.through(&provider);
    running.link_all();
    assert_eq!(running.through(&provider).status, 303);
    for instead in [
        json!({"nonce": "another"}),
        json!({"aud": "another"}),
        json!({"iss": "https://another.example"}),
        json!({"exp": 1_000}),
    ] {
        provider.state.lock().unwrap().instead = instead.clone();
        assert_eq!(running.through(&provider).status, 403, "{instead}");
    }
    provider.state.lock().unwrap().instead = json!({});
    for signer in [Signer::Shared, Signer::Nobody, Signer::curve()] {
        provider.state.lock().unwrap().signer = signer;
        assert_eq!(running.through(&provider).status, 403);
    }
}

#[test]
fn a_key_that_is_new_is_fetched_and_rsa_is_as_good() {
    let (running, provider) = with_provider();
    running.through(&provider);
    running.link_all();
    {
        let mut state = provider.state.lock().unwrap();
        state.signer = Signer::rsa();
        state.kid = "two".into();
        state.keys = vec![state.signer.jwk("two")];
        assert_eq!(state.asked_for_keys, 1);
    }
    assert_eq!(running.through(&provider).status, 303);
    assert_eq!(running.through(&provider).status, 303);
    assert_eq!(provider.state.lock().unwrap().asked_for_keys, 2);
}

#[test]
fn a_return_holds_once_for_its_own_browser_and_its_own_state() {
    let (running, provider) = with_provider();
    running.through(&provider);
    running.link_all();
    let (path, cookie) = running.at_provider(&provider);
    assert_eq!(running.get_bare(&path, "").status, 403, "without the cookie");
    let other = browser(&running.get_bare("/login/oidc", ""));
    assert_eq!(running.get_bare(&path, &other).status, 403, "another browser");
    let forged = path.replace("state=", "state=0");
    assert_eq!(running.get_bare(&forged, &cookie).status, 403, "another state");
    let elsewhere = format!("{path}&iss=https%3A%2F%2Fanother.example");
    assert_eq!(running.get_bare(&elsewhere, &cookie).status, 403);
    let (path, cookie) = running.at_provider(&provider);
    assert_eq!(running.get_bare(&path, &cookie).status, 303);
    assert_eq!(running.get_bare(&path, &cookie).status, 403, "once");
    // A code that was used comes back with another login of ours.
    let code = path.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (next, cookie) = running.at_provider(&provider);
    let state = next.split("state=").nth(1).unwrap();
    let replayed = format!("/login/oidc/return?code={code}&state={state}");
    assert_eq!(running.get_bare(&replayed, &cookie).status, 403, "replayed");
    let denied = running.at_provider(&provider);
    let state = denied.0.split("state=").nth(1).unwrap();
    let said = format!("/login/oidc/return?error=access_denied&state={state}");
    assert_eq!(running.get_bare(&said, &denied.1).status, 403);
}

#[test]
fn while_the_provider_is_away_passwords_go_on_working_and_it_is_said() {
    let (running, _) = with_provider();
    let gone = "[oidc]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"daicho\"\n\
                redirect = \"http://127.0.0.1:8470/login/oidc/return\"\n";
    let away = running_with(gone);
    let answer = away.get_bare("/login/oidc", "");
    assert_eq!(answer.status, 502, "{}", answer.body);
    assert!(answer.body.contains("パスワードでログイン"), "{}", answer.body);
    assert_eq!(away.get("/devices").status, 200);
    assert_eq!(running.get("/devices").status, 200);
    let without = super::running();
    assert_eq!(without.get_bare("/login/oidc", "").status, 404);
    assert!(!without.get_bare("/login", "").body.contains("/login/oidc"));
}
