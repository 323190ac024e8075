//! What a reader wants to see, as it stands in addresses and in saved views.

use std::fmt::Write;

use crate::roster::{By, Column, Query};
use crate::web::page::encoded;

/// Longest text of a view, in octets.
pub(in crate::web) const LONGEST: usize = 4096;

/// What is shown. Anything unknown is left out and breaks nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct View {
    pub(in crate::web) query: Query,
    pub(in crate::web) columns: Vec<Column>,
    pub(in crate::web) page: Option<String>,
    /// How much was done a moment ago.
    pub(in crate::web) done: Option<usize>,
}

impl View {
    /// As it stands behind the question mark of an address.
    pub(in crate::web) fn read(text: &str) -> Self {
        let mut view =
            Self { query: Query::default(), columns: Vec::new(), page: None, done: None };
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut view.query.words),
                "sort" => view.sort(&value),
                "page" => view.page = Some(value.into_owned()),
                "done" => view.done = value.parse().ok(),
                // As a list in addresses, one by one from the boxes of the form.
                "columns" => value.split(',').for_each(|column| view.show(column)),
                "column" => view.show(&value),
                name => {
                    let by = By::ALL.iter().find(|by| by.name() == name);
                    let filter = by.and_then(|by| view.query.filters.get_mut(by.number()));
                    if let Some(filter) = filter {
                        *filter = value.into_owned();
                    }
                }
            }
        }
        if view.columns.is_empty() {
            view.columns = Column::USUAL.into();
        }
        view
    }

    fn show(&mut self, column: &str) {
        let column = Column::of(column).filter(|column| !self.columns.contains(column));
        self.columns.extend(column);
    }

    fn sort(&mut self, text: &str) {
        let name = text.strip_prefix('-');
        self.query.descending = name.is_some();
        self.query.sort = Column::of(name.unwrap_or(text));
    }

    /// What it is sorted by, as it stands in addresses; empty if by nothing.
    pub(in crate::web) fn sort_text(&self) -> String {
        let sign = if self.query.descending { "-" } else { "" };
        self.query.sort.map(|column| format!("{sign}{}", column.name())).unwrap_or_default()
    }

    /// The same, sorted by this column.
    pub(in crate::web) fn sorted_by(&self, column: Column, descending: bool) -> Self {
        let mut view = self.clone();
        view.query.sort = Some(column);
        view.query.descending = descending;
        view
    }

    /// As it stands behind the question mark, without the page; always in the same order.
    pub(in crate::web) fn text(&self) -> String {
        let mut text = String::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                let sign = if text.is_empty() { "" } else { "&" };
                // Writing into a text does not fail.
                let _ = write!(text, "{sign}{name}={}", encoded(value));
            }
        };
        add("q", &self.query.words);
        for (by, filter) in By::ALL.iter().zip(&self.query.filters) {
            add(by.name(), filter);
        }
        add("sort", &self.sort_text());
        if self.columns != Column::USUAL {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name()).collect();
            add("columns", &names.join(","));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_comes_back_as_it_was_written() {
        let text = "q=%E7%97%85%E6%A3%9F%203F&verdict=undocumented&vendor=A%26B&sort=-last&columns=name%2Cip";
        let view = View::read(text);
        assert_eq!(view.query.words, "病棟 3F");
        assert_eq!(view.columns, [Column::Name, Column::Ip]);
        assert!(view.query.descending);
        assert_eq!(view.text(), text);
        assert_eq!(View::read(&view.text()), view);
    }

    #[test]
    fn what_is_unknown_breaks_nothing() {
        let view = View::read("q=&sort=nothing&columns=x,name,name&%ff=%ff&page=x");
        assert_eq!(view.columns, [Column::Name]);
        assert_eq!(view.text(), "columns=name");
        assert_eq!(View::read("").text(), "");
    }
}
