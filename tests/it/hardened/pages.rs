//! Who reads the collector's pages: the first administrator.

use daicho_collector::credential::form_token;
use ureq::http::Response;
use ureq::{Agent, Body};

const PASSWORD: &str = "架空病院の合言葉 2026";

pub(super) struct Reader {
    url: String,
    secret: String,
}

fn client() -> Agent {
    Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into()
}

/// The secret of the session that an answer begins.
fn session(answer: &Response<Body>) -> String {
    assert_eq!(answer.status(), 303);
    let cookies = answer.headers().get_all("set-cookie").iter();
    let mut secrets = cookies.filter_map(|it| it.to_str().unwrap().strip_prefix("daicho="));
    secrets.next().unwrap().split(';').next().unwrap().to_owned()
}

impl Reader {
    /// Makes the first administrator with the code that the collector said.
    pub(super) fn first(url: &str, code: &str) -> Self {
        let form = [
            ("code", code),
            ("name", "sato"),
            ("called", "佐藤"),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        let answer = client().post(format!("{url}/setup")).send_form(form).unwrap();
        Self { url: url.to_owned(), secret: session(&answer) }
    }

    /// Logs out and in again.
    pub(super) fn log_in_again(&mut self) {
        let token = form_token(&self.secret);
        let out = client().post(format!("{}/logout", self.url)).header("Cookie", self.cookie());
        assert_eq!(out.send_form([("token", token.as_str())]).unwrap().status(), 303);
        let form = [("name", "sato"), ("password", PASSWORD), ("next", "/devices")];
        let answer = client().post(format!("{}/login", self.url)).send_form(form).unwrap();
        self.secret = session(&answer);
    }

    fn cookie(&self) -> String {
        format!("daicho={}", self.secret)
    }

    /// A page or a file.
    pub(super) fn get(&self, path: &str) -> Vec<u8> {
        let asked = client().get(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let mut answer = asked.call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_to_vec().unwrap()
    }

    /// Whether the list of devices has this text.
    pub(super) fn shows(&self, text: &str) -> bool {
        String::from_utf8(self.get("/devices")).unwrap().contains(text)
    }

    /// Loads every report that needs nothing to be chosen.
    pub(super) fn reports(&self) {
        for name in ["devices", "undocumented", "verdicts", "network", "checklist"] {
            assert!(self.get(&format!("/reports/{name}.pdf")).starts_with(b"%PDF-"), "{name}");
            assert!(self.get(&format!("/reports/{name}.xlsx")).starts_with(b"PK"), "{name}");
        }
    }
}
