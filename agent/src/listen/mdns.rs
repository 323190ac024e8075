//! mDNS answers and announcements (RFC 6762): the services and names of whoever sends them.

use daicho_common::observation::Fact;
use daicho_common::wire::Malformed;
use daicho_common::wire::dns::Message;

use super::dispatch::Message as Said;
use crate::probe::mdns::Heard;

pub(super) fn facts(said: &Said<'_>) -> Result<Vec<Fact>, Malformed> {
    let message = Message::decode(said.octets)?;
    // Questions hold what the asker knows already (§7.1): words of others.
    if !message.response {
        return Ok(Vec::new());
    }
    // A record that lives no longer takes back what it said (§10.1).
    let records: Vec<_> = message.records().filter(|record| record.ttl > 0).collect();
    let mut heard = Heard::default();
    if let Some(speaker) = said.speaker() {
        heard.take(speaker, &records);
    }
    Ok(heard.into_facts())
}
