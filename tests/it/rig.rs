//! The agent in one network namespace and its neighbours, the kernel of Linux, in another.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use daicho_common::batch::Batch;
use daicho_common::coverage::Coverage;
use daicho_common::observation::{Fact, Method};
use daicho_tests::netns::{self, Namespace, cable};

use super::lab::programs::{built_into, open};

/// The network between the two.
pub(crate) const NETWORK: &str = "10.99.2.0/24";
/// The user and group that may do least (Debian's `nobody` and `nogroup`).
const NOBODY: u32 = 65534;

/// Two namespaces and a folder.
pub(crate) struct Rig {
    pub(crate) here: Namespace,
    pub(crate) there: Namespace,
    state: tempfile::TempDir,
    agent: PathBuf,
}

/// As whom the agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    /// Nobody, with the one capability that packet sockets need.
    Raw,
}

impl Rig {
    /// The agent has 10.99.2.1, its neighbour these last octets. `None` where there can be none.
    pub(crate) fn up(purpose: &str, neighbours: impl IntoIterator<Item = u8>) -> Option<Self> {
        if !netns::may() {
            println!("skipped: needs root");
            return None;
        }
        let make = |part| Namespace::create(netns::name(purpose, part)).unwrap();
        let (here, there) = (make("here"), make("there"));
        cable((&here, "eth0"), (&there, "eth0")).unwrap();
        here.ip(&["addr", "add", "10.99.2.1/24", "dev", "eth0"]).unwrap();
        for last in neighbours {
            let address = format!("10.99.2.{last}/24");
            there.ip(&["addr", "add", &address, "dev", "eth0"]).unwrap();
        }
        let state = tempfile::tempdir().unwrap();
        std::fs::set_permissions(state.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let agent = built_into("daicho-agent", state.path());
        Some(Self { here, there, state, agent })
    }

    /// A file, or a folder, of this name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.state.path().join(name)
    }

    /// The agent, to be given a command; it keeps its state in a folder of this user.
    pub(crate) fn agent(&self, user: User) -> Command {
        let state = self.path(&format!("{user:?}"));
        std::fs::create_dir_all(&state).unwrap();
        let mut command = match user {
            User::Root => self.here.command(&self.agent).unwrap(),
            User::Raw => {
                nix::unistd::chown(&state, Some(NOBODY.into()), Some(NOBODY.into())).unwrap();
                let mut command = self.here.command("setpriv").unwrap();
                command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}"));
                command.args(["--clear-groups", "--inh-caps=-all,+net_raw"]);
                command.args(["--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]);
                command.arg("--").arg(&self.agent);
                command
            }
        };
        command.env("DAICHO_LOG", "info").arg("--state").arg(state);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A scan of the network with these lines of `[pace]`; the result goes to the file of this name
    /// in the user's folder.
    pub(crate) fn scan(&self, user: User, pace: &str, file: &str) -> Command {
        let config = self.path("agent.toml");
        let text = format!(
            "[agent]\nname = \"rig\"\n[pace]\n{pace}\n[[network]]\ncidr = \"{NETWORK}\"\npolicy = \"sighting\"\n"
        );
        std::fs::write(&config, text).unwrap();
        let mut command = self.agent(user);
        command.args(["scan", "--all-declared", "--quiet", "--config"]).arg(config);
        command.arg("-o").arg(self.result(user, file));
        command
    }

    /// Where that result is.
    pub(crate) fn result(&self, user: User, file: &str) -> PathBuf {
        self.path(&format!("{user:?}")).join(file)
    }

    /// ARP requests that arrive at the neighbour, one a line, from now on.
    pub(crate) fn witness(&self) -> Witness {
        let mut tcpdump = self.there.command("tcpdump").unwrap();
        tcpdump.args(["-i", "eth0", "-Q", "in", "-n", "-l", "--immediate-mode"]);
        tcpdump.arg("arp[6:2] = 1").stdin(Stdio::null());
        let mut process = tcpdump.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "tcpdump ended");
        }
        let seen = BufReader::new(process.stdout.take().unwrap()).lines();
        Witness { process, seen, _said: said }
    }
}

/// tcpdump on the neighbour's side.
pub(crate) struct Witness {
    process: Child,
    seen: Lines<BufReader<ChildStdout>>,
    /// Held open, so that tcpdump can say how it ended.
    _said: BufReader<ChildStderr>,
}

/// An ARP request: who asks for whom, as tcpdump writes addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) whom: String,
    pub(crate) who: String,
}

impl Witness {
    /// Waits for the next request.
    pub(crate) fn next(&mut self) -> Request {
        let line = self.seen.next().unwrap().unwrap();
        request(&line).unwrap_or_else(|| panic!("{line}"))
    }

    /// Stops; returns the requests that were not taken yet.
    pub(crate) fn stop(mut self) -> Vec<Request> {
        let id = nix::unistd::Pid::from_raw(self.process.id().cast_signed());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
        let lines = self.seen.map(Result::unwrap);
        let requests = lines.filter_map(|line| request(&line)).collect();
        assert!(self.process.wait().unwrap().success());
        requests
    }
}

/// `… Request who-has 10.99.2.7 tell 10.99.2.1, length 28`.
fn request(line: &str) -> Option<Request> {
    let (_, rest) = line.split_once("who-has ")?;
    let (whom, rest) = rest.split_once(' ')?;
    let (_, rest) = rest.split_once("tell ")?;
    let (who, _) = rest.split_once(',')?;
    Some(Request { whom: whom.to_owned(), who: who.to_owned() })
}

/// Whom ARP found, by last octet.
pub(crate) fn found(batch: &Batch) -> Vec<u8> {
    let arp = batch.observations.iter().filter_map(|seen| {
        if let Fact::Arp { ip, .. } = seen.fact { Some(ip.octets()[3]) } else { None }
    });
    let mut found: Vec<_> = arp.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The coverage of ARP.
pub(crate) fn arp(batch: &Batch) -> &Coverage {
    batch.coverage.iter().find(|coverage| coverage.method == Method::Arp).unwrap()
}

/// What a file holds, once the agent that writes it has ended well.
pub(crate) fn result(agent: Child, file: &Path) -> Batch {
    let output = agent.wait_with_output().unwrap();
    let talked = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {talked}", output.status);
    open(file)
}
