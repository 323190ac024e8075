//! DICOM verification (PS3.4 Annex A): whether the application entity that a person named is there, and
//! what implementation it is.
//!
//! Asks for an association with verification alone, says C-ECHO (PS3.7 §9.1.5) if it is accepted, and
//! takes leave with A-RELEASE. It costs the archive or modality an association, which it logs and
//! which may be one of few that it has; so only hosts are asked that were named one by one. No image,
//! list, patient or other object is asked for or sent, by the presentation context neither could be.
//!
//! Fields: `result` (`accepted`, `rejected: SOURCE/REASON`, `aborted: SOURCE/REASON`; the numbers are
//! those of PS3.8 §9.3.4 and §9.3.8), `called_ae` (the title that was called),
//! `implementation_class_uid`, `implementation_version`, `max_pdu` (octets, 0 without limit), `echo`
//! (the status, four hexadecimal digits; 0000 is success).

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::dicom::{
    self, Association, Context, Echo, Fragment, IMPLICIT, Unit, VERIFICATION,
};

use super::talk::{Conversation, Cut, Next, told};

/// What the agent is, as a UID made from a UUID (PS3.5 §B.2).
const CLASS_UID: &str = "2.25.165202622688586032374696000799841554556";

/// What the agent calls itself, at most 16 characters (PS3.7 §D.3.3.2).
const VERSION: &str = "DAICHO";

/// Longest unit that the agent takes, in octets.
const MAX_PDU: u32 = 16 << 10;

/// Longest command set that is put together; an answer takes less than a hundred octets.
const MOST_COMMAND: usize = 4 << 10;

/// The only presentation context.
const CONTEXT: u8 = 1;

/// The message ID of the only message.
const MESSAGE: u16 = 1;

/// A fragment of a command.
const COMMAND: u8 = 1;
/// The last fragment.
const LAST: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Association,
    Echo,
    /// The association is to end; how the conversation ends with it.
    Release(Outcome),
}

/// Verification of one application entity.
#[derive(Debug)]
pub struct Dicom {
    called: String,
    calling: String,
    step: Step,
    heard: Vec<u8>,
    command: Vec<u8>,
    said: Said,
}

impl Dicom {
    /// Calls the application entity `called` at this port in the name of `calling`.
    pub fn new(port: u16, called: &str, calling: &str) -> Self {
        let (called, calling) = (called.to_owned(), calling.to_owned());
        let (heard, command) = (Vec::new(), Vec::new());
        Self { called, calling, step: Step::Association, heard, command, said: Said::at(port) }
    }

    fn request(&self) -> Vec<u8> {
        let verification = Context {
            id: CONTEXT,
            result: 0,
            abstract_syntax: VERIFICATION.to_vec(),
            transfer_syntaxes: vec![IMPLICIT.to_vec()],
        };
        let request = Association {
            called: dicom::title(&self.called),
            calling: dicom::title(&self.calling),
            contexts: vec![verification],
            max_pdu: Some(MAX_PDU),
            class_uid: CLASS_UID.into(),
            version: VERSION.into(),
        };
        Unit::Request(request).encode()
    }

    /// How the request was taken.
    fn result(&mut self, result: &str) {
        self.said.add("result", Text::clean(result));
        self.said.add("called_ae", Text::clean(&self.called));
    }

    fn release(&mut self, outcome: Outcome) -> Next {
        self.step = Step::Release(outcome);
        Next::Say(Unit::Release.encode())
    }

    fn step(&mut self, unit: Unit) -> Next {
        match (self.step, unit) {
            (Step::Association, Unit::Accept(accepted)) => self.accepted(&accepted),
            (Step::Association, Unit::Reject { source, reason, .. }) => {
                self.result(&format!("rejected: {source}/{reason}"));
                Next::End(Outcome::Refused)
            }
            (Step::Association, Unit::Abort { source, reason }) => {
                self.result(&format!("aborted: {source}/{reason}"));
                Next::End(Outcome::Refused)
            }
            (Step::Echo, Unit::Data(fragments)) => self.answered(fragments),
            // Who wants to end it as well answers ours by that (PS3.8 §7.2.2).
            (Step::Release(outcome), Unit::Released | Unit::Release | Unit::Abort { .. }) => {
                Next::End(outcome)
            }
            // What was still on its way.
            (Step::Release(_), Unit::Data(_)) => Next::Wait,
            (Step::Echo, Unit::Abort { .. } | Unit::Release) => Next::End(Outcome::Partial),
            _ => Next::End(self.malformed()),
        }
    }

    fn accepted(&mut self, accepted: &Association) -> Next {
        self.result("accepted");
        self.said.add("implementation_class_uid", trimmed(&accepted.class_uid));
        self.said.add("implementation_version", trimmed(&accepted.version));
        if let Some(most) = accepted.max_pdu {
            self.said.add("max_pdu", Text::clean(&most.to_string()));
        }
        let verification = accepted.contexts.iter().find(|context| context.id == CONTEXT);
        if verification.is_none_or(|context| context.result != 0) {
            return self.release(Outcome::Partial);
        }
        self.step = Step::Echo;
        let octets = Echo::Request { id: MESSAGE }.encode();
        let fragment = Fragment { context: CONTEXT, control: COMMAND | LAST, octets };
        Next::Say(Unit::Data(vec![fragment]).encode())
    }

    fn answered(&mut self, fragments: Vec<Fragment>) -> Next {
        for fragment in fragments {
            let foreign = fragment.context != CONTEXT || fragment.control & COMMAND == 0;
            if foreign || self.command.len() + fragment.octets.len() > MOST_COMMAND {
                return Next::End(Outcome::Partial);
            }
            self.command.extend(fragment.octets);
            if fragment.control & LAST != 0 {
                let Ok(Echo::Response { id: MESSAGE, status }) = Echo::decode(&self.command) else {
                    return Next::End(Outcome::Partial);
                };
                self.said.add("echo", Text::clean(&format!("{status:04x}")));
                return self.release(Outcome::Complete);
            }
        }
        Next::Wait
    }

    fn malformed(&self) -> Outcome {
        if self.said.fields.is_empty() { Outcome::Malformed } else { Outcome::Partial }
    }
}

/// Text without the NUL or spaces that fill it up.
fn trimmed(octets: &[u8]) -> Text {
    let filling = |octet: &u8| matches!(octet, 0 | b' ');
    let end = octets.iter().rposition(|octet| !filling(octet)).map_or(0, |at| at + 1);
    Text::from_wire(octets.get(..end).unwrap_or_default())
}

impl Conversation for Dicom {
    fn method(&self) -> Method {
        Method::Dicom
    }

    fn begin(&mut self) -> Next {
        Next::Say(self.request())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend_from_slice(octets);
        let mut saying = Vec::new();
        loop {
            let (unit, length) = match dicom::whole(&self.heard) {
                Ok(None) if saying.is_empty() => return Next::Wait,
                Ok(None) => return Next::Say(saying),
                Ok(Some((unit, _))) => (Unit::decode(unit), unit.len()),
                Err(error) => (Err(error), 0),
            };
            self.heard.drain(..length);
            let Ok(unit) = unit else { return Next::End(self.malformed()) };
            match self.step(unit) {
                Next::Say(more) => saying.extend(more),
                Next::Wait => {}
                end @ (Next::Anew | Next::End(_)) => return end,
            }
        }
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match (self.step, cut) {
            // Some hang up instead of taking leave.
            (Step::Release(outcome), Cut::Closed) => outcome,
            _ if !self.said.fields.is_empty() => Outcome::Partial,
            (_, Cut::Closed) => Outcome::Refused,
            (_, Cut::Silent) => Outcome::Silent,
            (_, Cut::Flooded) => Outcome::Malformed,
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Dicom, &mut self.said)
    }
}

#[cfg(test)]
mod tests;
