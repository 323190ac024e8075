//! The form of credentials. What is secret is written and never shown again; left empty it stays as it is.

use super::field::{Form, Section, Shape, Texts, called, lines, some, text, word};
use crate::settings::Flaw;
use crate::settings::credential::{AUTHS, Credential, PRIVACIES, Secrets, Version};
use crate::words::Word;

pub(super) fn texts(credential: &Credential) -> Texts {
    let mut texts = Texts::new();
    let mut put = |name: &str, value: String| _ = texts.insert(name.to_owned(), value);
    put("name", credential.name.clone());
    put("version", called(&credential.version));
    put("user", credential.user.clone());
    put("auth", credential.auth.clone().unwrap_or_default());
    put("privacy", credential.privacy.clone().unwrap_or_default());
    put("contexts", credential.contexts.join("\n"));
    texts
}

/// What was typed, with the secrets; those that were left empty are as they were `kept`.
pub(super) fn read(
    texts: &Texts,
    kept: impl Fn(&Credential) -> Secrets,
) -> Result<(Credential, Secrets), Vec<Flaw>> {
    let version = word(texts, "version").unwrap_or(Version::V3);
    let is_v3 = version == Version::V3;
    let of_v3 = |name: &str| some(texts, name).filter(|_| is_v3);
    let credential = Credential {
        name: text(texts, "name").to_owned(),
        version,
        user: of_v3("user").unwrap_or_default(),
        auth: of_v3("auth"),
        privacy: of_v3("privacy"),
        contexts: if is_v3 { lines(texts, "contexts") } else { Vec::new() },
    };
    let mut secrets = kept(&credential);
    for (name, place) in [
        ("community", &mut secrets.community),
        ("auth_password", &mut secrets.auth_password),
        ("privacy_password", &mut secrets.privacy_password),
    ] {
        if let Some(typed) = some(texts, name) {
            *place = typed;
        }
    }
    let mut flaws = credential.flaws();
    flaws.extend(credential.flaws_of(&secrets));
    if flaws.is_empty() { Ok((credential, secrets)) } else { Err(flaws) }
}

pub(super) fn sections(form: &Form<'_>, new: bool) -> Vec<Section> {
    let name = if new { Shape::Text } else { Shape::Fixed };
    let kept = || form.say(if new { Word::SettingNeverShown } else { Word::SettingStays });
    let words = |all: &[&str]| {
        let none = (String::new(), form.say(Word::SettingNone));
        let all = all.iter().map(|word| ((*word).to_owned(), (*word).to_owned()));
        std::iter::once(none).chain(all).collect::<Vec<_>>()
    };
    let versions = Version::ALL.map(|it| (it.name().to_owned(), format!("SNMP {}", it.name())));
    vec![
        Section {
            legend: "",
            only: "",
            inputs: vec![
                form.example("name", (Word::SettingName, "core-switches"), name).required(),
                form.one("version", Word::SettingVersion, versions),
            ],
        },
        Section {
            legend: "SNMP v3",
            only: "v3",
            inputs: vec![
                form.input("user", Word::SettingUser, Shape::Text),
                form.one("auth", Word::SettingAuth, words(&AUTHS)),
                form.hinted("auth_password", (Word::SettingAuthPassword, kept()), Shape::Secret),
                form.one("privacy", Word::SettingPrivacy, words(&PRIVACIES)),
                form.hinted(
                    "privacy_password",
                    (Word::SettingPrivacyPassword, kept()),
                    Shape::Secret,
                ),
                form.example("contexts", (Word::SettingContexts, "vlan-20"), Shape::Lines),
            ],
        },
        Section {
            legend: "SNMP v1 / v2c",
            only: "v1 v2c",
            inputs: vec![form.hinted("community", (Word::SettingCommunity, kept()), Shape::Secret)],
        },
    ]
}
