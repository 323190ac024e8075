//! `cargo screenshots`: pictures of the main pages, of the simulated hospital, for the documentation; and
//! of every page in every width, for whoever changes how pages look.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use daicho_collector::people::Role;
use fantoccini::Locator;
use serde_json::{Value, json};

use super::site::{PASSWORD, Site};
use super::{Browser, fetch, obstacle};

/// Width and height of the pictures in the documentation.
const SIZE: (u32, u32) = (1200, 800);
/// The same of a telephone.
const NARROW: (u32, u32) = (390, 844);
/// How far away a map is looked at, in halves.
const FAR: u32 = 3;
/// A4 at 96 dots an inch, upright.
const PRINTED: (u32, u32) = (794, 1123);
/// Octets of all pictures of the documentation together.
const MOST: u64 = 1_500_000;

/// A picture: what its file is called, and the page.
type Shot = (&'static str, &'static str);

/// What the documentation shows, in Japanese.
const JA: &[Shot] = &[
    ("start", "/"),
    ("findings", "/findings"),
    ("devices", "/devices?verdict=undocumented"),
    ("device", "first:/devices?verdict=undocumented"),
    ("map", "far:/map"),
    ("map-network", "far:/map?view=network"),
    ("ledger", "/ledger"),
];
/// And in English.
const EN: &[Shot] = &[("start", "/"), ("map", "far:/map")];

/// Every page.
const ALL: &[Shot] = &[
    ("start", "/"),
    ("findings", "/findings"),
    ("finding", "finding:/findings"),
    ("devices", "/devices"),
    ("device", "first:/devices"),
    ("map", "/map"),
    ("map-network", "/map?view=network"),
    ("map-fit", "/map?size=fit"),
    ("links", "/links"),
    ("ledger", "/ledger"),
    ("ledger-row", "row:/ledger"),
    ("import", "/ledger/import"),
    ("register", "/register"),
    ("register-edit", "/register/edit?kind=contract&id=c-1"),
    ("stocktaking", "/stocktaking"),
    ("stocktaking-round", "/stocktaking/2026-1"),
    ("scans", "/scans"),
    ("coverage", "/coverage"),
    ("reports", "/reports"),
    ("sites", "/sites"),
    ("settings", "/settings"),
    ("settings-network", "/settings/edit?kind=network"),
    ("settings-deny", "/settings/edit?kind=deny"),
    ("settings-credential", "/settings/edit?kind=credential"),
    ("settings-notify", "/settings/edit?kind=notify"),
    ("settings-general", "/settings/edit?kind=general"),
    ("guide", "/guide"),
    ("accounts", "/accounts"),
    ("account", "/account"),
    ("audit", "/audit"),
    ("nowhere", "/nowhere"),
];

/// How a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Screen,
    /// The same from farther away: a larger window in a picture of the same size.
    Far,
    Whole((u32, u32)),
    Print,
}

/// Makes the pictures of the documentation, or every page's into a folder.
///
/// # Errors
/// If there is no browser, or a page cannot be shown; and if the pictures are too large.
pub fn run(root: &Path, all: Option<&Path>) -> Result<()> {
    if let Some(why) = obstacle() {
        anyhow::bail!("{why}");
    }
    let site = Site::open(&[("sato", "佐藤 花子", Role::Administrator)], false)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let browser = Browser::open(SIZE).await?;
        let camera = Camera { site: &site, browser: &browser };
        camera.log_in().await?;
        match all {
            Some(folder) => camera.everything(folder).await?,
            None => camera.documentation(&root.join("docs/screenshots")).await?,
        }
        browser.close().await
    })
}

struct Camera<'c> {
    site: &'c Site,
    browser: &'c Browser,
}

impl Camera<'_> {
    async fn log_in(&self) -> Result<()> {
        let client = &self.browser.client;
        client.goto(&self.site.url("/login")).await?;
        for (field, value) in [("name", "sato"), ("password", PASSWORD)] {
            let css = format!("input[name={field}]");
            client.find(Locator::Css(&css)).await?.send_keys(value).await?;
        }
        client.find(Locator::Css("main button")).await?.click().await?;
        client.wait().for_element(Locator::Css("nav.groups")).await?;
        Ok(())
    }

    async fn documentation(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut octets = 0;
        for (lang, shots) in [("ja", JA), ("en", EN)] {
            for (name, page) in shots {
                let file = folder.join(format!("{name}.{lang}.png"));
                let (page, view) = match page.strip_prefix("far:") {
                    Some(page) => (page, View::Far),
                    None => (*page, View::Screen),
                };
                self.take(&file, (page, lang), view).await?;
                octets += fs::metadata(&file)?.len();
            }
        }
        ensure!(octets <= MOST, "{octets} octets of pictures are more than {MOST}");
        Ok(())
    }

    async fn everything(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let cookies = self.browser.cookies().await?;
        for sheet in ["a3", "a4"] {
            let (_, text) = fetch(self.site.address, &format!("/map.svg?sheet={sheet}"), &cookies)?;
            fs::write(folder.join(format!("map.{sheet}.svg")), text)?;
        }
        let views =
            [("wide", View::Whole(SIZE)), ("narrow", View::Whole(NARROW)), ("print", View::Print)];
        for (how, view) in views {
            for (name, page) in ALL {
                let file = folder.join(format!("{name}.{how}.png"));
                self.take(&file, (page, "ja"), view).await?;
            }
        }
        for (name, page) in ALL {
            let file = folder.join(format!("{name}.en.png"));
            self.take(&file, (page, "en"), View::Whole(SIZE)).await?;
        }
        Ok(())
    }

    /// The page's own address, where it is the first that a list leads to.
    async fn resolve(&self, page: &str) -> Result<String> {
        let (list, css) = match page.split_once(':') {
            Some(("first", list)) => (list, "td.name a"),
            Some(("finding", list)) => (list, "td.keep a"),
            Some(("row", list)) => (list, "td a[href^='/ledger/row']"),
            _ => return Ok(page.to_owned()),
        };
        self.browser.client.goto(&self.site.url(list)).await?;
        let link = self.browser.client.find(Locator::Css(css)).await?;
        link.attr("href").await?.context("a link that leads nowhere")
    }

    async fn take(&self, file: &Path, (page, lang): (&str, &str), view: View) -> Result<()> {
        let page = self.resolve(page).await?;
        let joint = if page.contains('?') { '&' } else { '?' };
        let (width, height) = match view {
            View::Screen => SIZE,
            View::Far => (SIZE.0 * FAR / 2, SIZE.1 * FAR / 2),
            View::Whole(size) => size,
            View::Print => PRINTED,
        };
        let media = if view == View::Print { "print" } else { "screen" };
        self.browser.command("Emulation.setEmulatedMedia", &json!({ "media": media }))?;
        self.browser.command(
            "Emulation.setDeviceMetricsOverride",
            &json!({
                "width": width, "height": height, "deviceScaleFactor": 1,
                "mobile": view == View::Whole(NARROW),
            }),
        )?;
        self.browser.client.goto(&self.site.url(&format!("{page}{joint}lang={lang}"))).await?;
        let whole = !matches!(view, View::Screen | View::Far);
        let taken = self.browser.command(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": whole, "clip": self.clip(view).await? }),
        )?;
        let text = taken.get("data").and_then(Value::as_str).context("no picture")?;
        fs::write(file, base64(text).context("a picture that is no base64")?)?;
        Ok(())
    }

    /// What of the page is taken: all of it, of one that never ends its beginning.
    async fn clip(&self, view: View) -> Result<Value> {
        let (width, height, scale) = match view {
            View::Screen => (SIZE.0, SIZE.1, 1.0),
            View::Far => (SIZE.0 * FAR / 2, SIZE.1 * FAR / 2, 2.0 / f64::from(FAR)),
            View::Whole(_) | View::Print => return self.all().await,
        };
        Ok(json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": scale }))
    }

    async fn all(&self) -> Result<Value> {
        let script = "const page = document.documentElement;
            return { x: 0, y: 0, width: page.scrollWidth, height: Math.min(page.scrollHeight, 4000), scale: 1 }";
        Ok(self.browser.client.execute(script, vec![]).await?)
    }
}

/// The octets of a base64 text (RFC 4648 §4); none if it is not one.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for octet in text.trim_end_matches('=').bytes() {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_rfc_4648_writes_it() {
        for (text, octets) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text).unwrap(), octets.as_bytes(), "{text}");
        }
        assert_eq!(base64("+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(base64("*"), None);
    }
}
