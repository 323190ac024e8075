//! The main job with nothing else set up: a simulated hospital, an agent that scans it, a collector
//! that holds what was seen against the hospital's ledger, and the pages.
//!
//! Both programs are the real ones, run as a user runs them. As root the hospital stands in network
//! namespaces and answers real frames; otherwise on loopback addresses. What the collector finds is
//! checked against the truth: exit code 1 if it differs. stdout is the verdict table, everything
//! else is said on stderr.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use daicho_collector::ledger::Place;
use tempfile::TempDir;

use crate::netns;
use crate::sim::{Ground, Hospital, book, loopback, wire};

/// What was found held against the truth.
pub mod check;
/// The agent's configuration.
pub mod config;
/// The real programs: built, run, stopped.
pub mod programs;
/// Who hangs where, as it was found.
pub mod shape;

use programs::{Programs, Signals, Stopped};

/// The seed of the hospital, unless another is given.
const SEED: u64 = 2026;
/// Where the pages are, unless the port is taken.
const LISTEN: &str = "127.0.0.1:8470";
const BOOK: &str = "台帳.xlsx";

const HELP: &str = "\
cargo demo [--once] [--loopback] [--dir DIR] [--seed N]

模擬病院を走査し、台帳と照合して、結果を表示します。
Scans a simulated hospital, holds it against its ledger, and shows what differs.

  --once       照合結果を表示して終わります / ends after the verdicts
  --loopback   root でも名前空間を使わず、ループバックで動かします
               / on loopback addresses, even as root
  --dir DIR    ファイルを DIR に残します / keeps the files in DIR
  --seed N     別の病院にします / another hospital

終了コード / exit codes: 0 正常 / as expected, 1 結果が真実と違う・実行できない / not as expected,
2 コマンドラインの誤り / wrong command line, 130 中断 / stopped";

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Options {
    once: bool,
    loopback: bool,
    help: bool,
    dir: Option<PathBuf>,
    seed: Option<u64>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--once" => options.once = true,
                "--loopback" => options.loopback = true,
                "--help" | "-h" => options.help = true,
                "--dir" => options.dir = Some(arguments.next()?.into()),
                "--seed" => options.seed = Some(arguments.next()?.parse().ok()?),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// The demo with these arguments (its own name left out).
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let Some(options) = Options::parse(arguments) else {
        say(HELP, "");
        return ExitCode::from(2);
    };
    if options.help {
        say(HELP, "");
        return ExitCode::SUCCESS;
    }
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Stopped>() => {
            say("中断しました。後片付けは済んでいます", "stopped; everything is cleaned up");
            ExitCode::from(130)
        }
        Err(error) => {
            say(
                &format!("エラー: デモを続けられません: {error:#}"),
                "error: the demo cannot go on",
            );
            ExitCode::FAILURE
        }
    }
}

/// Tells the user something in Japanese, with English beneath.
fn say(ja: &str, en: &str) {
    let text = if en.is_empty() { format!("{ja}\n") } else { format!("{ja}\n  {en}\n") };
    // A terminal that has gone away hears nothing.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn run(options: &Options) -> Result<()> {
    let signals = Signals::take()?;
    say("■ 1/5 プログラムをビルドします", "building daicho-agent and daicho-collector");
    let programs = Programs::build()?;
    signals.check()?;
    let ground = if !options.loopback && netns::may() { Ground::Wire } else { Ground::Loopback };
    let hospital = Hospital::furnish(options.seed.unwrap_or(SEED), ground);
    let folder = Folder::open(options.dir.as_deref(), ground)?;
    let places = write_files(&hospital, &folder)?;
    scan(&hospital, &folder, (&programs, &signals))?;
    keep(&folder, (&programs, &signals))?;
    verdicts(&hospital, &places, &folder, &programs)?;
    if options.once {
        return Ok(());
    }
    let listen = free_address()?;
    let link = login_link(&folder, &programs, listen)?;
    say(
        &format!(
            "■ 5/5 画面を提供します。次のリンクをブラウザで開いてください（一度だけ使えます）。終了は Ctrl-C\n    {link}"
        ),
        "serving the pages; open the link above in a browser, which logs in once; Ctrl-C ends",
    );
    let mut serve = Command::new(&programs.collector);
    serve.arg("serve").arg("--db").arg(folder.db()).arg("--listen").arg(listen.to_string());
    match signals.run(&mut serve) {
        Err(error) if error.is::<Stopped>() => Ok(()),
        ended => ended,
    }
}

/// Where the files of the demo are.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    ground: &'static str,
    /// Removes the folder in the end, unless the user named one.
    _temporary: Option<TempDir>,
}

impl Folder {
    fn open(named: Option<&Path>, ground: Ground) -> Result<Self> {
        let temporary = match named {
            Some(path) => {
                fs::create_dir_all(path)
                    .with_context(|| format!("{} cannot be made", path.display()))?;
                None
            }
            None => Some(tempfile::Builder::new().prefix("daicho-demo-").tempdir()?),
        };
        let path = match (named, &temporary) {
            (Some(path), _) => path.canonicalize()?,
            (None, Some(folder)) => folder.path().to_owned(),
            (None, None) => bail!("no folder"),
        };
        let ground = match ground {
            Ground::Wire => "wire",
            Ground::Loopback => "loopback",
        };
        Ok(Self { path, ground, _temporary: temporary })
    }

    /// The database: one for each ground, whose addresses differ.
    fn db(&self) -> PathBuf {
        self.path.join(format!("daicho-{}.db", self.ground))
    }

    fn batches(&self) -> PathBuf {
        self.path.join(format!("scan-{}.daicho", self.ground))
    }

    fn config(&self) -> PathBuf {
        self.path.join(format!("agent-{}.toml", self.ground))
    }

    fn book(&self) -> PathBuf {
        self.path.join(BOOK)
    }
}

/// Writes the ledger and the agent's configuration; returns where each row of the ledger stands.
fn write_files(hospital: &Hospital, folder: &Folder) -> Result<Vec<Place>> {
    let (workbook, places) = book::workbook(hospital, BOOK)?;
    fs::write(folder.book(), workbook)?;
    let (list, _) = book::csv(hospital, "台帳.csv");
    fs::write(folder.path.join("台帳.csv"), list)?;
    fs::write(folder.config(), config::toml(hospital))?;
    say(
        &format!(
            "■ 2/5 模擬病院: 機器 {} 台、台帳 {} 行（{}）",
            hospital.devices.len(),
            hospital.rows.len(),
            folder.path.display()
        ),
        &format!(
            "a simulated hospital of {} devices; its ledger has {} rows",
            hospital.devices.len(),
            hospital.rows.len()
        ),
    );
    Ok(places)
}

fn scan(
    hospital: &Hospital,
    folder: &Folder,
    (programs, signals): (&Programs, &Signals),
) -> Result<()> {
    let mut arguments: Vec<OsString> = vec!["scan".into(), "--config".into()];
    arguments.push(folder.config().into());
    for segment in hospital.declared() {
        arguments.extend(["--network".into(), segment.name.into()]);
    }
    arguments.extend(["--state".into(), folder.path.join("state").into()]);
    arguments.extend(["-o".into(), folder.batches().into()]);
    if folder.batches().exists() {
        fs::remove_file(folder.batches())?;
    }
    let (ja, en) = match hospital.ground {
        Ground::Wire => ("ネットワーク名前空間・実フレーム", "real frames in network namespaces"),
        Ground::Loopback => (
            "ループバック。MAC アドレスは機器の表からしか分かりません",
            "loopback, so MAC addresses are known from tables only",
        ),
    };
    let (rate, each) = (config::RATE, config::TARGET_RATE);
    say(
        &format!(
            "■ 3/5 走査します（{ja}）。速度はデモ用に毎秒 {rate} パケット（1 台あたり {each}）、\
             既定は 200（2）です。スイッチの表は 1 台 40～120 パケットで、既定の速度なら 20～60 秒かけて読みます"
        ),
        &format!(
            "scanning ({en}) at {rate} packets a second, {each} to one device, for the demo; the \
             default is 200 and 2, at which the 40 to 120 packets of a switch take 20 to 60 s"
        ),
    );
    match hospital.ground {
        Ground::Wire => {
            netns::remove_stale()?;
            let site = wire::Site::open(hospital.clone(), "demo")?;
            signals.run(site.agent().command(&programs.agent)?.args(arguments))?;
            let (frames, forbidden) = (site.frames(), site.forbidden());
            ensure!(forbidden == 0, "{forbidden} octets went where nothing may be sent");
            say(
                &format!(
                    "    病院に届いたフレーム {frames}、印刷・HL7 ポートと医療機器・音声 VLAN へは 0 オクテット"
                ),
                &format!(
                    "{frames} frames reached the hospital, none a printing or HL7 port, none the \
                     VLANs of medical devices and telephones"
                ),
            );
        }
        Ground::Loopback => {
            let site = loopback::Site::open(hospital.clone())?;
            signals.run(Command::new(&programs.agent).args(arguments))?;
            let silent = site.without_dns_sd().len();
            if silent > 0 {
                say(
                    &format!("    UDP 5353 が使用中のため {silent} 台は DNS-SD に答えません"),
                    &format!("UDP 5353 is in use, so {silent} devices answer no DNS-SD"),
                );
            }
        }
    }
    Ok(())
}

fn keep(folder: &Folder, (programs, signals): (&Programs, &Signals)) -> Result<()> {
    say(
        "■ 4/5 台帳と走査結果を取り込み、照合します",
        "importing the ledger and the batches, and comparing them",
    );
    let mut import = Command::new(&programs.collector);
    import.arg("import").arg("--db").arg(folder.db());
    import.arg(folder.book()).arg(folder.batches());
    // stdout is for the verdicts.
    import.stdout(Stdio::null());
    signals.run(&mut import)
}

/// Prints the verdicts and holds them against the truth.
fn verdicts(
    hospital: &Hospital,
    places: &[Place],
    folder: &Folder,
    programs: &Programs,
) -> Result<()> {
    let mut compare = Command::new(&programs.collector);
    compare.arg("compare").arg("--ledger").arg(folder.book()).arg(folder.batches());
    ensure!(compare.status()?.success(), "daicho-collector compare failed");
    let exported = |what: &str| {
        let mut export = Command::new(&programs.collector);
        export.args(["export", "--format", "json", "--what", what]).arg("--db").arg(folder.db());
        programs::json(&mut export)
    };
    let devices = exported("devices")?;
    let mut differences = check::against_truth(hospital, places, &exported("matches")?, &devices)?;
    let mut shape = shape::Shape::of(hospital, &devices)?;
    differences.append(&mut shape.wrong);
    if !differences.is_empty() {
        bail!(
            "{} 件が真実と違います / differ from the truth:\n{}",
            differences.len(),
            differences.join("\n")
        );
    }
    let planted = hospital.truth().undocumented.len();
    say(
        &format!("    未登録機器 {planted} 台をすべて検出し、ほかに誤りはありません"),
        &format!("all {planted} planted undocumented devices were found, and no other"),
    );
    shape.say();
    Ok(())
}

/// Makes an administrator, if there is none yet, and a link with which a browser logs in once.
fn login_link(folder: &Folder, programs: &Programs, listen: SocketAddr) -> Result<String> {
    let account = |arguments: &[&str]| {
        let mut command = Command::new(&programs.collector);
        command.arg("account").args(arguments).arg("--db").arg(folder.db()).stderr(Stdio::null());
        command
    };
    // In a folder of an earlier demo the account is there already.
    let _ = account(&["add", "demo", "--role", "administrator"]).stdout(Stdio::null()).status()?;
    let url = format!("http://{listen}");
    let made = account(&["link", "demo", "--url", &url]).output()?;
    ensure!(made.status.success(), "no link to log in could be made");
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

/// The usual address of the pages; any other port if that one is taken.
fn free_address() -> Result<SocketAddr> {
    let usual: SocketAddr = LISTEN.parse()?;
    let free = TcpListener::bind(usual).or_else(|_| TcpListener::bind((usual.ip(), 0)))?;
    Ok(free.local_addr()?)
}

#[cfg(test)]
mod tests;
