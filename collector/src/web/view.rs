//! What a vendor is shown: the picture cut down to its portion, so that every page, file and answer is
//! made of nothing else, whatever page it is. What is not known to be the vendor's is left out.

use std::collections::BTreeSet;
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::{Observation, ObservationId};

use super::snapshot::Snapshot;
use crate::archive::Archive;
use crate::decision::{Decided, Decision};
use crate::ledger::Ledger;
use crate::list::List;
use crate::people::portion::Portion;
use crate::picture::Picture;
use crate::register::Register;
use crate::report;
use crate::resolve::Device;
use crate::scope::Scoped;
use crate::store::{Ground, Scan};
use crate::topology::Topology;

/// The part of a snapshot that is this party's.
pub(super) fn of(whole: &Snapshot, party: &str) -> Snapshot {
    let (ground, picture) = (&whole.ground, &whole.picture);
    let books = (&ground.register, &*ground.ledger);
    let portion = Portion::of(party, books, &picture.matches, whole.today());
    let devices = devices(picture, &portion);
    let findings: Vec<_> =
        picture.findings.iter().filter(|one| portion.has(one)).cloned().collect();
    let answers = |decided: &&Decided| match &decided.what {
        Decision::Answer { finding, .. } => findings.iter().any(|one| one.id == *finding),
        // What the hospital says of a device among its own people is not the vendor's to read.
        Decision::Join { .. }
        | Decision::Split { .. }
        | Decision::Correct { .. }
        | Decision::Scope { .. }
        | Decision::Byod { .. }
        | Decision::Withdraw { .. } => false,
    };
    let mut matches = Vec::new();
    let mut scopes = Vec::new();
    for (index, matched) in picture.matches.iter().enumerate() {
        if matched.entry.as_ref().is_some_and(|entry| portion.entries.contains(entry)) {
            matches.push(matched.clone());
            let judged = picture.scopes.get(index).cloned();
            scopes.extend(judged.map(|judged| Scoped { decided: None, ..judged }));
        }
    }
    let ground = Ground {
        revision: ground.revision,
        observations: observations(whole, &portion, &devices).into(),
        coverage: List::default(),
        sent: List::default(),
        ledger: ledger(&ground.ledger, &portion).into(),
        books: ground.books.clone(),
        scans: ground.scans.iter().map(when).collect(),
        decisions: ground.decisions.iter().filter(answers).cloned().collect(),
        register: register(&ground.register, &portion),
        // What the hospital counted is its own.
        checks: List::default(),
        check: 0,
        missed: Vec::new(),
        batch: 0,
        shelf: (0, 0),
    };
    let (topology, duties) = (Topology::default(), Vec::new());
    let (devices, findings) = (devices.into(), findings.into());
    let (matches, scopes) = (matches.into(), scopes.into());
    let picture = Picture { devices, topology, duties, matches, scopes, findings };
    let mut cut = Snapshot::of(ground, picture, whole.as_of());
    cut.said = whole.said;
    cut
}

/// When a scan was, and nothing more of it.
fn when(scan: &Scan) -> Scan {
    let (agent, software) = (String::new(), String::new());
    Scan { agent, scan: String::new(), from: scan.from, to: scan.to, software }
}

fn devices(picture: &Picture, portion: &Portion) -> Vec<Device> {
    let own = picture.devices.iter().filter(|device| portion.devices.contains(&device.id));
    own.cloned()
        .map(|mut device| {
            // It names the switch, which is another's.
            device.attached.clear();
            device
        })
        .collect()
}

/// What its devices said themselves, as far as it tells of no other device.
fn observations(whole: &Snapshot, portion: &Portion, devices: &[Device]) -> Archive {
    let macs: BTreeSet<Mac> =
        devices.iter().flat_map(|device| &device.macs).map(|mac| mac.value).collect();
    let addresses: BTreeSet<(&str, IpAddr)> = devices
        .iter()
        .flat_map(|device| &device.addresses)
        .map(|address| (address.network.as_str(), address.ip))
        .collect();
    let ids: BTreeSet<ObservationId> = devices.iter().flat_map(report::sources).collect();
    let is_own =
        |id: &ObservationId| whole.devices_on(*id).all(|d| portion.devices.contains(&d.id));
    let spoke = |seen: &Observation| {
        let network = seen.vantage.network.as_str();
        seen.speaker.mac.is_some_and(|mac| macs.contains(&mac))
            || seen.speaker.ip.is_some_and(|ip| addresses.contains(&(network, ip)))
    };
    let own = whole.ground.observations.those(ids.into_iter().filter(is_own));
    own.into_iter().filter(spoke).collect::<Vec<_>>().into()
}

fn ledger(ledger: &Ledger, portion: &Portion) -> Ledger {
    let own = ledger.entries.iter().filter(|entry| portion.entries.contains(&entry.place));
    Ledger { sheets: ledger.sheets.clone(), entries: own.cloned().collect(), defects: Vec::new() }
}

/// Its contracts, whoever stands behind them, and what is declared of its devices.
fn register(register: &Register, portion: &Portion) -> Register {
    let mine = |contract: &str| portion.contracts.contains(contract);
    let contracts: Vec<_> = register.contract.iter().filter(|one| mine(&one.id)).cloned().collect();
    let named = |id: &String| {
        contracts.iter().any(|contract| contract.party == *id || contract.behind.contains(id))
    };
    let covered = |number: &String| portion.asset_numbers.contains(number);
    Register {
        party: register.party.iter().filter(|one| named(&one.id)).cloned().collect(),
        escalation: register.escalation.iter().filter(|one| mine(&one.contract)).cloned().collect(),
        remote: register.remote.iter().filter(|one| covered(&one.asset_number)).cloned().collect(),
        disclosure: (register.disclosure.iter())
            .filter(|one| {
                mine(&one.contract)
                    || !one.asset_numbers.is_empty() && one.asset_numbers.iter().all(covered)
            })
            .cloned()
            .collect(),
        keeper: register.keeper.iter().filter(|one| covered(&one.asset_number)).cloned().collect(),
        exception: (register.exception.iter())
            .filter(|one| covered(&one.asset_number))
            .cloned()
            .collect(),
        service: register.service.iter().filter(|one| mine(&one.contract)).cloned().collect(),
        contract: contracts,
        byod: Vec::new(),
        stocktaking: Vec::new(),
    }
}
