//! The form of a network.

use super::edit::Around;
use super::field::{Form, Section, Shape, Texts, called, lines, number, some, text, word};
use crate::policy::Purpose;
use crate::settings::{Flaw, Network};
use crate::words::Word;
use daicho_common::job::Reach;

/// What networks can be for, and the word for each.
pub(super) const PURPOSES: [(Purpose, Word); 7] = [
    (Purpose::Medical, Word::PurposeMedical),
    (Purpose::Office, Word::PurposeOffice),
    (Purpose::Server, Word::PurposeServer),
    (Purpose::Management, Word::PurposeManagement),
    (Purpose::Edge, Word::PurposeEdge),
    (Purpose::Guest, Word::PurposeGuest),
    (Purpose::Building, Word::PurposeBuilding),
];
/// How far they are scanned.
pub(super) const REACHES: [(Reach, Word); 3] = [
    (Reach::Sighting, Word::PlanSighting),
    (Reach::Gentle, Word::PlanGentle),
    (Reach::Full, Word::PlanFull),
];

pub(super) fn texts(network: &Network) -> Texts {
    let mut texts = Texts::new();
    let mut put = |name: &str, value: String| _ = texts.insert(name.to_owned(), value);
    put("name", network.name.clone());
    put("cidr", network.cidr.clone());
    put("purpose", network.purpose.as_ref().map(called).unwrap_or_default());
    put("wired", if network.wired { "yes".to_owned() } else { String::new() });
    put("gateways", network.gateways.join("\n"));
    put("dhcp_servers", network.dhcp_servers.join("\n"));
    put("agent", network.agent.clone().unwrap_or_default());
    put("policy", called(&network.policy));
    put(
        "packets_per_second",
        network.packets_per_second.map(|n| n.to_string()).unwrap_or_default(),
    );
    put("windows", network.windows.join("\n"));
    put("credentials", network.credentials.join("\n"));
    texts
}

pub(super) fn read(texts: &Texts) -> Result<Network, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut network = Network::named(text(texts, "name"), text(texts, "cidr"));
    if let Some(cidr) = network.prefix() {
        network.cidr = cidr.to_string();
    }
    if network.name.is_empty() {
        network.name.clone_from(&network.cidr);
    }
    network.purpose = word(texts, "purpose");
    network.wired = text(texts, "wired") == "yes";
    network.gateways = lines(texts, "gateways");
    network.dhcp_servers = lines(texts, "dhcp_servers");
    network.agent = some(texts, "agent");
    network.policy = word(texts, "policy").unwrap_or(Reach::Gentle);
    network.packets_per_second = number(texts, "packets_per_second", &mut flaws);
    network.windows = lines(texts, "windows");
    network.credentials = lines(texts, "credentials");
    flaws.extend(network.flaws());
    if flaws.is_empty() { Ok(network) } else { Err(flaws) }
}

pub(super) fn sections(form: &Form<'_>, around: &Around, new: bool) -> Vec<Section> {
    let none = |word: Word| (String::new(), form.say(word));
    let name = if new { Shape::Text } else { Shape::Fixed };
    let purposes = PURPOSES.iter().map(|(value, word)| (called(value), form.say(*word)));
    let reaches = REACHES.iter().map(|(value, word)| (called(value), form.say(*word)));
    // Also those that are to come.
    let named = around.settings.networks.iter().filter_map(|network| network.agent.clone());
    let agents: std::collections::BTreeSet<String> =
        around.agents.iter().map(|agent| agent.name.clone()).chain(named).collect();
    let agents = agents.into_iter().map(|name| (name.clone(), name));
    let credentials = around.settings.credentials.iter();
    let credentials = credentials.map(|one| (one.name.clone(), one.name.clone()));
    vec![
        Section {
            legend: "",
            only: "",
            inputs: vec![
                form.example("cidr", (Word::GuideCidr, "10.20.0.0/24"), Shape::Text).required(),
                form.example("name", (Word::GuideNetworkName, "3F-nurse"), name),
                form.one(
                    "purpose",
                    Word::SettingsPurpose,
                    std::iter::once(none(Word::SettingsNoPurpose)).chain(purposes),
                ),
                form.tick("wired", Word::SettingWired),
                form.example("gateways", (Word::SettingGateways, "10.20.0.254"), Shape::Lines),
                form.example("dhcp_servers", (Word::SettingDhcp, "10.20.0.2"), Shape::Lines),
            ],
        },
        Section {
            legend: form.lang.say(Word::SettingScanning),
            only: "",
            inputs: vec![
                form.one(
                    "agent",
                    Word::CommonAgent,
                    std::iter::once(none(Word::SettingNobody)).chain(agents),
                ),
                form.one("policy", Word::SettingsPolicy, reaches),
                form.example("windows", (Word::PlanWindows, "22:00-05:00"), Shape::Lines),
                form.hinted(
                    "packets_per_second",
                    (Word::SettingRate, form.say(Word::SettingAgentsOwn)),
                    Shape::Text,
                ),
                form.many("credentials", Word::SettingsCredentials, credentials),
            ],
        },
    ]
}
