//! Manual pages and completions, from the command lines themselves.

use anyhow::Result;
use clap::Command;
use clap_complete::{Shell, generate};

use super::tree::Tree;

/// A page for the program and for each of its commands (`daicho-agent-scan(1)`).
pub(super) fn pages(tree: &Tree<'_>, mut command: Command) -> Result<()> {
    command.build();
    page(tree, &command, command.get_name())
}

fn page(tree: &Tree<'_>, command: &Command, name: &str) -> Result<()> {
    let mut written = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut written)?;
    tree.write(&format!("usr/share/man/man1/{name}.1"), &written, 0o644)?;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        if inner.get_name() != "help" {
            page(tree, inner, &format!("{name}-{}", inner.get_name()))?;
        }
    }
    Ok(())
}

/// Completions where the shells look for them.
pub(super) fn completions(tree: &Tree<'_>, mut command: Command, name: &str) -> Result<()> {
    let places = [
        (Shell::Bash, format!("usr/share/bash-completion/completions/{name}")),
        (Shell::Zsh, format!("usr/share/zsh/vendor-completions/_{name}")),
        (Shell::Fish, format!("usr/share/fish/vendor_completions.d/{name}.fish")),
    ];
    for (shell, place) in places {
        let mut written = Vec::new();
        generate(shell, &mut command, name, &mut written);
        tree.write(&place, &written, 0o644)?;
    }
    Ok(())
}
