//! The texts of many rows in one, so that a word is sought in all of them at once.

use std::net::IpAddr;

use super::term::{Needle, Term};

/// The texts of rows, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Haystack {
    text: String,
    /// Where the text of each row begins.
    starts: Vec<usize>,
}

impl Haystack {
    /// Adds the text of the next row: folded, its parts divided by line feeds.
    pub fn push(&mut self, text: &str) {
        self.starts.push(self.text.len());
        self.text.push_str(text);
        // No word holds one, so nothing is found across two rows.
        self.text.push('\n');
    }

    /// The text of a row.
    fn row(&self, row: usize) -> &[u8] {
        let from = self.starts.get(row).copied().unwrap_or(self.text.len());
        self.text.as_bytes().get(from..self.end(row)).unwrap_or_default()
    }

    fn end(&self, row: usize) -> usize {
        self.starts.get(row + 1).copied().unwrap_or(self.text.len())
    }

    /// Which rows have all of the terms; `addresses` are those of the rows.
    pub fn matching(&self, terms: &[Term], addresses: &[Vec<IpAddr>]) -> Vec<bool> {
        let Some((first, rest)) = terms.split_first() else {
            return vec![true; self.starts.len()];
        };
        let mut fits = vec![false; self.starts.len()];
        for needle in first.needles() {
            self.mark(needle, addresses, &mut fits);
        }
        for term in rest {
            for (row, fits) in fits.iter_mut().enumerate().filter(|(_, fits)| **fits) {
                let own = addresses.get(row).map(Vec::as_slice).unwrap_or_default();
                *fits = term.needles().iter().any(|needle| needle.is_in(self.row(row), own));
            }
        }
        fits
    }

    fn mark(&self, needle: &Needle, addresses: &[Vec<IpAddr>], fits: &mut [bool]) {
        if let Needle::Within(network) = needle {
            for (own, fits) in addresses.iter().zip(fits) {
                *fits |= own.iter().any(|ip| network.contains(ip));
            }
            return;
        }
        let mut from = 0;
        while let Some(at) = needle.find(self.text.as_bytes(), from) {
            let row = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
            if let Some(fits) = fits.get_mut(row) {
                *fits = true;
            }
            from = self.end(row);
        }
    }
}
