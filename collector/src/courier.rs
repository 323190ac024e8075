//! Messages on their way: looks what is so, keeps what is to be told, and sends it. What is told and when
//! is decided in [`crate::notify`].
//!
//! Each receiver has a thread of its own while something is sent to it, so that a dead one holds up
//! neither the service nor another; what could not be sent stands in the store and is tried again.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use daicho_common::complaint::Complaint;
use daicho_common::time::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::clock;
use crate::notify::channel::{Channel, Road};
use crate::notify::event::{Event, What};
use crate::notify::message::{Message, Wording, message};
use crate::notify::watch::{Agent, Known, events};
use crate::notify::{backoff, damp};
use crate::people::portion::Portion;
use crate::store::{Outgoing, Store, StoreError};
use crate::vault::{Secret, Vault};
use crate::web::{Site, Watched};

/// Roots of trust from a file.
mod ca;
/// To a web server.
mod hook;
/// By mail.
mod mail;
/// To a syslog server.
mod syslog;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(20);
/// How long a message that is being sent is nobody else's: longer than any road takes.
const LEASE: Duration = Duration::from_mins(10);
/// Characters that are kept of why a message could not be sent.
const SAID: usize = 300;

/// Carries the messages of a site.
#[derive(Debug)]
pub struct Courier {
    site: Arc<Site>,
    /// Receivers to which something is being sent.
    busy: Arc<Mutex<HashSet<String>>>,
}

/// Looks and sends until `stop` ends.
pub async fn run(site: Arc<Site>, stop: impl Future<Output = ()> + Send) {
    let courier = Courier::new(site);
    let mut ticker = tokio::time::interval(LOOK);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = ticker.tick() => {}
        }
        let now = clock::now();
        match courier.site.effective() {
            // Nobody is to be told: it is looked again whether somebody is.
            Ok(effective) if effective.config.notify.channels.is_empty() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the settings could not be read; trying again"),
        }
        if let Err(error) = courier.look(now).await {
            tracing::warn!(%error, "it could not be looked what is to be told; trying again");
        }
        if let Err(error) = courier.deliver(now).await {
            tracing::warn!(%error, "messages could not be taken; trying again");
        }
    }
}

impl Courier {
    /// A courier of this site.
    pub fn new(site: Arc<Site>) -> Self {
        Self { site, busy: Arc::default() }
    }

    /// Looks what is so, and queues what is to be told.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn look(&self, now: Timestamp) -> Result<(), StoreError> {
        let watched = self.site.watched().await?;
        let site = Arc::clone(&self.site);
        let looked = tokio::task::spawn_blocking(move || look(&site, &watched, now)).await;
        looked.unwrap_or(Err(StoreError::Ended))
    }

    /// Begins to send what waits. Returns once it has begun, not once it is sent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn deliver(&self, now: Timestamp) -> Result<(), StoreError> {
        let (site, busy) = (Arc::clone(&self.site), Arc::clone(&self.busy));
        let begun = tokio::task::spawn_blocking(move || {
            for channel in &site.effective()?.config.notify.channels {
                begin(&site, &busy, channel, now)?;
            }
            Ok(())
        });
        begun.await.unwrap_or(Err(StoreError::Ended))
    }

    /// Whether nothing is being sent.
    pub fn is_idle(&self) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

fn look(site: &Site, watched: &Watched, now: Timestamp) -> Result<(), StoreError> {
    let (store, effective) = (&site.store, site.effective()?);
    let notify = &effective.config.notify;
    let agents = agents(store)?;
    // A server is copied by its own tools, of which nothing is known here.
    let on_server = store.place().server().is_some();
    let (latest, good) = if on_server { (None, None) } else { store.copies()? };
    let given_up = store.given_up(now)?;
    let all = events(&Known {
        findings: watched.findings(),
        agents: &agents,
        copies: (latest.as_ref(), good),
        given_up: &given_up,
        limits: notify.limits,
        today: watched.today(),
        now,
    });
    let mut portions: BTreeMap<&str, Portion> = BTreeMap::new();
    for channel in &notify.channels {
        let portion = channel
            .choice
            .party
            .as_deref()
            .map(|party| &*portions.entry(party).or_insert_with(|| watched.portion(party)));
        let holding: Vec<&Event<'_>> = all
            .iter()
            // That it was not reached a receiver cannot be told.
            .filter(|event| !matches!(event.what, What::GivenUp(name, _) if name == channel.name))
            .filter(|event| channel.choice.has(event, portion))
            .collect();
        tell((site, &notify.url), channel, &holding, now)?;
    }
    Ok(())
}

/// Queues what this receiver is to be told.
fn tell(
    (site, url): (&Site, &str),
    channel: &Channel,
    holding: &[&Event<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let store = &site.store;
    let mut memory = store.told(&channel.name)?;
    let changes = damp::changes(&memory, holding, now);
    if !changes.is_empty() {
        store.remember(channel.name.clone(), changes, now)?;
        memory = store.told(&channel.name)?;
    }
    let desk = store.desk(&channel.name)?;
    let rules = (&channel.damping, site.config.zone.time_zone());
    let due = damp::due(rules, (&memory, desk), holding, now);
    if due.is_empty() {
        return Ok(());
    }
    let show = |at| site.config.zone.show(at);
    let how = wording(url, channel, &show);
    let keys = due.iter().map(|event| (event.key.clone(), event.kind)).collect();
    store.queue(channel.name.clone(), message(&due, how, now), keys)?;
    Ok(())
}

fn wording<'a>(
    url: &'a str,
    channel: &Channel,
    show: &'a dyn Fn(Timestamp) -> String,
) -> Wording<'a> {
    let Channel { lang, choice, .. } = channel;
    Wording { lang: *lang, brief: choice.brief, url, show }
}

/// The agents as they are watched.
fn agents(store: &Store) -> Result<Vec<Agent>, StoreError> {
    let delivered = store.delivered()?;
    let mut known: BTreeMap<String, Agent> = BTreeMap::new();
    for agent in store.admissions().list()? {
        let watched = Agent {
            name: agent.name.clone(),
            called: agent.seen_at,
            delivered: None,
            until: agent.until,
            revoked: agent.revoked_at.is_some(),
            aside: agent.aside,
        };
        known.insert(agent.name, watched);
    }
    for one in delivered {
        let agent = known.entry(one.agent.clone()).or_default();
        agent.name = one.agent;
        agent.delivered = Some(one.received);
    }
    Ok(known.into_values().collect())
}

/// Begins to send the message of this receiver that waits, if there is one and none is under way.
fn begin(
    site: &Arc<Site>,
    busy: &Arc<Mutex<HashSet<String>>>,
    channel: &Channel,
    now: Timestamp,
) -> Result<(), StoreError> {
    let name = channel.name.clone();
    if busy.lock().unwrap_or_else(PoisonError::into_inner).contains(&name)
        || !site.store.desk(&name)?.waiting
    {
        return Ok(());
    }
    let taken = site.store.take_notice(name.clone(), (now, now.after(LEASE)))?;
    let Some(outgoing) = taken else { return Ok(()) };
    let under_way = UnderWay::of(name, busy);
    let (site, channel) = (Arc::clone(site), channel.clone());
    // No task of the runtime, for its end would wait for it.
    std::thread::spawn(move || {
        carry(&site, &channel, &outgoing);
        drop(under_way);
    });
    Ok(())
}

/// That something is being sent to a receiver; until this is dropped, however the sending ends.
struct UnderWay {
    name: String,
    busy: Arc<Mutex<HashSet<String>>>,
}

impl UnderWay {
    fn of(name: String, busy: &Arc<Mutex<HashSet<String>>>) -> Self {
        busy.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        Self { name, busy: Arc::clone(busy) }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// Sends a message and keeps what became of it.
fn carry(site: &Site, channel: &Channel, outgoing: &Outgoing) {
    let sent = Vault::open(site.store.path())
        .and_then(|vault| ready(&vault, &site.store, channel))
        .map_err(|complaint| complaint.en)
        .and_then(|(channel, secret)| send(&channel, &outgoing.message, secret.as_ref()));
    let now = clock::now();
    let kept = match sent {
        Ok(()) => site.store.notice_sent(outgoing.id, now),
        Err(said) => {
            let tries = outgoing.tries.saturating_add(1);
            let next = backoff::next(tries, now);
            tracing::warn!(channel = channel.name, said, tries, "a message was not delivered");
            site.store.notice_failed((outgoing.id, tries), said, (now, next))
        }
    };
    if let Err(error) = kept {
        tracing::error!(%error, "what became of a message could not be kept");
    }
}

/// The receiver as it is reached, and the secret that it needs, if it needs one.
///
/// # Errors
/// As [`Vault::get`].
pub fn ready(
    vault: &Vault,
    store: &Store,
    channel: &Channel,
) -> Result<(Channel, Option<Secret>), Complaint> {
    let mut channel = channel.clone();
    if let Road::Webhook(webhook) = &mut channel.road
        && let Some(name) = &webhook.hidden
    {
        vault.get(store, name)?.expose().clone_into(&mut webhook.url);
    }
    let secret = channel.road.secret().map(|name| vault.get(store, name)).transpose()?;
    Ok((channel, secret))
}

/// Sends a message and waits until it was taken, or was not. Bounded in time.
///
/// # Errors
/// Why it was not taken, on one line and without secrets.
pub fn send(channel: &Channel, message: &Message, secret: Option<&Secret>) -> Result<(), String> {
    let sent = match &channel.road {
        Road::Smtp(smtp) => mail::send(smtp, message, secret),
        Road::Webhook(webhook) => hook::send(webhook, message, secret),
        Road::Syslog(to) => syslog::send(to, message),
    };
    sent.map_err(|said| {
        let mut said = crate::report::one_line(&said);
        if let Some(secret) = secret.map(Secret::expose).filter(|secret| !secret.is_empty()) {
            said = said.replace(secret, "…");
        }
        if let Road::Webhook(webhook) = &channel.road {
            said = said.replace(&webhook.url, &webhook.shown());
        }
        crate::report::safe::cut(&said, SAID).into_owned()
    })
}

#[cfg(test)]
mod tests;
