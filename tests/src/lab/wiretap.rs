//! What left an interface, as tcpdump saw it: a witness that nobody here wrote.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::netns::Namespace;

/// Magic number of a capture file with microseconds in the octet order of x86 and ARM.
const MAGIC: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];

/// tcpdump, listening to what leaves one interface.
#[derive(Debug)]
pub struct Wiretap {
    process: Child,
    file: PathBuf,
}

/// A frame that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When, since 1970, by the kernel's stamp.
    pub at: Duration,
    /// All of it, from the Ethernet header on.
    pub octets: Vec<u8>,
}

/// Where a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// An ARP packet with this target address.
    Arp {
        /// Target protocol address.
        target: Ipv4Addr,
    },
    /// An IPv4 packet.
    Ip {
        /// Destination.
        target: Ipv4Addr,
        /// Protocol number.
        protocol: u8,
        /// Destination port of TCP and UDP; 0 for others.
        port: u16,
        /// Whether it opens a TCP connection (SYN without ACK).
        opens: bool,
    },
    /// Something else, by its EtherType.
    Other(u16),
}

impl Wiretap {
    /// Starts to listen, and returns when tcpdump says that it does.
    ///
    /// # Errors
    /// If tcpdump does not start.
    pub fn on(namespace: &Namespace, interface: &str, file: &Path) -> Result<Self> {
        let mut process = namespace
            .command("tcpdump")?
            .args(["-i", interface, "-Q", "out", "-n", "-s", "65535", "-Z", "root"])
            .args(["--immediate-mode", "-U", "-w"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = process.stderr.take().context("tcpdump has no stderr")?;
        let mut said = BufReader::new(said);
        let mut line = String::new();
        while said.read_line(&mut line)? > 0 {
            if line.contains("listening on") {
                // The pipe is kept open by the thread, so that tcpdump can say how it ended.
                std::thread::spawn(move || drop(std::io::copy(&mut said, &mut std::io::sink())));
                return Ok(Self { process, file: file.to_owned() });
            }
        }
        bail!("tcpdump ended: {line}");
    }

    /// Stops, and returns what left meanwhile, in order.
    ///
    /// # Errors
    /// If tcpdump or its file is not as it should be.
    pub fn stop(mut self) -> Result<Vec<Frame>> {
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGINT)?;
        ensure!(self.process.wait()?.success(), "tcpdump failed");
        frames(&fs::read(&self.file)?)
    }
}

impl Drop for Wiretap {
    fn drop(&mut self) {
        // After `stop` it has ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn frames(octets: &[u8]) -> Result<Vec<Frame>> {
    ensure!(octets.starts_with(&MAGIC), "not a capture file of this machine's octet order");
    let mut rest = octets.get(24..).context("no header")?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let number = |at: usize| -> Result<u32> {
            let octets = rest.get(at..at + 4).context("a frame breaks off")?;
            Ok(u32::from_le_bytes(octets.try_into()?))
        };
        let length = usize::try_from(number(8)?)?;
        let at = Duration::new(number(0)?.into(), number(4)?.saturating_mul(1000));
        let end = length + 16;
        let octets = rest.get(16..end).context("a frame breaks off")?.to_vec();
        frames.push(Frame { at, octets });
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(frames)
}

impl Frame {
    /// Where it went; `None` if it breaks off before it says so.
    pub fn sent(&self) -> Option<Sent> {
        let two =
            |at: usize| Some(u16::from_be_bytes(self.octets.get(at..at + 2)?.try_into().ok()?));
        let address = |at: usize| {
            let octets: [u8; 4] = self.octets.get(at..at + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(octets))
        };
        Some(match two(12)? {
            0x0806 => Sent::Arp { target: address(38)? },
            0x0800 => {
                let header = usize::from(self.octets.get(14)? & 15) * 4;
                let protocol = *self.octets.get(23)?;
                let has_ports = matches!(protocol, 6 | 17);
                let port = if has_ports { two(14 + header + 2)? } else { 0 };
                let flags = if protocol == 6 { *self.octets.get(14 + header + 13)? } else { 0 };
                Sent::Ip { target: address(30)?, protocol, port, opens: flags & 0x12 == 0x02 }
            }
            other => Sent::Other(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_tell_where_they_went() {
        let ethernet = [0; 12];
        let arp = [&ethernet[..], &[8, 6], &[0; 24], &[10, 77, 0, 9]].concat();
        let sent = |octets| Frame { at: Duration::ZERO, octets }.sent();
        assert_eq!(sent(arp.clone()), Some(Sent::Arp { target: Ipv4Addr::new(10, 77, 0, 9) }));
        assert_eq!(sent(arp[..40].to_vec()), None);
        let mut syn = [&ethernet[..], &[8, 0, 0x45], &[0; 39]].concat();
        syn[23] = 6;
        syn[30..34].copy_from_slice(&[10, 77, 0, 1]);
        syn[36..38].copy_from_slice(&515u16.to_be_bytes());
        syn[47] = 2;
        let target = Ipv4Addr::new(10, 77, 0, 1);
        let expected = Sent::Ip { target, protocol: 6, port: 515, opens: true };
        assert_eq!(sent(syn), Some(expected));
    }

    #[test]
    fn a_capture_that_breaks_off_is_an_error() {
        let mut file =
            [&MAGIC[..], &[0; 20], &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0]].concat();
        assert!(frames(&file).is_err());
        file.extend([7, 8, 9]);
        let read = frames(&file).unwrap();
        assert_eq!(read, [Frame { at: Duration::new(1, 2000), octets: vec![7, 8, 9] }]);
    }
}
