//! `daicho-agent send`.

use std::fs;
use std::path::{Path, PathBuf};

use daicho_common::batch;
use daicho_common::complaint::{Complaint, Exit};

use super::{Send, say};
use crate::count::Count;
use crate::export::{Collector, Drained, Receipt, drain};
use crate::spool::Spool;

/// Delivers the batches of files, or what the spool holds.
pub(super) fn send(
    arguments: &Send,
    (state, room): (impl Fn() -> Result<PathBuf, Complaint>, u64),
) -> Result<(), Complaint> {
    let collector = Collector::at(&arguments.to, &state)?;
    if !arguments.files.is_empty() {
        return arguments.files.iter().try_for_each(|file| deliver(file, &collector));
    }
    let state = state()?;
    let spool = Spool::of(&state, room);
    let drained = drain(&spool, &Count::of(&state), &collector)?;
    say(&account(&drained, collector.url()));
    match drained.undelivered {
        Some((why, left)) => Err(Complaint::new(
            why.exit,
            format!("{}。{left} 個が未送信のまま残っています", why.ja),
            format!("{}; {left} batches are left unsent", why.en),
        )),
        None => Ok(()),
    }
}

fn account(drained: &Drained, url: &str) -> String {
    let Drained { taken, known, damaged, refused, undelivered } = drained;
    let mut text = if *taken == 0 && refused.is_empty() && undelivered.is_none() {
        "未送信データはありません / nothing is waiting to be sent\n".to_owned()
    } else {
        format!(
            "{url} に {taken} 個送信しました（うち {known} 個は受信済み）\n\
             {taken} batches sent to {url}, {known} of them already known\n"
        )
    };
    text.extend(damaged.iter().map(|file| {
        format!("壊れているため送らなかった / damaged, not sent: {}\n", file.display())
    }));
    text.extend(refused.iter().map(|(file, why)| {
        let file = file.display();
        format!("{}。{file} に残しました\n{}; it is kept as {file}\n", why.ja, why.en)
    }));
    text
}

/// Checks the whole file before its first batch is sent.
fn deliver(file: &Path, collector: &Collector) -> Result<(), Complaint> {
    let octets = fs::read(file).map_err(|error| unreadable(file, &error.to_string()))?;
    let mut sealed = Vec::new();
    let mut rest = octets.as_slice();
    while !rest.is_empty() || sealed.is_empty() {
        let (_, after) = batch::open(rest).map_err(|damage| {
            let number = sealed.len() + 1;
            let shown = file.display();
            Complaint::new(
                Exit::Input,
                format!("{shown} の {number} 番目のデータが壊れています（{damage}）。元のファイルから写し直してください。何も送っていません"),
                format!("batch {number} of {shown} is damaged ({damage}); copy the file again from where it was made, nothing was sent"),
            )
        })?;
        let (one, _) = rest.split_at(rest.len() - after.len());
        sealed.push(one);
        rest = after;
    }
    let mut known = 0;
    for one in &sealed {
        match collector.deliver(one)? {
            Receipt::Accepted | Receipt::SetAside => {}
            Receipt::AlreadyKnown => known += 1,
        }
    }
    let (shown, count, url) = (file.display(), sealed.len(), collector.url());
    say(&format!(
        "{shown}: {url} に {count} 個送信しました（うち {known} 個は受信済み）\n\
         {shown}: {count} batches sent to {url}, {known} of them already known\n"
    ));
    Ok(())
}

fn unreadable(file: &Path, why: &str) -> Complaint {
    let shown = file.display();
    Complaint::new(
        Exit::Input,
        format!("{shown} が読めません（{why}）。パスと権限を確かめてください"),
        format!("{shown} cannot be read ({why}); check the path and the permission"),
    )
}
