//! The command line, and what each command does. Errors become exit codes in `main` and nowhere
//! else; data goes to stdout, talk to stderr.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::job::Order;

use crate::config::{Declared, LogFormat, SAMPLE};
use crate::key;
use crate::net::privilege;

mod doctor;
mod enrol;
mod listen;
mod permit;
mod scan;
mod send;

/// Exit codes, shown by `--help`.
const CODES: &str = "\
終了コード / exit codes:
  0    成功 / success
  1    その他のエラー / any other error
  2    コマンドラインの誤り / wrong command line
  3    設定ファイルの誤り / wrong configuration
  4    入力ファイルの破損 / damaged input file
  5    ネットワークを走査できない / the network was not declared or cannot be scanned
  6    権限がない / not permitted by the system
  7    ファイルが使用中 / a file is in use
  8    署名鍵・証明書の破損や拒否 / a key or certificate is damaged or refused
  9    収集サーバーに届かない / the collector did not answer or refused
  130  中断（見つけた分は保存済み） / interrupted; what was found is kept";

/// 院内ネットワークの機器を、害を与えずに探します / finds the devices of your networks, harmlessly
#[derive(Debug, Parser)]
#[command(name = "daicho-agent", version, after_help = CODES)]
pub struct Cli {
    /// 状態ディレクトリ（署名鍵、未送信データ） / directory of the signing key and unsent batches
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    /// 設定ファイル / configuration file (see `daicho-agent config --print`)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 指定したネットワークを走査します / scans the networks that you name
    Scan(Scan),
    /// 何も送らず、機器の発信を聴きます / hears what devices say, and sends nothing
    Listen(Listen),
    /// 保存した結果を収集サーバーに送ります / sends kept results to a collector
    Send(Send),
    /// 登録コードで収集サーバーに登録します / enrols with a collector by a one-time code
    Enrol(Enrol),
    /// 収集サーバーが宣言してよいアドレスの範囲を、設定ファイルに書き加えます / writes into the
    /// configuration within which addresses the collector may declare networks
    Permit(Permit),
    /// 収集サーバーの指示を待って走査します / waits for a collector's orders and scans
    Work {
        /// Scans are started by the process that started this one.
        #[arg(long, hide = true)]
        beside: bool,
    },
    /// 設定・ネットワーク・権限・収集サーバーとの接続を調べ、直し方を示します / looks at
    /// configuration, networks, privilege and collector, and says how to mend what is wrong
    Doctor,
    /// 公開鍵とその指紋を表示します / prints the public key and its fingerprint
    Key,
    /// 設定の見本（説明書）を表示します / prints the sample configuration, which is the manual
    Config {
        /// 見本を標準出力へ / the sample to stdout
        #[arg(long, required = true)]
        print: bool,
    },
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line, each by itself")]
struct Scan {
    /// 走査するネットワーク（CIDR か宣言した名前） / networks to scan, by CIDR or declared name
    #[arg(long, num_args = 1.., value_name = "CIDR|NAME")]
    network: Vec<String>,
    /// 設定で宣言したすべてのネットワーク / every network that the configuration declares
    #[arg(long, conflicts_with = "network")]
    all_declared: bool,
    /// 結果の署名付きファイル / signed file for the result
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 収集サーバーの URL / URL of the collector: https://host:port once enrolled
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// 全体の送信上限、毎秒 1～1000000 か max / most packets a second in all, 1-1000000 or max
    #[arg(long, value_name = "N|max", value_parser = rate)]
    rate: Option<u32>,
    /// 1 台あたりの送信上限、毎秒 1～1000 / most packets a second to one target, 1-1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_target: Option<u32>,
    /// 応答を待つ時間、50～60000 ミリ秒 / how long an answer is waited for, 50-60000 ms
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(50..=60_000))]
    timeout: Option<u64>,
    /// An order of a collector: what it says narrows the configuration. How far the scan has got goes
    /// to stdout as JSON, and the scan ends when stdin closes.
    #[arg(long, hide = true, value_parser = order, conflicts_with_all = ["network", "all_declared", "output", "rate", "per_target", "timeout", "resume", "stop_file", "no_wait"])]
    order: Option<Order>,
    /// Credentials for the order come as the first line of stdin, in JSON.
    #[arg(long, hide = true, requires = "order")]
    handed: bool,
    /// 中断した同じ走査の続きから始めます / goes on with the interrupted scan of the same networks
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "not given, given alone, given with a file")]
    resume: Option<Option<PathBuf>>,
    /// このファイルが現れたら中断します / stops when this file appears
    #[arg(long, value_name = "FILE")]
    stop_file: Option<PathBuf>,
    /// 走査してよい時間帯でなければ待たずに終わります / does not wait for scanning windows
    #[arg(long)]
    no_wait: bool,
    /// 進み具合と要約を表示しません / no progress and no summary
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Args)]
struct Listen {
    /// 読み込むキャプチャファイル（pcap か pcapng） / capture to read, pcap or pcapng
    #[arg(long, value_name = "FILE", required_unless_present = "interface")]
    pcap: Option<PathBuf>,
    /// 聴くインターフェース / interfaces to hear
    #[arg(long, num_args = 1.., value_name = "IF", conflicts_with = "pcap")]
    interface: Vec<String>,
    /// 対象のネットワーク（CIDR か宣言した名前） / networks that count, by CIDR or declared name
    #[arg(long, num_args = 1.., value_name = "CIDR|NAME")]
    network: Vec<String>,
    /// 聴く時間、1～31536000 秒（省略すると止めるまで） / how long, in seconds; until stopped if absent
    #[arg(long = "for", value_name = "SECONDS", conflicts_with = "pcap", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    seconds: Option<u64>,
    /// 結果の署名付きファイル / signed file for the result
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 収集サーバーの URL / URL of the collector: https://host:port once enrolled
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// 標準出力にも JSON で 1 行ずつ / JSON lines on stdout too (the default without -o and --to)
    #[arg(long)]
    jsonl: bool,
    /// 要約を表示しません / no summary
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Args)]
struct Send {
    /// 送るファイル。省略すると未送信データを送って消します / the files; without any, what is kept
    /// in the state directory is sent and removed
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 収集サーバーの URL / URL of the collector: https://host:port once enrolled
    #[arg(long, value_name = "URL")]
    to: String,
}

#[derive(Debug, Args)]
struct Enrol {
    /// 収集サーバーのエージェント用の口 / the collector's door for agents
    #[arg(long, value_name = "HOST:PORT")]
    collector: String,
    /// `daicho-collector agent invite` が表示したコード / the code that it printed
    #[arg(long, value_name = "CODE")]
    code: String,
}

#[derive(Debug, Args)]
struct Permit {
    /// アドレスの範囲（例 10.20.0.0/24） / the addresses, like 10.20.0.0/24
    #[arg(required = true, value_name = "CIDR")]
    prefixes: Vec<String>,
}

fn order(text: &str) -> Result<Order, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn rate(text: &str) -> Result<u32, String> {
    const MOST: u32 = 1_000_000;
    if text == "max" {
        return Ok(MOST);
    }
    text.parse()
        .ok()
        .filter(|rate| (1..=MOST).contains(rate))
        .ok_or_else(|| format!("1～{MOST} か max / 1 to {MOST}, or max"))
}

/// The command line as clap knows it, for manuals and completions.
pub fn command() -> clap::Command {
    use clap::CommandFactory;
    Cli::command()
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// A complaint with the exit code.
    pub fn run(self, start_log: impl FnOnce(LogFormat)) -> Result<(), Complaint> {
        if let Command::Work { beside: true } = self.command {
            // Before anything is read, and before there is another thread.
            privilege::drop_all();
        }
        if let Command::Permit(arguments) = &self.command {
            // The file may not be there yet.
            return permit::permit(&arguments.prefixes, self.config.as_deref());
        }
        let declared = match &self.config {
            Some(file) => Declared::read(file)?,
            None => Declared::default(),
        };
        start_log(declared.log_format);
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "daicho-agent begins");
        let state = || state(self.state.as_deref().or(declared.state.as_deref()), variable);
        match self.command {
            Command::Scan(arguments) => scan::scan(&arguments, &declared, state),
            Command::Listen(arguments) => listen::listen(&arguments, &declared, state),
            Command::Send(arguments) => send::send(&arguments, (state, declared.spool)),
            Command::Enrol(arguments) => enrol::enrol(&arguments, state),
            Command::Work { beside } => {
                let state = state();
                enrol::work(declared, beside, || state)
            }
            Command::Doctor => doctor::doctor(&declared, state),
            Command::Key => {
                let key = key::public(&key::load_or_create(&state()?)?);
                print(&format!("{key}\n指紋 / fingerprint: {}\n", key.fingerprint()))
            }
            // Done above.
            Command::Permit(_) => Ok(()),
            Command::Config { print: _ } => print(SAMPLE),
        }
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The state directory: the one named, else `$STATE_DIRECTORY` (systemd.exec(5)), else
/// `$XDG_STATE_HOME/daicho`, else `~/.local/state/daicho`.
fn state(
    named: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, Complaint> {
    named
        .map(Path::to_owned)
        // systemd separates several directories by colons; the first is ours.
        .or_else(|| std::env::split_paths(&variable("STATE_DIRECTORY")?).next())
        .or_else(|| Some(PathBuf::from(variable("XDG_STATE_HOME")?).join("daicho")))
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state/daicho")))
        .ok_or_else(|| {
            Complaint::new(
                Exit::Privilege,
                "署名鍵を置く場所がわかりません。--state でディレクトリを指定してください",
                "there is no place for the signing key; name a directory with --state",
            )
        })
}

/// Prints data.
fn print(text: &str) -> Result<(), Complaint> {
    match io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Complaint::new(
            Exit::Other,
            format!("標準出力に書けません（{error}）。出力先を確かめてください"),
            format!("stdout cannot be written ({error}); check where it goes"),
        )),
        _ => Ok(()),
    }
}

/// Says something to the user. What a closed stderr does not take is lost.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_is_the_nearest_one_named() {
        let given = |names: &'static [&str]| {
            move |name: &str| names.contains(&name).then(|| format!("/{name}").into())
        };
        let at = |named: Option<&str>, names| state(named.map(Path::new), given(names));
        let all = &["STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"];
        assert_eq!(at(Some("/here"), all).unwrap(), Path::new("/here"));
        assert_eq!(at(None, all).unwrap(), Path::new("/STATE_DIRECTORY"));
        assert_eq!(at(None, &all[1..]).unwrap(), Path::new("/XDG_STATE_HOME/daicho"));
        assert_eq!(at(None, &all[2..]).unwrap(), Path::new("/HOME/.local/state/daicho"));
        assert_eq!(at(None, &[]).unwrap_err().exit, Exit::Privilege);
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_rate_is_a_number_in_range_or_max() {
        assert_eq!(rate("max"), Ok(1_000_000));
        assert_eq!(rate("7"), Ok(7));
        for text in ["0", "1000001", "-1", "fast", ""] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
