//! The Casemate gateway: the server and the command line in one binary, `casemate`.
//!
//! `service` does the work; `mcp` and `admin` are two thin doors to it; `cli` is a client of
//! `admin`. `router` holds every route, `problem` every error of the admin API.

// The way of a request is one future in another, more of them than the compiler looks into by default.
#![recursion_limit = "256"]

pub mod admin;
mod body;
pub mod cli;
pub mod compile_worker;
pub mod config;
mod host_name;
mod json_text;
pub mod listen;
pub mod mcp;
mod near;
mod page;
pub mod portion;
pub mod problem;
pub mod router;
pub mod server;
pub mod service;
