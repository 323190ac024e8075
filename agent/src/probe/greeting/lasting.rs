//! Of a greeting, what is the same at the next look: without dates, times, time stamps in angle brackets
//! and numbers that count connections. Words are passed over one by one; nothing is guessed from order.

use daicho_common::text::Text;

/// Days and months as the Internet message format has them (RFC 5322 §3.3), and longer.
const NAMES: [&str; 19] = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun",
    "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Words that go with a time.
const ZONES: [&str; 6] = ["am", "pm", "jst", "gmt", "utc", "z"];

/// What a word is in a date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A time of day or a whole date: it changes by itself.
    Changing,
    /// It belongs to a date where one stands beside it.
    Beside,
    /// No part of a date.
    Other,
}

/// The text of a greeting without what changes with every look.
pub(super) fn lasting(octets: &[u8]) -> Text {
    // Each line for itself, because `Text` is bounded.
    let mut words: Vec<String> = Vec::new();
    for line in octets.split(|octet| matches!(octet, b'\n' | b'\r')) {
        let line = Text::from_wire(line);
        words.extend(line.as_str().split_whitespace().map(str::to_owned));
    }
    let parts: Vec<Part> = words.iter().map(|word| part(word)).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let run = parts.iter().skip(at).take_while(|part| **part != Part::Other);
        let changing = run.clone().any(|part| *part == Part::Changing);
        let length = run.count();
        if changing {
            at += length;
            continue;
        }
        // A run without a time is words like any other.
        for n in at..at + length.max(1) {
            let counts = kept.last().is_some_and(|last| last.eq_ignore_ascii_case("number"));
            let word = words.get(n).unwrap_or(word);
            if !(counts && digits(bare(word)) || is_stamp(word)) {
                kept.push(word);
            }
        }
        at += length.max(1);
    }
    Text::clean(&kept.join(" "))
}

/// A word without the marks around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| matches!(c, ',' | ';' | '.' | '(' | ')' | '[' | ']' | '"' | '!'))
}

/// Whether there are digits and nothing else.
fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// `<1896.697170952@host>`, made new for every connection (RFC 1939 §7).
fn is_stamp(word: &str) -> bool {
    let word = bare(word);
    let inner = word.strip_prefix('<').and_then(|word| word.strip_suffix('>'));
    let local = inner.and_then(|inner| inner.split_once('@')).map(|(local, _)| local);
    local.is_some_and(|local| local.chars().any(|c| c.is_ascii_digit()))
}

/// Which part of a date a word is.
fn part(word: &str) -> Part {
    let word = bare(word).to_ascii_lowercase();
    let (date, time) = word.split_once('t').unwrap_or((&word, ""));
    if is_time(&word) || is_date(&word) || (is_date(date) && time.contains(':')) {
        return Part::Changing;
    }
    let named = NAMES.iter().any(|name| {
        let rest = word.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with("day") || is_rest(name, rest))
    });
    let zone = word.strip_prefix(['+', '-']).is_some_and(|zone| zone.len() == 4 && digits(zone));
    let number = digits(&word) && matches!(word.len(), 1 | 2 | 4);
    if named || zone || number || ZONES.contains(&word.as_str()) {
        Part::Beside
    } else {
        Part::Other
    }
}

/// What may follow the first three letters of a month.
fn is_rest(name: &str, rest: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    MONTHS.iter().any(|month| month.strip_prefix(name) == Some(rest))
}

/// `9:05`, `09:05:07`, with a fraction or a zone behind it.
fn is_time(word: &str) -> bool {
    let word = word.split(['.', '+', 'z']).next().unwrap_or_default();
    let mut parts = word.split(':');
    let hour = parts.next().is_some_and(|hour| hour.len() <= 2 && digits(hour));
    let rest: Vec<&str> = parts.collect();
    let two = rest.iter().all(|part| part.len() == 2 && digits(part));
    hour && two && matches!(rest.len(), 1 | 2)
}

/// `2026-11-28`, `28/11/2026`, `28-Nov-2026`.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split(['-', '/']).collect();
    let [first, middle, last] = parts.as_slice() else { return false };
    let year = |part: &str| part.len() == 4 && digits(part);
    let day = |part: &str| matches!(part.len(), 1 | 2) && digits(part);
    let month = day(middle) || NAMES.contains(middle);
    month && (year(first) && day(last) || day(first) && year(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_looks_at_different_times_read_the_same() {
        for (one, other, kept) in [
            (
                "mail.byoin.test ESMTP Mailer/8.1; Sat, 28 Nov 2026 20:17:43 +0900 (JST)",
                "mail.byoin.test ESMTP Mailer/8.1; Tue, 1 Dec 2026 9:05:00 +0900 (JST)",
                "mail.byoin.test ESMTP Mailer/8.1;",
            ),
            ("Ready 2026-11-28T20:17:43Z ok", "Ready 2026-12-01T01:02:03.5Z ok", "Ready ok"),
            ("Time 28-Nov-2026 now", "Time 1/12/2026 now", "Time now"),
            (
                "You are user number 3 of 50.",
                "You are user number 17 of 50.",
                "You are user number of 50.",
            ),
            ("POP <12.345@mx> go", "POP <9.8@mx> go", "POP go"),
        ] {
            assert_eq!(lasting(one.as_bytes()).as_str(), kept);
            assert_eq!(lasting(other.as_bytes()).as_str(), kept);
        }
    }

    #[test]
    fn versions_and_years_stay() {
        for text in [
            "FTP 2.3.5 of May 2019 ready",
            "Mail Server 2016 on port 25",
            "[::ffff:192.0.2.7] 00:11:22:33:44:55",
            "Decoder 3 Monitor",
        ] {
            assert_eq!(lasting(text.as_bytes()).as_str(), text);
        }
    }
}
