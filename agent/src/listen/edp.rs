//! Extreme's discovery protocol.

use daicho_common::observation::Fact;
use daicho_common::observation::heard::LinkNeighbour;
use daicho_common::text::Text;
use daicho_common::wire::edp::Edp;
use daicho_common::wire::{Malformed, Wire};

/// Most addresses told of one switch.
const MAX_ADDRESSES: usize = 16;

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let (edp, _) = Edp::decode(octets)?;
    // Packets of Extreme's other protocols have the same header and no info.
    let Some(info) = edp.info() else { return Ok(Vec::new()) };
    let mac = Some(edp.machine).filter(|mac| edp.id_type == 0 && !mac.is_group());
    let [a, b, c, d] = info.version;
    let neighbour = LinkNeighbour {
        chassis: Text::clean(&mac.map(|mac| mac.to_string()).unwrap_or_default()),
        mac,
        // As the switch labels them, from 1.
        port: Text::clean(&format!("{}:{}", u32::from(info.slot) + 1, u32::from(info.port) + 1)),
        name: Text::from_wire(edp.name().unwrap_or_default()),
        description: Text::clean(&format!("{a}.{b}.{c}.{d}")),
        addresses: edp.addresses().take(MAX_ADDRESSES).map(Into::into).collect(),
        ..LinkNeighbour::default()
    };
    Ok(vec![Fact::LinkNeighbour(Box::new(neighbour))])
}
