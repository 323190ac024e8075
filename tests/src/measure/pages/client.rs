//! A reader: asks over loopback, a connection a page, and notes when the first octet comes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Page;
use super::row::Sample;
use super::site::Site;

/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The text; of a file nothing.
    pub(super) body: String,
    pub(super) octets: usize,
    /// Until the first octet.
    pub(super) first: Duration,
    /// Until the last.
    pub(super) all: Duration,
}

/// Who asks, logged in.
#[derive(Clone, Debug)]
pub(super) struct Client {
    address: SocketAddr,
    cookie: String,
    token: String,
}

impl Client {
    pub(super) fn new(site: &Site) -> Self {
        let (address, cookie, token) = (site.address, site.cookie.clone(), site.token.clone());
        Self { address, cookie, token }
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// The same, compressed, as browsers ask for it; there is no text then.
    pub(super) fn read(&self, path: &str) -> Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nAccept-Encoding: gzip\r\n"), "")
    }

    pub(super) fn post(&self, path: &str, form: &str) -> Result<Answer> {
        let form = format!("token={}&{form}", self.token);
        let kind = "Content-Type: application/x-www-form-urlencoded";
        self.send(&format!("POST {path} HTTP/1.1\r\n{kind}\r\n"), &form)
    }

    fn send(&self, head: &str, body: &str) -> Result<Answer> {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let rest = format!(
            "Host: localhost\r\nCookie: daicho={}; lang=ja\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        stream.write_all(format!("{head}{rest}").as_bytes())?;
        let mut octets = vec![0; 1];
        stream.read_exact(&mut octets).with_context(|| head.trim().to_owned())?;
        let first = begun.elapsed();
        stream.read_to_end(&mut octets)?;
        let all = begun.elapsed();
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n").context("no head")?;
        let (head, body) = octets.split_at(end + 4);
        let head = String::from_utf8_lossy(head);
        let status = head.split_whitespace().nth(1).context("no status")?.parse()?;
        Ok(Answer {
            status,
            octets: body.len(),
            body: String::from_utf8(body.to_vec()).unwrap_or_default(),
            first,
            all,
        })
    }

    /// Many readers at once, each of whom reads a page for a while before the next. What each page took.
    pub(super) fn at_once(
        &self,
        readers: usize,
        pages: &[Page],
        (time, pause): (Duration, Duration),
    ) -> Result<Vec<Sample>> {
        let end = Instant::now() + time;
        let failed = AtomicBool::new(false);
        let read = |reader: usize| {
            let mut heard = vec![Sample::default(); pages.len()];
            // They do not begin together.
            std::thread::sleep(
                pause * u32::try_from(reader).unwrap_or(0) / u32::try_from(readers).unwrap_or(1),
            );
            let mut nth = reader * 31;
            while Instant::now() < end {
                nth += 1;
                let at = nth % pages.len();
                let (Some((_, path)), Some(sample)) = (pages.get(at), heard.get_mut(at)) else {
                    break;
                };
                match self.read(&path(nth)) {
                    Ok(answer) if answer.status == 200 => sample.add(answer.first),
                    Ok(_) | Err(_) => failed.store(true, Ordering::Relaxed),
                }
                std::thread::sleep(pause);
            }
            heard
        };
        let read = &read;
        let heard = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..readers).map(|reader| scope.spawn(move || read(reader))).collect();
            threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        ensure!(!failed.load(Ordering::Relaxed), "a page was not answered");
        let mut sums = vec![Sample::default(); pages.len()];
        for one in heard {
            let one = one.map_err(|_| anyhow::anyhow!("a reader failed"))?;
            sums.iter_mut().zip(&one).for_each(|(sum, sample)| sum.join(sample));
        }
        Ok(sums)
    }
}
