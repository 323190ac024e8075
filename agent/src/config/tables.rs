//! Which SNMP tables are read: those that are built in, and those of a directory of the user's.

use std::fs;
use std::path::Path;

use daicho_common::complaint::{Complaint, Exit};

use crate::probe::snmp::Catalog;

/// The tables that are built in and those that the files `*.toml` of this directory describe, in the
/// order of their names.
///
/// # Errors
/// [`Exit::Config`] if the directory or a file cannot be read, or a description is wrong.
pub fn catalog(directory: Option<&Path>) -> Result<Catalog, Complaint> {
    let mut added = Vec::new();
    if let Some(directory) = directory {
        let unread = |error: std::io::Error| unreadable(directory, &error);
        for entry in fs::read_dir(directory).map_err(unread)? {
            let path = entry.map_err(unread)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
                added.push((path.display().to_string(), text));
            }
        }
        added.sort();
    }
    Catalog::with(&added).map_err(|flaw| {
        Complaint::new(
            Exit::Config,
            format!(
                "SNMP の表の定義 {} が読めません（{}）。組み込みの config/snmp の書き方に直してください",
                flaw.file, flaw.what
            ),
            format!(
                "the descriptions of SNMP tables in {} cannot be read ({}); write them like those of config/snmp",
                flaw.file, flaw.what
            ),
        )
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Complaint {
    Complaint::new(
        Exit::Config,
        format!(
            "agent.snmp_tables の {} が読めません（{error}）。読めるディレクトリを指定してください",
            path.display()
        ),
        format!(
            "{} of agent.snmp_tables cannot be read ({error}); name a directory that can be read",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_the_users_own_adds_tables() {
        let directory = tempfile::tempdir().unwrap();
        let table = "[[table]]\nname = \"wardTable\"\nsource = \"WARD-MIB\"\nentry = \"1.3.6.1.4.1.5\"\ncolumns = [{ id = 1, name = \"ward\", kind = \"text\" }]\n";
        fs::write(directory.path().join("ward.toml"), table).unwrap();
        fs::write(directory.path().join("notes.txt"), "not read").unwrap();
        let more = catalog(Some(directory.path())).unwrap();
        assert_ne!(more, catalog(None).unwrap());
        fs::write(directory.path().join("again.toml"), table).unwrap();
        let complaint = catalog(Some(directory.path())).unwrap_err();
        assert!(
            complaint.en.contains("ward.toml") && complaint.en.contains("twice"),
            "{complaint}"
        );
        let complaint = catalog(Some(Path::new("/nowhere/at/all"))).unwrap_err();
        assert_eq!(complaint.exit, Exit::Config);
    }
}
