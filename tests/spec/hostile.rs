//! Every hostile guest that this host can meet, each with the ending it gets.
//!
//! A family is a table of rows: an id, what the guest does, how its bytes are made, and where it
//! has to end. All rows of a family go through one gateway, twice: the first round warms it up,
//! and after the second its memory, open files and threads have to be back where they were. Each
//! row has a control, in which its guard is out of the way and the ending is another, stated one.
//!
//! Ids are those of the threat catalogue. Its outgoing requests, G40 to G49, stand here as they end
//! through the gateway; with every address and name, they are in the tests of the runtime.

#![expect(
    clippy::print_stdout,
    reason = "where each guest ended is worth a look, with --nocapture"
)]

mod abi;
mod answers;
mod beside;
mod canaries;
mod catalogue;
mod compile;
mod counters;
mod cpu;
mod egress;
mod family;
mod fixed;
mod generated;
mod handles;
mod hostcalls;
mod imports;
mod leaks;
mod leaving;
mod logs;
mod malformed;
mod memory;
mod metadata;
mod output;
mod roomy;
mod row;
mod scanner;
mod schema;
mod seams;
mod secrets;
mod stack;
mod tables;
mod telling;
mod time;
mod told;
mod traps;
mod upload;
mod world;
