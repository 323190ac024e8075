//! The offset of local time as it is written: `+09:00`.

use daicho_common::span;

/// How far local time is ahead of UTC, in seconds, from `+09:00`.
pub(super) fn seconds(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let minutes = span::minutes(rest).filter(|minutes| *minutes <= 14 * 60)?;
    Some(sign * i32::from(minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_read_with_a_sign() {
        assert_eq!(seconds("+09:00"), Some(9 * 3600));
        assert_eq!(seconds("-03:30"), Some(-(3 * 3600 + 1800)));
        for wrong in ["", "09:00", "+15:00", "JST", "+9", "＋09:00"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
