//! What is handed in with a statement.

use rusqlite::ToSql;
use rusqlite::types::ToSqlOutput;

/// What is handed in for `$1`, `$2` … : `[]`, an array of values of one kind, or
/// [`params!`](rusqlite::params) for values of several.
pub(in super::super) trait Params {
    /// Shows the values, in order.
    fn each<T>(self, to: impl FnOnce(&[&dyn ToSql]) -> T) -> T;
}

impl Params for [&dyn ToSql; 0] {
    fn each<T>(self, to: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        to(&[])
    }
}

impl Params for &[&dyn ToSql] {
    fn each<T>(self, to: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        to(self)
    }
}

impl Params for &[ToSqlOutput<'_>] {
    fn each<T>(self, to: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
        let values: Vec<&dyn ToSql> = self.iter().map(|value| value as &dyn ToSql).collect();
        to(&values)
    }
}

macro_rules! arrays {
    ($($length:literal),*) => {
        $(impl<V: ToSql> Params for [V; $length] {
            fn each<T>(self, to: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
                to(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        })*
    };
}

arrays!(1, 2, 3, 4, 5, 6, 7, 8);
