//! Addresses of pages (RFC 3986), as far as a request needs them: scheme, authority, path and query.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Longest path with its query that is asked for, in octets.
const MOST_PATH: usize = 1024;

/// Longest name of a host (RFC 1035 §2.3.4).
const MOST_NAME: usize = 253;

/// Whom a request goes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    /// Whether over TLS.
    pub secure: bool,
    /// Name in lower case, or address: IPv6 in brackets and without a zone, which means something
    /// only where it was written (RFC 3986 §3.2.2, RFC 6874 §1).
    pub host: String,
    /// TCP port, 1 or more.
    pub port: u16,
}

impl Authority {
    /// The port that goes without saying.
    const fn default_port(secure: bool) -> u16 {
        if secure { 443 } else { 80 }
    }
}

impl fmt::Display for Authority {
    /// As in a `Host` field: the port only where it does not go without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        if self.port == Self::default_port(self.secure) {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

/// The address of a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    /// Whom it is asked of.
    pub authority: Authority,
    /// Path and query, from the first slash on; visible ASCII only.
    pub path: String,
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.authority.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

/// An address as an authority has it.
pub fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The host of an authority in one spelling, and what follows it.
fn split_host(authority: &str) -> Option<(String, &str)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let address = inside.split_once('%').map_or(inside, |(address, _)| address);
        return Some((literal(address.parse::<Ipv6Addr>().ok()?.into()), after));
    }
    let end = authority.find(':').unwrap_or(authority.len());
    let (host, after) = authority.split_at_checked(end)?;
    let named = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_');
    let host = host.trim_end_matches('.');
    let sound = !host.is_empty() && host.len() <= MOST_NAME && host.bytes().all(named);
    sound.then(|| (host.to_ascii_lowercase(), after))
}

/// The text without a prefix that is written in any case.
fn after<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl Uri {
    /// An absolute address of the schemes `http` and `https`. One with user information, a port of
    /// zero, or anything but visible ASCII is none; a fragment is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (secure, rest) = match after(text, "http://") {
            Some(rest) => (false, rest),
            None => (true, after(text, "https://")?),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (host, after) = split_host(authority)?;
        let port = match after.strip_prefix(':') {
            Some("") => Authority::default_port(secure),
            Some(port) if port.bytes().all(|it| it.is_ascii_digit()) => {
                port.parse().ok().filter(|port| *port != 0)?
            }
            None if after.is_empty() => Authority::default_port(secure),
            Some(_) | None => return None,
        };
        let authority = Authority { secure, host, port };
        Some(Self { authority, path: absolute("/", path)? })
    }

    /// Where a reference on this page leads (RFC 3986 §5.2).
    pub fn join(&self, reference: &str) -> Option<Self> {
        let reference = reference.trim();
        if let Some(rest) = reference.strip_prefix("//") {
            let scheme = if self.authority.secure { "https" } else { "http" };
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let end = reference.find(['/', '?', '#']).unwrap_or(reference.len());
        if reference.get(..end)?.contains(':') {
            return Self::parse(reference);
        }
        Some(Self { authority: self.authority.clone(), path: absolute(&self.path, reference)? })
    }

    /// Whether it is asked of this address, or of a host of one of these names.
    pub fn is_at<'n>(&self, ip: IpAddr, mut names: impl Iterator<Item = &'n str>) -> bool {
        self.authority.host == literal(ip)
            || names.any(|name| self.authority.host.eq_ignore_ascii_case(name))
    }
}

/// The path and query of a reference on a page with this path.
fn absolute(base: &str, reference: &str) -> Option<String> {
    let reference = reference.split('#').next().unwrap_or_default();
    let base_path = base.split('?').next().unwrap_or_default();
    let whole = match reference.as_bytes().first() {
        None => base.to_owned(),
        Some(b'/') => reference.to_owned(),
        Some(b'?') => format!("{base_path}{reference}"),
        Some(_) => {
            let folder = base_path.rfind('/').map_or("", |at| base_path.get(..at).unwrap_or(""));
            format!("{folder}/{reference}")
        }
    };
    let sound = whole.len() <= MOST_PATH && whole.bytes().all(|it| it.is_ascii_graphic());
    let (path, query) = whole.split_at_checked(whole.find('?').unwrap_or(whole.len()))?;
    sound.then(|| without_dots(path) + query)
}

/// The path without `.` and `..` (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(base: &str, reference: &str) -> Option<String> {
        Uri::parse(base).unwrap().join(reference).map(|uri| uri.to_string())
    }

    #[test]
    fn addresses_read_and_write_alike() {
        for (text, written) in [
            ("http://10.20.0.9", "http://10.20.0.9/"),
            ("HTTP://10.20.0.9:80/", "http://10.20.0.9/"),
            ("https://NAS.example.:5001/a?b=c#d", "https://nas.example:5001/a?b=c"),
            ("http://10.20.0.9:8080?x", "http://10.20.0.9:8080/?x"),
            ("http://h/a/./b/../c", "http://h/a/c"),
            ("http://[FE80:0::9]:8080/a", "http://[fe80::9]:8080/a"),
            ("https://[fe80::9%25eth0]/", "https://[fe80::9]/"),
        ] {
            let uri = Uri::parse(text).unwrap();
            assert_eq!(uri.to_string(), written, "{text}");
            assert_eq!(Uri::parse(written), Some(uri));
        }
        for text in [
            "",
            "/",
            "ftp://h/",
            "http://",
            "http:///a",
            "http://me:secret@h/",
            "http://h:0/",
            "http://h:99999/",
            "http://h:+1/",
            "http://h/a b",
            "http://h/\r\nX: y",
            "http://ほ/",
            "http://[fe80::1/",
            "http://[10.20.0.9]/",
            "http://[fe80::1]x/",
            "http://fe80::1/",
            "http://./",
        ] {
            assert_eq!(Uri::parse(text), None, "{text:?}");
        }
        assert_eq!(Uri::parse(&format!("http://h/{}", "x".repeat(2000))), None);
    }

    #[test]
    fn references_lead_where_the_standard_says() {
        let base = "http://10.20.0.9:8080/web/start.html?lang=ja";
        for (reference, leads) in [
            ("index.html", "http://10.20.0.9:8080/web/index.html"),
            ("/login", "http://10.20.0.9:8080/login"),
            ("?lang=en", "http://10.20.0.9:8080/web/start.html?lang=en"),
            ("#top", "http://10.20.0.9:8080/web/start.html?lang=ja"),
            ("../../../a", "http://10.20.0.9:8080/a"),
            ("..", "http://10.20.0.9:8080/"),
            ("//10.20.0.9/x", "http://10.20.0.9/x"),
            ("https://10.20.0.9/", "https://10.20.0.9/"),
            ("a?b=http://c", "http://10.20.0.9:8080/web/a?b=http://c"),
        ] {
            assert_eq!(joined(base, reference).as_deref(), Some(leads), "{reference}");
        }
        assert_eq!(joined(base, "javascript:top()"), None);
        assert_eq!(joined(base, "/a\r\nCookie: x"), None);
    }

    #[test]
    fn a_host_is_its_address_or_a_name_that_it_has() {
        let ip: IpAddr = [10, 20, 0, 9].into();
        let at = |text: &str| Uri::parse(text).unwrap().is_at(ip, ["MFP-3F.local"].into_iter());
        assert!(at("http://10.20.0.9/") && at("https://mfp-3f.LOCAL/"));
        assert!(!at("http://10.20.0.90/") && !at("http://example.com/"));
        let six: IpAddr = "fe80::9".parse().unwrap();
        let at = |text: &str| Uri::parse(text).unwrap().is_at(six, std::iter::empty());
        assert!(at("http://[fe80:0:0::9]/") && !at("http://[fe80::90]/"));
    }

    proptest! {
        #[test]
        fn what_is_read_is_read_again(text in "https?://[a-z0-9.:/?#%@-]{0,40}") {
            if let Some(uri) = Uri::parse(&text) {
                prop_assert_eq!(Uri::parse(&uri.to_string()), Some(uri));
            }
        }

        #[test]
        fn no_reference_panics_or_smuggles_a_line(reference in "\\PC{0,60}|[\\x00-\\x7f]{0,60}") {
            if let Some(uri) = Uri::parse("http://h/a/b").unwrap().join(&reference) {
                prop_assert!(uri.path.bytes().all(|it| it.is_ascii_graphic()));
                prop_assert!(uri.path.starts_with('/'));
            }
        }
    }
}
