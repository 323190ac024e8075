//! A real browser, Debian's chromium, driven through its chromedriver on a loopback port of its own; and
//! a collector with the simulated hospital in it for it to look at ([`site`]).
//!
//! Everything that is started here ends with what it was started for: the driver and the browser are a
//! process group of their own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lab::packages::{self, Package};

/// Pictures of pages for the documentation.
pub mod shots;
/// What is looked at.
pub mod site;

/// What a browser needs.
pub const PACKAGES: &[Package] = &[
    Package { debian: "chromium", program: "chromium" },
    Package { debian: "chromium-driver", program: "chromedriver" },
    Package {
        debian: "fonts-ipaexfont-gothic",
        program: "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    },
];
/// For the driver to begin, and for one of its answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there can be no browser; none if there can.
pub fn obstacle() -> Option<String> {
    let missing: Vec<_> = packages::missing(PACKAGES).into_iter().map(|one| one.debian).collect();
    (!missing.is_empty())
        .then(|| format!("Debian packages are not installed: {}", missing.join(" ")))
}

/// The driver and whatever it starts.
#[derive(Debug)]
struct Driver {
    process: Child,
    address: SocketAddr,
    /// Where the browser keeps its things.
    home: TempDir,
}

impl Driver {
    fn start() -> Result<Self> {
        let home = tempfile::Builder::new().prefix("daicho-browser-").tempdir()?;
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("chromedriver does not start")?;
        let talk = process.stdout.take().context("a driver without an output")?;
        let (tell, heard) = channel();
        // Read to the end, or a full pipe would hold it up.
        std::thread::spawn(move || {
            BufReader::new(talk)
                .lines()
                .map_while(Result::ok)
                .for_each(|line| drop(tell.send(line)));
        });
        let mut driver = Self { process, address: (Ipv4Addr::LOCALHOST, 0).into(), home };
        while driver.address.port() == 0 {
            let line = heard.recv_timeout(PATIENCE).context("chromedriver does not begin")?;
            let port = line.strip_prefix("ChromeDriver was started successfully on port ");
            if let Some(port) = port.and_then(|port| port.trim_end_matches('.').parse().ok()) {
                driver.address.set_port(port);
            }
        }
        Ok(driver)
    }

    /// What a command that fantoccini does not know answers.
    fn ask(&self, path: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(answer.read_line(&mut line)? > 0, "{path}: no answer");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(said) = line.strip_prefix("content-length:") {
                length = said.trim().parse()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        let mut answer: Value = serde_json::from_slice(&body)?;
        ensure!(answer.pointer("/value/error").is_none(), "{path}: {answer}");
        Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The group is the driver's own, so this ends nobody else.
        if let Ok(group) = i32::try_from(self.process.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.process.wait();
        // A browser that is still going writes as it goes; what it leaves is removed once more.
        let _ = fs::remove_dir_all(self.home.path());
    }
}

/// What a reader with these cookies gets from an address of this computer: head and body.
///
/// # Errors
/// If nothing answers there.
pub fn fetch(address: SocketAddr, path: &str, cookies: &str) -> Result<(String, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
    Ok((head.to_lowercase(), body.to_owned()))
}

/// A window of a browser.
#[derive(Debug)]
pub struct Browser {
    /// What it is driven by.
    pub client: Client,
    session: String,
    driver: Driver,
}

impl Browser {
    /// Opens a window of this size.
    ///
    /// # Errors
    /// If the programs do not start.
    pub async fn open((width, height): (u32, u32)) -> Result<Self> {
        let driver = Driver::start()?;
        let profile = driver.home.path().join("profile");
        let arguments = [
            "--headless=new".to_owned(),
            // Root is refused a sandbox; what is shown is our own.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-extensions".to_owned(),
            "--no-first-run".to_owned(),
            "--no-default-browser-check".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--lang=ja".to_owned(),
            // Whatever asks for a name asks in vain: nothing leaves this computer.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
            format!("--user-data-dir={}", profile.display()),
            format!("--window-size={width},{height}"),
        ];
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let Value::Object(wanted) = wanted else { return Err(anyhow::anyhow!("no object")) };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wanted);
        let connecting = builder.connect(&format!("http://{}", driver.address)).await;
        let client = connecting.context("no session with the browser")?;
        let session = client.session_id().await?.context("a browser without a session")?;
        Ok(Self { client, session, driver })
    }

    fn log(&self, kind: &str) -> Result<Vec<Value>> {
        let path = format!("/session/{}/se/log", self.session);
        let log = self.driver.ask(&path, &json!({ "type": kind }))?;
        Ok(log.as_array().cloned().unwrap_or_default())
    }

    /// What the console said since it was asked before: errors, warnings, what the content security policy
    /// forbade.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub fn console(&self) -> Result<Vec<String>> {
        let worth = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        let log = self.log("browser")?;
        Ok(log.iter().filter(worth).map(|entry| entry["message"].to_string()).collect())
    }

    /// The addresses that were asked since this was asked before.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub fn requested(&self) -> Result<Vec<String>> {
        let mut urls = Vec::new();
        for entry in self.log("performance")? {
            let text = entry.get("message").and_then(Value::as_str).unwrap_or("null");
            let message: Value = serde_json::from_str(text)?;
            let at = |pointer| message.pointer(pointer).and_then(Value::as_str);
            if at("/message/method") == Some("Network.requestWillBeSent") {
                urls.extend(at("/message/params/request/url").map(str::to_owned));
            }
        }
        Ok(urls)
    }

    /// The cookies that this window would send.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn cookies(&self) -> Result<String> {
        let cookies = self.client.get_all_cookies().await?;
        let pairs = cookies.iter().map(|one| format!("{}={}", one.name(), one.value()));
        Ok(pairs.collect::<Vec<String>>().join("; "))
    }

    /// Sends a command of the browser's own protocol.
    ///
    /// # Errors
    /// If the driver does not answer or refuses it.
    pub fn command(&self, name: &str, parameters: &Value) -> Result<Value> {
        let path = format!("/session/{}/goog/cdp/execute", self.session);
        self.driver.ask(&path, &json!({ "cmd": name, "params": parameters }))
    }

    /// Closes the window and ends the browser.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }
}
