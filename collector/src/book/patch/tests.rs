use encoding_rs::SHIFT_JIS;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook};

use super::super::{Encoding, read as read_book, write_csv};
use super::*;
use crate::ledger::columns::Columns;
use crate::ledger::diff::diff;
use crate::ledger::edit::{Named, Wish, apply, plan};
use crate::ledger::{Field, State};

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold().set_background_color("FFFF00");
    let merged = Format::new();
    let page = book.add_worksheet().set_name("1階").unwrap();
    page.merge_range(0, 0, 0, 4, "○○病院 機器台帳", &bold).unwrap();
    page.write_row(2, 0, ["管理番号", "機器名", "設置場所", "IPアドレス", "独自"]).unwrap();
    for row in 3_u32..9 {
        page.write_string(row, 0, format!("A-{row}")).unwrap();
        page.write_string_with_format(row, 1, "端末", &bold).unwrap();
        page.write_string(row, 3, format!("10.0.0.{row}")).unwrap();
        page.write_formula(row, 4, Formula::new("1+1").set_result("2")).unwrap();
    }
    page.merge_range(3, 2, 5, 2, "検査室", &merged).unwrap();
    page.merge_range(6, 2, 7, 2, "受付", &merged).unwrap();
    page.set_row_hidden(8).unwrap();
    let page = book.add_worksheet().set_name("2階").unwrap();
    page.write_row(0, 0, ["管理番号", "機器名", "状態"]).unwrap();
    page.write_row(1, 0, ["B-1", "CT", "使用中"]).unwrap();
    book.save_to_buffer().unwrap()
}

fn place(sheet: &str, row: u32) -> Place {
    Place { book: "台帳.xlsx".into(), sheet: sheet.into(), row }
}

fn set(sheet: &str, row: u32, field: Field, value: &str) -> Wish {
    Wish::Set { place: place(sheet, row), column: Named::Field(field), value: value.into() }
}

fn edited(base: &Ledger, wishes: &[Wish]) -> Ledger {
    let columns = Columns::released().unwrap();
    let mut now = base.clone();
    for wish in wishes {
        let steps = plan(&now, wish, &columns).unwrap();
        assert_eq!(apply(&mut now, &steps, &columns), []);
    }
    now
}

/// Exports with the changes, imports that, and expects what was changed and nothing else.
fn comes_back(octets: &[u8], name: &str, wishes: &[Wish]) -> (Exported, Ledger) {
    let base = read_book(name, octets).unwrap();
    let now = edited(&base, wishes);
    let exported = export(octets, &base, &now).unwrap();
    let back = read_book(name, &exported.octets).unwrap();
    assert_eq!(diff(&now, &back).rows, [], "{:?}", exported.how);
    assert_eq!(back.sheets, now.sheets);
    (exported, back)
}

#[test]
fn a_book_that_nobody_changed_is_given_back_octet_for_octet() {
    for (name, octets) in [
        ("台帳.xlsx", workbook()),
        ("台帳.csv", SHIFT_JIS.encode("管理番号;機器名\n1;端末①\n").0.into_owned()),
    ] {
        let (exported, _) = comes_back(&octets, name, &[]);
        assert_eq!((exported.how, exported.octets), (How::Untouched, octets));
    }
}

#[test]
fn only_what_changed_is_written_into_the_hospitals_own_workbook() {
    let octets = workbook();
    let values = vec![(Named::Field(Field::Name), "新しい <機器> & \"x\"\n2行目".to_owned())];
    let add = |sheet: &str| Wish::Add {
        book: "台帳.xlsx".into(),
        sheet: sheet.into(),
        values: values.clone(),
    };
    let custom = |value: &str| Wish::Set {
        place: place("1階", 4),
        column: Named::Heading("独自".into()),
        value: value.into(),
    };
    let wishes = [
        set("1階", 4, Field::Ip, "10.0.9.9"),
        set("1階", 9, Field::Name, ""),
        custom("_x0041_ 手入力"),
        Wish::Retire { place: place("1階", 6), was: None },
        Wish::Retire { place: place("2階", 2), was: None },
        add("1階"),
        add("1階"),
        add("2階"),
    ];
    let (exported, back) = comes_back(&octets, "台帳.xlsx", &wishes);
    assert_eq!((exported.how, exported.ending), (How::Patched, None));
    assert_eq!(back.entries[2].state, State::Retired);
    assert!(back.entries[2].struck && !back.entries[1].struck && back.entries[5].hidden);
    assert_eq!(back.entries.last().unwrap().name, "新しい <機器> & \"x\" 2行目");
    let sheet = read(&exported.octets, "xl/worksheets/sheet1.xml").unwrap();
    assert_eq!(sheet.matches("<f>").count(), 5, "formulas that nobody touched stay");
    assert_eq!(sheet.matches("<mergeCell ").count(), 3, "no region was in the way");
    // Changed once more, what was exported is as good a book as the first.
    let more =
        [set("1階", 10, Field::Name, "二度目"), Wish::Retire { place: place("1階", 5), was: None }];
    let (_, twice) = comes_back(&exported.octets, "台帳.xlsx", &more);
    assert!(twice.entries[1].struck && twice.entries[2].struck);
}

#[test]
fn a_place_that_covers_several_rows_is_taken_apart_where_one_of_them_changes() {
    let octets = workbook();
    let (exported, back) =
        comes_back(&octets, "台帳.xlsx", &[set("1階", 5, Field::Location, "病棟")]);
    let places: Vec<&str> = back.entries.iter().map(|entry| entry.location.as_str()).collect();
    assert_eq!(places[..5], ["検査室", "病棟", "検査室", "受付", "受付"]);
    let sheet = read(&exported.octets, "xl/worksheets/sheet1.xml").unwrap();
    assert_eq!(sheet.matches("<mergeCell ").count(), 2);
}

#[test]
fn a_csv_file_is_given_back_in_its_encoding_and_in_utf8_where_that_lacks_a_character() {
    let text = "台帳,,\r\n\r\n管理番号,機器名,状態\r\n1,端末①㈱髙～,\r\n※注,,\r\n2,NAS,使用中\r\n";
    let place = |row| Place { book: "台帳.csv".into(), sheet: "".into(), row };
    let wish = |value: &str| {
        [
            Wish::Set { place: place(4), column: Named::Field(Field::Name), value: value.into() },
            Wish::Retire { place: place(6), was: None },
        ]
    };
    let cp932 = SHIFT_JIS.encode(text).0.into_owned();
    let (exported, _) = comes_back(&cp932, "台帳.csv", &wish("﨑の端末"));
    assert!(std::str::from_utf8(&exported.octets).is_err());
    assert!(exported.octets.starts_with(&cp932[..4]));
    let (exported, _) = comes_back(&cp932, "台帳.csv", &wish("𠮷の端末"));
    assert!(exported.octets.starts_with(b"\xef\xbb\xbf") && exported.lost.is_empty());
    let (exported, _) = comes_back(text.as_bytes(), "台帳.csv", &wish("x"));
    let expected = text.replace("端末①㈱髙～,", "x,").replace("使用中", "廃棄");
    assert_eq!(String::from_utf8(exported.octets).unwrap(), expected, "as it was, without a mark");
}

#[test]
fn a_csv_file_of_ascii_alone_gets_a_mark_once_it_holds_more() {
    let octets = b"hostname;IP address\nPC-1;10.0.0.1\n";
    let place = Place { book: "list.csv".into(), sheet: "".into(), row: 2 };
    let name = Named::Field(Field::HostName);
    let wish = |value: &str| {
        [Wish::Set { place: place.clone(), column: name.clone(), value: value.into() }]
    };
    let (exported, _) = comes_back(octets, "list.csv", &wish("受付"));
    assert_eq!(exported.octets, "\u{feff}hostname;IP address\n受付;10.0.0.1\n".as_bytes());
    let (exported, _) = comes_back(octets, "list.csv", &wish("PC-2"));
    assert_eq!(exported.octets, b"hostname;IP address\nPC-2;10.0.0.1\n");
}

#[test]
fn a_formula_that_other_cells_share_makes_the_book_be_written_anew() {
    let mut base = read_book("台帳.xlsx", &workbook()).unwrap();
    base.entries[0].cells[4] = "前".into();
    let xml = read(&workbook(), "xl/worksheets/sheet1.xml").unwrap();
    let shared = xml.replacen("<f>", "<f t=\"shared\" ref=\"E4:E9\" si=\"0\">", 1);
    let mut changed = BTreeMap::from([("xl/worksheets/sheet1.xml".to_owned(), shared)]);
    let octets = repack(&workbook(), &mut changed, false).unwrap();
    let base = read_book("台帳.xlsx", &octets).unwrap();
    let column = Named::Heading("独自".into());
    let wish = Wish::Set { place: place("1階", 4), column, value: "x".into() };
    let now = edited(&base, &[wish]);
    let exported = export(&octets, &base, &now).unwrap();
    assert_eq!((exported.how, exported.ending), (How::Rewritten, Some("xlsx")));
    assert_eq!(diff(&now, &read_book("台帳.xlsx", &exported.octets).unwrap()).rows, []);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-C][0-9]{1,2}",
        prop::sample::select(vec![
            "10.0.0.1",
            "DHCP",
            "00-1A-2B-CD-4D-5E",
            "廃棄",
            "",
            "-",
            "=1+1",
            "a\nb",
            "_x000D_",
            "<&>\"'",
            "]]>",
            " 前後 ",
            "令和7年4月1日",
            "1e5",
            "TRUE",
            "髙①㈱",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,10}",
    ]
}

fn wishes() -> impl Strategy<Value = Vec<(u8, u32, usize, String)>> {
    prop::collection::vec((0_u8..4, 4_u32..10, 0_usize..5, text()), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn import_of_export_changes_nothing(
        texts in prop::collection::vec(prop::collection::vec(text(), 5), 6),
        wishes in wishes(),
        csv in any::<bool>(),
    ) {
        let octets = if csv {
            let mut octets = Vec::new();
            let xlsx = read_book("台帳.xlsx", &made(&texts)).unwrap();
            write_csv(&xlsx, 0, Encoding::Utf8Bom, &mut octets).unwrap();
            octets
        } else {
            made(&texts)
        };
        let name = if csv { "台帳.csv" } else { "台帳.xlsx" };
        let base = read_book(name, &octets).unwrap();
        let columns = Columns::released().unwrap();
        let mut now = base.clone();
        for (kind, row, column, value) in wishes {
            let sheet = base.sheets[0].name.clone();
            let place = Place { book: name.into(), sheet: sheet.as_str().into(), row };
            let column = Named::Heading(HEADINGS[column].into());
            let wish = match kind {
                0 => Wish::Retire { place, was: None },
                1 => Wish::Add { book: name.into(), sheet, values: vec![(column, value)] },
                _ => Wish::Set { place, column, value },
            };
            if let Ok(steps) = plan(&now, &wish, &columns) {
                apply(&mut now, &steps, &columns);
            }
        }
        let exported = export(&octets, &base, &now).unwrap();
        let back = read_book(name, &exported.octets).unwrap();
        let rows = diff(&now, &back).rows;
        prop_assert!(rows.is_empty(), "{:?} {:?}", exported.how, rows);
        prop_assert_eq!(now.entries.len(), back.entries.len());
    }
}

const HEADINGS: [&str; 5] = ["管理番号", "機器名", "設置場所", "IPアドレス", "独自"];

fn made(texts: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet().set_name("一覧").unwrap();
    page.write_string(0, 0, "題").unwrap();
    page.write_row(2, 0, HEADINGS).unwrap();
    for (row, cells) in (3_u32..).zip(texts) {
        for (column, cell) in (0_u16..).zip(cells) {
            page.write_string(row, column, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}
