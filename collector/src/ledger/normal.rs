//! Cells of a ledger brought into one form (DOMAIN §4): full-width and half-width letters, several
//! addresses in a cell, every spelling of a MAC address. Nothing here knows of rows or columns.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use daicho_common::addr::Mac;
use unicode_normalization::UnicodeNormalization;

use super::columns::{Columns, Sense};

/// Unicode NFKC (UAX #15): half-width kana, full-width letters and ①㈱ become the ordinary ones.
pub fn nfkc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// What headings are compared by: NFKC, lower case, letters and digits only.
pub fn heading_key(heading: &str) -> String {
    nfkc(heading).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What words in cells are compared by: NFKC, lower case, ends trimmed, every dash a hyphen.
pub fn word_key(word: &str) -> String {
    let normal = nfkc(word);
    let trimmed = normal.trim();
    if trimmed.chars().all(is_dash) {
        return if trimmed.is_empty() { String::new() } else { "-".to_owned() };
    }
    if trimmed.is_ascii() {
        return trimmed.to_ascii_lowercase();
    }
    trimmed.chars().flat_map(char::to_lowercase).collect()
}

/// Text of a field: NFKC, line breaks as spaces, ends trimmed; empty if only dashes.
pub fn plain(cell: &str) -> String {
    let normal = nfkc(cell);
    let trimmed = normal.trim();
    if trimmed.chars().all(is_dash) {
        return String::new();
    }
    if !trimmed.contains(['\n', '\r', '\t']) {
        return trimmed.to_owned();
    }
    trimmed
        .split(['\n', '\r', '\t'])
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text of a field that tells one thing from another: as [`plain`], and empty if the cell says that
/// there is nothing (なし, 不明).
pub fn telling(cell: &str, columns: &Columns) -> String {
    let text = plain(cell);
    if text.is_empty() || columns.is(&word_key(&text), Sense::Nothing) {
        String::new()
    } else {
        text
    }
}

/// Whether the character is one of the dashes that people type for "nothing" or between octets.
pub fn is_dash(c: char) -> bool {
    matches!(c, '-' | 'ー' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | '━' | '－' | 'ｰ')
}

/// Whether the spreadsheet shows an error here, as Excel writes it into CSV too.
pub fn is_formula_error(cell: &str) -> bool {
    matches!(
        cell.trim(),
        "#REF!"
            | "#N/A"
            | "#VALUE!"
            | "#DIV/0!"
            | "#NAME?"
            | "#NULL!"
            | "#NUM!"
            | "#SPILL!"
            | "#CALC!"
            | "#GETTING_DATA"
    )
}

/// What an address cell declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared<T> {
    /// The addresses, in order of writing, without repetition.
    pub addresses: Vec<T>,
    /// Whether a part says DHCP.
    pub dhcp: bool,
    /// Whether a part says that the thing is on no network.
    pub offline: bool,
    /// Whether a part is neither an address nor a known word.
    pub unreadable: bool,
}

/// What one part of a cell is.
enum Reading<T> {
    Address(T),
    Silent,
    Unreadable,
}

impl<T: PartialEq> Declared<T> {
    fn new() -> Self {
        Self { addresses: Vec::new(), dhcp: false, offline: false, unreadable: false }
    }

    /// Takes a part if it is a known word.
    fn word(&mut self, part: &str, columns: &Columns) -> bool {
        let key = word_key(part);
        let senses = columns.senses(&key);
        self.dhcp |= senses.contains(&Sense::Dhcp);
        self.offline |= senses.contains(&Sense::Offline);
        let known = [Sense::Dhcp, Sense::Offline, Sense::Nothing, Sense::Label];
        key.is_empty() || key == "-" || senses.iter().any(|sense| known.contains(sense))
    }

    fn take(&mut self, reading: Reading<T>) {
        match reading {
            Reading::Address(address) if self.addresses.contains(&address) => {}
            Reading::Address(address) => self.addresses.push(address),
            Reading::Silent => {}
            Reading::Unreadable => self.unreadable = true,
        }
    }
}

/// Reads the addresses of an address cell. Leading zeros are decimal (`192.168.010.005`), a prefix
/// length or netmask is dropped, a range is unreadable.
pub fn ips(cell: &str, columns: &Columns) -> Declared<IpAddr> {
    let mut declared = Declared::new();
    if declared.word(cell, columns) {
        return declared;
    }
    let text = unify(cell);
    let parts: Vec<&str> = text.split(between_addresses).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().any(|part| matches!(*part, "~" | "-" | "から")) {
        declared.unreadable = true;
        return declared;
    }
    for part in parts {
        if !declared.word(part, columns) {
            declared.take(ip_part(part, columns));
        }
    }
    declared
}

/// A cell of addresses in one form, with a slash before a prefix length kept apart from one that
/// parts two addresses.
fn unify(cell: &str) -> String {
    let normal = one_dash(cell);
    if !normal.contains('/') {
        return normal.into_owned();
    }
    let mut out = String::with_capacity(normal.len());
    let mut rest = normal.as_ref();
    while let Some((before, after)) = rest.split_once('/') {
        out.push_str(before);
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        let next = after.chars().nth(digits);
        let prefix = (1..=3).contains(&digits) && !matches!(next, Some('.' | ':'));
        out.push(if prefix { '/' } else { ' ' });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// NFKC with one dash and one wave, and without the numbers in circles that count addresses.
fn one_dash(cell: &str) -> Cow<'_, str> {
    if cell.is_ascii() {
        return Cow::Borrowed(cell);
    }
    let unnumbered: String = cell.chars().map(|c| if is_circled(c) { ' ' } else { c }).collect();
    let mut normal = String::with_capacity(unnumbered.len());
    for c in nfkc(&unnumbered).chars() {
        // ー is a dash between digits, and a letter in サーバー.
        let after_latin = normal.ends_with(|before: char| before.is_ascii());
        normal.push(match c {
            'ー' if !after_latin => c,
            c if is_dash(c) => '-',
            '〜' => '~',
            c => c,
        });
    }
    Cow::Owned(normal)
}

/// ① counts addresses; NFKC would make it a digit of the one that follows.
fn is_circled(c: char) -> bool {
    matches!(c, '\u{2460}'..='\u{2473}' | '\u{2776}'..='\u{2793}')
}

fn between_addresses(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ',' | '、' | ';' | '・' | '(' | ')' | '[' | ']' | '|' | '&' | '+' | '→' | '='
        )
}

fn ip_part(part: &str, columns: &Columns) -> Reading<IpAddr> {
    let (address, prefix) = part.split_once('/').unwrap_or((part, "32"));
    let Some(ip) = ip(address, columns) else { return Reading::Unreadable };
    let longest = if ip.is_ipv4() { 32 } else { 128 };
    if !prefix.parse::<u8>().is_ok_and(|prefix| (8..=longest).contains(&prefix)) {
        return Reading::Unreadable;
    }
    match ip {
        IpAddr::V4(v4) if is_netmask(v4) => Reading::Silent,
        ip if ip.is_unspecified() || is_this_machine(ip) || ip.is_multicast() => {
            Reading::Unreadable
        }
        IpAddr::V4(_) | IpAddr::V6(_) => Reading::Address(ip),
    }
}

/// 127.0.0.0/16 and `::1`, which name whoever says them. The rest of 127.0.0.0/8 is read: a ledger
/// may describe a network that is simulated on one machine.
fn is_this_machine(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => matches!(ip.octets(), [127, 0, ..]),
        IpAddr::V6(ip) => ip.is_loopback(),
    }
}

/// An address, with a label before it (`有線:192.168.1.5`), a port behind it or a zone.
fn ip(text: &str, columns: &Columns) -> Option<IpAddr> {
    if let Some(v4) = ipv4(text) {
        return Some(IpAddr::V4(v4));
    }
    let zoneless = text.split('%').next().unwrap_or_default();
    if let Ok(v6) = zoneless.parse::<Ipv6Addr>() {
        return Some(IpAddr::V6(v6));
    }
    let (left, right) = text.split_once(':')?;
    if right.parse::<u16>().is_ok() {
        return ipv4(left).map(IpAddr::V4);
    }
    if columns.is(&word_key(left), Sense::Label) {
        return ipv4(right).map(IpAddr::V4).or_else(|| right.parse().ok().map(IpAddr::V6));
    }
    None
}

fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if !(1..=3).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

/// A mask names no device: ones before zeros, at least eight of them (RFC 950 §2.1).
fn is_netmask(v4: Ipv4Addr) -> bool {
    let bits = v4.to_bits();
    bits.leading_ones() >= 8 && bits.leading_ones() + bits.trailing_zeros() >= 32
}

/// Reads the MAC addresses of a cell, in every spelling of DOMAIN §4.
pub fn macs(cell: &str, columns: &Columns) -> Declared<Mac> {
    let mut declared = Declared::new();
    if declared.word(cell, columns) {
        return declared;
    }
    let text = unify(cell);
    for part in text.split(between_macs).map(str::trim).filter(|part| !part.is_empty()) {
        if declared.word(part, columns) {
            continue;
        }
        match mac(part) {
            Some(mac) => declared.take(named(mac)),
            None => spaced_macs(part, columns, &mut declared),
        }
    }
    declared
}

fn between_macs(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r'
            | '\t'
            | ','
            | '、'
            | ';'
            | '/'
            | '・'
            | '('
            | ')'
            | '['
            | ']'
            | '|'
            | '&'
            | '+'
            | '='
    )
}

/// A part with blanks in it: either the blanks stand between octets, or between addresses.
fn spaced_macs(part: &str, columns: &Columns, declared: &mut Declared<Mac>) {
    let mut octets = String::new();
    for word in part.split_whitespace() {
        let bare = unlabelled(word, columns);
        if !octets.is_empty() || (bare.len() == 2 && bare.bytes().all(|b| b.is_ascii_hexdigit())) {
            octets.push_str(bare);
            if octets.len() == 12 {
                declared.take(mac(&octets).map_or(Reading::Unreadable, named));
                octets.clear();
            }
        } else if let Some(mac) = mac(bare) {
            declared.take(named(mac));
        } else if !declared.word(bare, columns) {
            declared.unreadable = true;
        }
    }
    declared.unreadable |= !octets.is_empty();
}

/// The word without a label before a colon (`無線:001a2b3c4d5e`).
fn unlabelled<'a>(word: &'a str, columns: &Columns) -> &'a str {
    match word.split_once(':') {
        Some((label, rest)) if columns.is(&word_key(label), Sense::Label) => rest,
        Some(_) | None => word,
    }
}

fn mac(text: &str) -> Option<Mac> {
    text.trim_matches([':', '-', '.', ' ']).parse().ok()
}

/// Zero, broadcast and multicast addresses stand in cells as placeholders; no interface has one.
fn named(mac: Mac) -> Reading<Mac> {
    if mac == Mac::ZERO || mac.is_group() { Reading::Unreadable } else { Reading::Address(mac) }
}

/// 有/無, ○/×, あり/なし with anything in brackets or behind a colon left out; `None` if it says
/// neither.
pub fn yes_or_no(cell: &str, columns: &Columns) -> Option<bool> {
    let normal = nfkc(cell);
    let bare = normal.split(['(', ':', '\n', '、', ',', ' ', '[']).next().unwrap_or_default();
    [normal.as_ref(), bare].into_iter().map(word_key).find_map(|key| {
        if columns.is(&key, Sense::Yes) {
            Some(true)
        } else if columns.is(&key, Sense::No) {
            Some(false)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests;
