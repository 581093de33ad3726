//! Making load and measuring what comes back.
//!
//! The open loop sends at a constant rate whatever comes back, and measures from the time at which
//! a request was meant to be sent: a server that stalls cannot hide it by slowing down whoever
//! measures. The closed loop keeps so many requests in flight, and is for load that is not
//! measured, and for throughput.
//!
//! Both come twice: with a complete client for rates of people (`open`, `closed`), and on bare
//! connections for rates of machines (`steady`, `flood`).

mod client;
mod closed;
mod flood;
mod latency;
mod open;
mod steady;
mod waiting;
mod wire;

pub(crate) use client::{Client, Request};
pub(crate) use closed::{Tally, in_flight};
pub(crate) use flood::{Flooded, Question};
pub(crate) use latency::{Latency, Summary};
pub(crate) use open::{Measured, Pace};
pub(crate) use steady::Steadied;
pub(crate) use waiting::{ClientOptions, Waiting};
pub(crate) use wire::{Wire, bytes_of};
