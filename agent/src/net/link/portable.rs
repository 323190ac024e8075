//! Frames by the portable data-link library, without promiscuous mode: a thread reads, the frames
//! are filtered here.

use std::io;
use std::sync::Arc;

use daicho_common::addr::Mac;
use pnet_datalink::{Channel, ChannelType, DataLinkReceiver, DataLinkSender};
use tokio::sync::mpsc::Sender;

use super::{ARP, Arrival, Interface, Link};
use crate::net::{PATIENCE, privilege};

/// An open data-link channel.
pub(super) struct Raw {
    sender: Box<dyn DataLinkSender>,
}

impl Raw {
    /// Opens the interface and begins to read it.
    pub(super) fn open(interface: &Interface, arrivals: Sender<Arrival>) -> io::Result<Self> {
        let found = pnet_datalink::interfaces()
            .into_iter()
            .find(|found| found.name == interface.interface)
            .ok_or(io::ErrorKind::NotFound)?;
        let settings = pnet_datalink::Config {
            read_timeout: Some(PATIENCE),
            write_timeout: Some(PATIENCE),
            channel_type: ChannelType::Layer2,
            promiscuous: false,
            ..pnet_datalink::Config::default()
        };
        let Channel::Ethernet(sender, receiver) = pnet_datalink::channel(&found, settings)? else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let name = Arc::from(interface.interface.as_str());
        let own = interface.mac;
        let (bare, told) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("frames".to_owned()).spawn(move || {
            privilege::drop_all();
            drop(bare);
            read(receiver, &name, own, &arrivals);
        })?;
        // Returns when the thread has dropped its end: whoever looks then sees what it may.
        let _ = told.recv() as Result<(), _>;
        Ok(Self { sender })
    }
}

impl Link for Raw {
    fn send(&mut self, frames: &[&[u8]]) -> io::Result<usize> {
        let Some(frame) = frames.first() else { return Ok(0) };
        let sent = self.sender.send_to(frame, None);
        sent.unwrap_or_else(|| Err(io::ErrorKind::OutOfMemory.into())).map(|()| 1)
    }
}

/// Whether the frame is ARP and did not come from this interface itself.
fn wanted(frame: &[u8], own: Option<Mac>) -> bool {
    frame.get(12..14) == Some(&ARP.to_be_bytes())
        && frame.get(6..12).and_then(Mac::from_slice) != own
}

/// Whether such an error means nothing.
fn passes(error: io::ErrorKind) -> bool {
    matches!(
        error,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Reads frames until nobody wants them any more or the channel is broken for good.
fn read(
    mut receiver: Box<dyn DataLinkReceiver>,
    interface: &Arc<str>,
    own: Option<Mac>,
    arrivals: &Sender<Arrival>,
) {
    while !arrivals.is_closed() {
        match receiver.next() {
            Ok(frame) if wanted(frame, own) => {
                let octets = frame.to_vec();
                let arrival = Arrival::Frame { interface: Arc::clone(interface), octets };
                if arrivals.blocking_send(arrival).is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(error) if passes(error.kind()) => {}
            // The interface went down, and may come up again; or this is the end.
            Err(error) => {
                let gone = error.kind() != io::ErrorKind::NetworkDown;
                tracing::info!(%interface, %error, gone, "the interface went down");
                let lost = Arrival::Lost { interface: Arc::clone(interface), gone };
                if arrivals.blocking_send(lost).is_err() || gone {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arp_frames_of_others_are_wanted() {
        let mut frame = vec![0xff; 60];
        frame[6..14].copy_from_slice(&[0, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 8, 6]);
        let own = Mac::from_slice(&frame[6..12]);
        assert!(wanted(&frame, Some(Mac::BROADCAST)));
        assert!(!wanted(&frame, own));
        frame[13] = 0;
        assert!(!wanted(&frame, Some(Mac::BROADCAST)));
        assert!(!wanted(&frame[..13], None));
    }
}
