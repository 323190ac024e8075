//! Real daemons that nobody here wrote, each host in a network namespace of its own on a bridge
//! that has one too: nothing is ever put into the machine's own network.
//!
//! ```text
//!   kensa-sv01  MFP-3F-EAST  nas-01  web-01  dns-01  sw-2f-01   (namespaces with daemons)
//!       └───────────┴─────────┴───┬───┴───────┴────────┘
//!                              br0 in `switch` ─── scanner 10.77.0.250
//! ```
//! [`HOSTS`] says what is there and so what a scan must find; [`Host`] runs it; [`ready`] waits
//! until each daemon answers; [`packages`] installs the daemons. What a killed process leaves
//! behind is removed by the next [`Lab::up`].

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};
use daicho_common::addr::Mac;
use tempfile::TempDir;

use crate::netns::{self, Namespace};

pub use self::bridge::BRIDGE;
pub use self::host::Host;
pub use self::hosts::{Daemon, HOSTS, Spec};
pub use self::wing::WING;

/// A switch with a bridge and a wiring behind it, as data.
pub mod bridge;
/// One host: its namespace and its daemons.
pub mod host;
/// What hosts there are, as data.
pub mod hosts;
/// The Debian packages of the lab.
pub mod packages;
/// Whether a daemon answers.
pub mod ready;
/// Listeners where nobody may come.
pub mod trap;
/// More hosts, as data: services that are asked what they are.
pub mod wing;
/// What left an interface, as tcpdump saw it.
pub mod wiretap;

/// The network of the lab.
pub const NETWORK: &str = "10.77.0.0/24";
/// Address of the scanner.
pub const SCANNER_IP: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 250);
/// MAC address of the scanner.
pub const SCANNER_MAC: Mac = Mac::new([0x00, 0x1b, 0x21, 0x77, 0x00, 0xfa]);
/// Address of who waits for the daemons to be ready. Nobody has it while a test runs.
const ASKER_IP: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 249);
const ASKER_MAC: Mac = Mac::new([0x00, 0x1b, 0x21, 0x77, 0x00, 0xf9]);
/// The scanner's only interface.
pub const SCANNER_INTERFACE: &str = "eth0";
/// First part of the name of a lab's directory of state; the process id follows.
const STATE: &str = "daicho-lab-";

/// Labs made by this process, so that two at a time have different names.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Why the lab cannot be had here, as one line for a person; `None` if it can.
pub fn obstacle() -> Option<String> {
    if !netns::may() {
        return Some("network namespaces need root and iproute2".to_owned());
    }
    let missing: Vec<_> =
        packages::missing(packages::PACKAGES).into_iter().map(|p| p.debian).collect();
    (!missing.is_empty())
        .then(|| format!("Debian packages are not installed: {}", missing.join(" ")))
}

/// The lab while it runs. Dropping it ends every daemon and removes every namespace.
#[derive(Debug)]
pub struct Lab {
    // In the order of dropping: processes end before their namespaces and files go.
    hosts: Vec<Host>,
    scanner: Namespace,
    _switch: Namespace,
    state: TempDir,
}

impl Lab {
    /// Removes what dead labs left, makes the namespaces, starts every daemon of [`HOSTS`] and
    /// waits until each has answered an asker on the same bridge, which then goes away: an answer
    /// that comes late finds nobody, and is no reason for the scanner's kernel to speak.
    ///
    /// # Errors
    /// If this process may not, a program is missing, or a daemon ends or does not answer in time:
    /// the end of its log is in the error.
    pub fn up() -> Result<Self> {
        Self::of(HOSTS)
    }

    /// The same with these hosts.
    ///
    /// # Errors
    /// As of [`Self::up`].
    pub fn of(specs: &'static [Spec]) -> Result<Self> {
        if let Some(why) = obstacle() {
            bail!("the lab cannot be had: {why}");
        }
        netns::remove_stale()?;
        remove_stale_state()?;
        let purpose = format!("lab{}", MADE.fetch_add(1, Ordering::Relaxed));
        let state = tempfile::Builder::new()
            .prefix(&format!("{STATE}{}-", std::process::id()))
            // Daemons that give up their privileges must still reach their files.
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()?;
        let switch = Namespace::create(netns::name(&purpose, "switch"))?;
        lay_bridge(&switch)?;
        let scanner = Namespace::create(netns::name(&purpose, "scanner"))?;
        // The scanner's kernel must not chat on its own: every packet is the agent's.
        silence_ipv6(&scanner)?;
        plug(&switch, &scanner, ("scanner", SCANNER_IP, SCANNER_MAC))?;
        let mut hosts = Vec::new();
        for spec in specs {
            let inside = Namespace::create(netns::name(&purpose, spec.name))?;
            plug(&switch, &inside, (spec.port, spec.ip, spec.mac))?;
            hosts.push(Host::boot(spec, inside, &state.path().join(spec.name))?);
        }
        let asker = Namespace::create(netns::name(&purpose, "asker"))?;
        silence_ipv6(&asker)?;
        plug(&switch, &asker, ("asker", ASKER_IP, ASKER_MAC))?;
        start_daemons(&mut hosts, &asker)?;
        drop(asker);
        // Nor do the hosts tell of who is not there any more.
        for host in &hosts {
            host.forget_neighbours()?;
        }
        Ok(Self { hosts, scanner, _switch: switch, state })
    }

    /// The namespace from which a scan is to be made.
    pub fn scanner(&self) -> &Namespace {
        &self.scanner
    }

    /// The hosts.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// A directory that goes away with the lab.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// Ends every daemon and removes every namespace, and says so if one would not go.
    ///
    /// # Errors
    /// If a daemon outlived its host, or ended before it was told to.
    pub fn down(mut self) -> Result<()> {
        let early: Vec<_> = self.hosts.iter().filter_map(Host::ended_early).collect();
        for host in &mut self.hosts {
            host.shut_down()?;
        }
        if !early.is_empty() {
            bail!("ended before the lab did: {}", early.join("; "));
        }
        Ok(())
    }
}

fn start_daemons(hosts: &mut [Host], scanner: &Namespace) -> Result<()> {
    std::thread::scope(|scope| {
        let starting: Vec<_> =
            hosts.iter_mut().map(|host| scope.spawn(|| host.start_daemons(scanner))).collect();
        starting.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| bail!("starting a daemon panicked"))
        })
    })
}

fn lay_bridge(switch: &Namespace) -> Result<()> {
    silence_ipv6(switch)?;
    // No snooping: there is no querier, and mDNS must reach every port. Of the link-local groups
    // (IEEE 802.1Q table 8-1) the one of LLDP passes, so that it can be listened to from a port.
    let bridge = ["link", "add", "br0", "type", "bridge"];
    let options = ["stp_state", "0", "mcast_snooping", "0", "group_fwd_mask", "0x4000"];
    switch.ip(&[&bridge[..], &options[..]].concat())?;
    switch.ip(&["link", "set", "br0", "up"])?;
    Ok(())
}

fn silence_ipv6(namespace: &Namespace) -> Result<()> {
    namespace
        .enter(|| {
            ["all", "default"].into_iter().try_for_each(|which| {
                std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1")
            })
        })?
        .context("switch IPv6 off in a namespace")
}

/// Lays a cable from a port of the bridge to `eth0` of a host, and gives that its addresses.
fn plug(switch: &Namespace, host: &Namespace, end: (&str, Ipv4Addr, Mac)) -> Result<()> {
    let (port, ip, mac) = end;
    netns::cable((switch, port), (host, SCANNER_INTERFACE))?;
    switch.ip(&["link", "set", port, "master", "br0"])?;
    host.ip(&["link", "set", SCANNER_INTERFACE, "address", &mac.to_string()])?;
    let address = format!("{ip}/24");
    host.ip(&["addr", "add", &address, "brd", "+", "dev", SCANNER_INTERFACE])?;
    Ok(())
}

/// Removes directories of labs whose process no longer runs.
fn remove_stale_state() -> Result<()> {
    for entry in std::fs::read_dir(std::env::temp_dir())?.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(STATE)?.split_once('-'));
        let Some((process, _)) = owner.filter(|(p, _)| p.parse::<u32>().is_ok()) else { continue };
        if !Path::new(&format!("/proc/{process}")).exists() {
            match std::fs::remove_dir_all(entry.path()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| entry.path().display().to_string());
                }
                // Removed, or another lab was quicker.
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}
