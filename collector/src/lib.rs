//! Keeps what agents saw, resolves it into devices, holds them against the declared ledger, and
//! says what differs.
//!
//! Pure rooms, in the order of the flow: [`evidence`], [`fingerprint`], [`resolve`], [`ledger`],
//! [`reconcile`], [`finding`], composed by [`picture`]. They name no file, socket, clock or
//! database; the layering test holds them to it. Edges: ledger files in [`book`], `store`,
//! `ingest`, `report`, `web`.

/// Workbooks and CSV files into ledgers and back.
pub mod book;
/// Observations weighed: graded claims, each bound to who made it.
pub mod evidence;
/// What a person should look at.
pub mod finding;
/// Patterns, as rows of data, that turn evidence into claims of what a device is.
pub mod fingerprint;
/// The hospital's book of record, as read.
pub mod ledger;
/// The one function that composes the pure rooms.
pub mod picture;
/// Devices held against entries, inside coverage.
pub mod reconcile;
/// Which evidence is about the same device.
pub mod resolve;
