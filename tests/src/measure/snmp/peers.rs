//! The peers: programs of Debian that read devices by SNMP, and how each is given the same targets.

use std::path::Path;

use crate::lab::packages::{self, Package};
use crate::sim::COMMUNITY;

/// What is read of every target: system, ifTable, ifXTable, addresses old and new, ENTITY-MIB,
/// HOST-RESOURCES-MIB, Printer-MIB.
const SUBTREES: &str = "1.3.6.1.2.1.1 1.3.6.1.2.1.2 1.3.6.1.2.1.31 1.3.6.1.2.1.4.20 1.3.6.1.2.1.4.34 1.3.6.1.2.1.47.1.1.1 1.3.6.1.2.1.25 1.3.6.1.2.1.43";
/// All of them and nothing else, as these agents hold nothing else: one process a target.
const EVERYTHING: &str = "1.3.6.1.2.1";

/// What the peers are installed from.
const PACKAGES: [Package; 3] = [
    Package { debian: "findutils", program: "xargs" },
    Package { debian: "snmp", program: "snmpbulkwalk" },
    Package {
        debian: "fusioninventory-agent-task-network",
        program: "fusioninventory-netinventory",
    },
];

/// How a peer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A process for each of these subtrees of each target, 64 targets at a time.
    Walks(&'static str),
    /// One process for all targets, with so many threads.
    Inventory(u8),
}

/// A peer, and how many of the targets it is given.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// What its row is called.
    pub name: &'static str,
    /// How it works.
    pub way: Way,
    /// How many targets: a slow one gets a slice, and its row says so.
    pub slice: usize,
}

/// Each, in the order of the table.
pub const PEERS: [Peer; 3] = [
    Peer { name: "snmpbulkwalk | xargs -P 64, 8 subtrees", way: Way::Walks(SUBTREES), slice: 512 },
    Peer { name: "snmpbulkwalk | xargs -P 64, mib-2", way: Way::Walks(EVERYTHING), slice: 4094 },
    Peer { name: "fusioninventory-netinventory", way: Way::Inventory(16), slice: 128 },
];

/// Installs what is missing. What cannot be had stays missing, and its row says so.
///
/// # Errors
/// If iproute2 cannot be had.
pub fn install() -> anyhow::Result<()> {
    packages::install(&[Package { debian: "iproute2", program: "ip" }])?;
    for package in PACKAGES {
        // Told by the row.
        let _ = packages::install(&[package]);
    }
    Ok(())
}

impl Peer {
    const fn program(&self) -> &'static str {
        match self.way {
            Way::Walks(_) => "snmpbulkwalk",
            Way::Inventory(_) => "fusioninventory-netinventory",
        }
    }

    /// Whether the program is there.
    pub fn is_there(&self) -> bool {
        let missing = packages::missing(&PACKAGES);
        !missing.iter().any(|package| package.program == self.program())
    }

    /// The shell script that reads the targets of this list.
    pub fn script(&self, list: &Path) -> String {
        let (list, community) = (list.display(), String::from_utf8_lossy(COMMUNITY));
        match self.way {
            // A target is told when every walk of it ended well.
            Way::Walks(subtrees) => format!(
                "xargs -P 64 -n 1 sh -c 'for it in {subtrees}; do snmpbulkwalk -v2c -c {community} -m \"\" -On -Cr25 -Cc $0 $it >/dev/null || exit 0; done; echo read $0' <{list}"
            ),
            Way::Inventory(threads) => format!(
                "exec fusioninventory-netinventory --threads {threads} --credentials version:2c,community:{community} $(sed 's/^/--host /' {list}) 2>/dev/null"
            ),
        }
    }

    /// How many targets the output says were read.
    pub fn answered(&self, output: &str) -> usize {
        match self.way {
            Way::Walks(_) => output.lines().filter(|line| line.starts_with("read ")).count(),
            Way::Inventory(_) => {
                let [devices, errors] =
                    ["<DEVICE>", "<ERROR>"].map(|tag| output.matches(tag).count());
                devices.saturating_sub(errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_targets_that_were_read_to_the_end_are_counted() {
        let [walks, _, inventory] = PEERS;
        assert_eq!(walks.answered("read 10.210.0.1\nTimeout: No Response\nread 10.210.0.2\n"), 2);
        let document = "<DEVICE><INFO/></DEVICE><DEVICE><ERROR><ID>0</ID></ERROR></DEVICE>";
        assert_eq!(inventory.answered(document), 1);
        let script = walks.script(Path::new("/list"));
        assert!(script.contains("1.3.6.1.2.1.43") && script.ends_with("</list"), "{script}");
    }
}
