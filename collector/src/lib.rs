//! Keeps what agents saw, resolves it into devices, holds them against the declared ledger, and
//! says what differs.
//!
//! Pure rooms, in the order of the flow: [`day`], [`evidence`], [`fingerprint`], [`mib`], [`inventory`],
//! [`ledger`], [`register`], [`decision`], [`policy`], [`resolve`], [`topology`], [`reconcile`], [`duty`],
//! [`scope`], [`schedule`], [`finding`], composed by [`picture`]; [`snapshot`] keeps what it was, [`roster`] searches it; beside them [`people`]. They name no file, socket, clock or database; the layering
//! test holds them to it. Edges: ledger files in [`book`], [`store`],
//! [`ingest`], [`report`], [`web`], [`doctor`], [`cli`].

/// A day of the calendar, as a value.
pub mod day;
/// Observations weighed: graded claims, each bound to who made it.
pub mod evidence;
/// Patterns, as rows of data, that turn evidence into claims of what a device is.
pub mod fingerprint;
/// What tables read over SNMP say a device is.
pub mod inventory;
/// What rows of SNMP tables say, in the terms of their MIBs.
pub mod mib;
/// Which evidence is about the same device.
pub mod resolve;
/// The hospital's book of record, as read.
pub mod ledger;
/// What stands beside the ledger: parties, contracts, disclosure forms, exceptions.
pub mod register;
/// What people said about what was found, and what of it holds.
pub mod decision;
/// What a hospital decides in advance: what its networks are for, how much findings matter, how long
/// a thing may be away.
pub mod policy;
/// Devices held against entries, inside coverage.
pub mod reconcile;
/// What devices do for a whole network.
pub mod duty;
/// Whether the checklist covers a device or a row.
pub mod scope;
/// What administrators say on pages instead of in a file.
pub mod settings;
/// When scans are to run.
pub mod schedule;
/// What a person should look at.
pub mod finding;
/// The shape of the network: who hangs on which port of what.
pub mod topology;
/// Who may do what.
pub mod people;
/// What becomes a message to people elsewhere, when, and in which words.
pub mod notify;
/// Logging in through the hospital's own identity provider.
pub mod oidc;
/// Random secrets and hashed passwords.
pub mod credential;
/// Pure work over several threads.
mod parallel;
/// Lists that pictures share.
pub mod list;
/// Observations, packed.
pub mod archive;
/// The one function that composes the pure rooms.
pub mod picture;
/// Devices as a table that is searched, filtered and sorted.
pub mod roster;
/// What was known at a moment, named by its digest; what two of them differ in.
pub mod snapshot;
/// Files that only their owner may read.
mod private;
/// What a round of stock-taking comes to, row by row.
pub mod stocktaking;
/// Who vouches for a snapshot: the collector's own signing key.
pub mod seal;
/// Secrets at rest.
pub mod vault;
/// Connections, and of which of them nothing is known yet.
mod crowd;
/// What is counted while the program runs.
pub mod meters;
/// Messages on their way: looks, keeps, sends.
pub mod courier;
/// Workbooks and CSV files into ledgers and back.
pub mod book;
/// The ground facts in one SQLite file, append-only.
pub mod store;
/// Deliveries and imports: what is let in, and what is refused.
pub mod ingest;
/// The only clock, and the time zone in which times are shown.
pub mod clock;
/// The map of the network: boxes, their places, SVG.
pub mod map;
/// Every text that users see, in both languages.
pub mod words;
/// Pictures as text, tables and files.
pub mod report;
/// What of old observations may be folded.
pub mod retention;
/// The door for agents: mutual TLS, enrolment, batches, work.
pub mod door;
/// Pages over HTTP, and the door for agents' batches.
pub mod web;
/// What is wrong with a site, and how to mend it.
pub mod doctor;
/// Configuration as written and as meant.
pub mod config;
/// The command line.
pub mod cli;
