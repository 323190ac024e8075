//! What programs may ask for, as a table: each operation with what it needs, what it is told and what it
//! gives. Routes, checks of requests and the `OpenAPI` document are all made of it.

use axum::http::Method;
use axum::routing::MethodFilter;

use crate::people::token::{Area, Mode};
use crate::web::doors::Need;

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub(in crate::web) const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    pub(in crate::web) const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

/// What a member of a request holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) enum Shape {
    /// A text of at most so many characters.
    Text(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number within these, both included.
    Number(u64, u64),
    /// True or false.
    Yes,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// At least one text and at most so many.
    Texts(usize),
    /// Texts by name.
    Map,
    /// An object of this schema of the document.
    Object(&'static str),
}

/// A member of a request: of its query or of its body.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Field {
    pub(in crate::web) name: &'static str,
    pub(in crate::web) shape: Shape,
    /// Whether nothing is asked for without it.
    pub(in crate::web) required: bool,
    /// In Japanese and in English.
    pub(in crate::web) about: &'static str,
}

/// The largest number of a row.
pub(in crate::web) const NUMBERS: u64 = i64::MAX.unsigned_abs();

/// A member that may be left out.
pub(in crate::web) const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: false, about }
}

/// A member that has to be there.
pub(in crate::web) const fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, required: true, about }
}

/// Why something is done: kept with it and in the audit log.
pub(in crate::web) const WHY: Field =
    may("why", Shape::Text(2000), "理由（監査記録に残ります） / Why; kept in the audit log");

/// What a request brings besides its address.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) enum Says {
    /// Nothing.
    Nothing,
    /// A JSON object of these members; whether a form of them is taken too.
    Members(&'static [Field], bool),
    /// A JSON value of this schema.
    Json(&'static str),
    /// A file.
    File,
}

/// What an answer brings.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) enum Gives {
    /// Nothing (204).
    Nothing,
    /// A JSON value of this schema.
    Json(&'static str),
    /// A part of a list of values of this schema.
    List(&'static str),
    /// A file of one of these media types.
    File(&'static [&'static str]),
}

/// How an operation deals with a change that somebody else made meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Version {
    /// Nothing of an earlier state goes into it.
    Free,
    /// It says which version it is of (`ETag`).
    Shown,
    /// It needs `If-Match` (RFC 9110 §13.1.1), or `If-None-Match: *` to make what is not there.
    Asked,
}

/// Something that programs may ask for.
#[derive(Debug)]
pub(in crate::web) struct Operation {
    pub(in crate::web) verb: Verb,
    pub(in crate::web) path: &'static str,
    pub(in crate::web) area: Area,
    pub(in crate::web) need: Need,
    /// In Japanese and in English.
    pub(in crate::web) about: &'static str,
    /// The page where people do the same.
    pub(in crate::web) page: &'static str,
    pub(in crate::web) query: &'static [Field],
    pub(in crate::web) says: Says,
    pub(in crate::web) gives: Gives,
    pub(in crate::web) version: Version,
    /// Whether it makes something new (201).
    pub(in crate::web) makes: bool,
}

impl Operation {
    /// Something that is read.
    pub(in crate::web) const fn get(
        path: &'static str,
        (area, need): (Area, Need),
        (page, about): (&'static str, &'static str),
        gives: Gives,
    ) -> Self {
        Self {
            verb: Verb::Get,
            path,
            area,
            need,
            about,
            page,
            query: &[],
            says: Says::Nothing,
            gives,
            version: Version::Free,
            makes: false,
        }
    }

    /// Something that is done.
    pub(in crate::web) const fn act(
        (verb, path): (Verb, &'static str),
        (area, need): (Area, Need),
        (page, about): (&'static str, &'static str),
        (says, gives): (Says, Gives),
    ) -> Self {
        Self { verb, says, ..Self::get(path, (area, need), (page, about), gives) }
    }

    /// The same with a query.
    pub(in crate::web) const fn asking(self, query: &'static [Field]) -> Self {
        Self { query, ..self }
    }

    /// The same, of which the version is told or asked for.
    pub(in crate::web) const fn versioned(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// The same, which makes something new.
    pub(in crate::web) const fn making(self) -> Self {
        Self { makes: true, ..self }
    }

    /// Whether it reads or writes.
    pub(in crate::web) fn mode(&self) -> Mode {
        if self.verb == Verb::Get { Mode::Read } else { Mode::Write }
    }

    /// The names in its path, in their order.
    pub(in crate::web) fn places(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
