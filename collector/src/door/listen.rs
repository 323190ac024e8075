//! Connections: accepted, shaken hands with, served, all within bounds.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use daicho_common::complaint::{Complaint, Exit};
use daicho_common::time::Timestamp;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::who::Shown;
use super::{Door, planner, router};
use crate::clock;
use crate::crowd::{self, Crowd, Place};

/// Most connections at once. Beyond it new ones wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// Most connections at once that showed no certificate.
const STRANGERS: usize = 64;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a request's head may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);
/// How long a stranger may stay in all.
const VISIT: Duration = Duration::from_secs(30);
/// How long a refused caller may take to hear why.
const LINGER: Duration = Duration::from_secs(1);
/// How long requests under way may take when the program ends.
const FAREWELL: Duration = Duration::from_secs(5);
/// Most octets of a request's head.
const HEAD_OCTETS: usize = 64 << 10;

/// The configuration of TLS, made anew when the door's certificate grows old.
struct Keeper {
    door: Arc<Door>,
    names: Vec<String>,
    current: Mutex<(Arc<ServerConfig>, Timestamp)>,
}

impl Keeper {
    fn new(door: Arc<Door>, names: Vec<String>) -> Result<Self, Complaint> {
        let made = make(&door, &names).map_err(|error| unfit(&names, &error))?;
        Ok(Self { door, names, current: Mutex::new(made) })
    }

    fn config(&self) -> Arc<ServerConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.1 <= clock::now()
            && let Ok(made) = make(&self.door, &self.names)
        {
            *current = made;
        }
        Arc::clone(&current.0)
    }
}

fn make(door: &Door, names: &[String]) -> Result<(Arc<ServerConfig>, Timestamp), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let own = door.authority.own(names, clock::now()).map_err(|error| text(&error))?;
    let mut roots = RootCertStore::empty();
    roots.add(door.authority.certificate().clone()).map_err(|error| text(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            // Who enrols has no certificate yet; whoever shows one shows one of ours.
            .allow_unauthenticated()
            .build()
            .map_err(|error| text(&error))?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| text(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(own.chain, own.key)
        .map_err(|error| text(&error))?;
    Ok((Arc::new(config), own.renew_at))
}

/// The names and addresses by which agents may call: those of the configuration, those of this
/// computer, and the address that is listened on.
fn names(door: &Door, listening: SocketAddr) -> Vec<String> {
    let mut names = door.site.config.agents.names.clone();
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.extend(host_name());
    if !listening.ip().is_unspecified() {
        names.push(listening.ip().to_string());
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// What this computer is called.
fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let name = name.ok().or_else(|| std::env::var("COMPUTERNAME").ok())?.trim().to_lowercase();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    (!name.is_empty() && name.chars().all(letter)).then_some(name)
}

/// Serves agents until `stop` ends; requests under way are finished.
///
/// # Errors
/// A complaint if a configured name cannot stand in a certificate.
pub async fn serve(
    door: Arc<Door>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Complaint> {
    let listening = listener.local_addr().unwrap_or_else(|_| ([0, 0, 0, 0], 0).into());
    let names = names(&door, listening);
    let keeper = Keeper::new(Arc::clone(&door), names)?;
    let bounds = [CONNECTIONS, STRANGERS].map(|most| Arc::new(Semaphore::new(most)));
    let [connections, strangers] = bounds;
    let crowd = Arc::new(Crowd::default());
    let router = router(Arc::clone(&door));
    let planning = tokio::spawn(planner::plan(Arc::clone(&door)));
    tokio::pin!(stop);
    while let Some((place, stream, from)) =
        crowd::next(&listener, &connections, stop.as_mut()).await
    {
        let (config, router) = (keeper.config(), router.clone());
        let (strangers, closing) = (Arc::clone(&strangers), door.closing.subscribe());
        let (waiting, gone) = crowd.enter(from.ip());
        tokio::spawn(async move {
            let shaken = tokio::select! {
                _ = gone => None,
                shaken = shake_hands(stream, config, &waiting) => shaken,
            };
            drop(waiting);
            if let Some(stream) = shaken {
                attend(stream, from, router, (&strangers, closing)).await;
            }
            drop(place);
        });
    }
    planning.abort();
    door.closing.send_replace(true);
    let whole = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    // Whoever does not go is shown out when the program ends.
    let _ = tokio::time::timeout(FAREWELL, connections.acquire_many(whole)).await;
    Ok(())
}

async fn shake_hands(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    place: &Place,
) -> Option<TlsStream<TcpStream>> {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let accepting = async {
        // Only that something comes is of interest here; TLS reads it.
        if stream.peek(&mut [0]).await.is_ok_and(|count| count > 0) {
            place.spoke();
        }
        TlsAcceptor::from(config).accept(stream).into_fallible().await
    };
    match tokio::time::timeout(HANDSHAKE, accepting).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err((error, stream))) => {
            tracing::warn!(%error, "a connection was refused");
            linger(stream).await;
            None
        }
        Err(_) => None,
    }
}

/// Lets the other side read why it was refused: a socket that is closed with octets unread takes that
/// with it.
async fn linger(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut rest = [0; 4096];
    let reading = async { while let Ok(1..) = stream.read(&mut rest).await {} };
    let _ = tokio::time::timeout(LINGER, reading).await;
}

async fn attend(
    stream: TlsStream<TcpStream>,
    from: SocketAddr,
    router: Router,
    (strangers, mut closing): (&Semaphore, tokio::sync::watch::Receiver<bool>),
) {
    let own = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = own.map(|own| <[u8; 32]>::from(Sha256::digest(own)));
    let mut visit = None;
    if certificate.is_none() {
        let Ok(place) = strangers.try_acquire() else { return };
        visit = Some(place);
    }
    let shown = Shown { from, certificate };
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(shown);
        service.call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_OCTETS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let end = async {
        if visit.is_some() {
            tokio::time::sleep(VISIT).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        // However it ends, there is nobody to tell.
        _ = connection.as_mut() => return,
        () = end => return,
        _ = closing.wait_for(|closing| *closing) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn unfit(names: &[String], why: &str) -> Complaint {
    let names = names.join(", ");
    Complaint::new(
        Exit::Config,
        format!(
            "agent_names の名前（{names}）で証明書を作れません（{why}）。名前か IP アドレスにしてください"
        ),
        format!(
            "no certificate can be made for agent_names ({names}): {why}; write names or IP addresses"
        ),
    )
}

/// Lets this process have as many files open as the system allows it: one for each connection.
#[cfg(unix)]
pub fn raise_limits() -> io::Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).map_err(Into::into)
}

/// Lets this process have as many files open as the system allows it: one for each connection.
#[cfg(not(unix))]
pub fn raise_limits() -> io::Result<()> {
    Ok(())
}
