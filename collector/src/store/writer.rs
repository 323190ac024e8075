//! The thread that owns the only connection that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::StoreError;
use super::sql::{Connection, Purpose, Transaction};

/// Jobs that may wait. Nothing is dropped: who asks when it is full waits.
const WAITING: usize = 16;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Sends work to the writing thread and waits for its end.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    #[cfg(test)]
    asked: std::sync::atomic::AtomicUsize,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, waiting) = sync_channel::<Job>(WAITING);
        let thread = std::thread::spawn(move || {
            for job in waiting {
                // What a job did before it panicked goes with its transaction, and whoever waits for
                // it is answered with `Ended`: the next one finds everything as it was.
                let done = catch_unwind(AssertUnwindSafe(|| job(&connection)));
                if done.is_err() {
                    tracing::error!("a job of the database panicked; nothing of it was kept");
                }
            }
        });
        Self {
            jobs: Some(jobs),
            thread: Some(thread),
            #[cfg(test)]
            asked: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// Runs `work` in a transaction of its own; it is committed if `work` is content.
    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, end) = sync_channel(1);
        let job: Job = Box::new(move |connection| {
            // Who asked may have gone; the work stands all the same.
            let _ = answer.send(transact(connection, work));
        });
        #[cfg(test)]
        self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let jobs = self.jobs.as_ref().ok_or(StoreError::Ended)?;
        jobs.send(job).map_err(|_| StoreError::Ended)?;
        end.recv().map_err(|_| StoreError::Ended)?
    }
}

fn transact<T>(
    connection: &Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let tx = connection.begin(Purpose::Write)?;
    let done = work(&tx)?;
    tx.commit()?;
    Ok(done)
}

/// Tells readers that something changed.
pub(super) fn changed(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE revision SET number = number + 1 WHERE one = 1", [])?;
    Ok(())
}

#[cfg(test)]
impl Writer {
    /// Keeps the thread from all that is asked of it, until what this returns is dropped.
    pub(super) fn hold(&self) -> SyncSender<()> {
        let (held, end) = sync_channel::<()>(1);
        let job: Job = Box::new(move |_| {
            // However it ends, the thread is free again.
            let _ = end.recv();
        });
        self.jobs.as_ref().unwrap().send(job).unwrap();
        held
    }

    /// How often something was asked of it.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A job that panicked has been answered with `Ended` already.
            let _ = thread.join();
        }
    }
}
