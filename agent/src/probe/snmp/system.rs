//! The system group of SNMPv2-MIB (RFC 3418): all objects by one GET, or one by one where that does
//! not fit.

use daicho_common::observation::{Fact, Outcome};
use daicho_common::text::Text;

use super::message::{Oid, Reply, Request, Status, Value};

/// The group.
const SYSTEM: [u32; 7] = [1, 3, 6, 1, 2, 1, 1];

/// sysDescr, sysObjectID, sysContact, sysName, sysLocation, each with its instance 0.
const OBJECTS: [u32; 5] = [1, 2, 4, 5, 6];

/// The question for the system group.
#[derive(Debug)]
pub(super) struct System {
    names: Vec<Oid>,
    cells: Vec<Value>,
    /// Whether one object is asked at a time: the one after those in `cells`.
    singly: bool,
    flawed: bool,
    outcome: Option<Outcome>,
}

impl System {
    /// The question, not asked yet.
    pub(super) fn new() -> Self {
        let names = OBJECTS.iter().map(|object| Oid::new(&SYSTEM, &[*object, 0])).collect();
        Self { names, cells: Vec::new(), singly: false, flawed: false, outcome: None }
    }

    fn asked(&self) -> &[Oid] {
        let next = self.cells.len();
        let rest = if self.singly { self.names.get(next..=next) } else { Some(&*self.names) };
        rest.unwrap_or_default()
    }

    /// Asks the next question through `ask`; `None` once it has ended.
    pub(super) fn question<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> Option<T> {
        self.outcome.is_none().then(|| ask(&Request::Get(self.asked())))
    }

    /// Takes the answer to the last question.
    pub(super) fn answer(&mut self, reply: Reply) {
        match reply.status {
            Status::Ok => {
                let right = reply.objects.iter().map(|(name, _)| name).eq(self.asked());
                if !right {
                    return self.break_off(Outcome::Malformed);
                }
                self.cells.extend(reply.objects.into_iter().map(|(_, value)| value));
            }
            Status::Refused => return self.break_off(Outcome::Refused),
            Status::NoSuchName | Status::TooBig | Status::General if !self.singly => {
                self.singly = true;
            }
            Status::NoSuchName => self.cells.push(Value::Missing),
            Status::TooBig | Status::General => {
                self.flawed = true;
                self.cells.push(Value::Missing);
            }
        }
        if self.cells.len() >= self.names.len() {
            self.outcome = Some(match (self.said_something(), self.flawed) {
                (true, false) => Outcome::Complete,
                (true, true) => Outcome::Partial,
                (false, _) => Outcome::Refused,
            });
        }
    }

    /// Whether no answer came yet.
    pub(super) fn is_unanswered(&self) -> bool {
        self.cells.is_empty() && !self.singly
    }

    /// Ends with this outcome, or with `Partial` if something had come.
    pub(super) fn break_off(&mut self, outcome: Outcome) {
        self.outcome = Some(if self.said_something() { Outcome::Partial } else { outcome });
    }

    fn said_something(&self) -> bool {
        self.cells.iter().any(|cell| *cell != Value::Missing)
    }

    /// How it ended, once it has, and what came.
    pub(super) fn ended(&self) -> Option<(Outcome, Option<Fact>)> {
        self.outcome.map(|outcome| (outcome, self.said_something().then(|| self.fact())))
    }

    fn fact(&self) -> Fact {
        let text = |at: usize| match self.cells.get(at) {
            Some(Value::Octets(octets)) => Text::from_wire(octets),
            _ => Text::default(),
        };
        let object_id = match self.cells.get(1) {
            Some(Value::Oid(oid)) => oid.to_string(),
            _ => String::new(),
        };
        Fact::System {
            description: text(0),
            object_id,
            contact: text(2),
            name: text(3),
            location: text(4),
        }
    }
}
