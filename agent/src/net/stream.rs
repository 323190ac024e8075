//! TCP connections that are kept for as long as a conversation lasts. What is said over them was
//! cleared by the governor; what comes in goes to the engine as it is, in pieces.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use super::{Arrival, tcp};
use crate::probe::{Stream, talk};

/// Octets that are read at once.
const PIECE: usize = 16 << 10;

/// Most octets that are read of one connection. The conversation ends well before.
const MOST: usize = talk::MOST_OCTETS * 2;

/// What happened to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was accepted.
    Opened,
    /// It was refused by a reset.
    Refused,
    /// Octets came in.
    Octets(Vec<u8>),
    /// The other side closed it, or it broke or never came about.
    Closed,
}

impl Event {
    /// The same, for the engine.
    pub(super) fn as_input(&self) -> Stream<'_> {
        match self {
            Self::Opened => Stream::Opened,
            Self::Refused => Stream::Refused,
            Self::Octets(octets) => Stream::Octets(octets),
            Self::Closed => Stream::Closed,
        }
    }
}

/// A connection and who reads it.
struct Open {
    nth: u64,
    stream: Option<Arc<TcpStream>>,
    reader: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// The connections of a scan.
pub(super) struct Streams {
    open: HashMap<SocketAddr, Open>,
    /// How many were opened so far.
    count: u64,
    wait: Duration,
    arrivals: Sender<Arrival>,
}

impl Streams {
    /// None yet; each is awaited for `wait`.
    pub(super) fn new(wait: Duration, arrivals: Sender<Arrival>) -> Self {
        Self { open: HashMap::new(), count: 0, wait, arrivals }
    }

    /// Opens a connection. One to the same address and port that is still there is closed.
    ///
    /// # Errors
    /// As the system said when it was asked to connect: then nothing was sent.
    pub(super) fn open(&mut self, to: SocketAddr) -> io::Result<()> {
        let stream = tcp::begin(to)?.map(Arc::new);
        self.count += 1;
        let nth = self.count;
        let (kept, wait, arrivals) = (stream.clone(), self.wait, self.arrivals.clone());
        let reader = tokio::spawn(async move {
            let tell = |event| arrivals.send(Arrival::Stream { to, nth, event });
            let Some(stream) = kept else {
                let _ = tell(Event::Refused).await;
                return;
            };
            let event = match tokio::time::timeout(wait, tcp::settled(&stream)).await {
                Ok(Ok(())) => Event::Opened,
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    Event::Refused
                }
                Ok(Err(_)) | Err(_) => Event::Closed,
            };
            let opened = event == Event::Opened;
            if tell(event).await.is_ok() && opened {
                read(&stream, (to, nth), &arrivals).await;
            }
        });
        self.open.insert(to, Open { nth, stream, reader });
        Ok(())
    }

    /// Says this over the connection.
    ///
    /// # Errors
    /// If there is none, or it broke.
    pub(super) async fn say(&self, to: SocketAddr, mut octets: &[u8]) -> io::Result<()> {
        let open = self.open.get(&to).and_then(|open| open.stream.as_ref());
        let stream = open.ok_or(io::ErrorKind::NotConnected)?;
        while !octets.is_empty() {
            stream.writable().await?;
            match stream.try_write(octets) {
                Ok(written) => octets = octets.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether the connection to there is the one that was opened as the `nth`.
    pub(super) fn is_current(&self, to: SocketAddr, nth: u64) -> bool {
        self.open.get(&to).is_some_and(|open| open.nth == nth)
    }

    /// Closes the connection, if there is one.
    pub(super) fn close(&mut self, to: SocketAddr) {
        self.open.remove(&to);
    }
}

/// Hands in what comes, until the other side closes.
async fn read(stream: &TcpStream, (to, nth): (SocketAddr, u64), arrivals: &Sender<Arrival>) {
    let (mut buffer, mut left) = (vec![0; PIECE], MOST);
    while left > 0 && stream.readable().await.is_ok() {
        let read = match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(_) => break,
        };
        left = left.saturating_sub(read);
        let event = Event::Octets(buffer.get(..read).unwrap_or_default().to_vec());
        if arrivals.send(Arrival::Stream { to, nth, event }).await.is_err() {
            return;
        }
    }
    let _ = arrivals.send(Arrival::Stream { to, nth, event: Event::Closed }).await;
}
