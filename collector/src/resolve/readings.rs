//! What fingerprints make of what was said, combined field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daicho_common::addr::Mac;
use daicho_common::observation::{Fact, Method, Reply};
use daicho_common::text::Short;

use super::portray::Said;
use super::shelf::Tables;
use super::why::{self, Claimed, Told, Why};
use crate::evidence::{Grade, Seen, Sourced, SourcedText, Sources};
use crate::fingerprint::combine::{Candidate, Combined, combine, combine_classes};
use crate::fingerprint::{Class, Match, Place, Reader, Reading, Software, spelling};
use crate::inventory::storage::{self, Keeps, Storage};
use crate::inventory::{names, says_nothing};

/// What a maker's tree counts at most.
const TREE: u8 = 24;
/// So many readings most devices have at most.
const USUAL: usize = 16;

/// A text of a reading.
pub(super) type Of = fn(&Reading) -> &Option<String>;

/// What the fingerprints make of what was said.
pub(super) struct Readings(pub(super) Vec<Told>);

impl Readings {
    pub(super) fn of<'s, 'a: 's>(
        said: impl Iterator<Item = &'s Said<'a>>,
        protocols: &BTreeMap<&Fact, Method>,
        reader: &mut Reader<'_>,
    ) -> Self {
        let mut readings = Vec::with_capacity(USUAL);
        for (fact, grade, seen) in said {
            for found in reader.matches(protocols.get(*fact).copied(), fact) {
                let mut reading = found.reading;
                if reading.serial.as_deref().is_some_and(says_nothing) {
                    Arc::make_mut(&mut reading).serial = None;
                }
                let (grade, sources) = (*grade, seen.sources());
                let place = Arc::clone(found.place);
                readings.push(Told { reading, grade, sources, place, said: found.said });
            }
        }
        Self(readings)
    }

    /// What is known of the makers to whom burned-in MAC addresses were assigned. It is inferred: who
    /// made the network card need not have made the device.
    pub(super) fn makers<'s>(
        &mut self,
        macs: impl Iterator<Item = (&'s Mac, &'s Seen)>,
        reader: &mut Reader<'_>,
    ) {
        for (mac, seen) in macs.filter(|(mac, _)| mac.names_a_device()) {
            let Some(maker) = reader.rows().maker(*mac) else { continue };
            let found = reader.of_maker(maker);
            self.infer(found, &seen.sources());
        }
    }

    /// Adds what its names suggest, and its open ports together. Whoever set a host up may call it
    /// anything, and a port is not what speaks there, so this is inferred, whoever says it.
    pub(super) fn suggest(
        &mut self,
        names: &[Sourced<Short>],
        open: &[Said<'_>],
        reader: &mut Reader<'_>,
    ) {
        for name in names {
            let found = reader.of_host_name(&name.value);
            self.infer(found, &name.sources);
        }
        let (mut ports, mut sources) = (BTreeSet::new(), Vec::new());
        for (fact, _, seen) in open {
            let Fact::Answered(Reply::TcpOpen(port)) = fact else { continue };
            ports.insert(*port);
            sources.extend(&seen.sources());
        }
        if !ports.is_empty() {
            let found = reader.of_open_ports(&ports);
            self.infer(found, &Sources::of(sources));
        }
    }

    fn infer(&mut self, found: Vec<Match<'_>>, sources: &Sources) {
        self.0.extend(found.into_iter().map(|found| Told {
            reading: found.reading,
            grade: Grade::Inferred,
            sources: sources.clone(),
            place: Arc::clone(found.place),
            said: found.said,
        }));
    }

    /// Adds what the number of a maker's tree says of an agent that does not say whose it is: less than a
    /// sysObjectID would, for a tree may be that of a part, or of a program.
    pub(super) fn tree(&mut self, tree: Option<(String, Sources)>, reader: &mut Reader<'_>) {
        let Some((id, sources)) = tree else { return };
        self.0.extend(reader.of_object_id(&id).into_iter().map(|found| Told {
            reading: Arc::new(Reading {
                weight: found.reading.weight.min(TREE),
                ..Reading::clone(&found.reading)
            }),
            grade: Grade::Queried,
            sources: sources.clone(),
            place: Arc::clone(found.place),
            said: found.said,
        }));
    }

    /// Adds what the model names of a printer say, each as surely as what claimed the model.
    pub(super) fn name(&mut self) {
        let prints = |told: &Told| matches!(told.reading.class, Some(Class::Printer | Class::Mfp));
        if !self.0.iter().any(prints) {
            return;
        }
        let vendor = self.text(|reading| &reading.vendor).map(|vendor| vendor.value);
        let named = self.0.iter().flat_map(|told| {
            let model = told.reading.model.clone().unwrap_or_default();
            let (grade, sources) = (told.grade, told.sources.clone());
            let read = names::read(&model, vendor.as_deref());
            read.into_iter().map(move |reading| {
                let (place, said, sources) = (Place::ModelName, model.as_str(), sources.clone());
                let (place, said) = (Arc::new(place), said.into());
                let reading = Arc::new(reading);
                Told { reading, grade, sources, place, said }
            })
        });
        let named: Vec<_> = named.collect();
        self.0.extend(named);
    }

    fn candidates<'s, T>(&'s self, of: impl Fn(&'s Reading) -> Option<T>) -> Vec<Candidate<'s, T>> {
        let one = |told: &'s Told| {
            let value = of(&told.reading)?;
            let (weight, sources) = (told.reading.weight, &told.sources);
            Some(Candidate { value, grade: told.grade, weight, sources })
        };
        self.0.iter().filter_map(one).collect()
    }

    /// The class; a contradiction between the best is "unknown", with all that contradict.
    pub(super) fn class(&self) -> Option<Sourced<Class>> {
        match combine_classes(&self.candidates(|reading| reading.class)) {
            Combined::Nothing => None,
            Combined::Agreed(class) => Some(class),
            Combined::Contradiction { grade, sources } => {
                Some(Sourced { value: Class::Unknown, grade, sources })
            }
        }
    }

    /// A text; a contradiction between the best says nothing.
    pub(super) fn text(&self, of: Of) -> Option<SourcedText> {
        let same = |a: &&String, b: &&String| spelling::same(a, b);
        match combine(&self.candidates(|reading| of(reading).as_ref()), same) {
            Combined::Agreed(Sourced { value, grade, sources }) => {
                Some(Sourced { value: value.as_str().into(), grade, sources })
            }
            Combined::Nothing | Combined::Contradiction { .. } => None,
        }
    }

    /// The storage verdict of a printer: what its tables prove, else what its services say, else what is
    /// known of its model.
    pub(super) fn storage(
        &self,
        tables: &Tables<'_>,
        class: Option<&Sourced<Class>>,
        model: Option<&SourcedText>,
    ) -> Option<Box<Sourced<Storage>>> {
        let proven = tables.storage(class);
        let decided = proven.as_ref().is_some_and(|it| it.value.keeps != Keeps::Unknown);
        let printer = class.is_some_and(|it| matches!(it.value, Class::Printer | Class::Mfp));
        if decided || !printer {
            return proven.map(Box::new);
        }
        let said = match combine(&self.candidates(|reading| reading.storage), bool::eq) {
            Combined::Agreed(Sourced { value: true, grade, sources }) => {
                storage::said().map(|value| Sourced { value, grade, sources })
            }
            Combined::Agreed(_) | Combined::Nothing | Combined::Contradiction { .. } => None,
        };
        let by_model = || {
            let model = model?;
            let (grade, sources) = (Grade::Inferred, model.sources.clone());
            storage::of_model(&model.value).map(|value| Sourced { value, grade, sources })
        };
        said.or_else(by_model).or(proven).map(Box::new)
    }

    /// The software that answers, each once: where one reading knows who makes it and another does not,
    /// they are of the same.
    pub(super) fn programs(&self) -> Vec<Sourced<Software>> {
        let mut found: BTreeMap<Software, Sourced<Software>> = BTreeMap::new();
        for told in &self.0 {
            let Some(software) = &told.reading.software else { continue };
            let (value, grade) = (software.clone(), told.grade);
            let one = found.entry(software.clone());
            let one = one.or_insert(Sourced { value, grade, sources: Sources::new() });
            one.grade = one.grade.max(grade);
            one.sources.add(&told.sources);
        }
        let mut programs: Vec<Sourced<Software>> = Vec::new();
        // Whose maker is not known comes before its namesakes.
        for one in found.into_values() {
            match programs.last_mut().filter(|it| it.value.is_unattributed(&one.value)) {
                Some(before) => {
                    before.value = one.value;
                    before.grade = before.grade.max(one.grade);
                    before.sources.add(&one.sources);
                }
                None => programs.push(one),
            }
        }
        programs
    }

    /// Why the fields say what they say.
    pub(super) fn why(
        &self,
        class: Option<&Sourced<Class>>,
        texts: [(Claimed, &Option<SourcedText>, Of); 5],
    ) -> Vec<Why> {
        let class = class.and_then(|class| why::class(&self.0, class.value));
        let texts = texts.into_iter().filter_map(|(field, value, of)| {
            why::text(&self.0, (field, value.as_ref()?.value.as_str()), of)
        });
        let mut why: Vec<Why> = class.into_iter().chain(texts).collect();
        // There are many devices, and this is much of what is kept of each.
        why.shrink_to_fit();
        why
    }
}
