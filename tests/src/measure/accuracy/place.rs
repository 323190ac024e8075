//! What is measured with: the list, what is known, and the recordings, some of them packed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use ipnet::Ipv4Net;
use serde_json::Value as Json;

use crate::measure::corpus::interview::{Objects, serving};

/// Recordings too large to lie beside the others.
const PACKED: &str = "large.tar.zst";
/// Most octets that are unpacked: 1 GiB.
const MOST: u64 = 1 << 30;
/// Networks are told by their first 24 bits.
const PREFIX: u8 = 24;

/// A folder of recordings.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    /// Every device, as `truth.json` has it.
    pub(super) truth: Vec<Json>,
    /// Where each recording is served.
    pub(super) list: Vec<(Ipv4Addr, String)>,
}

/// What is served, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// By address: what the agent there holds, by community.
    pub(super) agents: HashMap<Ipv4Addr, Objects>,
    /// Recordings that are listed and are not there.
    pub(super) missing: Vec<String>,
}

impl Place {
    /// The folder itself, or the folder `snmp` in it.
    ///
    /// # Errors
    /// If neither holds a list and what is known.
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let found = [folder.join("snmp"), folder.to_owned()]
            .into_iter()
            .find(|folder| folder.join("truth.json").exists() && folder.join("list.txt").exists());
        let folder = found.with_context(|| {
            format!("{} holds no truth.json and list.txt, nor does snmp/ in it", folder.display())
        })?;
        let truth = serde_json::from_slice(&fs::read(folder.join("truth.json"))?);
        let truth = truth.context("truth.json is no list of devices")?;
        let list = listed(&fs::read_to_string(folder.join("list.txt"))?)?;
        ensure!(!list.is_empty(), "list.txt lists nothing");
        Ok(Self { folder, truth, list })
    }

    /// The networks in which something is served.
    pub(super) fn networks(&self) -> Result<Vec<Ipv4Net>> {
        let wide = self.list.iter().map(|(ip, _)| Ipv4Net::new(*ip, PREFIX).map(|net| net.trunc()));
        let mut networks = wide.collect::<Result<Vec<_>, _>>()?;
        networks.sort_unstable();
        networks.dedup();
        Ok(networks)
    }

    /// Reads every recording that is there; those that are packed are unpacked to do so, and what
    /// was unpacked is removed.
    pub(super) fn fill(&self) -> Result<Shelf> {
        let unpacked = self.unpack()?;
        let folders: Vec<&Path> =
            [Some(self.folder.as_path()), unpacked.as_ref().map(tempfile::TempDir::path)]
                .into_iter()
                .flatten()
                .collect();
        let mut filled = Shelf::default();
        for (ip, file) in &self.list {
            let walk = Path::new(file).extension().is_some_and(|kind| kind == "snmpwalk");
            let read = folders.iter().find_map(|folder| serving((folder, file), walk).transpose());
            match read.transpose().with_context(|| file.clone())? {
                Some(objects) => _ = filled.agents.insert(*ip, objects),
                None => filled.missing.push(file.clone()),
            }
        }
        Ok(filled)
    }

    fn unpack(&self) -> Result<Option<tempfile::TempDir>> {
        let packed = self.folder.join(PACKED);
        if !packed.exists() {
            return Ok(None);
        }
        let place = tempfile::tempdir()?;
        unpack(&File::open(&packed)?, place.path())
            .with_context(|| format!("{}", packed.display()))?;
        Ok(Some(place))
    }
}

/// Unpacks a compressed archive of at most [`MOST`] octets with the system's tar, which keeps to the
/// folder it is given.
fn unpack(packed: &File, into: &Path) -> Result<()> {
    let mut tar = Command::new("tar")
        .args(["--extract", "--file", "-", "--no-same-owner", "--directory"])
        .arg(into)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("tar cannot be run")?;
    let mut archive = zstd::Decoder::new(packed)?.take(MOST);
    let fed = match tar.stdin.take() {
        Some(mut input) => io::copy(&mut archive, &mut input),
        None => Ok(0),
    };
    // Its input is closed, so it ends.
    let status = tar.wait()?;
    ensure!(status.success(), "tar: {status}");
    ensure!(fed? < MOST, "it unpacks to more than {MOST} octets");
    Ok(())
}

/// The lines of a list: an address and a file.
fn listed(text: &str) -> Result<Vec<(Ipv4Addr, String)>> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = lines.map(|line| {
        let mut words = line.split_whitespace();
        let ip = words.next().and_then(|word| word.parse().ok());
        let ip = ip.with_context(|| format!("list.txt: no address begins {line:?}"))?;
        let file = words.next().with_context(|| format!("list.txt: no file in {line:?}"))?;
        Ok((ip, file.to_owned()))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let snmp = folder.path().join("snmp");
        fs::create_dir_all(snmp.join("rec")).unwrap();
        let list =
            "10.0.0.1 rec/one.snmprec\n10.0.1.2 large/two.snmpwalk\n10.0.1.3 rec/gone.snmprec\n";
        fs::write(snmp.join("list.txt"), list).unwrap();
        fs::write(snmp.join("truth.json"), "[{\"ip\": \"10.0.0.1\"}]").unwrap();
        fs::write(snmp.join("rec/one.snmprec"), "1.3.6.1.2.1.1.1.0|4|one\n").unwrap();
        fs::write(snmp.join("rec/one@7.snmprec"), "1.3.6.1.2.1.1.1.0|4|vlan\n").unwrap();
        fs::create_dir(snmp.join("large")).unwrap();
        fs::write(snmp.join("large/two.snmpwalk"), ".1.3.6.1.2.1.1.1.0 = STRING: two\n").unwrap();
        let tar =
            Command::new("tar").arg("--create").arg("--directory").arg(&snmp).arg("large").output();
        let packed = zstd::encode_all(tar.unwrap().stdout.as_slice(), 3).unwrap();
        fs::write(snmp.join(PACKED), packed).unwrap();
        fs::remove_dir_all(snmp.join("large")).unwrap();
        folder
    }

    #[test]
    fn recordings_are_found_packed_and_unpacked_and_missing_ones_are_said() {
        let folder = corpus();
        for folder in [folder.path().to_owned(), folder.path().join("snmp")] {
            let place = Place::find(&folder).unwrap();
            assert_eq!((place.truth.len(), place.list.len()), (1, 3));
            let networks: Vec<Ipv4Net> =
                ["10.0.0.0/24", "10.0.1.0/24"].map(|net| net.parse().unwrap()).into();
            assert_eq!(place.networks().unwrap(), networks);
            let shelf = place.fill().unwrap();
            assert_eq!(shelf.missing, ["rec/gone.snmprec"]);
            let one = &shelf.agents[&Ipv4Addr::new(10, 0, 0, 1)];
            let communities: Vec<&[u8]> = one.keys().map(Vec::as_slice).collect();
            assert_eq!(communities, [&b"public"[..], b"public@7"]);
            assert_eq!(shelf.agents[&Ipv4Addr::new(10, 0, 1, 2)].len(), 1);
        }
        assert!(Place::find(&folder.path().join("snmp/rec")).is_err());
    }

    #[test]
    fn a_list_with_a_line_that_says_no_address_is_refused() {
        assert!(listed("# remark\n\n10.0.0.1 a\n").is_ok());
        assert!(listed("somewhere a\n").is_err());
        assert!(listed("10.0.0.1\n").is_err());
    }
}
