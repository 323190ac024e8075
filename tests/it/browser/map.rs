//! The map: a fold opens and closes by its link, boxes lead to devices, and the files stand alone.

use daicho_tests::browser::fetch;
use fantoccini::Locator;

use super::Visit;

pub(super) async fn opens_and_closes(visit: &Visit<'_>) {
    visit.log_in("sato").await;
    visit.goto("/map").await;
    let boxes = "return document.querySelectorAll('.map .b').length";
    let before = visit.script(boxes).await.as_u64().unwrap();
    assert!(before > 5, "{before} boxes");
    assert_ne!(visit.script("return document.querySelectorAll('.map .unknown').length").await, 0);
    let fold = visit.client().find(Locator::Css(".map g.network a[id^=f-]")).await.unwrap();
    let id = fold.attr("id").await.unwrap().unwrap();
    // As a keyboard would: a link in the drawing takes the focus.
    visit.script(&format!("document.getElementById({id:?}).focus()")).await;
    assert_eq!(visit.script("return document.activeElement.id").await, id);
    fold.click().await.unwrap();
    let open = format!(".map [id={id:?}][href^=\"/map#\"]");
    visit.there(&open).await;
    let after = visit.script(boxes).await.as_u64().unwrap();
    assert!(after > before, "{before} boxes and then {after}");
    let rows = visit.script("return document.querySelectorAll('details tbody tr').length").await;
    assert_eq!(rows.as_u64(), Some(after), "a row for each box");
    let same = visit
        .script(
            "const shown = [...document.querySelectorAll('.map g.device a[href^=\"/devices/\"]')];
             return shown.length > 0 && shown.every(a => [...document.querySelectorAll('td.name a')]
                 .some(row => row.getAttribute('href') === a.getAttribute('href')))",
        )
        .await;
    assert_eq!(same, true, "the table leads where the picture does");
    visit.client().find(Locator::Css(&open)).await.unwrap().click().await.unwrap();
    visit.there(&format!(".map [id={id:?}][href^=\"/map?open=\"]")).await;
    assert_eq!(visit.script(boxes).await.as_u64(), Some(before));
    visit.goto("/map?view=network").await;
    let networks = visit.script("return document.querySelectorAll('.map g.range').length").await;
    assert!(networks.as_u64().unwrap() >= visit.site.hospital.declared().count() as u64);
    stands_alone(visit).await;
    visit.clean("the map");
}

/// A file has no link, no script and nothing to fetch, and is a picture of the size of a paper.
async fn stands_alone(visit: &Visit<'_>) {
    for path in ["/map.svg?sheet=a3", "/map.svg?sheet=a4&view=network", "/map.svg"] {
        let seen = ask(visit, path).await;
        assert_eq!(seen["root"], "svg", "{path}: {seen}");
        assert_eq!(seen["wrong"], 0, "{path}: {seen}");
        assert!(seen["texts"].as_u64().unwrap() > 20, "{path}: {seen}");
    }
}

/// A file as its reader gets it, parsed by the browser; without its style, which the page that parses it
/// here does not allow.
async fn ask(visit: &Visit<'_>, path: &str) -> serde_json::Value {
    let cookies = visit.browser.cookies().await.unwrap();
    let (head, text) = fetch(visit.site.address, path, &cookies).unwrap();
    assert!(head.contains("content-type: image/svg+xml; charset=utf-8"), "{path}: {head}");
    assert!(head.contains("content-disposition: attachment"), "{path}: {head}");
    let parse = "const bare = arguments[0].replace(/<style>[^<]*<\\/style>/, '');
         const page = new DOMParser().parseFromString(bare, 'image/svg+xml');
         return {
             root: page.documentElement.nodeName,
             wrong: page.querySelectorAll('parsererror,script,style,a,image,use,foreignObject').length,
             texts: page.querySelectorAll('text').length,
         }";
    visit.client().execute(parse, vec![text.into()]).await.unwrap()
}
