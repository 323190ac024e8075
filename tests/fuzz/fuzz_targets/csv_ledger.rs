//! Ledgers as CSV: reading never panics, in any encoding, and every row has its place once.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;

const HEADER: &str = "管理番号,機器名,IPアドレス,MACアドレス,状態,保守期限\n";

fuzz_target!(|octets: &[u8]| {
    let _ = daicho_collector::book::read("x.csv", octets);
    let under_a_header = [HEADER.as_bytes(), octets].concat();
    let Ok(ledger) = daicho_collector::book::read("x.csv", &under_a_header) else { return };
    let places: BTreeSet<_> = ledger.entries.iter().map(|entry| &entry.place).collect();
    assert_eq!(places.len(), ledger.entries.len());
});
