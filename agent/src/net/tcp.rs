//! TCP liveness: by a SYN alone where raw sockets are to be had, else a connection is attempted, and
//! closed at once if it is accepted. No octet of data is sent either way.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Sender;

use super::Arrival;

/// A SYN alone.
#[cfg(target_os = "linux")]
mod syn;
#[cfg(target_os = "linux")]
pub(super) use syn::Syns;

/// Systems other than Linux do not show TCP segments to raw sockets.
#[cfg(not(target_os = "linux"))]
pub(super) enum Syns {}

#[cfg(not(target_os = "linux"))]
impl Syns {
    /// There is none here.
    pub(super) fn open(_: Sender<Arrival>) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Nobody can have one to send with.
    pub(super) async fn send(&self, _: std::net::SocketAddrV4, _: u32) -> io::Result<()> {
        match *self {}
    }
}

/// Attempts a connection; what comes of it within `wait` goes to the channel, silence does not. Of
/// a longer wait than a second the system repeats its SYN by itself (RFC 6298 §2).
///
/// # Errors
/// As the system said when it was asked to connect: then nothing was sent.
pub(super) fn attempt(
    to: SocketAddr,
    wait: Duration,
    slot: OwnedSemaphorePermit,
    arrivals: Sender<Arrival>,
) -> io::Result<()> {
    let Some(stream) = begin(to)? else {
        tokio::spawn(async move {
            drop(slot);
            let _ = arrivals.send(Arrival::Refused { to }).await;
        });
        return Ok(());
    };
    tokio::spawn(async move {
        let outcome = tokio::time::timeout(wait, settled(&stream)).await;
        drop((stream, slot));
        let arrival = match outcome {
            Ok(Ok(())) => Arrival::Connected { to },
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Arrival::Refused { to }
            }
            // No neighbour, no way beyond a router, or silence: nobody answered.
            Ok(Err(_)) | Err(_) => return,
        };
        let _ = arrivals.send(arrival).await;
    });
    Ok(())
}

/// Begins to connect; `None` if it was refused at once, as loopback does.
///
/// # Errors
/// As the system said when it was asked to connect: then nothing was sent.
pub(super) fn begin(to: SocketAddr) -> io::Result<Option<TcpStream>> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(error) if in_progress(&error) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) => return Err(error),
    }
    TcpStream::from_std(socket.into()).map(Some)
}

/// Waits until the connection stands or fails.
pub(super) async fn settled(stream: &TcpStream) -> io::Result<()> {
    stream.writable().await?;
    match stream.take_error()? {
        Some(error) => Err(error),
        None => stream.peer_addr().map(drop),
    }
}

#[cfg(unix)]
fn in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

#[cfg(not(unix))]
fn in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
