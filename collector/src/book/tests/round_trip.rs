use proptest::prelude::*;

use super::*;

/// The places' book as `name`, for comparing ledgers that were read from different files.
fn called(mut ledger: Ledger, name: &str) -> Ledger {
    let fresh = Ledger {
        sheets: ledger
            .sheets
            .drain(..)
            .map(|mut sheet| {
                sheet.book = name.to_owned();
                sheet
            })
            .collect(),
        ..ledger
    };
    let mut out = fresh;
    for entry in &mut out.entries {
        entry.place.book = name.into();
    }
    for defect in &mut out.defects {
        defect.place.book = name.into();
        if let Reason::DuplicateNumber { first } = &mut defect.reason {
            first.book = name.into();
        }
    }
    out
}

fn through_xlsx(ledger: &Ledger) -> Ledger {
    let mut octets = Vec::new();
    write_xlsx(ledger, &mut octets).unwrap();
    read("戻り.xlsx", &octets).unwrap()
}

fn through_csv(ledger: &Ledger, encoding: Encoding) -> Ledger {
    let mut octets = Vec::new();
    assert_eq!(write_csv(ledger, 0, encoding, &mut octets).unwrap(), []);
    read("戻り.csv", &octets).unwrap()
}

const ODD: &str = "○○病院 台帳,,作成 2026\r\n\r\n\
    設備,,ネットワーク,,備考,予算\r\n\
    管理番号,機器名,IPアドレス,MACアドレス,,\r\n\
    A1,\"PC\n(受付)\",192.168.010.005,ー,=1+1,＝SUM(A1)\r\n\
    \r\n\
    ※以下は2階,,,,,\r\n\
    A2,NAS,DHCP,001A.2BCD.4D5E,-,'+81-3\r\n\
    A2,サーバ,10.0.0.300,,@x,-12.5\r\n";

#[test]
fn an_odd_list_comes_back_the_same_from_csv_and_workbook() {
    let ledger = csv(ODD);
    assert_eq!(ledger.entries.len(), 3);
    assert_eq!(ledger.defects.len(), 3, "{:?}", ledger.defects);
    for encoding in [Encoding::Utf8Bom, Encoding::Cp932] {
        assert_eq!(called(through_csv(&ledger, encoding), "台帳.csv"), ledger);
    }
    let mut back = through_xlsx(&ledger);
    assert_eq!(back.sheets[0].name, "台帳.csv");
    back.sheets[0].name.clear();
    for entry in &mut back.entries {
        entry.place.sheet = "".into();
    }
    for defect in &mut back.defects {
        defect.place.sheet = "".into();
        if let Reason::DuplicateNumber { first } = &mut defect.reason {
            first.sheet = "".into();
        }
    }
    assert_eq!(called(back, "台帳.csv"), ledger);
}

#[test]
fn cells_that_look_like_formulas_are_guarded_in_csv_and_dashes_are_not() {
    let ledger = csv(
        "管理番号,機器名,備考\n1,PC,=cmd|' /C calc'!A0\n2,PC,-\n3,PC,-5\n4,PC,'=x\n5,PC,－\n6,PC,''=x\n",
    );
    assert_eq!(ledger.entries[3].cells[2], "=x");
    assert_eq!(ledger.entries[5].cells[2], "'=x");
    let mut octets = Vec::new();
    write_csv(&ledger, 0, Encoding::Utf8Bom, &mut octets).unwrap();
    let text = String::from_utf8(octets).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines,
        [
            "管理番号,機器名,備考",
            "1,PC,'=cmd|' /C calc'!A0",
            "2,PC,-",
            "3,PC,-5",
            "4,PC,'=x",
            "5,PC,－",
            "6,PC,''=x"
        ]
    );
}

#[test]
fn characters_that_cp932_lacks_are_mapped_or_told() {
    let ledger = csv("管理番号,機器名,備考\n1,PC,〜—‖−¢£¬①㈱髙﨑Ⅳ℡\n2,PC,吉𠮷🖨\n");
    let mut octets = Vec::new();
    let lost = write_csv(&ledger, 0, Encoding::Cp932, &mut octets).unwrap();
    assert_eq!(
        lost,
        [Lost { row: 3, column: 2, character: '𠮷' }, Lost { row: 3, column: 2, character: '🖨' }]
    );
    let back = read("台帳.csv", &octets).unwrap();
    assert_eq!(back.entries[0].cells[2], "～―∥－￠￡￢①㈱髙﨑Ⅳ℡");
    assert_eq!(back.entries[1].cells[2], "吉〓〓");
    assert!(matches!(
        write_csv(&ledger, 1, Encoding::Cp932, Vec::new()),
        Err(WriteError::NoSuchSheet(1))
    ));
}

#[test]
fn several_books_go_into_one_workbook_under_names_that_excel_takes() {
    let mut ledger = csv("管理番号,機器名\n1,PC\n");
    ledger.append(csv("管理番号,機器名\n2,PC\n"));
    let long = format!("{}.csv", "長い名前/".repeat(10));
    ledger.append(read(&long, "管理番号,機器名\n3,PC\n".as_bytes()).unwrap());
    let back = through_xlsx(&ledger);
    let names: Vec<&str> = back.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(names[..2], ["台帳.csv", "台帳.csv (2)"]);
    assert_eq!(names[2].chars().count(), 31);
    assert_eq!(back.entries.len(), 3);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        2 => "[A-C][0-9]{1,2}",
        2 => prop::sample::select(vec![
            "192.168.1.1", "192.168.010.005", "DHCP", "00-1A-2B-CD-4D-5E", "使用中", "廃棄", "有", "×", "-", "ー",
            "※注", "合計", "【2階】", "管理番号", "有線", "#REF!", "\u{fffd}", "'=1", "=1+1", "'x", " ", "　a ",
            "a\nb", "a\n", "_x0041_", "_x000D_", "\"", "a\"b", "a,b", "<&>", "令和7年4月1日", "\u{7}x", "TRUE", "1e5",
        ]).prop_map(str::to_owned),
        2 => "\\PC{0,12}",
    ]
}

fn list() -> impl Strategy<Value = Vec<Vec<String>>> {
    let title = prop::collection::vec("[a-z ○]{0,6}", 0..3);
    let titles = prop::collection::vec(title, 0..3);
    let headings = prop::sample::subsequence(
        vec![
            "No.",
            "機器名",
            "IPアドレス",
            "MACアドレス",
            "状態",
            "設置場所",
            "独自",
            "備考",
            "リモート保守",
        ],
        3..9,
    )
    .prop_map(|mut headings| {
        headings.insert(1, "管理番号");
        headings.into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let rows = prop::collection::vec(prop::collection::vec(cell(), 0..11), 0..12);
    (titles, headings, rows).prop_map(|(titles, headings, rows)| {
        titles.into_iter().chain([headings]).chain(rows).collect()
    })
}

fn as_workbook(rows: &[Vec<String>]) -> Vec<u8> {
    workbook(|book| {
        let page = book.add_worksheet().set_name("一覧").unwrap();
        for (row, cells) in (0u32..).zip(rows) {
            for (column, cell) in (0u16..).zip(cells) {
                page.write_string(row, column, cell).unwrap();
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back_the_same(rows in list()) {
        let ledger = read("元.xlsx", &as_workbook(&rows)).unwrap();
        prop_assert_eq!(&called(through_xlsx(&ledger), "元.xlsx"), &ledger);
        let mut by_csv = called(through_csv(&ledger, Encoding::Utf8Bom), "元.xlsx");
        by_csv.sheets[0].name = "一覧".to_owned();
        for entry in &mut by_csv.entries {
            entry.place.sheet = "一覧".into();
        }
        for defect in &mut by_csv.defects {
            defect.place.sheet = "一覧".into();
            if let Reason::DuplicateNumber { first } = &mut defect.reason {
                first.sheet = "一覧".into();
            }
        }
        prop_assert_eq!(&by_csv, &ledger);
    }

    #[test]
    fn every_row_that_is_not_empty_is_an_entry_or_a_rejected_defect(rows in list()) {
        let ledger = read("元.xlsx", &as_workbook(&rows)).unwrap();
        let sheet = &ledger.sheets[0];
        let columns = Columns::released().unwrap();
        for (number, row) in (1u32..).zip(&rows) {
            let own: Vec<&str> = row.iter().map(|cell| cell.trim()).collect();
            let titled = usize::try_from(number).unwrap() <= sheet.title_rows.len() + 1;
            let empty = own.iter().all(|cell| cell.is_empty());
            // Another row of the header, or the same again.
            let of_header = own.iter().all(|cell| {
                cell.is_empty() || *cell == "有線" || columns.meaning(cell).is_some()
            });
            let entries = ledger.entries.iter().filter(|e| e.place.row == number).count();
            let rejected =
                ledger.defects.iter().filter(|d| d.rejected && d.place.row == number).count();
            if titled || empty {
                prop_assert_eq!(entries + rejected, 0, "row {}", number);
            } else if !of_header {
                prop_assert_eq!(entries + rejected, 1, "row {}: {:?}", number, row);
            }
        }
    }
}
