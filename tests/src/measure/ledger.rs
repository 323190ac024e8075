//! `cargo measure ledger [ROWS]`: a workbook and CSV files of many rows as hospitals write them,
//! imported by the built collector: seconds, and the most memory that it took.

use std::fmt;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rust_xlsxwriter::Workbook;
use serde::Serialize;

use super::child::{self, Run};

/// Rows that are imported unless another number is given.
pub const ROWS: u32 = 100_000;
/// The bound that a run is held to.
const LIMIT: Duration = Duration::from_mins(3);

const HEADINGS: [&str; 16] = [
    "No.",
    "管理番号",
    "機器名称",
    "種別",
    "メーカー",
    "型番",
    "製造番号",
    "ホスト名",
    "ＩＰアドレス",
    "MACアドレス",
    "設置場所",
    "使用者",
    "保守業者",
    "保守期限",
    "状態",
    "購入年月日",
];

/// What an import came to.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was done.
    pub what: &'static str,
    /// Rows of the ledger.
    pub rows: u32,
    /// The file, in octets.
    pub file: u64,
    /// From the program's start to its end, in seconds.
    pub seconds: f64,
    /// Processor time, in seconds.
    pub cpu: f64,
    /// Most resident memory, in MiB.
    pub memory: f64,
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, rows, file, seconds, cpu, memory } = self;
        write!(
            out,
            "{what:<28} {rows:>8} rows {file:>11} octets {seconds:>7.2} s {cpu:>7.2} s CPU {memory:>7.1} MiB"
        )
    }
}

/// The collector as it was built for release.
pub(super) fn collector(root: &Path) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root.join("target"), PathBuf::from);
    let program = target.join("release/daicho-collector");
    ensure!(program.exists(), "{} was not built", program.display());
    Ok(program)
}

/// Measures with this many rows; `tell` gets each row as it comes.
///
/// # Errors
/// If a file cannot be made or an import fails.
pub fn run(root: &Path, rows: u32, tell: &mut dyn FnMut(&Row)) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = collector(root)?;
    std::fs::write(folder.path().join("台帳.xlsx"), workbook(rows, 0)?)?;
    std::fs::write(folder.path().join("台帳.csv"), csv(rows, 0))?;
    let octets = encoding_rs::SHIFT_JIS.encode(&csv(rows, 0)).0.into_owned();
    std::fs::write(folder.path().join("CP932.csv"), octets)?;
    std::fs::write(folder.path().join("空行.xlsx"), blank_rows(10_000_000)?)?;
    for (what, file, arguments) in [
        ("10,000,000 rows of nothing", "空行.xlsx", &["ledger", "import"][..]),
        ("xlsx, first import", "台帳.xlsx", &["ledger", "import"]),
        ("CSV (UTF-8), first import", "台帳.csv", &["ledger", "import"]),
        ("CSV (CP932), first import", "CP932.csv", &["ledger", "import"]),
    ] {
        let db = format!("{file}.db");
        tell(&measured((what, rows), &program, (folder.path(), file, &db), arguments)?);
    }
    std::fs::write(folder.path().join("台帳.xlsx"), workbook(rows, rows / 100)?)?;
    for (what, arguments) in [
        ("xlsx, preview of 1% changed", &["ledger", "preview"][..]),
        ("xlsx, import of 1% changed", &["ledger", "import"]),
    ] {
        let place = (folder.path(), "台帳.xlsx", "台帳.xlsx.db");
        tell(&measured((what, rows), &program, place, arguments)?);
    }
    Ok(())
}

fn measured(
    (what, rows): (&'static str, u32),
    program: &Path,
    (folder, file, db): (&Path, &str, &str),
    arguments: &[&str],
) -> Result<Row> {
    let mut command = Command::new(program);
    command.args(arguments).arg(file).args(["--db", db, "--lang", "en"]).current_dir(folder);
    let Run { time, cpu, memory, cut, .. } =
        child::run(&mut command, LIMIT).with_context(|| what.to_owned())?;
    ensure!(!cut, "{what} took longer than {LIMIT:?}");
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let memory = memory as f64 / f64::from(1 << 20);
    let file = std::fs::metadata(folder.join(file))?.len();
    let (seconds, cpu) = (time.as_secs_f64(), cpu.as_secs_f64());
    Ok(Row { what, rows, file, seconds, cpu, memory })
}

/// The cells of row `number`; the first `moved` rows stand elsewhere.
fn cells(number: u32, moved: u32) -> [String; 16] {
    let [_, second, third, fourth] = number.to_be_bytes();
    let place = if number < moved { "別館" } else { "本館" };
    [
        number.to_string(),
        format!("A-{number:06}"),
        format!("電子カルテ端末{}", number % 500),
        ["端末", "プリンタ", "サーバ", "検査装置"]
            .get(number as usize % 4)
            .unwrap_or(&"")
            .to_string(),
        "㈱架空製作所".to_owned(),
        format!("KX-{}", number % 90),
        format!("SN{:08X}", number.wrapping_mul(2_654_435_761)),
        format!("PC-{number:06}"),
        format!("10.{second:03}.{third:03}.{fourth:03}"),
        format!("02-1A-00-{second:02X}-{third:02X}-{fourth:02X}"),
        format!("{place}{}階 診察室{}", number % 9 + 1, number % 40),
        format!("診療科{}", number % 30),
        "架空保守サービス".to_owned(),
        format!("令和{}年{}月{}日", number % 9 + 1, number % 12 + 1, number % 28 + 1),
        ["使用中", "予備", "廃棄", ""].get(number as usize % 4).unwrap_or(&"").to_string(),
        format!("R{}.{}.{}", number % 7 + 1, number % 12 + 1, number % 28 + 1),
    ]
}

fn workbook(rows: u32, moved: u32) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    let page = book.add_worksheet().set_name("機器台帳")?;
    page.write_string(0, 0, "架空病院 機器管理台帳")?;
    page.write_row(2, 0, HEADINGS)?;
    for number in 0..rows {
        page.write_row(number + 3, 0, cells(number, moved))?;
    }
    Ok(book.save_to_buffer()?)
}

/// A workbook of one row, and this many in which nothing stands.
fn blank_rows(count: usize) -> Result<Vec<u8>> {
    let whole = workbook(1, 0)?;
    let mut source = zip::ZipArchive::new(Cursor::new(whole.as_slice()))?;
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let mut part = source.by_index(index)?;
        let name = part.name()?.into_owned();
        let mut text = String::new();
        part.read_to_string(&mut text)?;
        if name == "xl/worksheets/sheet1.xml" {
            let blank = "<row/>".repeat(count);
            text = text.replace("</sheetData>", &format!("{blank}</sheetData>"));
        }
        out.start_file(name, zip::write::SimpleFileOptions::default())?;
        out.write_all(text.as_bytes())?;
    }
    Ok(out.finish()?.into_inner())
}

fn csv(rows: u32, moved: u32) -> String {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = writeln!(text, "{}\r", HEADINGS.join(","));
    for number in 0..rows {
        let _ = writeln!(text, "{}\r", cells(number, moved).join(","));
    }
    String::from_utf8(text).unwrap_or_default()
}
