//! A PostgreSQL server as the place of the database: how it is named, how it is reached, and what
//! goes wrong on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::sql::Error;

mod unverified;

/// How long a server may take to answer a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the database of a group of collectors is.
#[derive(Clone, Debug)]
pub struct Server {
    /// As people read it: without a password.
    name: Arc<str>,
    config: Box<Config>,
    trust: Trust,
    password_file: Option<PathBuf>,
}

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        let of = |server: &Self| {
            let (trust, file) = (server.trust.clone(), server.password_file.clone());
            (Arc::clone(&server.name), trust, file)
        };
        of(self) == of(other)
    }
}

impl Eq for Server {}

/// Whom a connection is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trust {
    /// Whoever listens on this computer, in the clear.
    Here,
    /// Whoever answers, encrypted.
    Anybody,
    /// Whoever shows a certificate for the name that was called, by an authority in this file.
    Named(PathBuf),
}

/// What goes wrong with a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not answer, or the connection broke.
    #[error("{0}")]
    Away(String),
    /// It does not let us in, or we do not trust it.
    #[error("{0}")]
    Refused(String),
    /// Another collector has been writing for too long.
    #[error("another collector is writing")]
    Busy,
    /// It has no room, or does not take what is written.
    #[error("{0}")]
    Unwritable(String),
    /// The tables there are another program's.
    #[error("tables of another program")]
    NotOurs,
    /// There are tables where there were to be none.
    #[error("there are tables already")]
    NotEmpty,
    /// A newer version of this program made the tables.
    #[error("schema version {version}, this program knows {ours}")]
    Newer {
        /// The version there.
        version: i64,
        /// The newest version known here.
        ours: i64,
    },
    /// Anything else.
    #[error("{0}")]
    Said(String),
}

impl Server {
    /// The server in a URL such as `postgres://daicho@db.example.jp/daicho?sslmode=verify-full`, with
    /// the file of the authority that its certificate has to be by, and the file with the password.
    ///
    /// # Errors
    /// What is wrong, in Japanese and English.
    pub fn parse(
        url: &str,
        authority: Option<PathBuf>,
        password_file: Option<PathBuf>,
    ) -> Result<Self, (String, String)> {
        let (bare, mode) = without_mode(url);
        let mut config = Config::from_str(&bare).map_err(|error| unclear(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(("サーバーの名前がありません".to_owned(), "it names no server".to_owned()));
        }
        let trust = trust(mode.as_deref(), &config, authority)?;
        config
            .ssl_mode(if trust == Trust::Here { SslMode::Disable } else { SslMode::Require })
            .application_name("daicho-collector")
            .connect_timeout(PATIENCE)
            .tcp_user_timeout(Duration::from_mins(1))
            .keepalives_idle(Duration::from_secs(30));
        Ok(Self { name: shown(url).into(), config: Box::new(config), trust, password_file })
    }

    /// Whether this text names a server, and not a file.
    pub fn is_named_by(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// As people read it.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(super) fn connect(&self) -> Result<Client, Error> {
        let mut config = self.config.clone();
        if let Some(file) = &self.password_file {
            config.password(password(file).map_err(|why| self.refused(why))?);
        }
        let made = match &self.trust {
            Trust::Here => config.connect(NoTls),
            Trust::Anybody => {
                let tls = unverified::config().map_err(|error| self.refused(error.to_string()))?;
                config.connect(MakeRustlsConnect::new(tls))
            }
            Trust::Named(file) => {
                let tls = verified(file).map_err(|why| self.refused(why))?;
                config.connect(MakeRustlsConnect::new(tls))
            }
        };
        made.map_err(|error| self.fault(&error))
    }

    fn refused(&self, why: String) -> Error {
        Error::Server { at: Arc::clone(&self.name), fault: Fault::Refused(why) }
    }

    pub(super) fn away(&self, why: &str) -> Error {
        Error::Server { at: Arc::clone(&self.name), fault: Fault::Away(why.to_owned()) }
    }

    /// What this error means.
    pub(super) fn fault(&self, error: &postgres::Error) -> Error {
        Error::Server { at: Arc::clone(&self.name), fault: fault(error) }
    }
}

fn fault(error: &postgres::Error) -> Fault {
    let why = told(error);
    let Some(code) = error.code() else { return without_code(error, why) };
    match code.code().get(..2).unwrap_or_default() {
        _ if [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::T_R_DEADLOCK_DETECTED].contains(&code) => {
            Fault::Busy
        }
        _ if [&SqlState::INSUFFICIENT_PRIVILEGE, &SqlState::INVALID_CATALOG_NAME]
            .contains(&code) =>
        {
            Fault::Refused(why)
        }
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Fault::Unwritable(why),
        // Connections, too many of them, and a server that is stopped or just starting.
        "08" => Fault::Away(why),
        _ if *code == SqlState::TOO_MANY_CONNECTIONS => Fault::Away(why),
        "57" if *code != SqlState::QUERY_CANCELED => Fault::Away(why),
        "28" => Fault::Refused(why),
        "53" => Fault::Unwritable(why),
        _ => Fault::Said(why),
    }
}

fn without_code(error: &postgres::Error, why: String) -> Fault {
    use std::io::ErrorKind;
    let cause = std::error::Error::source(error).and_then(|it| it.downcast_ref::<std::io::Error>());
    let said = error.to_string();
    match cause.map(std::io::Error::kind) {
        // A certificate that is not to be trusted.
        Some(ErrorKind::InvalidData | ErrorKind::InvalidInput) => Fault::Refused(why),
        Some(_) => Fault::Away(why),
        None if error.is_closed() || said.starts_with("timeout") || said.contains("connecting") => {
            Fault::Away(why)
        }
        None if said.contains("TLS") || said.contains("authentication") => Fault::Refused(why),
        None => Fault::Said(why),
    }
}

/// The error, and what it came of.
fn told(error: &postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// The URL without `sslmode`, which the client does not know all values of, and its value.
fn without_mode(url: &str) -> (String, Option<String>) {
    let Some((before, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (mode, rest): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|pair| pair.starts_with("sslmode="));
    let mode = mode.last().and_then(|pair| pair.split_once('=')).map(|(_, mode)| mode.to_owned());
    let rest = rest.join("&");
    (if rest.is_empty() { before.to_owned() } else { format!("{before}?{rest}") }, mode)
}

fn trust(
    mode: Option<&str>,
    config: &Config,
    authority: Option<PathBuf>,
) -> Result<Trust, (String, String)> {
    match mode {
        Some("verify-full") => authority.map(Trust::Named).ok_or((
            "sslmode=verify-full には store_authority に認証局の証明書のファイルが要ります".to_owned(),
            "sslmode=verify-full needs the certificate of the authority in store_authority".to_owned(),
        )),
        Some("require") => Ok(Trust::Anybody),
        None | Some("disable" | "allow" | "prefer") if is_here(config) => Ok(Trust::Here),
        None | Some("disable" | "allow" | "prefer") => Err((
            "ほかのコンピュータには暗号化して接続します。?sslmode=verify-full（または require）を付けてください".to_owned(),
            "another computer is only spoken to by TLS: add ?sslmode=verify-full (or require)".to_owned(),
        )),
        Some(other) => Err((
            format!("sslmode={other} は使えません。verify-full か require にしてください"),
            format!("sslmode={other} is not known: use verify-full or require"),
        )),
    }
}

/// Whether nothing leaves this computer on the way there.
fn is_here(config: &Config) -> bool {
    let here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(here)
        && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

/// The URL without its password.
fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return String::new() };
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        None => url.to_owned(),
    }
}

fn unclear(error: &postgres::Error) -> (String, String) {
    let why =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    (format!("URL が正しくありません（{why}）"), format!("the URL is wrong ({why})"))
}

/// The first line of the file, which only its owner may read.
fn password(file: &Path) -> Result<String, String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file).map_err(|error| named(&error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(named(&"chmod 600"));
        }
    }
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn verified(authority: &Path) -> Result<rustls::ClientConfig, String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", authority.display());
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority).map_err(|error| named(&error))? {
        let certificate = certificate.map_err(|error| named(&error))?;
        roots.add(certificate).map_err(|error| named(&error))?;
    }
    if roots.is_empty() {
        return Err(named(&"no certificate"));
    }
    unverified::builder()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|error| error.to_string())
}

/// The complaint about a server.
#[expect(clippy::too_many_lines, reason = "a sentence a fault, each in two languages")]
pub(super) fn complaint(at: &str, fault: &Fault) -> Complaint {
    let (exit, ja, en) = match fault {
        Fault::Away(why) => (
            Exit::Remote,
            format!(
                "データベースサーバー {at} が応答しません（{why}）。サーバーが動いているか、設定の store が正しいか確かめてください"
            ),
            format!(
                "the database server {at} does not answer ({why}): see that it runs and that store in the configuration is right"
            ),
        ),
        Fault::Refused(why) => (
            Exit::Remote,
            format!(
                "データベースサーバー {at} に入れません（{why}）。設定の store、store_password_file、store_authority とサーバー側の権限を確かめてください"
            ),
            format!(
                "the database server {at} cannot be entered ({why}): see store, store_password_file and store_authority in the configuration, and the rights on the server"
            ),
        ),
        Fault::Busy => (
            Exit::Busy,
            format!(
                "データベース {at} は他のコレクターが書き込み中です。終了を待って再度実行してください"
            ),
            format!(
                "another collector is writing to the database {at}: wait for it to end and try again"
            ),
        ),
        Fault::Unwritable(why) => (
            Exit::Remote,
            format!(
                "データベース {at} に書き込めません（{why}）。サーバーの空き容量と設定を確かめてください"
            ),
            format!(
                "the database {at} takes no writes ({why}): see the free space and the settings of the server"
            ),
        ),
        Fault::NotOurs => (
            Exit::Input,
            format!(
                "データベース {at} には別のプログラムの表があります。空のデータベースを指定してください"
            ),
            format!("the database {at} has tables of another program: name an empty one"),
        ),
        Fault::NotEmpty => (
            Exit::Input,
            format!(
                "データベース {at} には既に表があります。移す先には空のデータベースを指定してください"
            ),
            format!("the database {at} has tables already: name an empty one to move to"),
        ),
        Fault::Newer { version, ours } => (
            Exit::Input,
            format!(
                "データベース {at} は新しい版 (形式 {version}) で作られています。この版 (形式 {ours}) より新しい daicho-collector を使ってください"
            ),
            format!(
                "the database {at} was made by a newer version (format {version}, this one knows {ours}): use a newer daicho-collector"
            ),
        ),
        Fault::Said(why) => (
            Exit::Other,
            format!("データベース {at} を操作できませんでした（{why}）。再度実行してください"),
            format!("the database {at} could not be used ({why}): try again"),
        ),
    };
    Complaint::new(exit, ja, en)
}

/// The complaint about what the server's own tools do.
pub(super) fn for_its_tools() -> Complaint {
    Complaint::new(
        Exit::Usage,
        "データベースは PostgreSQL サーバーにあります。控えと復元には pg_dump と pg_restore、検査には pg_amcheck を使ってください",
        "the database is on a PostgreSQL server: use pg_dump and pg_restore to back it up and restore it, and pg_amcheck to check it",
    )
}
