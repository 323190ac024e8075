//! To whom the IEEE assigned MAC addresses (MA-L, 24 bits).
//!
//! Shipped are the makers of whose devices something follows from it
//! (`config/fingerprints/mac_makers.toml`, and `config/sighting.toml` with the makers of medical
//! gear); the whole list can be read beside them. What follows from a maker is said by rows on
//! `mac_maker`.

use std::collections::HashMap;

use daicho_common::addr::Mac;
use serde::Deserialize;

use super::BadRow;

const MAKERS: &str = include_str!("../../../config/fingerprints/mac_makers.toml");
const SIGHTING: &str = include_str!("../../../config/sighting.toml");

#[derive(Deserialize)]
struct File {
    maker: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    name: String,
    /// What a medical maker makes; what is shipped for other purposes has none.
    #[serde(default)]
    kind: String,
    ouis: Vec<String>,
}

/// Makers by the first three octets.
#[derive(Clone, Debug, Default)]
pub(super) struct Makers(HashMap<[u8; 3], String>);

/// Three octets, with `:`, `-` or nothing between them.
fn oui(text: &str) -> Option<[u8; 3]> {
    let digits: String = text.chars().filter(|sign| !matches!(sign, ':' | '-')).collect();
    let number = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 6)?;
    let [_, a, b, c] = number.to_be_bytes();
    Some([a, b, c])
}

impl Makers {
    /// The makers shipped. Of medical makers the kind stands before the name: `bedside: Masimo`.
    pub(super) fn shipped() -> Result<Self, BadRow> {
        let mut makers = Self::default();
        for (name, text) in [("sighting.toml", SIGHTING), ("mac_makers.toml", MAKERS)] {
            let bad = |what| BadRow { file: name.to_owned(), row: 0, what };
            let file: File = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
            for maker in file.maker {
                for written in &maker.ouis {
                    let key = oui(written).ok_or_else(|| bad(format!("{written} is no OUI")))?;
                    let shown = match maker.kind.as_str() {
                        "" => maker.name.clone(),
                        kind => format!("{kind}: {}", maker.name),
                    };
                    makers.0.insert(key, shown);
                }
            }
        }
        Ok(makers)
    }

    /// Adds the lines `00-00-5E   (hex)  NAME` of the IEEE's list. A medical maker keeps its kind.
    pub(super) fn add_list(&mut self, list: &str) {
        for line in list.lines() {
            let Some((octets, name)) = line.split_once("(hex)") else { continue };
            let (Some(key), name) = (oui(octets.trim()), name.trim()) else { continue };
            let medical = self.0.get(&key).is_some_and(|known| known.contains(": "));
            if !medical && !name.is_empty() {
                self.0.insert(key, name.to_owned());
            }
        }
    }

    pub(super) fn of(&self, mac: Mac) -> Option<&str> {
        let [a, b, c, ..] = mac.octets();
        self.0.get(&[a, b, c]).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_ieee_adds_to_what_is_shipped() {
        let mut makers = Makers::shipped().unwrap();
        makers.add_list(
            "AC-DE-48   (hex)\t\tSample Works, Ltd.\nACDE48     (base 16)\tx\nnonsense\n",
        );
        let of = |makers: &Makers, mac: &str| makers.of(mac.parse().unwrap()).map(str::to_owned);
        assert_eq!(of(&makers, "ac:de:48:00:00:01").as_deref(), Some("Sample Works, Ltd."));
        assert_eq!(of(&makers, "00:0b:aa:00:00:01").as_deref(), Some("nurse_call: Aiphone"));
        makers.add_list("00-0B-AA   (hex)\t\tAiphone co.,Ltd");
        assert_eq!(of(&makers, "00:0b:aa:00:00:01").as_deref(), Some("nurse_call: Aiphone"));
        assert_eq!(of(&makers, "02:00:00:00:00:01"), None);
    }
}
