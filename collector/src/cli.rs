//! The command line: reads arguments, composes the other rooms, prints. stdout is data, stderr is
//! talk; every failure is one sentence in each language and a documented number.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use daicho_common::batch::AgentKey;
use daicho_common::complaint::{Complaint, Exit};

use crate::config::Config;
use crate::store::Store;
use crate::words::Lang;

mod account;
mod agent;
mod audit;
mod compare;
mod doctor;
mod keep;
mod ledger;
pub(crate) mod log;
mod notify;
mod migrate;
mod register;
mod report;
mod retain;
mod safety;
mod scan;
mod schedule;
mod secret;
mod serve;
mod settings;
mod snapshot;
mod token;

pub(crate) use agent::trouble as agent_trouble;

/// The exit codes, as `--help` shows them.
const EXITS: &str = "\
終了コード / exit codes:
    0  正常 / success
    1  その他の誤り / any other error
    2  コマンドラインの誤り / wrong command line
    3  設定ファイルの誤り / configuration cannot be read or means nothing
    4  入力ファイルの破損・種類違い / input damaged, truncated or of another kind
    6  権限の不足 / the system does not let this user do it
    7  アドレス・ポート・データベースが使用中 / address, port or database in use
    8  署名・鍵の不一致 / signature or key does not fit
    9  通知先が受け取らない / a receiver of notifications does not take it
  130  利用者による中断 / stopped by the user";

/// daicho-collector
#[derive(Debug, Parser)]
#[command(
    name = "daicho-collector",
    version,
    about = "観測結果を保管し、機器にまとめ、台帳と照合します\nKeeps what agents saw, resolves devices, and holds them against the ledger",
    after_help = EXITS,
    arg_required_else_help = true
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 画面と、エージェントからの受け口を提供します / Serves the pages and the door for batches
    Serve(Serve),
    /// 調査結果または台帳 (.xlsx .xls .csv) を取り込みます。種類は内容で判断します /
    /// Takes in batches or ledgers (.xlsx, .xls, .csv); the content decides which
    Import(Import),
    /// 台帳と調査結果を照合し、判定を表示します。サーバもデータベースも不要です /
    /// Holds observations against a ledger and prints the verdicts; needs no server and no database
    Compare(Compare),
    /// 台帳の列の読み方、変更の確認・記録・書き出し / Columns, changes and export of the ledger
    Ledger(ledger::LedgerLine),
    /// 事業者・契約・開示書・例外などの記録 / Parties, contracts, disclosure forms, exceptions …
    Register(register::RegisterLine),
    /// 画面の利用者とログイン用リンク / Who may log in to the pages, and links to log in
    Account(account::AccountLine),
    /// プログラムが /api/v1 を使うためのトークン / Tokens with which programs use /api/v1
    Token(token::TokenLine),
    /// 監査記録の改ざんの有無を確かめます / Checks that the audit log is as it was written
    VerifyLog(audit::VerifyLog),
    /// 通知先の状態と試験 / Receivers of notifications: how they stand, and a trial
    Notify(notify::NotifyLine),
    /// パスワードや鍵を暗号化して保管します / Keeps passwords and keys, encrypted
    Secret(secret::SecretLine),
    /// 報告書を作ります（list で一覧） / Makes a report; `list` prints all
    Report(Box<report::ReportLine>),
    /// いまの内容に署名して保管し、比べます / Signs, keeps and compares what is known
    Snapshot(snapshot::SnapshotLine),
    /// 保管している内容を書き出します / Writes out what is kept
    Export(Export),
    /// エージェントの鍵を登録または置き換えます / Holds an agent to a key from now on
    Trust(Trust),
    /// エージェントの走査を止めます（collector に送っている走査だけ） /
    /// Ends the scan of an agent that delivers to this collector
    Stop(Stop),
    /// データベースの写しを作ります。稼働中でも作れます / Copies the database, also while it is in use
    Backup(safety::Backup),
    /// 写しを戻します。それまでのデータベースは脇に残します /
    /// Puts a copy in place; the database that stood there is kept aside
    Restore(safety::Restore),
    /// データベースが壊れていないか隅々まで調べます / Looks whether the whole database is sound
    Check(safety::Check),
    /// 設定の `retention_days` より古い観測を、判定が変わらない範囲でまとめます /
    /// Folds observations that are older than `retention_days`, as far as that changes nothing
    Retain(Author),
    /// データベースをファイルから PostgreSQL サーバーへ、またはその逆へ移します。コレクターを止めてから実行します /
    /// Moves the database from a file to a PostgreSQL server or back; the collector has to be stopped
    Migrate(migrate::Migrate),
    /// 設定・データベース・ポート・エージェントを調べ、直し方を示します /
    /// Looks at configuration, database, port and agents, and says how to mend what is wrong
    Doctor(doctor::Doctor),
    /// 画面で変えた設定の書き出しと読み込み / Settings that were made on pages: as TOML, and back
    Settings(settings::SettingsLine),
    /// エージェントの招待・一覧・失効 / Invites, lists and revokes agents
    Agent(agent::AgentLine),
    /// 走査の予定 / Schedules of scans, and the plan of them
    Schedule(schedule::ScheduleLine),
    /// 1回だけの走査 / A scan once, now
    Scan(scan::ScanLine),
    /// 調査結果から機器の一覧を表示します / Prints the devices that follow from observations
    Devices(Devices),
}

/// Where the configuration and the database are.
#[derive(Debug, Args)]
struct Places {
    /// データベースのファイル / The database file [default: daicho.db]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// 設定ファイル（例: config/collector.toml） / The configuration, see config/collector.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What a command that only shows something takes.
#[derive(Debug, Args)]
struct Look {
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

/// The configuration with what was said on pages.
fn with_settings(config: &Config, store: &Store) -> Result<Config, Complaint> {
    let (_, settings) = store.settings().map_err(|error| error.complaint(store.path()))?;
    Ok(crate::settings::effective::with(config, &settings))
}

/// Who does it, in which language it is told, and where.
#[derive(Debug, Args)]
struct Author {
    /// 行った人の名前（省略時は OS の利用者名） / Who does it [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Serve {
    /// 待ち受けるアドレスとポート / Address and port to listen on [default: 127.0.0.1:8470]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// エージェント専用の口（相互 TLS） / The door for agents, by mutual TLS [default: none]
    #[arg(long, value_name = "ADDRESS:PORT")]
    agents: Option<SocketAddr>,
    /// TLS なしで他の端末からの接続を許します。パスワードが途中で読まれるおそれがあります /
    /// Lets other machines in without TLS: passwords can be read on the way
    #[arg(long)]
    without_tls: bool,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Import {
    /// 調査結果 (.daicho) または台帳 / Batches or ledgers
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 取り込んだ人の名前（省略時は OS の利用者名） / Who imports [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

/// Formats of `compare`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CompareFormat {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Args)]
struct Compare {
    /// 台帳 (.xlsx .xls .csv)。複数なら繰り返します / A ledger; repeat for several
    #[arg(long, required = true, value_name = "BOOK")]
    ledger: Vec<PathBuf>,
    /// 調査結果 / Batches
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 出力の形式 / Format
    #[arg(long, value_enum, default_value = "text")]
    format: CompareFormat,
    /// 設定ファイル。判別表と時間帯だけを使います / The configuration, for its fingerprints and time zone
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
}

/// What `export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// 機器 / devices
    Devices,
    /// 台帳（判定つき、元の列のまま） / the ledger in its own columns, with verdicts
    Ledger,
    /// 照合結果 / the verdict table
    Matches,
    /// 要確認事項 / findings
    Findings,
    /// 観測 / observations
    Observations,
}

/// Formats of `export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    Csv,
    Json,
    Jsonl,
    Xlsx,
}

/// Another program that takes the findings along.
#[derive(Debug, Subcommand)]
enum ExportTo {
    /// NetBox（4.2 以降）の一括取り込み用の CSV を zip にまとめます /
    /// CSV files for the bulk import of NetBox (4.2 and later), as a zip archive
    Netbox(Netbox),
    /// GLPI（10 以降）のインベントリ JSON を書き出します / Inventories in JSON for GLPI (10 and later)
    Glpi(Glpi),
}

#[derive(Debug, Args)]
struct Netbox {
    /// NetBox のサイトの名前 / The site in NetBox
    #[arg(long, value_name = "NAME", default_value = "Hospital")]
    site: String,
    #[command(flatten)]
    into: Into,
}

/// Formats of the inventories for GLPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GlpiFormat {
    /// 1台に1ファイルの zip / an archive with a file a device
    Zip,
    /// 1行に1台 / a line a device
    Jsonl,
}

#[derive(Debug, Args)]
struct Glpi {
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "zip")]
    format: GlpiFormat,
    #[command(flatten)]
    into: Into,
}

#[derive(Debug, Args)]
struct Into {
    /// 書き出すファイル（省略時は標準出力） / The file to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 分類などの言語 / Language of classes and remarks
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
struct Export {
    #[command(subcommand)]
    to: Option<ExportTo>,
    /// 書き出す内容 / What
    #[arg(long, value_enum, default_value = "matches")]
    what: What,
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "csv")]
    format: ExportFormat,
    /// 書き出すファイル（省略時は標準出力） / The file to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 見出しの言語 / Language of the headings
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Trust {
    /// エージェントの名前 / The agent's name
    agent: String,
    /// 公開鍵（16進 64 桁） / The public key, 64 hexadecimal digits
    #[arg(value_parser = parse_key)]
    key: AgentKey,
    /// 登録した人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Stop {
    /// エージェントの名前 / The agent's name
    agent: String,
    /// 止めた人の名前（省略時は OS の利用者名） / Who says so [default: the system's user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Args)]
struct Devices {
    /// 調査結果 / Batches
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 1行に1台の JSON で出力します / One JSON object a line
    #[arg(long)]
    jsonl: bool,
    /// 設定ファイル。判別表と時間帯だけを使います / The configuration, for its fingerprints and time zone
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// 見出しの言語 / Language of the headings
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
}

fn parse_key(text: &str) -> Result<AgentKey, String> {
    let octets: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    octets
        .filter(|_| text.bytes().all(|octet| octet.is_ascii_hexdigit()))
        .and_then(|octets| <[u8; 32]>::try_from(octets).ok())
        .map(AgentKey::new)
        .ok_or_else(|| "公開鍵は16進 64 桁です / a public key has 64 hexadecimal digits".to_owned())
}

/// The command line as clap knows it, for manuals and completions.
pub fn command() -> clap::Command {
    use clap::CommandFactory;
    Line::command()
}

/// Runs the program with these arguments, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // Clap chooses between stdout for --help and stderr for errors.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code()));
        }
    };
    let done = match line.command {
        Command::Serve(options) => serve::serve(&options),
        Command::Import(options) => keep::import(&options),
        Command::Compare(options) => compare::compare(&options),
        Command::Ledger(options) => ledger::run(&options),
        Command::Register(options) => register::run(&options),
        Command::Account(options) => account::run(&options),
        Command::Token(options) => token::run(&options),
        Command::VerifyLog(options) => audit::verify(&options),
        Command::Notify(options) => notify::run(&options),
        Command::Secret(options) => secret::run(&options),
        Command::Report(options) => report::run(&options),
        Command::Snapshot(options) => snapshot::run(&options),
        Command::Export(options) => keep::export(&options),
        Command::Trust(options) => keep::trust(&options),
        Command::Stop(options) => keep::stop(&options),
        Command::Backup(options) => safety::backup(&options),
        Command::Restore(options) => safety::restore(&options),
        Command::Check(options) => safety::check(&options),
        Command::Retain(options) => retain::retain(&options),
        Command::Migrate(options) => migrate::migrate(&options),
        Command::Doctor(options) => doctor::doctor(&options),
        Command::Agent(options) => agent::run(&options),
        Command::Settings(options) => settings::run(&options),
        Command::Schedule(options) => schedule::run(&options),
        Command::Scan(options) => scan::run(&options),
        Command::Devices(options) => compare::devices(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            let _ = writeln!(io::stderr(), "{complaint}");
            ExitCode::from(complaint.exit.code())
        }
    }
}

/// Writes data to stdout. A reader that has seen enough (`| head`) is no error.
fn to_stdout(
    write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>,
) -> Result<(), Complaint> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(unwritable("stdout", &error))
        }
        _ => Ok(()),
    }
}

fn unwritable(what: &str, error: &io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!("{what} に書き込めません（{error}）。空き容量と権限を確かめてください"),
        format!("{what} cannot be written ({error}): check the free space and the permissions"),
    )
}

/// Writes a file whole, or not at all: into a neighbour first, then renamed.
fn to_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<std::fs::File>) -> io::Result<()>,
) -> Result<(), Complaint> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let done = (|| {
        let mut out = BufWriter::new(std::fs::File::create(&part)?);
        write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        drop(out);
        std::fs::rename(&part, path)
    })();
    done.map_err(|error| {
        // What was half-written is of no use; that it cannot be removed is said by the cause.
        let _ = std::fs::remove_file(&part);
        unwritable(&path.display().to_string(), &error)
    })
}

/// Says something to the user. What a closed stderr does not take is lost.
fn talk(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Who runs this: the name given, else the system's.
fn who(by: Option<&String>) -> String {
    let variables = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"];
    by.cloned()
        .or_else(|| variables.iter().find_map(|name| std::env::var(name).ok()))
        .unwrap_or_else(|| "-".to_owned())
}
