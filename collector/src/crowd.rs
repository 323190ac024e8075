//! Connections of which nothing is known yet. They are accepted at once, so that whoever says nothing keeps
//! nobody waiting; there are only so many of them, and from one address only so many. Of more the oldest
//! goes, those first that have not said a word: who has something to say is through within a moment.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Most of them at once. The rest of a door's connections is for who is in.
const ALL: usize = 2048;
/// Most of them from one address: a thousand agents behind one router may come back at once.
const FROM_ONE: usize = 1024;

/// How long it is waited where the system has no connection to give.
const AGAIN: Duration = Duration::from_millis(100);

/// The next connection, with its place among all that there may be. As long as all are taken, new ones wait
/// in the system's queue. None once `stop` ends, or nobody gives places any more.
pub(crate) async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: impl Future<Output = ()>,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    tokio::select! {
        () = stop => None,
        came = accepted(listener, places) => came,
    }
}

async fn accepted(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, from)) => return Some((place, stream, plain(from))),
            Err(error) => {
                // Out of files, or the other side has gone again: neither ends the door.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// An IPv4 address as one, however the socket writes it.
fn plain(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

/// The connections.
#[derive(Debug, Default)]
pub(crate) struct Crowd(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    /// By age, the oldest first.
    waiting: BTreeMap<u64, Waiting>,
    from: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Waiting {
    from: IpAddr,
    spoke: bool,
    /// Dropped or sent: the connection has to go.
    _out: oneshot::Sender<()>,
}

/// The place of a connection; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    all: Arc<Crowd>,
    number: u64,
}

impl Crowd {
    /// A place for a connection from this address. The receiver ends when another takes the place.
    pub(crate) fn enter(self: &Arc<Self>, from: IpAddr) -> (Place, oneshot::Receiver<()>) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = table.too_many(from) {
            table.leave(number);
        }
        let number = table.next;
        table.next += 1;
        *table.from.entry(from).or_default() += 1;
        let (out, gone) = oneshot::channel();
        table.waiting.insert(number, Waiting { from, spoke: false, _out: out });
        (Place { all: Arc::clone(self), number }, gone)
    }
}

impl Table {
    /// Who has to go before one more comes from this address.
    fn too_many(&self, from: IpAddr) -> Option<u64> {
        let crowded = if self.from.get(&from).is_some_and(|count| *count >= FROM_ONE) {
            from
        } else if self.waiting.len() >= ALL {
            *self.from.iter().max_by_key(|(_, count)| **count)?.0
        } else {
            return None;
        };
        let of_it = || self.waiting.iter().filter(|(_, one)| one.from == crowded);
        let silent = of_it().find(|(_, one)| !one.spoke);
        silent.or_else(|| of_it().next()).map(|(number, _)| *number)
    }

    fn leave(&mut self, number: u64) {
        let Some(gone) = self.waiting.remove(&number) else { return };
        if let Some(count) = self.from.get_mut(&gone.from) {
            *count -= 1;
            if *count == 0 {
                self.from.remove(&gone.from);
            }
        }
    }
}

impl Place {
    /// Notes that the other side has begun to speak.
    pub(crate) fn spoke(&self) {
        let mut table = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = table.waiting.get_mut(&self.number) {
            one.spoke = true;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn is_out(gone: &mut oneshot::Receiver<()>) -> bool {
        !matches!(gone.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    #[test]
    fn one_address_pushes_out_its_own_silent_ones_and_nobody_elses() {
        let all = Arc::new(Crowd::default());
        let (_place, mut other) = all.enter(OTHER);
        let mut of_one: Vec<_> = (0..FROM_ONE).map(|_| all.enter(ONE)).collect();
        of_one[0].0.spoke();
        let _more = all.enter(ONE);
        let out: Vec<bool> = of_one.iter_mut().map(|(_, gone)| is_out(gone)).collect();
        assert_eq!((out[0], out[1], out[2]), (false, true, false), "the oldest that is silent");
        assert!(!is_out(&mut other));
    }

    #[test]
    fn when_all_places_are_taken_the_address_with_most_gives_one_up() {
        let all = Arc::new(Crowd::default());
        let mut few: Vec<_> = (0..FROM_ONE - 1).map(|_| all.enter(OTHER)).collect();
        let mut most: Vec<_> = (0..FROM_ONE).map(|_| all.enter(ONE)).collect();
        let third = all.enter([10, 0, 0, 3].into());
        let fourth = all.enter([10, 0, 0, 4].into());
        assert!(is_out(&mut most[0].1) && !is_out(&mut most[1].1) && !is_out(&mut few[0].1));
        drop((third, fourth, few, most));
        assert!(all.0.lock().unwrap().waiting.is_empty() && all.0.lock().unwrap().from.is_empty());
    }

    #[test]
    fn among_those_who_speak_the_oldest_goes() {
        let all = Arc::new(Crowd::default());
        let mut of_one: Vec<_> = (0..FROM_ONE).map(|_| all.enter(ONE)).collect();
        for (place, _) in &of_one {
            place.spoke();
        }
        let _more = all.enter(ONE);
        assert!(is_out(&mut of_one[0].1) && !is_out(&mut of_one[1].1));
    }
}
