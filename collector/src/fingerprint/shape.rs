//! What a description says by the shape of its words, where nobody knows how its maker writes.
//!
//! Two questions only: which word is the model, and which the version. Every word gets points, for what
//! stands before and after it and for its letters and digits; the best counts if it has enough, so that
//! a doubtful one is rather none. The words and shapes are data (`config/fingerprints/shape.toml`).
//! It counts less than any row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::{Reading, pattern};

const SHIPPED: &str = include_str!("../../../config/fingerprints/shape.toml");

/// None only if the file shipped cannot be read, which a test rules out.
static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| parse(SHIPPED).ok());

/// What a model counts that was found by its shape.
const MODEL: u8 = 4;

/// What a version counts that was found by its shape.
const VERSION: u8 = 8;

/// Numbers of agents that speak inside somebody else's device, or of a host.
const ELSEWHERE: [&str; 2] = ["1.3.6.1.4.1.311", "1.3.6.1.4.1.1240"];

/// So far from the beginning a model is looked for, in octets.
const NEAR: usize = 100;

/// The file as written; unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    hosts: BTreeSet<String>,
    version: BTreeMap<String, i32>,
    words: Lists,
    patterns: BTreeMap<String, String>,
    example: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    others: BTreeSet<String>,
    others_begin: Vec<String>,
    named: BTreeSet<String>,
    named_with_colon: BTreeSet<String>,
    nouns: BTreeSet<String>,
    not_after: BTreeSet<String>,
    no_pair: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    said: String,
    model: Option<String>,
    version: Option<String>,
}

/// Words and shapes as meant.
struct Shapes {
    hosts: BTreeSet<String>,
    leads: BTreeMap<String, i32>,
    lists: Lists,
    no_model: Regex,
    date: Regex,
    version: Regex,
    led: Regex,
    joined: Regex,
    file: Regex,
    card: Regex,
    series: Regex,
}

/// A word with where it stands.
#[derive(Clone)]
struct Word<'t> {
    text: &'t str,
    low: String,
    /// What stands between it and the word before.
    gap: &'t str,
    at: usize,
}

/// Whether the text has a digit.
fn has_digit(text: &str) -> bool {
    text.bytes().any(|octet| octet.is_ascii_digit())
}

fn has_letter(text: &str) -> bool {
    text.bytes().any(|octet| octet.is_ascii_alphabetic())
}

/// The words of a text, at most so many as a description may have.
fn words(text: &str) -> Vec<Word<'_>> {
    let ends = |sign: char| sign.is_whitespace() || ",;|()\"[]=<>".contains(sign);
    let (mut found, mut last, mut start) = (Vec::new(), 0, None);
    let ended = text.char_indices().chain([(text.len(), ' ')]);
    for (at, sign) in ended {
        // A word with a colon behind letters ends there: what follows is its value.
        let colon = sign == ':'
            && start.is_some_and(|start| {
                text.get(start..at)
                    .is_some_and(|word| word.ends_with(|it: char| it.is_alphabetic()))
            });
        match start {
            None if !ends(sign) => start = Some(at),
            Some(begin) if ends(sign) || colon => {
                let whole = text.get(begin..at).unwrap_or_default();
                let bare = whole.trim_matches(|it| ".'`*#\\:".contains(it));
                if !bare.is_empty() {
                    let gap = text.get(last..begin).unwrap_or_default();
                    found.push(Word { text: bare, low: bare.to_lowercase(), gap, at: begin });
                    last = at;
                }
                start = None;
            }
            None | Some(_) => {}
        }
    }
    found
}

/// The best of the candidates, the earlier of two that are as good.
fn best(candidates: impl Iterator<Item = (i32, String)>, least: i32) -> Option<String> {
    let better = |best: Option<(i32, String)>, next: (i32, String)| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => Some(next),
    };
    candidates.fold(None, better).filter(|(points, _)| *points >= least).map(|(_, word)| word)
}

impl Shapes {
    /// What the description says of the model and of the version.
    fn read(&self, description: &str) -> (Option<String>, Option<String>) {
        let text =
            description.trim_matches(|sign: char| sign.is_whitespace() || "\"'\\".contains(sign));
        let all = words(text);
        if all.first().is_none_or(|first| self.hosts.contains(first.low.as_str())) {
            return (None, None);
        }
        let line = text.lines().next().unwrap_or_default();
        let first_line: Vec<_> = all.iter().filter(|word| word.at < line.len()).cloned().collect();
        let card = self.card.is_match(text);
        let end = if card { 0 } else { first_line.len() };
        let models = (0..end).filter_map(|at| self.as_model(&first_line, at));
        let versions = (0..all.len()).filter_map(|at| self.as_version(&all, at));
        (best(models, 180), best(versions, 80))
    }

    fn belongs_elsewhere(&self, word: &str) -> bool {
        let word = word.trim_end_matches('.');
        self.lists.others.contains(word)
            || self.lists.others_begin.iter().any(|begin| word.starts_with(begin.as_str()))
    }

    /// How surely the words before lead to a version, the nearest first; none if it is another's.
    fn lead(&self, before: &[&str], looks_like_one: bool) -> Option<i32> {
        let mut lead = 0;
        for (distance, word) in (0_i32..).zip(before.iter().take(3)) {
            if self.belongs_elsewhere(word) {
                return None;
            }
            if let Some(strength) = self.leads.get(word.trim_end_matches('.')) {
                lead = lead.max(strength - distance * 4);
            } else if distance == 0
                && ["os", "ware", "sw", "fw"].iter().any(|it| word.ends_with(it))
            {
                return Some(36);
            } else if distance == 0 && !looks_like_one || has_digit(word) {
                break;
            }
        }
        Some(lead)
    }

    /// The word as a version, with ten times its points.
    fn as_version(&self, all: &[Word<'_>], at: usize) -> Option<(i32, String)> {
        let word = all.get(at).filter(|word| has_digit(word.text))?;
        let mut before: Vec<&str> =
            all.get(..at)?.iter().rev().take(3).map(|it| it.low.as_str()).collect();
        let (mut version, name) = (word.text, self.name_of(word.text).map(str::to_lowercase));
        if let Some(name) = &name {
            version = version.get(name.len() + 1..)?;
            before.insert(0, name);
        }
        if self.file.is_match(version) {
            return None;
        }
        let looks_like_one = self.version.is_match(version);
        let lead = self.lead(&before, looks_like_one)?;
        if self.no_model.is_match(version) && (lead == 0 || !self.led.is_match(version)) {
            return None;
        }
        let is_date = self.date.is_match(version) && lead < 45;
        let weak = !looks_like_one
            && (lead < 45
                || version.len() < 2
                || !self.led.is_match(version)
                || !version.contains('.'));
        if is_date || weak && !(lead >= 38 && version.starts_with(['v', 'V'])) {
            return None;
        }
        let marked = version.starts_with(['v', 'V']);
        let dots = version.matches('.').count();
        let address = dots == 3 && version.parse::<std::net::Ipv4Addr>().is_ok();
        let mut points = lead * 10;
        points += if looks_like_one { 250 } else { 0 };
        points += if marked { 50 } else { 0 };
        points -= if address && lead == 0 { 100 } else { 0 };
        points -= if lead == 0 && dots < 2 && !marked { 120 } else { 0 };
        points -= i32::try_from(word.at / 5).unwrap_or(i32::MAX);
        Some((points, version.to_owned()))
    }

    /// The name before a version that is written behind it with a dash.
    fn name_of<'t>(&self, word: &'t str) -> Option<&'t str> {
        if self.version.is_match(word) {
            return None;
        }
        Some(self.joined.captures(word)?.name("name")?.as_str())
    }

    /// The word as a model, or with the word before it, with ten times its points.
    fn as_model(&self, all: &[Word<'_>], at: usize) -> Option<(i32, String)> {
        let word = all.get(at).filter(|word| has_digit(word.text))?;
        if self.file.is_match(word.text) {
            return None;
        }
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let low = before.map_or("", |before| before.low.trim_end_matches('.'));
        let followed = all.get(at + 1..at + 3).or(all.get(at + 1..)).unwrap_or_default();
        let in_series = followed.iter().any(|next| next.low == "series" || next.low == "family");
        if in_series && self.series.is_match(word.text) {
            return None;
        }
        // The name of an image of a series, which its file is called after.
        let of_image = followed.first().is_some_and(|next| next.low == "software")
            && followed.get(1).is_some_and(|next| next.low.starts_with(&format!("{}-", word.low)));
        if of_image {
            return None;
        }
        let noun = followed.iter().any(|next| self.lists.nouns.contains(next.low.as_str()));
        let place = i32::try_from(word.at.min(NEAR) * 2).unwrap_or(i32::MAX);
        if let Some(name) = self.name_of(word.text).filter(|_| word.at <= NEAR) {
            let system = name.to_lowercase().ends_with("os");
            let stands = has_digit(name) || at == 0 && all.len() < 3 && !system;
            return stands.then(|| (300 - place + if at == 0 { 150 } else { 0 }, name.to_owned()));
        }
        let named = self.lists.named.contains(low)
            || word.gap.contains([':', '=']) && self.lists.named_with_colon.contains(low);
        if word.at > NEAR && !named {
            return None;
        }
        // What stands in or behind a bracket without a space is a part of what stood before it.
        let goes_on = word.gap.ends_with([')', ']'])
            || word.gap.starts_with(['(', '['])
                && before.is_some_and(|before| has_digit(before.text));
        let fits = self.may_be_a_model(word.text) && !goes_on;
        if !fits || !named && self.lists.not_after.contains(low) {
            return None;
        }
        if !has_letter(word.text) {
            let before = before.filter(|before| self.goes_with_a_number(before, word))?;
            let points = 205 - place + if at <= 2 { 60 } else { 0 } + if noun { 50 } else { 0 };
            return Some((points, format!("{} {}", before.text, word.text)));
        }
        // Two or three signs are too few to be one by themselves: `Sample 4E`.
        let short = word.text.len() < 4;
        let name = before
            .filter(|before| short && self.is_a_name(before) && !word.gap.contains([',', ';']));
        if word.text.len() < 3 && name.is_none() {
            return None;
        }
        let capitals = word.text.bytes().take_while(u8::is_ascii_uppercase).count();
        let mut points = 300 - place;
        points += if named { 450 } else { 0 };
        points += if at == 0 { 150 } else { 0 };
        points += if capitals > 0 { 50 } else { -60 };
        points += if capitals > 1 { 40 } else { 0 };
        points += if noun { 80 } else { 0 };
        points += if all.len() == 1 { 50 } else { 0 };
        // A serial number, rather.
        let serial = word.text.len() > 11
            && word.text.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
        points -= if serial { 600 } else { 0 };
        let model = name.map(|name| format!("{} {}", name.text, word.text));
        Some((points, model.unwrap_or_else(|| word.text.to_owned())))
    }

    fn may_be_a_model(&self, word: &str) -> bool {
        (2..=36).contains(&word.len())
            && !word.contains([':', '@'])
            && word.matches('.').count() < 2
            && !word
                .as_bytes()
                .windows(3)
                .any(|it| matches!(it, [a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit()))
            && word.matches('/').count() < 3
            && ![&self.no_model, &self.date, &self.version].iter().any(|it| it.is_match(word))
            && !word.to_lowercase().trim_start_matches('v').starts_with(['.', ' '])
    }

    /// Whether a word may be the first part of a model: `Sample` of `Sample 3320`.
    fn is_a_name(&self, word: &Word<'_>) -> bool {
        let lists = [&self.lists.no_pair, &self.lists.nouns, &self.lists.not_after];
        word.text.len() > 2
            && word.text.chars().all(|it| it.is_alphabetic() || it == '-')
            && word.text.starts_with(|it: char| it.is_ascii_uppercase())
            && !lists.iter().any(|list| list.contains(word.low.as_str()))
    }

    /// Whether a word and the bare number behind it are a model together.
    fn goes_with_a_number(&self, before: &Word<'_>, number: &Word<'_>) -> bool {
        self.is_a_name(before)
            && (3..=5).contains(&number.text.len())
            && !number.text.starts_with('0')
            && number.text.bytes().all(|it| it.is_ascii_digit())
            && number.gap.chars().all(char::is_whitespace)
    }
}

fn shapes(file: &mut File) -> Result<[Regex; 8], String> {
    let mut take = |name: &str| {
        let pattern = file.patterns.remove(name).ok_or_else(|| format!("no pattern {name}"))?;
        pattern::compile(&pattern).map_err(|error| error.to_string())
    };
    let all = [
        take("no_model")?,
        take("date")?,
        take("version")?,
        take("led")?,
        take("joined")?,
        take("file")?,
        take("card")?,
        take("series")?,
    ];
    file.patterns.keys().next().map_or(Ok(all), |name| Err(format!("what is {name}?")))
}

/// Reads the file and holds it to its examples.
fn parse(text: &str) -> Result<Shapes, String> {
    let mut file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let [no_model, date, version, led, joined, of_a_file, card, series] = shapes(&mut file)?;
    let File { hosts, version: leads, words: lists, example, .. } = file;
    let shapes = Shapes {
        hosts,
        leads,
        lists,
        no_model,
        date,
        version,
        led,
        joined,
        file: of_a_file,
        card,
        series,
    };
    for Example { said, model, version } in example {
        let read = shapes.read(&said);
        if read != (model, version) {
            return Err(format!("of \"{said}\" it says {read:?}"));
        }
    }
    Ok(shapes)
}

/// Whether it is a device that describes itself, and not something inside of it.
pub(super) fn is_its_own(object_id: &str) -> bool {
    !ELSEWHERE.iter().any(|of| object_id.starts_with(of))
}

/// What the shape of a description says.
pub(super) fn read(description: &str) -> Vec<Reading> {
    let Some(shapes) = SHAPES.as_ref() else { return Vec::new() };
    let (model, version) = shapes.read(description);
    let model = model.map(|it| Reading { model: Some(it), weight: MODEL, ..Reading::default() });
    let version =
        version.map(|it| Reading { version: Some(it), weight: VERSION, ..Reading::default() });
    model.into_iter().chain(version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_shipped_proves_its_examples() {
        parse(SHIPPED).map(drop).unwrap();
    }

    #[test]
    fn no_text_is_too_long_and_no_sign_too_strange() {
        let shapes = parse(SHIPPED).unwrap();
        for text in ["", ":", "\"", "é:9.9", "𝔘9-𝔘", &"ａ１:1.2 ".repeat(9_000), "-_-_9.9"]
        {
            shapes.read(text);
        }
    }
}
