//! The peers: programs of Debian that sweep, with options under which they ask as often as we do.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::lab::packages::{self, Package};

/// What the sweeps are measured beside.
pub const PACKAGES: [Package; 5] = [
    Package { debian: "iproute2", program: "ip" },
    Package { debian: "arp-scan", program: "arp-scan" },
    Package { debian: "masscan", program: "masscan" },
    Package { debian: "nmap", program: "nmap" },
    Package { debian: "fping", program: "fping" },
];

/// A peer, and what of the link it is given.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// What its row is called.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// Its options, without the network.
    pub options: &'static [&'static str],
    /// Shortest prefix it is given: a slower one gets a slice, and its row says so.
    pub prefix: u8,
    /// Whether it asks by echo, behind a router.
    pub routed: bool,
}

/// Each once, all opened as far as they go.
pub const PEERS: [Peer; 4] = [
    Peer {
        name: "arp-scan -B 1000M -r 3 -t 100",
        program: "arp-scan",
        options: &["-I", "eth0", "-q", "-x", "-g", "-B", "1000M", "-r", "3", "-t", "100"],
        prefix: 16,
        routed: false,
    },
    Peer {
        name: "masscan --arp --rate 1000000",
        program: "masscan",
        options: &[
            "--arpscan",
            "-e",
            "eth0",
            "--rate",
            "1000000",
            "--wait",
            "1",
            "--seed",
            "7",
            "--adapter-ip",
            "10.77.0.1",
            "--router-mac",
            "02-da-0a-4d-00-02",
            "-oL",
            "-",
        ],
        prefix: 16,
        routed: false,
    },
    Peer {
        name: "nmap -sn -PR -T5 --max-retries 2",
        program: "nmap",
        options: &[
            "-sn",
            "-PR",
            "-n",
            "-T5",
            "--max-retries",
            "2",
            "--min-rate",
            "100000",
            "-oG",
            "-",
        ],
        prefix: 20,
        routed: false,
    },
    Peer {
        name: "fping -i 0.01 -r 2 -t 100 (echo)",
        program: "fping",
        options: &["-a", "-i", "0.01", "-r", "2", "-t", "100", "-g"],
        prefix: 16,
        routed: true,
    },
];

/// Installs what is missing.
///
/// # Errors
/// If this is no Debian, or the user is not root: then the packages have to be installed by hand.
pub fn install() -> Result<()> {
    packages::install(&PACKAGES)
}

impl Peer {
    /// Gives the command its network.
    pub fn command(&self, mut command: Command, network: &str) -> Command {
        command.args(self.options).arg(network);
        command
    }
}

/// The different addresses of the network that an output names as present.
///
/// # Errors
/// If there is not even one, which no sweep here comes to.
pub fn found(output: &str, contains: impl Fn(Ipv4Addr) -> bool) -> Result<usize> {
    let words = output.lines().filter(|line| !line.starts_with('#'));
    let words = words.flat_map(|line| line.split(|c: char| !c.is_ascii_digit() && c != '.'));
    let addresses = words.filter_map(|word| word.parse::<Ipv4Addr>().ok());
    let found: HashSet<Ipv4Addr> = addresses.filter(|address| contains(*address)).collect();
    ensure!(
        !found.is_empty(),
        "no address in the output: {}",
        output.chars().take(400).collect::<String>()
    );
    Ok(found.len())
}

/// Where the workspace's programs of the release profile are.
pub fn agent(root: &Path) -> std::path::PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    target.join("release/daicho-agent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_once_in_the_output_of_every_peer() {
        let outputs = [
            "10.77.0.9\t02:da:0a:4d:00:09\n10.77.0.9\t02:da:0a:4d:00:09\n10.77.3.1\t02:da",
            "#masscan 10.77.9.9\nopen arp 0 10.77.0.9 1700000000\nopen arp 0 10.77.3.1 17",
            "# Nmap\nHost: 10.77.0.9 ()\tStatus: Up\nHost: 10.77.3.1 ()\tStatus: Up\n",
            "10.77.0.9\n10.77.3.1\n10.78.0.1\n",
        ];
        for output in outputs {
            let count = found(output, |address| address.octets().starts_with(&[10, 77]));
            assert_eq!(count.unwrap(), 2, "{output}");
        }
        assert!(found("nothing", |_| true).is_err());
    }
}
