//! A workbook is weighed before it is unpacked: a small archive that unpacks to gigabytes is
//! refused. The sizes that the archive declares are not believed; each part is unpacked once into
//! nothing and counted.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Refusal;

/// Most octets that the parts may unpack to together.
const MOST: u64 = 1 << 30;
/// Above this many octets, a part is also held to [`RATIO`].
const SMALL: u64 = 64 << 20;
/// Most octets of a large part for one packed octet. Sheets pack about 10 : 1, empty formatted rows
/// up to 60 : 1, deflate at most 1,032 : 1 (RFC 1951).
const RATIO: u64 = 250;

/// Checks that the octets are a workbook that fits into memory.
pub(super) fn weigh(octets: &[u8]) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(octets)).map_err(|error| damaged(&error))?;
    let mut total: u64 = 0;
    let mut workbook = false;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| damaged(&error))?;
        workbook |= part.name().is_ok_and(|name| name.eq_ignore_ascii_case("xl/workbook.xml"));
        // Pictures and macros are never unpacked.
        if !part.name().is_ok_and(|name| is_read(&name)) {
            continue;
        }
        let packed = part.compressed_size();
        let left = MOST.saturating_sub(total);
        let size = io::copy(&mut part.take(left + 1), &mut io::sink())
            .map_err(|error| Refusal::Damaged(error.to_string()))?;
        total = total.saturating_add(size);
        if total > MOST || (size > SMALL && size / packed.max(1) > RATIO) {
            return Err(Refusal::TooLarge(
                "展開すると1 GiBを超えます",
                "it unpacks to more than 1 GiB",
            ));
        }
    }
    if workbook { Ok(()) } else { Err(Refusal::NotAWorkbook) }
}

fn is_read(name: &str) -> bool {
    [".xml", ".rels"].iter().any(|end| {
        name.len()
            .checked_sub(end.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    })
}

fn damaged(error: &ZipError) -> Refusal {
    Refusal::Damaged(error.to_string())
}
