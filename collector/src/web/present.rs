//! The picture that readers are shown, and how the next one comes about.
//!
//! One is derived from the one before, once for each revision of the store, and shared by all. Of a small
//! site that takes a moment, and who asks waits for it. Of a large one it takes seconds, and deliveries of
//! a running scan come all the time: there the former picture is shown meanwhile, for at most [`BEHIND`],
//! and says so. Whoever said something themselves waits for a picture that has it, and so do programs,
//! forms and files.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::Site;
use super::page::Reader;
use super::snapshot::Snapshot;
use crate::clock;
use crate::credential::Kept;
use crate::store::StoreError;

/// Devices from which on a new picture takes longer than a reader should wait: of so many that change by
/// one in a hundred some 50 ms.
pub(super) const LARGE: usize = 3_000;
/// For how long a former picture is shown at most, in microseconds.
const BEHIND: i64 = 30_000_000;
/// How often it is looked whether a large site has changed, while somebody reads.
const LOOK: Duration = Duration::from_secs(5);
/// For how long it is looked after somebody read, in microseconds.
const READ: i64 = 300_000_000;

/// The present picture, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Present {
    shown: RwLock<Arc<Snapshot>>,
    /// Held by the one task that derives; the others wait for what it makes.
    deriving: Arc<tokio::sync::Mutex<()>>,
    /// When it was last seen that the picture is that of the store, in microseconds since the epoch.
    good: AtomicI64,
    /// The latest revision of the store that was seen.
    latest: AtomicU64,
    /// When somebody last read, and before when no former picture is replaced.
    read: AtomicI64,
    rest: AtomicI64,
    /// The revision that each session has to be shown, because it said something that is in it.
    said: Mutex<Vec<(Kept, u64)>>,
}

impl Present {
    pub(super) fn new(first: Snapshot) -> Self {
        let good = AtomicI64::new(first.as_of().micros());
        Self { shown: RwLock::new(Arc::new(first)), good, ..Self::default() }
    }

    pub(super) fn get(&self) -> Arc<Snapshot> {
        // A snapshot is swapped whole, so a panic elsewhere cannot have left half of one.
        Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put(&self, next: Arc<Snapshot>) -> Arc<Snapshot> {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *shown, next)
    }

    /// Whether a newer picture than this is being made, or will be.
    pub(super) fn is_ahead_of(&self, snapshot: &Snapshot) -> bool {
        self.latest.load(Ordering::Relaxed) > snapshot.revision
    }

    #[cfg(test)]
    pub(super) fn deriving(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.deriving)
    }

    /// The present picture, if it is of this revision and of now. Another one is let go of at once: who
    /// derives the next from it takes it over, and would have to copy it from whoever still holds it.
    fn of(&self, revision: u64) -> Option<Arc<Snapshot>> {
        self.latest.fetch_max(revision, Ordering::Relaxed);
        let (shown, now) = (self.get(), clock::now());
        let present = shown.revision >= revision && shown.is_of(now);
        if present {
            self.good.store(now.micros(), Ordering::Relaxed);
        }
        present.then_some(shown)
    }

    /// The former picture, if it may be shown to who has to see this revision.
    fn former(&self, least: u64, large: usize) -> Option<Arc<Snapshot>> {
        let age = clock::now().micros().saturating_sub(self.good.load(Ordering::Relaxed));
        let shown = self.get();
        let fits = shown.picture.devices.len() >= large && shown.revision >= least;
        (fits && (0..=BEHIND).contains(&age)).then_some(shown)
    }

    /// Shows the next picture, which is that of the store at this time.
    fn follows(&self, next: Snapshot, began: i64) -> Arc<Snapshot> {
        let next = Arc::new(next);
        self.good.store(began, Ordering::Relaxed);
        self.latest.fetch_max(next.revision, Ordering::Relaxed);
        self.put(Arc::clone(&next));
        next
    }

    /// Whether somebody reads.
    fn is_read(&self) -> bool {
        let since = clock::now().micros().saturating_sub(self.read.load(Ordering::Relaxed));
        since < READ
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Vec<(Kept, u64)>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Site {
    /// The picture of the store as it is now.
    pub(super) async fn snapshot(self: &Arc<Self>) -> Result<Arc<Snapshot>, StoreError> {
        let revision = self.store.revision()?;
        if let Some(present) = self.present.of(revision) {
            return Ok(present);
        }
        let turn = Arc::clone(&self.present.deriving).lock_owned().await;
        if let Some(present) = self.present.of(revision) {
            return Ok(present);
        }
        self.derive(turn).await
    }

    /// The picture for somebody who reads a page: that of now, or of a large site the former one while a
    /// new one is made.
    pub(super) async fn for_page(
        self: &Arc<Self>,
        reader: &Reader,
    ) -> Result<Arc<Snapshot>, StoreError> {
        self.present.read.store(clock::now().micros(), Ordering::Relaxed);
        let revision = self.store.revision()?;
        if let Some(present) = self.present.of(revision) {
            return Ok(present);
        }
        let session = reader.person.as_ref().map(|person| person.session);
        let said = self.present.said().iter().find(|(of, _)| Some(*of) == session).copied();
        let least = said.map_or(0, |(_, revision)| revision);
        match self.present.former(least, self.large) {
            Some(former) => {
                self.begin();
                Ok(former)
            }
            None => self.snapshot().await,
        }
    }

    /// Remembers that this session said something, which it is to see on its next page.
    pub(super) fn heard(&self, session: Kept) {
        let Ok(revision) = self.store.revision() else { return };
        let shown = self.present.get().revision;
        let mut said = self.present.said();
        said.retain(|(of, revision)| *of != session && *revision > shown);
        said.push((session, revision));
    }

    /// Has the next picture made, if nobody makes one and the last is not a moment old.
    fn begin(self: &Arc<Self>) {
        if clock::now().micros() < self.present.rest.load(Ordering::Relaxed) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.present.deriving).try_lock_owned() else { return };
        let site = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = site.derive(turn).await {
                tracing::error!(%error, "the next picture could not be made");
            }
        });
    }

    async fn derive(
        self: &Arc<Self>,
        turn: tokio::sync::OwnedMutexGuard<()>,
    ) -> Result<Arc<Snapshot>, StoreError> {
        let site = Arc::clone(self);
        let derived = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let began = clock::now().micros();
            let shown = site.present.get();
            site.effective()?;
            let criteria = site.criteria();
            if let Some(answered) = shown.answered(&site.store, &criteria)? {
                return Ok(site.present.follows(answered, began));
            }
            let before = if shown.picture.devices.len() >= site.large {
                // It is shown meanwhile.
                shown.basis()
            } else {
                drop(shown);
                // An empty one stands there meanwhile, which is of no moment: who asks waits for the
                // turn. Who still reads the former keeps it.
                let before = site.present.put(Arc::new(Snapshot::default()));
                Arc::try_unwrap(before).unwrap_or_else(|read| (*read).clone())
            };
            let fresh = site.present.follows(before.follow(&site.store, &criteria)?, began);
            let now = clock::now().micros();
            // As long as it took there is a rest, so that a scan does not keep a processor busy with this.
            let rest = now.saturating_add(now.saturating_sub(began).max(0));
            site.present.rest.store(rest, Ordering::Relaxed);
            Ok(fresh)
        });
        let derived = derived.await.unwrap_or(Err(StoreError::Ended));
        if let Ok(fresh) = &derived {
            self.arrange(fresh);
        }
        derived
    }

    /// Has the lists of a large site put in order while somebody reads, so that nobody has to wait for it.
    fn arrange(self: &Arc<Self>, snapshot: &Arc<Snapshot>) {
        if snapshot.picture.devices.len() < self.large || !self.present.is_read() {
            return;
        }
        let (site, snapshot) = (Arc::clone(self), Arc::clone(snapshot));
        tokio::task::spawn_blocking(move || {
            snapshot.arrange(|| !Arc::ptr_eq(&snapshot, &site.present.get()));
        });
    }

    /// Has new pictures of a large site made while somebody reads, so that nobody has to wait for one.
    pub(super) async fn keep_up(self: Arc<Self>) {
        let mut ticker = tokio::time::interval(LOOK);
        ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Whoever started it will soon look.
        self.present.read.store(clock::now().micros(), Ordering::Relaxed);
        self.arrange(&self.present.get());
        loop {
            ticker.tick().await;
            let large = self.present.get().picture.devices.len() >= self.large;
            if large
                && self.present.is_read()
                && let Ok(revision) = self.store.revision()
                && self.present.of(revision).is_none()
            {
                self.begin();
            }
        }
    }
}
