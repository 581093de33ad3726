//! How much one call may use.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits in force for one call. Every one is always on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Instructions, in wasmtime's fuel. 10⁹ is 25 to 90 ms of CPU on a 2026 server core.
    pub fuel: u64,
    /// Wall clock, in milliseconds, waiting included.
    pub wall_ms: u64,
    /// All memories and tables of a call together, in bytes.
    pub memory_bytes: u64,
    /// What a call may answer, in bytes.
    pub output_bytes: u64,
    /// The arguments of a call, in bytes of JSON.
    pub input_bytes: u64,
    /// All log lines of a call together, in bytes.
    pub log_bytes: u64,
    /// Log lines of a call.
    pub log_lines: u32,
    /// Calls from the guest to the host.
    pub host_calls: u64,
    /// Outgoing HTTP requests of a call, redirects included.
    pub http_requests: u32,
    /// One outgoing request from its start to the end of its body, in milliseconds.
    pub http_ms: u64,
    /// The body of one response, in bytes.
    pub http_body_bytes: u64,
    /// Redirects that one request may follow.
    pub http_redirects: u32,
}

impl Default for Limits {
    /// The profile `standard`. The sources of the numbers are in `docs/reference/limits.md`.
    fn default() -> Self {
        Self {
            fuel: 20_000_000_000,
            wall_ms: 30_000,
            memory_bytes: 64 << 20,
            output_bytes: 1 << 20,
            input_bytes: 4 << 20,
            log_bytes: 64 << 10,
            log_lines: 1_000,
            host_calls: 100_000,
            http_requests: 32,
            http_ms: 10_000,
            http_body_bytes: 5 << 20,
            http_redirects: 5,
        }
    }
}

impl Limits {
    /// The wall clock limit as a duration.
    pub fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }
}
