//! Lists the files of `config/snmp`, so that a file laid there is read without a line of code.

use std::fmt::Write as _;
use std::path::Path;

const TABLES: &str = "../config/snmp";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={TABLES}");
    println!("cargo::rerun-if-changed=build.rs");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(TABLES)? {
        let name = entry?.file_name().into_string().map_err(|_| "a file name is not UTF-8")?;
        if Path::new(&name).extension().is_some_and(|extension| extension == "toml") {
            names.push(name);
        }
    }
    names.sort();
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(TABLES);
    let mut list = String::from("&[\n");
    for name in names {
        writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            folder.join(&name).display().to_string()
        )?;
    }
    list.push_str("]\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("snmp_tables.rs"), list)?;
    Ok(())
}
