//! Values on their way to a PostgreSQL server and back, in its binary format.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{Value, ValueRef};

type Fault = Box<dyn Error + Sync + Send>;

/// A value that is handed in.
#[derive(Debug)]
pub(super) struct Handed(pub(super) Value);

impl ToSql for Handed {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match (&self.0, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT8) => number.to_sql(kind, out),
            (Value::Integer(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Value::Integer(number), &Type::INT2) => i16::try_from(*number)?.to_sql(kind, out),
            (Value::Integer(number), &Type::BOOL) => (*number != 0).to_sql(kind, out),
            (Value::Real(number), &Type::FLOAT8) => number.to_sql(kind, out),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => {
                text.to_sql(kind, out)
            }
            (Value::Blob(octets), &Type::BYTEA) => octets.to_sql(kind, out),
            (value, kind) => Err(format!("{:?} is no {kind}", value.data_type()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// What stands in a column of a row, borrowed from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a>(pub(super) ValueRef<'a>);

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(match *kind {
            Type::INT8 => ValueRef::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => ValueRef::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => ValueRef::Integer(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => ValueRef::Integer(bool::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => ValueRef::Real(f64::from_sql(kind, raw)?),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
                ValueRef::Text(raw)
            }
            Type::BYTEA => ValueRef::Blob(raw),
            _ => return Err(format!("a column is a {kind}: cast it to what SQLite has").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: &Value, kind: &Type) -> Value {
        let mut octets = BytesMut::new();
        match Handed(value.clone()).to_sql(kind, &mut octets).unwrap() {
            IsNull::Yes => Cell::from_sql_null(kind).unwrap().0.try_into().unwrap(),
            IsNull::No => Cell::from_sql(kind, &octets).unwrap().0.try_into().unwrap(),
        }
    }

    #[test]
    fn a_value_comes_back_as_it_went() {
        for (value, kind) in [
            (Value::Integer(i64::MIN), Type::INT8),
            (Value::Integer(-7), Type::INT4),
            (Value::Integer(7), Type::INT2),
            (Value::Integer(1), Type::BOOL),
            (Value::Real(0.5), Type::FLOAT8),
            (Value::Text("台帳".into()), Type::TEXT),
            (Value::Blob(vec![0, 255]), Type::BYTEA),
            (Value::Null, Type::INT8),
        ] {
            assert_eq!(there_and_back(&value, &kind), value, "{kind}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_its_column_is_refused() {
        let mut octets = BytesMut::new();
        for (value, kind) in [
            (Value::Integer(1 << 40), Type::INT4),
            (Value::Text("1".into()), Type::INT8),
            (Value::Integer(1), Type::TEXT),
        ] {
            assert!(Handed(value).to_sql(&kind, &mut octets).is_err());
        }
        assert!(Cell::from_sql(&Type::NUMERIC, &[0; 8]).is_err());
    }
}
