//! Where things hang, in words.

use daicho_common::time::Timestamp;

use super::super::{Lang, Word};
use crate::resolve::{Attached, Through};
use crate::topology::{Cause, Confidence, End, Reason, Said, Shared};

/// The switch's name, else its identifier.
pub fn switch(attached: &Attached) -> &str {
    if attached.switch_name.is_empty() { attached.switch.0.as_str() } else { &attached.switch_name }
}

/// What stands between the port and the device; empty if nothing.
pub fn through(lang: Lang, attached: &Attached) -> String {
    let word = match &attached.through {
        None => return String::new(),
        Some(Through::Beyond(what)) => return lang.fill(Word::WiringBeyond, &[what]),
        Some(Through::Hub) => Word::WiringHub,
        Some(Through::Telephone) => Word::WiringTelephone,
        Some(Through::AccessPoint) => Word::WiringAccessPoint,
        Some(Through::Host) => Word::WiringHost,
        Some(Through::UnknownSwitch) => Word::WiringUnknownSwitch,
        Some(Through::Trunk) => Word::WiringTrunk,
        Some(Through::Powered) => Word::WiringPowered,
    };
    lang.say(word).to_owned()
}

/// When the place was read, if the port did not show the device since; empty if it did.
pub fn as_of(lang: Lang, attached: &Attached, show: &dyn Fn(Timestamp) -> String) -> String {
    attached.as_of.map(|at| lang.fill(Word::WiringAsOf, &[&show(at)])).unwrap_or_default()
}

/// A device's place in one line; `show` writes a moment.
pub fn attached(lang: Lang, attached: &Attached, show: &dyn Fn(Timestamp) -> String) -> String {
    let port = at(lang, switch(attached), &attached.port, &attached.alias);
    let vlan = attached.vlan.map(|number| vlan(lang, number, &attached.vlan_name));
    let more = [through(lang, attached), as_of(lang, attached, show)];
    let mut parts = vec![port];
    parts.extend(vlan);
    parts.extend(more.into_iter().filter(|text| !text.is_empty()));
    parts.join(" · ")
}

/// A VLAN by its number and, where it has one, its name.
pub fn vlan(lang: Lang, number: u16, name: &str) -> String {
    if name.is_empty() {
        lang.fill(Word::WiringVlan, &[&number])
    } else {
        lang.fill(Word::WiringVlanNamed, &[&number, &name])
    }
}

fn at(lang: Lang, switch: &str, port: &str, alias: &str) -> String {
    if note(switch, port, alias).is_empty() {
        lang.fill(Word::WiringAt, &[&switch, &port])
    } else {
        lang.fill(Word::WiringAtAlias, &[&switch, &port, &alias])
    }
}

/// What the note of a port says beyond what it is called anyway, which some write there.
pub fn note<'a>(switch: &str, port: &str, alias: &'a str) -> &'a str {
    let rest = alias.strip_prefix(switch).unwrap_or(alias).trim();
    if rest == port { "" } else { alias }
}

/// A port's own VLAN; empty where its switch does not tell.
pub fn vlan_of(lang: Lang, end: &End) -> String {
    end.vlan.map(|number| vlan(lang, number, &end.vlan_name)).unwrap_or_default()
}

/// What an end of a link is called: its name, else its identifier.
pub fn end(end: &End) -> &str {
    match &end.device {
        Some(device) if end.name.is_empty() => &device.0,
        Some(_) | None => &end.name,
    }
}

/// Who says that a link is there.
pub const fn said(said: Said) -> Word {
    match said {
        Said::Both => Word::LinksSaidBoth,
        Said::One => Word::LinksSaidOne,
        Said::SpanningTree => Word::LinksSaidSpanningTree,
        Said::Tables => Word::LinksSaidTables,
        Said::Heard => Word::LinksSaidHeard,
    }
}

/// What speaks for the cause of a port with several devices.
pub fn reasons(lang: Lang, shared: &Shared) -> String {
    let reasons: Vec<String> = shared.reasons.iter().map(|one| reason(lang, *one)).collect();
    reasons.join(match lang {
        Lang::Ja => "、",
        Lang::En => "; ",
    })
}

/// Why several devices are heard on a port.
pub const fn cause(cause: Cause) -> Word {
    match cause {
        Cause::Hub => Word::WiringCauseHub,
        Cause::Telephones => Word::WiringCauseTelephones,
        Cause::AccessPoint => Word::WiringCauseAccessPoint,
        Cause::VirtualMachines => Word::WiringCauseVirtualMachines,
        Cause::UnknownSwitch => Word::WiringCauseUnknownSwitch,
        Cause::Trunk => Word::WiringCauseTrunk,
        Cause::Powered => Word::WiringCausePowered,
    }
}

/// How sure it is.
pub const fn confidence(confidence: Confidence) -> Word {
    match confidence {
        Confidence::Likely => Word::WiringLikely,
        Confidence::Possible => Word::WiringPossible,
    }
}

/// What speaks for it.
pub fn reason(lang: Lang, reason: Reason) -> String {
    let word = match reason {
        Reason::Together { stations } => {
            return lang.fill(Word::WiringReasonTogether, &[&stations]);
        }
        Reason::Again { readings } => return lang.fill(Word::WiringReasonAgain, &[&readings]),
        Reason::VirtualMachineAddresses { machines } => {
            return lang.fill(Word::WiringReasonVirtualMachineAddresses, &[&machines]);
        }
        Reason::SeveralVlans { vlans } => {
            return lang.fill(Word::WiringReasonSeveralVlans, &[&vlans]);
        }
        Reason::NoNeighbour => Word::WiringReasonNoNeighbour,
        Reason::PoweredOverEthernet => Word::WiringReasonPoweredOverEthernet,
        Reason::HalfDuplex => Word::WiringReasonHalfDuplex,
        Reason::TelephoneSaysSo => Word::WiringReasonTelephoneSaysSo,
        Reason::TelephoneByClass => Word::WiringReasonTelephoneByClass,
        Reason::TelephoneByKin => Word::WiringReasonTelephoneByKin,
        Reason::TelephoneByNetwork => Word::WiringReasonTelephoneByNetwork,
        Reason::AccessPointListsThem => Word::WiringReasonAccessPointListsThem,
        Reason::AccessPointByKin => Word::WiringReasonAccessPointByKin,
        Reason::DifferentVlans => Word::WiringReasonDifferentVlans,
        Reason::AccessPointSaysSo => Word::WiringReasonAccessPointSaysSo,
        Reason::AccessPointByClass => Word::WiringReasonAccessPointByClass,
        Reason::RandomAddresses => Word::WiringReasonRandomAddresses,
    };
    lang.say(word).to_owned()
}

/// A port with several devices in one line, with the reasons.
pub fn shared(lang: Lang, shared: &Shared) -> String {
    let sure = lang.say(confidence(shared.confidence));
    let joined = reasons(lang, shared);
    let cause = lang.say(cause(shared.cause));
    lang.fill(Word::WiringSharedLine, &[&shared.at.port, &cause, &sure, &joined])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_only_repeats_what_the_port_is_called_says_nothing() {
        assert_eq!(note("SW-1", "1/0/2", "SW-1 1/0/2"), "");
        assert_eq!(note("SW-1", "1/0/2", "1/0/2"), "");
        assert_eq!(note("SW-1", "1/0/2", "東病棟"), "東病棟");
        assert_eq!(note("SW-1", "2", "SW-1 2F 東病棟"), "SW-1 2F 東病棟");
        assert_eq!(note("SW-1", "2", ""), "");
    }
}
