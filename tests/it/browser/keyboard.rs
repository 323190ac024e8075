//! Logging in and answering a finding with nothing but a keyboard.

use daicho_tests::browser::site::PASSWORD;
use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

use super::Visit;

/// Presses of the tab key before something is held to be out of reach.
const FAR: usize = 120;

pub(super) async fn logs_in_and_answers(visit: &Visit<'_>) {
    visit.goto("/findings?severity=high").await;
    // The first field has the focus.
    write(visit, "sato").await;
    press(visit, Key::Tab).await;
    write(visit, PASSWORD).await;
    press(visit, Key::Enter).await;
    visit.there("input[name=finding]").await;
    assert!(visit.client().current_url().await.unwrap().path() == "/findings", "led back");
    // The first thing that the tab key reaches leads past the menu.
    press(visit, Key::Tab).await;
    let first = visit.script("return document.activeElement.getAttribute('href')").await;
    assert_eq!(first, "#main");
    let shown =
        visit.script("return document.activeElement.getBoundingClientRect().left >= 0").await;
    assert_eq!(shown, true, "what has the focus is in sight");
    press(visit, Key::Enter).await;
    reach(visit, "input[type=checkbox][name=finding]").await;
    let outlined = "return getComputedStyle(document.activeElement).outlineStyle !== 'none'";
    assert_eq!(visit.script(outlined).await, true, "the focus is seen");
    let id = visit.script("return document.activeElement.value").await;
    write(visit, " ").await;
    reach(visit, "select[name=disposition]").await;
    let choose =
        "return [...document.activeElement.options].findIndex(o => o.value === 'investigating')";
    let down = visit.script(choose).await.as_u64().unwrap();
    for _ in 0..down {
        press(visit, Key::Down).await;
    }
    reach(visit, "input[name=why]").await;
    write(visit, "キーボードで確認").await;
    press(visit, Key::Enter).await;
    visit.there("form.filter").await;
    visit.goto(&format!("/finding?id={}", encoded(id.as_str().unwrap()))).await;
    let text = visit.text().await;
    assert!(text.contains("キーボードで確認") && text.contains("佐藤 花子"), "{text}");
    visit.clean("answering by keyboard");
}

fn encoded(id: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    let one = |octet: u8| {
        if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") }
    };
    id.bytes().map(one).collect()
}

/// Goes on with the tab key until such an element has the focus.
async fn reach(visit: &Visit<'_>, css: &str) {
    for _ in 0..FAR {
        press(visit, Key::Tab).await;
        let there = format!("return document.activeElement.matches({css:?})");
        if visit.script(&there).await == true {
            return;
        }
    }
    panic!("{css} is out of reach");
}

async fn press(visit: &Visit<'_>, key: Key) {
    keys(visit, &[key.into()]).await;
}

async fn write(visit: &Visit<'_>, text: &str) {
    keys(visit, &text.chars().collect::<Vec<char>>()).await;
}

/// Keys as a keyboard gives them, to whatever has the focus.
async fn keys(visit: &Visit<'_>, keys: &[char]) {
    let mut actions = KeyActions::new("keyboard".into());
    for key in keys {
        actions = actions.then(KeyAction::Down { value: *key }).then(KeyAction::Up { value: *key });
    }
    visit.client().perform_actions(actions).await.unwrap();
    // Whatever the keys led to is there when the next script is answered.
    let _ = visit.client().find(Locator::Css("body")).await;
}
