//! Who sees what, by the pages, by URL and by the programs' interface.

use super::Visit;

/// Pages and files about the whole network, and what only some people may open.
const SURVEY: [&str; 7] =
    ["/map", "/map.svg", "/links", "/coverage", "/scans", "/register", "/api/v1/links"];

pub(super) async fn see_their_own(visit: &Visit<'_>) {
    visit.log_in("maker").await;
    let menu = visit
        .script("return [...document.querySelectorAll('nav a')].map(a => a.pathname).join(' ')");
    assert_eq!(menu.await, "/ /findings /devices /ledger /reports");
    visit.goto("/devices").await;
    let rows = visit.script("return document.querySelectorAll('tbody tr').length").await;
    assert_eq!(rows, 1, "the device of its contract");
    for path in ["/", "/devices", "/ledger", "/findings?state=all", "/api/v1/devices"] {
        visit.goto(path).await;
        let text = visit.text().await;
        for other in ["<script", "fdp.exe", "長長長"] {
            assert!(!text.contains(other), "{path} tells a vendor of {other}\n{text}");
        }
    }
    for path in SURVEY.into_iter().chain(["/accounts", "/audit", "/audit.csv"]) {
        refused(visit, path, 403).await;
    }
    visit.log_in("kansa").await;
    visit.goto("/findings").await;
    let forms = "return document.querySelectorAll('main form[method=post]').length";
    assert_eq!(visit.script(forms).await, 0, "an auditor changes nothing");
    visit.goto("/map").await;
    visit.there(".map svg").await;
    refused(visit, "/accounts", 403).await;
    visit.log_in("suzuki").await;
    refused(visit, "/audit", 403).await;
    // Nobody in particular is led to where one logs in, and is told nothing.
    visit.client().delete_all_cookies().await.unwrap();
    for path in ["/", "/map", "/devices"] {
        visit.goto(path).await;
        assert_eq!(visit.client().current_url().await.unwrap().path(), "/login", "{path}");
    }
    refused(visit, "/api/v1/devices", 401).await;
    // What the console says of all this is that it was refused.
    let console = visit.browser.console().unwrap();
    assert!(console.iter().all(|line| line.contains("40")), "{console:?}");
}

async fn refused(visit: &Visit<'_>, path: &str, status: u64) {
    visit.goto(path).await;
    let got = "return performance.getEntriesByType('navigation')[0].responseStatus";
    assert_eq!(visit.script(got).await.as_u64(), Some(status), "{path}");
}
