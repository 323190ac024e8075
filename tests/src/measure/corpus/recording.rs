//! Recordings of what devices told over SNMP: `OID|TAG|VALUE` a line (the tag is the number of the
//! type in BER, with an `x` behind it for hexadecimal digits), or the output of `snmpwalk -On`.

use std::net::Ipv4Addr;

use crate::tables::{Recording, Value, oid};

/// Reads a recording; lines that make no sense are left out.
pub(super) fn read(octets: &[u8], walk: bool) -> Recording {
    if walk { walked(&String::from_utf8_lossy(octets)) } else { recorded(octets) }
}

fn recorded(octets: &[u8]) -> Recording {
    let lines = octets.split(|octet| *octet == b'\n');
    let read = lines.filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut parts = line.splitn(3, |octet| *octet == b'|');
        let (id, tag, value) = (parts.next()?, parts.next()?, parts.next()?);
        let (id, tag) = (std::str::from_utf8(id).ok()?, std::str::from_utf8(tag).ok()?);
        Some((oid(id)?, tagged(tag, value)?))
    });
    read.collect()
}

fn tagged(tag: &str, value: &[u8]) -> Option<Value> {
    let text = || std::str::from_utf8(value).ok().map(str::trim);
    match tag {
        "2" => Some(Value::Integer(text()?.parse().ok()?)),
        "4" => Some(Value::Octets(value.to_vec())),
        "4x" => Some(Value::Octets(hex(text()?)?)),
        "6" => oid(text()?).map(Value::ObjectId),
        "64" => Some(Value::Address(text()?.parse::<Ipv4Addr>().ok()?.octets())),
        "64x" => Some(Value::Address(hex(text()?)?.try_into().ok()?)),
        "65" | "66" | "67" | "70" => Some(Value::Unsigned(text()?.parse().ok()?)),
        _ => None,
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: String = digits.chars().filter(|sign| !sign.is_whitespace()).collect();
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// A value may go on over several lines; a new object begins with a dot.
fn walked(text: &str) -> Recording {
    let mut recording = Recording::new();
    let mut last: Option<(&str, String)> = None;
    for line in text.lines().chain([".0 = END"]) {
        match line.split_once(" = ").filter(|_| line.starts_with('.')) {
            Some((id, value)) => {
                let before = last.replace((id, value.to_owned()));
                let before = before.and_then(|(id, value)| Some((oid(id)?, typed(&value)?)));
                recording.extend(before);
            }
            None => {
                if let Some((_, value)) = &mut last {
                    value.push('\n');
                    value.push_str(line);
                }
            }
        }
    }
    recording
}

fn typed(value: &str) -> Option<Value> {
    let value = value.trim();
    let Some((kind, rest)) = value.split_once(':') else {
        return value.starts_with('"').then(|| quoted(value));
    };
    let rest = rest.trim();
    match kind {
        "STRING" => Some(quoted(rest)),
        "Hex-STRING" => Some(Value::Octets(hex(rest)?)),
        "OID" => oid(rest).map(Value::ObjectId),
        "IpAddress" => Some(Value::Address(rest.parse::<Ipv4Addr>().ok()?.octets())),
        "INTEGER" => {
            let digits = rest.split_once('(').map_or(rest, |(_, inside)| inside);
            let end = digits.find(|sign: char| !sign.is_ascii_digit() && sign != '-');
            Some(Value::Integer(digits.get(..end.unwrap_or(digits.len()))?.parse().ok()?))
        }
        "Counter32" | "Counter64" | "Gauge32" | "Unsigned32" => {
            Some(Value::Unsigned(rest.split_whitespace().next()?.parse().ok()?))
        }
        _ => None,
    }
}

fn quoted(text: &str) -> Value {
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    Value::Octets(bare.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_say_the_same() {
        let recorded = read(
            b"1.3.6.1.2.1.1.1.0|4x|4142\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1\n1.3.6.1.2.1.1.7.0|2|6\nbroken\n",
            false,
        );
        let walked = read(
            b".1.3.6.1.2.1.1.1.0 = STRING: \"AB\"\n.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.9.1\n\
              .1.3.6.1.2.1.1.7.0 = INTEGER: many(6)\n",
            true,
        );
        assert_eq!(recorded, walked);
        assert_eq!(recorded.len(), 3);
    }
}
