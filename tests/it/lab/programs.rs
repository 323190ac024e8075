use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use daicho_common::batch::{self, Batch};
use daicho_tests::lab::hosts::COMMUNITY;
use daicho_tests::lab::{Lab, NETWORK};
use daicho_tests::netns::Namespace;

/// The user and group that may do least (Debian's `nobody` and `nogroup`).
const NOBODY: u32 = 65534;

/// Builds the programs of this workspace, where they are not up to date, and copies this one to
/// where every user may run it.
pub(super) fn built(program: &str, lab: &Lab) -> PathBuf {
    built_into(program, lab.state())
}

/// The same, for a directory.
pub(crate) fn built_into(program: &str, state: &Path) -> PathBuf {
    let profile = crate::built::folder();
    let copy = state.join(program);
    std::fs::copy(profile.join(program), &copy).unwrap();
    std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
    copy
}

/// As whom the agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Root,
    Nobody,
}

/// How the lab's network is scanned.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    pub(super) user: User,
    pub(super) packets_per_second: u32,
    pub(super) target_packets_per_second: u32,
    /// Further lines for `[[network]]`.
    pub(super) network: &'a str,
    /// Further lines for `[deny]`.
    pub(super) deny: &'a str,
    /// The users of SNMP v3 instead of the community; empty: the community.
    pub(super) snmp_users: &'a str,
}

impl Default for Scan<'_> {
    fn default() -> Self {
        Self {
            user: User::Root,
            packets_per_second: 400,
            target_packets_per_second: 20,
            network: "",
            deny: "",
            snmp_users: "",
        }
    }
}

impl Scan<'_> {
    fn configuration(&self) -> String {
        let mut text = "[agent]\nname = \"lab\"\n".to_owned();
        let (all, one) = (self.packets_per_second, self.target_packets_per_second);
        writeln!(text, "[pace]\npackets_per_second = {all}").unwrap();
        writeln!(text, "target_packets_per_second = {one}\ntimeout_ms = 700").unwrap();
        writeln!(text, "[deny]\n{}", self.deny).unwrap();
        writeln!(text, "[[network]]\ncidr = \"{NETWORK}\"\n{}", self.network).unwrap();
        match self.snmp_users {
            "" => writeln!(text, "[network.snmp]\ncommunities = [\"{COMMUNITY}\"]").unwrap(),
            users => text.push_str(users),
        }
        text
    }

    /// Runs the agent in the scanner's namespace; `name` names its files. Returns the sealed file.
    pub(super) fn file(&self, lab: &Lab, name: &str) -> PathBuf {
        let agent = built("daicho-agent", lab);
        let folder = lab.state().join(name);
        std::fs::create_dir(&folder).unwrap();
        let (configuration, file) = (folder.join("agent.toml"), folder.join("scan.daicho"));
        std::fs::write(&configuration, self.configuration()).unwrap();
        let mut command = match self.user {
            User::Root => lab.scanner().command(agent).unwrap(),
            User::Nobody => as_nobody(lab.scanner(), &agent, &folder),
        };
        command.args(["scan", "--network", NETWORK, "--quiet", "--config"]).arg(configuration);
        // One agent has one key, so root's scans share a state.
        let state = match self.user {
            User::Root => lab.state().join("state"),
            User::Nobody => folder.join("state"),
        };
        command.arg("--state").arg(state).arg("-o").arg(&file);
        succeed(command);
        file
    }

    /// Runs the agent as [`Scan::file`] does. Returns what it found, as one batch.
    pub(super) fn run(&self, lab: &Lab, name: &str) -> Batch {
        open(&self.file(lab, name))
    }
}

pub(crate) fn as_nobody(scanner: &Namespace, agent: &Path, folder: &Path) -> Command {
    nix::unistd::chown(folder, Some(NOBODY.into()), Some(NOBODY.into())).unwrap();
    let mut command = scanner.command("setpriv").unwrap();
    command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}"));
    command.args(["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--"]).arg(agent);
    command
}

/// What a sealed file holds, its batches taken together.
pub(crate) fn open(file: &Path) -> Batch {
    let sealed = std::fs::read(file).unwrap();
    let opened = batch::open_all(&sealed).unwrap();
    let batches = opened.into_iter().map(|opened| opened.batch);
    batches
        .reduce(|mut all, next| {
            all.observations.extend(next.observations);
            all.coverage.extend(next.coverage);
            all.sent.extend(next.sent);
            all
        })
        .unwrap()
}

/// Runs a program to its good end.
pub(crate) fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap();
    let (said, talked) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}\n{talked}", output.status);
    output
}
