//! The fields of a form of settings: what is typed as texts, and texts as fields, with what was wrong
//! beside each.

use std::collections::BTreeMap;

use crate::settings::Flaw;
use crate::words::{Lang, Word};

/// What stands in a form, by the names of its fields; what comes several times is a line each.
pub(super) type Texts = BTreeMap<String, String>;

/// The fields of a form as they were sent, trimmed but for secrets.
pub(super) fn texts(body: &[u8]) -> Texts {
    let mut texts = Texts::new();
    for (name, value) in form_urlencoded::parse(body) {
        let secret = is_secret(&name);
        let value = if secret { value.into_owned() } else { value.trim().to_owned() };
        match texts.get_mut(&*name) {
            None => _ = texts.insert(name.into_owned(), value),
            Some(known) => {
                known.push('\n');
                known.push_str(&value);
            }
        }
    }
    texts
}

/// Whether what stands in the field is never shown again.
pub(super) fn is_secret(name: &str) -> bool {
    matches!(name, "community" | "auth_password" | "privacy_password" | "password" | "key" | "url")
}

/// The text of a field; empty if it did not come.
pub(super) fn text<'t>(texts: &'t Texts, name: &str) -> &'t str {
    texts.get(name).map_or("", String::as_str)
}

/// The same, if something was typed.
pub(super) fn some(texts: &Texts, name: &str) -> Option<String> {
    Some(text(texts, name).to_owned()).filter(|text| !text.is_empty())
}

/// A line each, without empty ones.
pub(super) fn lines(texts: &Texts, name: &str) -> Vec<String> {
    let all = text(texts, name).lines().flat_map(|line| line.split([',', '、']));
    all.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A number, if one was typed.
pub(super) fn number<T: std::str::FromStr>(
    texts: &Texts,
    name: &str,
    flaws: &mut Vec<Flaw>,
) -> Option<T> {
    let typed = some(texts, name)?;
    let read = typed.parse().ok();
    if read.is_none() {
        let (ja, en) = ("整数を入れてください", "write a whole number");
        flaws.push(Flaw::new(name, ja, en));
    }
    read
}

/// A word of those that files have.
pub(super) fn word<T: for<'a> serde::Deserialize<'a>>(texts: &Texts, name: &str) -> Option<T> {
    let typed = some(texts, name)?;
    serde_json::from_value(serde_json::Value::String(typed)).ok()
}

/// What a value is called in files.
pub(super) fn called(value: &impl serde::Serialize) -> String {
    let Ok(serde_json::Value::String(text)) = serde_json::to_value(value) else {
        return String::new();
    };
    text
}

/// How a field looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Lines,
    One,
    Many,
    Tick,
    Secret,
    /// What the file says: shown, and no field.
    Fixed,
}

/// A field.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: String,
    pub(super) shape: Shape,
    pub(super) value: String,
    pub(super) choices: Vec<(String, String, bool)>,
    pub(super) wrong: String,
    pub(super) required: bool,
}

/// Fields that belong together.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) legend: &'static str,
    /// With which choices of the form it is shown, divided by spaces; empty: with any. A browser that
    /// does not know `:has()` shows it always.
    pub(super) only: &'static str,
    pub(super) inputs: Vec<Input>,
}

/// What a form is made of.
pub(super) struct Form<'f> {
    pub(super) lang: Lang,
    pub(super) texts: &'f Texts,
    pub(super) flaws: &'f [Flaw],
}

impl Form<'_> {
    pub(super) fn say(&self, word: Word) -> String {
        self.lang.say(word).to_owned()
    }

    pub(super) fn input(&self, name: &'static str, label: Word, shape: Shape) -> Input {
        let flaws = self.flaws.iter().filter(|flaw| flaw.field == name);
        let wrong: Vec<&str> = flaws.map(|flaw| flaw.say(self.lang)).collect();
        let value = if shape == Shape::Secret { "" } else { text(self.texts, name) };
        Input {
            name,
            label: self.lang.say(label),
            hint: String::new(),
            shape,
            value: value.to_owned(),
            choices: Vec::new(),
            wrong: wrong.join(" "),
            required: false,
        }
    }

    /// A field with an example or a word beside its label.
    pub(super) fn hinted(
        &self,
        name: &'static str,
        (label, hint): (Word, impl Into<String>),
        shape: Shape,
    ) -> Input {
        Input { hint: hint.into(), ..self.input(name, label, shape) }
    }

    /// A field with an example of what it takes.
    pub(super) fn example(
        &self,
        name: &'static str,
        (label, example): (Word, &str),
        shape: Shape,
    ) -> Input {
        self.hinted(name, (label, self.lang.fill(Word::SettingExample, &[&example])), shape)
    }

    /// One of these, each with what it is called.
    pub(super) fn one(
        &self,
        name: &'static str,
        label: Word,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Input {
        let mut input = self.input(name, label, Shape::One);
        let chosen = |value: &str| value == input.value;
        input.choices = choices
            .into_iter()
            .map(|(value, label)| (value.clone(), label, chosen(&value)))
            .collect();
        input
    }

    /// Any of these.
    pub(super) fn many(
        &self,
        name: &'static str,
        label: Word,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Input {
        let chosen = lines(self.texts, name);
        let with =
            |(value, label): (String, String)| (value.clone(), label, chosen.contains(&value));
        let choices = choices.into_iter().map(with).collect();
        Input { choices, ..self.input(name, label, Shape::Many) }
    }

    /// Yes or no.
    pub(super) fn tick(&self, name: &'static str, label: Word) -> Input {
        self.input(name, label, Shape::Tick)
    }
}

impl Input {
    #[must_use]
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
