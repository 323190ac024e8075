//! What a person said that the columns of a sheet mean: proposed from the released words, confirmed
//! or changed, kept, and used again for every sheet whose header has the same shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::normal::heading_key;
use super::{Column, Field};

mod proposal;

pub use proposal::{Proposal, Proposed, Why, propose, to_toml};

/// A column of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// The heading as written.
    pub heading: String,
    /// What it means; `None`: the column is kept as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
}

/// What the columns of every sheet of one shape mean. The shape is the order of its headings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What people call it: the name of a sheet or book.
    pub name: String,
    /// The columns, in the sheet's order.
    pub columns: Vec<Mapped>,
}

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    profile: Vec<Profile>,
}

/// Why profiles cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// Neither TOML nor JSON of that form; an unknown key or field.
    #[error("{0}")]
    Syntax(String),
    /// The file holds none.
    #[error("no profile in it")]
    Empty,
    /// Two columns mean one field that a thing has once.
    #[error("profile {profile:?}: {first:?} and {second:?} both mean {field:?}")]
    FieldTwice {
        /// The profile's name.
        profile: String,
        /// The field.
        field: Field,
        /// The heading of the first column.
        first: String,
        /// The heading of the second.
        second: String,
    },
    /// No column says which device a row is about.
    #[error("profile {0:?}: no column names a device")]
    NamesNothing(String),
    /// Two profiles are for one shape.
    #[error("profiles {first:?} and {second:?} are for the same headings")]
    ShapeTwice {
        /// The name of the first.
        first: String,
        /// The name of the second.
        second: String,
    },
    /// A heading of it stands in no sheet of the book.
    #[error("profile {profile:?}: no sheet has the heading {heading:?}")]
    NoSuchHeading {
        /// The profile's name.
        profile: String,
        /// The heading; the first that is missing.
        heading: String,
    },
    /// Every heading is there, but no sheet has just these in this order.
    #[error("profile {0:?}: no sheet has just these headings in this order")]
    NoSuchShape(String),
}

/// What a header is known by: the keys of its headings in their order. Spaces, signs, case and width
/// do not count, nor do columns without a heading at its end.
pub fn shape<'a>(headings: impl Iterator<Item = &'a str>) -> String {
    let keys: Vec<String> = headings.map(heading_key).collect();
    keys.join("\u{1f}").trim_end_matches('\u{1f}').to_owned()
}

/// Whether several columns of a sheet may mean the field: a thing may have many addresses, its place
/// is written in parts, and a state stands beside its date.
const fn may_repeat(field: Field) -> bool {
    !matches!(
        field,
        Field::AssetNumber
            | Field::Name
            | Field::HostName
            | Field::Kind
            | Field::Vendor
            | Field::Model
            | Field::Serial
            | Field::Os
            | Field::Version
    )
}

impl Profile {
    /// The shape of the header that it is for.
    pub fn shape(&self) -> String {
        shape(self.columns.iter().map(|column| column.heading.as_str()))
    }

    /// Checks that it does not contradict itself.
    ///
    /// # Errors
    /// See [`BadProfile`].
    pub fn check(&self) -> Result<(), BadProfile> {
        let mut once: BTreeMap<Field, &str> = BTreeMap::new();
        for column in &self.columns {
            let Some(field) = column.field.filter(|field| !may_repeat(*field)) else { continue };
            if let Some(first) = once.insert(field, &column.heading) {
                return Err(BadProfile::FieldTwice {
                    profile: self.name.clone(),
                    field,
                    first: first.to_owned(),
                    second: column.heading.clone(),
                });
            }
        }
        let names = |column: &Mapped| column.field.is_some_and(Field::names_a_device);
        if self.columns.iter().any(names) {
            Ok(())
        } else {
            Err(BadProfile::NamesNothing(self.name.clone()))
        }
    }

    /// Gives the columns of a sheet of its shape their meaning. A person's word is never weak.
    pub(super) fn say(&self, columns: &mut [Column], weak: &mut [bool]) {
        for ((column, weak), mapped) in columns.iter_mut().zip(weak.iter_mut()).zip(&self.columns) {
            *weak &= column.field == mapped.field && mapped.field == Some(Field::AssetNumber);
            column.field = mapped.field;
        }
    }

    /// Checks that a sheet with these headings is among those of a book.
    ///
    /// # Errors
    /// [`BadProfile::NoSuchHeading`], [`BadProfile::NoSuchShape`].
    pub fn fits_one<'a>(
        &self,
        sheets: &(impl Iterator<Item = &'a [Column]> + Clone),
    ) -> Result<(), BadProfile> {
        let of = |columns: &[Column]| shape(columns.iter().map(|column| column.heading.as_str()));
        let wanted = self.shape();
        if sheets.clone().any(|columns| of(columns) == wanted) {
            return Ok(());
        }
        let missing = self.columns.iter().find(|mapped| {
            let key = heading_key(&mapped.heading);
            let has = |columns: &[Column]| columns.iter().any(|c| heading_key(&c.heading) == key);
            !key.is_empty() && !sheets.clone().any(has)
        });
        Err(match missing {
            Some(mapped) => BadProfile::NoSuchHeading {
                profile: self.name.clone(),
                heading: mapped.heading.clone(),
            },
            None => BadProfile::NoSuchShape(self.name.clone()),
        })
    }
}

/// Reads profiles from TOML (`[[profile]]` with `name` and `columns`), or from JSON of that form.
///
/// # Errors
/// See [`BadProfile`].
pub fn parse(text: &str) -> Result<Vec<Profile>, BadProfile> {
    let syntax = |error: String| BadProfile::Syntax(error.replace('\n', " ").trim().to_owned());
    let written: Written = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?
    } else {
        toml::from_str(text).map_err(|error| syntax(error.message().to_owned()))?
    };
    if written.profile.is_empty() {
        return Err(BadProfile::Empty);
    }
    let mut shapes: BTreeMap<String, &str> = BTreeMap::new();
    for profile in &written.profile {
        profile.check()?;
        if let Some(first) = shapes.insert(profile.shape(), &profile.name) {
            let second = profile.name.clone();
            return Err(BadProfile::ShapeTwice { first: first.to_owned(), second });
        }
    }
    Ok(written.profile)
}

#[cfg(test)]
mod tests;
