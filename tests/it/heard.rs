//! A device that only ever speaks, from its first frame to the collector's list of devices. Every
//! frame stays between two namespaces of the test, and the collector listens on the loopback of one.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use daicho_tests::netns::{self, Namespace, cable};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, send, socket,
};
use nix::unistd::Pid;

use super::lab::programs::built_into;

mod frames;

/// From the first frame of a device to the collector's list of devices, at most.
const PROMISED: Duration = Duration::from_secs(5);
/// Between two looks at what has no way to say that it changed.
const GLANCE: Duration = Duration::from_millis(20);
/// More than anything here may take; beyond it a test fails instead of standing still.
const HUNG: Duration = Duration::from_mins(1);

/// A program inside a namespace; one that a failed test leaves behind is killed.
pub(crate) struct Running(Child);

impl Running {
    /// Runs a program, and waits until it says this on stderr. Returns what it said after that, to
    /// the end of the line.
    pub(crate) fn until(mut command: Command, says: &str) -> (Self, String) {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let talk = BufReader::new(child.stderr.take().unwrap());
        let (tell, heard) = std::sync::mpsc::channel();
        // Read to the end, or a full pipe would hold the program up.
        std::thread::spawn(move || {
            talk.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        let running = Self(child);
        let mut before = Vec::new();
        loop {
            let line = heard.recv_timeout(HUNG);
            let line = line.unwrap_or_else(|_| panic!("{command:?} does not begin: {before:?}"));
            if let Some((_, rest)) = line.split_once(says) {
                return (running, rest.to_owned());
            }
            before.push(line);
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a user would, and gives its exit code.
    pub(crate) fn end(self) -> Option<i32> {
        self.end_by(Signal::SIGINT)
    }

    /// Ends it by a signal, and gives its exit code.
    pub(crate) fn end_by(mut self, signal: Signal) -> Option<i32> {
        let process = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        kill(process, signal).unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The agent's namespace with its collector, and a namespace from which frames come.
struct Stage {
    here: Namespace,
    _there: Namespace,
    wire: OwnedFd,
    state: tempfile::TempDir,
    agent: PathBuf,
    collector: PathBuf,
}

impl Stage {
    /// `None` where the test cannot be run; it says why.
    fn set(purpose: &str) -> Option<Self> {
        if !netns::may() {
            println!("skipped: network namespaces need root and iproute2");
            return None;
        }
        let [here, there] = ["here", "there"].map(|part| netns::name(purpose, part));
        let (here, there) = (Namespace::create(here).unwrap(), Namespace::create(there).unwrap());
        cable((&here, "eth0"), (&there, "eth0")).unwrap();
        here.ip(&["addr", "add", "10.99.2.1/24", "dev", "eth0"]).unwrap();
        let wire = there.enter(|| open_wire("eth0")).unwrap();
        let state = tempfile::tempdir().unwrap();
        let agent = built_into("daicho-agent", state.path());
        let collector = built_into("daicho-collector", state.path());
        Some(Self { here, _there: there, wire, state, agent, collector })
    }

    /// A collector on the loopback of the agent's namespace. Gives its URL without the last slash.
    fn collect(&self, listen: &str) -> (Running, String) {
        let mut command = self.here.command(&self.collector).unwrap();
        command.args(["serve", "--listen", listen, "--db"]).arg(self.path("collector.db"));
        let (running, rest) = Running::until(command, "http://");
        let address = rest.split('/').next().unwrap();
        (running, format!("http://{address}"))
    }

    /// A token with which the collector is asked what it has; made once.
    fn token(&self) -> String {
        let kept = self.path("token");
        if let Ok(token) = std::fs::read_to_string(&kept) {
            return token;
        }
        let run = |arguments: &[&str]| {
            let mut command = self.here.command(&self.collector).unwrap();
            command.args(arguments).arg("--db").arg(self.path("collector.db"));
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        run(&["account", "add", "ear", "--role", "auditor"]);
        let token = run(&["token", "issue", "ear", "--scope", "read"]).trim().to_owned();
        std::fs::write(&kept, &token).unwrap();
        token
    }

    fn listen(&self, url: &str) -> Running {
        let mut command = self.here.command(&self.agent).unwrap();
        command.args(["listen", "--interface", "eth0", "--to", url, "--state"]);
        command.arg(self.path("state")).env("DAICHO_LOG", "daicho_agent=info");
        Running::until(command, "listening begins").0
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state.path().join(name)
    }

    fn say(&self, frame: &[u8]) {
        assert_eq!(send(self.wire.as_raw_fd(), frame, MsgFlags::empty()), Ok(frame.len()));
    }

    /// Whether the collector lists this device.
    fn shows(&self, url: &str, device: &str) -> bool {
        let token = self.token();
        let page = self.here.enter(|| {
            let request = ureq::get(format!("{url}/api/v1/devices"));
            let request = request.header("Authorization", format!("Bearer {token}"));
            request.call().unwrap().body_mut().read_to_string().unwrap()
        });
        page.unwrap().contains(&format!("\"{device}\""))
    }

    /// Batches that the agent keeps for the collector.
    fn spooled(&self) -> usize {
        let Ok(entries) = std::fs::read_dir(self.path("state/spool")) else { return 0 };
        entries.filter(|entry| is_batch(&entry.as_ref().unwrap().path())).count()
    }
}

fn is_batch(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "daicho")
}

/// A packet socket on an interface of this thread's namespace, by which frames are only sent.
fn open_wire(interface: &str) -> OwnedFd {
    // Without a protocol it is given no frame (packet(7)).
    let (family, flags) = (AddressFamily::Packet, SockFlag::SOCK_CLOEXEC);
    let wire = socket(family, SockType::Raw, flags, None::<SockProtocol>).unwrap();
    let mut interfaces = nix::ifaddrs::getifaddrs().unwrap();
    let row = interfaces.find_map(|row| {
        let address = row.address.filter(|_| row.interface_name == interface)?;
        address.as_link_addr().copied()
    });
    let address: LinkAddr = row.unwrap();
    bind(wire.as_raw_fd(), &address).unwrap();
    wire
}

/// Waits until it is so, and says how long that took.
fn time_until(what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < HUNG, "{what}: not within {HUNG:?}");
        std::thread::sleep(GLANCE);
    }
    begun.elapsed()
}

#[test]
fn a_device_that_only_ever_speaks_is_in_the_collector_within_five_seconds() {
    let Some(stage) = Stage::set("heard") else { return };
    let (collector, url) = stage.collect("127.0.0.1:0");
    let agent = stage.listen(&url);
    for (kind, mac, frame) in frames::one_of_each() {
        let device = format!("mac-{}", mac.to_string().replace(':', ""));
        assert!(!stage.shows(&url, &device), "{kind}: it has not spoken yet");
        stage.say(&frame);
        let took = time_until(kind, || stage.shows(&url, &device));
        println!("{kind}: in the collector {} ms after its only frame", took.as_millis());
        assert!(took < PROMISED, "{kind}: {took:?}");
    }
    assert_eq!(agent.end(), Some(0));
    assert_eq!(stage.spooled(), 0);
    assert_eq!(collector.end(), Some(0));
}

#[test]
fn what_is_heard_while_the_collector_is_down_is_kept_and_arrives_when_it_is_back() {
    let Some(stage) = Stage::set("kept") else { return };
    let (collector, url) = stage.collect("127.0.0.1:0");
    let agent = stage.listen(&url);
    assert_eq!(collector.end(), Some(0));
    let mac = frames::mac(9);
    stage.say(&frames::gratuitous_arp(mac, Ipv4Addr::new(10, 99, 2, 9)));
    time_until("kept", || stage.spooled() > 0);
    let (collector, again) = stage.collect(url.trim_start_matches("http://"));
    assert_eq!(again, url);
    // Nobody speaks any more: that the collector is back is found without news.
    let took = time_until("back", || stage.shows(&url, "mac-001a2bee0009"));
    println!("{} ms after the collector was back", took.as_millis());
    time_until("the spool is empty", || stage.spooled() == 0);
    assert_eq!(agent.end(), Some(0));
    assert_eq!(collector.end(), Some(0));
}
