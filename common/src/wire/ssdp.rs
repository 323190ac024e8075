//! Simple Service Discovery (UPnP Device Architecture 1.1 §1): HTTP-like messages over UDP 1900.

use std::net::{IpAddr, SocketAddr};

use crate::wire::{Malformed, http};

/// The UDP port of SSDP.
pub const PORT: u16 = 1900;

/// Most header fields read of one message.
const MAX_FIELDS: usize = 64;

/// What kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `NOTIFY`: the sender announces itself.
    Notify,
    /// `M-SEARCH`: the sender looks for others.
    Search,
    /// `HTTP/1.1 200`: the sender answers a search.
    Response,
}

/// A message, borrowed from the datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssdp<'a> {
    /// What kind.
    pub kind: Kind,
    fields: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Ssdp<'a> {
    /// Reads the start line and the header fields up to the empty line; lenient about line ends,
    /// as devices are.
    ///
    /// # Errors
    /// [`Malformed`] if the start line is none of the three.
    pub fn decode(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut lines = octets.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        let start = lines.next().unwrap_or_default();
        let kind = if start.starts_with(b"NOTIFY * ") {
            Kind::Notify
        } else if start.starts_with(b"M-SEARCH * ") {
            Kind::Search
        } else if start.starts_with(b"HTTP/1.") && start.get(8..12) == Some(b" 200") {
            Kind::Response
        } else {
            return Err(Malformed::Inconsistent { field: "start line" });
        };
        let fields = lines
            .take_while(|line| !line.is_empty())
            .take(MAX_FIELDS)
            .filter_map(|line| {
                let colon = line.iter().position(|b| *b == b':')?;
                Some((line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?.trim_ascii()))
            })
            .collect();
        Ok(Self { kind, fields })
    }

    /// The value of a header field, whatever the case of its name.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| *value)
    }

    /// What is announced or answered: `NT` of a notification, `ST` of the others.
    pub fn target(&self) -> Option<&'a [u8]> {
        match self.kind {
            Kind::Notify => self.field("NT"),
            Kind::Search | Kind::Response => self.field("ST"),
        }
    }

    /// Whether a notification takes the announcement back.
    pub fn is_byebye(&self) -> bool {
        self.kind == Kind::Notify && self.field("NTS") == Some(b"ssdp:byebye")
    }
}

/// A search that is said to one host by unicast (`UPnP` Device Architecture 1.1 §1.3.2): what is looked
/// for, and the seconds within which answers may come.
pub fn search(host: IpAddr, target: &str, seconds: u8) -> Vec<u8> {
    let host = SocketAddr::new(host, PORT);
    let agent = http::USER_AGENT;
    format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nMX: {seconds}\r\n\
         ST: {target}\r\nUSER-AGENT: {agent}\r\n\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_notification_reads_whatever_its_case_and_line_ends() {
        for text in [
            "NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nServer: a/1\r\n\r\nNT: x",
            "NOTIFY * HTTP/1.1\nhost:239.255.255.250:1900\nnt:upnp:rootdevice\nSERVER:a/1\n\n",
        ] {
            let ssdp = Ssdp::decode(text.as_bytes()).unwrap();
            assert_eq!(ssdp.target(), Some(b"upnp:rootdevice".as_slice()));
            assert_eq!(ssdp.field("server"), Some(b"a/1".as_slice()));
            assert!(!ssdp.is_byebye());
        }
    }

    #[test]
    fn a_search_reads_as_one() {
        let octets = search([10, 20, 0, 9].into(), "upnp:rootdevice", 1);
        let ssdp = Ssdp::decode(&octets).unwrap();
        assert_eq!((ssdp.kind, ssdp.target()), (Kind::Search, Some(b"upnp:rootdevice".as_slice())));
        assert_eq!(ssdp.field("HOST"), Some(b"10.20.0.9:1900".as_slice()));
        assert_eq!(ssdp.field("man"), Some(b"\"ssdp:discover\"".as_slice()));
        assert!(octets.ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn other_http_is_no_ssdp() {
        for text in ["GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n", "", "\n"] {
            assert!(Ssdp::decode(text.as_bytes()).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let octets = [b"NOTIFY * HTTP/1.1\r\n".as_slice(), &tail].concat();
            let ssdp = Ssdp::decode(&octets).unwrap();
            let _ = (ssdp.target(), ssdp.is_byebye());
            let _ = Ssdp::decode(&tail);
        }
    }
}
