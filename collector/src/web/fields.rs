//! The fields of a small form as they were sent; of one that comes twice the last counts.

use std::collections::HashMap;

/// The fields.
#[derive(Debug)]
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    pub(super) fn read(body: &[u8]) -> Self {
        Self::of_fields(form_urlencoded::parse(body).into_owned())
    }

    /// The form of these fields, each by name and value.
    pub(super) fn of_fields(fields: impl Iterator<Item = (String, String)>) -> Self {
        Self(fields.collect())
    }

    /// The text of a field, empty if it did not come. Not trimmed: a password may begin with a space.
    pub(super) fn of(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Whether the text is a path of this server, to which a browser may be sent back.
pub(super) fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
}
