use super::*;

#[test]
fn every_heading_means_the_field_it_stands_under() {
    let columns = Columns::released().unwrap();
    let written: Written = toml::from_str(RELEASED).unwrap();
    let mut seen = 0;
    for (field, headings) in &written.headings {
        for (heading, weak) in headings
            .names
            .iter()
            .map(|name| (name, false))
            .chain(headings.weak.iter().map(|name| (name, true)))
        {
            assert_eq!(
                columns.meaning(heading),
                Some(Meaning { field: *field, weak }),
                "{heading}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, columns.headings().count());
    assert_eq!(written.headings.len(), 22, "a field has no headings");
}

#[test]
fn headings_as_hospitals_write_them_are_understood() {
    let columns = Columns::released().unwrap();
    for (heading, field) in [
        ("ＩＰアドレス", Some(Field::Ip)),
        ("IPｱﾄﾞﾚｽ", Some(Field::Ip)),
        ("IP\nアドレス", Some(Field::Ip)),
        ("IPアドレス１", Some(Field::Ip)),
        ("IPアドレス②", Some(Field::Ip)),
        ("IPアドレス（固定）", Some(Field::Ip)),
        ("MACアドレス(有線)", Some(Field::Mac)),
        ("ＭＡＣ", Some(Field::Mac)),
        ("MACアドレス 無線", Some(Field::Mac)),
        ("ネットワーク情報 MACアドレス", Some(Field::Mac)),
        ("設置場所（棟・階）", Some(Field::Location)),
        ("ME No.", Some(Field::AssetNumber)),
        ("管理番号※必須", Some(Field::AssetNumber)),
        ("№", Some(Field::AssetNumber)),
        ("S/N", Some(Field::Serial)),
        ("F/W", Some(Field::Version)),
        ("ﾒｰｶｰ", Some(Field::Vendor)),
        ("保守 業者", Some(Field::Maintainer)),
        ("ネットワーク IPアドレス", Some(Field::Ip)),
        ("保守業者 担当者", Some(Field::Maintainer)),
        ("リモート保守 IPアドレス", None),
        ("電話番号", None),
        ("", None),
        ("1", None),
    ] {
        assert_eq!(columns.meaning(heading).map(|meaning| meaning.field), field, "{heading}");
    }
}

#[test]
fn a_heading_under_two_fields_is_refused() {
    let twice = RELEASED.replacen("\"管理番号\",", "\"管理番号\", \"ホスト名\",", 1);
    let error = Columns::parse(&twice).unwrap_err();
    assert_eq!(
        error,
        BadColumns::HeadingTwice {
            heading: "ホスト名".to_owned(),
            first: Field::AssetNumber,
            second: Field::HostName
        }
    );
}

#[test]
fn an_unknown_key_and_an_empty_heading_are_refused() {
    let unknown = RELEASED.replacen("[notes]", "[notes]\nbegins = []", 1);
    assert!(matches!(Columns::parse(&unknown), Err(BadColumns::Syntax(_))));
    let empty = RELEASED.replacen("\"管理番号\",", "\"・\",", 1);
    assert_eq!(Columns::parse(&empty).unwrap_err(), BadColumns::HeadingEmpty("・".to_owned()));
}

#[test]
fn words_of_state_are_found_inside_a_cell_and_the_longest_wins() {
    let columns = Columns::released().unwrap();
    for (cell, state) in [
        ("使用中", Some(State::InUse)),
        ("稼働中（夜間のみ）", Some(State::InUse)),
        ("予備機", Some(State::Spare)),
        ("使用停止", Some(State::Stopped)),
        ("修理中", Some(State::Stopped)),
        ("使用不可", Some(State::Stopped)),
        ("廃棄済み", Some(State::Retired)),
        ("R6.3.31 廃棄", Some(State::Retired)),
        ("撤去", Some(State::Retired)),
        ("リース返却済", Some(State::Retired)),
        ("廃棄予定", Some(State::InUse)),
        ("滅失なし", Some(State::InUse)),
        ("Inactive", Some(State::Stopped)),
        ("確認中", None),
    ] {
        assert_eq!(columns.state(cell), state, "{cell}");
    }
}

#[test]
fn a_remark_declares_offline_only_where_it_says_so() {
    let columns = Columns::released().unwrap();
    for remark in [
        "スタンドアロン",
        "スタンドアロンで運用",
        "R5購入、ネットワーク未接続",
        "オフライン（USBで取出し）",
    ] {
        assert!(columns.remark_says_offline(remark), "{remark}");
    }
    for remark in
        ["", "未接続ではない", "未接続は解消", "有線LAN", "オフライン保守契約", "2階へ移設"]
    {
        assert!(!columns.remark_says_offline(remark), "{remark}");
    }
}
