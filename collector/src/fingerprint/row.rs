//! Rows as written in TOML, and as meant: parsed twice, proven by their own examples.

use std::sync::Arc;

use daicho_common::observation::Method;
use serde::Deserialize;

use super::lazy::{Lazy, Looked};
use super::recog::Fingerprint;
use super::{Class, Place, Reading, Software, os};

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, row {row}: {what}")]
pub struct BadRow {
    /// The file's name.
    pub file: String,
    /// Number of the row in its file, from 1; 0 if the file is no list of rows.
    pub row: usize,
    /// What is wrong.
    pub what: String,
}

/// A file as written; unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Written>,
}

/// On what a row looks, as written.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    ObjectId,
    Description,
    Service,
    Txt,
    DhcpOptions,
    DhcpVendor,
    SsdpServer,
    SsdpTarget,
    NeighbourPlatform,
    NeighbourDescription,
    NeighbourCapabilities,
    VirtualRouter,
    RouterAdvertisement,
    Said,
    MacMaker,
    HostName,
    OpenPorts,
}

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    on: Source,
    service: Option<String>,
    method: Option<Method>,
    key: Option<String>,
    prefix: Option<String>,
    contains: Option<String>,
    regex: Option<String>,
    unless: Option<String>,
    class: Option<Class>,
    vendor: Option<String>,
    model: Option<String>,
    os: Option<String>,
    /// Names the table of [`os`] in which group `os_version` is looked up.
    os_table: Option<String>,
    software: Option<String>,
    software_vendor: Option<String>,
    storage: Option<bool>,
    weight: u8,
    #[serde(default)]
    example: Vec<Example>,
}

/// What a row must match, and what it must claim then; what is left out is what the row states.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    said: String,
    vendor: Option<String>,
    model: Option<String>,
    version: Option<String>,
    serial: Option<String>,
    os: Option<String>,
    software: Option<String>,
}

#[derive(Clone, Debug)]
enum Pattern {
    /// Whole labels of an object identifier, or the start of any other text.
    Prefix(String),
    Contains(String),
    /// Named groups `vendor`, `model`, `version`, `serial`, `os`, `os_version`, `kernel` and `software`
    /// become claims.
    Regex(Lazy),
    /// Of this file of Recog, of which the first that matches counts.
    Recog(usize, Box<Fingerprint>),
}

/// A row as meant.
#[derive(Clone, Debug)]
pub(super) struct Row {
    place: Place,
    pattern: Pattern,
    os_table: Option<String>,
    /// A text that this matches is not looked at: words of a host's own name, for one.
    unless: Option<Lazy>,
    claims: Reading,
}

impl Row {
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A fingerprint of a file of Recog.
    pub(super) fn recog(place: Place, file: usize, fingerprint: Fingerprint) -> Self {
        let pattern = Pattern::Recog(file, Box::new(fingerprint));
        Self { place, pattern, os_table: None, unless: None, claims: Reading::default() }
    }

    /// What this row says of `text`; `None` if its pattern does not match.
    fn reading(&self, looked: &Looked<'_>) -> Option<Reading> {
        let found = self.found(looked)?;
        let spoilt = self.unless.as_ref().is_some_and(|unless| unless.matching(looked).is_some());
        (!spoilt).then_some(found)
    }

    fn found(&self, looked: &Looked<'_>) -> Option<Reading> {
        let text = looked.text;
        match &self.pattern {
            Pattern::Prefix(prefix) => {
                let rest = text.strip_prefix(prefix.as_str())?;
                let whole = rest.is_empty() || rest.starts_with('.');
                (whole || !matches!(self.place, Place::ObjectId)).then(|| self.claims.clone())
            }
            Pattern::Contains(part) => text.contains(part.as_str()).then(|| self.claims.clone()),
            Pattern::Recog(_, fingerprint) => fingerprint.reading(text),
            Pattern::Regex(regex) => {
                // Most patterns do not match; room for groups is made for those that do.
                let found = regex.matching(looked)?.captures(text)?;
                let said = |name| {
                    let said = found.name(name).map(|group| group.as_str().trim().to_owned());
                    said.filter(|said| !said.is_empty())
                };
                let group = |name, stated: &Option<String>| said(name).or_else(|| stated.clone());
                let name = group("os", &self.claims.os);
                let software = said("software").map(|product| Software {
                    product: product.into(),
                    vendor: self.claims.software.as_ref().and_then(|it| it.vendor.clone()),
                });
                Some(Reading {
                    vendor: group("vendor", &self.claims.vendor),
                    model: group("model", &self.claims.model),
                    version: group("version", &None),
                    serial: group("serial", &None),
                    os: os::on(
                        os::named(name, said("os_version"), self.os_table.as_deref()),
                        said("kernel"),
                    ),
                    software: software.or_else(|| self.claims.software.clone()),
                    ..self.claims.clone()
                })
            }
        }
    }
}

/// Rows that look at the same place. They are tried one by one: most patterns need letters that are not
/// there, which is told at once, while a set of all of them takes longer to compile than a collector has
/// facts to read.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) place: Arc<Place>,
    pub(super) rows: Vec<Row>,
}

impl Group {
    /// The classes that the rows state.
    #[cfg(test)]
    pub(super) fn classes(&self) -> impl Iterator<Item = Class> {
        self.rows.iter().filter_map(|row| row.claims.class)
    }

    /// What the rows make of `text`, in their order.
    pub(super) fn read(&self, text: &str) -> Vec<Reading> {
        let (mut files, mut found) = (Vec::new(), Vec::new());
        if text.is_empty() {
            return found;
        }
        let looked = Looked::at(text);
        for row in &self.rows {
            if matches!(&row.pattern, Pattern::Recog(of, _) if files.contains(of)) {
                continue;
            }
            let Some(reading) = row.reading(&looked) else { continue };
            if let Pattern::Recog(of, _) = &row.pattern {
                files.push(*of);
            }
            found.push(reading);
        }
        found
    }
}

impl Written {
    fn place(&self) -> Result<Place, String> {
        let goes_by_key = matches!(self.on, Source::Txt | Source::Said);
        if let (true, Some(key)) = (goes_by_key, &self.key) {
            let key = key.clone();
            return match (self.on, &self.service, self.method) {
                (Source::Txt, service, None) => Ok(Place::Txt { service: service.clone(), key }),
                (Source::Said, None, method) => Ok(Place::Said { method, key }),
                _ => Err("service goes with txt rows, method with said rows".to_owned()),
            };
        }
        if goes_by_key {
            return Err("a txt row needs its key, and so does a said row".to_owned());
        }
        if self.key.is_some() || self.service.is_some() || self.method.is_some() {
            return Err("key, service and method go with txt and said rows only".to_owned());
        }
        Ok(match self.on {
            Source::ObjectId => Place::ObjectId,
            Source::Description => Place::Description,
            Source::Service | Source::Txt | Source::Said => Place::Service,
            Source::DhcpOptions => Place::DhcpOptions,
            Source::DhcpVendor => Place::DhcpVendor,
            Source::SsdpServer => Place::SsdpServer,
            Source::SsdpTarget => Place::SsdpTarget,
            Source::NeighbourPlatform => Place::NeighbourPlatform,
            Source::NeighbourDescription => Place::NeighbourDescription,
            Source::NeighbourCapabilities => Place::NeighbourCapabilities,
            Source::VirtualRouter => Place::VirtualRouter,
            Source::RouterAdvertisement => Place::RouterAdvertisement,
            Source::MacMaker => Place::MacMaker,
            Source::HostName => Place::HostName,
            Source::OpenPorts => Place::OpenPorts,
        })
    }

    fn pattern(&self, lazy: &dyn Fn(&str) -> Result<Lazy, String>) -> Result<Pattern, String> {
        match (&self.prefix, &self.contains, &self.regex) {
            (Some(prefix), None, None) => Ok(Pattern::Prefix(prefix.clone())),
            (None, Some(part), None) => Ok(Pattern::Contains(part.clone())),
            (None, None, Some(regex)) => lazy(regex).map(Pattern::Regex),
            _ => Err("one of prefix, contains and regex is needed, and only one".to_owned()),
        }
    }

    /// The row; `lazy` makes its patterns.
    fn row(&self, lazy: &dyn Fn(&str) -> Result<Lazy, String>) -> Result<Row, String> {
        if !(1..=100).contains(&self.weight) {
            return Err(format!("weight {} is not in 1–100", self.weight));
        }
        let claims = Reading {
            class: self.class,
            vendor: self.vendor.clone(),
            model: self.model.clone(),
            version: None,
            serial: None,
            os: self.os.clone(),
            software: self.software(),
            storage: self.storage,
            weight: self.weight,
        };
        let (place, pattern) = (self.place()?, self.pattern(lazy)?);
        if self.os_table.as_ref().is_some_and(|table| !os::has(table)) {
            return Err("there is no such os_table".to_owned());
        }
        let unless = self.unless.as_deref().map(lazy).transpose()?;
        Ok(Row { place, pattern, os_table: self.os_table.clone(), unless, claims })
    }

    fn software(&self) -> Option<Software> {
        let product = self.software.clone().or_else(|| self.software_vendor.clone())?;
        Some(self.speaks(product))
    }

    /// Software of this name, by whom the row says.
    fn speaks(&self, product: String) -> Software {
        let vendor = self.software_vendor.as_deref().map(Into::into);
        Software { product: product.into(), vendor }
    }

    /// What an example must come to.
    fn wanted(&self, example: &Example) -> Reading {
        let stated = |said: &Option<String>, stated: &Option<String>| {
            said.clone().or_else(|| stated.clone())
        };
        let named = example.software.clone().map(|product| self.speaks(product));
        Reading {
            class: self.class,
            vendor: stated(&example.vendor, &self.vendor),
            model: stated(&example.model, &self.model),
            version: example.version.clone(),
            serial: example.serial.clone(),
            os: stated(&example.os, &self.os),
            software: named.or_else(|| self.software()),
            storage: self.storage,
            weight: self.weight,
        }
    }

    /// Holds a row to its examples.
    fn proven(&self) -> Result<Row, String> {
        let row = self.row(&Lazy::checked)?;
        if self.example.is_empty() {
            return Err("a row needs an example".to_owned());
        }
        for example in &self.example {
            let wanted = self.wanted(example);
            if wanted == (Reading { weight: self.weight, ..Reading::default() }) {
                return Err(format!("nothing is claimed of \"{}\"", example.said));
            }
            match row.reading(&Looked::at(&example.said)) {
                None => return Err(format!("the example \"{}\" does not match", example.said)),
                Some(read) if read != wanted => {
                    return Err(format!("of \"{}\" it says {read:?}", example.said));
                }
                Some(_) => {}
            }
        }
        Ok(row)
    }
}

/// Reads one file of rows, and holds every row to its examples.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<Row>, BadRow> {
    rows(name, text, Written::proven)
}

/// Reads one file of rows that a test proves: what it claims is believed, and patterns are compiled when
/// they are needed.
pub(super) fn read_proven(name: &str, text: &str) -> Result<Vec<Row>, BadRow> {
    rows(name, text, |written| written.row(&|pattern| Ok(Lazy::known(pattern))))
}

fn rows(
    name: &str,
    text: &str,
    row: impl Fn(&Written) -> Result<Row, String>,
) -> Result<Vec<Row>, BadRow> {
    let bad = |row, what| BadRow { file: name.to_owned(), row, what };
    let file: File = toml::from_str(text).map_err(|error| bad(0, error.to_string()))?;
    let written = file.row.iter().enumerate();
    written.map(|(index, written)| row(written).map_err(|what| bad(index + 1, what))).collect()
}
