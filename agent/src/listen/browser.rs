//! Announcements of hosts to the computer browser service.

use daicho_common::observation::Fact;
use daicho_common::observation::heard;
use daicho_common::text::Text;
use daicho_common::wire::Malformed;
use daicho_common::wire::nbns::decode_announcement;

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let said = decode_announcement(octets)?;
    Ok(vec![Fact::Browser(heard::Browser {
        name: Text::from_wire(&said.name),
        command: said.command,
        version: said.version,
        server_type: said.server_type,
        comment: Text::from_wire(&said.comment),
    })])
}
