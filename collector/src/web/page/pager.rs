//! Which part of a long list a page shows.

/// Which part of a long list is shown.
#[derive(Clone, Debug)]
pub(in crate::web) struct Pager {
    /// From 1.
    pub(in crate::web) page: usize,
    pub(in crate::web) pages: usize,
    pub(in crate::web) skip: usize,
    pub(in crate::web) take: usize,
    /// The address to which a page's number is appended.
    pub(in crate::web) link: String,
}

impl Pager {
    /// The page asked for, or the nearest that there is.
    pub(in crate::web) fn new(rows: usize, take: usize, asked: Option<&str>, link: String) -> Self {
        let pages = rows.div_ceil(take.max(1)).max(1);
        let page = asked.and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
        Self { page, pages, skip: (page - 1) * take, take, link }
    }
}
