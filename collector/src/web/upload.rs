//! A file that a form brings (RFC 7578): read whole within a bound, with the token of the session among
//! its fields.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::doors::TOKEN;
use super::session::Person;
use crate::credential;
use crate::words::Word;

/// Largest form with a file, in octets.
pub(super) const LARGEST: usize = 64 << 20;
/// Longest text of another field, in octets.
const TEXT: usize = 4096;
/// Longest name of a file, in characters.
const NAME: usize = 200;

/// What a form brought.
#[derive(Clone, Debug, Default)]
pub(super) struct Uploaded(Arc<Content>);

#[derive(Debug, Default)]
struct Content {
    name: String,
    octets: Bytes,
    texts: HashMap<String, String>,
}

impl Uploaded {
    /// The file's name, without any folder, as a browser gave it; empty if no file was chosen.
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn octets(&self) -> &Bytes {
        &self.0.octets
    }

    /// The text of another field, empty if it did not come.
    pub(super) fn of(&self, name: &str) -> &str {
        self.0.texts.get(name).map_or("", String::as_str)
    }
}

/// Why a form is not taken.
pub(super) type Refused = (StatusCode, Word);

/// Reads the form, and hands it on in the request's extensions.
pub(super) async fn read(request: Request, person: &Person) -> Result<Request, Refused> {
    let (parts, body) = request.into_parts();
    let again = Request::from_parts(parts.clone(), body);
    let unreadable = (StatusCode::UNPROCESSABLE_ENTITY, Word::ImportNoFile);
    let form = Multipart::from_request(again, &()).await.map_err(|_| unreadable)?;
    let content = content(form).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => (StatusCode::PAYLOAD_TOO_LARGE, Word::ImportTooLarge),
        _ => unreadable,
    })?;
    let token = content.texts.get(TOKEN).map_or("", String::as_str);
    if person.token.is_empty() || !credential::same(token, &person.token) {
        return Err((StatusCode::FORBIDDEN, Word::FailureToken));
    }
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(Uploaded(Arc::new(content)));
    Ok(request)
}

async fn content(mut form: Multipart) -> Result<Content, MultipartError> {
    let mut content = Content::default();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(plain);
        let octets = field.bytes().await?;
        match file {
            Some(file) if name == "book" => {
                content.name = file;
                content.octets = octets;
            }
            _ if octets.len() <= TEXT => {
                let text = String::from_utf8_lossy(&octets).trim().to_owned();
                content.texts.insert(name, text);
            }
            _ => {}
        }
    }
    Ok(content)
}

/// The last part of a path, without what is no text.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(NAME).collect::<String>().trim().to_owned()
}
