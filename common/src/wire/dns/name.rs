//! Domain names as labels of octets: a dot inside a label is no separator, so nothing is escaped.

use std::fmt;
use std::net::IpAddr;

use crate::text::Text;

/// Longest label, in octets (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// Longest name, in octets on the wire, with the lengths of its labels and the root
/// (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// A domain name. Comparison is octet by octet; [`Name::folded`] is the form that DNS compares. The default is
/// the root, which has no labels.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Vec<Vec<u8>>);

impl Name {
    /// The name of these labels, unless one is empty or over 63 octets or all are over 255.
    pub fn new<L: AsRef<[u8]>>(labels: impl IntoIterator<Item = L>) -> Option<Self> {
        let labels: Vec<Vec<u8>> = labels.into_iter().map(|l| l.as_ref().to_vec()).collect();
        let octets: usize = labels.iter().map(|label| label.len() + 1).sum();
        let fits = labels.iter().all(|label| (1..=MAX_LABEL).contains(&label.len()));
        (fits && octets < MAX_NAME).then_some(Self(labels))
    }

    /// The name of these labels separated by dots, with or without a dot at the end, under the same
    /// limits. There is no way to write a dot inside a label: use [`Name::new`].
    pub fn dotted(text: &str) -> Option<Self> {
        Self::new(text.strip_suffix('.').unwrap_or(text).split('.'))
    }

    /// `_services._dns-sd._udp.local`: its pointers are the service types (RFC 6763 §9).
    pub fn services() -> Self {
        Self(["_services", "_dns-sd", "_udp", "local"].map(Into::into).into())
    }

    /// The name whose pointer is the name of this address (RFC 1035 §3.5, RFC 3596 §2.5).
    pub fn reverse(address: IpAddr) -> Self {
        let (mut labels, zone): (Vec<Vec<u8>>, _) = match address {
            IpAddr::V4(v4) => {
                (v4.octets().iter().rev().map(|o| o.to_string().into_bytes()).collect(), "in-addr")
            }
            IpAddr::V6(v6) => {
                let nibbles = v6.octets().into_iter().rev().flat_map(|o| [o & 0x0f, o >> 4]);
                (nibbles.map(|n| format!("{n:x}").into_bytes()).collect(), "ip6")
            }
        };
        labels.extend([zone.into(), "arpa".into()]);
        Self(labels)
    }

    /// The labels, leftmost first, as they were sent.
    pub fn labels(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// The form that DNS compares: ASCII letters in lower case (RFC 6762 §16).
    #[must_use]
    pub fn folded(&self) -> Self {
        Self(self.0.iter().map(|label| label.to_ascii_lowercase()).collect())
    }

    /// Whether DNS takes both for the same name.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| a.eq_ignore_ascii_case(b))
    }

    /// The first label, if the rest of the name is `parent`.
    pub fn child_of(&self, parent: &Self) -> Option<&[u8]> {
        let (first, rest) = self.0.split_first()?;
        let same = rest.len() == parent.0.len()
            && rest.iter().zip(&parent.0).all(|(a, b)| a.eq_ignore_ascii_case(b));
        same.then_some(first.as_slice())
    }

    /// The service type, `_ipp._tcp` of `_ipp._tcp.local`, if this is the name of one
    /// (RFC 6763 §7).
    pub fn service_type(&self) -> Option<Text> {
        let [service, protocol, _domain, ..] = self.0.as_slice() else { return None };
        let transport = [b"_tcp", b"_udp"].iter().any(|t| protocol.eq_ignore_ascii_case(*t));
        (service.len() > 1 && service.starts_with(b"_") && transport)
            .then(|| Text::from_wire(&[service.as_slice(), b".", protocol].concat()))
    }

    /// The name as people read it: labels with dots between, nothing escaped, no dot at the end.
    pub fn text(&self) -> Text {
        Text::from_wire(&self.0.join(&b'.'))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}
