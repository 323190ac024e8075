//! From the store to a report: what every command and page that makes one has in common. An edge: it reads
//! the store and the font's file, and writes nothing but what it is given to write into.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;

use crate::book::Encoding;
use crate::config::Config;
use crate::day::Day;
use crate::decision::{Decided, Decision, Key, Scope, Subject};
use crate::ledger::step::Step;
use crate::picture::{Criteria, Picture};
use crate::report::paper::font::Font;
use crate::report::paper::{self, Paper, Part};
use crate::report::set::changes::{Between, Said, Signed};
use crate::report::set::{Missing, Name, Stamp};
use crate::seal;
use crate::snapshot::diff::diff;
use crate::snapshot::{Content, Digest, Line, Matter, digest};
use crate::store::{By, Cause, Ground, Store, Taken};
use crate::words::{Lang, Word, phrase};

/// Where Debian's packages put fonts that have Japanese characters: the package, its file.
const FONTS: [(&str, &str); 2] = [
    ("fonts-ipaexfont-gothic", "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    ("fonts-noto-cjk", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
];

/// Formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Excel
    Xlsx,
    /// PDF
    Pdf,
    /// CSV
    Csv,
    /// 構成図のみ / the drawing alone
    Svg,
}

impl Format {
    /// The ending of files, and the type by which browsers know them.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Xlsx => {
                ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
            }
            Self::Pdf => ("pdf", "application/pdf"),
            Self::Csv => ("csv", "text/csv"),
            Self::Svg => ("svg", "image/svg+xml"),
        }
    }
}

/// What was known, as a snapshot of a day.
pub fn content(ground: &Ground, picture: &Picture, criteria: &Criteria, day: Day) -> Content {
    let book = |book: &crate::store::Book| {
        let line = Line::from([
            ("name".into(), book.name.clone()),
            ("by".into(), book.imported_by.clone()),
            ("at".into(), book.imported_at.micros().to_string()),
        ]);
        (book.name.clone(), line)
    };
    let rulings = &criteria.rulings;
    let rules = digest(&format!("{rulings:?}")).short();
    Content::of(&Matter {
        picture,
        ledger: &ground.ledger,
        register: &ground.register,
        coverage: &ground.coverage,
        books: &ground.books.iter().map(book).collect(),
        rules: (&rulings.scope.edition, &rules),
        day,
    })
}

/// Takes a snapshot of what is known now: signed, and kept for good. Returns its number and digest.
///
/// # Errors
/// A complaint if the store or the key cannot be used.
pub fn take(
    store: &Store,
    criteria: &Criteria,
    by: By,
    why: &str,
) -> Result<(i64, Digest), Complaint> {
    let trouble = |error: crate::store::StoreError| error.complaint(store.path());
    let ground = store.ground().map_err(trouble)?;
    let day = Day::of(by.at);
    let picture = criteria.picture(&ground.basis(noon(day)));
    let content = content(&ground, &picture, criteria, day);
    let taken = seal::seal(store.path(), &content, (by.at, &by.who, why))?;
    let digest = taken.digest;
    let id = store.keep_snapshot(taken, by).map_err(trouble)?;
    Ok((id, digest))
}

/// What reports say of the snapshot that they are made of.
pub fn stamp(ground: &Ground, picture: &Picture, criteria: &Criteria, day: Day) -> Stamp {
    let content = content(ground, picture, criteria, day);
    let digest = content.digest().unwrap_or_default();
    Stamp { digest, edition: content.edition, rules: content.rules }
}

/// Noon of a day in Japan: a moment of it that no time zone of Japan's neighbours moves to another day.
pub fn noon(day: Day) -> Timestamp {
    let days = Day::new(1970, 1, 1).map_or(0, |epoch| epoch.days_until(day));
    Timestamp::from_micros(days.saturating_mul(86_400_000_000).saturating_add(10_800_000_000))
}

/// Two snapshots, held against each other. Without numbers: the last two.
///
/// # Errors
/// A complaint if they are not there, or one of them does not fit its signature.
pub fn between(
    store: &Store,
    ground: &Ground,
    (from, to): (Option<i64>, Option<i64>),
) -> Result<Between, Complaint> {
    let trouble = |error: crate::store::StoreError| error.complaint(store.path());
    let all = store.snapshots().map_err(trouble)?;
    let mut last = all.iter().rev().map(|taken| taken.id);
    let to = to.or_else(|| last.next()).ok_or_else(too_few)?;
    let before = all.iter().rev().map(|taken| taken.id).find(|id| *id < to);
    let from = from.or(before).ok_or_else(too_few)?;
    let (earlier, later) = (taken(store, from.min(to))?, taken(store, from.max(to))?);
    let differences = diff(&seal::opened(&earlier)?, &seal::opened(&later)?);
    let mut said = Vec::new();
    for change in store.history(None).map_err(trouble)? {
        let kind = match change.cause {
            Cause::Edit => Word::PaperSaidEdit,
            Cause::Import => Word::PaperSaidImport,
            Cause::Carried => continue,
        };
        let about = format!("{} {}", change.key, stepped(&change.step));
        said.push(Said { at: change.at, by: change.by, kind, about, why: change.why });
    }
    for version in store.register_history(None).map_err(trouble)? {
        let about = format!("{} {}", version.kind.name(), version.id);
        let kind = Word::PaperSaidRegister;
        said.push(Said { at: version.at, by: version.by, kind, about, why: version.why });
    }
    said.extend(ground.decisions.iter().map(decided));
    said.retain(|one| one.at > earlier.at && one.at <= later.at);
    said.sort_by_key(|one| one.at);
    Ok(Between { earlier: signed(&earlier), later: signed(&later), differences, said })
}

/// The snapshot of this number.
///
/// # Errors
/// A complaint if there is none.
pub fn taken(store: &Store, id: i64) -> Result<Taken, Complaint> {
    let found = store.snapshot(id).map_err(|error| error.complaint(store.path()))?;
    found.ok_or_else(|| {
        Complaint::new(
            Exit::Input,
            format!("スナップショット {id} はありません。snapshot list で番号を確かめてください"),
            format!("there is no snapshot {id}: look its number up with `snapshot list`"),
        )
    })
}

fn too_few() -> Complaint {
    Complaint::new(
        Exit::Input,
        "比べるにはスナップショットが2つ必要です。snapshot take で作成してください".to_owned(),
        "two snapshots are needed for a comparison: take them with `snapshot take`".to_owned(),
    )
}

fn signed(taken: &Taken) -> Signed {
    Signed {
        id: taken.id,
        at: taken.at,
        by: taken.by.clone(),
        why: taken.why.clone(),
        digest: taken.digest,
        key: seal::fingerprint(&taken.key),
    }
}

fn stepped(step: &Step) -> String {
    match step {
        Step::Cell { heading, before, after, .. } => format!("{heading}: {before} → {after}"),
        Step::Added { cells, .. } => format!("+ {}", cells.join(" ")),
        Step::Removed { cells, .. } => format!("- {}", cells.join(" ")),
        Step::Struck { struck, .. } => if *struck { "×" } else { "○" }.to_owned(),
        Step::Moved { from, place } => {
            format!("{} {} → {} {}", from.sheet, from.row, place.sheet, place.row)
        }
    }
}

fn decided(decided: &Decided) -> Said {
    let key = |key: &Key| match key {
        Key::Mac(mac) => mac.to_string(),
        Key::Serial(serial) => serial.clone(),
        Key::Address { network, ip } => format!("{network} {ip}"),
    };
    let about = match &decided.what {
        Decision::Join { a, b } => format!("{} = {}", key(a), key(b)),
        Decision::Split { a, b } => format!("{} ≠ {}", key(a), key(b)),
        Decision::Correct { device, value, .. } => format!("{}: {value}", key(device)),
        Decision::Byod { device, permitted } => {
            format!("{}: BYOD {}", key(device), if *permitted { "○" } else { "×" })
        }
        Decision::Scope { subject, scope } => {
            let of = match subject {
                Subject::Device(device) => key(device),
                Subject::Entry(entry) => entry.0.clone(),
            };
            let scope: Scope = *scope;
            format!("{of}: {}", Lang::Ja.say(phrase::scope(scope)))
        }
        Decision::Answer { finding, disposition, .. } => {
            let said = disposition.map(|it| Lang::Ja.say(phrase::disposition(it)));
            format!("{finding}: {}", said.unwrap_or_default())
        }
        Decision::Withdraw { decision } => format!("× {decision}"),
    };
    Said {
        at: decided.at,
        by: decided.by.clone(),
        kind: Word::PaperSaidDecision,
        about,
        why: decided.why.clone(),
    }
}

/// The font of reports: the one that the configuration names, else the first that is installed.
///
/// # Errors
/// A complaint that says which package to install.
pub fn font(config: &Config) -> Result<Font, Complaint> {
    let named = config.report_font.clone();
    let installed = || FONTS.iter().map(|(_, file)| PathBuf::from(file)).find(|file| file.exists());
    let Some(file) = named.or_else(installed) else {
        let packages = FONTS.map(|(package, _)| package);
        return Err(Complaint::new(
            Exit::Config,
            format!(
                "PDF に使う日本語フォントがありません。「apt install {}」を実行するか、設定の report_font にフォントのファイルを指定してください",
                packages[0]
            ),
            format!(
                "there is no Japanese font for PDF: run `apt install {}` or name a font's file as report_font in the configuration",
                packages[0]
            ),
        ));
    };
    read_font(&file)
}

fn read_font(file: &Path) -> Result<Font, Complaint> {
    let shown = file.display();
    let unusable = |why: &dyn std::fmt::Display| {
        Complaint::new(
            Exit::Config,
            format!(
                "フォント {shown} を使えません（{why}）。設定の report_font に日本語の OpenType フォントを指定してください"
            ),
            format!(
                "the font {shown} cannot be used ({why}): name a Japanese OpenType font as report_font in the configuration"
            ),
        )
    };
    let octets = std::fs::read(file).map_err(|error| unusable(&error))?;
    Font::read(octets).map_err(|error| unusable(&error))
}

/// Writes a paper in a format.
///
/// # Errors
/// What the writer says.
pub fn write(
    out: &mut impl Write,
    paper: &Paper,
    (format, encoding): (Format, Encoding),
    font: Option<&Font>,
) -> io::Result<Vec<char>> {
    match format {
        Format::Csv => return paper::csv::write(out, paper, encoding),
        Format::Xlsx => paper::xlsx::write(out, paper)?,
        Format::Pdf => match font {
            Some(font) => paper::pdf::write(out, paper, font)?,
            None => return Err(io::Error::other("no font")),
        },
        Format::Svg => {
            let drawing = paper.parts.iter().find_map(|part| match part {
                Part::Drawing(title, drawing) => Some((title, drawing)),
                Part::Table(_) => None,
            });
            let (title, drawing) = drawing.ok_or_else(|| io::Error::other("no drawing"))?;
            paper::svg::write(out, title, drawing)?;
        }
    }
    Ok(Vec::new())
}

/// Why a report cannot be made, as users read it.
pub fn cannot(name: Name, missing: &Missing) -> Complaint {
    match missing {
        Missing::Contract(id) => Complaint::new(
            Exit::Input,
            format!(
                "報告書 {} には契約が必要ですが、契約「{id}」は記録されていません。--contract に register export で確かめた id を指定してください",
                name.text()
            ),
            format!(
                "the report {} is of a contract, and no contract {id:?} is kept: give its id with --contract",
                name.text()
            ),
        ),
        Missing::Snapshots => too_few(),
    }
}
