//! Records as forms: which inputs stand there, with what was typed and what is wrong beside each.

use super::kinds::{Shape, Spec, fields};
use super::typed::{GROUPS, Texts, Wrongs};
use crate::register::check::{Flaw, Wrong};
use crate::register::{Kind, Register};
use crate::words::{Lang, Word, phrase};

/// What may be chosen: the value, its label, and whether it is chosen.
pub(in crate::web) type Choice = (String, String, bool);

/// Empty groups that a list offers besides those that are filled in.
const SPARE: usize = 2;

/// An input.
pub(in crate::web) struct Input {
    /// The name of the field, and what it is known by on the page.
    pub(in crate::web) path: String,
    pub(in crate::web) label: &'static str,
    /// `line`, `lines`, `one` or `many`.
    pub(in crate::web) shape: &'static str,
    pub(in crate::web) value: String,
    /// Values, labels, and whether each is chosen.
    pub(in crate::web) choices: Vec<Choice>,
    pub(in crate::web) required: bool,
    pub(in crate::web) hint: &'static str,
    pub(in crate::web) wrong: Vec<String>,
}

/// Inputs that stand together.
pub(in crate::web) struct Section {
    /// Empty for those of the record itself.
    pub(in crate::web) legend: String,
    pub(in crate::web) inputs: Vec<Input>,
}

/// What a form is made of.
pub(super) struct Form<'a> {
    pub(super) lang: Lang,
    pub(super) register: &'a Register,
    pub(super) texts: &'a Texts,
    pub(super) wrongs: &'a Wrongs,
    /// What contradicts, of the record as it is kept.
    pub(super) flaws: Vec<&'a Flaw>,
}

impl Form<'_> {
    /// The sections of the form, in the order of the fields.
    pub(super) fn sections(&self, kind: Kind) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        for spec in fields(kind) {
            let label = self.lang.say(spec.label);
            match spec.shape {
                Shape::Group(specs) => {
                    let mut section = self.group(label.to_owned(), spec.name, specs);
                    self.first(&mut section, (kind, spec.name));
                    sections.push(section);
                }
                Shape::List(specs) => {
                    for index in 0..self.groups(spec.name) {
                        let path = format!("{}.{index}", spec.name);
                        let mut section =
                            self.group(format!("{label} {}", index + 1), &path, specs);
                        if index == 0 {
                            self.first(&mut section, (kind, spec.name));
                        }
                        sections.push(section);
                    }
                }
                Shape::Line
                | Shape::Date
                | Shape::Number
                | Shape::Yes
                | Shape::Perhaps
                | Shape::One(_)
                | Shape::Many(_)
                | Shape::Party
                | Shape::Parties
                | Shape::Contract
                | Shape::Numbers
                | Shape::Macs => {
                    let input = self.input(kind, spec.name.to_owned(), spec);
                    if let Some(last) = sections.last_mut().filter(|last| last.legend.is_empty()) {
                        last.inputs.push(input);
                    } else {
                        let inputs = vec![input];
                        sections.push(Section { legend: String::new(), inputs });
                    }
                }
            }
        }
        sections
    }

    /// What contradicts of a whole group stands beside its first field.
    fn first(&self, section: &mut Section, (kind, name): (Kind, &str)) {
        if let Some(input) = section.inputs.first_mut() {
            input.wrong.extend(self.flaws_of(kind, name));
        }
    }

    /// How many groups of a list are shown: those that are filled in, and some empty ones.
    fn groups(&self, name: &str) -> usize {
        let under = format!("{name}.");
        let of =
            |path: &String| path.strip_prefix(&under)?.split('.').next()?.parse::<usize>().ok();
        let filled = self.texts.keys().filter_map(of).max().map_or(0, |last| last + 1);
        (filled + SPARE).min(GROUPS)
    }

    fn group(&self, legend: String, path: &str, specs: &[Spec]) -> Section {
        let one = |spec: &Spec| {
            // A group may be left empty as a whole, so none of its fields has to be filled in.
            let spec = Spec { required: false, ..*spec };
            self.plain(format!("{path}.{}", spec.name), &spec)
        };
        Section { legend, inputs: specs.iter().map(one).collect() }
    }

    fn input(&self, kind: Kind, path: String, spec: &Spec) -> Input {
        let mut input = self.plain(path, spec);
        input.wrong.extend(self.flaws_of(kind, spec.name));
        input
    }

    fn plain(&self, path: String, spec: &Spec) -> Input {
        let value = self.texts.get(&path).cloned().unwrap_or_default();
        let (shape, choices, hint) = self.shape(spec, &value);
        Input {
            label: self.lang.say(spec.label),
            shape,
            choices,
            hint: hint.map_or("", |word| self.lang.say(word)),
            required: spec.required && shape != "many",
            wrong: self.wrongs.get(&path).cloned().into_iter().collect(),
            value,
            path,
        }
    }

    fn shape(&self, spec: &Spec, value: &str) -> (&'static str, Vec<Choice>, Option<Word>) {
        let chosen: Vec<&str> = value.split('\n').collect();
        let choice = |value: &str, label: &str| {
            (value.to_owned(), label.to_owned(), chosen.contains(&value))
        };
        let words = |words: &[(&str, Word)]| -> Vec<_> {
            words.iter().map(|(value, word)| choice(value, self.lang.say(*word))).collect()
        };
        let parties = || -> Vec<_> {
            self.register.party.iter().map(|one| choice(&one.id, &one.name)).collect()
        };
        // What is kept and no longer there to choose stays until somebody chooses another.
        let with_own = |mut all: Vec<Choice>| {
            if !value.is_empty() && !all.iter().any(|(_, _, chosen)| *chosen) {
                all.push((value.to_owned(), value.to_owned(), true));
            }
            all
        };
        let yes = [("yes", Word::EntryYes), ("no", Word::EntryNo)];
        match spec.shape {
            Shape::Date => ("line", Vec::new(), Some(Word::EntryDateHint)),
            Shape::Numbers | Shape::Macs => ("lines", Vec::new(), Some(Word::EntryLineEach)),
            Shape::Parties => ("lines", parties(), Some(Word::EntryPartyEach)),
            Shape::Yes | Shape::Perhaps => ("one", words(&yes), None),
            Shape::One(choices) => ("one", words(choices), None),
            Shape::Many(choices) => ("many", words(choices), None),
            Shape::Party => ("one", with_own(parties()), None),
            Shape::Contract => {
                let all = self.register.contract.iter();
                ("one", with_own(all.map(|one| choice(&one.id, &one.name)).collect()), None)
            }
            Shape::Line | Shape::Number | Shape::Group(_) | Shape::List(_) => {
                ("line", Vec::new(), None)
            }
        }
    }

    fn flaws_of(&self, kind: Kind, name: &str) -> Vec<String> {
        let of = self.flaws.iter().filter(|flaw| field(kind, &flaw.wrong) == name);
        of.map(|flaw| phrase::flaw(self.lang, &flaw.wrong)).collect()
    }
}

/// The field beside which a flaw is told; empty if it is of the whole record.
pub(super) const fn field(kind: Kind, wrong: &Wrong) -> &'static str {
    match wrong {
        Wrong::NameTwice | Wrong::NoName | Wrong::SignedOutOfOrder => "",
        Wrong::NoSuchParty(_) | Wrong::WrongGiver(_) => {
            if matches!(kind, Kind::Escalation) {
                "steps"
            } else {
                "party"
            }
        }
        Wrong::NoSuchContract(_) | Wrong::NotForRemoteMaintenance(_) => "contract",
        Wrong::NoSuchRow(_) => {
            if matches!(kind, Kind::Contract | Kind::Disclosure) {
                "asset_numbers"
            } else if matches!(kind, Kind::Service) {
                "clients"
            } else {
                "asset_number"
            }
        }
        Wrong::EndsBeforeBegin => "until",
        Wrong::AnsweredBeforeAsked(_)
        | Wrong::NotTheDirectContractor(_)
        | Wrong::AskedPastAnother(_) => "steps",
        Wrong::NoSafetyManager => "safety_manager",
        Wrong::NoWay => "way",
        Wrong::NoMeasure => "measures",
        Wrong::NoNetwork => "network",
        Wrong::NobodyForTheLog => "kept_by",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_of_a_kind_is_told_beside_a_field_that_the_form_has() {
        let name = || "x".to_owned();
        let flaws: [(Kind, Wrong); 14] = [
            (Kind::Contract, Wrong::NoSuchParty(name())),
            (Kind::Escalation, Wrong::NoSuchContract(name())),
            (Kind::Escalation, Wrong::NoSuchParty(name())),
            (Kind::Contract, Wrong::NoSuchRow(name())),
            (Kind::Service, Wrong::NoSuchRow(name())),
            (Kind::Exception, Wrong::NoSuchRow(name())),
            (Kind::Byod, Wrong::EndsBeforeBegin),
            (Kind::Escalation, Wrong::AskedPastAnother(name())),
            (Kind::Contract, Wrong::NoSafetyManager),
            (Kind::Remote, Wrong::NoWay),
            (Kind::Exception, Wrong::NoMeasure),
            (Kind::Exception, Wrong::NoNetwork),
            (Kind::Keeper, Wrong::NobodyForTheLog),
            (Kind::Disclosure, Wrong::WrongGiver(name())),
        ];
        for (kind, wrong) in flaws {
            let beside = field(kind, &wrong);
            assert!(fields(kind).iter().any(|spec| spec.name == beside), "{kind:?} {wrong:?}");
        }
    }
}
