//! The specification of Casemate. A module is a promise, a test name is a sentence of it.
//!
//! Everything here goes through the real binary, from outside. What a test needs and does not say
//! is in the harness, the library of this package.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, what is not as expected is a failure"
)]
mod access;
mod architecture;
mod artifacts;
mod by_hand;
mod calls;
mod clients;
mod command_line;
mod completion;
mod connect;
mod consent;
mod crowding;
mod damage;
mod durability;
mod egress;
mod endpoint;
mod files;
mod fuzz;
mod hostile;
mod limits;
mod lists;
mod loading;
mod newcomer;
mod problems;
mod prompts;
mod protocol;
mod protocol_support;
mod reference;
mod resources;
mod samples;
mod sandbox;
mod tasks;
mod tokens;
mod uploads;
mod wire;
