//! Every page that a link leads to, in both languages: no error on the console, nobody else asked, no name
//! of a device become markup, nothing wider than a telephone.

use std::collections::BTreeSet;

use fantoccini::Locator;

use super::Visit;

/// Pages that are looked at besides those of the menu.
const MORE: [&str; 12] = [
    "/account",
    "/settings/edit?kind=network",
    "/settings/edit?kind=notify",
    "/ledger/import",
    "/register/edit?kind=contract&id=c-1",
    "/stocktaking/2026-1",
    "/map?view=network",
    "/map?size=fit",
    "/findings?state=all",
    "/devices?q=script",
    "/finding?id=none",
    "/nowhere",
];

/// What reaches beyond the window.
const BEYOND: &str = "return [...document.querySelectorAll('body *')]
     .filter(it => it.getBoundingClientRect().right > 391 && !it.parentElement.closest('.wide, nav, .map'))
     .slice(0, 6).map(it => it.outerHTML.slice(0, 200))";

/// Width and height of a telephone.
const NARROW: (u32, u32) = (390, 844);

pub(super) async fn are_clean_in_both_languages(visit: &Visit<'_>) {
    visit.log_in("sato").await;
    visit.clean("logging in");
    let mut pages = menu(visit).await;
    assert!(pages.len() >= 10, "{pages:?}");
    pages.extend(MORE.map(str::to_owned));
    pages.extend(first_links(visit).await);
    for page in &pages {
        for lang in ["ja", "en"] {
            let joint = if page.contains('?') { '&' } else { '?' };
            let path = format!("{page}{joint}lang={lang}");
            visit.goto(&path).await;
            looks_right(visit, &path, lang).await;
        }
    }
    // Once more as narrow as a telephone: tables scroll inside their frame, the page does not.
    visit.client().set_window_size(NARROW.0, NARROW.1).await.unwrap();
    visit
        .browser
        .command(
            "Emulation.setDeviceMetricsOverride",
            &serde_json::json!({
                "width": NARROW.0, "height": NARROW.1, "deviceScaleFactor": 1, "mobile": true,
            }),
        )
        .unwrap();
    let mut too_wide = Vec::new();
    for page in &pages {
        visit.goto(page).await;
        let wide = visit.script("return document.documentElement.scrollWidth").await;
        if wide.as_u64().unwrap() > u64::from(NARROW.0) {
            let beyond = visit.script(BEYOND).await;
            too_wide.push(format!("{page} is {wide} wide, for {beyond}"));
        }
    }
    assert!(too_wide.is_empty(), "{}", too_wide.join("\n"));
    visit.browser.command("Emulation.clearDeviceMetricsOverride", &serde_json::json!({})).unwrap();
    visit.client().set_window_size(super::WINDOW.0, super::WINDOW.1).await.unwrap();
    visit.goto("/?lang=ja").await;
}

/// Every page of the menu, with the pages of its groups.
async fn menu(visit: &Visit<'_>) -> BTreeSet<String> {
    let mut pages = links(visit, "nav.groups a").await;
    for group in pages.clone() {
        visit.goto(&group).await;
        pages.extend(links(visit, "nav.pages a").await);
    }
    pages
}

/// The first page of each kind that lists lead to: a device, a finding, an observation; and one device
/// whose name is hostile.
async fn first_links(visit: &Visit<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (list, css) in [
        ("/devices", "td.name a"),
        ("/devices?q=script", "td.name a"),
        ("/devices?q=fdp", "td.name a"),
        ("/findings", "td.keep a"),
    ] {
        visit.goto(list).await;
        let first = links(visit, css).await.into_iter().next();
        found.push(first.unwrap_or_else(|| panic!("{list} leads nowhere")));
    }
    visit.goto(&found[1].clone()).await;
    found.extend(links(visit, ".evidence a").await.into_iter().next());
    found
}

async fn links(visit: &Visit<'_>, css: &str) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    for link in visit.client().find_all(Locator::Css(css)).await.unwrap() {
        links.extend(link.attr("href").await.unwrap());
    }
    links
}

async fn looks_right(visit: &Visit<'_>, path: &str, lang: &str) {
    let seen = visit
        .script(
            "return {
                lang: document.documentElement.lang,
                title: document.title,
                heading: document.querySelectorAll('h1').length,
                scripts: document.scripts.length,
                strange: document.querySelectorAll('img,iframe,object,embed,style,[onload],[onerror]').length,
                styles: [...document.styleSheets].map(sheet => sheet.href).join(' '),
                unnamed: [...document.querySelectorAll('input:not([type=hidden]),select,textarea')]
                    .filter(one => !one.labels.length && !one.getAttribute('aria-label')).length,
                buttons: [...document.querySelectorAll('button,a[href]')]
                    .filter(one => !one.textContent.trim() && !one.getAttribute('aria-label')).length,
                ids: [...document.querySelectorAll('[id]')].map(one => one.id)
                    .filter((id, at, all) => all.indexOf(id) !== at).join(' '),
            }",
        )
        .await;
    assert_eq!(seen["lang"], lang, "{path}");
    assert_ne!(seen["title"], "owned", "{path}");
    assert_eq!(seen["heading"], 1, "{path}: one first heading");
    assert_eq!(seen["scripts"], 0, "{path}: no script runs here");
    assert_eq!(seen["strange"], 0, "{path}: a name became markup");
    assert_eq!(seen["styles"], visit.site.url("/assets/daicho.css"), "{path}");
    assert_eq!(seen["unnamed"], 0, "{path}: a field without a label");
    assert_eq!(seen["buttons"], 0, "{path}: a link or button without a name");
    assert_eq!(seen["ids"], "", "{path}: an id twice");
    if path.starts_with("/nowhere") || path.starts_with("/finding?id=none") {
        // That there is no such page is all that the console tells of these.
        let console = visit.browser.console().unwrap();
        assert!(console.iter().all(|line| line.contains("404")), "{path}: {console:?}");
    }
    visit.clean(path);
}
