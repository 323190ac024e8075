//! `serve`: the pages and the door for batches, until Ctrl-C.

use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use daicho_common::complaint::{Complaint, Exit};

use super::Serve;
use crate::config::Config;
use crate::courier;
use crate::door::{self, Door};
use crate::store::Store;
use crate::web::{self, Site};
use crate::words::{Lang, Word};

pub(super) fn serve(options: &Serve) -> Result<(), Complaint> {
    let mut config = Config::load(options.places.config.as_deref())?;
    config.listen = options.listen.unwrap_or(config.listen);
    if let Some(db) = &options.places.db {
        config.database = db.into();
    }
    let hidden = config.behind_tls || options.without_tls;
    if !config.listen.ip().is_loopback() && !hidden {
        return Err(exposed(config.listen));
    }
    super::log::start(config.log_format);
    if let Err(error) = door::raise_limits() {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|error| failed(&error))?;
    let listen = config.listen;
    // The port is taken first: a server that cannot serve makes no database either.
    let listener = bind(&runtime, listen)?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    let store = Store::open(&config.database).map_err(|error| error.complaint(&config.database))?;
    let lang = config.language;
    let agents = options.agents.or(config.agents.listen);
    let agents = agents.map(|at| bind(&runtime, at)).transpose()?;
    let site = Arc::new(Site::new(store, config)?);
    let door = agents.map(|at| Ok((at, Arc::new(Door::new(Arc::clone(&site))?)))).transpose()?;
    let url = format!("http://{address}/");
    let first = site.setup_code()?;
    runtime.block_on(async {
        let stop = stop().map_err(|error| failed(&error))?;
        let (told, mut ends) = tokio::sync::watch::channel(false);
        let mut ended = ends.clone();
        tokio::spawn(async move {
            stop.await;
            told.send_replace(true);
        });
        let mut carried = ends.clone();
        let courier = tokio::spawn(courier::run(Arc::clone(&site), async move {
            let _ = carried.wait_for(|ended| *ended).await;
        }));
        let pages = web::serve(site, listener, async move {
            // A sender that is gone is an end, too.
            let _ = ended.wait_for(|ended| *ended).await;
        });
        tell(lang, &url, first);
        let agents = async {
            let Some((listener, door)) = door else { return Ok(()) };
            let at = listener.local_addr().map_err(|error| failed(&error))?;
            let _ = writeln!(io::stderr(), "{}", lang.fill(Word::AgentsServing, &[&at]));
            door::serve(door, listener, async move {
                let _ = ends.wait_for(|ended| *ended).await;
            })
            .await
        };
        let pages = async {
            pages.await;
            Ok(())
        };
        let ended = tokio::try_join!(pages, agents);
        courier.abort();
        ended
    })?;
    let _ = writeln!(io::stderr(), "{}", lang.say(Word::ImportStopped));
    Ok(())
}

/// Says where the pages are, and where the first administrator comes in while there is none.
fn tell(lang: Lang, url: &str, first: Option<String>) {
    let _ = writeln!(io::stderr(), "{}", lang.fill(Word::ImportServing, &[&url]));
    if let Some(code) = first {
        let page = format!("{url}setup?code={code}");
        let _ = writeln!(io::stderr(), "{}", lang.fill(Word::SetupPrinted, &[&page, &code]));
    }
}

fn bind(
    runtime: &tokio::runtime::Runtime,
    at: SocketAddr,
) -> Result<tokio::net::TcpListener, Complaint> {
    let bound = runtime.block_on(tokio::net::TcpListener::bind(at));
    bound.map_err(|error| cannot_listen(at, &error))
}

/// Ends when the user or the system asks the program to end. The signals are caught from the call
/// on, not only once the future is polled.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the user asks the program to end.
#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        // Without a way to be told, the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn exposed(listen: SocketAddr) -> Complaint {
    Complaint::new(
        Exit::Usage,
        format!(
            "{listen} で待ち受けると、パスワードが暗号化されずに流れます。TLS を終端するプロキシを置いて設定の behind_tls を true にするか、承知の上で --without-tls を付けてください"
        ),
        format!(
            "listening on {listen} sends passwords in the clear: put a proxy that ends TLS in front and set behind_tls in the configuration, or add --without-tls if that is what you want"
        ),
    )
}

fn cannot_listen(listen: SocketAddr, error: &io::Error) -> Complaint {
    let in_use = error.kind() == io::ErrorKind::AddrInUse;
    let exit = if in_use {
        Exit::Busy
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        Exit::Privilege
    } else {
        Exit::Other
    };
    let (ja, en) = if in_use {
        ("は他のプログラムが使用中です".to_owned(), "is in use by another program".to_owned())
    } else {
        (format!("で待ち受けられません（{error}）"), format!("cannot be listened on ({error})"))
    };
    Complaint::new(
        exit,
        format!("{listen} {ja}。--listen で別のアドレスかポートを指定してください"),
        format!("{listen} {en}: give another address or port with --listen"),
    )
}

fn failed(error: &io::Error) -> Complaint {
    Complaint::new(
        Exit::Other,
        format!("サーバを続けられません（{error}）。再度起動してください"),
        format!("the server cannot go on ({error}): start it again"),
    )
}
