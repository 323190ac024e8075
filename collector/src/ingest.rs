//! What is let in: batches from agents, by HTTP or by file, and books of record. The same rules at
//! both doors: a batch is opened and checked as a whole before anything of it is kept.

use std::path::{Path, PathBuf};

use daicho_common::batch::{self, Batch, Damage, MAGIC, Opened};
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::observation::Fact;
use daicho_common::text::Text;

use crate::config::{Config, Decreed, Knowledge};
use crate::fingerprint::Rows;
use crate::ledger::Ledger;
use crate::ledger::profile::{self, BadProfile, Profile};
use crate::people::rules::Rules;
use crate::picture::{Criteria, Rulings};
use crate::policy::{Absence, Policy, Severities};
use crate::register::Register;
use crate::words::{Lang, phrase};

/// Longest name of an agent, scan, interface or network, in characters.
const MAX_NAME: usize = 255;
/// Largest file that is read, in octets: 2 GiB.
const MAX_FILE: u64 = 2 << 30;

/// What a file holds, decided by its content.
#[derive(Debug)]
pub enum Content {
    /// Sealed batches, opened and checked.
    Batches(Vec<Opened>),
    /// A book of record and the file as it was.
    Book {
        /// What was read.
        ledger: Ledger,
        /// The file's octets.
        octets: Vec<u8>,
    },
}

/// Why a batch was not let in, before the store was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no batch, or not the one that was signed.
    #[error("{0}")]
    Damaged(Damage),
    /// It is more than one batch.
    #[error("octets follow the batch")]
    Trailing,
    /// A name in it is too long, or holds control characters.
    #[error("a name is not plain text: {0:?}")]
    Name(String),
    /// It speaks for another agent than the one that signed it.
    #[error("speaks for agent {other:?} in the name of {agent:?}")]
    Impostor {
        /// The agent of the header.
        agent: String,
        /// The agent of an observation or coverage.
        other: String,
    },
}

impl Refusal {
    /// The refusal as users read it; `what` names the file or delivery.
    pub fn complaint(&self, what: &str) -> Complaint {
        match self {
            Self::Damaged(Damage::Signature) => Complaint::new(
                Exit::Integrity,
                format!(
                    "{what} は署名が合いません。改変または破損しています。エージェントから取り直してください"
                ),
                format!(
                    "{what} does not fit its signature, it was altered or damaged: fetch it from the agent again"
                ),
            ),
            Self::Damaged(damage) => Complaint::new(
                Exit::Input,
                format!(
                    "{what} は調査結果として読めません（{damage}）。エージェントから取り直してください"
                ),
                format!(
                    "{what} cannot be read as observations ({damage}): fetch it from the agent again"
                ),
            ),
            Self::Trailing => Complaint::new(
                Exit::Input,
                format!("{what} には束が2つ以上あります。1つずつ送ってください"),
                format!("{what} holds more than one batch: send them one by one"),
            ),
            Self::Name(name) => Complaint::new(
                Exit::Input,
                format!(
                    "{what} に使えない名前 {name:?} があります。エージェントの設定で制御文字や前後の空白を除いてください"
                ),
                format!(
                    "{what} holds a name that cannot be used, {name:?}: take control characters and outer spaces out of the agent's configuration"
                ),
            ),
            Self::Impostor { agent, other } => Complaint::new(
                Exit::Integrity,
                format!(
                    "{what} はエージェント {agent} の署名で {other} の観測を含みます。取り込みません。出どころを確かめてください"
                ),
                format!(
                    "{what} is signed by agent {agent} but speaks for {other}: it is not taken in, find out where it came from"
                ),
            ),
        }
    }
}

/// The one sealed batch in `octets`, opened and checked.
///
/// # Errors
/// See [`Refusal`].
pub fn open(octets: &[u8]) -> Result<Opened, Refusal> {
    let (opened, after) = batch::open(octets).map_err(Refusal::Damaged)?;
    if !after.is_empty() {
        return Err(Refusal::Trailing);
    }
    check(&opened.batch)?;
    Ok(opened)
}

/// Checks what a signature cannot: that names are plain text, and that an agent speaks for itself.
fn check(batch: &Batch) -> Result<(), Refusal> {
    let header = &batch.header;
    plain(&header.agent)?;
    plain(&header.scan)?;
    plain(&header.software)?;
    if header.agent.is_empty() {
        return Err(Refusal::Name(String::new()));
    }
    let vantages = batch.observations.iter().map(|observation| &*observation.vantage);
    for vantage in vantages.chain(batch.coverage.iter().map(|coverage| &coverage.vantage)) {
        if vantage.agent != header.agent {
            let (agent, other) = (header.agent.clone(), vantage.agent.clone());
            return Err(Refusal::Impostor { agent, other });
        }
        plain(&vantage.interface)?;
        plain(&vantage.network)?;
    }
    for observation in &batch.observations {
        if let Fact::System { object_id, .. } = &observation.fact {
            plain(object_id)?;
        }
    }
    batch.sent.iter().try_for_each(|sent| plain(&sent.network))
}

fn plain(name: &str) -> Result<(), Refusal> {
    if name.chars().take(MAX_NAME + 1).count() <= MAX_NAME && Text::clean(name).as_str() == name {
        return Ok(());
    }
    Err(Refusal::Name(name.chars().take(60).collect()))
}

/// Reads a file of either kind, whole, and keeps nothing of one that is damaged.
///
/// # Errors
/// A complaint that names the file.
pub fn read_file(path: &Path) -> Result<Content, Complaint> {
    read_file_as(path, &[])
}

/// As [`read_file`], where people have said what columns of books mean.
///
/// # Errors
/// As [`read_file`].
pub fn read_file_as(path: &Path, profiles: &[Profile]) -> Result<Content, Complaint> {
    let octets = read_octets(path)?;
    let is_batch = octets.starts_with(&MAGIC) || (!octets.is_empty() && MAGIC.starts_with(&octets));
    if is_batch {
        return open_all(&octets, &path.display().to_string()).map(Content::Batches);
    }
    let ledger = crate::book::read_as(&book_name(path), &octets, profiles)?;
    Ok(Content::Book { ledger, octets })
}

/// The book of record in a file, where people have said what columns mean, and the file as it is.
///
/// # Errors
/// A complaint that names the file.
pub fn read_book_as(path: &Path, profiles: &[Profile]) -> Result<(Ledger, Vec<u8>), Complaint> {
    let octets = read_octets(path)?;
    Ok((crate::book::read_as(&book_name(path), &octets, profiles)?, octets))
}

/// What a person says in a file that columns mean.
///
/// # Errors
/// A complaint that names the file and what contradicts what.
pub fn read_profiles(path: &Path) -> Result<Vec<Profile>, Complaint> {
    profile::parse(&read_text(path)?).map_err(|bad| bad_profile(path, &bad))
}

/// What stands beside the ledger, from a file.
///
/// # Errors
/// A complaint that names the file and what is wrong with it.
pub fn read_register(path: &Path) -> Result<Register, Complaint> {
    Register::parse(&read_text(path)?).map_err(|bad| {
        let shown = path.display();
        Complaint::new(
            Exit::Config,
            format!(
                "{shown} は読めません（{bad}）。config/register/sample.toml の例を参照してください"
            ),
            format!("{shown} cannot be read ({bad}): see config/register/sample.toml"),
        )
    })
}

/// The complaint about a file of profiles.
pub fn bad_profile(path: &Path, bad: &BadProfile) -> Complaint {
    let ja = match bad {
        BadProfile::Syntax(why) => format!("書き方が正しくありません: {why}"),
        BadProfile::Empty => "[[profile]] がありません".to_owned(),
        BadProfile::FieldTwice { profile, field, first, second } => {
            let field = Lang::Ja.say(phrase::field(*field));
            format!("「{profile}」の「{first}」と「{second}」が両方とも {field} です")
        }
        BadProfile::NamesNothing(profile) => {
            format!("「{profile}」には機器を特定する列がありません")
        }
        BadProfile::ShapeTwice { first, second } => {
            format!("「{first}」と「{second}」が同じ見出しの並びに対するものです")
        }
        BadProfile::NoSuchHeading { profile, heading } => {
            format!("「{profile}」の見出し「{heading}」が台帳にありません")
        }
        BadProfile::NoSuchShape(profile) => {
            format!("「{profile}」と同じ見出しの並びが台帳にありません")
        }
    };
    let shown = path.display();
    Complaint::new(
        Exit::Config,
        format!("{shown} の列の定義は使えません（{ja}）。ledger propose の出力を参照してください"),
        format!("the columns in {shown} cannot be used ({bad}): see what `ledger propose` writes"),
    )
}

/// The batches of a file.
///
/// # Errors
/// A complaint that names the file and the batch.
pub fn read_batches(path: &Path) -> Result<Vec<Opened>, Complaint> {
    open_all(&read_octets(path)?, &path.display().to_string())
}

/// The book of record in a file.
///
/// # Errors
/// A complaint that names the file.
pub fn read_book(path: &Path) -> Result<Ledger, Complaint> {
    crate::book::read(&book_name(path), &read_octets(path)?)
}

/// The fingerprint rows that the program was built with.
///
/// # Errors
/// A complaint that names the row, if one of them proves itself wrong.
pub fn fingerprints() -> Result<Rows, Complaint> {
    Rows::builtin().map_err(|bad| {
        Complaint::new(
            Exit::Other,
            format!(
                "組み込みの判別表が正しくありません（{bad}）。daicho-collector を入れ直してください"
            ),
            format!("the built-in fingerprints are wrong ({bad}): install daicho-collector again"),
        )
    })
}

/// The fingerprint rows that the program was built with, and what the configuration adds to them. Of
/// files in folders the names decide the order. What Recog has and this program has not is logged.
///
/// # Errors
/// A complaint that names the file, and the row where there is one.
pub fn known(knowledge: &Knowledge) -> Result<Rows, Complaint> {
    let mut rows = fingerprints()?;
    for path in files(&knowledge.fingerprints, "toml")? {
        let name = path.display().to_string();
        rows.add(&name, &read_text(&path)?).map_err(|bad| wrong_row(&bad.to_string()))?;
    }
    for path in files(&knowledge.recog, "xml")? {
        let name = path.display().to_string();
        let taken =
            rows.add_recog(&name, &read_text(&path)?).map_err(|bad| wrong_row(&bad.to_string()))?;
        tracing::info!(
            file = name,
            rows = taken.rows,
            patterns_left_out = taken.patterns,
            matched_elsewhere = taken.elsewhere,
            "read a file of Recog"
        );
    }
    if let Some(path) = &knowledge.mac_makers {
        rows.add_assignments(&read_text(path)?);
    }
    Ok(rows)
}

/// What pictures are derived by, as configured.
///
/// # Errors
/// A complaint that names the file, and the row where there is one.
pub fn criteria(config: &Config) -> Result<Criteria, Complaint> {
    let rulings = Rulings { policy: policy(&config.decreed)?, ..Rulings::default() };
    Ok(Criteria { fingerprints: known(&config.knowledge)?, rulings })
}

/// The numbers of logging in: the released ones, or the hospital's own.
///
/// # Errors
/// A complaint that names the file.
pub fn people(config: &Config) -> Result<Rules, Complaint> {
    let sample = "config/people.toml";
    match &config.people {
        Some(path) => {
            Rules::parse(&read_text(path)?).map_err(|bad| wrong_table(path, &bad, sample))
        }
        None => Rules::released().map_err(|bad| wrong_table(Path::new(sample), &bad, sample)),
    }
}

fn policy(decreed: &Decreed) -> Result<Policy, Complaint> {
    let mut policy = Policy { networks: decreed.networks.clone(), ..Policy::default() };
    if let Some(path) = &decreed.findings {
        let own = Severities::parse(&read_text(path)?)
            .map_err(|bad| wrong_table(path, bad.message(), "config/findings.toml"))?;
        policy.severities = policy.severities.with(own);
    }
    if let Some(path) = &decreed.absence {
        policy.absence = Absence::parse(&read_text(path)?)
            .map_err(|bad| wrong_table(path, &bad, "config/absence.toml"))?;
    }
    Ok(policy)
}

fn wrong_table(path: &Path, bad: &str, sample: &str) -> Complaint {
    let (path, bad) = (path.display(), bad.lines().next().unwrap_or_default());
    Complaint::new(
        Exit::Config,
        format!("{path} が正しくありません（{bad}）。{sample} の例を参照してください"),
        format!("{path} is wrong ({bad}): see the sample {sample}"),
    )
}

fn wrong_row(bad: &str) -> Complaint {
    Complaint::new(
        Exit::Config,
        format!("判別表が正しくありません（{bad}）。config/fingerprints の例を参照してください"),
        format!("a fingerprint is wrong ({bad}): see the samples in config/fingerprints"),
    )
}

/// The files with this ending in these folders, ascending.
fn files(folders: &[PathBuf], ending: &str) -> Result<Vec<PathBuf>, Complaint> {
    let mut found = Vec::new();
    for folder in folders {
        let shown = folder.display();
        let unreadable = |error: std::io::Error| {
            Complaint::new(
                Exit::Config,
                format!(
                    "判別表のフォルダ {shown} を読めません（{error}）。場所と権限を確かめてください"
                ),
                format!(
                    "the folder of fingerprints {shown} cannot be read ({error}): check the path and its permissions"
                ),
            )
        };
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|of| of == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A file of text of at most [`MAX_FILE`] octets; what is no UTF-8 is replaced.
fn read_text(path: &Path) -> Result<String, Complaint> {
    Ok(String::from_utf8_lossy(&read_octets(path)?).into_owned())
}

/// A book's name: the file's, without its folder.
pub fn book_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn open_all(octets: &[u8], name: &str) -> Result<Vec<Opened>, Complaint> {
    let opened = batch::open_all(octets).map_err(|(number, damage)| {
        let what = if number == 1 { name.to_owned() } else { format!("{name} (#{number})") };
        Refusal::Damaged(damage).complaint(&what)
    })?;
    for opened in &opened {
        check(&opened.batch).map_err(|refusal| refusal.complaint(name))?;
    }
    Ok(opened)
}

fn read_octets(path: &Path) -> Result<Vec<u8>, Complaint> {
    let shown = path.display();
    let too_large = std::fs::metadata(path).is_ok_and(|meta| meta.len() > MAX_FILE);
    if too_large {
        return Err(Complaint::new(
            Exit::Input,
            format!("{shown} は 2 GiB を超えています。分割して渡してください"),
            format!("{shown} is larger than 2 GiB: give it in parts"),
        ));
    }
    std::fs::read(path).map_err(|error| {
        Complaint::new(
            Exit::Input,
            format!("{shown} を読めません（{error}）。場所と権限を確かめてください"),
            format!("{shown} cannot be read ({error}): check the path and its permissions"),
        )
    })
}

#[cfg(test)]
mod tests;
