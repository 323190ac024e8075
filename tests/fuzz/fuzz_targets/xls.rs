//! Workbooks of Excel 97-2003: reading never panics, whatever stands in the container ([MS-CFB]).
#![no_main]

use libfuzzer_sys::fuzz_target;

const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

fuzz_target!(|octets: &[u8]| {
    let whole = if octets.starts_with(MAGIC) { octets.to_vec() } else { [MAGIC, octets].concat() };
    let _ = daicho_collector::book::read("x.xls", &whole);
});
