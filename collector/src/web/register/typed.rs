//! A form as it was typed, as a record; and a record as a form shows it. Both are texts by the path of
//! their field: `name`, `contacts.0.reach`. What is wrong is told by the same paths.

use std::collections::BTreeMap;

use daicho_common::addr::Mac;
use serde_json::{Map, Value};

use super::kinds::{Shape, Spec, fields};
use crate::ledger::date::{PartialDate, dates};
use crate::register::{Kind, Record};
use crate::words::{Lang, Word};

/// Longest text of a field, in characters.
pub(super) const LINE: usize = 500;
/// Longest text of a field with a line each, in characters.
const LINES: usize = 20_000;
/// Longest name of a record.
const NAME: usize = 64;
/// Most groups of a list.
pub(super) const GROUPS: usize = 50;

/// Texts by the path of their field.
pub(super) type Texts = BTreeMap<String, String>;

/// What is wrong, by the path of the field.
pub(super) type Wrongs = BTreeMap<String, String>;

/// Texts of a form. Of fields that come several times every text counts, a line each.
pub(super) fn texts(body: &[u8]) -> Texts {
    let mut texts = Texts::new();
    for (name, value) in form_urlencoded::parse(body) {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let kept = texts.entry(name.into_owned()).or_default();
        if !kept.is_empty() {
            kept.push('\n');
        }
        kept.push_str(value);
    }
    texts
}

/// A record as texts.
pub(super) fn of(record: &Record) -> Texts {
    let mut texts = Texts::new();
    let value = record.to_json().ok().and_then(|json| serde_json::from_str(&json).ok());
    let value: Value = value.unwrap_or_default();
    for spec in fields(record.kind()) {
        flatten(
            &mut texts,
            spec.name.to_owned(),
            (spec, value.get(spec.name).unwrap_or(&Value::Null)),
        );
    }
    texts
}

fn flatten(texts: &mut Texts, path: String, (spec, value): (&Spec, &Value)) {
    match (&spec.shape, value) {
        (Shape::Group(specs), value) => {
            for spec in *specs {
                flatten(texts, format!("{path}.{}", spec.name), (spec, &value[spec.name]));
            }
        }
        (Shape::List(specs), Value::Array(groups)) => {
            for (index, group) in groups.iter().enumerate() {
                for spec in *specs {
                    let path = format!("{path}.{index}.{}", spec.name);
                    flatten(texts, path, (spec, &group[spec.name]));
                }
            }
        }
        (_, Value::Null) => {}
        (_, Value::Array(items)) => {
            let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.insert(path, lines.join("\n"));
        }
        (_, Value::Bool(yes)) => {
            texts.insert(path, if *yes { "yes" } else { "no" }.to_owned());
        }
        (_, Value::String(text)) => {
            texts.insert(path, text.clone());
        }
        (_, value) => {
            texts.insert(path, value.to_string());
        }
    }
}

/// The record that the texts make.
///
/// # Errors
/// What is wrong, by the path of the field.
pub(super) fn record(
    lang: Lang,
    (kind, id): (Kind, &str),
    texts: &Texts,
) -> Result<Record, Wrongs> {
    let mut reading = Reading { lang, texts, wrongs: Wrongs::new() };
    let mut value = reading.group("", fields(kind));
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.is_empty() || id.chars().count() > NAME || !id.chars().all(is_name) {
        reading.wrong("id", Word::FormWrongId);
    }
    value.insert("id".into(), id.into());
    if !reading.wrongs.is_empty() {
        return Err(reading.wrongs);
    }
    Record::from_json(kind, &Value::Object(value).to_string()).map_err(|error| {
        tracing::warn!(%error, "a form made no record");
        Wrongs::from([("id".into(), lang.say(Word::FailureRecord).to_owned())])
    })
}

struct Reading<'a> {
    lang: Lang,
    texts: &'a Texts,
    wrongs: Wrongs,
}

impl Reading<'_> {
    fn wrong(&mut self, path: &str, word: Word) {
        self.wrongs.entry(path.to_owned()).or_insert_with(|| self.lang.say(word).to_owned());
    }

    fn wrong_with(&mut self, path: &str, text: String) {
        self.wrongs.entry(path.to_owned()).or_insert(text);
    }

    fn group(&mut self, under: &str, specs: &[Spec]) -> Map<String, Value> {
        let mut group = Map::new();
        for spec in specs {
            let path = format!("{under}{}", spec.name);
            if let Some(value) = self.value(&path, spec) {
                group.insert(spec.name.to_owned(), value);
            }
        }
        group
    }

    /// Whether anything was typed below this path.
    fn has(&self, path: &str) -> bool {
        let under = format!("{path}.");
        self.texts.range(under.clone()..).next().is_some_and(|(name, _)| name.starts_with(&under))
    }

    fn value(&mut self, path: &str, spec: &Spec) -> Option<Value> {
        if let Shape::Group(specs) = spec.shape {
            return self.has(path).then(|| Value::Object(self.group(&format!("{path}."), specs)));
        }
        if let Shape::List(specs) = spec.shape {
            let mut groups = Vec::new();
            for index in 0..GROUPS {
                let at = format!("{path}.{index}");
                if self.has(&at) {
                    groups.push(Value::Object(self.group(&format!("{at}."), specs)));
                }
            }
            return Some(groups.into());
        }
        self.single(path, spec)
    }

    fn single(&mut self, path: &str, spec: &Spec) -> Option<Value> {
        let text = self.texts.get(path).cloned().unwrap_or_default();
        if spec.required && text.is_empty() {
            self.wrong(path, Word::FormWrongRequired);
            return None;
        }
        let many = matches!(spec.shape, Shape::Numbers | Shape::Macs);
        let most = if many { LINES } else { LINE };
        if text.chars().count() > most {
            let said = self.lang.fill(Word::FormWrongLong, &[&most]);
            self.wrong_with(path, said);
            return None;
        }
        match spec.shape {
            Shape::Yes => Some((text == "yes").into()),
            Shape::Perhaps => match text.as_str() {
                "yes" => Some(true.into()),
                "no" => Some(false.into()),
                _ => None,
            },
            Shape::Many(choices) => self.many(path, choices, &text),
            Shape::Parties | Shape::Numbers => {
                Some(lines(&text).map(Value::from).collect::<Vec<_>>().into())
            }
            Shape::Macs => self.macs(path, &text),
            Shape::Date
            | Shape::Number
            | Shape::One(_)
            | Shape::Line
            | Shape::Party
            | Shape::Contract
            | Shape::Group(_)
            | Shape::List(_) => {
                if text.is_empty() {
                    None
                } else {
                    self.one(path, spec.shape, text)
                }
            }
        }
    }

    /// A single value that was typed.
    fn one(&mut self, path: &str, shape: Shape, text: String) -> Option<Value> {
        if let Shape::One(choices) = shape
            && !choices.iter().any(|(value, _)| *value == text)
        {
            self.wrong(path, Word::FormWrongChoice);
            return None;
        }
        if matches!(shape, Shape::Date) {
            return self.date(path, &text);
        }
        if matches!(shape, Shape::Number) {
            let number = text.parse::<u32>();
            return number
                .map_err(|_| self.wrong(path, Word::FormWrongNumber))
                .ok()
                .map(Value::from);
        }
        Some(text.into())
    }

    fn many(&mut self, path: &str, choices: &[(&str, Word)], text: &str) -> Option<Value> {
        let known = |line: &&str| choices.iter().any(|(value, _)| value == line);
        if !lines(text).all(|line| known(&line)) {
            self.wrong(path, Word::FormWrongChoice);
            return None;
        }
        Some(lines(text).map(Value::from).collect::<Vec<_>>().into())
    }

    fn macs(&mut self, path: &str, text: &str) -> Option<Value> {
        let mut macs = Vec::new();
        for line in lines(text) {
            let Ok(mac) = line.parse::<Mac>() else {
                let said = self.lang.fill(Word::FormWrongMac, &[&line]);
                self.wrong_with(path, said);
                return None;
            };
            macs.push(Value::from(mac.to_string()));
        }
        Some(macs.into())
    }

    fn date(&mut self, path: &str, text: &str) -> Option<Value> {
        let read = date(text);
        if read.is_none() {
            self.wrong(path, Word::FormWrongDate);
        }
        read.map(|date| date.to_string().into())
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ',', '、']).map(str::trim).filter(|line| !line.is_empty())
}

/// The date that was typed, in any form that ledgers write; none if it is none, or more than one.
pub(in crate::web) fn date(text: &str) -> Option<PartialDate> {
    text.parse().ok().or_else(|| match dates(text).as_slice() {
        [date] => Some(*date),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::Register;

    const SAMPLE: &str = include_str!("../../../../config/register/sample.toml");

    #[test]
    fn every_record_of_the_sample_comes_back_from_its_form_as_it_was() {
        for record in Register::parse(SAMPLE).unwrap().records() {
            if record.kind() == Kind::Stocktaking {
                continue;
            }
            let back = self::record(Lang::Ja, (record.kind(), record.id()), &of(&record));
            assert_eq!(back, Ok(record));
        }
    }

    fn wrongs(kind: Kind, form: &str) -> Vec<String> {
        let made = record(Lang::Ja, (kind, "x"), &texts(form.as_bytes()));
        made.unwrap_err().into_keys().collect()
    }

    #[test]
    fn what_is_wrong_is_told_field_by_field_and_all_at_once() {
        assert_eq!(
            wrongs(Kind::Byod, "owner=a&macs=zz&from=soon&until=2026-13"),
            ["device", "from", "macs", "permitted_by", "purpose", "until"]
        );
        assert_eq!(
            wrongs(Kind::Party, "name=a&roles=king&contacts.1.name=b"),
            ["contacts.1.reach", "roles"]
        );
        assert_eq!(wrongs(Kind::Keeper, "asset_number=a&days=-1"), ["days"]);
        let long = format!("name={}&party=p&from=2026", "長".repeat(LINE + 1));
        assert_eq!(wrongs(Kind::Contract, &long), ["name"]);
        let made = record(Lang::Ja, (Kind::Party, "a b"), &texts(b"name=a"));
        assert!(made.unwrap_err().contains_key("id"));
    }

    #[test]
    fn dates_are_taken_in_every_form_that_ledgers_write() {
        for text in ["2026-04-01", "令和8年4月1日", "R8.4.1", "2026/4/1"] {
            assert_eq!(date(text), "2026-04-01".parse().ok(), "{text}");
        }
        assert_eq!(date("2026/4/1 2026/5/1"), None);
        assert_eq!(date("いつか"), None);
    }

    #[test]
    fn empty_groups_between_filled_ones_are_left_out_and_the_order_is_kept() {
        let form =
            "name=a&contacts.0.name=x&contacts.0.reach=1&contacts.3.name=y&contacts.3.reach=2";
        let made = record(Lang::Ja, (Kind::Party, "p"), &texts(form.as_bytes())).unwrap();
        let Record::Party(party) = made else { panic!() };
        let names: Vec<&str> = party.contacts.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((names, party.safety_manager), (vec!["x", "y"], None));
    }
}
