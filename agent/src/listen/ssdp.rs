//! SSDP announcements and answers (`UPnP` Device Architecture 1.1 §1). A search says nothing of a
//! device.

use daicho_common::observation::Fact;
use daicho_common::observation::heard;
use daicho_common::text::Text;
use daicho_common::wire::Malformed;
use daicho_common::wire::ssdp::{Kind, Ssdp};

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let ssdp = Ssdp::decode(octets)?;
    if ssdp.kind == Kind::Search {
        return Ok(Vec::new());
    }
    let text = |octets: Option<&[u8]>| Text::from_wire(octets.unwrap_or_default());
    Ok(vec![Fact::Ssdp(Box::new(heard::Ssdp {
        target: text(ssdp.target()),
        name: text(ssdp.field("USN")),
        server: text(ssdp.field("SERVER")),
        location: text(ssdp.field("LOCATION")),
        gone: ssdp.is_byebye(),
    }))])
}
