//! A service unit, as the package installs it (systemd.syntax(7)).

use std::sync::OnceLock;

use seccompiler::BpfProgram;

use super::calls;

/// What stands under `[Service]`.
#[derive(Debug)]
pub(super) struct Unit {
    rows: Vec<(String, String)>,
    /// Made when they are first asked for.
    filters: OnceLock<Vec<BpfProgram>>,
}

impl Unit {
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().skip_while(|line| *line != "[Service]").skip(1);
        let lines = lines.take_while(|line| !line.starts_with('['));
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rows = lines.map(|line| {
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
            (key.to_owned(), value.to_owned())
        });
        Self { rows: rows.collect(), filters: OnceLock::new() }
    }

    /// Every directive that it has.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|(key, _)| key.as_str())
    }

    /// Every value of a directive, in its order.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.rows.iter().filter(move |(it, _)| it == key).map(|(_, value)| value.as_str())
    }

    /// The value of a directive that stands once.
    pub(super) fn one<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        let mut all = self.all(key);
        let first = all.next();
        assert_eq!(all.next(), None, "{key} stands twice");
        first
    }

    /// The words of a directive that is a list.
    pub(super) fn words<'a>(&'a self, key: &'a str) -> Vec<&'a str> {
        self.all(key).flat_map(str::split_whitespace).collect()
    }

    /// Whether a directive is switched on.
    pub(super) fn has(&self, key: &str) -> bool {
        match self.one(key) {
            Some("yes") => true,
            None => false,
            Some(other) => panic!("{key}={other} is not understood here"),
        }
    }

    /// A number in octal, as modes are written.
    pub(super) fn mode(&self, key: &str) -> u32 {
        u32::from_str_radix(self.one(key).unwrap(), 8).unwrap()
    }

    /// Its filters of system calls.
    pub(super) fn filters(&self) -> &[BpfProgram] {
        self.filters.get_or_init(|| calls::filters(self))
    }
}
