//! Rows at work: what they make of many facts. Devices of one model say the same, so what was made of a
//! text once is kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use daicho_common::observation::{Fact, Method};
use foldhash::fast::RandomState;

use super::{Match, Place, Reading, Rows, shape};

/// So many texts are kept; then all are forgotten, which costs a little time and bounds the memory.
const KEPT: usize = 50_000;

/// Who looks at a text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Looker {
    /// The rows of the group of this number.
    Group(usize),
    /// The words, of which kinds of things count or not.
    Words(bool),
    /// The shape of words.
    Shape,
}

/// Where shapes of words are looked at.
static DESCRIPTION: LazyLock<Arc<Place>> = LazyLock::new(|| Arc::new(Place::Description));

/// Rows, and what they made of texts so far.
pub struct Reader<'r> {
    rows: &'r Rows,
    known: Known,
    texts: usize,
    /// The groups that look at what no service says, ascending.
    others: Arc<[usize]>,
    /// The groups at which a text is looked that stands in no fact, or in no fact alone.
    apart: Arc<[usize]>,
    /// The words' fields of what services say, by their name; and the others.
    said: HashMap<&'r str, Vec<(&'r Arc<Place>, bool)>>,
    plain: Arc<[(&'r Arc<Place>, bool)]>,
}

/// Readings by who looks and by the text.
type Known = HashMap<Looker, HashMap<Arc<str>, Vec<Arc<Reading>>, RandomState>, RandomState>;

impl<'r> Reader<'r> {
    /// These rows, which have read nothing yet.
    pub fn new(rows: &'r Rows) -> Self {
        let groups = rows.groups.iter().enumerate();
        let apart = groups
            .clone()
            .filter(|(_, group)| !group.place.is_of_a_fact() || *group.place == Place::ObjectId)
            .map(|(number, _)| number)
            .collect();
        let others = groups
            .filter(|(_, group)| group.place.is_of_a_fact())
            .filter(|(_, group)| !matches!(*group.place, Place::Said { .. }))
            .map(|(number, _)| number)
            .collect();
        let (mut said, mut plain) = (HashMap::<_, Vec<_>>::new(), Vec::new());
        for (place, kinds) in rows.words.fields() {
            if let Place::Said { key, .. } = &**place {
                said.entry(key.as_str()).or_default().push((place, *kinds));
            } else {
                plain.push((place, *kinds));
            }
        }
        let plain = plain.into();
        Self { rows, known: HashMap::default(), texts: 0, others, apart, said, plain }
    }

    /// The rows.
    pub fn rows(&self) -> &'r Rows {
        self.rows
    }

    /// As [`Rows::matches`].
    pub fn matches(&mut self, method: Option<Method>, fact: &Fact) -> Vec<Match<'r>> {
        let mut found = Vec::new();
        if !is_looked_at(fact) {
            return found;
        }
        let rows = self.rows;
        for number in self.groups(fact).iter().copied() {
            let Some(group) = rows.groups.get(number) else { continue };
            for text in group.place.texts(method, fact) {
                self.read(Looker::Group(number), &group.place, &text, &mut found);
            }
        }
        for (place, kinds) in self.fields(fact).iter().copied() {
            for text in place.texts(method, fact) {
                self.read(Looker::Words(kinds), place, &text, &mut found);
            }
        }
        if let Fact::System { description, object_id, .. } = fact
            && shape::is_its_own(object_id)
        {
            self.read(Looker::Shape, &DESCRIPTION, description.as_str(), &mut found);
        }
        found
    }

    /// The fields in which words may stand, and whether kinds of things count there.
    fn fields(&self, fact: &Fact) -> Arc<[(&'r Arc<Place>, bool)]> {
        let Fact::Said(said) = fact else { return Arc::clone(&self.plain) };
        let mut keys: Vec<&str> = said.fields.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(|key| self.said.get(key)).flatten().copied().collect()
    }

    /// As [`Rows::of_maker`].
    pub fn of_maker(&mut self, maker: &str) -> Vec<Match<'r>> {
        self.at(&Place::MacMaker, maker)
    }

    /// What the rows make of a name that a host has: they look at its first label.
    pub fn of_host_name(&mut self, name: &str) -> Vec<Match<'r>> {
        let label = name.split('.').next().unwrap_or_default();
        self.at(&Place::HostName, label)
    }

    /// What the rows make of all TCP ports together that are known to be open.
    pub fn of_open_ports(&mut self, ports: &BTreeSet<u16>) -> Vec<Match<'r>> {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        self.at(&Place::OpenPorts, &format!(",{},", ports.join(",")))
    }

    /// What the rows make of an object identifier as of a device's sysObjectID.
    pub fn of_object_id(&mut self, id: &str) -> Vec<Match<'r>> {
        self.at(&Place::ObjectId, id)
    }

    /// What the rows that look at this place make of a text.
    fn at(&mut self, place: &Place, text: &str) -> Vec<Match<'r>> {
        let (rows, mut found) = (self.rows, Vec::new());
        for number in Arc::clone(&self.apart).iter().copied() {
            let Some(group) = rows.groups.get(number) else { continue };
            if *group.place == *place {
                self.read(Looker::Group(number), &group.place, text, &mut found);
            }
        }
        found
    }

    /// The groups that may look at the fact, ascending.
    fn groups(&self, fact: &Fact) -> Arc<[usize]> {
        let Fact::Said(said) = fact else { return Arc::clone(&self.others) };
        let keys = said.fields.iter().filter_map(|(key, _)| self.rows.said.get(key.as_str()));
        let mut groups: Vec<usize> = keys.flatten().copied().collect();
        groups.sort_unstable();
        groups.dedup();
        groups.into()
    }

    fn read(
        &mut self,
        looker: Looker,
        place: &'r Arc<Place>,
        text: &str,
        found: &mut Vec<Match<'r>>,
    ) {
        let known = self.known.get(&looker).and_then(|known| known.get_key_value(text));
        let add = |(said, readings): (&Arc<str>, &[Arc<Reading>]), found: &mut Vec<Match<'r>>| {
            found.extend(readings.iter().map(|reading| Match {
                reading: Arc::clone(reading),
                place,
                said: Arc::clone(said),
            }));
        };
        if let Some((said, readings)) = known {
            add((said, readings), found);
            return;
        }
        let readings: Vec<Reading> = match looker {
            Looker::Group(number) => {
                let group = self.rows.groups.get(number);
                group.map(|group| group.read(text)).unwrap_or_default()
            }
            Looker::Words(kinds) => self.rows.words.of(text, kinds),
            Looker::Shape => shape::read(text),
        };
        let readings: Vec<Arc<Reading>> = readings.into_iter().map(Arc::new).collect();
        let said: Arc<str> = text.into();
        add((&said, &readings), found);
        if self.texts >= KEPT {
            self.known.clear();
            self.texts = 0;
        }
        self.texts += 1;
        self.known.entry(looker).or_default().insert(said, readings);
    }
}

/// Whether any row may look at such a fact.
const fn is_looked_at(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::System { .. }
            | Fact::Service { .. }
            | Fact::Dhcp(_)
            | Fact::Ssdp(_)
            | Fact::LinkNeighbour(_)
            | Fact::VirtualRouter(_)
            | Fact::RouterAdvertisement(_)
            | Fact::Said(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_made_before() {
        let rows = Rows::builtin().unwrap();
        let fact = |name: &str| Fact::System {
            description: "FortiGate-60F v7.0.12,build0523".into(),
            object_id: "1.3.6.1.4.1.12356.101.1.1".to_owned(),
            name: name.into(),
            location: "".into(),
            contact: "".into(),
        };
        let mut reader = Reader::new(&rows);
        let first = reader.matches(Some(Method::Snmp), &fact("a"));
        assert!(!first.is_empty());
        assert_eq!(reader.matches(Some(Method::Snmp), &fact("b")), first);
        assert_eq!(rows.matches(Some(Method::Snmp), &fact("c")), first);
    }
}
