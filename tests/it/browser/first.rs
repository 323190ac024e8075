//! The first minutes: a collector in which there is nothing, its code, the first administrator, and what
//! the first pages say to do next.

use daicho_tests::browser::site::{PASSWORD, Site};
use fantoccini::Locator;

use super::Visit;

pub(super) async fn leads_to_an_administrator(visit: &Visit<'_>) {
    let site = Site::empty().unwrap();
    let visit = Visit { site: &site, browser: visit.browser };
    // What was asked of the other collector is no concern here.
    visit.browser.requested().unwrap();
    visit.client().delete_all_cookies().await.unwrap();
    visit.goto("/").await;
    assert_eq!(visit.client().current_url().await.unwrap().path(), "/setup");
    let form = [("code", site.code.as_deref().unwrap()), ("name", "sato"), ("called", "佐藤 花子")];
    for (field, value) in form {
        fill(&visit, &format!("input[name={field}]"), value).await;
    }
    for field in visit.client().find_all(Locator::Css("input[type=password]")).await.unwrap() {
        field.send_keys(PASSWORD).await.unwrap();
    }
    visit.client().find(Locator::Css("main button")).await.unwrap().click().await.unwrap();
    visit.there("nav.groups").await;
    for page in ["/", "/map", "/map?view=network", "/devices", "/ledger", "/findings", "/scans"] {
        visit.goto(page).await;
        let text = visit.text().await;
        assert!(text.contains("佐藤 花子"), "{page}: {text}");
    }
    // What is asked at the agent's machine is one line; everything before it is said on pages.
    visit.goto("/guide").await;
    for (field, value) in [("cidr", "10.20.0.0/24"), ("network", "3F"), ("agent", "east")] {
        fill(&visit, &format!("form[action='/guide/network'] input[name={field}]"), value).await;
    }
    press(&visit, "form[action='/guide/network'] button").await;
    visit.there("form[action='/guide/code'] input[type=hidden][value=east]").await;
    press(&visit, "form[action='/guide/code'] button").await;
    visit.there("section.done code").await;
    let text = visit.text().await;
    assert!(text.contains("permit 10.20.0.0/24") && text.contains("--code "), "{text}");
    visit.clean("the first minutes");
}

async fn press(visit: &Visit<'_>, css: &str) {
    visit.client().find(Locator::Css(css)).await.unwrap().click().await.unwrap();
}

async fn fill(visit: &Visit<'_>, css: &str, value: &str) {
    let field = visit.client().find(Locator::Css(css)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(value).await.unwrap();
}
