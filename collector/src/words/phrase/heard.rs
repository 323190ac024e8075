//! What devices said without being asked, as sentences.

use std::fmt::Display;

use daicho_common::observation::heard::{Dhcp, LinkNeighbour, RouterAdvertisement};
use daicho_common::text::Text;

use crate::words::{Lang, Word};

/// Shown where nothing was said.
const DASH: &str = "-";

/// Named fields, as they were said.
pub(super) fn fields(fields: &[(Text, Text)]) -> String {
    list(&fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
}

/// Values with commas between.
pub(super) fn list<T: Display>(values: &[T]) -> String {
    let texts: Vec<_> = values.iter().map(T::to_string).collect();
    if texts.is_empty() { DASH.to_owned() } else { texts.join(", ") }
}

fn or_dash(text: impl Display) -> String {
    let text = text.to_string();
    if text.is_empty() { DASH.to_owned() } else { text }
}

pub(super) fn neighbour(lang: Lang, it: &LinkNeighbour) -> String {
    let name = if it.name.is_empty() { &it.chassis } else { &it.name };
    lang.fill(
        Word::FactLinkNeighbour,
        &[&or_dash(name), &or_dash(&it.chassis), &or_dash(&it.port), &it.platform, &it.description],
    )
}

pub(super) fn dhcp(lang: Lang, it: &Dhcp) -> String {
    let client = it.client.map_or_else(|| or_dash(&it.client_id), |mac| mac.to_string());
    let name = if it.host_name.is_empty() { &it.fqdn } else { &it.host_name };
    lang.fill(Word::FactDhcp, &[&it.message, &client, &or_dash(name), &or_dash(&it.vendor_class)])
}

pub(super) fn router(lang: Lang, it: &RouterAdvertisement) -> String {
    let prefixes: Vec<_> =
        it.prefixes.iter().map(|(prefix, length)| format!("{prefix}/{length}")).collect();
    lang.fill(Word::FactRouterAdvertisement, &[&list(&prefixes)])
}
