//! Workbooks: reading never panics, whatever octets stand for the archive or for one of its parts.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const RELATIONS: &[u8] = br#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const WORKBOOK: &[u8] = br#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const STYLES: &[u8] = br#"<styleSheet><fonts><font><strike/></font></fonts><cellXfs><xf numFmtId="14" fontId="0"/></cellXfs></styleSheet>"#;
const STRINGS: &str = "<sst><si><t>管理番号</t></si><si><t>機器名</t></si></sst>";
const SHEET: &[u8] = br#"<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row></sheetData></worksheet>"#;

const PARTS: [(&str, &[u8]); 5] = [
    ("xl/worksheets/sheet1.xml", SHEET),
    ("xl/sharedStrings.xml", STRINGS.as_bytes()),
    ("xl/styles.xml", STYLES),
    ("xl/workbook.xml", WORKBOOK),
    ("xl/_rels/workbook.xml.rels", RELATIONS),
];

/// A sound workbook of which the part of this number says something else.
fn workbook(which: usize, said: &[u8]) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (number, (name, sound)) in PARTS.iter().enumerate() {
        archive.start_file(*name, SimpleFileOptions::default()).ok()?;
        archive.write_all(if number == which { said } else { sound }).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

fuzz_target!(|octets: &[u8]| {
    let Some((first, rest)) = octets.split_first() else { return };
    let whole = match usize::from(*first) % (PARTS.len() + 1) {
        which if which < PARTS.len() => workbook(which, rest),
        _ => Some([b"PK\x03\x04", rest].concat()),
    };
    let Some(whole) = whole else { return };
    let Ok(ledger) = daicho_collector::book::read("x.xlsx", &whole) else { return };
    for entry in &ledger.entries {
        assert!(ledger.sheets.get(entry.sheet).is_some());
    }
});
