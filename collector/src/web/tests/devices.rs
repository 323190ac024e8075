//! The table of devices: what fits, in which order, with which columns; saved views, files, and many
//! devices at once.

use super::*;
use crate::people::log::Deed;
use crate::words::phrase;

/// What the page shows of the sample hospital, by the names in its rows, in their order.
fn shown(running: &Running, query: &str) -> Vec<&'static str> {
    let body = running.get(&format!("/devices?{query}")).body;
    let names = [
        ("MFP-3F</a>", "MFP"),
        ("NURSE-04</a>", "NURSE"),
        ("onerror=alert(1)&#62;</a>", "hostile"),
    ];
    let mut found: Vec<(usize, &str)> =
        names.iter().filter_map(|(text, name)| Some((body.find(text)?, *name))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn verdicts_are_told_in_the_order_of_their_names() {
    let told: Vec<&str> = phrase::VERDICTS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(told, crate::reconcile::Verdict::NAMES);
}

#[test]
fn words_are_found_in_every_spelling_and_all_have_to_be_there() {
    let running = showing();
    let encoded = |text: &str| super::page::encoded(text);
    for word in ["ﾅｰｽｽﾃｰｼｮﾝ", "なーすすてーしょん", "ナースステーション", "ＮＵＲＳＥ－０４　ﾅｰｽ"]
    {
        let found = shown(&running, &format!("q={}", encoded(word)));
        assert!(found.contains(&"NURSE"), "{word}: {found:?}");
    }
    assert_eq!(shown(&running, "q=NURSE%20mfp"), [""; 0]);
    for mac in ["00-1A-2B-00-00-08", "001a.2b00.0008", "001A2B000008", "2b:00:00:08"] {
        assert_eq!(shown(&running, &format!("q={mac}")), ["NURSE"], "{mac}");
    }
    assert_eq!(shown(&running, "q=10.20.0.8"), ["NURSE"]);
    assert_eq!(shown(&running, "q=10.20.0.0%2F29").len(), 1, "a network holds the printer alone");
    // What the ledger says of it is sought too.
    assert_eq!(shown(&running, &format!("q={}", encoded("端末4"))), ["NURSE"]);
}

#[test]
fn rows_are_sorted_by_any_column_both_ways_and_the_heading_says_so() {
    let running = showing();
    let up = shown(&running, "sort=ip");
    let mut down = shown(&running, "sort=-ip");
    assert_eq!(up, ["MFP", "NURSE", "hostile"]);
    down.reverse();
    assert_eq!(up, down);
    for column in crate::roster::Column::ALL {
        let body = running.get(&format!("/devices?columns={0}&sort={0}", column.name())).body;
        assert!(body.contains("aria-sort=\"ascending\""), "{column:?}");
        assert!(body.contains(&format!("sort=-{}", column.name())), "{column:?}");
    }
}

#[test]
fn filters_count_what_fits_all_else_that_was_asked() {
    let running = showing();
    let body = running.get("/devices?verdict=undocumented").body;
    // Other verdicts are counted as if none was chosen, classes only of what is shown.
    assert!(
        body.contains("<option value=\"undocumented\" selected>未登録機器 (1)</option>"),
        "{body}"
    );
    assert!(body.contains("<option value=\"differs\">相違 (1)</option>"), "{body}");
    assert!(!body.contains("<option value=\"pc\""), "{body}");
    let body = running.get("/devices?vendor=%E3%83%AA%E3%82%B3%E3%83%BC&q=nothing").body;
    assert!(body.contains("selected>リコー (0)</option>"), "{body}");
}

#[test]
fn columns_are_chosen_by_boxes_and_kept_in_links() {
    let running = showing();
    let body = running.get("/devices?q=mfp&column=name&column=serial&column=place").body;
    assert!(
        body.contains("3F ナースステーション") && !body.contains("<td class=\"mono\">10.20."),
        "{body}"
    );
    assert!(
        body.contains("/devices/table/devices.csv?q=mfp&#38;columns=name%2Cserial%2Cplace"),
        "{body}"
    );
    assert!(body.contains("name=\"column\" value=\"place\" checked"));
    assert!(body.contains("name=\"column\" value=\"mac\">"));
}

#[test]
fn a_file_has_what_is_seen_and_nothing_that_runs_and_is_kept_in_the_log() {
    let running = showing();
    let query = "verdict=differs&columns=name,ip,verdict";
    let csv = running.get(&format!("/devices/table/devices.csv?{query}"));
    assert_eq!(csv.status, 200);
    assert_eq!(csv.body, "\u{feff}名前,IPアドレス,判定\r\nNURSE-04,10.20.0.8,相違\r\n");
    let log = running.site.store.log_rows(u64::MAX, 1).unwrap();
    assert_eq!(log[0].deed, Deed::Exported.name());
    assert!(log[0].about.contains("devices.csv?verdict=differs"), "{}", log[0].about);
    let all = running.get("/devices/table/devices.csv").body;
    assert_eq!(all.lines().count(), 4);
    let xlsx = running.get(&format!("/devices/table/devices.xlsx?{query}"));
    assert!(xlsx.status == 200 && xlsx.head.contains("daicho-devices.xlsx"));
    assert_eq!(running.get("/devices/table/findings.csv").status, 404);
    for list in ["ledger", "findings"] {
        let file = running.get(&format!("/{list}/table/{list}.csv"));
        assert!(file.status == 200 && file.body.lines().count() > 1, "{list} {}", file.body);
    }
}

#[test]
fn a_file_in_shift_jis_is_only_made_once_the_reader_knows_what_it_loses() {
    let running = showing();
    let (ground, mut picture) = sample();
    let device = picture.devices.iter_mut().find(|one| one.id.0 == "mac-001a2b000008").unwrap();
    device.names[0].value = "𠮷田の端末".into();
    running.site.present.put(Arc::new(Snapshot::of(ground, picture, crate::clock::now())));
    let query = "/devices/table/devices.csv?encoding=cp932&columns=name,ip";
    let told = running.get(query);
    assert_eq!(told.status, 422);
    assert!(told.body.contains("𠮷田の端末") && told.body.contains("U+20BB7"), "{}", told.body);
    assert!(
        !running.site.store.log_rows(u64::MAX, 9).unwrap().iter().any(|row| row.deed == "exported")
    );
    assert_eq!(running.get(&format!("{query}&lossy=yes")).status, 200);
    assert_eq!(running.get(&format!("{query}&q=mfp")).status, 200, "nothing of it would be lost");
}

#[test]
fn a_view_is_saved_and_shared_and_a_vendor_sees_none_of_others() {
    let running = showing();
    let other = Visitor::new(&running.site, Role::Operator, None);
    let vendor = Visitor::new(&running.site, Role::Vendor, Some("a"));
    let save = |visitor: &Visitor, form: &str| {
        running.form_as(visitor, "/devices/views", &format!("kind=keep&{form}")).status
    };
    let query = "query=verdict%3Dundocumented%26columns%3Dname%2Cip";
    assert_eq!(save(&running.visitor, &format!("name=mine&{query}")), 303);
    assert_eq!(save(&running.visitor, &format!("name=ours&shared=yes&{query}")), 303);
    assert_eq!(save(&vendor, &format!("name=theirs&{query}")), 303);
    assert_eq!(save(&vendor, &format!("name=all&shared=yes&{query}")), 422, "it may not share");
    assert_eq!(save(&other, "name=&query="), 422);
    let views = |visitor: &Visitor| {
        let body = running.get_as(visitor, "/devices", "").body;
        ["mine", "ours", "theirs"].map(|name| body.contains(&format!("columns=name%2Cip\">{name}")))
    };
    assert_eq!(views(&running.visitor), [true, true, false]);
    assert_eq!(views(&other), [false, true, false]);
    assert_eq!(views(&vendor), [false, false, true]);
    let remove = |visitor: &Visitor, id: i64| {
        running.form_as(visitor, "/devices/views", &format!("kind=remove&view={id}")).status
    };
    assert_eq!(remove(&other, 2), 422);
    assert_eq!(remove(&running.visitor, 2), 303);
    assert_eq!(views(&other), [false; 3]);
    let log = running.site.store.log_rows(u64::MAX, usize::MAX).unwrap();
    assert_eq!(log.iter().filter(|row| row.deed == Deed::ViewKept.name()).count(), 3);
}

/// The digest that a page of review asks to confirm.
fn digest(page: &Answer) -> String {
    let at = page.body.find("name=\"confirm\" value=\"").unwrap_or_else(|| panic!("{}", page.body));
    page.body[at..].split('"').nth(3).unwrap().to_owned()
}

#[test]
fn findings_of_chosen_devices_are_answered_together_after_a_look_at_what_that_is() {
    let running = with_findings();
    let say = |form: &str| running.submit("/devices/bulk", "", form);
    assert_eq!(say("kind=answer&query=").status, 422, "nobody was chosen");
    let review = say("kind=answer&all=yes&query=");
    assert!(review.status == 200 && review.body.contains("機器 2 台"), "{}", review.body);
    let kept = || running.site.store.ground().unwrap().decisions.len();
    assert_eq!(kept(), 0, "a look changes nothing");
    let confirm = digest(&review);
    let said = |rest: &str| say(&format!("kind=answer&all=yes&query=&confirm={confirm}&{rest}"));
    assert_eq!(said("").status, 422, "it says nothing");
    assert_eq!(said("disposition=approved").status, 422, "an approval has to say why");
    assert_eq!(kept(), 0);
    // Another choice is another thing to confirm.
    let other =
        format!("kind=answer&device=ip-%E7%97%85%E6%A3%9F3F-10.20.0.1&confirm={confirm}&owner=x");
    let changed = say(&other);
    assert!(changed.status == 422 && changed.body.contains("もう一度確認"), "{}", changed.body);
    assert_eq!(kept(), 0);
    let done = said("disposition=investigating&owner=ME&due=2027-01-31&why=w");
    assert!(done.status == 303 && done.head.contains("done="), "{}", done.head);
    assert!(kept() >= 2);
    assert!(running.get("/devices?done=2").body.contains("2 件を記録しました"));
    // What was confirmed then is no longer what is there only if the facts changed; these did not.
    assert_eq!(said("owner=ME2").status, 303);
}

#[test]
fn scopes_are_decided_and_registration_is_asked_for_in_bulk() {
    let running = with_findings();
    let say = |form: &str| running.submit("/devices/bulk", "", form);
    let confirm = digest(&say("kind=scope&all=yes&query="));
    let form = format!("kind=scope&all=yes&query=&confirm={confirm}");
    assert_eq!(say(&form).status, 422, "no scope was chosen");
    assert_eq!(say(&format!("{form}&scope=outside&why=y")).status, 303);
    let page = running.get("/devices?scope=outside").body;
    assert!(page.contains("対象外 (2)"), "{page}");
    let confirm = digest(&say("kind=request&all=yes&query=scope%3Doutside"));
    let form = format!("kind=request&all=yes&query=scope%3Doutside&confirm={confirm}");
    assert_eq!(say(&form).status, 422, "nobody is asked");
    assert_eq!(say(&format!("{form}&owner=ME")).status, 303);
    let body = running.get("/findings?owner=ME").body;
    assert!(body.contains("10.20.0.1") && body.contains("10.20.0.2"), "{body}");
    let decided = running.site.store.ground().unwrap().decisions;
    assert!(decided.last().unwrap().why.contains("台帳への登録を依頼"), "{decided:?}");
}

#[test]
fn who_may_not_decide_decides_nothing_in_bulk_either() {
    let running = with_findings();
    for (role, party) in [(Role::Vendor, Some("a")), (Role::Auditor, None), (Role::Approver, None)]
    {
        let visitor = Visitor::new(&running.site, role, party);
        for form in ["kind=scope&all=yes&query=", "kind=answer&all=yes&query=&disposition=approved"]
        {
            assert_eq!(running.form_as(&visitor, "/devices/bulk", form).status, 403, "{role:?}");
        }
    }
    // A vendor without a device of its own has none to choose, whatever it names.
    let vendor = Visitor::new(&running.site, Role::Vendor, Some("a"));
    let form = "kind=answer&device=ip-%E7%97%85%E6%A3%9F3F-10.20.0.1&owner=x";
    assert_eq!(running.form_as(&vendor, "/devices/bulk", form).status, 422);
    assert!(running.site.store.ground().unwrap().decisions.is_empty());
}
