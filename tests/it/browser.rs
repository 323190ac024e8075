//! The pages in a real browser, as people use them: one collector with the simulated hospital in it, one
//! browser, one check after the other.
//!
//! Where there is no browser the test says `skipped: …` and passes, unless `CI` is set.

use std::time::{Duration, Instant};

use daicho_collector::people::Role;
use daicho_tests::browser::site::{PASSWORD, Site};
use daicho_tests::browser::{Browser, obstacle};
use fantoccini::{Client, Locator};

/// Answering a finding by keyboard alone.
mod keyboard;
/// The map.
mod map;
/// From nothing to the first pages.
mod first;
/// Every page in both languages.
mod pages;
/// Who sees what.
mod roles;

/// A wide window.
const WINDOW: (u32, u32) = (1200, 900);
/// For a page to come.
const PATIENCE: Duration = Duration::from_secs(20);

const PEOPLE: [(&str, &str, Role); 4] = [
    ("sato", "佐藤 花子", Role::Administrator),
    ("suzuki", "鈴木 一郎", Role::Operator),
    ("kansa", "監査 太郎", Role::Auditor),
    ("maker", "架空メディカル", Role::Vendor),
];

/// What the checks have.
struct Visit<'v> {
    site: &'v Site,
    browser: &'v Browser,
}

impl Visit<'_> {
    fn client(&self) -> &Client {
        &self.browser.client
    }

    async fn goto(&self, path: &str) {
        self.client().goto(&self.site.url(path)).await.unwrap();
    }

    /// Logs in as somebody, whoever was logged in before.
    async fn log_in(&self, name: &str) {
        self.client().delete_all_cookies().await.unwrap();
        self.goto("/login").await;
        let client = self.client();
        for (field, value) in [("name", name), ("password", PASSWORD)] {
            let input = client.find(Locator::Css(&format!("input[name={field}]"))).await.unwrap();
            input.send_keys(value).await.unwrap();
        }
        client.find(Locator::Css("main button")).await.unwrap().click().await.unwrap();
        self.there("nav.groups").await;
    }

    /// Waits until there is such an element.
    async fn there(&self, css: &str) {
        let waiting = self.client().wait().at_most(PATIENCE).for_element(Locator::Css(css));
        let found = waiting.await;
        assert!(found.is_ok(), "no {css}:\n{}", self.text().await);
    }

    /// What is read on the page.
    async fn text(&self) -> String {
        let body = self.client().find(Locator::Css("body")).await.unwrap();
        body.text().await.unwrap()
    }

    async fn script(&self, script: &str) -> serde_json::Value {
        self.client().execute(script, vec![]).await.unwrap()
    }

    /// Nothing was wrong, and nobody else was asked, since this was looked at before.
    fn clean(&self, at: &str) {
        let console = self.browser.console().unwrap();
        assert!(console.is_empty(), "{at}: {console:?}");
        let own = self.site.url("/");
        for url in self.browser.requested().unwrap() {
            // What a browser is made of itself (chrome:, about:, data:) is asked of nobody.
            let scheme = url.split(':').next().unwrap_or_default();
            let wired = matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp");
            assert!(!wired || url.starts_with(&own), "{at} asks {url}");
        }
    }
}

#[test]
fn people_of_every_role_do_their_work_in_a_real_browser() {
    if let Some(why) = obstacle() {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!ci, "skipped, though CI needs it: {why}");
        println!("skipped: {why}");
        return;
    }
    let begun = Instant::now();
    let site = Site::open(&PEOPLE, true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let browser = Browser::open(WINDOW).await.unwrap();
        let visit = Visit { site: &site, browser: &browser };
        let step = |name: &str| println!("{:>5.1} s  {name}", begun.elapsed().as_secs_f32());
        step("the site and the browser are up");
        keyboard::logs_in_and_answers(&visit).await;
        step("a finding was answered by keyboard");
        map::opens_and_closes(&visit).await;
        step("the map opens a fold");
        pages::are_clean_in_both_languages(&visit).await;
        step("every page in both languages");
        roles::see_their_own(&visit).await;
        step("roles by URL and API");
        first::leads_to_an_administrator(&visit).await;
        step("from nothing to the first administrator");
        browser.close().await.unwrap();
    });
}
