//! A CSV ledger with one change, given back: what was changed is read back, and nothing else differs.
#![no_main]

use daicho_collector::book;
use daicho_collector::ledger::Place;
use daicho_collector::ledger::edit::{Named, Wish, apply, plan};
use libfuzzer_sys::fuzz_target;

const HEADER: &str = "管理番号,機器名,備考\r\n";

fuzz_target!(|octets: &[u8]| {
    let [row, column, kind, rest @ ..] = octets else { return };
    let cut = rest.iter().position(|octet| *octet == 0).unwrap_or(rest.len());
    let (value, text) = rest.split_at(cut);
    let (value, text) = (String::from_utf8_lossy(value), String::from_utf8_lossy(text));
    let octets = format!("{HEADER}{text}").into_bytes();
    let Ok(base) = book::read("x.csv", &octets) else { return };
    let Ok(columns) = book::released() else { return };
    let headings = base.sheets.first().map_or(&[][..], |sheet| &sheet.columns);
    let Some(heading) = headings.get(usize::from(*column) % headings.len().max(1)) else { return };
    let named = Named::Heading(heading.heading.clone());
    let place = Place { book: "x.csv".into(), sheet: "".into(), row: u32::from(*row) };
    let value = value.into_owned();
    let wish = match kind % 2 {
        0 => Wish::Set { place, column: named, value },
        _ => Wish::Add { book: "x.csv".into(), sheet: String::new(), values: vec![(named, value)] },
    };
    let Ok(steps) = plan(&base, &wish, &columns) else { return };
    let mut now = base.clone();
    if !apply(&mut now, &steps, &columns).is_empty() {
        return;
    }
    let Ok(exported) = book::export(&octets, &base, &now) else { panic!("not written") };
    let Ok(back) = book::read("x.csv", &exported.octets) else { panic!("not read back") };
    let cells = |ledger: &daicho_collector::ledger::Ledger| -> Vec<Vec<String>> {
        let trimmed = |cells: &[String]| {
            let last = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |at| at + 1);
            cells.get(..last).unwrap_or_default().to_vec()
        };
        ledger.entries.iter().map(|entry| trimmed(&entry.cells)).collect()
    };
    assert_eq!(cells(&back), cells(&now));
});
