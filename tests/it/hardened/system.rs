//! A system of the test's own with our packages installed: the machine's file system below a layer that
//! takes every change (overlayfs), in a mount namespace that goes away with the value. Nothing outside
//! changes: not the machine's packages, users or files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use daicho_tests::debs::{self, PACKAGES};
use daicho_tests::lab::packages::{self, Package};
use daicho_tests::netns;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{User, chdir, pivot_root};

use super::unit::Unit;
use super::{confine, view};

/// What is needed besides what the lab needs anyway.
const NEEDED: [&str; 3] = ["dpkg", "systemd", "fonts-ipaexfont-gothic"];

/// The system; a thread of its own enters it for each piece of work.
pub(super) struct System {
    mounts: File,
}

impl System {
    /// Installs both packages. `None` after having said why that cannot be.
    pub(super) fn up() -> Option<Self> {
        if let Some(why) = obstacle() {
            let required = ["CI", "DAICHO_LAB"].map(|name| std::env::var(name).unwrap_or_default());
            assert_eq!(required, ["", ""], "skipped, though the lab is required here: {why}");
            println!("skipped: {why}");
            return None;
        }
        let (folder, programs) = (tempfile::tempdir().unwrap(), crate::built::folder());
        // The folder is removed out here: in there it would be removed from a layer.
        let made = std::thread::scope(|scope| {
            let made = scope.spawn(|| {
                in_memory(folder.path());
                build(&programs, &folder.path().join("debs"));
                layered(folder.path());
                install();
                File::open("/proc/thread-self/ns/mnt").unwrap()
            });
            made.join().unwrap()
        });
        Some(Self { mounts: made })
    }

    /// Does something in the system, as root and unconfined.
    pub(super) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                // Root and working folder are a thread's own only then (setns(2)).
                unshare(CloneFlags::CLONE_FS).unwrap();
                setns(&self.mounts, CloneFlags::CLONE_NEWNS).unwrap();
                work()
            });
            thread.join().unwrap()
        })
    }

    /// Changes an installed configuration as an administrator does: each of these words stands there
    /// once, and becomes another. Who may read the file stays as the package made it.
    pub(super) fn edit(&self, file: &str, changes: &[(&str, &str)]) {
        self.enter(|| {
            let mut text = fs::read_to_string(file).unwrap();
            for (from, to) in changes {
                assert_eq!(text.matches(from).count(), 1, "{file}: {from}");
                text = text.replace(from, to);
            }
            fs::write(file, text).unwrap();
        });
    }

    /// Runs a command as this user, unconfined (`sudo -u`).
    pub(super) fn as_user(&self, user: &str, words: &[&str]) -> Output {
        self.enter(|| {
            let mut command = administrator("runuser");
            command.args(["-u", user, "--"]).args(words).output().unwrap()
        })
    }

    /// The same, to its good end. Returns what it prints.
    pub(super) fn command(&self, user: &str, words: &[&str]) -> String {
        let output = self.as_user(user, words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A unit of the packages.
    pub(super) fn unit(&self, name: &str) -> Unit {
        let file = Path::new("/usr/lib/systemd/system").join(name);
        Unit::parse(&self.enter(|| fs::read_to_string(file).unwrap()))
    }

    /// Does something with the command of a unit in a thread that is confined as the unit says: what
    /// it starts is confined likewise. It lives in the network namespace of the caller.
    pub(super) fn confined<T: Send>(
        &self,
        unit: &Unit,
        work: impl FnOnce(Command) -> T + Send,
    ) -> T {
        let filters = unit.filters();
        self.enter(|| {
            let user = confine::user(unit);
            view::narrow(unit, &user);
            confine::become_user(unit, &user);
            for filter in filters {
                seccompiler::apply_filter(filter).unwrap();
            }
            work(command(unit, &user))
        })
    }
}

/// Why there can be no such system here.
fn obstacle() -> Option<String> {
    if !netns::may() {
        return Some("namespaces need root and iproute2".to_owned());
    }
    let needed = packages::PACKAGES.iter().filter(|package| NEEDED.contains(&package.debian));
    let missing = packages::missing(&needed.copied().collect::<Vec<Package>>());
    let missing: Vec<&str> = missing.iter().map(|package| package.debian).collect();
    (!missing.is_empty())
        .then(|| format!("Debian packages are not installed: {}", missing.join(" ")))
}

/// Gives this thread mounts of its own, and memory in the folder.
fn in_memory(folder: &Path) {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
    mount(Some("memory"), folder, Some("tmpfs"), MsFlags::empty(), none).unwrap();
}

/// Builds both packages.
fn build(programs: &Path, to: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for package in &PACKAGES {
        debs::build(package, &root, programs, to, "none").unwrap();
    }
}

/// Gives this thread a root of its own: the machine's, where every change stays in the folder. The
/// folder's `debs` are in `/mnt` of it.
fn layered(folder: &Path) {
    let (none, nothing) = (None::<&str>, MsFlags::empty());
    let [debs, upper, work, root] = ["debs", "upper", "work", "root"].map(|name| folder.join(name));
    for folder in [&upper, &work, &root] {
        fs::create_dir(folder).unwrap();
    }
    let (upper, work) = (upper.display(), work.display());
    let layers = format!("lowerdir=/,upperdir={upper},workdir={work}");
    mount(Some("system"), &root, Some("overlay"), nothing, Some(layers.as_str())).unwrap();
    for (from, to) in [(&debs, "mnt"), (&PathBuf::from("/dev"), "dev")] {
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(from), &root.join(to), none, flags, none).unwrap();
    }
    mount(Some("proc"), &root.join("proc"), Some("proc"), nothing, none).unwrap();
    mount(Some("run"), &root.join("run"), Some("tmpfs"), nothing, Some("mode=755")).unwrap();
    // The old root goes where the new one is and away from there (pivot_root(2), "pivot_root(".", ".")").
    chdir(&root).unwrap();
    pivot_root(".", ".").unwrap();
    umount2(".", MntFlags::MNT_DETACH).unwrap();
    chdir("/").unwrap();
}

/// Installs the packages that are in `/mnt`, and lets their memory go.
fn install() {
    let files = fs::read_dir("/mnt").unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.collect();
    let mut dpkg = administrator("dpkg");
    dpkg.args(["--install", "--force-unsafe-io", "--no-triggers"]);
    let output = dpkg.args(&files).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    for file in &files {
        fs::remove_file(file).unwrap();
    }
    umount2("/mnt", MntFlags::MNT_DETACH).unwrap();
}

/// A program with the surroundings that an administrator's shell has.
fn administrator(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "C.UTF-8");
    command.env("DEBIAN_FRONTEND", "noninteractive").current_dir("/").stdin(Stdio::null());
    command
}

/// The command of a unit, with the surroundings that systemd gives it (systemd.exec(5), "Environment
/// Variables in Spawned Processes").
fn command(unit: &Unit, user: &User) -> Command {
    let mut words = unit.one("ExecStart").unwrap().split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.env("LANG", "C.UTF-8").env("USER", &user.name).env("LOGNAME", &user.name);
    command.env("HOME", &user.dir).env("SHELL", &user.shell);
    let states: Vec<PathBuf> = view::states(unit).collect();
    command.env("STATE_DIRECTORY", std::env::join_paths(states).unwrap());
    for pair in unit.all("Environment") {
        let (name, value) = pair.split_once('=').unwrap();
        command.env(name, value);
    }
    command.current_dir(unit.one("WorkingDirectory").unwrap_or("/")).stdin(Stdio::null());
    command
}

/// All that a program said.
pub(super) fn said(output: &Output) -> String {
    let all = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&all).into_owned()
}
