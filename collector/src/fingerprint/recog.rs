//! Fingerprints of Rapid7's Recog, read as they are: XML with patterns of Ruby and parameters.
//!
//! Of a file the first pattern that matches counts, as Recog has it. `matches` and `hw.device` become
//! ours by tables of data (`config/fingerprints/recog.toml`). What Rust's patterns cannot express
//! (looking around, going back) and what is matched on nothing that we read is left out and counted.
//! Patterns are compiled to be counted and dropped again; the first text at their place compiles them
//! anew, so that thousands of them cost nothing until they are needed.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::words::field_of;
use super::{BadRow, Class, Place, Reading, Software};

const DATA: &str = include_str!("../../../config/fingerprints/recog.toml");

/// What a row of Recog counts; rows of our own form count more.
const WEIGHT: u8 = 28;
/// Longest file, in octets.
pub const LONGEST_FILE: usize = 8 << 20;
/// Most fingerprints of a file.
const MOST: usize = 20_000;
/// Longest pattern, in octets.
const LONGEST_PATTERN: usize = 4_096;
/// Largest compiled pattern, in octets.
const LARGEST: usize = 2 << 20;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    matches: BTreeMap<String, Vec<String>>,
    device: BTreeMap<String, Class>,
}

static TABLES: LazyLock<Data> = LazyLock::new(|| toml::from_str(DATA).unwrap_or_default());

/// What was taken of a file, and what was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Fingerprints that are rows now.
    pub rows: usize,
    /// Fingerprints whose pattern cannot be expressed here.
    pub patterns: usize,
    /// Fingerprints that are matched on something that is not read here.
    pub elsewhere: usize,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
enum Value {
    Constant(String),
    Group(usize),
}

/// A fingerprint.
#[derive(Clone, Debug)]
pub(super) struct Fingerprint {
    pattern: String,
    flags: Flags,
    compiled: OnceLock<Option<Regex>>,
    values: BTreeMap<String, Value>,
}

#[derive(Clone, Copy, Debug)]
struct Flags {
    any_case: bool,
    dot_is_all: bool,
}

impl Flags {
    fn read(written: &str) -> Self {
        let has = |names: [&str; 2]| written.split([',', ' ', '|']).any(|it| names.contains(&it));
        Self {
            any_case: has(["REG_ICASE", "IGNORECASE"]),
            dot_is_all: has(["REG_DOT_NEWLINE", "REG_MULTILINE"]),
        }
    }
}

/// Ruby's pattern in Rust's words: `\h` is a hexadecimal digit, `\Z` the end.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            out.push(sign);
            continue;
        }
        match signs.next() {
            Some('h') => out.push_str("[0-9a-fA-F]"),
            Some('Z') => out.push_str(r"\n?\z"),
            Some('e') => out.push_str(r"\x1b"),
            Some(other) if other.is_ascii_alphanumeric() || other.is_ascii_punctuation() => {
                // Rust gives a meaning to these that Ruby does not.
                if !matches!(other, '<' | '>') {
                    out.push('\\');
                }
                out.push(other);
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

fn compiled(pattern: &str, flags: Flags) -> Option<Regex> {
    RegexBuilder::new(pattern)
        .case_insensitive(flags.any_case)
        .dot_matches_new_line(flags.dot_is_all)
        .multi_line(true)
        .size_limit(LARGEST)
        .build()
        .ok()
}

impl Fingerprint {
    /// What it says of a text.
    pub(super) fn reading(&self, text: &str) -> Option<Reading> {
        let regex = self.compiled.get_or_init(|| compiled(&self.pattern, self.flags)).as_ref()?;
        let found = regex.captures(text)?;
        let raw = |name: &str| -> Option<String> {
            match self.values.get(name)? {
                Value::Constant(value) => Some(value.clone()),
                Value::Group(at) => found.get(*at).map(|group| group.as_str().trim().to_owned()),
            }
        };
        let value = |name: &str| {
            let filled = fill(&raw(name)?, &raw);
            Some(filled).filter(|value| !value.is_empty())
        };
        Some(read(&value))
    }
}

/// A value with `{other.parameter}` replaced; what is not there is nothing.
fn fill(value: &str, raw: &impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        out.push_str(&raw(name).unwrap_or_default());
        rest = behind;
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// Parameters as claims. Only hardware says who made the device.
fn read(value: &impl Fn(&str) -> Option<String>) -> Reading {
    let class = value("hw.device").or_else(|| value("os.device"));
    let product = value("os.product").or_else(|| value("os.family"));
    let os = product.map(|product| match value("os.vendor") {
        // A distribution is known by its maker's name.
        Some(vendor) if product == "Linux" && vendor != "Linux" => vendor,
        _ => product,
    });
    let os = os.map(|name| match value("os.version") {
        Some(version) => format!("{name} {version}"),
        None => name,
    });
    Reading {
        class: class.and_then(|name| TABLES.device.get(&name.to_lowercase()).copied()),
        vendor: value("hw.vendor"),
        model: value("hw.product").or_else(|| value("hw.model")),
        version: value("hw.version").or_else(|| value("hw.firmware.version")),
        serial: value("hw.serial_number"),
        os,
        software: value("service.product")
            .map(|product| (product.into(), value("service.vendor").map(Into::into)))
            .map(|(product, vendor)| Software { product, vendor }),
        storage: None,
        weight: WEIGHT,
    }
}

/// The fingerprints of a file and the places at which they look.
///
/// # Errors
/// What is no XML of this form, or too large.
pub(super) fn parse(
    name: &str,
    xml: &str,
) -> Result<(Vec<Place>, Vec<Fingerprint>, Taken), BadRow> {
    let bad = |what: String| BadRow { file: name.to_owned(), row: 0, what };
    if xml.len() > LONGEST_FILE {
        return Err(bad(format!("it has more than {LONGEST_FILE} octets")));
    }
    let document = roxmltree::Document::parse(xml).map_err(|error| bad(error.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name("fingerprints") {
        return Err(bad("it is no <fingerprints>".to_owned()));
    }
    let matches = root.attribute("matches").unwrap_or_default();
    let fields = TABLES.matches.get(matches).map(Vec::as_slice).unwrap_or_default();
    let places: Vec<Place> = fields.iter().filter_map(|field| field_of(field)).collect();
    let written = root.children().filter(|node| node.has_tag_name("fingerprint")).take(MOST);
    let mut taken = Taken::default();
    let mut all = Vec::new();
    for node in written {
        if places.is_empty() {
            taken.elsewhere += 1;
        } else if let Some(fingerprint) = fingerprint(node) {
            taken.rows += 1;
            all.push(fingerprint);
        } else {
            taken.patterns += 1;
        }
    }
    Ok((places, all, taken))
}

fn fingerprint(node: roxmltree::Node<'_, '_>) -> Option<Fingerprint> {
    let pattern = translated(node.attribute("pattern")?);
    if pattern.len() > LONGEST_PATTERN {
        return None;
    }
    let flags = Flags::read(node.attribute("flags").unwrap_or_default());
    compiled(&pattern, flags)?;
    let mut values = BTreeMap::new();
    for param in node.children().filter(|child| child.has_tag_name("param")) {
        let (Some(name), Some(pos)) = (param.attribute("name"), param.attribute("pos")) else {
            continue;
        };
        let value = match pos.parse::<usize>() {
            Ok(0) => Value::Constant(param.attribute("value").unwrap_or_default().to_owned()),
            Ok(group) => Value::Group(group),
            Err(_) => continue,
        };
        values.insert(name.to_owned(), value);
    }
    Some(Fingerprint { pattern, flags, compiled: OnceLock::new(), values })
}

#[cfg(test)]
mod tests {
    use daicho_common::observation::said::Said;
    use daicho_common::observation::{Fact, Method};

    use super::super::Rows;
    use super::*;

    const SAMPLE: &str = r#"<?xml version="1.0"?>
<fingerprints matches="http_header.server" protocol="http" database_type="service">
  <fingerprint pattern="^Musterwerk (\h{2}\d) v([\d.]+)$" flags="REG_ICASE">
    <description>A printer that nobody makes</description>
    <example hw.product="Drucker A09">musterwerk A09 v9.1</example>
    <param pos="0" name="hw.vendor" value="Musterwerk"/>
    <param pos="0" name="hw.device" value="Printer"/>
    <param pos="1" name="hw.model"/>
    <param pos="0" name="hw.product" value="Drucker {hw.model}"/>
    <param pos="2" name="hw.version"/>
  </fingerprint>
  <fingerprint pattern="^Musterwerk">
    <description>Only the maker; a later one does not count</description>
    <param pos="0" name="hw.vendor" value="Andere"/>
  </fingerprint>
  <fingerprint pattern="^Muster(?=werk)"><description>looks around</description></fingerprint>
  <fingerprint pattern="^Beispiel/(\S+) \(Sampleix\)">
    <description>Software on a system</description>
    <param pos="0" name="service.vendor" value="Beispiel Project"/>
    <param pos="0" name="service.product" value="Beispiel"/>
    <param pos="0" name="os.vendor" value="Sampleix"/>
    <param pos="0" name="os.product" value="Linux"/>
    <param pos="0" name="os.version" value="9"/>
  </fingerprint>
</fingerprints>"#;

    fn server(text: &str) -> Fact {
        let mut said = Said::at(80);
        said.add("server", text.into());
        Fact::Said(Box::new(said))
    }

    #[test]
    fn a_file_is_read_as_it_is() {
        let mut rows = Rows::default();
        let taken = rows.add_recog("sample.xml", SAMPLE).unwrap();
        assert_eq!(taken, Taken { rows: 3, patterns: 1, elsewhere: 0 });
        let found = rows.matches(Some(Method::Http), &server("MUSTERWERK 0B7 v9.1"));
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(one.reading.class, Some(Class::Printer));
        assert_eq!(one.reading.vendor.as_deref(), Some("Musterwerk"));
        assert_eq!(one.reading.model.as_deref(), Some("Drucker 0B7"));
        assert_eq!(one.reading.version.as_deref(), Some("9.1"));
    }

    #[test]
    fn an_icon_is_known_by_its_md5_as_favicons_xml_has_it() {
        const ICONS: &str = r#"<fingerprints matches="favicon.md5" protocol="http">
  <fingerprint pattern="^(?:900150983cd24fb0d6963f7d28e17f72|0cc175b9c0f1b6a831c399e269772661)$">
    <description>A recorder that nobody makes</description>
    <param pos="0" name="hw.vendor" value="Musterwerk"/>
    <param pos="0" name="hw.device" value="NVR"/>
  </fingerprint>
</fingerprints>"#;
        let mut rows = Rows::default();
        let taken = rows.add_recog("favicons.xml", ICONS).unwrap();
        assert_eq!(taken, Taken { rows: 1, patterns: 0, elsewhere: 0 });
        let mut said = Said::at(80);
        said.add("favicon_md5", "0cc175b9c0f1b6a831c399e269772661".into());
        let found = rows.matches(Some(Method::Http), &Fact::Said(Box::new(said)));
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(one.reading.class, Some(Class::Camera));
        assert_eq!(one.reading.vendor.as_deref(), Some("Musterwerk"));
    }

    #[test]
    fn software_and_a_distribution_are_no_makers_of_the_device() {
        let mut rows = Rows::default();
        rows.add_recog("sample.xml", SAMPLE).unwrap();
        let found = rows.matches(Some(Method::Http), &server("Beispiel/9.9 (Sampleix)"));
        let reading = &found.first().unwrap().reading;
        assert_eq!((reading.vendor.as_deref(), reading.os.as_deref()), (None, Some("Sampleix 9")));
        let software = reading.software.as_ref().unwrap();
        assert_eq!(software.vendor.as_deref(), Some("Beispiel Project"));
    }

    #[test]
    fn what_is_matched_elsewhere_is_counted_and_what_is_no_recog_is_refused() {
        let mut rows = Rows::default();
        let elsewhere = SAMPLE.replace("http_header.server", "wireless.signal");
        let taken = rows.add_recog("e.xml", &elsewhere).unwrap();
        assert_eq!((taken.rows, taken.elsewhere), (0, 4));
        assert!(rows.is_empty());
        for text in ["", "<a/>", "<fingerprints", "<!DOCTYPE a [<!ENTITY b 'c'>]><fingerprints/>"] {
            assert!(rows.add_recog("bad.xml", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_that_names_itself_ends() {
        let raw = |name: &str| (name == "a").then(|| "{a}{b".to_owned());
        assert_eq!(fill("{a} {c} {", &raw), "{a}{b  {");
    }

    #[test]
    fn every_place_and_device_of_the_tables_is_known() {
        let data: Data = toml::from_str(DATA).unwrap();
        for field in data.matches.values().flatten() {
            assert!(field_of(field).is_some(), "{field}");
        }
        assert!(data.device.keys().all(|name| *name == name.to_lowercase()));
    }
}
