//! Turns `words/ja.toml` and `words/en.toml` into `enum Word`, so that a text missing in either
//! language, or one whose placeholders differ, does not compile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=words");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=templates");
    let (ja, en) = (read("words/ja.toml")?, read("words/en.toml")?);
    for (key, text) in &ja {
        let other = en.get(key).ok_or(format!("words/en.toml lacks {key}"))?;
        if holes(text) != holes(other) {
            return Err(format!("{key}: the placeholders differ between ja and en").into());
        }
    }
    if let Some(key) = en.keys().find(|key| !ja.contains_key(*key)) {
        return Err(format!("words/ja.toml lacks {key}").into());
    }
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("word.rs"), source(&ja, &en)?)?;
    Ok(())
}

/// Texts by the name of their variant: `[verdict] agreed` is `VerdictAgreed`.
fn read(path: &str) -> Result<BTreeMap<String, String>, Box<dyn std::error::Error>> {
    let table: toml::Table = std::fs::read_to_string(path)?.parse()?;
    let mut texts = BTreeMap::new();
    for (section, keys) in table {
        let keys = keys.as_table().ok_or(format!("{path}: {section} is no section"))?;
        for (key, text) in keys {
            let text = text.as_str().ok_or(format!("{path}: {section}.{key} is no text"))?;
            texts.insert(camel(&section) + &camel(key), text.to_owned());
        }
    }
    Ok(texts)
}

fn camel(snake: &str) -> String {
    snake
        .split('_')
        .map(|part| {
            let mut chars = part.chars();
            chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
        })
        .collect()
}

/// The placeholders `{0}` … `{9}` of a text, sorted.
fn holes(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut holes: Vec<char> = chars
        .windows(3)
        .filter_map(|w| match w {
            ['{', digit @ '0'..='9', '}'] => Some(*digit),
            _ => None,
        })
        .collect();
    holes.sort_unstable();
    holes.dedup();
    holes
}

fn source(
    ja: &BTreeMap<String, String>,
    en: &BTreeMap<String, String>,
) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    writeln!(code, "/// A text that users see, in each language.")?;
    writeln!(code, "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum Word {{")?;
    for (key, text) in ja {
        // As code, so that a name such as UPnP is no word that lacks backticks.
        let doc = format!("`{}`", text.replace('`', "'"));
        writeln!(code, "    #[doc = {doc:?}]\n    {key},")?;
    }
    writeln!(code, "}}\n")?;
    for (lang, texts) in [("JA", ja), ("EN", en)] {
        writeln!(code, "static {lang}: [&str; {}] = [", texts.len())?;
        for text in texts.values() {
            writeln!(code, "    {text:?},")?;
        }
        writeln!(code, "];\n")?;
    }
    writeln!(code, "impl Word {{")?;
    for (lang, texts) in [("ja", "JA"), ("en", "EN")] {
        writeln!(code, "    fn {lang}(self) -> &'static str {{")?;
        writeln!(code, "        {texts}.get(self as usize).copied().unwrap_or_default()\n    }}")?;
    }
    writeln!(code, "    #[cfg(test)]\n    const ALL: &[Self] = &[")?;
    for key in ja.keys() {
        writeln!(code, "        Self::{key},")?;
    }
    writeln!(code, "    ];\n}}")?;
    Ok(code)
}
