//! The host's side of the contract: one file per interface.
//!
//! Every function answers from the [`Session`](crate::state::Session) of its call and nothing
//! else, and a refusal is an answer, not a trap.

mod cancellation;
mod config;
mod http;
mod key_value;
mod logging;
mod progress;
mod secrets;

use crate::{bindings::host, state::Session};

/// `types` declares no functions.
impl host::types::Host for Session {}
