//! `report`: the reports of [`crate::report::set`] as files.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use daicho_common::complaint::{Complaint, Exit};

use super::{Places, to_file, to_stdout};
use crate::book::Encoding;
use crate::day::Day;
use crate::report::Shown;
use crate::report::gather::{self, Format};
use crate::report::paper::font::Font;
use crate::report::paper::{Paper, Part};
use crate::report::set::checklist::Checklist;
use crate::report::set::{Name, Told, Wanted, make};
use crate::store::Store;
use crate::words::Lang;
use crate::{clock, ingest};

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    List,
    One(Name),
}

/// Encodings of CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Encoded {
    /// UTF-8（BOM つき） / UTF-8 with a byte order mark
    Utf8,
    /// CP932
    Cp932,
}

#[derive(Debug, Args)]
pub(super) struct ReportLine {
    /// 報告書の名前。list で一覧 / The report's name; `list` prints all
    #[arg(value_parser = parse_name)]
    name: Which,
    /// 形式 / Format
    #[arg(long, value_enum, default_value = "xlsx")]
    format: Format,
    /// CSV の文字コード / Encoding of CSV
    #[arg(long, value_enum, default_value = "utf8")]
    encoding: Encoded,
    /// 書き出すファイル（省略時は標準出力） / The file to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 契約の id（vendor のとき） / The contract's id, for `vendor`
    #[arg(long, value_name = "ID")]
    contract: Option<String>,
    /// 前のスナップショットの番号（changes のとき） / The earlier snapshot, for `changes`
    #[arg(long, value_name = "NUMBER")]
    from: Option<i64>,
    /// 後のスナップショットの番号（changes のとき） / The later snapshot, for `changes`
    #[arg(long, value_name = "NUMBER")]
    to: Option<i64>,
    /// このスナップショットの内容で作ります。内容が変わっていれば作りません /
    /// Makes it of this snapshot, if what is known is still the same
    #[arg(long, value_name = "NUMBER")]
    snapshot: Option<i64>,
    /// チェックリストの年度（例: 令和7年度） / Edition of the checklist
    #[arg(long, value_name = "LABEL")]
    edition: Option<String>,
    /// 言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

fn parse_name(text: &str) -> Result<Which, String> {
    if text == "list" {
        return Ok(Which::List);
    }
    let found = Name::ALL.iter().find(|name| name.text() == text);
    found.map(|name| Which::One(*name)).ok_or_else(|| {
        let names: Vec<&str> = Name::ALL.iter().map(|name| name.text()).collect();
        format!("報告書は次のどれかです / the reports are {}", names.join(", "))
    })
}

pub(super) fn run(options: &ReportLine) -> Result<(), Complaint> {
    match options.name {
        Which::List => to_stdout(|out| {
            Name::ALL.iter().enumerate().try_for_each(|(number, name)| {
                let title = options.lang.say(name.title());
                writeln!(out, "{:2} {:<13} {title}", number + 1, name.text())
            })
        }),
        Which::One(name) => one(options, name),
    }
}

fn one(options: &ReportLine, name: Name) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let ground = store.ground().map_err(|error| error.complaint(path))?;
    let criteria = ingest::criteria(&super::with_settings(&config, &store)?)?;
    let asked = options.snapshot.map(|id| gather::taken(&store, id)).transpose()?;
    let day = match &asked {
        Some(taken) => day_of(&crate::seal::opened(taken)?.day),
        None => Day::of(clock::now()),
    };
    let picture = criteria.picture(&ground.basis(gather::noon(day)));
    let stamp = gather::stamp(&ground, &picture, &criteria, day);
    if let Some(taken) = asked.filter(|taken| taken.digest != stamp.digest) {
        return Err(changed(taken.id));
    }
    let checklist = Checklist::released(options.edition.as_deref()).ok_or_else(no_edition)?;
    let between = if name == Name::Changes {
        Some(gather::between(&store, &ground, (options.from, options.to))?)
    } else {
        None
    };
    let told = Told {
        shown: Shown {
            picture: &picture,
            ledger: &ground.ledger,
            coverage: &ground.coverage,
            observations: (&ground.observations).into(),
            lang: options.lang,
            zone: &config.zone,
        },
        register: &ground.register,
        checks: &ground.checks,
        snapshot: &stamp,
        day,
        checklist: &checklist,
    };
    let wanted = Wanted { contract: options.contract.as_deref(), between: between.as_ref() };
    let paper = make(name, &told, wanted).map_err(|missing| gather::cannot(name, &missing))?;
    let drawn = paper.parts.iter().any(|part| matches!(part, Part::Drawing(..)));
    if options.format == Format::Svg && !drawn {
        return Err(no_drawing(name));
    }
    let font = match options.format {
        Format::Pdf => Some(gather::font(&config)?),
        Format::Xlsx | Format::Csv | Format::Svg => None,
    };
    deliver(options, &paper, font.as_ref())
}

/// Writes the paper where it was wanted.
fn deliver(options: &ReportLine, paper: &Paper, font: Option<&Font>) -> Result<(), Complaint> {
    let encoding = match options.encoding {
        Encoded::Utf8 => Encoding::Utf8Bom,
        Encoded::Cp932 => Encoding::Cp932,
    };
    let mut lost = Vec::new();
    let mut write = |mut out: &mut dyn Write| {
        lost = gather::write(&mut out, paper, (options.format, encoding), font)?;
        Ok(())
    };
    match &options.output {
        Some(path) => to_file(path, |out| write(out))?,
        None => to_stdout(|out| write(out))?,
    }
    tell(&lost);
    Ok(())
}

/// Characters that the encoding does not have are told, not kept silent.
fn tell(lost: &[char]) {
    if !lost.is_empty() {
        let lost: String = lost.iter().collect();
        let line = format!("CP932 にない文字を〓にしました / not in CP932, written as 〓: {lost}");
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn day_of(text: &str) -> Day {
    text.parse().unwrap_or_else(|_| Day::of(clock::now()))
}

fn changed(id: i64) -> Complaint {
    Complaint::new(
        Exit::Input,
        format!(
            "スナップショット {id} の後に内容が変わったため、同じ報告書は作れません。--snapshot を外すか、snapshot diff で違いを確かめてください"
        ),
        format!(
            "what is known has changed since snapshot {id}, so the same report cannot be made: leave --snapshot out, or look at `snapshot diff`"
        ),
    )
}

fn no_edition() -> Complaint {
    let editions = Checklist::editions().join("、");
    Complaint::new(
        Exit::Input,
        format!("その年度のチェックリストはありません。{editions} から選んでください"),
        format!("there is no checklist of that edition: choose one of {editions}"),
    )
}

fn no_drawing(name: Name) -> Complaint {
    Complaint::new(
        Exit::Input,
        format!(
            "報告書 {} に図はありません。--format を xlsx、pdf、csv のどれかにしてください",
            name.text()
        ),
        format!("the report {} has no drawing: give --format xlsx, pdf or csv", name.text()),
    )
}
