use super::diff::{Difference, How, Kind, diff};
use super::*;

fn content(rows: &[(&str, &[(&str, &str)])]) -> Content {
    let line = |fields: &[(&str, &str)]| {
        fields
            .iter()
            .map(|(name, value)| (Cow::Owned((*name).to_owned()), (*value).to_owned()))
            .collect()
    };
    let rows = rows.iter().map(|(key, fields)| ((*key).to_owned(), line(fields)));
    Content { form: FORM, rows: rows.collect(), ..Content::default() }
}

#[test]
fn what_came_went_and_changed_is_told_field_by_field() {
    let before = content(&[
        ("ME-1", &[("name", "CT"), ("ip", "10.0.0.1"), ("version", "1")]),
        ("ME-2", &[("name", "MRI")]),
    ]);
    let after =
        content(&[("ME-1", &[("name", "CT"), ("ip", "10.0.0.9")]), ("ME-3", &[("name", "NAS")])]);
    let found = diff(&before, &after);
    let said = |key: &str, name: &str, how| Difference {
        kind: Kind::Row,
        key: key.into(),
        about: key.into(),
        name: name.into(),
        how,
    };
    let field = |name: &str, a: &str, b: &str| How::Field(name.into(), a.into(), b.into());
    assert_eq!(
        found,
        [
            said("ME-1", "CT", field("ip", "10.0.0.1", "10.0.0.9")),
            said("ME-1", "CT", field("version", "1", "")),
            said("ME-2", "MRI", How::Went),
            said("ME-3", "NAS", How::Came),
        ]
    );
    assert_eq!(diff(&after, &after), []);
}

#[test]
fn a_difference_is_about_what_people_know_a_row_or_a_device_by() {
    let line = |name: &'static str, value: &str| Line::from([(name.into(), value.to_owned())]);
    let mut before = content(&[]);
    before.rows.insert("asset_number=a-1".into(), line("asset_number", "Ａ-1"));
    before.devices.insert("mac-020000000001".into(), line("name", "NAS-1"));
    for subject in ["asset_number=a-1", "mac-020000000001", "exception-7:due"] {
        before.findings.insert(format!("some_rule:{subject}"), line("rule", "some_rule"));
    }
    let found = diff(&before, &content(&[]));
    let about: Vec<&str> = found.iter().map(|one| one.about.as_str()).collect();
    assert_eq!(
        about,
        ["asset_number=Ａ-1", "mac-020000000001", "asset_number=Ａ-1", "exception-7:due", "NAS-1"]
    );
}

#[test]
fn the_same_content_is_the_same_json_and_comes_back_from_it() {
    let one = content(&[("b", &[("name", "乙"), ("ip", "1")]), ("a", &[("name", "甲")])]);
    let two = content(&[("a", &[("name", "甲")]), ("b", &[("ip", "1"), ("name", "乙")])]);
    let json = one.to_json().unwrap();
    assert_eq!(json, two.to_json().unwrap());
    assert!(json.starts_with(r#"{"books":{},"coverage":{}"#), "{json}");
    assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), one);
    assert_eq!(digest(&json).short().len(), 12);
    assert_eq!(one.digest().unwrap(), digest(&json));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value.to_string(), json, "keys stand in their order");
    assert_ne!(digest(&json), digest("{}"));
}

#[test]
fn a_snapshot_tells_verdicts_by_name_and_rows_of_one_number_apart() {
    let ledger =
        crate::book::read("台帳.csv", "管理番号,機器名\nME-1,CT\nME-1,MRI\n".as_bytes()).unwrap();
    let picture = crate::picture::of_scan(&[], &[], &ledger, &crate::fingerprint::Rows::default());
    let content = Content::of(&Matter {
        picture: &picture,
        ledger: &ledger,
        register: &Register::default(),
        coverage: &[],
        books: &BTreeMap::new(),
        rules: ("令和6年度", "00"),
        day: Day::new(2026, 4, 1).unwrap(),
    });
    assert_eq!(content.rows.len(), 2);
    for line in content.rows.values() {
        assert_eq!(line["verdict"], "cannot_tell");
        assert_eq!(line["state"], "in_use");
    }
}
