//! One device: what it is and why, where it was, and what the ledger says of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use daicho_common::observation::ObservationId;
use serde::Deserialize;

use super::Site;
use super::decide::broken;
use super::enter::Entering;
use super::ledger;
use super::page::{Evidence, FindingRow, Frame, Pager, Reader, Tag, device_link, message, show};
use super::person::Forms;
use super::scope::ScopeRow;
use super::snapshot::Snapshot;
use crate::clock::Zone;
use crate::evidence::{Grade, Sourced};
use crate::inventory::parts::Part;
use crate::ledger::Entry;
use crate::people::act::Act;
use crate::reconcile::{Difference, Match, Verdict};
use crate::register::contract::{self, Asked};
use crate::report;
use crate::resolve::why::Claimed;
use crate::resolve::{Device, DeviceId};
use crate::store::{Change, StoreError};
use crate::words::{Lang, Word, phrase};

mod sections;

use sections::{Event, Interface, Plugged, Service};

/// Observations on one page.
const LISTED: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Which page of the observations is shown.
    said: Option<String>,
}

/// A field with its reasons.
struct Claim {
    label: &'static str,
    value: String,
    note: &'static str,
    /// Why it says so, in one sentence; empty where the grade says enough.
    why: String,
    grade: &'static str,
    when: String,
    agents: String,
    methods: String,
    evidence: Evidence,
}

struct Where {
    ip: String,
    network: String,
    first_seen: String,
    last_seen: String,
    evidence: Evidence,
}

struct Cell {
    heading: String,
    declared: String,
    /// What was observed instead, where it differs.
    observed: Option<(String, Evidence)>,
}

struct Row {
    tag: Tag,
    place: String,
    /// The row's own page.
    link: String,
    by: String,
    /// Whom the hospital asks about it, and under which contract; empty if no contract covers it.
    asked: String,
    cells: Vec<Cell>,
    remarks: Vec<String>,
}

struct Said {
    id: ObservationId,
    at: String,
    agent: String,
    method: &'static str,
    what: String,
}

#[derive(Template)]
#[template(path = "device.html")]
struct Page {
    frame: Frame,
    id: String,
    class: &'static str,
    seen: String,
    tags: Vec<Tag>,
    oddities: Vec<(&'static str, Evidence)>,
    claims: Vec<Claim>,
    addresses: Vec<Where>,
    joins: Vec<(String, Evidence)>,
    rows: Vec<Row>,
    findings: Vec<FindingRow>,
    scopes: Vec<ScopeRow>,
    private: Option<Private>,
    forms: Forms,
    entering: Option<Entering>,
    interfaces: Vec<Interface>,
    plugged: Vec<Plugged>,
    services: Vec<Service>,
    services_more: String,
    software: Vec<String>,
    events: Vec<Event>,
    said: Vec<Said>,
    said_title: String,
    pager: Pager,
}

pub(super) async fn page(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let id = DeviceId(id.into());
    let changes = match changes(&site, &reader, &id).await {
        Ok(changes) => changes,
        Err(error) => {
            let (status, word) = broken(&error);
            return message(&reader, status, word);
        }
    };
    show(&site, &reader, ("devices", Word::DevicesTitle), |snapshot, frame| {
        let device = snapshot.device(&id).ok_or(Word::NotFoundDevice)?;
        let writer = Writer { snapshot, lang: frame.lang, zone: &site.config.zone };
        Ok(writer.page(device, frame, (&changes, wanted.said.as_deref())))
    })
    .await
}

/// What was changed in the device's rows of the ledger; nothing for who sees a portion only.
async fn changes(
    site: &Arc<Site>,
    reader: &Reader,
    id: &DeviceId,
) -> Result<Vec<Change>, StoreError> {
    if !reader.may(Act::Survey) {
        return Ok(Vec::new());
    }
    let snapshot = site.view(reader).await?;
    let places = snapshot.matches(id).filter_map(|matched| matched.entry.as_ref());
    let entries = places.filter_map(|place| snapshot.entry(place));
    let keys: Vec<String> = entries.map(|entry| ledger::row::known_by(&snapshot, entry)).collect();
    site.write(move |store| {
        let histories = keys.iter().map(|key| store.latest_changes(key, sections::LISTED));
        Ok(histories.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    })
    .await
}

/// The form that permits a private device, or takes the permission back.
struct Private {
    device: String,
    permitted: bool,
}

/// The form, if no row accounts for the device.
fn private(matches: &[&Match], device: &Device) -> Option<Private> {
    let verdict = &matches.first()?.verdict;
    let permitted = matches!(verdict, Verdict::PermittedByod { .. });
    let class = device.class.as_ref();
    let key = device.keys().into_iter().next()?;
    let device = serde_json::to_string(&key).ok()?;
    let is_network = class.is_some_and(|class| class.value.is_network());
    (permitted || verdict.is_undocumented() && !is_network).then_some(Private { device, permitted })
}

/// What every part of the page is written with.
#[derive(Clone, Copy)]
struct Writer<'a> {
    snapshot: &'a Snapshot,
    lang: Lang,
    zone: &'a Zone,
}

impl Writer<'_> {
    fn page(
        self,
        device: &Device,
        mut frame: Frame,
        (changes, said): (&[Change], Option<&str>),
    ) -> Page {
        let (lang, zone) = (self.lang, self.zone);
        frame.title = device.called();
        let matches: Vec<&Match> = self.snapshot.matches(&device.id).collect();
        let sources = report::sources(device);
        let link = format!("{}?said=", device_link(&device.id));
        let pager = Pager::new(sources.len(), LISTED, said, link);
        let (services, left) = self.services(device);
        let oddity =
            |odd: &Sourced<_>| (lang.say(phrase::oddity(&odd.value)), self.on(&odd.sources));
        let findings = self.snapshot.findings_about(&device.id);
        Page {
            id: device.id.0.to_string(),
            class: report::class(lang, device),
            seen: format!("{} – {}", zone.show(device.first_seen), zone.show(device.last_seen)),
            tags: matches.iter().map(|m| Tag::verdict(lang, &m.verdict)).collect(),
            oddities: device.oddities.iter().map(oddity).collect(),
            claims: self.claims(device),
            addresses: self.addresses(device),
            joins: (device.joins.iter())
                .map(|join| (phrase::join(lang, &join.reason), self.on(&join.sources)))
                .collect(),
            rows: matches.iter().filter_map(|matched| self.row(matched)).collect(),
            findings: findings
                .map(|finding| FindingRow::of(self.snapshot, (lang, zone), finding))
                .collect(),
            scopes: (self.snapshot.scopes(&device.id))
                .map(|both| ScopeRow::of(self.snapshot, (lang, zone), both, device))
                .collect(),
            private: private(&matches, device),
            forms: Forms::of(self.snapshot, (lang, zone), device),
            entering: Entering::of(self.snapshot, lang, device),
            interfaces: self.interfaces(device),
            plugged: self.plugged(device),
            services,
            services_more: if left == 0 {
                String::new()
            } else {
                lang.fill(Word::CommonMore, &[&left])
            },
            software: device.software.iter().map(|one| one.value.to_string()).collect(),
            events: self.events(device, changes),
            said: (sources.iter().skip(pager.skip).take(pager.take))
                .filter_map(|id| self.said(*id))
                .collect(),
            said_title: lang.fill(Word::DeviceObservations, &[&sources.len()]),
            pager,
            frame,
        }
    }

    fn on<'i>(
        self,
        ids: impl IntoIterator<Item = &'i ObservationId, IntoIter: ExactSizeIterator>,
    ) -> Evidence {
        Evidence::of(self.snapshot, (self.lang, self.zone), ids)
    }

    fn claims(self, device: &Device) -> Vec<Claim> {
        let mut claims = Vec::new();
        for name in &device.names {
            claims.push(self.claim(Word::DeviceNames, name, name.value.to_string()));
        }
        if let Some(class) = &device.class {
            let label = self.lang.say(phrase::class(class.value)).to_owned();
            let claim = self.claim(Word::DeviceClass, class, label);
            claims.push(self.because(device, Claimed::Class, claim));
        }
        let texts = [
            (Word::DeviceVendor, Some(Claimed::Vendor), &device.vendor),
            (Word::DeviceModel, Some(Claimed::Model), &device.model),
            (Word::DeviceSerial, Some(Claimed::Serial), &device.serial),
            (Word::DeviceVersion, Some(Claimed::Version), &device.version),
            (Word::DeviceOs, Some(Claimed::Os), &device.os),
            (Word::DeviceSupportEnd, None, &device.support_end),
            (Word::DeviceDescription, None, &device.description),
            (Word::DeviceLocation, None, &device.location),
        ];
        for (word, field, text) in texts {
            let Some(text) = text else { continue };
            let claim = self.claim(word, text, text.value.to_string());
            claims.push(match field {
                Some(field) => self.because(device, field, claim),
                None => claim,
            });
        }
        for program in &device.programs {
            let text = match &program.value.vendor {
                Some(vendor) => format!("{} ({vendor})", program.value.product),
                None => program.value.product.to_string(),
            };
            claims.push(self.claim(Word::DeviceProgram, program, text));
        }
        claims.extend(self.inventory(device));
        for mac in &device.macs {
            let mut claim = self.claim(Word::DeviceMacs, mac, mac.value.to_string());
            if mac.value.is_local() {
                claim.note = self.lang.say(Word::DeviceLocalMac);
            }
            claims.push(claim);
        }
        let ports = self.snapshot.picture.topology.shared.iter();
        for shared in ports.filter(|shared| shared.at.device.as_ref() == Some(&device.id)) {
            let value = phrase::wiring::shared(self.lang, shared);
            let claim =
                Sourced { value, grade: Grade::Inferred, sources: shared.sources.clone().into() };
            claims.push(self.claim(Word::WiringShared, &claim, claim.value.clone()));
        }
        claims
    }

    /// What tables read over SNMP added: whether documents are kept, pages, parts.
    fn inventory(self, device: &Device) -> Vec<Claim> {
        let mut claims = Vec::new();
        if let Some(storage) = &device.storage {
            let mut text = self.lang.say(phrase::keeps(storage.value.keeps)).to_owned();
            for reason in &storage.value.reasons {
                text.push_str(" — ");
                text.push_str(phrase::storage_reason(self.lang, reason));
            }
            claims.push(self.claim(Word::DeviceStorage, storage, text));
        }
        let pages = device.pages.iter();
        claims.extend(pages.map(|it| self.claim(Word::DevicePages, it, it.value.to_string())));
        for part in &device.parts {
            let Part { name, model, serial, version, .. } = &part.value;
            let text = self.lang.fill(Word::DevicePartLine, &[name, model, serial, version]);
            claims.push(self.claim(Word::DevicePart, part, text));
        }
        claims
    }

    /// The claim with why it says so.
    fn because(self, device: &Device, field: Claimed, mut claim: Claim) -> Claim {
        if let Some(why) = device.why.iter().find(|why| why.field == field) {
            claim.why = phrase::why::why(self.lang, why);
        }
        claim
    }

    fn claim<T>(self, label: Word, claim: &Sourced<T>, value: String) -> Claim {
        let seen: Vec<_> =
            claim.sources.iter().filter_map(|id| self.snapshot.observation(*id)).collect();
        let agents: BTreeSet<&str> = seen.iter().map(|o| o.vantage.agent.as_str()).collect();
        let methods: BTreeSet<&str> =
            seen.iter().map(|o| self.lang.say(phrase::method(o.method))).collect();
        let latest = seen.iter().map(|o| o.at).max();
        let joint = self.lang.say(Word::CommonListJoin);
        Claim {
            label: self.lang.say(label),
            value,
            note: "",
            why: String::new(),
            grade: self.lang.say(phrase::grade(claim.grade)),
            when: latest.map(|at| self.zone.show(at)).unwrap_or_default(),
            agents: agents.into_iter().collect::<Vec<_>>().join(joint),
            methods: methods.into_iter().collect::<Vec<_>>().join(joint),
            evidence: self.on(&claim.sources),
        }
    }

    fn addresses(self, device: &Device) -> Vec<Where> {
        let address = |address: &crate::resolve::Address| Where {
            ip: address.ip.to_string(),
            network: address.network.to_string(),
            first_seen: self.zone.show(address.first_seen),
            last_seen: self.zone.show(address.last_seen),
            evidence: self.on(&address.sources),
        };
        device.addresses.iter().map(address).collect()
    }

    /// The ledger's row beside what was observed.
    fn row(self, matched: &Match) -> Option<Row> {
        let place = matched.entry.as_ref()?;
        let entry = self.snapshot.entry(place)?;
        let columns = &self.snapshot.ground.ledger.sheets.get(entry.sheet)?.columns;
        let mut left: Vec<&Difference> = match &matched.verdict {
            Verdict::Differs { differences } => differences.iter().collect(),
            Verdict::Agreed
            | Verdict::Undocumented
            | Verdict::ByodCandidate
            | Verdict::PermittedByod { .. }
            | Verdict::PossiblyLost { .. }
            | Verdict::NotSeen { .. }
            | Verdict::NotConnected
            | Verdict::RetiredButSeen
            | Verdict::CannotTell { .. } => Vec::new(),
        };
        let mut cells = Vec::new();
        for (column, cell) in columns.iter().zip(&entry.cells) {
            let differs = left.iter().position(|d| Some(d.field) == column.field);
            let observed = differs.map(|at| left.remove(at));
            let observed = observed.map(|d| (d.observed.clone(), self.on(&d.sources)));
            if !cell.is_empty() || observed.is_some() {
                cells.push(Cell {
                    heading: column.heading.clone(),
                    declared: cell.clone(),
                    observed,
                });
            }
        }
        for difference in left {
            cells.push(Cell {
                heading: self.lang.say(phrase::field(difference.field)).to_owned(),
                declared: difference.declared.clone(),
                observed: Some((difference.observed.clone(), self.on(&difference.sources))),
            });
        }
        let by = phrase::matched_by(self.lang, &matched.by);
        Some(Row {
            tag: Tag::verdict(self.lang, &matched.verdict),
            place: phrase::place(self.lang, place),
            link: ledger::row_link(place),
            asked: self.asked(entry),
            by: if by.is_empty() { by } else { self.lang.fill(Word::CommonMatchedBy, &[&by]) },
            cells,
            // Differences stand in the cells.
            remarks: if matches!(matched.verdict, Verdict::Differs { .. }) {
                Vec::new()
            } else {
                report::remarks(self.lang, self.zone, &matched.verdict)
            },
        })
    }

    /// Whom the hospital asks about a row: the direct contractor of the contract that covers it.
    fn asked(self, entry: &Entry) -> String {
        let colon = self.lang.say(Word::CommonColon);
        let contract = self.lang.say(Word::RegisterContract);
        match contract::asked(&self.snapshot.ground.register, entry) {
            Asked::Nobody => String::new(),
            Asked::One(one, party) => {
                let direct = self.lang.say(Word::RegisterDirectContractor);
                format!("{contract}{colon}{} / {direct}{colon}{}", one.name, party.name)
            }
            Asked::Several(several) => {
                let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
                format!("{contract}{colon}{}", names.join(self.lang.say(Word::CommonListJoin)))
            }
        }
    }

    fn said(self, id: ObservationId) -> Option<Said> {
        let observation = self.snapshot.observation(id)?;
        Some(Said {
            id,
            at: self.zone.show(observation.at),
            agent: observation.vantage.agent.clone(),
            method: self.lang.say(phrase::method(observation.method)),
            what: phrase::fact(self.lang, &observation.fact),
        })
    }
}
