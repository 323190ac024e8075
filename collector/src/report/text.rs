//! The verdicts for a terminal: aligned by the width of characters as terminals draw them (UAX #11;
//! what is ambiguous counts as narrow), with no colour.

use std::collections::BTreeMap;
use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::reconcile::{Match, Verdict};
use crate::words::{Word, phrase};

use super::gap::reaches;
use super::table::{Table, entry_name};
use super::{
    Shown, by_id, by_place, class, counts, ips, macs, maker_and_model, name, one_line, remarks,
};

/// Widest column, in terminal cells; the last column is as wide as it needs to be.
const MAX_COLUMN: usize = 36;

/// Writes the whole report.
pub fn write(out: &mut impl Write, shown: &Shown<'_>) -> io::Result<()> {
    let say = |word| shown.lang.say(word);
    writeln!(out, "{}", say(Word::ReportTitle))?;
    let (devices, rows) = (shown.picture.devices.len(), shown.ledger.entries.len());
    writeln!(out, "{}\n", shown.lang.fill(Word::StartSummary, &[&devices, &rows]))?;
    for (_, label, note, count) in counts(shown.picture) {
        let (label, note) = (padded(say(label), 26), say(note));
        writeln!(out, "  {label}{count:>6}  {note}")?;
    }
    section(out, say(Word::ReportUndocumented), &undocumented(shown))?;
    section(out, say(Word::ReportEntries), &entries(shown))?;
    section(out, say(Word::ReportCannotTell), &cannot_tell(shown))?;
    section(out, say(Word::ReportNotLooked), &not_looked(shown))?;
    section(out, say(Word::ReportDefects), &defects(shown))
}

/// Writes a table with aligned columns.
pub fn columns(out: &mut impl Write, table: &Table) -> io::Result<()> {
    let rows: Vec<Vec<String>> = std::iter::once(&table.headings)
        .chain(&table.rows)
        .map(|row| row.iter().map(|cell| one_line(cell)).collect())
        .collect();
    let last = table.headings.len().saturating_sub(1);
    let widths: Vec<usize> = (0..last)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or_default().min(MAX_COLUMN)
        })
        .collect();
    for row in rows {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            match widths.get(column) {
                Some(width) => {
                    line.push_str(&padded(&cut(cell, *width), *width));
                    line.push_str("  ");
                }
                None => line.push_str(cell),
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn section(out: &mut impl Write, title: &str, table: &Table) -> io::Result<()> {
    if table.rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({})", table.rows.len())?;
    columns(out, table)
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or_default();
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

fn table(shown: &Shown<'_>, words: &[Word], rows: Vec<Vec<String>>) -> Table {
    let headings = words.iter().map(|word| shown.lang.say(*word).to_owned()).collect();
    Table { name: String::new(), headings, rows }
}

fn undocumented(shown: &Shown<'_>) -> Table {
    let devices = by_id(shown.picture);
    let rows = (shown.picture.matches.iter())
        .filter(|matched| matched.verdict.is_undocumented())
        .filter_map(|matched| devices.get(matched.device.as_ref()?))
        .map(|device| {
            vec![
                ips(device).join(" "),
                macs(device).join(" "),
                class(shown.lang, device).to_owned(),
                name(device),
                maker_and_model(device),
                shown.zone.show(device.last_seen),
            ]
        });
    let words = [
        Word::FieldIp,
        Word::FieldMac,
        Word::CommonClass,
        Word::DevicesName,
        Word::DevicesModel,
        Word::CommonLastSeen,
    ];
    table(shown, &words, rows.collect())
}

fn entries(shown: &Shown<'_>) -> Table {
    let (by_place, devices) = (by_place(shown.ledger), by_id(shown.picture));
    let row = |matched: &Match| {
        let place = matched.entry.as_ref()?;
        let entry = by_place.get(place);
        let seen: Vec<String> =
            matched.devices().filter_map(|id| devices.get(id)).flat_map(|d| ips(d)).collect();
        let declared: Vec<String> =
            entry.iter().flat_map(|e| &e.ips).map(ToString::to_string).collect();
        Some(vec![
            shown.lang.say(phrase::verdict(&matched.verdict)).to_owned(),
            phrase::place(shown.lang, place),
            entry.map(|entry| entry.asset_number.clone()).unwrap_or_default(),
            entry.map(|entry| entry_name(entry)).unwrap_or_default(),
            declared.join(" "),
            seen.join(" "),
            remarks(shown.lang, shown.zone, &matched.verdict).join(" / "),
        ])
    };
    let words = [
        Word::CommonVerdict,
        Word::CommonEntry,
        Word::FieldAssetNumber,
        Word::FieldName,
        Word::CommonDeclared,
        Word::CommonObserved,
        Word::CommonWhy,
    ];
    table(shown, &words, shown.picture.matches.iter().filter_map(row).collect())
}

fn cannot_tell(shown: &Shown<'_>) -> Table {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for matched in &shown.picture.matches {
        if let Verdict::CannotTell { doubts } = &matched.verdict {
            for doubt in doubts {
                *reasons.entry(phrase::doubt(shown.lang, doubt)).or_default() += 1;
            }
        }
    }
    let rows = reasons.into_iter().map(|(why, count)| vec![count.to_string(), why]);
    table(shown, &[Word::CommonCount, Word::CommonWhy], rows.collect())
}

fn not_looked(shown: &Shown<'_>) -> Table {
    let mut rows = Vec::new();
    for ((network, cidr), reach) in reaches(shown.coverage) {
        for (why, addresses) in reach.gaps {
            rows.push(vec![
                network.clone(),
                cidr.to_string(),
                addresses.len().to_string(),
                shown.lang.say(phrase::why(why)).to_owned(),
                addresses.to_string(),
            ]);
        }
    }
    let words = [
        Word::CommonNetwork,
        Word::CoverageCidr,
        Word::CommonCount,
        Word::CommonWhy,
        Word::DevicesAddresses,
    ];
    table(shown, &words, rows)
}

fn defects(shown: &Shown<'_>) -> Table {
    let rows = shown.ledger.defects.iter().map(|defect| {
        let treatment = if defect.rejected { Word::DefectRejected } else { Word::DefectKept };
        vec![
            phrase::place(shown.lang, &defect.place),
            shown.lang.say(treatment).to_owned(),
            defect.column.clone(),
            defect.value.clone(),
            phrase::reason(shown.lang, &defect.reason),
        ]
    });
    let words = [
        Word::CommonEntry,
        Word::LedgerTreatment,
        Word::LedgerColumn,
        Word::LedgerCell,
        Word::CommonWhy,
    ];
    table(shown, &words, rows.collect())
}
