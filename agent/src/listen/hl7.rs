//! HL7 version 2 between others: who sends a message speaks it. Nobody is ever asked for it. Messages are
//! about patients; of them only the name of the program and the version are kept (MSH-3, MSH-12).

use daicho_common::observation::Fact;
use daicho_common::observation::said::Said;
use daicho_common::text::Text;
use daicho_common::wire::Malformed;
use daicho_common::wire::hl7::{Hl7, START};

use super::dispatch::Message;
use super::packet::{self, Segment};

/// Whether a message begins with it. The octet that begins one may stand anywhere else, too.
pub(super) fn begins(segment: &Segment<'_>) -> bool {
    matches!(segment.data, [START, b'M', b'S', b'H', ..])
}

pub(super) fn facts(message: &Message<'_>) -> Result<Vec<Fact>, Malformed> {
    let segment = packet::segment(message.octets)?;
    let hl7 = Hl7::decode(segment.data)?;
    // Who responds is who listens; who sends of its own accord began the connection, from a port of
    // that one connection.
    let mut said = Said::at(if hl7.responds { segment.source } else { 0 });
    said.add("application", Text::from_wire(hl7.first(&hl7.application)));
    said.add("version", Text::from_wire(hl7.first(&hl7.version)));
    Ok(vec![Fact::Said(Box::new(said))])
}
