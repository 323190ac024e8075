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
    click(&visit, "form[action='/guide/network'] button").await;
    visit.there("form[action='/guide/code'] input[type=hidden][value=east]").await;
    click(&visit, "form[action='/guide/code'] button").await;
    visit.there("section.done code").await;
    let text = visit.text().await;
    assert!(text.contains("permit 10.20.0.0/24") && text.contains("--code "), "{text}");
    visit.clean("the first minutes");
    guided(&visit).await;
    visit.clean("the first steps");
}

/// What the guide says next and needs no second computer: the ledger is imported, with a column of which a
/// person says what it means.
async fn guided(visit: &Visit<'_>) {
    visit.goto("/").await;
    visit.there("main a[href='/guide']").await;
    import(visit).await;
    visit.goto("/guide").await;
    let done = "return document.querySelectorAll('.steps > .is-done').length";
    assert_eq!(visit.script(done).await, 3, "the administrator, the network and the ledger");
}

async fn import(visit: &Visit<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("台帳.csv");
    std::fs::write(&book, "管理番号,機器名,棚,IPアドレス\r\nA-1,受付端末,1F-8,10.20.0.9\r\n")
        .unwrap();
    visit.goto("/ledger/import").await;
    let file = visit.client().find(Locator::Css("input[type=file]")).await.unwrap();
    file.send_keys(book.to_str().unwrap()).await.unwrap();
    click(visit, "form[enctype] button").await;
    visit.there("select[aria-label='棚']").await;
    let column = visit.client().find(Locator::Css("select[aria-label='棚']")).await.unwrap();
    column.select_by_value("location").await.unwrap();
    click(visit, "main section form button").await;
    visit.there("select[aria-label='棚'] option[value=location][selected]").await;
    let text = visit.text().await;
    assert!(text.contains("追加 1"), "{text}");
    visit.goto("/ledger").await;
    assert!(!visit.text().await.contains("受付端末"), "nothing is kept before somebody says so");
    visit.client().back().await.unwrap();
    fill(visit, "input[name=why]", "初回").await;
    click(visit, "form.answer button").await;
    visit.there("td a").await;
    let text = visit.text().await;
    assert!(text.contains("受付端末") && text.contains("1F-8"), "{text}");
}

async fn click(visit: &Visit<'_>, css: &str) {
    visit.client().find(Locator::Css(css)).await.unwrap().click().await.unwrap();
}

async fn fill(visit: &Visit<'_>, css: &str, value: &str) {
    let field = visit.client().find(Locator::Css(css)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(value).await.unwrap();
}
