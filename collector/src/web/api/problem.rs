//! Why something was not done, as programs read it: problem details (RFC 9457) with a sentence in the
//! language that the program asked for, and in both besides.

use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use daicho_common::complaint::Complaint;
use serde_json::{Map, Value, json};

use crate::store::StoreError;
use crate::web::page::{Reader, text_page};
use crate::words::{Lang, Word};

/// The media type (RFC 9457 §3).
pub(in crate::web) const KIND: &str = "application/problem+json";

/// What is wrong with one member of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Wrong {
    /// Its name.
    pub(in crate::web) field: String,
    pub(in crate::web) ja: String,
    pub(in crate::web) en: String,
}

impl Wrong {
    /// A word about a member.
    pub(in crate::web) fn of(field: &str, word: Word) -> Self {
        let [ja, en] = [Lang::Ja, Lang::En].map(|lang| lang.say(word).to_owned());
        Self { field: field.to_owned(), ja, en }
    }

    /// A word about a member, with values filled in.
    pub(in crate::web) fn with(field: &str, word: Word, values: &[&dyn std::fmt::Display]) -> Self {
        let [ja, en] = [Lang::Ja, Lang::En].map(|lang| lang.fill(word, values));
        Self { field: field.to_owned(), ja, en }
    }
}

/// Why a request was not answered as it was meant.
#[derive(Clone, Debug)]
pub(in crate::web) struct Problem {
    status: StatusCode,
    /// What programs may tell it by.
    code: String,
    ja: String,
    en: String,
    wrongs: Box<[Wrong]>,
    /// Members beyond those of the RFC.
    more: Map<String, Value>,
}

impl Problem {
    pub(in crate::web) fn new(status: StatusCode, word: Word) -> Self {
        Self {
            status,
            code: code(word),
            ja: Lang::Ja.say(word).to_owned(),
            en: Lang::En.say(word).to_owned(),
            wrongs: Box::default(),
            more: Map::new(),
        }
    }

    /// The same, with what is wrong member by member.
    pub(in crate::web) fn about(mut self, wrongs: Vec<Wrong>) -> Self {
        self.wrongs = wrongs.into();
        self
    }

    /// The same, with another member.
    pub(in crate::web) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(in crate::web) fn said(status: StatusCode, complaint: Complaint) -> Self {
        let Complaint { ja, en, .. } = complaint;
        let (wrongs, more) = (Box::default(), Map::new());
        Self { status, code: "complaint".to_owned(), ja, en, wrongs, more }
    }

    /// What a page or a program gets, whichever asks.
    pub(in crate::web) fn tell(&self, reader: &Reader) -> Response {
        if reader.is_program() {
            return self.answer(reader.lang);
        }
        let text = match reader.lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        };
        text_page(reader, self.status, text.clone())
    }

    /// What a program gets.
    pub(in crate::web) fn answer(&self, lang: Lang) -> Response {
        let say = |ja: &str, en: &str| match lang {
            Lang::Ja => ja.to_owned(),
            Lang::En => en.to_owned(),
        };
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": say(&self.ja, &self.en),
            "code": self.code,
            "ja": self.ja,
            "en": self.en,
        });
        if let Some(members) = body.as_object_mut() {
            if !self.wrongs.is_empty() {
                let one = |wrong: &Wrong| {
                    let detail = say(&wrong.ja, &wrong.en);
                    json!({ "field": wrong.field, "detail": detail })
                };
                members.insert("errors".into(), self.wrongs.iter().map(one).collect());
            }
            members.extend(self.more.clone());
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3.
            let challenge = HeaderValue::from_static("Bearer realm=\"daicho\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A word as programs tell it: `FailureForm` is `failure_form`.
fn code(word: Word) -> String {
    let mut code = String::new();
    for letter in format!("{word:?}").chars() {
        if letter.is_ascii_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

impl From<(StatusCode, Word)> for Problem {
    fn from((status, word): (StatusCode, Word)) -> Self {
        Self::new(status, word)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "what a program asked for could not be read or kept");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Word::FailurePage)
    }
}

/// In which language it is told is only known to the door, which has the request: see [`told`].
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An answer to a program: what went wrong is told as problem details, whoever found it.
pub(in crate::web) fn told(response: Response, lang: Lang) -> Response {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return problem.answer(lang);
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(response.headers()) {
        return response;
    }
    let word = match status {
        StatusCode::METHOD_NOT_ALLOWED => Word::ApiMethod,
        StatusCode::NOT_FOUND => Word::ApiNoSuch,
        StatusCode::PAYLOAD_TOO_LARGE => Word::ImportTooLarge,
        StatusCode::UNAUTHORIZED => Word::FailureLoggedOut,
        StatusCode::FORBIDDEN => Word::FailureForbidden,
        status if status.is_server_error() => Word::FailurePage,
        _ => Word::ApiRequest,
    };
    let mut answer = Problem::new(status, word).answer(lang);
    if let Some(allow) = response.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == KIND)
}

/// The language that a program asks for (RFC 9110 §12.5.4): of those spoken here the one with the most
/// weight, of equals the first.
pub(in crate::web) fn asked_for(headers: &HeaderMap) -> Option<Lang> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Lang, f32)> = None;
    for range in accepted.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let lang = Lang::from_code(tag.split('-').next().unwrap_or_default());
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        let weight = weight.unwrap_or(1.0);
        if let Some(lang) = lang.filter(|_| weight > best.map_or(0.0, |(_, most)| most)) {
            best = Some((lang, weight));
        }
    }
    best.map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_most_weight_that_is_spoken_here_is_taken() {
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            asked_for(&headers)
        };
        assert_eq!(asked("en"), Some(Lang::En));
        assert_eq!(asked("ja-JP,ja;q=0.9,en;q=0.8"), Some(Lang::Ja));
        assert_eq!(asked("fr, en-GB;q=0.3, ja;q=0.7"), Some(Lang::Ja));
        assert_eq!(asked("en;q=0"), None);
        assert_eq!(asked("*"), None);
        assert_eq!(asked("ja;q=x"), Some(Lang::Ja));
        assert_eq!(asked_for(&HeaderMap::new()), None);
    }

    #[test]
    fn a_word_has_a_code() {
        assert_eq!(code(Word::FailureForm), "failure_form");
    }
}
