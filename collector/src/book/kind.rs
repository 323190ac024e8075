//! What kind of file the octets are, by their beginning and never by the file's name.

use daicho_common::batch;
use daicho_common::complaint::{Complaint, Exit};

/// What the octets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A zip archive: a workbook since Excel 2007 (ECMA-376), or another office file.
    Xlsx,
    /// An OLE container ([MS-CFB] §2.2): a workbook of Excel 97–2003, or a protected newer one.
    Xls,
    /// Text, to be looked at as CSV.
    Text,
    /// Something that is no spreadsheet.
    Other(Other),
}

/// What is no spreadsheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    Empty,
    Pdf,
    Picture,
    Html,
    Xml,
    Batch,
    Compressed,
    Binary,
}

/// Looks at the octets.
pub(super) fn of(octets: &[u8]) -> Kind {
    const BEGINNINGS: [(&[u8], Kind); 15] = [
        (b"PK\x03\x04", Kind::Xlsx),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Xls),
        (b"%PDF", Kind::Other(Other::Pdf)),
        (b"\x89PNG", Kind::Other(Other::Picture)),
        (b"\xff\xd8\xff", Kind::Other(Other::Picture)),
        (b"GIF8", Kind::Other(Other::Picture)),
        (b"BM", Kind::Other(Other::Picture)),
        (b"II*\0", Kind::Other(Other::Picture)),
        (b"MM\0*", Kind::Other(Other::Picture)),
        (&batch::MAGIC, Kind::Other(Other::Batch)),
        (b"\x1f\x8b", Kind::Other(Other::Compressed)),
        (b"7z\xbc\xaf", Kind::Other(Other::Compressed)),
        (b"\x28\xb5\x2f\xfd", Kind::Other(Other::Compressed)),
        (b"Rar!", Kind::Other(Other::Compressed)),
        (b"PK\x05\x06", Kind::Other(Other::Compressed)),
    ];
    if octets.is_empty() {
        return Kind::Other(Other::Empty);
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| octets.starts_with(beginning));
    match known {
        // 「BM」 could begin a CSV file; a bitmap has NULs in its header.
        Some((b"BM", _)) if !octets.iter().take(32).any(|octet| *octet == 0) => Kind::Text,
        Some((_, kind)) => *kind,
        None => of_text(octets),
    }
}

fn of_text(octets: &[u8]) -> Kind {
    let utf16 = octets.starts_with(b"\xff\xfe") || octets.starts_with(b"\xfe\xff");
    if !utf16 && octets.contains(&0) {
        return Kind::Other(Other::Binary);
    }
    let text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets).trim_ascii_start();
    let begins = |word: &[u8]| {
        text.get(..word.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(word))
    };
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<table") {
        Kind::Other(Other::Html)
    } else if begins(b"<?xml") {
        Kind::Other(Other::Xml)
    } else {
        Kind::Text
    }
}

impl Other {
    /// What to tell the user.
    pub(super) fn complaint(self, name: &str) -> Complaint {
        let (ja, en) = match self {
            Self::Empty => ("中身が空です", "it is empty"),
            Self::Pdf => ("PDFです", "it is a PDF file"),
            Self::Picture => ("画像です", "it is a picture"),
            Self::Html => ("HTMLです", "it is HTML"),
            Self::Xml => ("XMLです", "it is XML"),
            Self::Batch => ("探索結果のファイルです", "it is a file of scan results"),
            Self::Compressed => ("圧縮ファイルです", "it is a compressed archive"),
            Self::Binary => {
                ("表計算でも文字でもないデータです", "it is neither a spreadsheet nor text")
            }
        };
        Complaint::new(
            Exit::Input,
            format!(
                "「{name}」は台帳として読めません（{ja}）。Excel ブック (.xlsx, .xls) か CSV を指定してください"
            ),
            format!(
                "{name:?} cannot be read as a ledger ({en}); give an Excel workbook (.xlsx, .xls) or a CSV file"
            ),
        )
    }
}
