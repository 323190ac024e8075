//! What becomes a message to people elsewhere, when, and in which words. Pure: what is known comes in as
//! values, octets go out; [`crate::courier`] looks, keeps and sends.
//!
//! Begin with [`watch`], which says what is so now; [`damp`] decides which of it a receiver is told and
//! when, so that one event is one message; [`message`] has the words. The formats are a file each.

/// Who is told, of what, by which road.
pub mod channel;
/// When it is tried again.
pub mod backoff;
/// Which events are told, and when.
pub mod damp;
/// Something that people should be told of.
pub mod event;
/// Events in words.
pub mod message;
/// Messages of RFC 5424.
pub mod syslog;
/// What is so now that people should be told of.
pub mod watch;
/// JSON for a web server, and its signature.
pub mod webhook;

#[cfg(test)]
mod tests;
