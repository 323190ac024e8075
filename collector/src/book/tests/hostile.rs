use std::io::Write;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn refused(name: &str, octets: &[u8]) -> Complaint {
    let complaint = read(name, octets).expect_err(name);
    assert_eq!(complaint.exit, Exit::Input, "{name}");
    assert!(complaint.ja.contains(&format!("「{name}」")), "{}", complaint.ja);
    complaint
}

#[test]
fn what_is_no_spreadsheet_is_named_in_one_sentence() {
    for (name, octets, word) in [
        ("空.xlsx", &b""[..], "空"),
        ("図.pdf", b"%PDF-1.7\n1 0 obj", "PDF"),
        ("写真.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "画像"),
        ("一覧.xls", b"<html><table><tr><td>x", "HTML"),
        ("一覧.xml", b"<?xml version=\"1.0\"?><Workbook/>", "XML"),
        ("探索.batch", b"DAICHO\0\x01....", "探索結果"),
        ("a.gz", b"\x1f\x8b\x08\0", "圧縮"),
        ("a.bin", b"\x01\x02\0\x03", "データ"),
        ("a.txt", b"\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f", "文字"),
    ] {
        let complaint = refused(name, octets);
        assert!(complaint.ja.contains(word), "{}", complaint.ja);
        assert!(!complaint.ja.ends_with('。') && !complaint.en.ends_with('.'), "{complaint}");
    }
}

#[test]
fn a_protected_workbook_says_that_the_password_must_go() {
    let mut octets = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    octets.resize(1024, 0);
    octets.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    octets.resize(4096, 0);
    assert!(refused("台帳.xlsx", &octets).ja.contains("パスワード"));
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, octets) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(octets).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn an_archive_that_is_no_workbook_says_so() {
    let octets = archive(&[("word/document.xml", b"<w/>")]);
    assert!(refused("文書.xlsx", &octets).ja.contains("Excel ブック"));
}

#[test]
fn a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked() {
    let zeros = vec![b' '; 80 << 20];
    let octets = archive(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", &zeros)]);
    assert!(octets.len() < 1 << 20);
    assert!(refused("爆弾.xlsx", &octets).ja.contains("大きすぎます"));
}

fn sample() -> Vec<u8> {
    workbook(|book| {
        let page = book.add_worksheet();
        page.write_row(0, 0, ["管理番号", "機器名", "IPアドレス"]).unwrap();
        for row in 1..200 {
            page.write_row(row, 0, [format!("A-{row}"), "PC".into(), format!("10.0.0.{row}")])
                .unwrap();
        }
    })
}

#[test]
fn a_truncated_workbook_is_refused_wherever_it_was_cut() {
    let whole = sample();
    assert_eq!(read("台帳.xlsx", &whole).unwrap().entries.len(), 199);
    for sixteenth in 1..16 {
        refused("台帳.xlsx", &whole[..whole.len() * sixteenth / 16]);
    }
    refused("台帳.xlsx", &whole[..whole.len() - 1]);
}

#[test]
fn a_cell_in_the_last_corner_of_a_sheet_is_refused_without_the_sheet_being_filled() {
    let octets = workbook(|book| {
        let page = book.add_worksheet();
        page.write_row(0, 0, ["管理番号", "機器名"]).unwrap();
        page.write(1_048_575, 16_383, "x").unwrap();
    });
    assert!(refused("台帳.xlsx", &octets).ja.contains("行"));
}

#[test]
fn a_cell_of_a_megabyte_is_cut_and_told() {
    let text = format!("管理番号,機器名,備考\n1,PC,{}\n2,NAS,\n", "長".repeat(400_000));
    let ledger = csv(&text);
    assert_eq!(ledger.entries.len(), 2);
    assert_eq!(reasons(&ledger), [(2, &Reason::TooLong, false)]);
    assert_eq!(ledger.entries[0].cells[2].chars().count(), 32_767);
    assert_eq!(ledger.defects[0].column, "備考");
    assert_eq!(ledger.defects[0].value.chars().count(), 200);
    assert!(write_xlsx(&ledger, Vec::new()).is_ok());
}

/// A workbook of one sheet whose rows are `rows`, as XML.
fn workbook_of(rows: &str) -> Vec<u8> {
    let mut whole = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let plain = workbook(|book| {
        let page = book.add_worksheet();
        page.write_row(0, 0, ["管理番号", "機器名"]).unwrap();
        page.write_row(1, 0, ["1", "PC"]).unwrap();
    });
    let mut source = zip::ZipArchive::new(std::io::Cursor::new(plain.as_slice())).unwrap();
    for index in 0..source.len() {
        let mut part = source.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut part, &mut text).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let begin = text.find("<dimension").unwrap();
            let end = text[begin..].find("/>").unwrap() + begin + 2;
            text.replace_range(begin..end, "<dimension ref=\"A1:XFD10000000\"/>");
            text = text.replace("</sheetData>", &format!("{rows}</sheetData>"));
        }
        whole.start_file(name, SimpleFileOptions::default()).unwrap();
        whole.write_all(text.as_bytes()).unwrap();
    }
    whole.finish().unwrap().into_inner()
}

#[test]
fn ten_million_empty_rows_are_no_rows_whatever_the_dimension_says() {
    let octets = workbook_of("");
    assert_eq!(read("台帳.xlsx", &octets).unwrap().entries.len(), 1);
    let octets = workbook_of(&"<row/>".repeat(10_000_000));
    assert!(octets.len() < 1 << 20, "{}", octets.len());
    let ledger = read("台帳.xlsx", &octets).unwrap();
    assert_eq!((ledger.entries.len(), ledger.defects.len()), (1, 0));
}

#[test]
fn rows_beyond_the_million_are_refused_and_ones_of_blank_cells_do_not_count() {
    let beyond = r#"<row r="10000000"><c r="A10000000" t="inlineStr"><is><t>x</t></is></c></row>"#;
    assert!(refused("台帳.xlsx", &workbook_of(beyond)).ja.contains("100万行"));
    let blank = r#"<row r="10000000" hidden="1"><c r="A10000000" s="1"/></row>"#;
    assert_eq!(read("台帳.xlsx", &workbook_of(blank)).unwrap().entries.len(), 1);
}

#[test]
fn an_archive_whose_parts_together_unpack_to_more_than_a_gigabyte_is_refused() {
    let zeros = vec![b' '; 63 << 20];
    let names: Vec<String> = (0..17).map(|n| format!("xl/worksheets/sheet{n}.xml")).collect();
    let mut parts: Vec<(&str, &[u8])> = vec![("xl/workbook.xml", b"<workbook/>")];
    parts.extend(names.iter().map(|name| (name.as_str(), zeros.as_slice())));
    let octets = archive(&parts);
    assert!(refused("爆弾.xlsx", &octets).ja.contains("1 GiB"));
}

#[test]
fn a_cell_of_a_megabyte_in_a_workbook_is_cut_and_told_by_its_place() {
    let long = "長".repeat(400_000);
    let cell = format!(
        r#"<row r="3"><c r="A3" t="inlineStr"><is><t>2</t></is></c><c r="B3" t="inlineStr"><is><t>{long}</t></is></c></row>"#
    );
    let ledger = read("台帳.xlsx", &workbook_of(&cell)).unwrap();
    assert_eq!(reasons(&ledger), [(3, &Reason::TooLong, false)]);
    assert_eq!(ledger.entries.len(), 2);
}

#[test]
fn a_formula_error_is_told_by_sheet_row_and_column() {
    let cell = r#"<row r="3"><c r="A3" t="inlineStr"><is><t>2</t></is></c><c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>"#;
    let ledger = read("台帳.xlsx", &workbook_of(cell)).unwrap();
    let defect = &ledger.defects[0];
    assert_eq!((defect.place.sheet.as_str(), defect.place.row), ("Sheet1", 3));
    assert_eq!((defect.column.as_str(), &defect.reason), ("機器名", &Reason::FormulaError));
    assert_eq!(ledger.entries.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..2000), head in 0usize..5) {
        let heads: [&[u8]; 5] = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xef\xbb\xbf", b"\xff\xfe"];
        let _ = read("x", &[heads[head], &octets].concat());
    }

    #[test]
    fn no_damage_to_a_workbook_makes_it_panic(at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut octets = sample();
        let at = at.index(octets.len());
        octets[at] = octet;
        let _ = read("x", &octets);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(管理番号|機器名|IPアドレス|[,\"\n\r\t;'=]|\\PC){0,60}") {
        let _ = read("x", text.as_bytes());
    }
}
