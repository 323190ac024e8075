//! `daicho-agent permit`: a person at the agent's machine lets the collector declare networks within
//! addresses. What is written is one line of the configuration; everything else in it stays as it is.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use daicho_common::complaint::{Complaint, Exit};
use ipnet::IpNet;

use super::say;
use crate::config::{Declared, scope};

/// The key that is written.
const KEY: &str = "may_declare";
/// Its table.
const TABLE: &str = "[collector]";

/// Adds the prefixes to what the collector may declare.
pub(super) fn permit(prefixes: &[String], file: Option<&Path>) -> Result<(), Complaint> {
    let file = file.ok_or_else(no_file)?;
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unwritable(file, &error)),
    };
    let declared = Declared::parse(&text, file)?;
    let mut all = declared.permission.may_declare;
    for text in prefixes {
        let prefix = scope::cidr(text).map_err(|unfit| {
            Complaint::new(
                Exit::Usage,
                format!("{text:?} は許せる範囲ではありません。{}", unfit.ja),
                format!("{text:?} cannot be permitted: {}", unfit.en),
            )
        })?;
        // A part of what is permitted is permitted.
        if !all.iter().any(|known| known.contains(&prefix)) {
            all.retain(|known| !prefix.contains(known));
            all.push(prefix);
        }
    }
    let written = with(&text, &all).ok_or_else(|| by_hand(file, &all))?;
    // What does not read as it was meant is not written.
    let read = Declared::parse(&written, file).map_err(|_| by_hand(file, &all))?;
    if read.permission.may_declare != all {
        return Err(by_hand(file, &all));
    }
    replace(file, &written).map_err(|error| unwritable(file, &error))?;
    let list = list(&all);
    say(&format!(
        "{} に may_declare = {list} と書きました。収集サーバーは、この範囲のネットワークを宣言して走査を指示できます（policy と拒否リストの範囲で）\n\
         wrote may_declare = {list} into {}: the collector may declare networks within it, as far as `policy` and the deny list let it\n",
        file.display(),
        file.display()
    ));
    Ok(())
}

fn list(all: &[IpNet]) -> String {
    let quoted: Vec<String> = all.iter().map(|prefix| format!("\"{prefix}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// The text with this list; none if its line cannot be told from others.
fn with(text: &str, all: &[IpNet]) -> Option<String> {
    let line = format!("{KEY} = {}", list(all));
    let mut lines: Vec<&str> = text.lines().collect();
    let Some(table) = lines.iter().position(|line| line.trim() == TABLE) else {
        let gap = if text.is_empty() || text.ends_with("\n\n") { "" } else { "\n" };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{text}{end}{gap}{TABLE}\n{line}\n"));
    };
    let body = lines.iter().skip(table + 1).position(|line| line.trim_start().starts_with('['));
    let end = body.map_or(lines.len(), |length| table + 1 + length);
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(KEY).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    match (table + 1..end).find(|at| lines.get(*at).is_some_and(|line| is_key(line))) {
        // A list over several lines is left to people.
        Some(at) => {
            let known = lines.get_mut(at).filter(|line| line.trim_end().ends_with(']'))?;
            *known = &line;
        }
        None => lines.insert(table + 1, &line),
    }
    Some(lines.join("\n") + "\n")
}

/// Puts the text in the place of the file, all or nothing, with its owner and permissions.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let draft = Path::new(&name);
    let mut out = fs::File::create(draft)?;
    if let Ok(known) = fs::metadata(file) {
        out.set_permissions(known.permissions())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // Whoever may not give files away writes as its owner.
            let _ = std::os::unix::fs::fchown(&out, Some(known.uid()), Some(known.gid()));
        }
    }
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(draft, file)
}

fn no_file() -> Complaint {
    Complaint::new(
        Exit::Usage,
        "書き加える設定ファイルが指定されていません。--config で指定してください（例 /etc/daicho/agent.toml）",
        "no configuration was named to write into; name it with --config, for example /etc/daicho/agent.toml",
    )
}

fn unwritable(file: &Path, error: &io::Error) -> Complaint {
    let file = file.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "設定ファイル {file} に書けません（{error}）。その権限のある利用者（sudo など）で実行してください"
        ),
        format!(
            "the configuration {file} cannot be written ({error}); run this as somebody who may, for example with sudo"
        ),
    )
}

fn by_hand(file: &Path, all: &[IpNet]) -> Complaint {
    let (file, list) = (file.display(), list(all));
    Complaint::new(
        Exit::Config,
        format!(
            "設定ファイル {file} の [collector] を書き換えられません。エディターで may_declare = {list} と書いてください"
        ),
        format!(
            "[collector] in the configuration {file} cannot be changed from here; write may_declare = {list} there with an editor"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SAMPLE;

    fn permitted(file: &Path) -> Vec<String> {
        Declared::read(file).unwrap().permits().may_declare
    }

    fn say(file: &Path, prefixes: &[&str]) -> Result<(), Complaint> {
        let prefixes: Vec<String> = prefixes.iter().map(|text| (*text).to_owned()).collect();
        permit(&prefixes, Some(file))
    }

    #[test]
    fn a_permission_is_added_to_whatever_file_there_is_and_nothing_else_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        say(&file, &["10.20.0.0/24"]).unwrap();
        say(&file, &["10.21.0.0/24", "10.20.0.0/25"]).unwrap();
        assert_eq!(permitted(&file), ["10.20.0.0/24", "10.21.0.0/24"]);
        say(&file, &["10.20.0.0/16"]).unwrap();
        assert_eq!(permitted(&file), ["10.21.0.0/24", "10.20.0.0/16"]);
        for text in [
            SAMPLE,
            "[[network]]\ncidr = \"10.30.0.0/24\"",
            "[collector]\ncredentials = true\n[pace]\ntries = 3\n",
        ] {
            fs::write(&file, text).unwrap();
            let before = Declared::read(&file).unwrap();
            say(&file, &["10.20.0.0/24"]).unwrap();
            assert_eq!(permitted(&file), ["10.20.0.0/24"], "{text}");
            let after = Declared::read(&file).unwrap();
            assert_eq!((after.networks, after.pace), (before.networks, before.pace));
            assert_eq!(after.permission.credentials, before.permission.credentials);
        }
    }

    #[test]
    fn what_cannot_be_told_apart_or_scanned_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let text = "[collector]\nmay_declare = [\n  \"10.30.0.0/24\",\n]\n";
        fs::write(&file, text).unwrap();
        assert_eq!(say(&file, &["10.20.0.0/24"]).unwrap_err().exit, Exit::Config);
        for wrong in ["10.0.0.0/8", "ward", "10.20.0.1/24"] {
            assert_eq!(say(&file, &[wrong]).unwrap_err().exit, Exit::Usage, "{wrong}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(permit(&["10.20.0.0/24".to_owned()], None).unwrap_err().exit, Exit::Usage);
    }
}
