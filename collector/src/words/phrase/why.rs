//! Why a field of a device says what it says, in one sentence.

use super::{Lang, Word, class, grade, method};
use crate::fingerprint::{Class, Place};
use crate::resolve::why::{Claimed, Ground, Why};

/// Where something was read.
fn place(lang: Lang, place: &Place) -> String {
    let word = match place {
        Place::Txt { key, .. } => return lang.fill(Word::WhyPlaceTxt, &[key]),
        Place::Said { method: Some(by), key } => {
            return lang.fill(Word::WhyPlaceSaid, &[&lang.say(method(*by)), key]);
        }
        Place::Said { method: None, key } => return lang.fill(Word::WhyPlaceField, &[key]),
        Place::ObjectId => Word::WhyPlaceObjectId,
        Place::Description => Word::WhyPlaceDescription,
        Place::Service => Word::WhyPlaceService,
        Place::DhcpOptions => Word::WhyPlaceDhcpOptions,
        Place::DhcpVendor => Word::WhyPlaceDhcpVendor,
        Place::SsdpServer => Word::WhyPlaceSsdpServer,
        Place::SsdpTarget => Word::WhyPlaceSsdpTarget,
        Place::NeighbourPlatform => Word::WhyPlaceNeighbourPlatform,
        Place::NeighbourDescription => Word::WhyPlaceNeighbourDescription,
        Place::NeighbourCapabilities => Word::WhyPlaceNeighbourCapabilities,
        Place::VirtualRouter => Word::WhyPlaceVirtualRouter,
        Place::RouterAdvertisement => Word::WhyPlaceRouterAdvertisement,
        Place::MacMaker => Word::WhyPlaceMacMaker,
        Place::HostName => Word::WhyPlaceHostName,
        Place::OpenPorts => Word::WhyPlaceOpenPorts,
        Place::NeighbourInventory => Word::WhyPlaceNeighbourInventory,
        Place::Table => Word::WhyPlaceTable,
        Place::ModelName => Word::WhyPlaceModelName,
    };
    lang.say(word).to_owned()
}

fn value(lang: Lang, field: Claimed, value: &str) -> String {
    if field == Claimed::Class {
        let known = serde_json::from_value::<Class>(value.into());
        return lang.say(class(known.unwrap_or_default())).to_owned();
    }
    value.to_owned()
}

fn read(lang: Lang, ground: &Ground) -> String {
    let place = place(lang, &ground.place);
    if ground.said.is_empty() {
        return place;
    }
    lang.fill(Word::WhyRead, &[&place, &ground.said])
}

/// How sure a value is: a number and a word. Below 34 is low, below 67 middle.
pub fn confidence(lang: Lang, number: u8) -> String {
    let word = match number {
        0..34 => Word::WhyLow,
        34..67 => Word::WhyMiddle,
        _ => Word::WhyHigh,
    };
    lang.fill(Word::WhyConfidence, &[&number, &lang.say(word)])
}

/// The sentence: what it was read from, how much that counts, and what speaks against it.
pub fn why(lang: Lang, why: &Why) -> String {
    let ground = &why.ground;
    let said = value(lang, why.field, &why.value);
    let because = [&said as &dyn std::fmt::Display, &read(lang, ground), &ground.weight];
    let mut text = lang.fill(Word::WhyBecause, &because);
    if let Some(against) = &why.against {
        let other = value(lang, why.field, &against.value);
        let (ground, bound) = (&against.ground, lang.say(grade(against.ground.grade)));
        text.push_str(
            &lang.fill(Word::WhyAgainst, &[&read(lang, ground), &other, &ground.weight, &bound]),
        );
    }
    text.push_str(&confidence(lang, why.confidence));
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daicho_common::observation::Method;

    use super::*;
    use crate::evidence::{Grade, Sources};
    use crate::resolve::why::Against;

    #[test]
    fn both_sides_of_a_contradiction_stand_in_one_sentence() {
        let ground = |key: &str, said: &str, weight| Ground {
            place: Arc::new(Place::Said { method: Some(Method::Http), key: key.to_owned() }),
            said: said.into(),
            grade: Grade::Queried,
            weight,
            sources: Sources::new(),
        };
        let one = Why {
            field: Claimed::Class,
            value: "printer".into(),
            confidence: 40,
            ground: ground("server", "Sample/9", 60),
            against: Some(Box::new(Against {
                value: "camera".into(),
                ground: ground("title", "Sample Camera", 40),
            })),
        };
        let ja = why(Lang::Ja, &one);
        for part in ["プリンタ", "server", "「Sample/9」", "60", "カメラ", "確度 40"] {
            assert!(ja.contains(part), "{part}: {ja}");
        }
        let en = why(Lang::En, &one);
        assert!(en.contains("Printer") && en.contains("Sample Camera"), "{en}");
    }
}
