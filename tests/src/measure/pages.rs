//! `cargo measure pages [DEVICES [FOLDER]]`: how long pages take, with one reader and with fifty; how large the
//! table of devices is, and how long it takes as a workbook. `cargo measure pages map`: how long the map of a
//! network of 548 switches with 21,532 devices on them takes.
//!
//! The site is one of as many devices, twenty facts each, and as many rows of the ledger; it is served by
//! the built collector, and asked over loopback. With a folder the site is kept there, and made only
//! if it is not there yet. A time is that of the first octet of an answer, from
//! before the connection is opened. Processor time is the server's own, which other programs on the
//! machine leave as it is.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

mod client;
mod row;
mod site;

use client::Client;
use row::{Row, Sample};
use site::Site;

/// Devices, and rows of the ledger, unless another number is given.
const DEVICES: usize = 100_000;
/// How often one reader asks for each page.
const TIMES: usize = 100;
/// How many readers there are at once.
const READERS: usize = 50;
/// How long they read, and how long each reads a page before it asks for the next.
const READING: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);
/// What the table page may weigh, in octets.
const HEAVIEST: usize = 300_000;

/// A page by what it is called, and its address at the nth time.
type Page = (&'static str, Box<dyn Fn(usize) -> String + Send + Sync>);

/// Measures with this many devices.
///
/// # Errors
/// If the site cannot be made or served, or a page is not there.
pub fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let (devices, folder) = match arguments {
        [map] if map == "map" => return drawn(root),
        [] => (DEVICES, None),
        [devices] => (devices.parse()?, None),
        [devices, folder] => (devices.parse()?, Some(Path::new(folder))),
        _ => anyhow::bail!("write `cargo measure pages [map | DEVICES [FOLDER]]`"),
    };
    let site = Site::start(root, folder, |db| site::listed(db, devices))?;
    let client = Client::new(&site);
    tell(&format!(
        "{devices} devices, served after {:.1} s, {} MiB resident",
        site.began.as_secs_f64(),
        site.resident()? >> 20
    ));
    let pages = pages(&client, devices)?;
    let mut lines = Vec::new();
    one(&site, &client, &pages, &mut lines)?;
    many(&site, &client, &pages, &mut lines)?;
    changed(&client, &pages)?;
    files(&site, &client)?;
    tell(&lines.join("\n"));
    Ok(())
}

/// The map of a large network, whole, in part and as files, and its table of links.
fn drawn(root: &Path) -> Result<()> {
    let site = Site::start(root, None, site::wired)?;
    let client = Client::new(&site);
    tell(&format!("served after {:.1} s", site.began.as_secs_f64()));
    let below = link(&client.get("/map")?.body, "/map?at=").context("a part of the map")?;
    let fold = link(&client.get(&below)?.body, "/map?at=").context("a fold")?;
    let pages: Vec<Page> = vec![
        ("map", always("/map")),
        ("map: three times as much", always("/map?more=1")),
        ("map: networks", always("/map?view=network")),
        ("map: below a switch", always(below)),
        ("map: a fold", always(fold)),
        ("map: file", always("/map.svg")),
        ("map: file for A3", always("/map.svg?sheet=a3")),
        ("links", always("/links")),
        ("links: a far page", Box::new(|nth| format!("/links?page={}", nth % 5 + 1))),
        ("devices", always("/devices")),
    ];
    let mut lines = Vec::new();
    one(&site, &client, &pages, &mut lines)?;
    many(&site, &client, &pages, &mut lines)?;
    tell(&lines.join("\n"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command prints")]
fn tell(text: &str) {
    println!("{text}");
}

fn always(path: impl Into<String>) -> Box<dyn Fn(usize) -> String + Send + Sync> {
    let path = path.into();
    Box::new(move |_| path.clone())
}

#[expect(clippy::too_many_lines, reason = "a line a page")]
fn pages(client: &Client, devices: usize) -> Result<Vec<Page>> {
    let list = client.get("/devices?q=PC-0000001")?.body;
    let device = link(&list, "/devices/mac-").context("a device of the list")?;
    let finding = link(&client.get("/findings?state=all")?.body, "/finding?id=");
    let observation = link(&client.get(&device)?.body, "/observations/");
    let row = link(&client.get("/ledger")?.body, "/ledger/row?").context("a row")?;
    let number = move |nth: usize| nth * 7919 % devices.max(1);
    let pages = devices.div_ceil(100);
    let mut all: Vec<Page> = vec![
        ("start", always("/")),
        ("devices", always("/devices")),
        ("devices: a name", Box::new(move |nth| format!("/devices?q=PC-{:07}", number(nth)))),
        (
            "devices: part of a MAC",
            Box::new(move |nth| format!("/devices?q=1a-2b-00-{:02X}", nth % 256)),
        ),
        ("devices: part of an IP", Box::new(move |nth| format!("/devices?q=10.0.{}.", nth % 256))),
        (
            "devices: kana, no hit",
            Box::new(|nth| format!("/devices?q=%E3%83%8A%E3%83%BC%E3%82%B9{nth}")),
        ),
        ("devices: two words", Box::new(move |nth| format!("/devices?q=pc+{:05}", number(nth)))),
        (
            "devices: filter, sorted",
            Box::new(|nth| {
                let sort = ["-last", "name", "ip", "-mac"].get(nth % 4).copied().unwrap_or("ip");
                format!("/devices?verdict=differs&sort={sort}")
            }),
        ),
        (
            "devices: a far page",
            Box::new(move |nth| format!("/devices?page={}", pages.saturating_sub(nth))),
        ),
        ("device", Box::new(move |nth| format!("/devices/mac-001a2b{:06x}", number(nth)))),
        ("findings", always("/findings?state=all")),
        (
            "findings: searched",
            Box::new(move |nth| format!("/findings?state=all&q=PC-{:07}", number(nth) / 50 * 50)),
        ),
        ("ledger", always("/ledger")),
        ("ledger: searched", Box::new(move |nth| format!("/ledger?q=K-{:07}", number(nth)))),
        (
            "ledger: a far page",
            Box::new(move |nth| format!("/ledger?page={}", pages.saturating_sub(nth))),
        ),
        ("ledger: a row", always(row)),
    ];
    all.extend(finding.map(|link| ("finding", always(link))));
    all.extend(observation.map(|link| ("observation", always(link))));
    for (name, path) in [
        ("links", "/links"),
        ("map", "/map"),
        ("coverage", "/coverage"),
        ("scans", "/scans"),
        ("register", "/register"),
        ("stock-taking", "/stocktaking"),
        ("stock-taking: a round", "/stocktaking/2026-1"),
        ("stock-taking: not seen", "/stocktaking/2026-1?state=not_seen&page=3"),
        ("form of a contract", "/register/edit?kind=contract"),
        ("import", "/ledger/import"),
        ("reports", "/reports"),
        ("settings", "/settings"),
        ("sites", "/sites"),
        ("guide", "/guide"),
        ("accounts", "/accounts"),
        ("audit", "/audit"),
        ("account", "/account"),
    ] {
        if client.get(path)?.status == 200 {
            all.push((name, always(path)));
        }
    }
    Ok(all)
}

/// The first address of a page that begins so, as it is written in a link there.
fn link(body: &str, beginning: &str) -> Option<String> {
    let at = body.find(&format!("href=\"{beginning}"))? + "href=\"".len();
    let rest = body.get(at..)?;
    let link = rest.get(..rest.find('"')?)?;
    Some(link.replace("&#38;", "&").replace("&amp;", "&"))
}

fn one(site: &Site, client: &Client, pages: &[Page], lines: &mut Vec<String>) -> Result<()> {
    tell(&Row::heading("one reader"));
    for (name, path) in pages {
        // What is made once for a picture is made now; who comes first waits for it.
        let whole = client.get(&path(TIMES))?;
        let (first, octets) = (whole.first, whole.octets);
        let before = site.processor()?;
        let mut sample = Sample::default();
        for nth in 0..TIMES {
            let answer = client.read(&path(nth))?;
            ensure!(answer.status == 200, "{name}: {}", answer.status);
            sample.add(answer.first);
        }
        let cpu = site.processor()?.saturating_sub(before) / u32::try_from(TIMES)?;
        let row = Row { name, readers: 1, first: Some(first), octets, cpu, sample };
        tell(&row.to_string());
        lines.push(row.json()?);
        if *name == "devices" {
            ensure!(octets < HEAVIEST, "the table page weighs {octets} octets");
        }
    }
    Ok(())
}

fn many(site: &Site, client: &Client, pages: &[Page], lines: &mut Vec<String>) -> Result<()> {
    tell(&Row::heading(&format!("{READERS} readers, each {} s a page", PAUSE.as_secs())));
    let before = site.processor()?;
    let heard = client.at_once(READERS, pages, (READING, PAUSE))?;
    let asked: usize = heard.iter().map(Sample::count).sum();
    let cpu = site.processor()?.saturating_sub(before) / u32::try_from(asked.max(1))?;
    let mut all = Sample::default();
    for ((name, _), sample) in pages.iter().zip(heard) {
        all.join(&sample);
        let row = Row { name, readers: READERS, first: None, octets: 0, cpu, sample };
        tell(&row.to_string());
        lines.push(row.json()?);
    }
    let row = Row { name: "all", readers: READERS, first: None, octets: 0, cpu, sample: all };
    tell(&row.to_string());
    lines.push(row.json()?);
    Ok(())
}

/// How long the first reader waits after somebody answered a finding.
fn changed(client: &Client, pages: &[Page]) -> Result<()> {
    let Some((_, finding)) = pages.iter().find(|(name, _)| *name == "finding") else {
        return Ok(());
    };
    let form = format!(
        "kind=answer&disposition=investigating&{}",
        finding(0).replace("/finding?id=", "finding=")
    );
    let said = client.post("/decisions", &form)?;
    ensure!(said.status == 303, "an answer: {}", said.status);
    let after = client.get("/findings")?;
    tell(&format!(
        "an answer to a finding: {:.0} ms, the page after it {:.0} ms",
        said.first.as_secs_f64() * 1e3,
        after.first.as_secs_f64() * 1e3
    ));
    Ok(())
}

fn files(site: &Site, client: &Client) -> Result<()> {
    let columns = "columns=name,number,declared,verdict,scope,class,ip,mac,network,vendor,model,serial,os,version,place,port,open,first,last";
    for file in ["devices.xlsx", "devices.csv"] {
        let (before, cpu) = (site.resident()?, site.processor()?);
        site.forget_peak()?;
        let answer = client.get(&format!("/devices/table/{file}?{columns}"))?;
        ensure!(answer.status == 200, "{file}: {}", answer.status);
        tell(&format!(
            "{file}: {} octets in {:.2} s, {:.2} s CPU, {} MiB more than before",
            answer.octets,
            answer.all.as_secs_f64(),
            site.processor()?.saturating_sub(cpu).as_secs_f64(),
            site.peak()?.saturating_sub(before) >> 20
        ));
    }
    Ok(())
}
