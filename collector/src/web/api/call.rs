//! A request of a program, held against what its operation says of it before anything is done: every
//! member that is unknown, missing or of another shape is told, all at once.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::operation::{Field, Gives, Operation, Says, Shape};
use super::problem::{Problem, Wrong};
use super::{LIMIT, list};
use crate::day::Day;
use crate::snapshot::digest;
use crate::web::Site;
use crate::web::decide::Form;
use crate::web::fields::Fields;
use crate::words::Word;

/// What came.
#[derive(Debug)]
pub(in crate::web) struct Call {
    places: HashMap<String, String>,
    /// In the order in which it came.
    query: Vec<(String, String)>,
    /// The members of the body, or all of it.
    pub(in crate::web) said: Value,
    /// A file.
    pub(in crate::web) file: Bytes,
    headers: HeaderMap,
}

impl FromRequest<Arc<Site>> for Call {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        // The door has put it there.
        let operation = parts.extensions.get::<&'static Operation>().copied();
        let operation = operation.ok_or((StatusCode::NOT_FOUND, Word::ApiNoSuch))?;
        let unreadable = Problem::new(StatusCode::BAD_REQUEST, Word::ApiRequest);
        let found = RawPathParams::from_request_parts(&mut parts, site).await;
        let places = found.map_err(|_| unreadable.clone())?;
        let places = places.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let places: HashMap<String, String> = places.collect();
        if places.values().any(|place| place.contains('\0')) {
            return Err(Problem::new(StatusCode::NOT_FOUND, Word::ApiNoSuch));
        }
        let query = query(operation, parts.uri.query().unwrap_or_default())?;
        let headers = parts.headers.clone();
        let octets = if matches!(operation.says, Says::Nothing) {
            Bytes::new()
        } else {
            let read = Bytes::from_request(Request::from_parts(parts, body), site).await;
            read.map_err(|error| match error.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Word::ImportTooLarge)
                }
                _ => unreadable,
            })?
        };
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let said = match operation.says {
            Says::Nothing | Says::File => Value::Null,
            Says::Members(fields, true) if kind == "application/x-www-form-urlencoded" => {
                members(fields, of_form(fields, &octets))?
            }
            Says::Members(fields, _) => members(fields, json(kind, &octets)?)?,
            Says::Json(_) => json(kind, &octets)?,
        };
        let file = if matches!(operation.says, Says::File) { octets } else { Bytes::new() };
        Ok(Self { places, query, said, file, headers })
    }
}

fn json(kind: &str, octets: &[u8]) -> Result<Value, Problem> {
    if kind != "application/json" {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Word::ApiMedia));
    }
    serde_json::from_slice(octets)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, Word::ApiNoJson))
}

/// A form as a JSON object of the same members.
fn of_form(fields: &[Field], octets: &[u8]) -> Value {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(octets) {
        let shape = fields.iter().find(|field| field.name == name).map(|field| field.shape);
        let value = match shape {
            // An empty field of a form says nothing.
            _ if value.is_empty() => continue,
            Some(Shape::Texts(_)) => {
                let list = members
                    .entry(name.clone().into_owned())
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Some(list) = list.as_array_mut() {
                    list.push(value.into());
                }
                continue;
            }
            Some(Shape::Yes) => (value == "yes").into(),
            Some(Shape::Number(..)) => {
                value.parse::<u64>().map_or_else(|_| value.into(), Value::from)
            }
            Some(Shape::Object(_) | Shape::Map) => {
                serde_json::from_str(&value).unwrap_or_else(|_| value.into())
            }
            Some(Shape::Text(_) | Shape::Word(_) | Shape::Date) | None => value.into(),
        };
        members.insert(name.into_owned(), value);
    }
    Value::Object(members)
}

/// The members, if each is what its field says. What is null was not said.
fn members(fields: &[Field], said: Value) -> Result<Value, Problem> {
    let Value::Object(mut said) = said else {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiNoObject));
    };
    said.retain(|_, value| !value.is_null());
    let mut wrongs: Vec<Wrong> = (said.keys())
        .filter(|name| fields.iter().all(|field| field.name != **name))
        .map(|name| Wrong::of(name, Word::ApiUnknown))
        .collect();
    for field in fields {
        match said.get(field.name) {
            None if field.required => wrongs.push(Wrong::of(field.name, Word::ApiMissing)),
            None => {}
            Some(value) => wrongs.extend(wrong(field, value)),
        }
    }
    if wrongs.is_empty() {
        return Ok(Value::Object(said));
    }
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Word::ApiMembers).about(wrongs))
}

/// What is wrong with a value; none if nothing is.
fn wrong(field: &Field, value: &Value) -> Option<Wrong> {
    let text = value.as_str();
    let (good, word, bound): (bool, Word, String) = match field.shape {
        Shape::Text(most) => {
            let good = text.is_some_and(|text| is_text(text, most));
            (good, Word::ApiText, most.to_string())
        }
        Shape::Word(words) => {
            let good = text.is_some_and(|text| words.contains(&text));
            (good, Word::ApiWord, words.join(", "))
        }
        Shape::Number(least, most) => {
            let good = value.as_u64().is_some_and(|it| (least..=most).contains(&it));
            (good, Word::ApiNumber, format!("{least}–{most}"))
        }
        Shape::Yes => (value.is_boolean(), Word::ApiWord, "true, false".to_owned()),
        Shape::Date => {
            let good = text.is_some_and(|text| text.parse::<Day>().is_ok());
            (good, Word::ApiDate, String::new())
        }
        Shape::Texts(most) => {
            let good = value.as_array().is_some_and(|list| {
                (1..=most).contains(&list.len()) && list.iter().all(Value::is_string)
            });
            (good, Word::ApiTexts, most.to_string())
        }
        Shape::Map => {
            let good = value.as_object().is_some_and(|all| all.values().all(Value::is_string));
            (good, Word::ApiMap, String::new())
        }
        Shape::Object(_) => (value.is_object(), Word::ApiObject, String::new()),
    };
    (!good).then(|| Wrong::with(field.name, word, &[&bound]))
}

/// Whether a text is short enough, and one that a database can keep.
fn is_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.contains('\0')
}

/// The query, if each of its members is what its field says.
fn query(operation: &Operation, text: &str) -> Result<Vec<(String, String)>, Problem> {
    let paged = matches!(operation.gives, Gives::List(_));
    let mut found: Vec<(String, String)> = Vec::new();
    let mut wrongs = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let of_list = list::QUERY.iter().filter(|_| paged);
        let field = operation.query.iter().chain(of_list).find(|field| field.name == name);
        match field {
            Some(field) => wrongs.extend(wrong(field, &typed(field.shape, &value))),
            // In which language, any operation may be asked.
            None if name == "lang" => {}
            None => wrongs.push(Wrong::of(&name, Word::ApiUnknown)),
        }
        found.push((name.into_owned(), value.into_owned()));
    }
    let missing = operation.query.iter().filter(|field| field.required);
    let missing = missing.filter(|field| found.iter().all(|(name, _)| name != field.name));
    wrongs.extend(missing.map(|field| Wrong::of(field.name, Word::ApiMissing)));
    if wrongs.is_empty() {
        return Ok(found);
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, Word::ApiQuery).about(wrongs))
}

/// A value of a query, which is a text, as JSON has it.
fn typed(shape: Shape, value: &str) -> Value {
    match shape {
        Shape::Number(..) => value.parse::<u64>().map_or_else(|_| value.into(), Value::from),
        Shape::Yes => match value {
            "true" | "yes" => true.into(),
            "false" | "no" => false.into(),
            _ => value.into(),
        },
        Shape::Text(_)
        | Shape::Word(_)
        | Shape::Date
        | Shape::Texts(_)
        | Shape::Map
        | Shape::Object(_) => value.into(),
    }
}

impl Call {
    /// A part of the path.
    pub(in crate::web) fn place(&self, name: &str) -> &str {
        self.places.get(name).map_or("", String::as_str)
    }

    /// A member of the query, empty if it was not said; of one that came twice the last.
    pub(in crate::web) fn asked(&self, name: &str) -> &str {
        let mut said = self.query.iter().rev();
        said.find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The query as the pages read it.
    pub(in crate::web) fn query(&self) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.query {
            text.append_pair(name, value);
        }
        text.finish()
    }

    /// How many items of a list are wanted.
    pub(in crate::web) fn limit(&self) -> usize {
        self.asked("limit").parse().unwrap_or(LIMIT)
    }

    /// A text of the body, empty if it was not said.
    pub(in crate::web) fn text(&self, name: &str) -> &str {
        self.said.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The members of the body as the pages' forms send them, with these besides.
    pub(in crate::web) fn fields(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for (name, value) in self.said.as_object().into_iter().flatten() {
            match value {
                Value::Array(list) => {
                    let texts = list.iter().filter_map(Value::as_str);
                    fields.extend(texts.map(|text| (name.clone(), text.to_owned())));
                }
                Value::Bool(yes) => {
                    let said = if *yes { "yes" } else { "no" };
                    fields.push((name.clone(), said.to_owned()));
                }
                Value::String(text) => fields.push((name.clone(), text.clone())),
                Value::Null => {}
                Value::Number(_) | Value::Object(_) => {
                    fields.push((name.clone(), value.to_string()));
                }
            }
        }
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    }

    /// The body as a form of a page, with these fields besides.
    pub(in crate::web) fn form(&self, more: &[(&str, &str)]) -> Form {
        Form::of_fields(self.fields(more).into_iter())
    }

    /// The same for small forms.
    pub(in crate::web) fn small_form(&self, more: &[(&str, &str)]) -> Fields {
        Fields::of_fields(self.fields(more).into_iter())
    }

    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A value with its version; nothing again, if the program has just this one.
    pub(in crate::web) fn shown(&self, value: &impl Serialize) -> Response {
        let Ok(text) = serde_json::to_string(value) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let tag = tag(&text);
        let known = self.header(header::IF_NONE_MATCH);
        let version = HeaderValue::from_str(&tag);
        let mut response = if known.is_some_and(|known| lists(known, &tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let kind = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        };
        if let Ok(version) = version {
            response.headers_mut().insert(header::ETAG, version);
        }
        response
    }

    /// Whether what is changed is what the program has read: it says which version that is, or that there
    /// is to be none.
    pub(in crate::web) fn is_of(&self, present: Option<&impl Serialize>) -> Result<(), Problem> {
        let present = present.and_then(|value| serde_json::to_string(value).ok());
        let changed = || Problem::new(StatusCode::PRECONDITION_FAILED, Word::ApiChanged);
        let none = self.header(header::IF_NONE_MATCH).is_some_and(|tag| tag.trim() == "*");
        match (self.header(header::IF_MATCH), present) {
            (None, None) if none => Ok(()),
            (None, Some(_)) if none => Err(changed()),
            (None, _) => Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, Word::ApiNoVersion)),
            (Some(_), None) => Err(changed()),
            (Some(said), Some(present)) => {
                let fits = said.trim() == "*" || lists(said, &tag(&present));
                if fits { Ok(()) } else { Err(changed()) }
            }
        }
    }
}

/// The version of a text: a strong tag (RFC 9110 §8.8.3).
fn tag(text: &str) -> String {
    let digest: String = digest(text).hex().chars().take(32).collect();
    format!("\"{digest}\"")
}

fn lists(tags: &str, tag: &str) -> bool {
    tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}
