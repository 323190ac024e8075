//! Scans, splits, reports and the register on their pages.

use super::*;

/// Lets `3F` in, as the agents' door does.
pub(super) fn enrolled(running: &Running) {
    let (store, now) = (&running.site.store, crate::clock::now());
    let code = [1; 32];
    let until = now.after(std::time::Duration::from_hours(1));
    let new = crate::store::NewInvitation { agent: "3F".into(), code, until };
    store.admissions().invite(new, ("a".into(), now)).unwrap();
    let certificate = crate::store::NewCertificate { digest: [2; 32], issued_at: now, until };
    let key = daicho_common::batch::AgentKey::new([3; 32]);
    store.admissions().enrol(code, key, certificate).unwrap();
}

#[test]
fn a_scan_is_wanted_and_stopped_on_the_page_of_scans() {
    let running = running();
    enrolled(&running);
    let say = |headers: &str, form: &str| running.submit("/scans/say", headers, form).status;
    let quiet = running.get("/scans").body;
    assert!(quiet.contains("今すぐ走査") && !quiet.contains("http-equiv"), "{quiet}");
    assert_eq!(say("Sec-Fetch-Site: cross-site\r\n", "kind=scan&agent=3F"), 403);
    assert_eq!(say("", "kind=scan&agent=4F"), 422, "nobody of this name");
    assert_eq!(say("", "kind=scan&agent=3F"), 303);
    let waiting = running.get("/scans").body;
    assert!(waiting.contains("待機中") && waiting.contains("http-equiv=\"refresh\""), "{waiting}");
    assert_eq!(say("", "kind=stop&agent=3F"), 303);
    assert!(running.get("/scans").body.contains("途中で終了"));
}

#[test]
fn a_split_is_told_on_the_pages_of_both_devices_until_it_is_withdrawn() {
    let running = with_findings();
    let key = |host: u8| {
        format!(
            "%7B%22address%22%3A%7B%22network%22%3A%22%E7%97%85%E6%A3%9F3F%22%2C%22ip%22%3A%2210.20.0.{host}%22%7D%7D"
        )
    };
    let page =
        |host: u8| running.get(&format!("/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.{host}")).body;
    let form = format!("kind=split&a={}&b={}&why=y", key(1), key(2));
    assert_eq!(running.say("", &form).status, 303);
    for (host, other) in [(1, 2), (2, 1)] {
        let page = page(host);
        assert!(page.contains("とは別の機器と判断（佐藤"), "{page}");
        assert!(
            page.contains(&format!("href=\"/devices/ip-%E7%97%85%E6%A3%9F3F-10.20.0.{other}\""))
        );
    }
    assert_eq!(running.say("", "kind=withdraw&decision=1").status, 303);
    assert!(!page(1).contains("とは別の機器と判断（"));
}

#[test]
fn every_report_is_loaded_from_the_page_of_reports_in_both_languages() {
    let running = with_findings();
    let text = include_str!("../../../../config/register/sample.toml");
    let register = crate::register::Register::parse(text).unwrap();
    let said = By::here("x".to_owned(), crate::clock::now());
    running.site.store.keep_register(register, said, "y".into()).unwrap();
    for lang in ["ja", "en"] {
        let page = running.get(&format!("/reports?lang={lang}")).body;
        let links: Vec<&str> = page
            .split("href=\"/reports/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(links.len() > 30, "{page}");
        for link in links {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let answer = running.get(&format!("/reports/{link}"));
            assert_eq!(answer.status, 200, "{link} {}", answer.body);
            assert!(
                answer.head.to_lowercase().contains("content-disposition: attachment"),
                "{link}"
            );
        }
    }
    for missing in ["/reports/nothing.pdf", "/reports/devices.exe", "/reports/devices.svg"] {
        assert_eq!(running.get(missing).status, 404, "{missing}");
    }
    assert_eq!(running.get("/reports/changes.pdf").status, 422);
    assert_eq!(running.get("/reports/vendor.csv?contract=x").status, 422);
}

#[test]
fn a_record_is_added_changed_and_taken_out_on_the_page_of_the_register_with_who_and_why() {
    let running = with_findings();
    let keep = |text: &str, headers: &str| {
        let record: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        running
            .submit(
                "/register",
                headers,
                &format!("action=keep&record={record}&why=y&back=/register"),
            )
            .status
    };
    let party =
        |name: &str| format!("[[party]]\nid = \"a\"\nname = \"{name}\"\nroles = [\"maker\"]\n");
    assert_eq!(keep(&party("架空<b>"), ""), 303);
    let page = running.get("/register").body;
    assert!(page.contains("架空&#60;b&#62;") && !page.contains("架空<b>"), "{page}");
    assert_eq!(keep(&party("無二工業"), ""), 303);
    assert!(running.get("/register").body.contains("無二工業"));
    for bad in
        ["", "x", "[[party]]\nid = \"\"\nname = \"n\"\nroles = []", &(party("a") + &party("b"))]
    {
        assert_eq!(keep(bad, ""), 422, "{bad}");
    }
    assert_eq!(keep(&party("c"), "Sec-Fetch-Site: cross-site\r\n"), 403);
    let remove = "action=remove&kind=party&id=a&why=z&back=/register";
    assert_eq!(running.submit("/register", "", remove).status, 303);
    let history = running.site.store.register_history(Some("a")).unwrap();
    let whys: Vec<&str> = history.iter().map(|version| version.why.as_str()).collect();
    assert_eq!(whys, ["y", "y", "z"]);
    assert!(!running.get("/register").body.contains("無二工業"));
}
