//! Remembers: metadata, blobs by digest, the call log.
//!
//! Three stores that need different things from a disk, and the records that are kept in the
//! first of them:
//!
//! | module | keeps | promises |
//! |---|---|---|
//! | [`metadata`] | small records, in a revisioned, ordered key-value store | an acknowledged commit survives a power cut; it happens wholly or not at all |
//! | [`records`] | what those records are: workspaces, servers, keys, … | no change without its audit record |
//! | [`blobs`] | components and other large immutable things, by digest | what is read is what was written |
//! | [`call_log`] | one line per call | appending never waits; what is lost is counted |
//!
//! # Adding an engine
//!
//! An engine is one file with a type that implements [`metadata::Metadata`], beside [`memory`] (the
//! reference: read it first) and [`sled`]. It is done when every function of [`conformance`] passes
//! on it; see `tests/conformance.rs`, which has one macro line per engine. Records need no change:
//! they are written once, over the trait.
//!
//! # Adding a record
//!
//! A record is a type in `records/` that implements [`records::Record`]: where it is kept, which
//! names it claims, how it is spelled as JSON. Give it a line in `records/everything.rs` if the
//! gateway needs it in memory, and a line in the round-trip test of `records/`. A field that is
//! added later needs `#[serde(default)]`; a field whose meaning changes needs a new schema version
//! in [`records::SCHEMA`].

#![deny(missing_docs)]

pub mod blobs;
pub mod call_log;
pub mod conformance;
mod files;
pub mod memory;
pub mod metadata;
pub mod records;
pub mod sled;

pub use files::FileError;
