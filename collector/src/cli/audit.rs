//! `verify-log`: whether the audit log is as it was written.

use std::io::Write;

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::{Places, to_stdout};
use crate::people::log::{Broken, Head};
use crate::store::Store;
use crate::words::{Lang, Word};

#[derive(Debug, Args)]
pub(super) struct VerifyLog {
    /// 控えておいた末尾（番号:16進64桁）。切り取りや作り直しも見つかります /
    /// A head that was written down (number:64 hexadecimal digits): finds rows cut off or made anew
    #[arg(long, value_name = "N:HEX")]
    head: Option<Head>,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

pub(super) fn verify(options: &VerifyLog) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let path = &config.database;
    let store = Store::open_existing(path).map_err(|error| error.complaint(path))?;
    let verified = store.verify_log(options.head).map_err(|error| error.complaint(path))?;
    let head = verified.map_err(broken)?;
    let said = options.lang.fill(Word::AuditFits, &[&head.number]);
    to_stdout(|out| writeln!(out, "{said}\n{head}"))
}

fn broken(broken: Broken) -> Complaint {
    let (ja, en) = match broken {
        Broken::Missing(number) => (
            format!("監査記録の {number} 番がありません。削除されたおそれがあります"),
            format!("row {number} of the audit log is missing: it was removed"),
        ),
        Broken::Unchained(number) => (
            format!(
                "監査記録の {number} 番が直前の行とつながりません。書き換え、挿入、削除、移動のおそれがあります"
            ),
            format!(
                "row {number} of the audit log does not follow from the one before: something was altered, put in, removed or moved there"
            ),
        ),
        Broken::CutOff(number) => (
            format!(
                "監査記録は {number} 番の手前で終わり、控えた末尾まで達しません。切り取られたおそれがあります"
            ),
            format!(
                "the audit log ends before row {number} and does not reach the given head: rows were cut off"
            ),
        ),
        Broken::OtherHead(number) => (
            format!("監査記録の {number} 番は控えた末尾と異なります。作り直されたおそれがあります"),
            format!("row {number} of the audit log is not the given head: the log was made anew"),
        ),
    };
    let (ask, keep) =
        ("。データベースの控えと比べてください", "; compare with a backup of the database");
    Complaint::new(Exit::Integrity, ja + ask, en + keep)
}
