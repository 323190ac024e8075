//! What the first texts of a maker's own tree say of a device, where no table of the maker is known.
//!
//! Nobody knows what stands where in such a tree. But makers put what a device is side by side: its
//! model, which sysDescr mostly says too, its version and its serial number. So texts are read by their
//! shapes (`config/inventory/enterprise.toml`), and believed where another of the three stands beside
//! them, or where nothing else in the tree has that shape. What is found here is a guess, counts less
//! than any row, and joins no devices ([`crate::fingerprint::DOUBTFUL`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use daicho_common::observation::ObservationId;
use regex::Regex;
use serde::Deserialize;

use super::{Claimed, Told, of, text};
use crate::fingerprint::{Reading, pattern, spelling};

/// Under which name the agent tells such texts, and in which column.
const TABLE: &str = "enterprises";
const COLUMN: &str = "value";

/// What each of them counts: more than the shape of a description's words where sysDescr agrees.
const MODEL: u8 = 5;
const VERSION: u8 = 9;
const SERIAL: u8 = 8;

/// What a version counts that may be a measure: less than that shape.
const NUMBER: u8 = 7;

/// More texts side by side are a list of something else.
const MANY: usize = 24;

const SHIPPED: &str = include_str!("../../../config/inventory/enterprise.toml");

/// None only if the file shipped cannot be read, which a test rules out.
static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| parse(SHIPPED).ok());

/// The file as written; unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    nothing: String,
    version: String,
    number: String,
    serial: String,
    model: String,
    part: String,
    example: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    description: String,
    said: BTreeMap<String, String>,
    model: Option<String>,
    version: Option<String>,
    serial: Option<String>,
}

/// The patterns as meant.
struct Shapes {
    nothing: Regex,
    version: Regex,
    number: Regex,
    serial: Regex,
    model: Regex,
    part: Regex,
}

/// What may be what, of texts side by side.
#[derive(Default)]
struct Group<'t> {
    versions: Vec<&'t str>,
    /// Versions, or measures.
    numbers: Vec<&'t str>,
    serials: Vec<&'t str>,
    /// Serial numbers of digits only.
    digits: Vec<&'t str>,
    /// Models that sysDescr says too, in its order.
    models: Vec<&'t str>,
    /// Other models.
    others: Vec<&'t str>,
    /// Whether they are objects of which there is one each.
    scalars: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    model: Option<String>,
    version: Option<String>,
    serial: Option<String>,
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Whether a text has more than three different signs: others were filled in.
fn varies(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_alphanumeric).collect::<BTreeSet<u8>>().len() > 3
}

impl Group<'_> {
    /// How surely the texts are those of the device itself.
    fn points(&self) -> usize {
        let sure = [&self.versions, &self.serials, &self.models];
        let maybe = [&self.numbers, &self.digits];
        let some = |lists: &[&Vec<&str>]| lists.iter().filter(|list| !list.is_empty()).count();
        3 * some(&sure) + some(&maybe) + usize::from(self.scalars)
    }

    fn version(&self) -> Option<&str> {
        let sure = self.versions.first();
        let beside = !self.serials.is_empty() || !self.models.is_empty();
        sure.or_else(|| self.numbers.first().filter(|_| beside)).copied()
    }

    fn serial(&self) -> Option<&str> {
        let beside = !self.versions.is_empty() || !self.models.is_empty();
        if beside || !self.numbers.is_empty() {
            // A part number may look like one, with fewer digits.
            let most = self.serials.iter().rev().max_by_key(|it| digits(it));
            if let Some(most) = most {
                return Some(most);
            }
        }
        self.digits.first().filter(|_| beside).copied()
    }
}

impl Shapes {
    fn group<'t>(&self, texts: &[&'t str], scalars: bool, description: &str) -> Group<'t> {
        let mut group = Group { scalars, ..Group::default() };
        let said = |text: &str| {
            let folded = spelling::fold(text);
            description.find(&folded).filter(|_| folded.len() > 3)
        };
        let mut models = Vec::new();
        for text in texts.iter().copied() {
            let letters = text.bytes().any(|it| it.is_ascii_alphabetic());
            let is_model = letters && self.model.is_match(text) && !self.part.is_match(text);
            if self.number.is_match(text) {
                group.numbers.extend(Some(text).filter(|_| scalars));
            } else if self.version.is_match(text) {
                group.versions.push(text);
            } else if let (true, Some(at)) = (is_model, said(text)) {
                models.push((at, std::cmp::Reverse(text.len()), text));
            } else if !letters && (8..=20).contains(&text.len()) && digits(text) == text.len() {
                group.digits.extend(Some(text).filter(|_| scalars && varies(text)));
            } else {
                if self.is_serial(text) && said(text).is_none() {
                    group.serials.push(text);
                }
                group.others.extend(Some(text).filter(|_| is_model && text.len() < 32));
            }
        }
        models.sort_unstable();
        group.models = models.into_iter().map(|(.., text)| text).collect();
        group
    }

    fn is_serial(&self, text: &str) -> bool {
        (7..=24).contains(&text.len())
            && digits(text) > 3
            && self.serial.is_match(text)
            && !self.part.is_match(text)
            && varies(text)
    }

    /// What texts of a tree say, each with the identifier of its object.
    fn read(&self, said: &[(&[u32], String)], description: &str) -> Found {
        let mut together: BTreeMap<(&[u32], u32), Vec<&str>> = BTreeMap::new();
        for (index, text) in said {
            let [before @ .., _, last] = index else { continue };
            if !self.nothing.is_match(text) {
                together.entry((before, *last)).or_default().push(text);
            }
        }
        let description = spelling::fold(description);
        let few = together.into_iter().filter(|(_, texts)| texts.len() <= MANY);
        let groups: Vec<(u32, Group<'_>)> = few
            .map(|((_, last), texts)| (last, self.group(&texts, last == 0, &description)))
            .collect();
        found(&groups)
    }
}

/// The only one of its shape in the whole tree.
fn alone<'t>(all: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let all: BTreeSet<&str> = all.collect();
    all.first().copied().filter(|_| all.len() == 1)
}

fn found(groups: &[(u32, Group<'_>)]) -> Found {
    let best = groups.iter().rev().max_by_key(|(_, group)| group.points());
    let Some((_, best)) = best else { return Found::default() };
    let first = || groups.iter().filter(|(last, _)| *last <= 1).map(|(_, group)| group);
    let version =
        best.version().or_else(|| alone(first().flat_map(|group| group.versions.iter().copied())));
    let long = |text: &&str| text.len() > 8 && digits(text) > 5;
    let serial = best
        .serial()
        .or_else(|| alone(first().flat_map(|group| group.serials.iter().copied()).filter(long)));
    let model = best.models.first().copied().or_else(|| {
        let sure = best.scalars && best.version().is_some() && best.serial().is_some();
        best.others.iter().copied().find(|it| sure && Some(*it) != serial)
    });
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Found { model: owned(model), version: owned(version), serial: owned(serial) }
}

/// Reads the file and holds it to its examples.
fn parse(file: &str) -> Result<Shapes, String> {
    let file: File = toml::from_str(file).map_err(|error| error.to_string())?;
    let regex = |written: &str| pattern::compile(written).map_err(|error| error.to_string());
    let shapes = Shapes {
        nothing: regex(&file.nothing)?,
        version: regex(&file.version)?,
        number: regex(&file.number)?,
        serial: regex(&file.serial)?,
        model: regex(&file.model)?,
        part: regex(&file.part)?,
    };
    for Example { description, said, model, version, serial } in file.example {
        let numbers = |id: &str| id.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        let mut objects = Vec::new();
        for (id, text) in &said {
            objects.push((numbers(id).map_err(|error| error.to_string())?, normal(text)));
        }
        objects.sort_unstable();
        let objects: Vec<(&[u32], String)> =
            objects.iter().map(|(id, text)| (id.as_slice(), text.clone())).collect();
        let read = shapes.read(&objects, &description);
        if read != (Found { model, version, serial }) {
            return Err(format!("of {said:?} it says {read:?}"));
        }
    }
    Ok(shapes)
}

/// With one space where there are some.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Below which every maker has a tree (RFC 2578).
const ENTERPRISES: &str = "1.3.6.1.4.1";

/// Numbers of Net-SNMP and of its forerunner, which say nothing of a maker.
const NOBODY: [&str; 2] = ["8072", "2021"];

/// The number of the maker in this sysObjectID; `None` if it does not say whose the device is.
pub fn maker(object_id: &str) -> Option<&str> {
    let number = object_id.strip_prefix(ENTERPRISES)?.strip_prefix('.')?.split('.').next()?;
    Some(number).filter(|number| !NOBODY.contains(number))
}

/// The identifier of the maker's tree that was read, if it is the only one.
pub fn tree(told: &[Told<'_>]) -> Option<(String, Vec<ObservationId>)> {
    let (mut numbers, mut sources) = (BTreeSet::new(), BTreeSet::new());
    for (row, from) in of(told, TABLE) {
        numbers.extend(row.index.first().copied());
        sources.extend(from.iter().copied());
    }
    let number = numbers.first().filter(|_| numbers.len() == 1)?;
    Some((format!("{ENTERPRISES}.{number}"), sources.into_iter().collect()))
}

/// What the texts of the maker's tree say of a device that describes itself like this.
pub fn read(description: &str, told: &[Told<'_>]) -> Vec<Claimed> {
    let (mut said, mut sources) = (Vec::new(), BTreeSet::new());
    for (row, from) in of(told, TABLE) {
        let Some(text) = row.cells.get(COLUMN).and_then(text) else { continue };
        said.push((row.index.as_slice(), normal(&text)));
        sources.extend(from.iter().copied());
    }
    // Most devices have no such tree, and reading the shapes takes time.
    if said.is_empty() {
        return Vec::new();
    }
    let Some(shapes) = SHAPES.as_ref() else { return Vec::new() };
    let Found { model, version, serial } = shapes.read(&said, description);
    let all = [
        model.map(|it| Reading { model: Some(it), weight: MODEL, ..Reading::default() }),
        version.map(|it| {
            let weight = if shapes.number.is_match(&it) { NUMBER } else { VERSION };
            Reading { version: Some(it), weight, ..Reading::default() }
        }),
        serial.map(|it| Reading { serial: Some(it), weight: SERIAL, ..Reading::default() }),
    ];
    let sources: Vec<_> = sources.into_iter().collect();
    let claimed = |reading| Claimed { reading, sources: sources.clone() };
    all.into_iter().flatten().map(claimed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_shipped_proves_its_examples() {
        parse(SHIPPED).map(drop).unwrap();
    }

    #[test]
    fn a_tree_of_anything_says_nothing_and_does_no_harm() {
        let shapes = parse(SHIPPED).unwrap();
        let strange = ["", "-", "é9", "１２", &"9.".repeat(9_000), "A-A-A-1111"];
        let said: Vec<(&[u32], String)> =
            strange.iter().map(|text| ([].as_slice(), (*text).to_owned())).collect();
        assert_eq!(shapes.read(&said, ""), Found::default());
        for text in strange {
            shapes.read(&[([9, 1, 0].as_slice(), text.to_owned())], text);
        }
    }
}
