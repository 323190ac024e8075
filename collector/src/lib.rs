//! Keeps what agents saw, resolves it into devices, holds them against the declared ledger, and
//! says what differs.
//!
//! Pure rooms, in the order of the flow: [`evidence`], [`fingerprint`], [`resolve`], [`ledger`],
//! [`reconcile`], [`finding`], composed by [`picture`]. They name no file, socket, clock or
//! database; the layering test holds them to it. Edges: ledger files in [`book`], `store`,
//! `ingest`, `report`, `web`.

/// Workbooks and CSV files into ledgers and back.
pub mod book;
/// The command line.
pub mod cli;
/// The only clock, and the time zone in which times are shown.
pub mod clock;
/// Configuration as written and as meant.
pub mod config;
/// Observations weighed: graded claims, each bound to who made it.
pub mod evidence;
/// What a person should look at.
pub mod finding;
/// Patterns, as rows of data, that turn evidence into claims of what a device is.
pub mod fingerprint;
/// Deliveries and imports: what is let in, and what is refused.
pub mod ingest;
/// The hospital's book of record, as read.
pub mod ledger;
/// The one function that composes the pure rooms.
pub mod picture;
/// Devices held against entries, inside coverage.
pub mod reconcile;
/// Pictures as text, tables and files.
pub mod report;
/// Which evidence is about the same device.
pub mod resolve;
/// The ground facts in one SQLite file, append-only.
pub mod store;
/// Pages over HTTP, and the door for agents' batches.
pub mod web;
/// Every text that users see, in both languages.
pub mod words;
