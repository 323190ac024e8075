//! Connections of browsers and programs: accepted, served, all within bounds. Who says what it wants a letter
//! at a time, or nothing at all, holds up nobody: a request's head has an end by the clock, a body may not
//! stand still, and of those who have not asked for anything yet there are only so many ([`Crowd`]).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::crowd::{self, Crowd, Place};

/// Most connections at once.
const CONNECTIONS: u32 = 4096;
/// Most octets of a request's head.
const HEAD: usize = 64 << 10;

/// What a caller may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How long a request's head may take, and how long a connection may be idle.
    pub(super) head: Duration,
    /// How long a body may stand still.
    pub(super) body: Duration,
    /// How long requests under way may take when the program ends.
    pub(super) farewell: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            body: Duration::from_secs(20),
            farewell: Duration::from_secs(10),
        }
    }
}

/// Serves until `stop` ends; requests under way are finished, if that does not take too long.
pub(super) async fn serve(
    router: Router,
    (listener, bounds): (TcpListener, Bounds),
    stop: impl Future<Output = ()> + Send,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let crowd = Arc::new(Crowd::default());
    let router = router.layer(RequestBodyTimeoutLayer::new(bounds.body));
    let (closing, _) = watch::channel(false);
    tokio::pin!(stop);
    while let Some((place, stream, from)) =
        crowd::next(&listener, &connections, stop.as_mut()).await
    {
        let (place_in_crowd, gone) = crowd.enter(from.ip());
        let (router, closing) = (router.clone(), closing.subscribe());
        tokio::spawn(async move {
            attend((stream, from), (router, bounds), ((place_in_crowd, gone), closing)).await;
            drop(place);
        });
    }
    drop(listener);
    closing.send_replace(true);
    // Whoever does not go is shown out when the program ends.
    let all = connections.acquire_many(CONNECTIONS);
    let _ = tokio::time::timeout(bounds.farewell, all).await;
}

/// Serves a connection to its end: its own, that of the server, or that by which another takes its place
/// before it has asked for anything.
async fn attend(
    (stream, from): (TcpStream, SocketAddr),
    (router, bounds): (Router, Bounds),
    ((place, mut gone), mut closing): ((Place, oneshot::Receiver<()>), watch::Receiver<bool>),
) {
    // Answers are wanted at once.
    let _ = stream.set_nodelay(true);
    let asked = Arc::new(AtomicBool::new(false));
    let service = TowerToHyperService::new(router);
    let (place, asks) = (Mutex::new(Some(place)), Arc::clone(&asked));
    let service = service_fn(move |mut request: Request<Incoming>| {
        // It has asked for something, so that it is not one of the crowd any more.
        asks.store(true, Ordering::SeqCst);
        drop(place.lock().unwrap_or_else(PoisonError::into_inner).take());
        request.extensions_mut().insert(ConnectInfo(from));
        service.call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut in_crowd = true;
    loop {
        tokio::select! {
            // However it ends, there is nobody to tell.
            _ = connection.as_mut() => return,
            _ = &mut gone, if in_crowd => {
                if !asked.load(Ordering::SeqCst) {
                    return;
                }
                in_crowd = false;
            }
            _ = closing.wait_for(|closing| *closing) => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};

    use axum::routing::{get, post};

    use super::*;

    const LONG: Duration = Duration::from_hours(1);
    const AT_ONCE: Duration = Duration::from_millis(1);

    struct Running {
        at: SocketAddr,
        runtime: tokio::runtime::Runtime,
        serving: tokio::task::JoinHandle<()>,
        stop: oneshot::Sender<()>,
    }

    fn running(bounds: Bounds) -> Running {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/", post(|body: String| async move { body }));
        let (stop, ended) = oneshot::channel();
        let ended = async { drop(ended.await) };
        let serving = runtime.spawn(serve(router, (listener, bounds), ended));
        Running { at, runtime, serving, stop }
    }

    fn bounds() -> Bounds {
        Bounds { head: LONG, body: LONG, farewell: LONG }
    }

    impl Running {
        fn say(&self, text: &str) -> std::net::TcpStream {
            let mut stream = std::net::TcpStream::connect(self.at).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream
        }
    }

    fn rest(mut stream: std::net::TcpStream) -> io::Result<String> {
        let mut text = String::new();
        stream.read_to_string(&mut text).map(|_| text)
    }

    const WHOLE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[test]
    fn a_head_that_does_not_end_is_given_up() {
        let running = running(Bounds { head: AT_ONCE, ..bounds() });
        // Whether it is told or not, it does not keep its connection.
        let told = rest(running.say("GET / HTTP/1.1\r\nX-Slow: ")).unwrap_or_default();
        assert!(!told.contains("here"), "{told}");
    }

    #[test]
    fn a_body_that_stands_still_is_given_up() {
        let running = running(Bounds { body: AT_ONCE, ..bounds() });
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf";
        let told = rest(running.say(head)).unwrap_or_default();
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
    }

    #[test]
    fn a_crowd_that_says_nothing_keeps_nobody_waiting() {
        // In the test both sides of each connection are files of one process.
        crate::door::raise_limits().unwrap();
        let running = running(bounds());
        let mut silent: Vec<_> = (0..1100).map(|_| running.say("")).collect();
        assert!(rest(running.say(WHOLE)).unwrap().ends_with("here"));
        let first = silent.remove(0);
        assert_eq!(rest(first).unwrap_or_default(), "", "the oldest had to go");
        let last = silent.pop().unwrap();
        last.set_nonblocking(true).unwrap();
        let still = (&last).read(&mut [0]).unwrap_err();
        assert_eq!(still.kind(), io::ErrorKind::WouldBlock, "the youngest is still there");
    }

    #[test]
    fn a_connection_that_asks_again_and_again_stays() {
        let running = running(bounds());
        let mut stream = running.say("");
        for _ in 0..3 {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let (mut read, mut part) = (Vec::new(), [0; 1]);
            while !read.ends_with(b"here") {
                stream.read_exact(&mut part).unwrap();
                read.extend(part);
            }
        }
        stream.write_all(WHOLE.as_bytes()).unwrap();
        assert!(rest(stream).unwrap().ends_with("here"));
    }

    #[test]
    fn a_request_under_way_is_finished_when_the_program_ends() {
        let running = running(bounds());
        let head =
            "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n";
        let mut slow = running.say(head);
        // Once its body is asked for, it is under way.
        let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        slow.read_exact(&mut asked).unwrap();
        running.stop.send(()).unwrap();
        while std::net::TcpStream::connect(running.at).is_ok() {
            std::thread::yield_now();
        }
        slow.write_all(b"received").unwrap();
        assert!(rest(slow).unwrap().ends_with("received"));
        running.runtime.block_on(running.serving).unwrap();
    }

    #[test]
    fn who_never_ends_a_request_does_not_keep_the_program_from_ending() {
        let running = running(Bounds { farewell: AT_ONCE, ..bounds() });
        let slow = running.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
        assert!(rest(running.say(WHOLE)).unwrap().ends_with("here"));
        running.stop.send(()).unwrap();
        running.runtime.block_on(running.serving).unwrap();
        drop(slow);
    }
}
