//! `doctor`: what is wrong with a site, and how to mend it.

use std::io::Write;

use clap::Args;
use daicho_common::complaint::{Complaint, Exit};

use super::{Places, to_stdout};
use crate::doctor::{self, Checked, State};
use crate::report;
use crate::words::Lang;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// 機械が読む形 (JSON) で表示します / As JSON, for programs
    #[arg(long)]
    json: bool,
    /// 表示する言語 / Language
    #[arg(long, value_enum, default_value = "ja")]
    lang: Lang,
    #[command(flatten)]
    places: Places,
}

pub(super) fn doctor(options: &Doctor) -> Result<(), Complaint> {
    let config = options.places.config()?;
    let all = doctor::examine(&config, options.lang);
    to_stdout(|out| {
        if options.json {
            return report::json::write(out, &all);
        }
        all.iter().try_for_each(|one| writeln!(out, "{}", line(options.lang, one)))
    })?;
    let bad = all.iter().filter(|one| one.state == State::Bad).count();
    if bad == 0 {
        return Ok(());
    }
    Err(Complaint::new(
        Exit::Other,
        format!(
            "{bad} 件の異常があります。上の説明に従って直し、もう一度 doctor を実行してください"
        ),
        format!("{bad} things are wrong: mend them as told above and run doctor again"),
    ))
}

fn line(lang: Lang, one: &Checked) -> String {
    let colon = lang.say(crate::words::Word::CommonColon);
    format!("[{}] {}{colon}{}", lang.say(one.state.word()), one.subject, one.said)
}
