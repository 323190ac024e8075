//! Configuration, parsed twice: as written (unknown keys refused) and as meant (ranges checked).
//! `config/collector.toml` lists every key with its default, unit and range.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use daicho_common::complaint::{Complaint, Exit};
use serde::Deserialize;

use crate::clock::Zone;
use crate::policy::Network;
use crate::store::{Place, Server};
use crate::words::Lang;

mod notify;
mod provider;

pub use notify::{
    BACKUP_DAYS, Bad, CERTIFICATE_DAYS, Named, Notify, Receiver, SILENT_HOURS, Url, Way,
    WrittenSecurity, WrittenTransport, channel, is_hook, is_name, links, within,
};

/// As written: every key may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: Option<SocketAddr>,
    database: Option<PathBuf>,
    store: Option<String>,
    retention_days: Option<u32>,
    store_authority: Option<PathBuf>,
    store_password_file: Option<PathBuf>,
    time_zone: Option<String>,
    language: Option<Lang>,
    page_rows: Option<usize>,
    host_names: Option<Vec<String>>,
    fingerprints: Option<Vec<PathBuf>>,
    recog: Option<Vec<PathBuf>>,
    mac_makers: Option<PathBuf>,
    findings: Option<PathBuf>,
    absence: Option<PathBuf>,
    people: Option<PathBuf>,
    behind_tls: Option<bool>,
    report_font: Option<PathBuf>,
    network: Option<Vec<Network>>,
    agents_listen: Option<String>,
    agent_names: Option<Vec<String>>,
    metrics: Option<Metrics>,
    log_format: Option<LogFormat>,
    public_url: Option<String>,
    silent_agent_hours: Option<u32>,
    certificate_days: Option<u32>,
    backup_days: Option<u32>,
    notify: Option<Vec<Receiver>>,
    oidc: Option<provider::Written>,
}

/// Who may read the figures at `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    /// Nobody: there are none.
    #[default]
    Off,
    /// This computer, and whoever has a token for them.
    Loopback,
    /// Whoever has a token for them.
    Token,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// What devices are known by, besides what the program was built with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// Folders with `*.toml` of own rows.
    pub fingerprints: Vec<PathBuf>,
    /// Folders with `*.xml` of Rapid7's Recog.
    pub recog: Vec<PathBuf>,
    /// The IEEE's list of MAC address blocks (`oui.txt`).
    pub mac_makers: Option<PathBuf>,
}

/// The door for agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agents {
    /// Where it is; `None`: there is none.
    pub listen: Option<SocketAddr>,
    /// Names and addresses by which agents call it, besides those of this computer.
    pub names: Vec<String>,
}

/// What the hospital decided in advance, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decreed {
    /// How much findings matter, in the form of `config/findings.toml`.
    pub findings: Option<PathBuf>,
    /// How long things may be away, in the form of `config/absence.toml`.
    pub absence: Option<PathBuf>,
    /// What networks are for; no two have one name.
    pub networks: Vec<Network>,
}

/// As meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where pages and the door for batches are.
    pub listen: SocketAddr,
    /// Where the database is.
    pub database: Place,
    /// The time zone in which times are shown.
    pub zone: Zone,
    /// The first language.
    pub language: Lang,
    /// Rows on one page of a list, 10 to 1000.
    pub page_rows: usize,
    /// Names, besides addresses and localhost, by which browsers may call the server; lower case.
    pub host_names: Vec<String>,
    /// What devices are known by, besides what the program was built with.
    pub knowledge: Knowledge,
    /// What the hospital decided in advance.
    pub decreed: Decreed,
    /// The door for agents.
    pub agents: Agents,
    /// The numbers of logging in, in the form of `config/people.toml`.
    pub people: Option<PathBuf>,
    /// Whether a proxy in front ends TLS: cookies then go over TLS only, and the address of a reader is
    /// what the proxy says.
    pub behind_tls: bool,
    /// The hospital's identity provider, if people may log in through it.
    pub oidc: Option<crate::oidc::Settings>,
    /// After how many days observations may be folded; none: never.
    pub retention_days: Option<u32>,
    /// The font of reports; none: the first of the system's that has Japanese characters.
    pub report_font: Option<PathBuf>,
    /// Who is told of what.
    pub notify: Notify,
    /// Who may read the figures at `/metrics`.
    pub metrics: Metrics,
    /// How the log is written.
    pub log_format: LogFormat,
}

impl Config {
    /// The configuration in the file, or the defaults if none is named.
    ///
    /// # Errors
    /// A complaint that names the file, and the line where there is one.
    pub fn load(path: Option<&Path>) -> Result<Self, Complaint> {
        let Some(path) = path else { return Self::parse("", "collector.toml") };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Complaint::new(
                Exit::Config,
                format!("設定ファイル {shown} を読めません（{error}）。場所と権限を確かめてください"),
                format!("the configuration {shown} cannot be read ({error}): check the path and its permissions"),
            )
        })?;
        Self::parse(&text, &shown)
    }

    /// The configuration in this text; `name` is what complaints call it.
    ///
    /// # Errors
    /// A complaint about the first thing that is wrong.
    pub fn parse(text: &str, name: &str) -> Result<Self, Complaint> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                1 + text.bytes().take(span.start).filter(|octet| *octet == b'\n').count()
            });
            let what = error.message().lines().next().unwrap_or_default().to_owned();
            Complaint::new(
                Exit::Config,
                format!("設定ファイル {name} の {line} 行目が正しくありません（{what}）。config/collector.toml の例を参照してください"),
                format!("line {line} of the configuration {name} is wrong ({what}): see the sample config/collector.toml"),
            )
        })?;
        Self::meant(written, name)
    }

    fn meant(written: Written, name: &str) -> Result<Self, Complaint> {
        let (page_rows, database) = (page_rows(written.page_rows, name)?, place(&written, name)?);
        let networks = written.network.unwrap_or_default();
        if let Some(twice) = twice(&networks) {
            return Err(Complaint::new(
                Exit::Config,
                format!(
                    "設定ファイル {name} に [[network]] name = {twice:?} が2つあります。1つにしてください"
                ),
                format!(
                    "the configuration {name} has [[network]] name = {twice:?} twice: keep one of them"
                ),
            ));
        }
        let limits = notify::WrittenLimits {
            silent_hours: written.silent_agent_hours,
            certificate_days: written.certificate_days,
            backup_days: written.backup_days,
        };
        let language = written.language.unwrap_or_default();
        let notify = notify::meant(
            written.notify.unwrap_or_default(),
            (limits, written.public_url),
            (language, name),
        )?;
        let set = |path: Option<PathBuf>| path.filter(|path| !path.as_os_str().is_empty());
        Ok(Self {
            listen: written.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8470).into()),
            database,
            zone: Zone::named(written.time_zone.as_deref().unwrap_or("Asia/Tokyo"))?,
            language,
            page_rows,
            host_names: written
                .host_names
                .unwrap_or_default()
                .iter()
                .map(|name| name.to_lowercase())
                .collect(),
            knowledge: Knowledge {
                fingerprints: written.fingerprints.unwrap_or_default(),
                recog: written.recog.unwrap_or_default(),
                mac_makers: set(written.mac_makers),
            },
            decreed: Decreed {
                findings: set(written.findings),
                absence: set(written.absence),
                networks,
            },
            agents: agents(written.agents_listen.as_deref(), written.agent_names, name)?,
            people: set(written.people),
            behind_tls: written.behind_tls.unwrap_or_default(),
            oidc: written.oidc.map(|oidc| oidc.meant(name)).transpose()?,
            retention_days: retention(written.retention_days, name)?,
            report_font: set(written.report_font),
            notify,
            metrics: written.metrics.unwrap_or_default(),
            log_format: written.log_format.unwrap_or_default(),
        })
    }
}

/// Where the database is: on the server that `store` names, else in the file.
fn place(written: &Written, name: &str) -> Result<Place, Complaint> {
    let set = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    let file = written.database.clone().unwrap_or_else(|| "daicho.db".into());
    let Some(url) = written.store.as_ref().filter(|url| !url.is_empty()) else {
        return Ok(file.into());
    };
    let (authority, password) = (set(&written.store_authority), set(&written.store_password_file));
    match Server::parse(url, authority, password) {
        Ok(server) => Ok(Place::on(server, file)),
        Err((ja, en)) => Err(Complaint::new(
            Exit::Config,
            format!("設定ファイル {name} の store が正しくありません: {ja}"),
            format!("store in the configuration {name} is wrong: {en}"),
        )),
    }
}

fn agents(
    listen: Option<&str>,
    names: Option<Vec<String>>,
    file: &str,
) -> Result<Agents, Complaint> {
    let listen = listen.filter(|text| !text.is_empty());
    let listen = listen.map(|text| {
        text.parse().map_err(|_| {
            Complaint::new(
                Exit::Config,
                format!("設定ファイル {file} の agents_listen は {text:?} です。0.0.0.0:8471 のようにアドレスとポートを書いてください"),
                format!("agents_listen in the configuration {file} is {text:?}: write an address and a port, like 0.0.0.0:8471"),
            )
        })
    });
    Ok(Agents { listen: listen.transpose()?, names: names.unwrap_or_default() })
}

/// The rows of a page, if there may be so many.
fn page_rows(written: Option<usize>, name: &str) -> Result<usize, Complaint> {
    let rows = written.unwrap_or(100);
    if (10..=1000).contains(&rows) {
        return Ok(rows);
    }
    Err(Complaint::new(
        Exit::Config,
        format!("設定ファイル {name} の page_rows は {rows} です。10～1000 にしてください"),
        format!("page_rows in the configuration {name} is {rows}: it has to be 10 to 1000"),
    ))
}

/// After how many days observations may be folded, if that is long enough: absence and change are judged
/// over months.
fn retention(written: Option<u32>, name: &str) -> Result<Option<u32>, Complaint> {
    match written.unwrap_or_default() {
        0 => Ok(None),
        days @ 90..=36_500 => Ok(Some(days)),
        days => Err(Complaint::new(
            Exit::Config,
            format!(
                "設定ファイル {name} の retention_days は {days} です。0（すべて残す）か 90～36500 にしてください"
            ),
            format!(
                "retention_days in the configuration {name} is {days}: it has to be 0 (keep all) or 90 to 36500"
            ),
        )),
    }
}

/// A name that two networks have.
fn twice(networks: &[Network]) -> Option<&str> {
    let mut seen = std::collections::BTreeSet::new();
    networks.iter().map(|network| network.name.as_str()).find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_names_every_key_with_its_default() {
        let sample = include_str!("../../config/collector.toml");
        assert_eq!(Config::parse(sample, "sample").unwrap(), Config::parse("", "none").unwrap());
        let keys: Vec<String> = sample.parse::<toml::Table>().unwrap().keys().cloned().collect();
        let mut known = [
            "listen",
            "database",
            "time_zone",
            "language",
            "page_rows",
            "host_names",
            "fingerprints",
            "recog",
            "mac_makers",
            "findings",
            "absence",
            "agents_listen",
            "agent_names",
            "people",
            "behind_tls",
            "report_font",
            "metrics",
            "log_format",
            "public_url",
            "silent_agent_hours",
            "certificate_days",
            "backup_days",
            "retention_days",
            "store",
            "store_authority",
            "store_password_file",
        ]
        .to_vec();
        known.sort_unstable();
        assert_eq!(keys, known);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let complaint = Config::parse("page_rows = 50\nlissen = \"x\"\n", "c.toml").unwrap_err();
        assert_eq!(complaint.exit, Exit::Config);
        assert!(complaint.en.contains("line 2") && complaint.en.contains("lissen"), "{complaint}");
        let twice = "[[network]]\nname = \"3F\"\npurpose = \"medical\"\n".repeat(2);
        assert!(Config::parse(&twice, "c").unwrap_err().en.contains("3F"));
        assert_eq!(Config::parse("page_rows = 5", "c.toml").unwrap_err().exit, Exit::Config);
        assert_eq!(Config::parse("time_zone = \"Edo\"", "c").unwrap_err().exit, Exit::Config);
        assert_eq!(Config::parse("retention_days = 30", "c").unwrap_err().exit, Exit::Config);
        assert_eq!(Config::parse("retention_days = 400", "c").unwrap().retention_days, Some(400));
    }

    #[test]
    fn a_server_that_is_not_this_computer_is_never_spoken_to_in_the_clear() {
        let parse = |url: &str, more: &str| Config::parse(&format!("store = {url:?}\n{more}"), "c");
        for url in [
            "postgres://daicho@127.0.0.1/daicho",
            "postgres://d@[::1]:5433/d",
            "postgresql://daicho@/daicho?host=/run/postgresql",
        ] {
            let config = parse(url, "").unwrap();
            assert!(config.database.server().is_some(), "{url}");
            assert_eq!(&*config.database, Path::new("daicho.db"));
        }
        for mode in ["", "?sslmode=prefer", "?sslmode=disable", "?sslmode=allow"] {
            let refused = parse(&format!("postgres://daicho@db.example.jp/daicho{mode}"), "");
            assert!(refused.unwrap_err().en.contains("sslmode=verify-full"), "{mode}");
        }
        let far = "postgres://daicho:geheim@db.example.jp/daicho?sslmode=require";
        let name = parse(far, "").unwrap().database.server().unwrap().name();
        assert_eq!(&*name, "postgres://daicho@db.example.jp/daicho");
        let named = "postgres://daicho@db.example.jp/daicho?connect_timeout=3&sslmode=verify-full";
        assert!(parse(named, "").unwrap_err().en.contains("store_authority"));
        assert!(parse(named, "store_authority = \"/etc/daicho/ca.pem\"").is_ok());
        for wrong in ["postgres://daicho@127.0.0.1/d?sslmode=sometimes", "daicho.db", "postgres://"]
        {
            assert_eq!(parse(wrong, "").unwrap_err().exit, Exit::Config, "{wrong}");
        }
    }
}
