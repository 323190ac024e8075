//! Nortel's topology discovery.

use daicho_common::observation::Fact;
use daicho_common::observation::heard::LinkNeighbour;
use daicho_common::text::Text;
use daicho_common::wire::sonmp::Sonmp;
use daicho_common::wire::{Malformed, Wire};

pub(super) fn facts(octets: &[u8]) -> Result<Vec<Fact>, Malformed> {
    let (hello, _) = Sonmp::decode(octets)?;
    let [_, slot, port] = hello.segment;
    let neighbour = LinkNeighbour {
        chassis: Text::clean(&hello.address.to_string()),
        port: Text::clean(&format!("{slot}/{port}")),
        addresses: Some(hello.address)
            .filter(|address| !address.is_unspecified())
            .map(Into::into)
            .into_iter()
            .collect(),
        ..LinkNeighbour::default()
    };
    Ok(vec![Fact::LinkNeighbour(Box::new(neighbour))])
}
