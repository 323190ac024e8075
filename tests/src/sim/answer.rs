//! What devices say when asked: pure functions from octets to octets. What is not a question, or
//! not for this device, is met with silence.

/// DNS-SD by unicast and multicast (RFC 6762, RFC 6763).
pub mod dns_sd;
/// ARP (RFC 826), IPv4, ICMP, UDP and TCP, as far as a host needs them to answer a scanner.
pub mod frame;
/// SNMP v2c.
pub mod snmp;
/// What is said over TCP connections.
pub mod words;

pub use dns_sd::answer_dns_sd;
pub use frame::{Met, answer_frame};
pub use snmp::answer_snmp;
pub use words::{answer_words, greeting};
